#!/usr/bin/env bats
# Processes that a launcher has started together.

load ../support/common
load ../support/fleet

# As Open MPI, MPICH, Slurm and other launchers tell a process what it is. Most of them end all when one has ended: the
# others leave the first one the time to speak.
@test "a program without MPI that was started as one of several refuses, and the first one says so for all" {
    local variables second status
    cd "$BATS_TEST_TMPDIR"
    for variables in "OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK" "PMI_SIZE=3 PMI_RANK" "SLURM_STEP_NUM_TASKS=3 SLURM_PROCID"; do
        # shellcheck disable=SC2086  # each word is a variable
        env $variables=2 "$CONC_BENCH" http://a.test/ 3>&- >second 2>&1 &
        second=$!
        # shellcheck disable=SC2086
        run env $variables=0 "$CONC_BENCH" http://a.test/
        exits_with 2
        says "has started 3 processes of this program, which was built without MPI"
        kill "$second"
        status=0
        wait "$second" || status=$?
        [ "$status" -eq 143 ]
        [ ! -s second ]
    done
    run env PMIX_RANK=0 "$CONC_BENCH" http://a.test/
    exits_with 2
    says "has started several processes"
}

@test "a program that a launcher started alone, or that a script of sbatch runs, is as one started by hand" {
    local variables
    for variables in "OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0" "PMI_SIZE=1 PMI_RANK=0" \
        "SLURM_NTASKS=4 SLURM_PROCID=0" "SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1"; do
        # shellcheck disable=SC2086
        run env $variables "$CONC_BENCH" --version
        exits_with 0
    done
}

@test "what --origin says of several machines has no effect on one, or is refused" {
    run "$CONC_BENCH" --origin=latency=0,each --mode sync --runs 1 --warmup 0 --no-progress http://a.test/
    exits_with 0
    says "embedded server"
    run "$CONC_BENCH" --origin=address=127.0.0.1 --mode sync http://a.test/
    exits_with 2
    says "address is for runs of several machines"
    run "$CONC_BENCH" --origin=address=127.0.0.1,each --mode sync http://a.test/
    exits_with 2
    says "address does not go with each"
    run "$CONC_BENCH" --origin=address=0.0.0.0 --mode sync http://a.test/
    exits_with 2
    says "must be an address of one interface"
}

# As root in a container, several processes on a machine of two cores, without a network: which the launcher of Open MPI 5
# finds out by itself, and it takes nobody's word for it.
mpi() {
    local lo="--mca oob_tcp_if_include lo"
    ! is_prterun || lo=""
    # shellcheck disable=SC2086  # each word is an option
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        timeout 100 mpirun.openmpi --oversubscribe --mca btl self,tcp --mca btl_tcp_if_include lo $lo "$@"
}

@test "long messages reach every process and come back whole" {
    with_mpi
    run mpi -n 4 "$RANKS" echo
    exits_with 0
    [ "$(grep -c 'the same$' <<<"$output")" -eq 3 ]
    says "(rank 3): the same"
}

@test "clocks of one machine are found to be the same" {
    with_mpi
    run mpi -n 3 "$RANKS" clocks
    exits_with 0
    [ "$(grep -c 'within the error$' <<<"$output")" -eq 2 ]
}

@test "a process that hangs is lost within the limit, the others go on, and all are ended" {
    with_mpi
    run mpi -n 4 "$RANKS" lost
    is_aborted_with 7
    says "-1 $(hostname) (rank 3) does not answer any more"
    says "the others went on"
    run pgrep -f "$RANKS lost"
    exits_with 1
}

@test "a program of one MPI that the launcher of another has started says so once" {
    with_mpi
    run env PMI_SIZE=2 PMI_RANK=0 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$CONC_BENCH_MPI" http://a.test/
    exits_with 2
    says "does not find them"
}

@test "launchers of a program without MPI get one error" {
    with_mpi
    run mpi -n 3 "$CONC_BENCH" http://a.test/
    exits_with 2
    says "Open MPI's mpirun has started 3 processes of this program, which was built without MPI"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    command -v mpiexec.mpich >/dev/null || skip "there is no MPICH"
    run timeout 100 mpiexec.mpich -n 3 "$CONC_BENCH" http://a.test/
    exits_with 2
    says "has started 3 processes of this program, which was built without MPI"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
}

@test "several processes get one error for what does not go with them, and go on where it has a meaning" {
    with_mpi
    run mpi -n 3 "$CONC_BENCH_MPI" --mode null --no-isolate http://a.test/
    exits_with 2
    says "--no-isolate does not go with several machines"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    run mpi -n 3 "$CONC_BENCH_MPI" --mode null http://a.test/ http://b.test/
    exits_with 2
    says "2 downloads cannot be shared out to 3 machines: use fewer of them, a longer list, --repeat, or --split none"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    # The list is read where the leader runs, and nowhere else.
    run mpi -n 3 "$CONC_BENCH_MPI" --mode null --script 1ms --runs 1 --warmup 0 --no-progress --split none - \
        <<<$'http://a.test/\nhttp://b.test/'
    exits_with 0
    says "6 downloads"
}

@test "a report that a launcher passes on has no colours unless they are asked for" {
    with_mpi
    # Open MPI gives processes a terminal.
    local run=(mpi -n 2 "$CONC_BENCH_MPI" --mode null --script 1ms --runs 1 --warmup 0 --no-progress http://a.test/ http://b.test/)
    TERM=xterm run "${run[@]}"
    exits_with 0
    says_not $'\e'
    TERM=xterm run "${run[@]}" --color always
    exits_with 0
    says $'\e['
}

@test "a program of MPICH makes one run of the processes that MPICH starts" {
    [ -n "${CONC_BENCH_MPICH:-}" ] || skip "there is no MPICH, or this build is not for it"
    run timeout 100 mpirun.mpich -n 3 "$CONC_BENCH_MPICH" --mode null --script 10ms,20ms --workers 2 --repeat 12 --runs 1 \
        --warmup 0 --no-progress --export-json "$BATS_TEST_TMPDIR/run.json" http://a.test/ http://b.test/ http://c.test/
    exits_with 0
    says "36 downloads in 0.1 s"
    holds "$BATS_TEST_TMPDIR/run.json" '[.results[0].rounds[0].machines[].settled] == [12, 12, 12]'
    # Two workers who take 10 ms and 20 ms in turn are done with twelve in 90 or 100 ms.
    holds "$BATS_TEST_TMPDIR/run.json" 'all(.results[0].rounds[0].machines[].run_s; . >= 0.09 and . <= 0.1)'
}
