#!/usr/bin/env bats
# Runs by several numbers of machines (--machines), which are network namespaces.

load ../support/common
load ../support/fleet

setup_file() {
    start_fleet
}

setup() {
    LIST=${BATS_FILE_TMPDIR:-}/list
    JSON=$BATS_TEST_TMPDIR/run.json
}

# The server gives each host 100 requests a second, and all of them 200.
@test "--machines tells how many are enough, and that the server keeps the next one from gaining anything" {
    with_hosts
    local limited=$BATS_FILE_TMPDIR/limited
    run on_hosts 3 --mode threads --workers 2 --machines 1..3 --repeat 12 --runs 5 --warmup 0 --no-progress --details \
        --samples all --export-json "$JSON" --export-csv "$BATS_TEST_TMPDIR/run.csv" --export-html "$BATS_TEST_TMPDIR/run.html" \
        --export-trace "$BATS_TEST_TMPDIR/run.trace" --assert 'threads:x2@2.time / threads:x1.time < 0.9' "$limited"
    exits_with 0
    says "84 downloads of 7 URLs on up to 3 machines in 5 rounds"
    says "threads, by number of machines"
    holds "$JSON" '[.results[] | [.mode, .workers, .machines]] == [["threads:x1", 2, 1], ["threads:x2", 2, 2], ["threads:x3", 2, 3]]'
    # All of them did the whole list, each machine that took part its share, and the others nothing.
    holds "$JSON" '.validity.is_valid and .validity.is_work_equal'
    holds "$JSON" 'all(.results[]; .machines as $machines | all(.rounds[]; [.machines[].settled] == [range($machines) | 84 / $machines]))'
    holds "$JSON" 'all(.results[].rounds[]; [.samples[][0]] == [range(84)])'
    holds "$JSON" '.machine_sweeps[0] | .mode == "threads" and .enough_machines >= 2 and [.points[].machines] == [1, 2, 3]
        and .scalability_law == null and .points[0].efficiency == 1 and .points[2].efficiency < 0.8'
    [ "$(grep -c '^"\?threads:x[123]"\?,2,' "$BATS_TEST_TMPDIR/run.csv")" -eq 3 ]
    grep -q '"swept": *"machines"' "$BATS_TEST_TMPDIR/run.html"
    run "$CONC_BENCH" --details --import-json "$JSON"
    exits_with 0
    # On a busy machine the third may happen to be faster than the second by more than 5 %.
    if holds "$JSON" '.machine_sweeps[0].enough_machines == 2' >"$BATS_TEST_TMPDIR/is_two" 2>&1; then
        says "threads: 2 machines are "
        says "; the third machine gains nothing: the server is the limit, or the way to it"
    fi
}

@test "more machines than there is work for gain nothing, and the report says so" {
    with_hosts
    run on_hosts 3 --mode null --script 50ms --workers 2 --machines 1..3 --runs 4 --no-progress --export-json "$JSON" - \
        < <(head -n 4 "$LIST")
    exits_with 0
    holds "$JSON" '.machine_sweeps[0] | [.enough_machines, (.points[].efficiency * 3 | round)] == [2, 3, 3, 2]
        and (.sentence | endswith("the third machine gains nothing: the list is too short for so many workers"))'
}

@test "--machines 2 leaves the third machine out, and needs no other name" {
    with_hosts
    : >"$BATS_FILE_TMPDIR/requests"
    run on_hosts 3 --mode sync,threads --workers 2 --machines 2 --repeat 2 --runs 2 --warmup 1 --no-progress \
        --export-json "$JSON" "$LIST"
    exits_with 0
    holds "$JSON" '[.results[] | [.mode, .machines]] | sort == [["sync", 2], ["threads", 2]]'
    [ "$(awk '{ print $1 }' "$BATS_FILE_TMPDIR/requests" | sort -u | wc -l)" -eq 2 ]
}

@test "an origin serves each number of machines, from the leader's machine or one on each, and counts each download" {
    local origin
    with_hosts
    for origin in latency=1ms latency=1ms,each; do
        run on_hosts 3 --mode event-loop --workers 2 --machines 1..3 --repeat 6 --runs 2 --warmup 0 --no-progress \
            --export-json "$JSON" "--origin=$origin" "$LIST"
        exits_with 0
        holds "$JSON" '.validity.is_valid and .validity.is_work_equal and [.results[].machines] == [1, 2, 3]'
        holds "$JSON" '[.results[].rounds[].witness.requests] == [42, 42, 42, 42, 42, 42]'
    done
}

has_done_two_rounds_of_the_sweep() {
    [ "$(wc -l <"$BATS_FILE_TMPDIR/requests")" -gt $((2 * 3 * 42)) ]
}

@test "Ctrl-C in a sweep of machines gives a report of what was done, and leaves nothing" {
    with_hosts
    : >"$BATS_FILE_TMPDIR/requests"
    SIGKILL_AFTER=3 on_hosts 3 --mode threads --workers 2 --machines 1..3 --repeat 6 --runs 500 --warmup 0 --no-progress \
        --export-json "$JSON" "$LIST" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    launcher=$!
    OUT=$BATS_TEST_TMPDIR/out
    until_true has_done_two_rounds_of_the_sweep
    interrupt_launcher
    wait_for_end
    # The program's is 143. The launcher has one of its own.
    exits_with 1
    take_report_from "$JSON"
    says "Interrupted (SIGTERM) after"
    says "on up to 3 machines"
    holds "$JSON" '.validity.is_work_equal and all(.results[].rounds[]; .status != "complete" or ([.machines[].settled] | add) == 42)'
}

@test "the number of workers is searched on all machines together" {
    with_hosts
    run on_hosts 2 --mode null --script 5ms --workers auto --repeat 6 --runs 2 --no-progress --export-json "$JSON" "$LIST"
    exits_with 0
    holds "$JSON" '([.results[] | select(.stage == "sweep") | .workers] | unique | length) > 1'
    holds "$JSON" 'all(.results[]; .machines == 2)'
    holds "$JSON" '.sweeps[0].enough_workers > 0'
}

@test "numbers of machines that there are not, or that mean nothing, are refused" {
    run "$CONC_BENCH" --machines 1..3 http://a.test/
    exits_with 2
    says "mpirun -n 3"
    run "$CONC_BENCH" --machines 0 http://a.test/
    exits_with 2
    says "--machines"
    run "$CONC_BENCH" --machines 3..1 http://a.test/
    exits_with 2
    says "write 1..3"
    run "$CONC_BENCH" --machines 1,2 --split none http://a.test/
    exits_with 2
    says "do not go with --split none"
    run "$CONC_BENCH" --machines 1,2 --rate 10/s --repeat 100 http://a.test/
    exits_with 2
    says "do not go with --rate"
    run "$CONC_BENCH" --machines 1,2 --mode sync,threads --assert 'threads:x3.time < 1s' http://a.test/
    exits_with 2
    says "add the number to --machines"
    with_hosts
    run on_hosts 2 --machines 1..3 "$LIST"
    exits_with 2
    says "--machines goes up to 3, and the launcher has started 2"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    run on_hosts 2 --machines 1,2 --workers auto "$LIST"
    exits_with 2
    says "give one number"
}
