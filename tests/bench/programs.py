"""The programs that are measured, as commands for a given amount of work."""

import os

MODES = ("sync", "threads", "event-loop", "processes", "hybrid")


def conc_bench(mode, workers, downloads, urls, *options):
    """One trial and nothing else: no warm-up, nothing kept for reports, and a report of one line."""
    assert downloads % len(urls) == 0
    return [os.environ["CONC_BENCH"], "--mode", mode, "--workers", str(workers), "--repeat", str(downloads // len(urls)),
            "--runs", "1", "--warmup", "0", "--samples", "none", "--no-progress", "--quiet", *options, *urls]
