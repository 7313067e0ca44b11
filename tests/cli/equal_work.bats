# The same downloads in every mode, as two witnesses saw them that are not the client: the embedded origin, and nginx.

load ../support/common

DOWNLOADS=160

setup_file() {
    start_nginx
    make_documents 40 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" | sed 's/$/ x4/' >"$BATS_FILE_TMPDIR/nginx.txt"
    for i in $(seq 40); do
        echo "http://origin.test/page/$i?q=$i x4"
    done >"$BATS_FILE_TMPDIR/origin.txt"
    export NGINX_PORT NGINX_ROOT NGINX_LOG NGINX_PID_FILE
}

teardown_file() {
    stop_nginx
}

# Responses so late that all workers have asked before the first is answered: at some time of the run, where each has
# several downloads; at once, where each has one. How late that is on a busy machine, which may take some seconds to wake 160
# processes, is found out: later and later ones are tried. With too few workers none would be late enough.
latencies_for() {
    if [ "$1" -le 3 ]; then
        echo 10ms 100ms 1s
    elif [ "$1" -le 7 ]; then
        echo 20ms 200ms 1s
    elif [ "$1" -lt 160 ]; then
        echo 200ms 1s 4s
    else
        echo 800ms 4s 16s
    fi
}

# What no delay changes: all was done once, and by no more workers than there are.
done_once='(.sample_columns | index("worker")) as $worker
    | all(.results[]; .workers as $workers | .failures == 0 and .downloads == 160 and .body_bytes == 160 * 1024
        and .connects <= $n and .peak_in_flight <= $n and all(.rounds[0].samples[][$worker]; . >= 0 and . < $workers))
    and all(.results[].rounds[].witness; .requests == 160 and (.urls | length) == 40 and all(.urls[]; . == 4)
        and .peak_in_flight <= $n and .connections <= $n)'

# All workers were busy at once, each over a connection of its own.
all_busy='(.sample_columns | index("worker")) as $worker
    | all(.results[]; .connects == $n and .peak_in_flight == $n
        and (.rounds[0].samples | map(.[$worker]) | unique | length) == $n)
    and all(.results[].rounds[].witness; .peak_in_flight == $n and .connections == $n)'

check_origin() {
    local workers=$1 json=$BATS_TEST_TMPDIR/result.json modes="sync threads event-loop processes hybrid"
    local expected latency
    expected=$(min "$workers" $DOWNLOADS)
    # sync takes 160 times the latency, whatever the number of workers: once is enough.
    [ "$workers" -eq 1 ] || modes=$CONCURRENT_MODES
    for latency in $(latencies_for "$workers"); do
        once --mode "${modes// /,}" --workers "$workers" --origin="latency=$latency,size=1KiB" --max-time 60 \
            --export-json "$json" "$BATS_FILE_TMPDIR/origin.txt"
        holds "$json" "$done_once" --argjson n "$expected"
        ! jq -e "$all_busy" --argjson n "$expected" "$json" >/dev/null || return 0
    done
    holds "$json" "$all_busy" --argjson n "$expected"
}

@test "origin: 1 worker, all modes" { check_origin 1; }
@test "origin: 3 workers" { check_origin 3; }
@test "origin: 7 workers" { check_origin 7; }
@test "origin: 50 workers" { check_origin 50; }
@test "origin: 160 workers" { check_origin 160; }
@test "origin: more workers than downloads" { check_origin 170; }

@test "origin: fresh connections are 160 in every mode" {
    json=$BATS_TEST_TMPDIR/result.json
    once --mode "${MODES// /,}" --workers 7 --connections fresh --origin=latency=1ms,size=100B --export-json "$json" \
        "$BATS_FILE_TMPDIR/origin.txt"
    holds "$json" '[.results[] | .connects == 160 and .rounds[0].witness.connections == 160] | all'
}

@test "origin: errors and jitter fall on the same requests in every mode" {
    json=$BATS_TEST_TMPDIR/result.json
    run once --mode "${MODES// /,}" --workers 7 --origin=latency=2ms,jitter=2ms,errors=10%,seed=3 --export-json "$json" \
        "$BATS_FILE_TMPDIR/origin.txt"
    exits_with 3
    holds "$json" '.results[0].failures > 0 and .results[0].failures < 60'
    holds "$json" '[.results[].failure_classes] | unique | length == 1'
}

# bats test_tags=plain
@test "origin: the whole list is repeated by --repeat, and several lists are joined" {
    json=$BATS_TEST_TMPDIR/result.json
    printf 'http://a.test/one x2\nhttp://a.test/two\n' >"$BATS_TEST_TMPDIR/a.txt"
    printf 'http://b.test/three\n' >"$BATS_TEST_TMPDIR/b.txt"
    printf 'http://c.test/four\n' | once --mode threads --repeat 3 --origin=latency=1ms --export-json "$json" \
        "$BATS_TEST_TMPDIR/a.txt" http://d.test/five - "$BATS_TEST_TMPDIR/b.txt"
    holds "$json" '.results[0].rounds[0].witness.urls ==
        {"a.test/one": 6, "a.test/two": 3, "b.test/three": 3, "c.test/four": 3, "d.test/five": 3}'
}

@test "origin: a large event loop shares its connections among many hosts" {
    # 100 downloads at once have 100 connections, and meet now and then a host that has no idle one. Each thread meets
    # nearly every host with a connection of its own.
    json=$BATS_TEST_TMPDIR/result.json
    for i in $(seq 2000); do echo "http://h$((i * 7919 % 40)).test/$i"; done >"$BATS_TEST_TMPDIR/hosts.txt"
    set -- --mode threads,event-loop --workers 100 --origin=latency=5ms,size=100 --export-json "$json" "$BATS_TEST_TMPDIR/hosts.txt"
    if [ "${PORTABLE-0}" = 1 ]; then
        # Its server waits by select(2), and its event loops are not large.
        run once "$@"
        exits_with 5
        says "4000 connections are more than the 896 that this build can wait for"
        return
    fi
    once "$@"
    holds "$json" '.results | map({(.mode): .connects}) | add | ."event-loop" < 250 and .threads > 4 * ."event-loop"'
}

# The requests of one mode as nginx saw them, as "count URI status bytes" lines.
nginx_saw() {
    awk '{print $1, $2, $3}' "$NGINX_LOG" | sort | uniq -c
}

check_nginx() {
    local workers=$1 mode expected connections
    for i in $(seq 40); do
        echo "      4 /document-$i.txt 200 $((i * 97))"
    done | sort -k2 >"$BATS_TEST_TMPDIR/expected"
    for mode in $MODES; do
        : >"$NGINX_LOG"
        once --mode "$mode" --workers "$workers" "$BATS_FILE_TMPDIR/nginx.txt" >/dev/null
        logged "$NGINX_LOG" 160
        nginx_saw | sort -k2 >"$BATS_TEST_TMPDIR/saw"
        diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/saw"
        connections=$(awk '{print $4}' "$NGINX_LOG" | sort -u | wc -l)
        expected=$([ "$mode" = sync ] && echo 1 || echo "$workers")
        [ "$connections" -le "$expected" ]
    done
}

@test "nginx: 1 worker" { check_nginx 1; }
@test "nginx: 3 workers" { check_nginx 3; }
@test "nginx: 7 workers" { check_nginx 7; }
@test "nginx: 50 workers" { check_nginx 50; }
@test "nginx: 160 workers" { check_nginx 160; }
@test "nginx: 200 workers" { check_nginx 200; }

# bats test_tags=plain
@test "nginx: several rounds and worker counts add up" {
    : >"$NGINX_LOG"
    "$CONC_BENCH" --details --mode threads,event-loop --workers 2,4 --runs 3 --warmup 1 --no-progress \
        "$BATS_FILE_TMPDIR/nginx.txt"
    logged "$NGINX_LOG" $((2 * 2 * 4 * 160))
    [ "$(wc -l <"$NGINX_LOG")" -eq $((2 * 2 * 4 * 160)) ]
}

@test "nginx: status, bytes and redirects are reported alike in every mode" {
    json=$BATS_TEST_TMPDIR/result.json
    base=http://127.0.0.1:$NGINX_PORT
    run once --mode "${MODES// /,}" --workers 3 --export-json "$json" "$base/moved" "$base/loop" "$base/missing" "$base/broken" \
        "$base/document-7.txt"
    exits_with 3
    holds "$json" '[.results[].failure_classes] | unique == [{"http_4xx": 1, "http_5xx": 1, "redirect": 1}]'
    holds "$json" '[.results[].rounds[0].samples[0][$i]] | unique == [1]' \
        --argjson i "$(jq '.sample_columns | index("redirects")' "$json")"
}

@test "nginx: names are resolved beforehand, or live when asked" {
    for dns in pinned live; do
        once --mode "${MODES// /,}" --workers 2 --dns $dns "http://localhost:$NGINX_PORT/document-1.txt" \
            "http://localhost:$NGINX_PORT/document-2.txt"
    done
}

@test "nginx: pinned names reach every part of a large event loop" {
    # 600 workers share several multi handles, and each of those must know the name.
    json=$BATS_TEST_TMPDIR/result.json
    : >"$NGINX_LOG"
    once --mode event-loop,hybrid --workers 600 --repeat 400 --export-json "$json" \
        "http://localhost:$NGINX_PORT/document-1.txt" "http://localhost:$NGINX_PORT/document-2.txt"
    holds "$json" '[.results[] | .downloads == 800 and .failures == 0] | all'
    logged "$NGINX_LOG" 1600
    [ "$(wc -l <"$NGINX_LOG")" -eq 1600 ]
}

# bats test_tags=plain
@test "nginx: without redirects a redirect is a result" {
    json=$BATS_TEST_TMPDIR/result.json
    once --mode "${MODES// /,}" --max-redirs 0 --export-json "$json" "http://127.0.0.1:$NGINX_PORT/moved"
    holds "$json" '[.results[] | .failures == 0 and .rounds[0].samples[0][$i] == 302] | all' \
        --argjson i "$(jq '.sample_columns | index("status")' "$json")"
}

@test "a list longer than what is kept ready for libcurl: each URL once, in every mode" {
    cd "$BATS_TEST_TMPDIR"
    seq -f 'http://origin.test/%g' 8200 >long.txt
    once --mode "${MODES// /,}" --workers 4 --origin=latency=0,size=10B --samples none --export-json r.json long.txt
    holds r.json '[.results[] | .failures == 0 and .downloads == 8200 and .body_bytes == 82000] | all'
    holds r.json '[.results[].rounds[].witness | .requests == 8200 and (.urls | length) == 8200 and all(.urls[]; . == 1)] | all'
}

# A server whose /changes answers fewer bytes from its fourth request on: behind a warm-up of two modes, in the second trial
# of the round that counts.
# bats test_tags=plain
@test "a URL that answers otherwise than in the warm-up: counted for its mode, shown in every report, and its round is dropped" {
    coproc CHANGING { exec /usr/bin/python3 - 3>&- <<'PYTHON'
import http.server

asked = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += self.path == "/changes"
        body = b"x" * (50 if self.path == "/changes" and asked > 3 else 100)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    }
    local port
    cd "$BATS_TEST_TMPDIR"
    read -r port <&"${CHANGING[0]}"
    run "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 1 --warmup 1 --no-progress --export-json changed.json \
        --export-html changed.html "http://127.0.0.1:$port"/{steady,changes}
    kill "$CHANGING_PID"
    exits_with 3
    says "Note: downloads answered otherwise than most, in size, content, status or HTTP version: 1 (--tolerate lets sizes and contents differ)."
    [[ "$output" =~ "1 another size, content, status or HTTP version: http://127.0.0.1:$port/changes ("(sync/1|threads/2)")" ]]
    says "/changes answered with status 200 and 50 bytes instead of status 200 and 100"
    # No round counts, so that there is nothing to take apart.
    says_not 'What service times consist of'
    # The failure is that of the trial that came second in its round.
    holds changed.json '.validity.mismatches == 1 and .validity.failures == 0
        and .validity.mismatched_urls == [[([.results[].rounds[0].position] | index(1)), 1, 1]]'
    grep -q '<td class="word">another size, content, status or HTTP version</td><td class="bad">1</td>' changed.html
    "$CONC_BENCH" --details --import-json changed.json --export-html again.html --export-json again.json >again.txt || true
    cmp changed.html again.html
    cmp changed.json again.json
}

# Starts a server on $PORT whose answer number $1, over all, is a byte longer; with $2, so is every $2nd one behind it.
start_odd() {
    coproc ODD { exec /usr/bin/python3 - "$1" "${2:-0}" 3>&- <<'PYTHON'
import http.server
import sys
import threading

odd = int(sys.argv[1])
every = int(sys.argv[2])
asked = 0
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global asked
        with lock:
            asked += 1
            is_odd = asked == odd or (every > 0 and asked > odd and (asked - odd) % every == 0)
            body = b"x" * (101 if is_odd else 100)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    }
    read -r PORT <&"${ODD[0]}"
}

# Two modes of ten downloads each: answers 1 to 20 are the warm-up's, 21 to 40 those of round 1, and so on.
# Waits for it, since bash 5.3 would otherwise forget the next server of that name in its place when this one has ended.
stop_odd() {
    local pid=$ODD_PID
    kill "$pid"
    wait "$pid" || :
}

# bats test_tags=plain
@test "one odd answer of all drops its round at most: in the warm-up, in the first round, or in the last" {
    cd "$BATS_TEST_TMPDIR"
    local odd dropped
    for odd in 1:none 12:none 25:0 38:0 45:1 135:5; do
        start_odd "${odd%:*}"
        dropped=${odd#*:}
        seq -f "http://127.0.0.1:$PORT/%g" 10 >odd.txt
        run "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 6 --warmup 1 --no-progress --export-json odd.json odd.txt
        stop_odd
        exits_with 0
        holds odd.json '.validity.is_valid and .experiment.rounds_done == 6 and .experiment.stop_reason == ""'
        holds odd.json '[.validity.dropped_rounds[].round] == (if $n == "none" then [] else [$n | tonumber] end)' --arg n "$dropped"
        says_not INVALID
    done
}

# bats test_tags=plain
@test "an odd answer where there is no warm-up: one of two rounds is dropped, but a single round ends as invalid" {
    cd "$BATS_TEST_TMPDIR"
    start_odd 5
    seq -f "http://127.0.0.1:$PORT/%g" 10 >odd.txt
    run "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 2 --warmup 0 --no-progress --export-json odd.json odd.txt
    stop_odd
    exits_with 0
    holds odd.json '.validity.is_valid and [.validity.dropped_rounds[].round] == [0] and .experiment.rounds_done == 2'
    start_odd 5
    seq -f "http://127.0.0.1:$PORT/%g" 10 >odd.txt
    run "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 1 --warmup 0 --no-progress odd.txt
    stop_odd
    exits_with 3
    says 'INVALID, so nothing is ranked: in 1 of 1 rounds the work was not equal'
}

# The warm-up asks 20 times; behind it every seventh answer is a byte longer.
vary() {
    start_odd 21 7
    seq -f "http://127.0.0.1:$PORT/%g" 10 >odd.txt
    run "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 6 --warmup 1 --no-progress --export-json odd.json "$@" odd.txt
    stop_odd
}

# bats test_tags=plain
@test "pages that vary a little: invalid, and with --tolerate told in every report, the same when imported" {
    cd "$BATS_TEST_TMPDIR"
    local report
    vary
    exits_with 3
    says 'lets sizes and contents differ'
    # Two rounds have shown what none of the others can mend.
    holds odd.json '.validity.is_valid == false and .experiment.rounds_done == 2 and .policy.tolerate == null'
    vary --tolerate 1% --export-html r.html --export-markdown r.md --export-junit r.xml --export-csv r.csv
    exits_with 0
    says 'bodies of a URL may differ in size by 1% (--tolerate 1%)'
    says 'which count all the same (--tolerate 1%): 18, of which the furthest has 101 bytes instead of 100'
    holds odd.json '.policy.tolerate == 0.01 and .validity.is_valid and .validity.dropped_rounds == [] and .validity.varied == 18'
    holds odd.json '[.validity.varied_cells[][1]] | add == 18'
    for report in r.html r.md r.xml r.csv; do grep -q '1%' "$report" || { echo "not in $report"; return 1; }; done
    "$CONC_BENCH" --details --import-json odd.json --export-json again.json --export-html again.html --export-markdown again.md \
        --export-junit again.xml --export-csv again.csv >again.txt
    cmp odd.json again.json
    for report in html md xml csv; do cmp "r.$report" "again.$report"; done
    /usr/bin/python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' odd.json "$PROJECT_ROOT/docs/conc-bench-2.schema.json"
    vary --tolerate 0.9%
    exits_with 3
    vary --tolerate status
    exits_with 0
    holds odd.json '.policy.tolerate == "status" and .validity.varied == 18'
}
