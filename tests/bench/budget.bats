# The cost of the program, counted: counts say the same on a busy machine as on a quiet one, as times do not. The
# figures are in tests/bench/budgets.

load ../support/common

# Counts a mode against its line.
keeps_its_budget() {
    run "$PROJECT_ROOT/tests/bench/count" --budgets "$PROJECT_ROOT/tests/bench/budgets" "$@"
    exits_with 0
    echo "$output"
}

# Nine tenths of what is counted is libcurl's.
keeps_its_budget_with_7_88() {
    "$CONC_BENCH" --version | grep -q 'libcurl/7\.88\.1 ' || skip "the budget is for libcurl 7.88.1"
    keeps_its_budget "$@"
}

@test "sync takes at most 1.04 times the instructions of the bare loop, and few system calls" { keeps_its_budget sync; }
@test "event-loop takes at most 1.04 times the instructions of the bare loop, and few system calls" {
    keeps_its_budget event-loop
}
@test "event-loop keeps its budget when it wakes up for each download" {
    keeps_its_budget_with_7_88 --workers 1 event-loop
}
@test "threads keeps its budget of instructions and system calls" { keeps_its_budget_with_7_88 threads; }
@test "processes keeps its budget of instructions and system calls" { keeps_its_budget_with_7_88 processes; }
@test "hybrid keeps its budget of instructions and system calls" { keeps_its_budget_with_7_88 hybrid; }

@test "every mode has a budget, and more than a budget allows is a failure" {
    modes=$("$CONC_BENCH" --help | sed -n '/^Modes:/,/^$/s/^  \([a-z-]*\)  .*/\1/p' | sort)
    [ "$modes" = "$(awk '!/^#/ { print $1 }' "$PROJECT_ROOT/tests/bench/budgets" | sort -u)" ]
    echo 'sync 16 0.9x 2' >"$BATS_TEST_TMPDIR/budgets"
    run "$PROJECT_ROOT/tests/bench/count" --budgets "$BATS_TEST_TMPDIR/budgets" --attempts 1 sync
    exits_with 1
    says 'instructions a download in the bare loop'
    says 'instructions a download, over '
    says 'system calls a download, over 2.02'
}
