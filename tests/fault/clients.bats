#!/usr/bin/env bats
# Clients (--client) that do what programs do at their worst: whatever it is, the run goes on or ends by itself, says what
# it was, ranks nothing on it, and leaves neither a process nor a file behind.
# shellcheck disable=SC2016  # dollars are for the shells of clients

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    mkdir tmp
    export TMPDIR=$PWD/tmp
    for i in {1..12}; do echo "http://127.0.0.1:9/$i"; done >list
    mark=30$$.$RANDOM # seconds to sleep that no other process does
}

# This runs however the test ended.
teardown() {
    pkill -KILL -f "sleep $mark" || true
}

# Runs clients alone, once, and checks that nothing is left.
clients() {
    run "$CONC_BENCH" --details --runs 1 --warmup 0 --no-progress --export-json r.json "$@" list
    nothing_is_left
}

nothing_is_left() {
    [ -z "$(ls -A tmp)" ] || { echo "left in TMPDIR:"; ls -AR tmp; return 1; }
    ! pgrep -fa "sleep $mark" || { echo "left running"; return 1; }
}

# Checks how the trial of a client ended.
ended() {
    holds r.json ".results[] | select(.mode == \"$1\") | .rounds[-1].status == \"$2\" and .rank == null"
}

@test "a command that is not found, or cannot be executed, is told as that" {
    touch plain
    clients --client 'lost=./nowhere {list}' --client 'plain=./plain'
    exits_with 3
    says "lost/8: crashed after 0 of 12 downloads: its command was not found (exit status 127); it said: /bin/sh: 1: ./nowhere: not found"
    says "plain/8: crashed after 0 of 12 downloads: its command cannot be executed (exit status 126)"
    ended lost crashed
}

@test "without a shell, a program that cannot be started is told by the system's word" {
    clients --client-shell none --client 'lost=nowhere-$$'
    exits_with 2
    says 'is for a shell'
    clients --client-shell none --client 'lost=./nowhere {list}' --client 'folder=./tmp'
    exits_with 3
    says 'lost/8: crashed after 0 of 12 downloads: "./nowhere" cannot be started: No such file or directory'
    says 'folder/8: crashed after 0 of 12 downloads: "./tmp" cannot be started: Permission denied'
}

@test "a crash is told with its signal, and another end with its status and the program's last words" {
    clients --client 'crash=kill -SEGV $$' --client 'three=exit 3' \
        --client 'python=python3 -c "import no_such_module"'
    exits_with 3
    says 'crash/8: crashed after 0 of 12 downloads: it was killed by signal 11 (Segmentation fault)'
    says 'three/8: crashed after 0 of 12 downloads: it ended with exit status 3'
    says 'it said: Traceback (most recent call last): ... ModuleNotFoundError: No module named'
}

@test "a program that hangs, and ignores SIGTERM, is killed at the deadline with all it started" {
    SECONDS=0
    clients --deadline 300ms --client "deaf=trap '' TERM; sleep $mark & sh -c \"trap '' TERM; sleep $mark; :\" & echo waiting; wait; wait"
    exits_with 3
    says 'deaf/8: hung after 0 of 12 downloads: it did not end in time, and was killed; it said: waiting'
    ended deaf hung
    [ $SECONDS -lt 20 ]
}

@test "daemons are found in sessions of their own, killed and told" {
    clients --client "daemons=for i in 1 2 3; do setsid sh -c 'sleep $mark >&- 2>&- & exit' & done; wait; sleep 0.2"
    exits_with 0
    says 'daemons/8 left 3 processes behind, which were killed'
}

@test "gigabytes of output are taken, and the first and the last of it kept" {
    clients --client 'loud=echo first; head -c 2G /dev/zero; echo; echo last; exit 4'
    exits_with 3
    says 'it ended with exit status 4; it said: first ... last'
}

@test "a program that closes its standard streams has not ended" {
    clients --client "quiet=exec <&- >&- 2>&-; sleep 0.4; exit 5"
    exits_with 3
    says 'it ended with exit status 5'
    holds r.json '.results[0].rounds[0].status == "crashed"'
}

# A shell lets what it starts in the background ignore SIGINT.
@test "a signal in the middle ends all, soon" {
    "$CONC_BENCH" --no-progress --export-json r.json --client "slow=trap '' TERM INT; sleep $mark & wait" list >out 2>err &
    program=$!
    until_true pgrep -fx "sleep $mark"
    SECONDS=0
    kill -TERM "$program"
    status=0
    wait "$program" || status=$?
    [ "$status" -eq 143 ]
    [ $SECONDS -lt 20 ]
    nothing_is_left
}

@test "a signal at any time leaves no files behind" {
    local delay
    for delay in 01 02 03 04 05 06 08 10 15 20; do
        "$CONC_BENCH" --no-progress --origin --client "slow=sleep $mark" list >out 2>err &
        program=$!
        sleep "0.$delay"
        kill -TERM "$program"
        wait "$program" || true
        nothing_is_left
    done
}

@test "nothing outlives the program that is killed" {
    "$CONC_BENCH" --no-progress --client "slow=setsid sleep $mark & wait" list >out 2>err &
    program=$!
    until_true pgrep -fx "sleep $mark"
    kill -KILL "$program"
    nobody() { ! pgrep -fx "sleep $mark"; }
    until_true nobody
}

@test "output is shown where that is asked for, and kept to oneself otherwise" {
    clients --client 'chatty=echo to-out; echo to-err >&2'
    exits_with 0
    says_not to-
    run --separate-stderr "$CONC_BENCH" --runs 1 --warmup 0 --show-output --client 'chatty=echo to-out; echo to-err >&2' list
    [[ "$stderr" == *to-out* && "$stderr" == *to-err* && "$output" != *to-out* ]]
}

@test "a client that says nothing of its work, and is seen by nobody, is not ranked" {
    run "$CONC_BENCH" --details --runs 6 --warmup 0 --no-progress --export-json r.json --client 'a=:' \
        --client 'b=sleep 0.1' --assert 'a.time / b.time < 1' list
    exits_with 4
    says 'Unproven, and not ranked, since nobody saw its downloads: a, b'
    says 'UNMEASURABLE'
    holds r.json '[.results[] | .rank == null and .downloads == null] | all'
}

# A line for each unit, as `awk` makes it of the number, $1.
report() {
    echo "n=0; while read -r url; do echo \"\$n 200 100 0.\$((n + 100)) 0.\$((n + 110))\"; n=\$((n + 1)); done <{list} | $1 >\$CONC_BENCH_REPORT; sleep 0.15"
}

@test "a report makes a client's work known, and its times" {
    clients --client "told=$(report cat)"
    exits_with 0
    says 'Work and service times by the client'"'"'s own word: told'
    holds r.json '.results[0] | .downloads == 12 and .failures == 0 and .peak_in_flight == 10 and .body_bytes == 1200
        and (.service_s.p50 * 1000 | round) == 10 and (.rounds[0].samples | length) == 12'
}

@test "a report that is wrong is told by the number of its line" {
    clients --client "told=$(report "sed '4s/200/OK/'")"
    exits_with 3
    says 'told/8: unequal after 3 of 12 downloads: line 4 of its report is not "unit status bytes start end": "3 OK 100 0.103 0.113"'
}

@test "a report that lacks a download is no proof of it" {
    clients --client "told=$(report "sed 3,4d")"
    exits_with 3
    says 'told/8: unequal after 10 of 12 downloads: 2 of 12 downloads are missing in its report, the first is number 3 (http://127.0.0.1:9/3)'
    ended told unequal
}

# --- With the origin as the witness -----------------------------------------------------------------------------------

curls='xargs -P {workers} -n 1 curl -sS -o /dev/null'

with_origin() {
    for i in {1..6}; do echo "http://a.test/$i"; echo "https://b.test/$i?x=$i"; done >list
    clients --workers 4 ${origin:---origin=latency=2ms,size=64KiB} "$@"
}

@test "a client that asks for everything once is compared with the modes, by the same counts" {
    with_origin --mode threads --client "curls=$curls <{list}"
    exits_with 0
    says 'Service times as the origin saw them, without connecting: curls'
    holds r.json '[.results[] | .downloads == 12 and .failures == 0 and .body_bytes == 12 * 65536 and .rounds[0].witness.requests == 12] | all'
    holds r.json '.results[0].rounds[0].witness.urls == .results[1].rounds[0].witness.urls'
    holds r.json '.results[1] | .connects == 12 and .client.command == ("'"$curls"' <{list}") and .client.shell == "sh"
        and .client.first_request_s > 0 and .rounds[0].client.proof == "origin" and .peak_memory_bytes > 0'
    holds r.json '.results[1] | .time_s.value >= .client.first_request_s + .run_s * 0.999 and .service_s.p50 >= 0.002'
}

@test "skipping, repeating, and asking for something else is unequal work" {
    with_origin --mode threads --client "skips=tail -n +3 {list} | $curls" --client "repeats=cat {list} {list} | $curls" \
        --client "heads=xargs -n 1 curl -sSI <{list}" --client "more=(cat {list}; sed 1q {list} | sed 's/[^/]*\$/zz/;s-/0/-/99/-') | $curls"
    exits_with 3
    says 'skips/4: unequal after 10 of 12 downloads: 2 of 12 downloads were never asked for, the first is number 1 (http://a.test/1)'
    says 'repeats/4: unequal after 12 of 12 downloads: 12 of 12 downloads were asked for more than once'
    says 'heads/4: unequal after 12 of 12 downloads: 12 of 12 downloads were not asked for by GET'
    says 'more/4: unequal'
    for name in skips repeats heads more; do ended $name unequal; done
    holds r.json '.results[0] | .mode == "threads" and .downloads == 12'
}

@test "a download that is given up before it is whole is unequal work" {
    origin=--origin=latency=0,size=4MiB with_origin \
        --client 'abandons=while read -r url; do curl -s "$url" | head -c 1; done <{list}'
    exits_with 3
    says 'abandons/4: unequal after 12 of 12 downloads: 12 of 12 downloads were given up before they were whole'
}

@test "more in flight than asked for is told" {
    origin=--origin=latency=300ms with_origin --client 'many=xargs -P 12 -n 1 curl -sS -o /dev/null <{list}'
    exits_with 0
    # All 12 of them, unless the machine is busy while they begin.
    [[ "$output" =~ many/4\ had\ ([5-9]|1[0-2])\ downloads\ in\ flight,\ 4\ asked\ for ]]
}

@test "clients that look for an authority where programs do trust the origin" {
    origin=--origin=tls with_origin --client "curls=$curls <{list}" --client 'python=python3 -c "
import ssl, sys, urllib.request
for url in open(sys.argv[1]): urllib.request.urlopen(url.strip()).read()" {list}'
    exits_with 0
    holds r.json '[.results[].tls_handshakes == 6] | all'
}
