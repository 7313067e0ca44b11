"""What one download costs in instructions and in system calls.

Both are counted for whole programs, all their threads and processes, with few downloads and with many; the slope between
the two is what one more download costs, without what starting and reporting cost. Counts hardly depend on what else the
machine does, so that they can be held to budgets where times cannot.
"""

import math
import pathlib
import re
import tempfile

import process


def instructions(command, of_children_only=False):
    """In user space, by callgrind; tells a forked process's from those of its parent before the fork."""
    with tempfile.TemporaryDirectory() as folder:
        # A forked process inherits its parent's counts: what those grow by would be counted in every child again.
        process.run(["valgrind", "--quiet", "--tool=callgrind", "--dump-before=fork",
                     f"--callgrind-out-file={folder}/%p", *command])
        paths = sorted(pathlib.Path(folder).iterdir(), key=lambda path: path.stat().st_mtime_ns)
        first = paths[0].name.split(".")[0]  # before anything is forked, the parent writes
        parts = [path.read_text() for path in paths if not of_children_only or path.name.split(".")[0] != first]
    return sum(int(re.search(r"^totals: (\d+)$", part, re.MULTILINE).group(1)) for part in parts)


def system_calls(command):
    with tempfile.NamedTemporaryFile("r") as table:
        process.run(["strace", "-f", "-c", "-o", table.name, *command])
        text = table.read()
    # % time, seconds, microseconds a call, calls, perhaps errors, "total"
    return int(re.search(r"^ *100\.00 +\S+ +\d+ +(\d+) .*total$", text, re.MULTILINE).group(1))


KINDS = {"instructions": instructions, "system calls": system_calls}


class Slope:
    """What one more download adds to a count, from programs that make `few` and `many` of them.

    Noise only adds: where the server is slow, or threads meet, programs wait once more. So the least of several counts
    is kept of either, and more rounds can only take noise away.
    """

    def __init__(self, count, command_of, few, many):
        self.count = count
        self.command_of = command_of
        self.least = {few: math.inf, many: math.inf}

    def measure(self, rounds):
        for _ in range(rounds):
            for downloads in self.least:
                self.least[downloads] = min(self.least[downloads], self.count(self.command_of(downloads)))
        return self

    @property
    def value(self):
        (few, of_few), (many, of_many) = self.least.items()
        return (of_many - of_few) / (many - few)
