"""What is measured: each function is one section of the document, and returns its figures as JSON takes them."""

import contextlib
import os
import pathlib
import statistics

import counting
import process
import programs
import rounds


class Bench:
    """What sections need: a running server, a folder, how much to do, and where to say what is done."""

    def __init__(self, server, folder, is_quick, say):
        self.server = server
        self.folder = pathlib.Path(folder)
        self.is_quick = is_quick
        self.say = say
        urls = [server.put(f"{number:02}", 1024) for number in range(16)]
        self.work = programs.Work(folder, urls)

    def scaled(self, full, quick):
        return quick if self.is_quick else full

    def trial(self, mode, workers, downloads, urls, *options):
        return programs.trial(programs.conc_bench(mode, workers, downloads, urls, *options), self.folder)

    def interleave(self, measures, count, optional=()):
        return rounds.interleave(measures, count, optional, self.say)


def installed(bench):
    """Programs to measure with, and lines that say which are not there."""
    found = [program for program in programs.ALL if program.is_installed(bench.work)]
    missing = [f"{program.name}: not installed (Debian's package {program.package})"
               for program in programs.ALL if program not in found]
    return found, missing


def measure_rates(bench, found):
    downloads = bench.scaled(20000, 1600)

    def measure_of(program):
        return lambda: program.measure(bench.work, downloads // 10 if program.is_slow else downloads)
    taken = bench.interleave({program.name: measure_of(program) for program in found}, bench.scaled(7, 2),
                             optional=[program.name for program in found if program.package is not None])
    return {"downloads": downloads, "rounds": taken}


@contextlib.contextmanager
def answered():
    """Answers are there when a program looks for them (answered.c), or counts would depend on how often it has to wait."""
    os.environ["LD_PRELOAD"] = os.environ["ANSWERED"]
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]


CALLS_OF_ANSWERED = 1  # poll(2), for each request


def count(program, kind, command_of, few, many, times):
    """Programs of others are counted as they are, since not all of them call send(2) in the C library."""
    slope = counting.Slope(counting.KINDS[kind], command_of, few, many)
    if program.package is not None:
        return slope.measure(times).value
    with answered():
        return slope.measure(times).value - (CALLS_OF_ANSWERED if kind == "system calls" else 0)


def measure_counts(bench, found):
    few, many = 320, bench.scaled(1280, 640)
    counts = {}
    for program in found:
        bench.say(f"counting {program.name}")
        counts[program.name] = {}
        for kind in program.counts:
            try:
                counts[program.name][kind] = count(program, kind, lambda downloads: program.command(bench.work, downloads),
                                                   few, many, bench.scaled(3 if program.package is None else 1, 1))
            except process.Failed as failure:
                bench.say(f"{kind} of {program.name} are left out: {failure}")
    return counts


def measure_in_flight(bench):
    """CPU of one more download against downloads in flight: of the event loop, and of one multi handle beside it.

    The slope between few downloads and many, as counts are: what opening thousands of connections costs is another
    matter.
    """
    points = bench.scaled((64, 256, 1024, 2000, 4000), (64, 256))
    few = 2 * points[-1]
    many = few + bench.scaled(48000, 3200)

    def slope(measure):
        first, last = (measure(downloads) for downloads in (few, many))
        return last | {kind: (last[kind] - first[kind]) / (many - few) for kind in ("user", "system")}

    def of_the_mode(in_flight):
        def measure(downloads):
            cell, _ = bench.trial("event-loop", in_flight, downloads, bench.work.urls)
            return {"user": cell["cpu_user_s"], "system": cell["cpu_system_s"],
                    "memory": cell["peak_memory_bytes"] / in_flight}
        return lambda: slope(measure)

    def of_the_floor(in_flight):
        def measure(downloads):
            finished = process.run(programs.floor("epoll", str(in_flight), str(downloads), *bench.work.urls))
            return {"user": finished.user, "system": finished.system}
        return lambda: slope(measure)
    measures = {f"conc-bench {count}": of_the_mode(count) for count in points}
    measures |= {f"floor {count}": of_the_floor(count) for count in points}
    taken = bench.interleave(measures, bench.scaled(3, 1))
    instructions = {str(count): instructions_in_flight(bench, count) for count in points}
    return {"points": points, "few": few, "many": many, "rounds": taken, "instructions": instructions}


def instructions_in_flight(bench, in_flight):
    """Tells more work from work that takes longer, because what it touches is no longer in the processor's cache."""
    bench.say(f"counting {in_flight} in flight")

    def command_of(downloads):
        return programs.conc_bench("event-loop", in_flight, downloads, bench.work.urls)
    few = -(-2 * in_flight // len(bench.work.urls)) * len(bench.work.urls)
    return counting.Slope(counting.instructions, command_of, few, few + 1600).measure(1).value


def measure_latency(bench):
    """Ten thousand downloads in flight against a server that takes a second for each."""
    in_flight, latency_s, waves = bench.scaled(10000, 500), 1, bench.scaled((1, 5), (1,))
    taken = []
    for count in waves:
        bench.say(f"{in_flight} in flight, {count} downloads one after the other in each")
        cell, _ = bench.trial("event-loop", in_flight, in_flight * count, ["http://a.test/"],
                              f"--origin=latency={latency_s}s,size=1KiB")
        taken.append({"waves": count, "ideal": count * latency_s, "seconds": cell["time_s"]["value"],
                      "startup": cell["startup_s"], "failures": cell["failures"], "in flight": cell["peak_in_flight"],
                      "memory": cell["peak_memory_bytes"] / in_flight})
    return {"in flight": in_flight, "latency": latency_s, "waves": taken}


def scripted(downloads, trials):
    """Mode null takes no time of its own: what it takes is the harness, from the fork to the report."""
    return programs.conc_bench("null", 1, downloads, ["http://a.test/"], "--script", "1us", runs=trials)


def measure_harness(bench):
    """Seconds of one more trial, from whole commands with one trial and with more."""
    points = bench.scaled((1, 1000, 10000, 100000, 1000000), (1, 1000, 10000))
    more = 10

    def measure_of(downloads):
        def measure():
            one, many = (process.run(scripted(downloads, trials)).seconds for trials in (1, 1 + more))
            return {"seconds": (many - one) / more}
        return measure
    taken = bench.interleave({f"conc-bench {count}": measure_of(count) for count in points}, bench.scaled(3, 2))
    return [{"downloads": count, "seconds": rounds.median(taken[f"conc-bench {count}"], "seconds")}
            for count in points]


def measure_statistics(bench):
    """A whole use with many samples: the trial itself, its statistics and the table."""
    samples = bench.scaled(1000000, 100000)
    seconds = [process.run(scripted(samples, 1)).seconds for _ in range(bench.scaled(5, 2))]
    return {"samples": samples, "seconds": statistics.median(seconds)}


def measure_list(bench):
    """Loading a list without running anything."""
    lines = bench.scaled(10000000, 100000)
    path = bench.folder / "list"
    with open(path, "w") as file:
        for start in range(0, lines, 10000):
            file.write("".join(f"http://127.0.0.1:8080/documents/{number:08}\n"
                               for number in range(start, start + 10000)))
    command = [os.environ["CONC_BENCH"], "--mode", "sync", "--runs", "1", "--warmup", "0", "--samples", "none",
               "--dry-run", path]
    text_bytes = path.stat().st_size
    bench.say(f"a list of {lines} lines")
    taken = [process.run(command) for _ in range(bench.scaled(3, 1))]
    path.unlink()
    return {"lines": lines, "text": text_bytes, "seconds": statistics.median(each.seconds for each in taken),
            "memory": max(each.peak_bytes for each in taken)}


def measure_cores(bench):
    """What further cores bring where the server waits rather than computes: with and without work on each answer."""
    workers, latency, works = 256, "20ms", ("0", "200us")
    downloads = bench.scaled(10240, 1024)

    def measure_of(mode, work):
        def measure():
            cell, _ = bench.trial(mode, workers, downloads, ["http://a.test/"], f"--origin=latency={latency},size=1KiB",
                                  "--cpu-work", work)
            return {"rate": downloads / cell["time_s"]["value"]}
        return measure
    taken = bench.interleave({f"{mode} {work}": measure_of(mode, work) for mode in ("event-loop", "hybrid")
                              for work in works}, bench.scaled(7, 2))
    return {"workers": workers, "latency": latency, "works": works, "downloads": downloads, "rounds": taken}


def measure_large(bench):
    """Rates of large bodies against curl's: one at a time against sync, two at a time against the others."""
    size, count = bench.scaled(100, 10) * 1000 * 1000, 8
    url = bench.server.put("large", size)

    def of_the_mode(mode):
        def measure():
            cell, _ = bench.trial(mode, 2, count, [url])
            return {"rate": cell["body_bytes_per_s"], "memory": cell["peak_memory_bytes"],
                    "cpu": (cell["cpu_user_s"] + cell["cpu_system_s"]) / cell["body_bytes"]}
        return measure

    def of_curl(*options):
        def measure():
            transfers = ["-o", "/dev/null", url] * count
            whole = process.run(["curl", "-s", *options, *transfers])
            start = process.run(["curl", "-s", *options, "-o", "/dev/null", bench.work.urls[0]])  # is not its rate
            return {"rate": size * count / (whole.seconds - start.seconds), "memory": whole.peak_bytes,
                    "cpu": (whole.user + whole.system - start.user - start.system) / (size * count)}
        return measure
    measures = {f"conc-bench {mode}": of_the_mode(mode) for mode in programs.MODES}
    measures |= {"curl": of_curl(), "curl -Z": of_curl("-Z", "--parallel-max", "2")}
    return {"size": size, "count": count, "rounds": bench.interleave(measures, bench.scaled(7, 2))}


def measure_startup(bench):
    """Workers ready at the gate, and what of it handles alone and forks alone take."""
    workers = bench.scaled(1000, 50)

    def of_the_mode(mode):
        def measure():
            cell, _ = bench.trial(mode, workers, workers, bench.work.urls[:1])
            return {"seconds": cell["startup_s"], "memory": cell["peak_memory_bytes"] / workers}
        return measure

    def of_the_floor(part):
        def measure():
            finished = process.run(programs.floor(part, str(workers)))
            return {"seconds": programs.number_in(programs.DONE)(finished)}
        return measure
    measures = {f"conc-bench {mode}": of_the_mode(mode) for mode in ("threads", "processes", "event-loop")}
    measures |= {part: of_the_floor(part) for part in ("handles", "forks")}
    return {"workers": workers, "rounds": bench.interleave(measures, bench.scaled(7, 2))}
