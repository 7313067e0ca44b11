"""What the program is held to, and whether it was met: every row is computed from what was measured."""

import dataclasses
import statistics

import programs
import rounds

EASY_MODES = ("sync", "threads", "processes")
LOOP_MODES = ("event-loop", "hybrid")
MIB = 1 << 20


@dataclasses.dataclass
class Row:
    what: str
    target: str
    measured: str
    is_met: bool


def at_most(what, value, limit, form):
    return Row(what, "at most " + form.format(limit), form.format(value), value <= limit)


def at_least(what, first, second, limit):
    """A ratio of figures of the same rounds; met if the estimate meets it."""
    estimate, low, high = rounds.ratio(first, second)
    interval = "" if low is None else f" ({low:.3g} to {high:.3g})"
    return Row(what, f"at least {limit:.3g}", f"{estimate:.3g}{interval}", estimate >= limit)


def per_download(results):
    for kind, limits in (("instructions", (61400, 64600)), ("system calls", (5.2, 4.2))):
        form = "{:,.0f}" if kind == "instructions" else "{:.2f}"
        for modes, limit in zip((EASY_MODES, LOOP_MODES), limits):
            for mode in modes:
                yield at_most(f"{kind} a download, {mode}", results["counts"][f"conc-bench {mode}"][kind], limit, form)


def in_flight(results):
    figures = results["in flight"]
    low, high = (f"conc-bench {figures['points'][end]}" for end in (0, -1))
    few, many = (rounds.median(figures["rounds"][name], "user") for name in (low, high))
    yield at_most(f"event-loop's user CPU a download with {figures['points'][-1]:,} in flight against "
                  f"{figures['points'][0]}", many / few, 1.5, "{:.2f} times")
    latency = results["latency"]
    waves = latency["waves"][-1]
    name = f"{latency['in flight']:,} in flight, {latency['latency']} s each"
    yield at_most(f"{name}: failures", max(each["failures"] for each in latency["waves"]), 0, "{}")
    yield at_most(f"{name}: memory of each", max(each["memory"] for each in latency["waves"]) / 1024, 40, "{:.1f} KiB")
    yield at_most(f"{name}: time of {waves['waves']} each against the ideal", waves["seconds"] / waves["ideal"], 1.1,
                  "{:.3f} times")


def harness(results):
    for each in results["harness"]:
        limit = 3e-3 + 50e-9 * each["downloads"]
        yield at_most(f"harness, a trial of {each['downloads']:,} downloads", 1e3 * each["seconds"], 1e3 * limit,
                      "{:.2f} ms")
    figures = results["list"]
    name = f"a list of {figures['lines']:,} lines"
    yield at_most(f"{name}: time to load", figures["seconds"], 10, "{:.2f} s")
    yield at_most(f"{name}: memory beyond its text, a line", (figures["memory"] - figures["text"]) / figures["lines"], 64,
                  "{:.1f} bytes")
    figures = results["statistics"]
    yield at_most(f"trial, statistics and table of {figures['samples']:,} samples", figures["seconds"], 1, "{:.2f} s")


def large(results):
    figures = results["large"]
    size = f"{figures['size'] / 1e6:.0f} MB"
    for mode in programs.MODES:
        peer = "curl" if mode == "sync" else "curl -Z"
        first, second = (rounds.column(figures["rounds"][name], "rate") for name in (f"conc-bench {mode}", peer))
        yield at_least(f"rate of {size} bodies, {mode} against {peer}", first, second, 1.1)
    memory = max(each["memory"] for mode in programs.MODES for each in figures["rounds"][f"conc-bench {mode}"])
    yield Row(f"memory of two downloads of {size}, all processes", "less than one body", f"{memory / MIB:.1f} MiB",
              memory < figures["size"])


def scaling(results):
    taken = results["rates"]["rounds"]
    hybrid, loop = (rounds.column(taken[f"conc-bench {mode}"], "rate") for mode in ("hybrid", "event-loop"))
    yield at_least("rate of 1 KiB bodies, hybrid against event-loop", hybrid, loop, 1.3)
    figures = results["startup"]
    for mode, limit in (("threads", 0.25), ("processes", 1.5)):
        seconds = statistics.median(rounds.column(figures["rounds"][f"conc-bench {mode}"], "seconds"))
        yield at_most(f"start of {figures['workers']:,} {mode}", seconds, limit, "{:.3f} s")


def rows(results):
    return [row for part in (per_download, in_flight, harness, large, scaling) for row in part(results)]
