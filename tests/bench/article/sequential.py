#!/usr/bin/python3
"""One session, one download after the other."""

import requests

import work


def download_all(_, urls):
    received = 0
    with requests.Session() as session:
        for url in urls:
            with session.get(url) as response:
                response.raise_for_status()
                received += len(response.content)
    return received


if __name__ == "__main__":
    work.measure(download_all)
