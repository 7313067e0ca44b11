"""Makes a JSON document large in one respect, out of one that the program wrote: documents.py BASE KIND N OUT. Measures what
the program takes to read it and to make every report of it: documents.py measure CONC_BENCH BASE KIND N, which fails where
memory is not within the bound of docs/json.md, or where a document four times as large takes more than is linear."""
import copy
import json
import os
import pathlib
import sys

SAMPLE = [0, 0, 0, 0, 0.0001, 0.0001, 0, 0, 0, 0, 1, 200, 0, 0, "ok", 11, 0, 0, 0]


def slim(cell):
    """A cell without what is large by itself."""
    cell = copy.deepcopy(cell)
    cell["rounds"][0].update(samples=None, witness=None)
    return cell


def with_rounds(cell, count, **changes):
    cell["rounds"] = [dict(cell["rounds"][0], round=i, run_s=0.004 + (i * 7919 % 1000) * 1e-6, **changes)
                      for i in range(count)]
    cell["warmup_times_s"] = []
    return cell


def one_sample(cell, unit, url, worker, downloads):
    """Downloads of a round that settled one of many."""
    counts = copy.deepcopy(cell["rounds"][0]["downloads"])
    counts.update(settled=1, answered=1, refused=0, http2=0, peak_in_flight=1,
                  outcomes={"ok": 1, "none": downloads - 1})
    return {"downloads": counts, "samples": [[unit, url, worker] + SAMPLE[3:]]}


def claims(document, cell, n):
    """Says that 100,000 workers did 4,000,000,000 downloads, and holds nothing of them."""
    downloads = document["workload"]["downloads"] = cell["planned_downloads"] = 4000000000
    cell["workers"] = 100000
    counts = dict(cell["rounds"][0]["downloads"], settled=0, answered=0, peak_in_flight=0, outcomes={"none": downloads})
    document["results"] = [with_rounds(cell, n, samples=[], downloads=counts)]


def sparse(document, cell, n):
    """A round has one sample of many URLs, and claims many more workers."""
    downloads = document["workload"]["downloads"] = cell["planned_downloads"] = 4000000000
    document["urls"] = [f"http://a.test/{i}" for i in range(10 * n)]
    document["workload"]["distinct_urls"] = 10 * n
    cell["workers"] = 100000
    with_rounds(cell, n)
    for i, entry in enumerate(cell["rounds"]):
        entry.update(one_sample(cell, 99000 - i % 50000, i, 99999 - i % 10000, downloads))
    document["results"] = [cell]


def idle_workers(document, cell, n):
    """Cells of 100,000 workers, one of which has a sample."""
    document["results"] = []
    for i in range(n):
        entry = with_rounds(copy.deepcopy(cell), 1)
        entry["workers"] = 100000 - i
        entry["rounds"][0].update(one_sample(entry, 0, 0, 5, document["workload"]["downloads"]))
        document["results"].append(entry)


def rounds(document, cell, n):
    other = dict(copy.deepcopy(cell), workers=cell["workers"] + 1)
    document["results"] = [with_rounds(cell, n), with_rounds(other, n)]


def dropped_rounds(document, cell, n):
    document["results"] = [with_rounds(cell, n)]
    document["validity"]["dropped_rounds"] = [{"group": cell["group"], "round": i, "reason": "x"} for i in range(n)]


def failed_rounds(document, cell, n):
    document["results"] = [with_rounds(cell, n, status="failed", reason="x")]


def cells(document, cell, n):
    document["results"] = [with_rounds(dict(copy.deepcopy(cell), workers=i + 1), 8) for i in range(n)]


def swept_cells(document, cell, n):
    document["results"] = [
        with_rounds(dict(copy.deepcopy(cell), workers=i % 250 + 1, group=i // 250 + 1, stage="sweep"), 8)
        for i in range(n)] + [with_rounds(dict(copy.deepcopy(cell), group=n), 8)]


def urls(document, cell, n):
    document["urls"] = [""] * n
    document["workload"]["distinct_urls"] = n
    document["results"] = [cell]


def origin_urls(document, cell, n):
    cell["rounds"][0]["witness"] = {"requests": 1, "connections": 1, "peak_in_flight": 1,
                                    "urls": {str(i): 1 for i in range(n)}}
    document["results"] = [cell]


def options(document, cell, n):
    document["policy"]["options"] = ["x"] * n


def sources(document, cell, n):
    document["workload"]["sources"] = ["x"] * n


def warnings(document, cell, n):
    document["warnings"] = ["x"] * n


def verdicts(document, cell, n):
    document["verdicts"] = [{"claim": "", "verdict": "PASS", "value": 1, "low": 1, "high": 1, "limit": 1,
                             "detectable": 1, "sentence": ""}] * n


def unknown_members(document, cell, n):
    document["x"] = [{}] * n


def misplaced_samples(document, cell, n):
    document["x"] = [{"samples": [SAMPLE]}] * n


def make(base, kind, n):
    document = json.loads(pathlib.Path(base).read_text())
    cell = slim([cell for cell in document["results"] if cell["mode"] == "threads"][0])
    document["experiment"]["reference"] = "threads"
    document["validity"]["mismatched_urls"] = []
    document["per_url"] = None
    globals()[kind](document, cell, n)
    return json.dumps(document, separators=(",", ":"))


REPORTS = ["json", "csv", "requests-csv", "markdown", "html", "junit", "trace"]
FACTOR, CONSTANT = 100, 32 << 20  # docs/json.md


def measure(program, document):
    """Seconds of CPU time and bytes at the peak; in all reports together, bytes."""
    files = [f"out.{report}" for report in REPORTS]
    arguments = [program, "--import-json", str(document), "--baseline", str(document), "--force-baseline",
                 "--allow-failures"]
    for report, file in zip(REPORTS, files):
        arguments += [f"--export-{report}", file]
    output = os.open("out.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    child = os.posix_spawnp(program, arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, output, 1)])
    os.close(output)
    _, status, usage = os.wait4(child, 0)
    status = os.waitstatus_to_exitcode(status)
    # The baseline may be slower, or too little to tell.
    if status not in (0, 1, 4):
        sys.exit(f"{document}: the program ends with {status}")
    size = sum(os.path.getsize(file) for file in files + ["out.txt"])
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, size


def check(program, base, kind, n):
    seconds = []
    sizes = []
    for count in (n, 4 * n):
        document = pathlib.Path("large.json")
        document.write_text(make(base, kind, count))
        size = document.stat().st_size
        taken, peak, written = measure(program, document)
        print(f"{kind} {count}: {size} bytes, {taken:.2f} s, {peak >> 20} MiB, reports of {written} bytes")
        if peak > FACTOR * size + CONSTANT:
            sys.exit(f"{kind} {count}: {peak} bytes of memory for a document of {size} bytes")
        if written > FACTOR * size:
            sys.exit(f"{kind} {count}: {written} bytes of reports for a document of {size} bytes")
        seconds.append(taken)
        sizes.append(size)
    # Quadratic work would take sixteen times as long. The limit is far from that, since the machine may be busy.
    if seconds[1] > 8 * seconds[0] + 1:
        sys.exit(f"{kind}: {seconds[0]:.2f} s for {sizes[0]} bytes, but {seconds[1]:.2f} s for {sizes[1]}")


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        check(*sys.argv[2:5], int(sys.argv[5]))
    else:
        pathlib.Path(sys.argv[4]).write_text(make(sys.argv[1], sys.argv[2], int(sys.argv[3])))
