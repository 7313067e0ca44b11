#!/usr/bin/env bats
# Runs over three machines, which are network namespaces, by MPICH and its launcher.

load ../support/common
load ../support/fleet

setup_file() {
    [ -z "${CONC_BENCH_MPICH:-}" ] || start_fleet
}

setup() {
    [ -n "${CONC_BENCH_MPICH:-}" ] || skip "there is no MPICH, or this build is not for it"
    with_hosts
    # shellcheck disable=SC2034  # begin() does
    OUT=$BATS_TEST_TMPDIR/out
    # shellcheck disable=SC2034
    BY=on_hosts_by_mpich
    : >"$BATS_FILE_TMPDIR/requests"
}

@test "three machines share a list by MPICH" {
    local json=$BATS_TEST_TMPDIR/run.json
    run on_hosts_by_mpich 3 --mode threads,processes --workers 4 --repeat 6 --runs 1 --warmup 0 --no-progress --export-json "$json" \
        "$BATS_FILE_TMPDIR/list"
    exits_with 0
    says "42 downloads of 7 URLs on 3 machines in 1 round"
    holds "$json" '.validity.is_valid and .validity.is_work_equal'
    holds "$json" '[.machines[].name] == [$fleet + "-1", $fleet + "-2", $fleet + "-3"]' --arg fleet "$FLEET"
    holds "$json" 'all(.results[].rounds[]; [.machines[] | [.settled, .failed]] == [[14, 0], [14, 0], [14, 0]])'
    [ "$(sort "$BATS_FILE_TMPDIR/requests" | uniq -c | awk '{ sum[$2] += $1 } END { for (host in sum) print sum[host] }' | sort -u)" = 28 ]
}

# The launcher would end the others at once.
@test "a machine whose process is killed is named with MPICH, and what was measured before is reported" {
    MPI_OPTIONS=-disable-auto-cleanup begin
    find_rank 2
    kill -KILL "${rank:?}"
    wait_for_end
    exits_with 5
    says_the_second_was_lost
}

@test "a machine that loses its network with MPICH is named, and ends by itself" {
    begin
    ip -n "$FLEET-2" link set eth0 down
    wait_for_end
    ip -n "$FLEET-2" link set eth0 up
    exits_with 5
    says_the_second_was_lost
}

@test "Ctrl-C at the launcher of MPICH ends the run everywhere with a report of what was done" {
    begin
    kill -INT "$(ip netns pids "$FLEET-0" | xargs -r ps -o pid=,comm= -p | awk '$2 ~ /^mpiexec/ { print $1 }')"
    wait_for_end
    # The program's is 130, which the launcher sometimes returns, and 0 otherwise; or 255, where it has more to say to what it
    # has ended (HYDU_sock_write).
    [[ "$status" -eq 0 || "$status" -eq 255 && "$output" == *HYDU_sock_write* ]] || exits_with 130
    says "Interrupted (SIGINT) after"
    says_not crashed
    says "on 3 machines"
}
