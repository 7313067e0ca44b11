#!/usr/bin/env bats
# Runs over three machines, which are network namespaces with a server at their bridge.

load ../support/common
load ../support/fleet

setup_file() {
    start_fleet
}

setup() {
    with_hosts
    LIST=$BATS_FILE_TMPDIR/list
    JSON=$BATS_TEST_TMPDIR/run.json
    TRACE=$BATS_TEST_TMPDIR/run.trace
    : >"$BATS_FILE_TMPDIR/requests"
}

# How often the server was asked, by machine or by document: "counts 1" and "counts 2".
counts() {
    awk -v column="$1" '{ print $column }' "$BATS_FILE_TMPDIR/requests" | sort | uniq -c | awk '{ print $1 }' | sort -u
}

# The list comes from standard input, which only the first process has.
@test "three machines share a list: each download is made once, a third of them by each, in every mode" {
    run on_hosts 3 --mode all --workers 4 --repeat 6 --runs 1 --warmup 0 --no-progress --samples all --details \
        --export-json "$JSON" --export-trace "$TRACE" - <"$LIST"
    exits_with 0
    says "42 downloads of 7 URLs on 3 machines in 1 round"
    says "shared by 3 machines, led by $FLEET-1"
    [ "$(counts 1)" = $((14 * 5)) ]
    [ "$(counts 2)" = $((6 * 5)) ]
    holds "$JSON" '.validity.is_valid and .validity.is_work_equal and .workload.downloads == 42'
    holds "$JSON" '[.machines[].name] == [$fleet + "-1", $fleet + "-2", $fleet + "-3"]' --arg fleet "$FLEET"
    holds "$JSON" '.machine.cores == ([.machines[].cores] | add)'
    holds "$JSON" 'all(.results[]; .machines == 3)'
    holds "$JSON" 'all(.results[].rounds[]; [.machines[] | [.settled, .failed]] == [[14, 0], [14, 0], [14, 0]])'
    # The longest of the machines is what the run took, and the clocks agree as well as they are said to.
    holds "$JSON" 'all(.results[].rounds[]; ([.machines[].run_s] | max) as $longest | ([.machines[].clock_error_s] | max) as $error
        | (.run_s - $longest | fabs) <= $error + 1e-6)'
    holds "$JSON" 'all(.results[].rounds[]; [.samples[][0]] == [range(42)])'
    # Each machine has a process in the trace for each mode, its downloads there, and as many workers as it was asked for.
    holds "$TRACE" '[.traceEvents[] | select(.name == "process_name") | .args.name]
        == [$run[0].results[] as $cell | $run[0].machines[] | "\($cell.mode)/\($cell.workers) on \(.name)"]' \
        --slurpfile run "$JSON"
    holds "$TRACE" '[.traceEvents[] | select(.ph == "X" and .args)] | [group_by(.pid)[] | length] == [range(15) | 14]
        and all(.[]; .tid >= 1 and .tid <= 4)
        and ([group_by((.pid - 1) / 3 | floor)[] | map(.args.unit) | sort] | all(. == [range(42)]))'
    run "$CONC_BENCH" --details --import-json "$JSON" --export-trace "$BATS_TEST_TMPDIR/imported.trace"
    exits_with 0
    says "42 downloads of 7 URLs on 3 machines in 1 round"
    cmp "$TRACE" "$BATS_TEST_TMPDIR/imported.trace"
}

@test "with --split none each of two machines takes the whole list" {
    run on_hosts 2 --mode event-loop --workers 2 --split none --runs 1 --warmup 0 --no-progress "$LIST" \
        --export-json "$JSON"
    exits_with 0
    [ "$(sort "$BATS_FILE_TMPDIR/requests" | uniq -c | awk '{ print $1 }' | sort -u)" = 1 ]
    [ "$(counts 1)" = 7 ]
    holds "$JSON" '.workload.downloads == 14'
}

@test "a rate is that of all machines together" {
    run on_hosts 3 --mode threads --workers 4 --rate 200/s --repeat 40 --runs 1 --warmup 0 --no-progress "$LIST" \
        --export-json "$JSON"
    exits_with 0
    [ "$(wc -l <"$BATS_FILE_TMPDIR/requests")" -eq 280 ]
    # The last of 280 is due 1.395 s after the gate, whatever comes behind it.
    holds "$JSON" '.results[0].rounds[0] | .run_s >= 1.395 and .downloads.arrivals.begun == 280'
}

@test "the machine that is served slowly is named as the one that finishes last" {
    run on_hosts 3 --mode threads --workers 2 --runs 2 --warmup 0 --no-progress --details "$BATS_FILE_TMPDIR/slow" \
        --split none --samples all --export-trace "$TRACE"
    exits_with 0
    says "Balance: $FLEET-2 was the last to finish in 2 of 2 trials"
    # Its downloads are those that took long.
    holds "$TRACE" '[.traceEvents[] | select(.ph == "X" and .args)] | max_by(.dur).pid as $slowest
        | ([.[] | select(.pid == $slowest)] | length) == 14 and ([.[].pid] | unique) == [1, 2, 3] and $slowest == 2'
    holds "$TRACE" '[.traceEvents[] | select(.name == "process_name" and .pid == 2) | .args.name] == ["threads/2 on " + $second]' \
        --arg second "$FLEET-2"
}

@test "a machine with another libcurl, processor or number of cores is named" {
    sed 's/^model name.*/model name : another one/' /proc/cpuinfo >"$BATS_TEST_TMPDIR/cpuinfo"
    on_second_host_after "export LD_PRELOAD=$OTHER_LIBCURL LIBCURL_VERSION=9.1.2
        mount --bind $BATS_TEST_TMPDIR/cpuinfo /proc/cpuinfo
        exec taskset -c 0 \"\$@\""
    run on_hosts 3 --mode threads --runs 1 --warmup 0 --no-progress --details "$LIST" --export-json "$JSON"
    exits_with 0
    says "$FLEET-2 has another libcurl than $FLEET-1: libcurl/9.1.2"
    says "$FLEET-2 has another processor than $FLEET-1: 1 core of another one"
    says_not "$FLEET-3 has another"
    holds "$JSON" '[.machines[].libcurl | startswith("libcurl/9.1.2")] == [false, true, false]'
    holds "$JSON" '.machines[1] | .cores == 1 and .cpu == "another one"'
}

# What the kernel counts is the same on all hosts: on the others it stands still.
@test "a machine on which others compute is named" {
    cp /proc/stat "$BATS_TEST_TMPDIR/stat"
    on_second_host_after 'exec "$@"'
    sed -i "s|^set -e|&\ncase \$(hostname) in *-2) ;; *) mount --bind $BATS_TEST_TMPDIR/stat /proc/stat ;; esac|" "$THROUGH"
    timeout 100 sh -c 'while :; do :; done' 3>&- &
    local busy=$!
    run on_hosts 3 --mode threads --runs 1 --warmup 0 --no-progress --split none "$BATS_FILE_TMPDIR/slow"
    kill "$busy"
    exits_with 0
    says "On $FLEET-2 other processes kept "
    says "of the cores busy, and 0 % where they took least"
}

# As Open MPI 4 does of itself with two processes, and 5 with more; it thinks of one machine.
@test "a launcher that binds machines to one core each is told of" {
    [ "$(nproc)" -gt 1 ] || skip "there is one core"
    BIND=core run on_hosts 2 --mode sync --runs 1 --warmup 0 --no-progress "$LIST"
    exits_with 0
    says "$FLEET-1 may use 1 of its $(nproc) cores"
    [ "$(grep -c "may use" <<<"$output")" -eq 1 ]
    run on_hosts 2 --mode sync --runs 1 --warmup 0 --no-progress "$LIST"
    exits_with 0
    says_not "may use"
}

@test "what several machines cannot do is refused once, before anything is asked" {
    run on_hosts 3 --mode sync http://10.213.0.1:8080/document-1 http://10.213.0.1:8080/document-2
    exits_with 2
    says "2 downloads cannot be shared out to 3 machines"
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    local refused
    for refused in "--no-isolate $LIST" "--capath $BATS_TEST_TMPDIR $LIST"; do
        # shellcheck disable=SC2086  # each word is an argument
        run on_hosts 2 $refused
        exits_with 2
        says "does not go with several machines"
        [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    done
    [ ! -s "$BATS_FILE_TMPDIR/requests" ]
}

@test "a wrong option, a list that is not there and --version are answered by one machine" {
    run on_hosts 2 --mode nonsense "$LIST"
    exits_with 2
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    run on_hosts 2 "$BATS_TEST_TMPDIR/nothing"
    exits_with 2
    [ "$(grep -c conc-bench: <<<"$output")" -eq 1 ]
    run on_hosts 2 --version
    exits_with 0
    [ "$(grep -c '^conc-bench ' <<<"$output")" -eq 1 ]
}
