#!/usr/bin/python3
"""A pool of processes, each with a session of its own: requests_processes.py LIST WORKERS"""

import multiprocessing
import time

import requests

import conc_bench

session = None


def start_session():
    global session
    session = requests.Session()


def download(work):
    unit, url = work
    start = time.monotonic()
    response = session.get(url, timeout=30)
    conc_bench.spend_cpu_time()
    return unit, response.status_code, len(response.content), start, time.monotonic()


def download_all(urls, workers):
    with multiprocessing.Pool(workers, initializer=start_session) as pool:
        # Processes take one URL at a time: by default they would take many, and the last ones wait for one of them.
        return pool.map(download, enumerate(urls), chunksize=1)


if __name__ == "__main__":
    conc_bench.main(download_all)
