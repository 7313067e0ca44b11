# A newcomer adds a metric: what one patch to a few files brings about. The patch is kept beside this test, applied to a copy
# of the sources, and built there.

setup_file() {
    local copy=$BATS_FILE_TMPDIR/copy
    cd "${PROJECT_ROOT:?the root of the repository}" || return 1
    mkdir "$copy"
    cp -r CMakeLists.txt src include tests docs sites.txt LICENSE README.md "$copy"
    cd "$copy" || return 1
    patch -p1 <"$PROJECT_ROOT/tests/newcomer/metric.patch"
    cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug >configure.log || { cat configure.log; return 1; }
    cmake --build build --target conc-bench docs >build.log || { cat build.log; return 1; }
    # 4: the claim is there; whether a busy machine can judge it does not matter.
    build/conc-bench --mode sync,threads --origin=latency=1ms,size=1kB --runs 2 --assert '*.body < 1MB' --no-progress \
        --details --export-json r.json --export-csv r.csv --export-markdown r.md --export-html r.html sites.txt >r.txt ||
        [ $? -eq 4 ] || return 1
}

setup() {
    cd "$BATS_FILE_TMPDIR/copy" || exit 1
}

@test "the patch touches two files of src, one of them the row" {
    [ "$(grep -c '^+++ b/src/' "$PROJECT_ROOT/tests/newcomer/metric.patch")" -eq 2 ]
    grep -q '^+++ b/src/analysis/metrics.c' "$PROJECT_ROOT/tests/newcomer/metric.patch"
}

@test "the document has the metric, and its schema knows it" {
    jq -e '[.results[].body_mean_bytes == 1000] | all' r.json
    jq -e '."$defs".result.required | index("body_mean_bytes")' docs/conc-bench-2.schema.json
    /usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(*(json.load(open(path)) for path in sys.argv[1:]))' r.json docs/conc-bench-2.schema.json
    grep -q '^| `body_mean_bytes` | `body` | bytes | mean size of a body |$' docs/json.md
}

@test "the CSV file has the metric" {
    head -n 1 r.csv | grep -q ',body_mean_bytes,'
    grep -q ',1000,' r.csv
}

@test "claims, help and completion know the metric" {
    grep -qE '^(PASS|INCONCLUSIVE|UNMEASURABLE)  \*\.body < 1MB' r.txt
    build/conc-bench --help | sed -n '/^Metrics/,/^$/p' | grep -qw body
    build/conc-bench --completion bash | grep -q 'threads\.body '
}

@test "every report for people has the metric" {
    grep -qE '^mode/workers .* body kB$' r.txt
    grep -qE '^sync/1 .* 1\.00$' r.txt
    grep -q 'mean body' r.md
    grep -q 'mean body' r.html
}
