# The cost of a download does not depend on the number of hosts of the list. Counted with few workers and hosts; the
# target bench-hosts takes the CPU time of 20,000, in all modes.

load ../support/common

setup() {
    "$CONC_BENCH" --version | grep -q 'libcurl/7\.88\.1 ' || skip "its tables of names and connections are the smallest"
}

# Nothing costs more for each of 600 hosts than for 20, of the origin and of nginx.
costs_no_more() {
    run "$PROJECT_ROOT/tests/bench/hosts" --count instructions --hosts 600 --workers 16 "$1"
    echo "$output"
    exits_with 0
    [ "$(grep -c '600 hosts cost' <<<"$output")" -eq 4 ]
}

@test "event-loop: 600 hosts cost no more than 20" { costs_no_more event-loop; }
@test "threads: 600 hosts cost no more than 20" { costs_no_more threads; }

@test "more than the limit is a failure" {
    run "$PROJECT_ROOT/tests/bench/hosts" --count instructions --hosts 100 --workers 2 --limit 0.5 --of origin sync
    exits_with 1
    says 'times what 20 do, over 0.50'
}
