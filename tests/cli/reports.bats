# Reports of one run in every format: each read by a program it is for, and all made again from the JSON document.

load ../support/common

setup_file() {
    export REPORTS=$BATS_FILE_TMPDIR/reports
    mkdir "$REPORTS"
    # Names and paths that every format would take for its own if they were let through.
    printf '%s\n' 'http://a.test/?q=<script>alert(1)</script>&x="y"' "http://a.test/it's,=1+1;|x|*b*" 'http://b.test/%1B[31m' \
        'http://c.test/plain x7' >"$BATS_FILE_TMPDIR/li<s>t&.txt"
    (cd "$BATS_FILE_TMPDIR" && "$CONC_BENCH" --details --mode sync,threads,event-loop,processes --workers 1,2,4,8,16 --runs 6 \
        --no-progress --origin=latency=1ms,errors=20%,seed=3 --repeat 4 --assert 'sync.time < 1us' \
        --assert 'threads.time / sync.time < 9' --assert '*.bytes > 0' "li<s>t&.txt" "${all_exports[@]}") \
        >"$REPORTS/table" || true
}

all_exports=()
for format in json csv requests-csv urls-csv markdown html junit trace; do
    all_exports+=("--export-$format" "reports/$format")
done

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

@test "every export is there, and no temporary file beside it" {
    [ "$(ls reports)" = "$(printf '%s\n' csv html json junit markdown requests-csv table trace urls-csv)" ]
    for file in reports/*; do [ -s "$file" ]; done
}

@test "the JSON document follows its schema" {
    /usr/bin/python3 - "$PROJECT_ROOT/docs/conc-bench-2.schema.json" reports/json <<'PYTHON'
import json, sys
import jsonschema
schema, document = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
flaws = [f"{flaw.json_path}: {flaw.message[:200]}" for flaw in
         jsonschema.Draft202012Validator(schema).iter_errors(document)]
assert not flaws, flaws[:10]
# A schema that lets anything through would not be one.
del document["results"][0]["service_s"]["p50"]
document["results"][1]["rounds"][0]["samples"][0][3] = -1
document["more"] = 1
paths = {flaw.json_path for flaw in jsonschema.Draft202012Validator(schema).iter_errors(document)}
assert {"$", "$.results[0].service_s", "$.results[1].rounds[0].samples[0][3]"} <= paths, paths
PYTHON
}

@test "every field of the JSON document is told of in docs/json.md" {
    local name
    while read -r name; do
        grep -q "\`$name\`" "$PROJECT_ROOT/docs/json.md" || { echo "not told of: $name"; return 1; }
    done < <(jq -r '[.. | .properties? // empty | keys[]] | unique[]' "$PROJECT_ROOT/docs/conc-bench-2.schema.json")
}

@test "all reports come back from the JSON document, byte for byte" {
    mkdir -p again
    run -3 "$CONC_BENCH" --details --import-json reports/json "${all_exports[@]//reports/again}"
    echo "$output" | cmp - reports/table
    for format in json csv requests-csv urls-csv markdown html junit trace; do
        cmp "again/$format" "reports/$format"
    done
    # And once more, from standard input.
    "$CONC_BENCH" --import-json - --quiet --export-json again/third <again/json || true
    cmp again/third reports/json
}

@test "a document without samples gives the same reports, but for single downloads" {
    "$CONC_BENCH" --details --mode threads,event-loop --workers 4 --runs 6 --no-progress --origin=latency=1ms --samples none \
        --export-json none.json --export-html none.html --export-markdown none.md --percentiles 50,99 >none.txt
    holds none.json '[.results[].rounds[].samples] | all(. == null)'
    "$CONC_BENCH" --details --import-json none.json --export-json none2.json --export-html none2.html --export-markdown none2.md \
        --percentiles 50,99 --export-requests-csv none.csv --export-trace none.trace >none2.txt
    cmp none.json none2.json
    cmp none.html none2.html
    cmp none.md none2.md
    cmp none.txt none2.txt
    [ "$(wc -l <none.csv)" -eq 1 ]
    jq -e '.traceEvents == []' none.trace
}

@test "assertions are judged anew when they are given with an import" {
    run -0 "$CONC_BENCH" --import-json reports/json --allow-failures --assert 'event-loop.time < 100s'
    says "PASS  event-loop.time < 100s"
    says_not "sync.time"
    run -1 "$CONC_BENCH" --import-json reports/json --allow-failures --assert 'event-loop.time < 1us'
    run -2 "$CONC_BENCH" --import-json reports/json --assert 'hybrid.time < 1us'
    says hybrid
}

@test "the reference can be another one afterwards" {
    run "$CONC_BENCH" --details --import-json reports/json --reference threads
    says "vs threads"
}

@test "what an import is asked for must be in the document" {
    run "$CONC_BENCH" --import-json reports/json --reference hybrid
    exits_with 2
    says "--reference: reports/json has no mode hybrid"
    run "$CONC_BENCH" --import-json reports/json --assert 'hybrid.time < 1s'
    exits_with 2
    says "--assert: reports/json has no such mode and workers"
    run "$CONC_BENCH" --mode sync,threads --workers 1,2 --runs 1 --warmup 0 --origin=latency=1ms --no-progress \
        --export-json two.json http://a.test/
    exits_with 0
    run "$CONC_BENCH" --import-json two.json --assert 'sync.time / threads.time < 9' --assert '*.time < 1h'
    exits_with 2
    says "--assert: threads has several numbers of workers in two.json: say which"
    run "$CONC_BENCH" --import-json two.json --assert 'sync.time / threads@2.time < 9' --assert '*.time < 1h'
    exits_with 4
    says "UNMEASURABLE"
}

@test "CSV: one row a cell and one a request, the same number of fields in each, text as text" {
    /usr/bin/python3 - reports <<'PYTHON'
import csv, json, sys
folder = sys.argv[1]
document = json.load(open(folder + "/json", encoding="utf-8"))
cells = list(csv.DictReader(open(folder + "/csv", encoding="utf-8", newline=""), strict=True))
assert len(cells) == len(document["results"]) and all(None not in row and None not in row.values() for row in cells)
by_name = {f"{row['mode']}/{row['workers']}/{row['stage']}": row for row in cells}
for result in document["results"]:
    row = by_name[f"{result['mode']}/{result['workers']}/{result['stage']}"]
    assert float(row["time_s"]) == result["median"] and float(row["mean_s"]) == result["mean"], row
    assert int(row["failures"]) == result["failures"]
requests = list(csv.DictReader(open(folder + "/requests-csv", encoding="utf-8", newline=""), strict=True))
samples = [(result["mode"], round["round"], sample) for result in document["results"] for round in result["rounds"]
           for sample in round["samples"]]
assert len(requests) == len(samples) > 1000
for row, (mode, number, sample) in zip(requests, samples):
    assert None not in row and row["mode"] == mode and int(row["round"]) == number and int(row["unit"]) == sample[0]
    assert row["url"] == document["urls"][sample[1]] and float(row["service_s"]) == sample[4] and row["outcome"] == sample[14]
PYTHON
}

@test "JUnit: well-formed, a case for the measurement and one for each assertion" {
    xmllint --noout reports/junit
    [ "$(xmllint --xpath 'count(//testcase)' reports/junit)" -eq "$((1 + $(jq '.verdicts | length' reports/json)))" ]
    [ "$(xmllint --xpath 'count(//testcase[failure])' reports/junit)" -eq \
        "$((1 + $(jq '[.verdicts[] | select(.verdict == "fail")] | length' reports/json)))" ]
    [ "$(xmllint --xpath 'string(//testsuite/@tests)' reports/junit)" = "$(xmllint --xpath 'count(//testcase)' reports/junit)" ]
    [ "$(xmllint --xpath 'string(//testsuite/@failures)' reports/junit)" = "$(xmllint --xpath 'count(//failure)' reports/junit)" ]
    [ "$(xmllint --xpath 'string(//testsuite/@skipped)' reports/junit)" = "$(xmllint --xpath 'count(//skipped)' reports/junit)" ]
    xmllint --xpath '//testcase[contains(@name, "sync.time < 0.000001s") or contains(@name, "sync.time < 1us")]/failure' reports/junit
}

@test "Markdown: GitHub's flavour makes tables of it, and text stays text" {
    cmark-gfm --extension table --unsafe reports/markdown >markdown.html
    grep -q '<table>' markdown.html
    [ "$(grep -c '<tr>' markdown.html)" -ge 8 ]
    grep -qF 'li&lt;s&gt;t&amp;.txt' markdown.html
    # No cell holds a bar or a link that was not ours.
    ! grep -q '<a \|<script\|<s>' markdown.html
}

# In a document that somebody else wrote, any text may be anything, the names of modes, too.
@test "a document full of hostile text becomes reports that are what they should be" {
    local text='=1"},{"<script>alert(1)</script>|\' file
    jq --arg text "$text" --arg control $'\033[31m\xe2\x80\xae' '.results[0].mode = $text[:20] | .results[0].command = $text
        | .urls |= map($text + $control + .) | .warnings += [$text, $control] | .workload.sources |= map($text + $control)
        | .verdicts[0] |= (.claim = $text | .sentence = $text) | .summary += [$control]
        | .machine.cpu = $text + $control | .tool.libcurl = $control' reports/json >hostile.json
    mkdir -p hostile
    run -3 "$CONC_BENCH" --import-json hostile.json "${all_exports[@]//reports/hostile}"
    echo "$output" >hostile/table
    jq -e '.traceEvents | length > 0' hostile/trace >/dev/null
    jq -e '.results | length > 0' hostile/json >/dev/null
    xmllint --noout hostile/junit
    /usr/bin/python3 - hostile <<'PYTHON'
import csv, sys
for name in ("csv", "requests-csv", "urls-csv"):
    rows = list(csv.reader(open(f"{sys.argv[1]}/{name}", encoding="utf-8", newline=""), strict=True))
    assert len(rows) > 1 and len({len(row) for row in rows}) == 1, name
    formulas = [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")
                and not cell[1:].replace(".", "").replace("e-", "").isdigit()]
    assert not formulas, formulas
PYTHON
    LC_ALL=C run -1 grep -lP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae' hostile/*
    run -1 grep -l '<script>alert' hostile/html hostile/junit hostile/markdown
}

@test "trace: events of the format, slices of one worker that do not overlap, and a counter" {
    /usr/bin/python3 - reports <<'PYTHON'
import collections, json, sys
folder = sys.argv[1]
document = json.load(open(folder + "/json", encoding="utf-8"))
trace = json.load(open(folder + "/trace", encoding="utf-8"))
events = trace["traceEvents"]
assert {event["ph"] for event in events} == {"M", "X", "C"}
names = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
assert len(names) == len(document["results"])
downloads = [event for event in events if event["ph"] == "X" and "args" in event]
assert len(downloads) == sum(len(round["samples"]) for result in document["results"] for round in result["rounds"])
lanes = collections.defaultdict(list)
for event in downloads:
    lanes[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
for lane in lanes.values():
    lane.sort()
    assert all(second[0] >= first[1] - 0.002 for first, second in zip(lane, lane[1:]))
phases = [event for event in events if event["ph"] == "X" and "args" not in event]
assert {"connect", "wait", "receive"} <= {event["name"] for event in phases}
for pid, name in names.items():
    mode, workers = name.split(" ")[0].split("/")
    peak = max(event["args"]["downloads"] for event in events if event["ph"] == "C" and event["pid"] == pid)
    assert 1 <= peak <= int(workers), (name, peak)
PYTHON
}

@test "two exports to one place are refused" {
    run -2 "$CONC_BENCH" --origin --export-json - --export-csv -
    says "--export-json and --export-csv"
    run -2 "$CONC_BENCH" --origin --export-html x --export-junit x
}

@test "what is about a run does not go with --import-json" {
    run -2 "$CONC_BENCH" --import-json reports/json --workers 4
    says "--workers"
    run -2 "$CONC_BENCH" --import-json reports/json list.txt
    says list.txt
    run -2 "$CONC_BENCH" --import-json reports/json --dry-run
}

@test "a full disk: the table all the same, the other exports too, and status 5" {
    for format in json csv requests-csv urls-csv markdown html junit trace; do
        run -5 --separate-stderr "$CONC_BENCH" --import-json reports/json "--export-$format" /dev/full
        [[ "$output" == *"downloads failed"* ]]
        [[ "$stderr" == *"/dev/full"*"No space left"* ]]
    done
    run -5 "$CONC_BENCH" --import-json reports/json --export-json /dev/full --export-csv after.csv
    cmp after.csv reports/csv
    run -5 bash -c '"$CONC_BENCH" --import-json reports/json >/dev/full'
}

@test "an interrupted export leaves the file that was there" {
    printf 'before' >kept.json
    run -5 bash -c 'ulimit -f 8; trap "" XFSZ; "$CONC_BENCH" --import-json reports/json --export-json kept.json'
    [ "$(cat kept.json)" = before ]
    [ "$(find . -maxdepth 1 -name 'kept.json*' | wc -l)" -eq 1 ]
}

@test "damaged documents are refused with place and reason" {
    local size place
    size=$(stat -c %s reports/json)
    for place in 0 1 100 2000 $((size / 3)) $((size / 2)) $((size - 3)); do
        head -c "$place" reports/json >damaged.json
        run -2 --separate-stderr "$CONC_BENCH" --import-json damaged.json
        [ -z "$output" ]
        [[ "$stderr" =~ damaged.json\ is\ damaged:\ line\ [0-9]+ ]]
    done
    run -2 "$CONC_BENCH" --import-json nosuch.json
    says "nosuch.json"
    run -2 "$CONC_BENCH" --import-json .
}

# $1: a jq program that spoils the document; $2: what must be said of it.
spoil() {
    jq -c "$1" reports/json >spoilt.json
    run -2 --separate-stderr "$CONC_BENCH" --import-json spoilt.json
    [ -z "$output" ]
    [[ "$stderr" == *"$2"* ]] || { echo "$stderr"; return 1; }
}

@test "wrong values are refused by where they stand" {
    jq . reports/json >pretty.json
    "$CONC_BENCH" --import-json pretty.json --export-json from-pretty.json || true
    cmp from-pretty.json reports/json
    spoil '.schema = "conc-bench/1"' 'its schema is "conc-bench/1", and this version of conc-bench reads "conc-bench/2" only'
    spoil 'del(.tool.version)' "tool.version: missing"
    spoil '.machine.cores = 0' "machine.cores: 0 is not between"
    spoil '.results[1].rounds[1].startup_s = -1' "results[1].rounds[1].startup_s"
    spoil '.results[0].rounds[1].round = 0' "results[0].rounds[1]"
    spoil '.results[0].rounds[0].samples[3][0] = 2' "stands there twice"
    spoil '.results[0].rounds[0].samples[3][2] = -1' "worker is out of range"
    spoil '.results[0].rounds[0].samples[3][1] = 99' "no such URL"
    spoil 'del(.results[0].rounds[0].samples[3])' "samples instead of"
    spoil '.results[0].rounds[0].samples = 0' "samples: not an array"
    spoil '.results[0].rounds[0].samples = {}' "samples: not an array"
    spoil '.results[0].workers = 1e9' "results[0].workers"
    spoil '.results[2].service_s.points[4] = 100' "results[2].service_s.points[5]"
    spoil '.results = []' "results: empty"
    spoil '.urls = ["x"]' "urls: 1 URLs instead of"
    spoil '.sample_columns[1] = "uri"' "sample_columns[1]"
    spoil '.workload.downloads = 4000000000' "downloads"
}

@test "a field that is missing is refused by its name, or follows from the others" {
    run once --origin --mode sync,threads --workers 2 --repeat 2 --per-url --samples all --export-json few.json http://a.test/
    /usr/bin/python3 - "$CONC_BENCH" few.json <<'PYTHON'
import json, subprocess, sys
program, path = sys.argv[1:]
whole = json.load(open(path))
read = lambda text: subprocess.run([program, "--import-json", "-", "--quiet", "--export-json", "again.json"], text=True,
                                   input=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
seen, refused, made = set(), set(), set()


def without_each(value, place):
    """Takes each member of each kind of object out, and puts it back."""
    if isinstance(value, list):
        for item in value[:1]:
            without_each(item, place + "[]")
    if not isinstance(value, dict) or place.endswith(("witness.urls", "outcomes")):
        return
    for key in list(value):
        kept = dict(value)
        del value[key]
        answer = read(json.dumps(whole))
        name = f"{place}.{key}"
        if answer.returncode == 2 and key in answer.stderr:
            refused.add(name)
        else:
            assert answer.returncode == 0 and open("again.json").read() == open(path).read(), (name, answer.stderr)
            made.add(name)
        value.clear()
        value.update(kept)
        without_each(value[key], name)


without_each(whole, "")
assert len(refused) > 100 and ".results[].rounds[].run_s" in refused, sorted(refused)
assert ".results[].rounds[].time_s" in made and ".results[].mean" in made, sorted(made)
PYTHON
}

@test "text in a document cannot speak to the terminal" {
    jq -c '.machine.cpu = "evil\u001b]0;x\u0007\u009b31m\u202e" | .warnings = ["\u001b[2Jgone"]' reports/json >evil.json
    run "$CONC_BENCH" --details --import-json evil.json
    says 'evil\x1b]0;x\x07'
    [[ "$output" != *$'\033'* && "$output" != *$'\302\233'* ]]
}

@test "times in another unit, and other percentiles" {
    run "$CONC_BENCH" --details --import-json reports/json --time-unit ms --percentiles 90,50,99
    says "time ms"
    says "p50 ms"
    says "p90 ms"
    says_not "p95 ms"
    run -2 "$CONC_BENCH" --import-json reports/json --percentiles 50,100.5
    says "--percentiles"
    run -2 "$CONC_BENCH" --import-json reports/json --time-unit hours
}
