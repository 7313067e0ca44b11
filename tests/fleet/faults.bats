#!/usr/bin/env bats
# What becomes of a run over three machines, which are network namespaces, when one of them is killed or hangs.

load ../support/common
load ../support/fleet

setup_file() {
    start_fleet
}

teardown_file() {
    [ -z "${FLEET:-}" ] || remove_hosts
}

setup() {
    with_hosts
    OUT=$BATS_TEST_TMPDIR/out
    : >"$BATS_FILE_TMPDIR/requests"
}

# Begins a run that takes long, in the background as `launcher`, and waits until one round of it is over; what it prints goes
# to $OUT. When a process has died, the launcher gives the others $1 seconds each time before it does something worse.
begin() {
    export SIGKILL_AFTER=$1
    on_hosts 3 --mode threads --workers 4 --runs 50 --warmup 0 --no-progress --deadline 5s --split none --repeat 6 --details \
        "$BATS_FILE_TMPDIR/slow" >"$OUT" 2>&1 3>&- &
    launcher=$!
    until_true has_done_a_round
}

has_done_a_round() {
    [ "$(wc -l <"$BATS_FILE_TMPDIR/requests")" -gt $((7 * 6 * 3)) ]
}

# Waits for the end; fails unless nothing is left on any host. Then `output` is what was printed.
wait_for_end() {
    local host
    status=0
    wait "$launcher" || status=$?
    output=$(cat "$OUT")
    for host in 1 2 3; do
        until_true test -z "$(ip netns pids "$FLEET-$host")"
    done
}

says_the_second_was_lost() {
    says "$FLEET-2 does not answer any more"
    says "$FLEET-2 was lost, and the run ended with that: what was measured before stands"
    says "on 3 machines"
    says "Machines"
}

@test "a machine that hangs is named, what was measured before is reported, and nothing is left" {
    begin 1
    find_rank 2
    kill -STOP "${rank:?}"
    wait_for_end
    exits_with 5
    says_the_second_was_lost
}

# The launcher ends the others soon: it is told to give them more time than a machine may be silent for.
@test "a machine whose process is killed is named, what was measured before is reported, and nothing is left" {
    begin 7
    find_rank 2
    kill -KILL "${rank:?}"
    wait_for_end
    exits_with 137
    says_the_second_was_lost
}

@test "Ctrl-C at the launcher ends the run everywhere with a report of what was done" {
    begin 3
    kill -INT "$(ip netns pids "$FLEET-0" | xargs -r ps -o pid=,comm= -p | awk '$2 ~ /^(mpirun|orterun)/ { print $1 }')"
    wait_for_end
    says "Interrupted (SIGTERM) after"
    says "on 3 machines"
}

