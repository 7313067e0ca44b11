# What the program costs, counted: counts say the same on a busy machine as on a quiet one, as times do not.
# The figures are in tests/bench/budgets.

load ../support/common

setup() {
    # Nine tenths of what is counted is libcurl's.
    "$CONC_BENCH" --version | grep -q 'libcurl/7\.88\.1 ' || skip "budgets are for libcurl 7.88.1"
}

# Counts a mode against its line.
keeps_its_budget() {
    run "$PROJECT_ROOT/tests/bench/count" --budgets "$PROJECT_ROOT/tests/bench/budgets" "$@"
    exits_with 0
    echo "$output"
}

@test "sync keeps its budget of instructions and system calls" { keeps_its_budget sync; }
@test "threads keeps its budget of instructions and system calls" { keeps_its_budget threads; }
@test "event-loop keeps its budget of instructions and system calls" { keeps_its_budget event-loop; }
@test "event-loop keeps its budget when it wakes up for each download" { keeps_its_budget --workers 1 event-loop; }
@test "processes keeps its budget of instructions and system calls" { keeps_its_budget processes; }
@test "hybrid keeps its budget of instructions and system calls" { keeps_its_budget hybrid; }

@test "every mode has a budget, and more than a budget allows is a failure" {
    modes=$("$CONC_BENCH" --help | sed -n '/^Modes:/,/^$/s/^  \([a-z-]*\)  .*/\1/p' | sort)
    [ "$modes" = "$(awk '!/^#/ { print $1 }' "$PROJECT_ROOT/tests/bench/budgets" | sort -u)" ]
    echo 'sync 16 30000 2' >"$BATS_TEST_TMPDIR/budgets"
    run "$PROJECT_ROOT/tests/bench/count" --budgets "$BATS_TEST_TMPDIR/budgets" --attempts 1 sync
    exits_with 1
    says 'instructions a download, over 30,300'
    says 'system calls a download, over 2.02'
}
