#!/usr/bin/python3
"""One session, one download after the other, however many workers there might be: requests_sequential.py LIST WORKERS"""

import time

import requests

import conc_bench


def download(session, unit, url):
    start = time.monotonic()
    response = session.get(url, timeout=30)
    conc_bench.spend_cpu_time()
    return unit, response.status_code, len(response.content), start, time.monotonic()


def download_all(urls, _):
    with requests.Session() as session:
        return [download(session, unit, url) for unit, url in enumerate(urls)]


if __name__ == "__main__":
    conc_bench.main(download_all)
