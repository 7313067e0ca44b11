"""The programs that are measured: as commands for a given amount of work, and how each tells its time."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
from typing import Callable, Optional

import process

MODES = ("sync", "threads", "event-loop", "processes", "hybrid")
IN_FLIGHT = 16
DONE = r"done in ([0-9.]+) seconds"  # the last line of programs of ours
CLIENTS = pathlib.Path(__file__).parents[2] / "docs" / "clients"
PYTHON = "/usr/bin/python3"  # Debian's, which sees Debian's modules


def conc_bench(mode, workers, downloads, urls, *options, runs=1):
    """Trials and nothing else: no warm-up, nothing kept for exports, and a report of one line."""
    assert downloads % len(urls) == 0
    return [os.environ["CONC_BENCH"], "--mode", mode, "--workers", str(workers), "--repeat", str(downloads // len(urls)),
            "--runs", str(runs), "--warmup", "0", "--samples", "none", "--no-progress", "--quiet", *options, *urls]


def trial(command, folder):
    """Runs a command of conc_bench(); returns what its one cell was, and the Finished command."""
    document = pathlib.Path(folder, "trial.json")
    finished = process.run([*command[:1], "--export-json", document, *command[1:]])
    return json.loads(document.read_text())["results"][0], finished


class Work:
    """Downloads of some URLs, and the files in which programs want them listed."""

    def __init__(self, folder, urls):
        self.folder = pathlib.Path(folder)
        self.urls = urls
        # Keeping connections is not what siege does of itself; nor is its home ours to write in.
        self.siege = self._write("siegerc", "connection = keep-alive\nprotocol = HTTP/1.1\nparser = false\n"
                                            "logging = false\nverbose = false\nlimit = 1000\n")

    def curl_list(self, downloads):
        return self._write(f"curl-{downloads}", "".join(f"url = {self.urls[number % len(self.urls)]}\noutput = /dev/null\n"
                                                        for number in range(downloads)))

    def plain_list(self, downloads):
        return self._write(f"list-{downloads}", "".join(f"{self.urls[number % len(self.urls)]}\n"
                                                        for number in range(downloads)))

    def _write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    command: Callable  # (work, downloads) -> command
    package: Optional[str] = None  # of Debian; None: in this repository
    in_flight: int = IN_FLIGHT
    is_slow: bool = False  # so that a tenth of the downloads must do
    seconds: Optional[Callable] = None  # (Finished, downloads) -> what it tells itself; None: the whole command's
    downloads: Optional[Callable] = None  # (Finished) -> where it decides itself how many
    counts: tuple = ("instructions", "system calls")
    timing: tuple = ()  # options with which it tells its time

    def is_installed(self, work):
        tool = self.command(work, len(work.urls))
        return shutil.which(tool[0]) is not None and (tool[0] != PYTHON or can_run(tool[1]))

    def measure(self, work, downloads):
        tool, *arguments = self.command(work, downloads)
        finished = process.run([tool, *self.timing, *arguments], {"HOME": str(work.folder)})
        done = self.downloads(finished) if self.downloads else downloads
        seconds = self.seconds(finished, done) if self.seconds else finished.seconds
        return {"rate": done / seconds, "user": finished.user / done, "system": finished.system / done,
                "peak_bytes": finished.peak_bytes}


def can_run(script):
    """Whether what the program imports is there."""
    return subprocess.run([PYTHON, "-c", f"import sys; sys.path.insert(0, {str(CLIENTS)!r}); "
                           f"import {pathlib.Path(script).stem}"], capture_output=True).returncode == 0


def number_in(pattern):
    def find(finished):
        found = re.search(pattern, finished.output)
        if found is None:
            raise process.Failed(f"does not say {pattern!r}: {finished.output[-500:]}")
        return float(found.group(1))
    return find


def told_rate(pattern):
    return lambda finished, downloads: downloads / number_in(pattern)(finished)


def told_seconds(pattern):
    return lambda finished, downloads: number_in(pattern)(finished)


def in_mode(mode):
    return Program(f"conc-bench {mode}",
                   lambda work, downloads: conc_bench(mode, IN_FLIGHT, downloads, work.urls),
                   in_flight=1 if mode == "sync" else IN_FLIGHT,
                   timing=("--export-json", "-"), seconds=told_seconds(r'"time_s": {"value": ([0-9.e-]+)'))


def floor(*arguments):
    return [os.environ["FLOOR"], *arguments]


def client(name, script, in_flight=IN_FLIGHT):
    return Program(f"Python {name}",
                   lambda work, downloads: [PYTHON, str(CLIENTS / script), work.plain_list(downloads), str(in_flight)],
                   package=f"python3-{script.partition('_')[0]}", in_flight=in_flight, is_slow=True,
                   seconds=told_seconds(DONE), counts=("system calls",))


ALL = (
    *map(in_mode, MODES),
    Program("libcurl easy loop", lambda work, downloads: floor("easy", str(downloads), *work.urls), in_flight=1,
            seconds=told_seconds(DONE)),
    Program("libcurl epoll loop", lambda work, downloads: floor("epoll", str(IN_FLIGHT), str(downloads), *work.urls),
            seconds=told_seconds(DONE)),
    # curl tells no time of the whole, siege one in hundredths of a second.
    Program("curl -Z", lambda work, downloads: ["curl", "-Z", "--parallel-max", str(IN_FLIGHT), "-s", "-K",
                                                work.curl_list(downloads)], package="curl"),
    # Under Valgrind it takes longer than all others together.
    Program("siege", lambda work, downloads: ["siege", "-R", work.siege, "-b", "-q", "-j", f"-c{IN_FLIGHT}",
                                              f"-r{downloads // IN_FLIGHT}", work.urls[0]], package="siege",
            counts=("system calls",)),
    Program("ab", lambda work, downloads: ["ab", "-q", "-k", f"-c{IN_FLIGHT}", f"-n{downloads}", work.urls[0]],
            package="apache2-utils", seconds=told_rate(r"Requests per second: +([0-9.]+)")),
    # The Go runtime starts more threads than there are downloads to see them by under Valgrind.
    Program("hey", lambda work, downloads: ["hey", "-c", str(IN_FLIGHT), "-n", str(downloads), work.urls[0]],
            package="hey", seconds=told_rate(r"Requests/sec:\s+([0-9.]+)"), counts=("system calls",)),
    Program("h2load", lambda work, downloads: ["h2load", "--h1", f"-c{IN_FLIGHT}", "-t1", f"-n{downloads}", *work.urls],
            package="nghttp2-client", seconds=told_rate(r"finished in .*, ([0-9.]+) req/s")),
    # It takes no number of downloads, so that there is no slope to count by.
    Program("wrk", lambda work, downloads: ["wrk", "-t1", f"-c{IN_FLIGHT}", "-d1s", work.urls[0]], package="wrk",
            seconds=told_rate(r"Requests/sec: +([0-9.]+)"), downloads=number_in(r"(\d+) requests in"), counts=()),
    client("sequential", "requests_sequential.py", in_flight=1),
    client("threads", "requests_threads.py"),
    client("event loop", "aiohttp_tasks.py"),
    client("processes", "requests_processes.py"),
)
