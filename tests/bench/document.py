"""The figures as a document: sentences from a template, tables from what was measured."""

import pathlib
import string

import rounds
import targets

MIB = 1 << 20
REFERENCE = "conc-bench event-loop"
FLOORS = {f"conc-bench {mode}": f"libcurl {loop} loop" for loop, modes in
          (("easy", targets.EASY_MODES), ("epoll", targets.LOOP_MODES)) for mode in modes}
TEMPLATE = pathlib.Path(__file__).with_name("performance.md.in")


def table(head, rows):
    """Of Markdown; what is not text stands to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def median(taken, figure):
    return rounds.median(taken, figure)


def verdict(row):
    return ("yes" if row.is_met else "**no**") + ("" if row.is_certain else ", not for certain")


def targets_table(results):
    return table(("Target", "Wanted", "Measured", "Met"),
                 [(row.what, row.target, row.measured, verdict(row)) for row in targets.rows(results)])


def mebibytes(taken):
    return f"{median(taken, 'peak_bytes') / MIB:.1f}" if rounds.is_known(taken, "peak_bytes") else "-"


def rates_table(results):
    taken = results["rates"]["rounds"]
    reference = rounds.column(taken[REFERENCE], "rate")
    in_order = sorted(taken, key=lambda name: -median(taken[name], "rate"))
    return table(
        ("Program", "downloads/s", "against event-loop", "CPU µs a download, user + system",
         "MiB of its largest process"),
        [(name, f"{median(taken[name], 'rate'):,.0f}",
          rounds.shown(*rounds.ratio(rounds.column(taken[name], "rate"), reference)),
          f"{1e6 * median(taken[name], 'user'):.1f} + {1e6 * median(taken[name], 'system'):.1f}",
          mebibytes(taken[name])) for name in in_order])


def counts_table(results):
    def shown(counts, kind, form):
        return form.format(counts[kind]) if kind in counts else "-"

    def beyond(name, counts):
        floor = results["counts"].get(FLOORS.get(name), {})
        return f"{100 * (counts['instructions'] / floor['instructions'] - 1):+.1f} %" if floor else ""
    return table(("Program", "instructions a download", "beyond its bare loop", "system calls a download"),
                 [(name, shown(counts, "instructions", "{:,.0f}"), beyond(name, counts),
                   shown(counts, "system calls", "{:.2f}")) for name, counts in results["counts"].items() if counts])


def in_flight_table(results):
    figures = results["in flight"]
    first = figures["points"][0]

    def cpu(name, count):
        taken = figures["rounds"]
        value = median(taken[f"{name} {count}"], "user")
        return f"{1e6 * value:.1f} ({value / median(taken[f'{name} {first}'], 'user'):.2f})"

    def instructions(count):
        value, of_first = (figures["instructions"][each] for each in (str(count), str(first)))
        return f"{value:,.0f} ({value / of_first:.2f})"
    return table(("In flight", "event-loop, user CPU µs", "event-loop, instructions", "one multi handle, user CPU µs", "event-loop, all its memory, KiB each"),
                 [(f"{count:,}", cpu("conc-bench", count), instructions(count), cpu("floor", count),
                   f"{median(figures['rounds'][f'conc-bench {count}'], 'memory') / 1024:.1f}")
                  for count in figures["points"]])


def latency_table(results):
    return table(("Downloads of each", "ideal s", "measured s", "of that to start", "times the ideal", "KiB each", "failures"),
                 [(str(each["waves"]), f"{each['ideal']:.1f}", f"{each['seconds']:.3f}", f"{each['startup']:.3f}",
                   f"{each['seconds'] / each['ideal']:.3f}", f"{each['memory'] / 1024:.1f}", str(each["failures"]))
                  for each in results["latency"]["waves"]])


def harness_table(results):
    return table(("Downloads in a trial", "ms a trial", "ns a download"),
                 [(f"{each['downloads']:,}", f"{1e3 * each['seconds']:.2f}",
                   f"{1e9 * each['seconds'] / each['downloads']:,.0f}") for each in results["harness"]])


def cores_table(results):
    figures = results["cores"]

    def row(work):
        loop, hybrid = (figures["rounds"][f"{mode} {work}"] for mode in ("event-loop", "hybrid"))
        return (work, f"{median(loop, 'rate'):,.0f}", f"{median(hybrid, 'rate'):,.0f}",
                rounds.shown(*rounds.ratio(rounds.column(hybrid, "rate"), rounds.column(loop, "rate"))))
    return table(("CPU work on each answer", "event-loop, downloads/s", "hybrid, downloads/s", "hybrid against event-loop"),
                 [row(work) for work in figures["works"]])


def large_table(results):
    taken = results["large"]["rounds"]
    reference = rounds.column(taken["curl"], "rate")
    return table(("Program", "MB/s", "against curl", "CPU ms for 100 MB", "peak MiB"),
                 [(name, f"{median(rows, 'rate') / 1e6:,.0f}",
                   rounds.shown(*rounds.ratio(rounds.column(rows, "rate"), reference)),
                   f"{1e3 * 1e8 * median(rows, 'cpu'):.1f}", f"{median(rows, 'memory') / MIB:.1f}")
                  for name, rows in taken.items()])


def startup_table(results):
    figures = results["startup"]
    names = {"handles": "the libcurl handles alone, in one process", "forks": "the forks alone, of a small process"}
    return table(("Workers", "s", "µs each"),
                 [(names.get(name, name), f"{median(taken, 'seconds'):.4f}",
                   f"{1e6 * median(taken, 'seconds') / figures['workers']:.1f}")
                  for name, taken in figures["rounds"].items()])


def environment_text(environment):
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    return (f"{environment['date']}; {environment['cores']} cores of {environment['processor']}, "
            f"{environment['memory'] / (1 << 30):.0f} GiB; Linux {environment['kernel']}, "
            f"{environment['distribution']}; {versions}.")


def missing_text(results):
    missing = results["missing"]
    return "Left out: " + "; ".join(missing) + "." if missing else "Nothing was left out."


def render(results):
    rows = targets.rows(results)
    rates, large = results["rates"], results["large"]
    values = {
        "environment": environment_text(results["environment"]),
        "load": "{:.1f} before and {:.1f} after".format(*results["load"]),
        "minutes": f"{results['seconds'] / 60:.1f}",
        "missing": missing_text(results),
        "met": str(sum(row.is_met for row in rows)),
        "of": str(len(rows)),
        "targets": targets_table(results),
        "rates": rates_table(results),
        "rate_rounds": str(len(rates["rounds"][REFERENCE])),
        "rate_downloads": f"{rates['downloads']:,}",
        "slow_downloads": f"{rates['downloads'] // 10:,}",
        "counts": counts_table(results),
        "in_flight": in_flight_table(results),
        "in_flight_few": f"{results['in flight']['few']:,}",
        "in_flight_many": f"{results['in flight']['many']:,}",
        "latency": latency_table(results),
        "latency_in_flight": f"{results['latency']['in flight']:,}",
        "harness": harness_table(results),
        "list_lines": f"{results['list']['lines']:,}",
        "list_seconds": f"{results['list']['seconds']:.2f}",
        "list_memory": f"{results['list']['memory'] / 1e6:,.0f}",
        "list_text": f"{results['list']['text'] / 1e6:,.0f}",
        "statistics_samples": f"{results['statistics']['samples']:,}",
        "statistics_seconds": f"{results['statistics']['seconds']:.2f}",
        "cores": cores_table(results),
        "cores_downloads": f"{results['cores']['downloads']:,}",
        "cores_workers": str(results["cores"]["workers"]),
        "cores_latency": results["cores"]["latency"],
        "large": large_table(results),
        "large_size": f"{large['size'] / 1e6:.0f} MB",
        "large_count": str(large["count"]),
        "startup": startup_table(results),
        "startup_workers": f"{results['startup']['workers']:,}",
    }
    return string.Template(TEMPLATE.read_text()).substitute(values)
