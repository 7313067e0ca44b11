#!/usr/bin/python3
"""A pool of processes, each with a session of its own."""

import multiprocessing

import requests

import work

session = None


def start_session():
    global session
    session = requests.Session()


def download(url):
    with session.get(url) as response:
        response.raise_for_status()
        return len(response.content)


def download_all(workers, urls):
    with multiprocessing.Pool(workers, initializer=start_session) as pool:
        return sum(pool.map(download, urls))


if __name__ == "__main__":
    work.measure(download_all)
