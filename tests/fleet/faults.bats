#!/usr/bin/env bats
# What becomes of a run over three machines, which are network namespaces, when one of them fails.

load ../support/common
load ../support/fleet

setup_file() {
    start_fleet
}

setup() {
    with_hosts
    OUT=$BATS_TEST_TMPDIR/out
    LIST=$BATS_FILE_TMPDIR/list
    : >"$BATS_FILE_TMPDIR/requests"
    without_the_dead
}

# Of the run on a host, in `cell`: the process of the trial that is under way.
find_cell_on() {
    find_rank "$1" || return
    cell=$(pgrep -n -P "${rank:?}")
    [ -n "$cell" ]
}

@test "a machine that hangs is named, what was measured before is reported, and nothing is left" {
    SIGKILL_AFTER=1 begin
    until_true find_cell_on 2
    kill -STOP "${rank:?}" "${cell:?}"
    wait_for_end
    is_aborted_with 5
    says "conc-bench: $FLEET-2 does not answer any more"
    says_the_second_was_lost
}

# Nobody is there to report anything.
@test "when the leader hangs the others end the run" {
    SIGKILL_AFTER=1 begin
    find_rank 1
    kill -STOP "${rank:?}"
    wait_for_end
    is_aborted_with 5
    says "the leader does not answer any more"
}

@test "a trial that hangs on one machine is told with its name, and the run goes on" {
    on_hosts 3 --mode threads,event-loop --workers 4 --runs 2 --warmup 0 --no-progress --deadline 2s --split none --details \
        --export-json "$BATS_TEST_TMPDIR/run.json" "$BATS_FILE_TMPDIR/slow" >"$OUT" 2>&1 3>&- &
    # shellcheck disable=SC2034  # wait_for_end() does
    launcher=$!
    until_true find_cell_on 2
    kill -STOP "${cell:?}"
    wait_for_end
    exits_with 3
    says "on $FLEET-2: not done after 2.0 s"
    # The mode that it happened to is out of the run.
    holds "$BATS_TEST_TMPDIR/run.json" '[.results[].rounds | map(select(.status == "complete")) | length] | sort == [0, 2]'
}

# Twice as long as anybody may be silent.
@test "machines that are busy with a long trial are not taken for lost" {
    run on_hosts 2 --mode sync --runs 1 --warmup 0 --no-progress --deadline 20s --split none http://10.213.0.1:8081/long
    exits_with 0
    says "2 downloads in 11"
}

# The launcher ends the others soon: it is told to give them more time than a machine may be silent for, or that they can do
# without it. Then the status is the program's.
@test "a machine whose process is killed is named, what was measured before is reported, and nothing is left" {
    SIGKILL_AFTER=7 begin
    find_rank 2
    kill -KILL "${rank:?}"
    wait_for_end
    if is_prterun; then exits_with 5; else exits_with 137; fi
    says_the_second_was_lost
}

has_reported() {
    grep -q "Findings" "$OUT"
}

# The launcher would wait for that machine for many minutes. That of Open MPI 4 is told to find out; that of 5 would end the
# leader before it can report, so that here it waits until the machine is back.
@test "a machine that loses its network is named, what was measured before is reported, and nothing is left" {
    is_prterun ||
        export MPI_OPTIONS="--mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 2"
    SIGKILL_AFTER=3 begin
    ip -n "$FLEET-2" link set eth0 down
    ! is_prterun || until_true has_reported
    ! is_prterun || ip -n "$FLEET-2" link set eth0 up
    wait_for_end
    ip -n "$FLEET-2" link set eth0 up
    [ "$status" -ne 0 ]
    says_the_second_was_lost
}

@test "a machine on which the program cannot be started ends the run before anything is measured" {
    on_second_host_after 'exit 9'
    run on_hosts 3 "$LIST"
    exits_with 9
    leaves_nothing
    on_second_host_after 'mount --bind /dev/null "$1"'
    run on_hosts 3 "$LIST"
    [ "$status" -ne 0 ]
    leaves_nothing
    [ ! -s "$BATS_FILE_TMPDIR/requests" ]
}

@test "a machine that cannot look up a host is named, and its downloads fail" {
    printf '10.213.0.1 server.test\n' >"$BATS_TEST_TMPDIR/hosts"
    sed 's/10.213.0.1/server.test/' "$LIST" >"$BATS_TEST_TMPDIR/list"
    on_second_host_after 'exec "$@"'
    sed -i "s|^set -e|&\ncase \$(hostname) in *-2) ;; *) mount --bind $BATS_TEST_TMPDIR/hosts /etc/hosts ;; esac|" "$THROUGH"
    run on_hosts 3 --mode threads --runs 1 --warmup 0 --no-progress --split none --export-json "$BATS_TEST_TMPDIR/run.json" \
        "$BATS_TEST_TMPDIR/list"
    exits_with 3
    says "On $FLEET-2 server.test did not resolve"
    holds "$BATS_TEST_TMPDIR/run.json" '[.results[0].rounds[0].machines[].failed] == [0, 7, 0]'
}

# Only the leader writes files.
@test "a machine whose disks are full takes part as ever" {
    local full=$BATS_TEST_TMPDIR/full
    mkdir "$full"
    on_second_host_after "mount -t tmpfs -o size=4k none $full; head -c 4096 /dev/zero >$full/all; ! echo more >$full/more
        export TMPDIR=$full HOME=$full; cd $full"
    run on_hosts 3 --runs 1 --warmup 0 --no-progress --export-json "$BATS_TEST_TMPDIR/run.json" "$LIST"
    exits_with 0
    says "7 downloads"
    holds "$BATS_TEST_TMPDIR/run.json" '.validity.is_valid and [.results[0].rounds[0].machines[].failed] == [0, 0, 0]'
}

@test "Ctrl-C at the launcher ends the run everywhere with a report of what was done" {
    SIGKILL_AFTER=3 begin --export-json "$BATS_TEST_TMPDIR/run.json"
    interrupt_launcher
    wait_for_end
    # The program's is 143. The launcher has one of its own.
    exits_with 1
    take_report_from "$BATS_TEST_TMPDIR/run.json"
    says "Interrupted (SIGTERM) after"
    says "on 3 machines"
}
