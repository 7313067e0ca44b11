#!/usr/bin/python3
"""A few tasks on one event loop, which take URLs from one iterator: aiohttp_tasks.py LIST WORKERS"""

import asyncio
import time

import aiohttp

import conc_bench


async def download(session, unit, url):
    start = time.monotonic()
    async with session.get(url) as response:
        body = await response.read()
    conc_bench.spend_cpu_time()
    return unit, response.status, len(body), start, time.monotonic()


async def work(session, units):
    return [await download(session, unit, url) for unit, url in units]


async def download_concurrently(urls, workers):
    units = iter(enumerate(urls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=workers)) as session:
        tasks = await asyncio.gather(*(work(session, units) for _ in range(workers)))
    return [done for task in tasks for done in task]


def download_all(urls, workers):
    return asyncio.run(download_concurrently(urls, workers))


if __name__ == "__main__":
    conc_bench.main(download_all)
