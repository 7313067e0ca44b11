"""Measurements in rounds: each round takes everything once, in an order drawn anew, so that what disturbs the machine for
a while disturbs no one alone; ratios are of figures of the same round."""

import os
import random
import statistics
import subprocess

import process


def interleave(measures, count, optional, say):
    """{name: function} to {name: [figures of each round]}. Who is optional and fails is left out of all rounds."""
    taken = {name: [] for name in measures}
    for number in range(count):
        names = list(taken)
        random.shuffle(names)
        say(f"round {number + 1} of {count}: {', '.join(names)}")
        for name in names:
            try:
                taken[name].append(measures[name]())
            except process.Failed as failure:
                if name not in optional:
                    raise
                say(f"{name} is left out: {failure}")
                del taken[name]
    return taken


def column(rounds, figure):
    return [each[figure] for each in rounds]


def median(rounds, figure):
    return statistics.median(column(rounds, figure))


def is_known(rounds, figure):
    return None not in column(rounds, figure)


def ratio(first, second):
    """How many times as much the first is as the second: (estimate, low, high); no interval (None) for too few rounds.

    By conc-bench's own statistics: Hodges and Lehmann's estimate, and the interval of the signed-rank test.
    """
    pairs = "".join(f"{a!r} {b!r}\n" for a, b in zip(first, second))
    told = subprocess.run([os.environ["RATIO"]], input=pairs, capture_output=True, text=True, check=True).stdout
    estimate, low, high, confidence = map(float, told.split())
    return (estimate, low, high) if confidence > 0 else (estimate, None, None)
