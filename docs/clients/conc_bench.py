"""What the Python clients share: their two arguments, CPU work on each response, the report, and the exit status.

A client calls main() with a function that takes a list of URLs and a number of workers, downloads all of them, and returns
for each a tuple (number of its URL in the list, from 0; status; bytes; begin; end), times by time.monotonic().
"""

import os
import sys
import time

CPU_WORK = float(os.environ.get("CONC_BENCH_CPU_WORK") or 0)


def spend_cpu_time():
    """Computes for as long as conc-bench's modes do on each response (--cpu-work), in the thread that calls it."""
    if CPU_WORK > 0:
        end = time.thread_time() + CPU_WORK
        while time.thread_time() < end:
            pass


def write_report(downloads):
    path = os.environ.get("CONC_BENCH_REPORT")
    if path:
        with open(path, "w", encoding="ascii") as report:
            for unit, status, received, start, end in downloads:
                print(unit, status, received, f"{start:.9f}", f"{end:.9f}", file=report)


def main(download_all):
    with open(sys.argv[1], encoding="ascii") as lines:
        urls = lines.read().split()
    start = time.monotonic()
    downloads = download_all(urls, int(sys.argv[2]))
    seconds = time.monotonic() - start
    write_report(downloads)
    failed = [urls[unit] for unit, status, *_ in downloads if not 200 <= status < 300]
    if failed:
        sys.exit(f"{len(failed)} of {len(urls)} failed, first {failed[0]}")
    print(f"{len(urls)} done in {seconds:.9f} seconds")
