#!/usr/bin/python3
"""A task for each download on one event loop; the session bounds how many have a connection."""

import asyncio

import aiohttp

import work


async def download(session, url):
    async with session.get(url) as response:
        response.raise_for_status()
        return len(await response.read())


async def download_concurrently(workers, urls):
    connector = aiohttp.TCPConnector(limit=workers)
    # A task waits for its connection while all before it are served.
    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        return sum(await asyncio.gather(*(download(session, url) for url in urls)))


def download_all(workers, urls):
    return asyncio.run(download_concurrently(workers, urls))


if __name__ == "__main__":
    work.measure(download_all)
