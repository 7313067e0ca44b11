# The benchmarks themselves: that they count and compare right where the truth is known, and leave nothing behind.

load ../support/common

known() {
    PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover --start-directory "$PROJECT_ROOT/tests/bench" -k "$1"
}

@test "every process's instructions and system calls are counted, and once" { known Counting; }
@test "commands that fail, hang or hold much memory are told" { known Processes; }
@test "programs of this repository tell their time" { known Programs; }
@test "ratios are Hodges and Lehmann's, of figures of the same round" { known Rounds; }
@test "targets are met up to their limit, and not beyond" { known Targets; }

is_measuring() {
    [ -s "$(echo */nginx/nginx.pid)" ] && grep -q 'round 1' log
}

@test "a signal ends the benchmarks with all they started" {
    export TMPDIR=$BATS_TEST_TMPDIR BENCH_QUICK=1
    cd "$TMPDIR" || exit 1
    "$PROJECT_ROOT/tests/bench/run" performance.md >log 2>&1 &
    bench=$!
    until_true is_measuring
    nginx=$(cat */nginx/nginx.pid)
    kill -0 "$nginx"
    kill "$bench"
    status=0
    wait "$bench" || status=$? # not by `run`, whose shell is not its parent
    exits_with 1
    run kill -0 "$nginx"
    exits_with 1
    [ -z "$(find . -name nginx)" ]
    [ -z "$(pgrep --full "$TMPDIR")" ] # lists of URLs and folders of theirs are there
}
