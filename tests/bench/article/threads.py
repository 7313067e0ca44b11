#!/usr/bin/python3
"""A pool of threads, each with a session of its own."""

import concurrent.futures
import threading

import requests

import work

local = threading.local()


def download(url):
    if not hasattr(local, "session"):
        local.session = requests.Session()
    with local.session.get(url) as response:
        response.raise_for_status()
        return len(response.content)


def download_all(workers, urls):
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return sum(pool.map(download, urls))


if __name__ == "__main__":
    work.measure(download_all)
