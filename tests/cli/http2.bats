# HTTP/2 over TLS, against real servers: nginx, which logs what was asked over which connection, and nghttpd, which tells
# every header; who shares connections and who cannot, and that all reports tell it.

load ../support/common
load ../support/tls
load ../support/http2

WORKERS=6
DOWNLOADS=120

setup_file() {
    make_certificates "$BATS_FILE_TMPDIR/tls"
    start_nginx
    make_documents 3 "$NGINX_ROOT" "localhost:$NGINX_PORT" >/dev/null
    export TLS NGINX_PORT NGINX_ROOT NGINX_PID_FILE H2_PORT H1_TLS_PORT H3_PORT H2_FEW_PORT H2_SOURCE H2_BRIEF_PORT H2_LOG
}

teardown_file() {
    stop_nginx
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    JSON=$BATS_TEST_TMPDIR/result.json
    HTTPS=https://localhost:$H2_PORT
    local i
    for i in 1 2 3; do echo "$HTTPS/document-$i.txt x$((DOWNLOADS / 3))"; done >list.txt
    : >"$H2_LOG"
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

teardown() {
    stop_nghttpd
    stop_h2_faults
    [ -z "${SOURCE_PID:-}" ] || kill "$SOURCE_PID" 2>/dev/null || :
}

ask() {
    once --http2 --cacert "$TLS/ca.pem" --workers "$WORKERS" --export-json "$JSON" "$@"
}

# The figures of one mode and what nginx saw of it are the same, and DOWNLOADS of them succeeded, all over HTTP/2.
nginx_agrees() {
    logged "$H2_LOG" "$(jq "$DOWNLOADS + .results[0].rounds[0].warm_requests" "$JSON")"
    [ "$(h2_requests HTTP/2.0)" -eq "$(wc -l <"$H2_LOG")" ] || { echo "not all over HTTP/2"; head "$H2_LOG"; return 1; }
    holds "$JSON" '[.results[] | .failures == 0 and .http2_downloads == $downloads and .http2_connections == $connections
        and .http2_downloads_per_connection == $downloads / $connections] | all' \
        --argjson downloads "$DOWNLOADS" --argjson connections "$(h2_connections)"
}

@test "reuse: event loops share a connection each, others have one for each worker" {
    local mode
    for mode in $MODES; do
        : >"$H2_LOG"
        ask --mode "$mode" list.txt >report.txt
        nginx_agrees
        [ "$(h2_requests HTTP/2.0)" -eq "$DOWNLOADS" ]
        case $mode in
            sync) holds "$JSON" '.results[0] | .http2_connections == 1 and .http2_most_streams == 1' ;;
            event-loop) holds "$JSON" '.results[0] | .http2_connections == 1 and .http2_most_streams == 6' ;;
            hybrid)
                holds "$JSON" '.results[0] | .http2_connections <= $loops and .http2_most_streams > 1
                    and .http2_most_streams <= 6' --argjson loops "$(min "$(nproc)" "$WORKERS")"
                ;;
            *) holds "$JSON" '.results[0] | .http2_connections > 1 and .http2_connections <= 6
                and .http2_most_streams == 1' ;;
        esac
    done
}

@test "who comes while a connection is made waits for it, and receives no longer for that" {
    ask --mode event-loop --samples all "$HTTPS/document-"{1,2,3}.txt "$HTTPS/document-"{1,2,3}.txt >report.txt
    # From when it was taken to the end of the handshake that the first one makes, at the least.
    holds "$JSON" '(.sample_columns | with_entries({key: .value, value: .key})) as $c | .results[0].rounds[0].samples
        | (map(select(.[$c.connects] > 0)) | if length == 1 then .[0] else error end) as $first
        | ($first[$c.start_s] + $first[$c.tls_s]) as $made
        | map(select(.[$c.connects] == 0 and .[$c.start_s] < $made))
        | length >= 3 and all(.[$c.first_byte_s] + .[$c.start_s] >= $made)'
}

@test "fresh: a connection for each download in every mode, and none is shared" {
    local mode
    for mode in $MODES; do
        : >"$H2_LOG"
        ask --mode "$mode" --connections fresh list.txt >report.txt
        nginx_agrees
        [ "$(h2_connections)" -eq "$DOWNLOADS" ]
        holds "$JSON" '.results[0] | .http2_most_streams == 1 and .connects == $downloads' --argjson downloads "$DOWNLOADS"
        holds "$JSON" '.validity.is_work_equal'
    done
}

@test "warm: connections are there before the clock starts, as many as without, and are told" {
    local mode connections
    for mode in $MODES; do
        : >"$H2_LOG"
        ask --mode "$mode" --connections warm list.txt >report.txt
        nginx_agrees
        connections=$(h2_connections)
        holds "$JSON" '.results[0] | .connects == 0 and .rounds[0].http2_warm_connects == $connections' \
            --argjson connections "$connections"
        holds "$JSON" '.validity.cold_connects == 0'
        case $mode in
            sync | event-loop) [ "$connections" -eq 1 ] ;;
            hybrid) [ "$connections" -le "$(min "$(nproc)" "$WORKERS")" ] ;;
            *) [ "$connections" -eq "$WORKERS" ] ;;
        esac
    done
    # Downloads before the clock starts do not count.
    ask --mode event-loop --connections warm "$HTTPS/document-1.txt" >report.txt
    holds "$JSON" '.results[0].http2_most_streams == 1'
}

@test "all modes in one run, with rounds and both kinds of connections: equal work" {
    "$CONC_BENCH" --details --http2 --cacert "$TLS/ca.pem" --mode all --workers "$WORKERS" --connections fresh,reuse --runs 2 \
        --warmup 1 --no-progress --export-json "$JSON" list.txt >report.txt
    holds "$JSON" '.validity.is_work_equal and .validity.is_valid and (.results | length) == 10'
    holds "$JSON" '[.results[] | .http2_downloads == 120 and .failures == 0] | all'
    holds "$JSON" '[.results[] | select(.connections == "fresh") | .http2_connections == 120] | all'
    holds "$JSON" '[.results[].rounds[].samples[][15]] | unique == [20]'
    logged "$H2_LOG" $((10 * 3 * DOWNLOADS))
    [ "$(h2_requests HTTP/2.0)" -eq $((10 * 3 * DOWNLOADS)) ]
}

# bats test_tags=plain
@test "every report tells the version and how connections were used, and again from the document" {
    local file
    ask --mode all list.txt --export-html r.html --export-markdown r.md --export-csv r.csv --export-requests-csv q.csv \
        --export-junit r.xml >report.txt
    # Asked for, that is: each server decides.
    grep -q '^HTTP/2 where servers agree, connections reused' report.txt
    grep -q '<li>HTTP/2 where servers agree, connections reused' r.html
    grep -q '^mode/workers  *HTTP/2  connections  downloads each  at once$' report.txt
    grep -qE '^event-loop/6  *120  *1  *120  *6$' report.txt
    grep -qE '^sync/1  *120  *1  *120  *1$' report.txt
    grep -q '^Multiplexed: .*event-loop/6.* could not share any' report.txt
    grep -q '| event-loop/6 | 120 | 1 | 120 | 6 |' r.md
    grep -q 'How connections were used' r.html
    head -n 1 r.csv | grep -q ',http2_downloads,http2_connections,http2_downloads_per_connection,http2_most_streams,'
    grep -q '^"event-loop",6,.*,120,1,120,6,' r.csv
    holds "$JSON" '.policy.http_version == "HTTP/2"'
    holds "$JSON" '[.diagnosis[].label] | index("multiplexed") != null and index("http2_declined") == null'
    python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$JSON" \
        "$PROJECT_ROOT/docs/conc-bench-2.schema.json"
    mkdir again
    "$CONC_BENCH" --details --import-json "$JSON" --export-html again/r.html --export-markdown again/r.md --export-csv again/r.csv \
        --export-requests-csv again/q.csv --export-junit again/r.xml >again/report.txt
    for file in report.txt r.html r.md r.csv q.csv r.xml; do cmp "$file" "again/$file"; done
}

# bats test_tags=plain
@test "without --http2 and with --http1.1: HTTP/1.1 is asked for, and no report mentions the other" {
    local option
    for option in "" --http1.1; do
        : >"$H2_LOG"
        # shellcheck disable=SC2086  # nothing is to be no argument
        once $option --cacert "$TLS/ca.pem" --mode all --workers "$WORKERS" --export-json "$JSON" --export-markdown r.md \
            --export-html r.html list.txt >report.txt
        logged "$H2_LOG" $((5 * DOWNLOADS))
        [ "$(h2_requests HTTP/1.1)" -eq $((5 * DOWNLOADS)) ]
        grep -q '^HTTP/1.1, ' report.txt
        run ! grep -q 'HTTP/2' report.txt r.md r.html
        holds "$JSON" '[.results[] | .http2_downloads == 0 and .http2_connections == null
            and .http2_most_streams == null] | all'
    done
}

# bats test_tags=plain
@test "a server without HTTP/2: HTTP/1.1 is spoken, over a connection for each worker at most, and that is told" {
    echo "https://localhost:$H1_TLS_PORT/document-1.txt x60" >plain.txt
    ask --mode all plain.txt >report.txt
    logged "$H2_LOG" 300
    [ "$(h2_requests HTTP/1.1)" -eq 300 ]
    holds "$JSON" '[.results[] | .failures == 0 and .http2_downloads == 0 and .downloads == 60] | all'
    # Where answers come at once, fewer may be enough.
    holds "$JSON" '[.results[] | select(.mode == "event-loop") | .connects >= 1 and .connects <= 6] | all'
    grep -q '^No HTTP/2: it was offered, and all that was answered was answered over HTTP/1.1' report.txt
    run ! grep -q 'downloads each' report.txt
    # Beside one that has it, and one without TLS.
    echo "http://localhost:$NGINX_PORT/document-1.txt x60" | cat list.txt plain.txt - >mixed.txt
    ask --mode all mixed.txt >report.txt
    holds "$JSON" '[.results[] | .failures == 0 and .http2_downloads == 120 and .downloads == 240] | all'
    holds "$JSON" '.validity.is_work_equal'
    grep -q '^Not all HTTP/2: 50 % of the answers' report.txt
}

@test "redirects: followed over the connection that is shared, if any is" {
    echo "$HTTPS/moved x30" >moved.txt
    ask --mode all moved.txt >report.txt
    holds "$JSON" '[.results[] | .failures == 0 and .http2_downloads == 30] | all'
    holds "$JSON" '[.results[] | select(.mode == "event-loop") | .http2_connections == 1] | all'
    logged "$H2_LOG" 300
    [ "$(h2_requests HTTP/2.0)" -eq 300 ]
    # With fresh connections, behind a redirect too.
    local mode
    for mode in $MODES; do
        : >"$H2_LOG"
        ask --mode "$mode" --connections fresh moved.txt >report.txt
        logged "$H2_LOG" 60
        [ "$(h2_connections)" -eq 60 ] || { echo "$mode: $(h2_connections)"; return 1; }
        holds "$JSON" '.validity.is_work_equal'
    done
}

@test "GOAWAY: of 3,000 downloads none is lost when nginx ends connections after 1,000 requests" {
    local mode i workers
    for i in 1 2 3; do echo "$HTTPS/document-$i.txt x1000"; done >long.txt
    for mode in event-loop hybrid threads; do
        for workers in 8 100; do
            : >"$H2_LOG"
            WORKERS=$workers ask --mode "$mode" long.txt >report.txt
            holds "$JSON" '.results[0] | .failures == 0 and .http2_downloads == 3000'
            logged "$H2_LOG" 3000
            # Each URL as often as it is listed: what was refused was not answered as well.
            [ "$(awk '$4 == 200 { print $3 }' "$H2_LOG" | sort | uniq -c | awk '{ print $1 }' | sort -u)" = 1000 ]
            [ "$mode" != event-loop ] || holds "$JSON" '.results[0] | .http2_connections >= 3 and .http2_connections <= 6'
        done
    done
}

# A build without epoll has one multi handle in each loop, and libcurl 7.88 then decides how many go on a connection.
has_epoll() {
    grep -q epoll_create1 "$CONC_BENCH"
}

@test "500 downloads at once over few connections, a hundred on each" {
    start_h2_faults
    # The server answers when all of them have come.
    echo "$H2_FAULTS/together/500 x1000" >list.txt
    WORKERS=500 ask --mode event-loop list.txt >report.txt
    holds "$JSON" '.results[0] | .failures == 0 and .http2_downloads == 1000 and .peak_in_flight == 500
        and .http2_connections <= 6'
    if has_epoll; then
        holds "$JSON" '.results[0] | .http2_connections == 5 and .http2_most_streams == 100'
    fi
    WORKERS=500 ask --mode hybrid list.txt >report.txt
    holds "$JSON" '.results[0] | .failures == 0 and .http2_downloads == 1000 and .peak_in_flight == 500
        and .http2_connections <= 6 + 2 * $loops' --argjson loops "$(nproc)"
    if has_epoll; then
        holds "$JSON" '.results[0] | .http2_connections <= 4 + $loops and .http2_most_streams <= 100' \
            --argjson loops "$(nproc)"
    fi
}

# The source answers when 40 have come, which is all workers, or else after two seconds, and tells of each that had to wait
# for those: by counts, since on a busy machine one loop computes as long as forty threads wait.
@test "few streams to a connection: as many connections as keep the workers busy" {
    cat >source.py <<'PYTHON'
import http.server, socketserver, sys, threading
arrival = threading.Condition()
waiting, wave = 0, 0
def wait_for_all():
    global waiting, wave
    with arrival:
        waiting += 1
        if waiting == 40:
            waiting, wave = 0, wave + 1
            arrival.notify_all()
            return
        own = wave
        if not arrival.wait_for(lambda: wave > own, timeout=2):
            waiting -= 1
            print("late", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wait_for_all()
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"x" * 10)
    def log_message(self, *_):
        pass
class Server(socketserver.ThreadingUnixStreamServer):
    request_queue_size = 500
    daemon_threads = True
server = Server(sys.argv[1], Handler)
print("listening", flush=True)
server.serve_forever()
PYTHON
    local mode
    /usr/bin/python3 source.py "$H2_SOURCE" >>source.out 3>&- &
    SOURCE_PID=$!
    until_true test -s source.out
    echo "https://localhost:$H2_FEW_PORT/ x640" >list.txt
    for mode in threads event-loop hybrid; do
        : >source.out
        WORKERS=40 ask --mode $mode list.txt >report.txt || { cat report.txt; return 1; }
        # Connections that end leave too few for a moment. Where there are too few all the time, most wait in vain, until
        # some are out of time.
        echo "$mode: $(grep -c late source.out) waited in vain"
        [ "$(grep -c late source.out)" -lt 320 ]
    done
}

# While an event loop computes, the server closes what it shares; whoever asks next is told in several ways.
@test "connections closed while the event loop computes: asked again, and nothing is lost" {
    echo "https://localhost:$H2_BRIEF_PORT/document-1.txt x400" >list.txt
    WORKERS=16 ask --mode event-loop,hybrid --cpu-work 2ms list.txt >report.txt
    holds "$JSON" '[.results[] | .failures == 0 and .http2_connections > 5] | all'
}

@test "a server that agrees to HTTP/2 on one connection and not on the next: the work was not equal" {
    start_h2_faults alternate
    echo "$H2_FAULTS/ok/0 x12" >list.txt
    run ask --mode all list.txt
    exits_with 3
    says 'answered by HTTP'
    holds "$JSON" '(.validity.is_work_equal or .validity.is_valid) | not'
}

# The header fields of each request nghttpd was sent, a line each, without the program's name.
asked_of_nghttpd() {
    sed 's/\x1b\[[0-9;]*m//g' "$NGHTTPD_OUT" | sed -n 's/.* recv (stream_id=\([0-9]*\)) \(.*\)$/\1 \2/p' |
        grep -v ' user-agent: ' | awk '{ stream = $1; sub(/^[0-9]+ /, ""); if ($0 ~ /^:method/) print "--"; print }'
}

# bats test_tags=plain
@test "the same header fields as curl sends" {
    local mode options
    printf 'X-Twice: 1\nX-Twice: 2\n' >headers
    mkdir -p root
    echo document >root/document
    for options in "" "--compressed -H X-More:1 -H Accept:" "-H @headers -d a=b"; do
        start_nghttpd "$PWD/root"
        # shellcheck disable=SC2086  # options are several arguments
        curl --silent --output /dev/null --disable --http2 --cacert "$TLS/ca.pem" $options \
            "https://localhost:$NGHTTPD_PORT/document?a=1"
        asked_of_nghttpd >curl.txt
        grep -q '^:path: /document?a=1$' curl.txt
        for mode in $MODES; do
            : >"$NGHTTPD_OUT"
            # shellcheck disable=SC2086
            WORKERS=1 ask --mode "$mode" $options "https://localhost:$NGHTTPD_PORT/document?a=1" >report.txt
            asked_of_nghttpd >own.txt
            diff curl.txt own.txt || { echo "$mode $options"; return 1; }
        done
        stop_nghttpd
    done
}

# bats test_tags=plain
@test "what cannot be asked over HTTP/2 is refused, with the reason, before anything runs" {
    refused 2 '--http1.1' '--http2' contradict : --http2 --http1.1 "$HTTPS/"
    refused 2 '--http2' 'TLS handshake' 'no https URL' : --http2 "http://localhost:$NGINX_PORT/document-1.txt"
    refused 2 '--http2' '--origin' 'HTTP/1.1 only' : --http2 --origin
    refused 2 '--http2' '--origin' 'HTTP/1.1 only' : --http2 --origin=tls "$HTTPS/"
    refused 2 '--http2' 'takes no value' : --http2=1 "$HTTPS/"
    run "$CONC_BENCH" --http2 --import-json r.json
    exits_with 2
    says '--http2 does not go with --import-json'
    refused 2 '--http2' '--http3' contradict : --http3 --http2 "$HTTPS/"
    refused 2 '--http2-prior-knowledge' '--origin' 'HTTP/1.1 only' : --http2-prior-knowledge --origin
    [ ! -s "$H2_LOG" ]
}

# Whether the libcurl that is loaded is at least version $1.$2.
has_libcurl() {
    local version
    version=$("$CONC_BENCH" --version | sed -n 's|.*libcurl/\([0-9]*\)\.\([0-9]*\).*|\1 \2|p' | head -1)
    [ "${version% *}" -gt "$1" ] || { [ "${version% *}" -eq "$1" ] && [ "${version#* }" -ge "$2" ]; }
}

@test "--http2-prior-knowledge: over HTTP/2 without TLS in every mode; refused where libcurl cannot" {
    local mode url code count
    mkdir -p root
    echo document >root/document
    start_nghttpd "$PWD/root" --no-tls
    url=http://localhost:$NGHTTPD_PORT/document
    if ! has_libcurl 8 4; then
        refused 5 '--http2-prior-knowledge does not go with this libcurl (' 'use 8.4 or later' : \
            --http2-prior-knowledge "$url"
        [ "$(asked_of_nghttpd | wc -l)" -eq 0 ]
        # The same is true of curl with the same library: the second request on a connection fails.
        [[ "$("$CONC_BENCH" --version)" != *libcurl/7.88* ]] || [[ "$(curl --version)" != *libcurl/7.88* ]] || {
            code=0
            curl --silent --disable --fail-early --http2-prior-knowledge "$url" "$url" >curl.out 2>&1 || code=$?
            [ "$code" -eq 16 ] && [ "$(grep -c document curl.out)" -eq 1 ]
        }
        return 0
    fi
    for mode in $MODES; do
        : >"$NGHTTPD_OUT"
        once --http2-prior-knowledge --mode "$mode" --workers "$WORKERS" --repeat "$DOWNLOADS" --export-json "$JSON" "$url" \
            -d x=y >report.txt
        holds "$JSON" '.policy.http_version == "HTTP/2 known" and (.results[0] | .failures == 0 and
            .http2_downloads == $downloads and .connects == .http2_connections)' --argjson downloads "$DOWNLOADS"
        count=$(jq '.results[0].http2_connections' "$JSON")
        [ "$(asked_of_nghttpd | grep -c '^:scheme: http$')" -eq "$DOWNLOADS" ]
        [ "$(sed 's/\x1b\[[0-9;]*m//g' "$NGHTTPD_OUT" | sed -n 's/^\[id=\([0-9]*\)\].* recv HEADERS.*/\1/p' | sort -u | wc -l)" \
            -eq "$count" ]
        case $mode in
            sync) [ "$count" -eq 1 ] ;;
            event-loop) [ "$count" -eq 1 ] && holds "$JSON" '.results[0].http2_most_streams > 1' ;;
            threads | processes) [ "$count" -le "$WORKERS" ] && [ "$count" -gt 1 ] ;;
            hybrid) [ "$count" -le "$WORKERS" ] ;;
        esac
    done
    # https URLs are asked as by --http2.
    : >"$H2_LOG"
    once --http2-prior-knowledge --cacert "$TLS/ca.pem" --mode event-loop --workers 3 "$HTTPS/document-1.txt" "$url" \
        --export-json "$JSON" >report.txt
    holds "$JSON" '.results[0] | .failures == 0 and .http2_downloads == 2'
    # A server that speaks HTTP/1.1 breaks off, and nothing is taken from it.
    run once --http2-prior-knowledge --mode all --workers 2 "http://localhost:$NGINX_PORT/document-1.txt" --export-json "$JSON"
    exits_with 3
    holds "$JSON" '[.results[] | .failures == 1] | all'
}

@test "--http3: in every mode where it is built in; refused otherwise, with the version" {
    local mode
    if [[ "$(curl --version)" != *HTTP3* ]]; then
        refused 5 '--http3 does not go with this libcurl (' '), which was built without HTTP/3' : --http3 "$HTTPS/"
        [ ! -s "$H2_LOG" ]
        return 0
    fi
    refused 2 '--http3 asks https URLs only' "http://localhost:$NGINX_PORT" : --http3 "$HTTPS/" "http://localhost:$NGINX_PORT/"
    # Nothing else is spoken instead.
    run once --http3 --cacert "$TLS/ca.pem" --mode all --workers 2 "$HTTPS/document-1.txt" --export-json "$JSON"
    exits_with 3
    holds "$JSON" '[.results[] | .failures == 1] | all'
    [ ! -s "$H2_LOG" ]
    [[ "$(nginx -V 2>&1)" == *http_v3_module* ]] || skip "this nginx has no HTTP/3"
    for mode in $MODES; do
        : >"$H2_LOG"
        once --http3 --cacert "$TLS/ca.pem" --mode "$mode" --workers "$WORKERS" --repeat 60 --export-json "$JSON" \
            "https://localhost:$H3_PORT/document-1.txt" >report.txt 2>&1 || { cat report.txt; return 1; }
        holds "$JSON" '.policy.http_version == "HTTP/3" and .results[0].failures == 0'
        logged "$H2_LOG" 60
        [ "$(h2_requests HTTP/3.0)" -eq 60 ] || { echo "$mode: not all over HTTP/3"; head "$H2_LOG"; return 1; }
    done
}

# bats test_tags=plain
@test "a baseline of the other version is not compared with" {
    once --mode sync --cacert "$TLS/ca.pem" --export-json before.json list.txt >report.txt
    run ask --mode sync --baseline before.json list.txt
    exits_with 2
    says 'HTTP/1.1'
}

@test "Ctrl-C while streams of a shared connection stall: it ends, with what is done" {
    local pid status stalled=0
    start_h2_faults
    printf '%s\n' "$H2_FAULTS/ok/10 x4" "$H2_FAULTS/stall x8" >list.txt
    for mode in event-loop hybrid threads; do
        env --default-signal=INT "$CONC_BENCH" --details --http2 --cacert "$TLS/ca.pem" --mode "$mode" --workers 4 --runs 1 --warmup 0 --no-progress \
            --export-json "$JSON" list.txt >report.txt 2>&1 3>&- &
        pid=$!
        # When all four workers have met one, the four others are done.
        stalled=$((stalled + 4))
        until_true h2_has_stalled "$stalled"
        kill -INT "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 130 ] || { echo "$mode: $status"; cat report.txt; return 1; }
        holds "$JSON" '.partial and .results[0].rounds[0].downloads.outcomes.ok == 4'
    done
}
