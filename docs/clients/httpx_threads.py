#!/usr/bin/python3
"""A pool of threads that share one client, which is thread-safe in httpx: httpx_threads.py LIST WORKERS"""

import concurrent.futures
import time

import httpx

import conc_bench


def download_all(urls, workers):
    # By default at most 20 idle connections are kept.
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    with httpx.Client(limits=limits, follow_redirects=True, timeout=30) as client:

        def download(unit, url):
            start = time.monotonic()
            response = client.get(url)
            conc_bench.spend_cpu_time()
            return unit, response.status_code, len(response.content), start, time.monotonic()

        with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(download, range(len(urls)), urls))


if __name__ == "__main__":
    conc_bench.main(download_all)
