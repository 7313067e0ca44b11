#!/usr/bin/python3
"""A pool of threads, each with a session of its own, since sessions are not thread-safe: requests_threads.py LIST WORKERS"""

import concurrent.futures
import threading
import time

import requests

import conc_bench

local = threading.local()


def download(unit, url):
    start = time.monotonic()
    if not hasattr(local, "session"):
        local.session = requests.Session()
    response = local.session.get(url, timeout=30)
    conc_bench.spend_cpu_time()
    return unit, response.status_code, len(response.content), start, time.monotonic()


def download_all(urls, workers):
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(download, range(len(urls)), urls))


if __name__ == "__main__":
    conc_bench.main(download_all)
