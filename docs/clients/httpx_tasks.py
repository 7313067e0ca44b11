#!/usr/bin/python3
"""A few tasks on one event loop, which share one client and take URLs from one iterator: httpx_tasks.py LIST WORKERS"""

import asyncio
import time

import httpx

import conc_bench


async def download(client, unit, url):
    start = time.monotonic()
    response = await client.get(url)
    conc_bench.spend_cpu_time()
    return unit, response.status_code, len(response.content), start, time.monotonic()


async def work(client, units):
    return [await download(client, unit, url) for unit, url in units]


async def download_concurrently(urls, workers):
    units = iter(enumerate(urls))
    # By default at most 20 idle connections are kept.
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    async with httpx.AsyncClient(limits=limits, follow_redirects=True, timeout=30) as client:
        tasks = await asyncio.gather(*(work(client, units) for _ in range(workers)))
    return [done for task in tasks for done in task]


def download_all(urls, workers):
    return asyncio.run(download_concurrently(urls, workers))


if __name__ == "__main__":
    conc_bench.main(download_all)
