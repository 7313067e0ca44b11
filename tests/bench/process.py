"""Runs one command to its end, within a time limit, and tells what it took."""

import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from typing import Optional

TIME_LIMIT_S = 120


class Failed(Exception):
    """A command did not do its work."""


@dataclasses.dataclass
class Finished:
    output: str
    seconds: float  # wall clock, from the start of the command to its end
    user: float  # CPU seconds, with all processes it waited for
    system: float
    peak_bytes: Optional[int]  # of its largest process; None: not known, for want of Debian's package time


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def with_peak(command, file):
    """The kernel counts our own memory as a child's, before it becomes the command; time(1) is small."""
    tool = shutil.which("time")
    return [tool, "-q", "-f", "%M", "-o", file.name, *command] if tool else command


def run(command, environment=None):
    """The command must succeed, or it is Failed. What it started is ended with it, whatever happens to us."""
    with tempfile.TemporaryFile() as output, tempfile.NamedTemporaryFile("r") as peak:
        start = time.perf_counter()
        child = subprocess.Popen(with_peak(command, peak), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                 env={**os.environ, **(environment or {})}, start_new_session=True)
        timer = threading.Timer(TIME_LIMIT_S, end_group, [child])
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            end_group(child)
            if child.returncode is None:
                child.wait()
        output.seek(0)
        text = output.read().decode(errors="replace")
        kibibytes = peak.read()
    if child.returncode != 0:
        shown = " ".join(map(str, command))[:300]
        reason = f"not done within {TIME_LIMIT_S} s" if seconds >= TIME_LIMIT_S else f"exit status {child.returncode}"
        raise Failed(f"{shown}: {reason}: {text[-500:]}")
    return Finished(text, seconds, usage.ru_utime, usage.ru_stime,
                    int(kibibytes) * 1024 if kibibytes else None)
