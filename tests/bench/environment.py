"""Where and with what was measured."""

import datetime
import os
import platform
import re
import subprocess

VERSIONS = {
    "conc-bench": "conc-bench", "libcurl": "libcurl4", "nginx": "nginx-light", "curl": "curl", "wrk": "wrk",
    "h2load": "nghttp2-client", "ab": "apache2-utils", "hey": "hey", "siege": "siege", "requests": "python3-requests",
    "aiohttp": "python3-aiohttp", "Python": "python3", "Valgrind": "valgrind", "strace": "strace",
}


def version_of(package):
    """As Debian numbers it; None: not installed."""
    told = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout
    return told or None


def first_line(path, pattern):
    with open(path) as file:
        for line in file:
            found = re.match(pattern, line)
            if found:
                return found.group(1)
    return "unknown"


def describe():
    versions = {name: version_of(package) for name, package in VERSIONS.items()}
    told = subprocess.run([os.environ["CONC_BENCH"], "--version"], capture_output=True, text=True).stdout
    versions["conc-bench"] = told.split()[1]
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "processor": first_line("/proc/cpuinfo", r"model name\s*: (.*)"),
        "memory": int(first_line("/proc/meminfo", r"MemTotal: +(\d+) kB")) * 1024,
        "kernel": platform.release(),
        "distribution": first_line("/etc/os-release", r'PRETTY_NAME="(.*)"'),
        "versions": {name: version for name, version in versions.items() if version is not None},
    }


def load():
    """Processes that wanted to run, averaged over the last minute."""
    return os.getloadavg()[0]
