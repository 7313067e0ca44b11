#!/usr/bin/env bats
# Runs that Slurm starts, on a cluster of this machine alone that the test makes: munged, slurmctld and slurmd, with files, ports
# and keys of their own.

load ../support/common
load ../support/fleet

setup_file() {
    [ -n "${RANKS:-}" ] && [ "$(id -u)" -eq 0 ] || return 0
    command -v munged slurmctld slurmd srun scancel >/dev/null || return 0
    CLUSTER=$BATS_FILE_TMPDIR/cluster
    export CLUSTER SLURM_CONF=$CLUSTER/slurm.conf
    mkdir -p "$CLUSTER/state" "$CLUSTER/spool"
    head -c 128 /dev/urandom >"$CLUSTER/key"
    chmod 600 "$CLUSTER/key"
    munged --force --key-file "$CLUSTER/key" --socket "$CLUSTER/munge" --pid-file "$CLUSTER/munged.pid" \
        --log-file "$CLUSTER/munged.log" --seed-file "$CLUSTER/seed" 2>"$CLUSTER/errors" 3>&- || return 0
    # Somebody else may have the ports.
    for _ in 1 2 3 4 5; do
        describe_cluster $((20000 + RANDOM % 12000))
        slurmctld -c -f "$SLURM_CONF" 3>&- && slurmd -f "$SLURM_CONF" 3>&- && until_true srun true && export HAS_SLURM=yes && return 0
        stop slurmd slurmctld
    done
}

describe_cluster() {
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$1
SlurmdPort=$(($1 + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/munge
StateSaveLocation=$CLUSTER/state
SlurmdSpoolDir=$CLUSTER/spool
SlurmctldPidFile=$CLUSTER/slurmctld.pid
SlurmdPidFile=$CLUSTER/slurmd.pid
SlurmctldLogFile=$CLUSTER/slurmctld.log
SlurmdLogFile=$CLUSTER/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/linear
KillWait=10
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES State=UP
CONF
}

# Stops daemons, and waits until they have ended.
stop() {
    local daemon pid
    for daemon in "$@"; do
        pid=$(cat "$CLUSTER/$daemon.pid" 2>/dev/null) || continue
        kill "$pid" || continue
        until_true has_ended "$pid"
    done
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

teardown_file() {
    [ -n "${CLUSTER:-}" ] || return 0
    stop slurmd slurmctld munged
}

setup() {
    [ -n "${HAS_SLURM:-}" ] || skip "there is no Slurm, or it cannot be started here"
    JSON=$BATS_TEST_TMPDIR/run.json
    OUT=$BATS_TEST_TMPDIR/out
}

# What three machines do, without a network.
on_slurm() {
    timeout 100 srun --overcommit -n 3 "$@" --mode null --script 10ms --workers 2 --repeat 12 --warmup 0 \
        --no-progress --export-json "$JSON" http://a.test/ http://b.test/ http://c.test/
}

@test "srun starts one run of all its tasks" {
    run on_slurm --mpi=pmix "$CONC_BENCH_MPI" --runs 1
    exits_with 0
    says "36 downloads in 0.06 s"
    holds "$JSON" '[.results[0].rounds[0].machines[].settled] == [12, 12, 12]'
}

@test "srun starts one run of all its tasks with MPICH" {
    [ -n "${CONC_BENCH_MPICH:-}" ] || skip "there is no MPICH"
    run on_slurm --mpi=pmi2 "$CONC_BENCH_MPICH" --runs 1
    exits_with 0
    holds "$JSON" '[.results[0].rounds[0].machines[].settled] == [12, 12, 12]'
    run on_slurm --mpi=none "$CONC_BENCH_MPICH" --runs 1
    exits_with 2
    says "srun has started several processes, but MPICH"
    says "use srun --mpi=pmix with Open MPI, and --mpi=pmi2 with MPICH"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
}

@test "srun of a program without MPI gets one error" {
    run on_slurm "$CONC_BENCH" --runs 1
    exits_with 2
    says "has started 3 processes of this program, which was built without MPI"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
}

# The queue empties when the processes have ended.
is_idle() {
    [ -z "$(squeue --noheader)" ]
}

has_done_a_round() {
    [ "$(wc -l <"$NGINX_LOG")" -gt 60 ]
}

@test "scancel ends the run with a report of what was done" {
    start_nginx
    make_documents 5 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" >"$BATS_TEST_TMPDIR/list"
    timeout 100 srun --overcommit -n 3 --job-name ended --mpi=pmix "$CONC_BENCH_MPI" --mode threads --repeat 12 --runs 500 --warmup 0 \
        --no-progress "$BATS_TEST_TMPDIR/list" >"$OUT" 2>&1 3>&- &
    local job=$!
    until_true has_done_a_round
    scancel --name ended
    status=0
    wait "$job" || status=$?
    stop_nginx
    output=$(cat "$OUT")
    exits_with 143
    says "Interrupted (SIGTERM) after"
    says "on 3 machines"
    until_true is_idle
    run pgrep -f "$BATS_TEST_TMPDIR/list"
    exits_with 1
}
