# The report by kind of run: how long it is on a terminal of 80 columns, and whether it names the cause of failures.

load ../support/common
load ../support/faults

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    [ -z "${FAULTS_PID:-}" ] || stop_faults
}

# The last report has no more lines than $1, none wider than 80 columns, and tells what is left out.
fits() {
    [ "$(wc -l <<<"$output")" -le "$1" ] || { echo "$output"; return 1; }
    [ "$(wc -L <<<"$output")" -le 80 ] || { echo "$output"; return 1; }
    says "--details"
}

@test "a single mode: six lines, whatever is in them" {
    local arguments
    for arguments in --origin=latency=1ms "--origin=errors=30% --allow-failures" "--origin=latency=1ms --cpu-work 100us"; do
        # shellcheck disable=SC2086  # several words
        run -0 --separate-stderr "$CONC_BENCH" --mode event-loop --workers 128 --runs 6 --warmup 0 --no-progress \
            --repeat 200 $arguments http://a-host-with-a-rather-long-name.example/
        fits 6
    done
}

@test "all modes: twenty lines, failures and warnings included" {
    # Nothing keeps up, most wait too long and many fail: each is a caveat, and all of them would be too long.
    run -0 --separate-stderr "$CONC_BENCH" --mode all --workers 2 --runs 1 --warmup 0 --no-progress --repeat 200 \
        --rate 200/s --max-late 20ms --origin=latency=20ms,errors=20% --allow-failures \
        http://a-host-with-a-rather-long-name.example/
    fits 20
    says "answered with status 5xx"
    says "waited longer than --max-late"
}

# $1: what the report must say; then the URLs. Each is downloaded beside one that succeeds, within $MAX_TIME (20) seconds.
tells() {
    local words=$1
    shift
    run -0 --separate-stderr "$CONC_BENCH" --mode sync,threads --workers 2 --runs 1 --warmup 0 --no-progress \
        --max-time "${MAX_TIME:-20}" --allow-failures "$FAULTS/ok" "$@"
    says "2 $words"
    [[ "$words" == *"could not connect"* || "$output" != *"could not connect"* ]] || { echo "$output"; return 1; }
    run --separate-stderr "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 1 --warmup 0 --no-progress \
        --max-time "${MAX_TIME:-20}" "$FAULTS/ok" "$@"
    exits_with 3
    says "$words: $1"
}

@test "failures are named by their cause, each as it is" {
    start_faults
    tells "answered with status 4xx" "$FAULTS/status/404"
    tells "answered with status 5xx" "$FAULTS/status/503?retry-after=60"
    tells "got fewer bytes than announced" "$FAULTS/close/500"
    tells "lost the connection" "$FAULTS/reset/500"
    tells "got an empty reply" "$FAULTS/empty"
    tells "got no valid HTTP" "$FAULTS/garbage"
    MAX_TIME=1 tells "timed out waiting for an answer" "$FAULTS/stall/headers"
    tells "could not connect (connection refused)" "http://$REFUSE/"
    tells "could not resolve the host" "http://no-such-host.invalid/"
}

@test "a proxy that refuses is not a server that cannot be connected to" {
    start_faults
    run --separate-stderr "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress --allow-failures \
        --proxy "$FAULTS" --noproxy 127.0.0.1 "$FAULTS/ok" https://text-blank.proxy/ https://refusal.proxy/
    says "could not connect (refused by the proxy)"
}
