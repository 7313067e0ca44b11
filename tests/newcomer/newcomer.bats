# A newcomer adds a metric: what one patch to a few files brings about. The patch is kept beside this test, applied to a copy
# of the sources, and built there: of those files that git knows, which are what a source archive has, without git and without
# a network where that can be taken away.

# Names what belongs to the sources, each followed by a NUL; outside a clone, that is all there is.
list_sources() {
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . \( -path ./build -o -path ./.git \) -prune -o -type f -print0
    fi
}

# Runs a command with a git that fails and leaves a mark, and without a network as root.
alone() {
    local isolated=()
    mkdir -p "$BATS_FILE_TMPDIR/programs"
    printf '#!/bin/sh\ntouch "%s"\nexit 127\n' "$BATS_FILE_TMPDIR/git-was-called" >"$BATS_FILE_TMPDIR/programs/git"
    chmod +x "$BATS_FILE_TMPDIR/programs/git"
    ! unshare --net true 2>/dev/null || isolated=(unshare --net)
    PATH=$BATS_FILE_TMPDIR/programs:$PATH "${isolated[@]}" "$@"
}

setup_file() {
    local copy=$BATS_FILE_TMPDIR/copy
    cd "${PROJECT_ROOT:?the root of the repository}" || return 1
    mkdir "$copy"
    list_sources | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar -c --null --files-from=- | tar -x -C "$copy"
    cd "$copy" || return 1
    patch -p1 <"$PROJECT_ROOT/tests/newcomer/metric.patch"
    alone cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug >configure.log || { cat configure.log; return 1; }
    alone cmake --build build --target conc-bench docs >build.log || { cat build.log; return 1; }
    # 4: the assertion is there; whether a busy machine can judge it does not matter.
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

@test "assertions, help and completion know the metric" {
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

@test "it was built without git" {
    [ ! -e "$BATS_FILE_TMPDIR/git-was-called" ]
    run alone git
    [ -e "$BATS_FILE_TMPDIR/git-was-called" ]
    run cmake --build build --target help
    [ "$status" -eq 0 ]
    ! grep -q '^dist:' <<<"$output"
}

@test "a source archive has what git has, and is the same each time" {
    cd "$PROJECT_ROOT" || exit 1
    git rev-parse HEAD >/dev/null 2>&1 || skip "not a clone"
    mkdir "$BATS_TEST_TMPDIR/again"
    src/packaging/dist . conc-bench-1 "$BATS_TEST_TMPDIR"
    # The clock's next second, another umask and time zone.
    sleep 1
    (umask 077 && TZ=Asia/Tokyo src/packaging/dist . conc-bench-1 "$BATS_TEST_TMPDIR/again")
    cmp "$BATS_TEST_TMPDIR"/{,again/}conc-bench-1.tar.gz
    tar -tf "$BATS_TEST_TMPDIR/conc-bench-1.tar.gz" | grep -v "/$" | sort >"$BATS_TEST_TMPDIR/packed"
    git -c core.quotePath=false ls-tree -r --name-only --full-tree HEAD | sed 's,^,conc-bench-1/,' | sort | diff - "$BATS_TEST_TMPDIR/packed"
}
