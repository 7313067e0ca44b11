"""What the four programs share: their arguments, and the line they end with."""

import sys
import time


def measure(download_all):
    """Calls download_all(workers, urls) with one URL for each download, which returns how many bytes came."""
    workers, downloads, *urls = sys.argv[1:]
    work = [urls[number % len(urls)] for number in range(int(downloads))]
    start = time.perf_counter()
    received = download_all(int(workers), work)
    duration = time.perf_counter() - start
    if received <= 0:
        sys.exit("nothing came")
    print(f"{len(work)} done in {duration:.9f} seconds")
