#!/usr/bin/env bats
# The embedded origin in runs over three machines, which are network namespaces.

load ../support/common
load ../support/fleet

setup_file() {
    start_fleet
}

setup() {
    with_hosts
    JSON=$BATS_TEST_TMPDIR/run.json
    LIST=$BATS_TEST_TMPDIR/list
    printf '%s\n' http://a.test/1 https://b.test/2 'https://a.test/3 x2' >"$LIST"
}

# What has come to a host over the network so far, in bytes.
received() {
    ip -n "$FLEET-$1" -s -j link show eth0 | jq '.[0].stats64.rx.bytes'
}

@test "the leader's origin serves all machines in every mode, over TLS too, and has seen each download once" {
    run on_hosts 3 --mode all --workers 4 --repeat 6 --runs 1 --warmup 0 --no-progress --details --export-json "$JSON" \
        --origin=latency=1ms,tls "$LIST"
    exits_with 0
    says "served by the embedded origin (latency 1 ms, 16.0 KiB bodies, TLS for https, on the machine that leads)"
    says "The server runs on $FLEET-1, on the same cores as the downloads of that machine"
    says_not "CB-Run"
    [ "$(grep -c CB-Run "$JSON")" -eq 0 ]
    holds "$JSON" '.validity.is_valid and .validity.is_work_equal and .workload.downloads == 24'
    holds "$JSON" 'all(.results[].rounds[]; [.machines[] | [.settled, .failed]] == [[8, 0], [8, 0], [8, 0]])'
    holds "$JSON" 'all(.results[].rounds[]; .witness.requests == 24 and .witness.urls ==
        {"a.test/1": 6, "https://a.test/3": 12, "https://b.test/2": 6})'
    # Each machine with connections of its own.
    holds "$JSON" 'all(.results[].rounds[]; .witness.connections >= 3)'
}

@test "with --origin=each every machine asks itself, over no network, and all origins count" {
    local before
    before=$(received 2)
    run on_hosts 3 --mode sync,event-loop --workers 4 --split none --repeat 4 --runs 1 --warmup 0 --no-progress --details \
        --export-json "$JSON" --origin=latency=0,size=1MiB,each "$LIST"
    exits_with 0
    says "one on each machine)"
    says "The server of each machine runs on the same cores as its downloads"
    holds "$JSON" '.validity.is_valid and .validity.is_work_equal and .workload.downloads == 48'
    holds "$JSON" 'all(.results[].rounds[]; .witness.requests == 48 and .witness.urls ==
        {"a.test/1": 12, "a.test/3": 24, "b.test/2": 12})'
    # A machine has downloaded 32 MiB.
    [ $(($(received 2) - before)) -lt 10000000 ]
}

# Until somebody is answered 403 by one of the ports at which the first host listens.
ask_as_stranger() {
    local port
    for port in $(ip netns exec "$FLEET-1" ss -Hltn src 10.213.0.2 | awk '{ sub(/.*:/, "", $4); print $4 }'); do
        [ "$(ip netns exec "$FLEET-3" curl -s -m 2 -o /dev/null -w '%{http_code}' "http://10.213.0.2:$port/1")" != 403 ] ||
            return 0
    done
    return 1
}

@test "somebody else at the origin's address is refused, not counted, and told of" {
    on_hosts 2 --mode threads --workers 2 --runs 1 --warmup 0 --no-progress --repeat 4 --export-json "$JSON" \
        --origin=latency=500ms "$LIST" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local launcher=$!
    until_true ask_as_stranger
    wait "$launcher"
    holds "$JSON" '.warnings | any(. == "1 request of other programs came to the origin\u0027s port: refused, and not counted")'
    holds "$JSON" '.validity.is_work_equal and .results[0].rounds[0].witness.requests == 16'
}

@test "an address of the leader that others do not reach, or that it has not, is refused with the way out" {
    run on_hosts 2 --mode sync --no-progress --origin=address=127.0.0.1 "$LIST"
    is_aborted_with 5
    says "$FLEET-2 does not reach $FLEET-1 at 127.0.0.1 (Connection refused)"
    says "--origin=each"
    run on_hosts 2 --mode sync --no-progress --origin=address=10.213.0.9 "$LIST"
    exits_with 2
    says "$FLEET-1 has no address 10.213.0.9"
}

# Once a trial is under way. The origin is what a process of the run starts first.
kill_second_origin() {
    local children
    find_rank 2 || return
    mapfile -t children < <(ps -o pid= --ppid "$rank" | sort -n)
    [ "${#children[@]}" -gt 1 ] && kill -KILL "${children[0]}"
}

@test "with --origin=each, an origin that ends is named with its machine, and ends the run" {
    on_hosts 2 --mode threads --workers 2 --runs 50 --warmup 0 --repeat 5 --origin=latency=40ms,each "$LIST" \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local launcher=$!
    until_true kill_second_origin
    status=0
    wait "$launcher" || status=$?
    output=$(cat "$BATS_TEST_TMPDIR/out")
    is_aborted_with 5
    says "on $FLEET-2: --origin: the server's process has ended"
}
