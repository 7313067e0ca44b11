# Faults of servers over HTTP/2 are outcomes of the downloads they meet, of the same class in every mode, however many
# share a connection; and never a trial that hangs or a download that is lost.

load ../support/common
load ../support/tls
load ../support/http2
load ../support/faults

setup_file() {
    make_certificates "$BATS_FILE_TMPDIR/tls"
    export TLS
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    JSON=$BATS_TEST_TMPDIR/result.json
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

teardown() {
    stop_nghttpd
    stop_h2_faults
    # First, since it may hold the input of the other server open.
    [ -z "${BREAKS_PID:-}" ] || kill "$BREAKS_PID" 2>/dev/null || :
    [ -z "${FAULTS_PID:-}" ] || stop_faults
}

# The lines "CLASS PATH" on standard input, each $1 times in turns with a healthy URL.
beside_healthy_ones() {
    awk -v copies="$1" -v base="$H2_FAULTS" '{ class[NR] = $1; path[NR] = $2 }
        END {
            for (copy = 1; copy <= copies; copy++)
                for (i = 1; i <= NR; i++) {
                    print class[i], base path[i]
                    print "ok", base "/ok/" i * 1000
                }
        }'
}

as_told() {
    downloads_as_told --http2 --cacert "$TLS/ca.pem" "$@"
}

STREAM_FAULTS="reset /rst/2
reset /rst/8
reset /rst/11
protocol /rst/1
reset /rst-body/2
reset /rst-body/8
reset /rst-open/8
protocol /bad-headers"

# Faults that libcurl takes for a connection that was dead before, if it was used before; it asks again on a new one.
GIVEN_UP="reset /rst-open/0
reset /rst-head/0"

@test "streams that end with an error: the others on the connection are not harmed" {
    start_h2_faults
    beside_healthy_ones 6 <<<"$STREAM_FAULTS" | as_told
    samples_hold /rst/2 'all(.[]; .status == 0 and .curl_code == 92)'
    samples_hold /rst-body/2 'all(.[]; .body_bytes <= 100 and .curl_code == 92)'
    holds "$JSON" '[.results[] | select(.mode == "event-loop") | .http2_connections == 1] | all'
}

@test "the same on fresh and warm connections, by 50 workers, with rounds to warm up" {
    start_h2_faults
    beside_healthy_ones 2 <<<"$STREAM_FAULTS" | as_told --connections fresh
    # Warm connections are opened by the first URL of a host.
    (echo "ok $H2_FAULTS/ok/1"; beside_healthy_ones 4 <<<"$STREAM_FAULTS") | WORKERS=50 WARMUP=1 RUNS=2 as_told \
        --connections warm
}

@test "streams that stall: --max-time ends them, and the others are not harmed" {
    start_h2_faults
    # Time enough for healthy ones, handshake included, on a machine that has better to do.
    beside_healthy_ones 1 <<<'timeout_wait /stall
timeout_receive /stall-body' | MAX_TIME=2 as_told
}

@test "streams that are given up without an error, before their answer is complete, are a reset" {
    start_h2_faults
    beside_healthy_ones 12 <<<"$GIVEN_UP" | as_told
    samples_hold /rst-open/0 'all(.[]; .status == 200 and .curl_code == 0)'
}

@test "answers that do not tell how long they are, and streams that end with no error behind them, are fine" {
    start_h2_faults
    beside_healthy_ones 6 <<<'ok /open/100
ok /open/0
ok /trailers
ok /rst-after/0
ok /rst-after/8' | as_told
    samples_hold /open/100 'all(.[]; .body_bytes == 100)'
}

# Frames that say nothing, without an end and as fast as they go. Where one keeps the event loop, no other gets anywhere:
# so it is asked of the modes that have one, and of one that has none.

@test "floods of frames without content: --max-time ends them, and the others are not harmed" {
    start_h2_faults
    beside_healthy_ones 1 <<<'timeout_receive /flood/data
timeout_receive /flood/ping' | MODE="threads event-loop hybrid" MAX_TIME=2 as_told
    # At their time, and not when the trial is given up.
    samples_hold /flood/data 'all(.[]; .service_s < 10)'
}

@test "floods of frames of other kinds, of which libcurl makes the same in every mode" {
    start_h2_faults
    beside_healthy_ones 1 <<<'timeout_receive /flood/padding
timeout_receive /flood/unknown
timeout_receive /flood/priority
timeout_receive /flood/window' | MODE=event-loop WORKERS=8 MAX_TIME=2 as_told
}

@test "bodies that are too long: given up, and the others are not harmed" {
    start_h2_faults
    beside_healthy_ones 6 <<<'body_limit /ok/200000' | as_told --max-filesize 100kB
}

@test "connections that take no more requests: what they took is answered, and the rest goes over others" {
    start_h2_faults
    yes "ok $H2_FAULTS/no-streams" | head -n 40 | as_told
    samples_hold /no-streams 'all(.[]; .body_bytes == 100)'
}

@test "streams that are refused are asked again, and answered" {
    start_h2_faults
    yes "ok $H2_FAULTS/refuse-first" | head -n 20 | as_told
}

@test "streams that are always refused end as a reset" {
    start_h2_faults
    yes "reset $H2_FAULTS/refuse" | head -n 8 | as_told
}

@test "GOAWAY behind every fifth answer: what was refused is asked again, and nothing is lost" {
    start_h2_faults
    yes "ok $H2_FAULTS/goaway/5" | head -n 100 | as_told
    samples_hold /goaway/5 'all(.[]; .http_version == 20)'
}

# Requests that were refused have the whole time to connect again, not what is left of it since the download began.
# Event loops look at that every 3 s: at 6 s, between 5.2 and 6.4. A handshake on a busy machine has more than a second left.
connects_again() {
    local mode=$1 path=/goaway-late/3000/0 limit=2s json=$BATS_TEST_TMPDIR/$1.json
    case $mode in event-loop | hybrid) path=/goaway-late/5200/1200 limit=3s ;; esac
    start_h2_faults
    yes "$H2_FAULTS$path" | head -n 8 >"$mode.list"
    run once --http2 --cacert "$TLS/ca.pem" --mode "$mode" --workers 4 --connect-timeout $limit --export-json "$json" "$mode.list"
    exits_with 0
    holds "$json" '.validity.failures == 0 and .results[0].rounds[0].downloads.settled == 8'
    stop_h2_faults
}

@test "GOAWAY later than a connection may take: what was refused is asked again" { in_modes_at_once connects_again; }

@test "connections that end under their streams, in whatever way, are a reset for all of them" {
    local path
    start_h2_faults
    for path in close close-body reset reset-body garbage; do
        yes "reset $H2_FAULTS/$path" | head -n 10 | as_told
    done
    yes "reset $H2_FAULTS/close" | head -n 10 | as_told --connections fresh
    yes "reset $H2_FAULTS/reset-body" | head -n 10 | as_told --connections fresh
}

# The server leaves the connection open: whoever is forgotten there has the whole time.
@test "connections that break HTTP/2 are a reset for all downloads on them, and at once" {
    local path
    start_h2_faults
    for path in garbage-interim garbage-open break/size break/window break/settings break/push break-open/size \
        break-open/push; do
        yes "reset $H2_FAULTS/$path" | head -n 12 | as_told
    done
    yes "reset $H2_FAULTS/break/size" | head -n 12 | as_told --connections fresh
    yes "reset $H2_FAULTS/break-open/size" | head -n 60 | MODE="event-loop hybrid" WORKERS=20 as_told
}

@test "headers and interim answers that are too many: broken HTTP for whoever is on the connection, and not for the next" {
    local path
    start_h2_faults
    for path in huge-headers interims; do
        yes "protocol $H2_FAULTS/$path" | head -n 12 | as_told
    done
    # By one worker, nothing else is on the connection, and what comes next gets another.
    printf '%s\n' 'protocol /huge-headers' 'reset /break/size' 'reset /break-open/window' |
        beside_healthy_ones 4 | WORKERS=1 as_told
}

@test "GOAWAY that leaves everything unanswered, or the body, every time: a reset" {
    local path
    start_h2_faults
    for path in goaway-none goaway-body; do
        yes "reset $H2_FAULTS/$path" | head -n 10 | as_told
    done
}

# Some workers know what the server agreed to on other connections, and others do not.
@test "a server that does not agree to HTTP/2 and ends connections without an answer: a reset in all modes" {
    start_faults
    start_tls_front "$TLS/server.pem" "$TLS/server.key"
    BREAKS_PID=$FRONT_PID
    printf '%s\n' 'reset /empty' 'reset /close/0' 'empty_reply /interim/cut' 'partial /close/500' |
        FAULTS=https://localhost:$FRONT_PORT mix 5 >list.txt
    as_told <list.txt
    as_told --connections fresh <list.txt
}

# libcurl believes what the status line says, and lets downloads share the connection.
@test "a server that speaks HTTP/1.1 and says HTTP/2: each download gets its own answer or none" {
    start_faults
    start_tls_front "$TLS/server.pem" "$TLS/server.key"
    BREAKS_PID=$FRONT_PID
    for base in "$FAULTS" "https://localhost:$FRONT_PORT"; do
        for _ in 1 2 3 4 5 6 7 8; do
            printf '%s\n' "protocol $base/text/lie" "ok $base/ok?size=100" "ok $base/ok?size=2000" "ok $base/ok?size=700" \
                "protocol $base/text/version" "ok $base/ok?size=1" "ok https://localhost:$FRONT_PORT/ok?size=30"
        done >list.txt
        WORKERS=16 as_told --samples all <list.txt
        holds "$JSON" '(.sample_columns | index("body_bytes")) as $bytes | (.sample_columns | index("url")) as $url
            | .urls as $urls | [.results[].rounds[].samples[] | ($urls[.[$url]] | capture("size=(?<size>[0-9]+)")?) as $of
                | select($of != null and .[$bytes] != ($of.size | tonumber))] == []'
    done
}

@test "nobody listens, and who answers is not known" {
    start_faults
    start_h2_faults
    yes "connect https://$REFUSE/" | head -n 12 | as_told
    # Those that wait for others until their time is up, since new ones come before them. A loop on a busy machine must not
    # compute for a second on end, as an attempt that it has not looked at for so long is none that was refused.
    if [[ $MODES == *event-loop* ]]; then
        yes "connect https://$REFUSE/" | head -n 2400 | MODE=event-loop WORKERS=16 as_told --cpu-work 1ms --connect-timeout 2s
    fi
    yes "tls $H2_FAULTS/ok/1" | head -n 12 | downloads_as_told --http2
    yes "tls $FAULTS/ok" | sed s/http:/https:/ | head -n 12 | as_told
}

# Downloads that wait for a connection are not asked how long: each would have the whole time again.
@test "a connection that cannot be made in time: all that wait for it fail as it does, within the same time" {
    start_faults
    yes "timeout_tls https://$SILENT/" | head -n 6 | WORKERS=3 as_told --connect-timeout 500ms
    holds "$JSON" '[.results[] | {(.mode): .median}] | add | (.threads // .processes) as $alone | .["event-loop"] < 2 * $alone and .hybrid < 2 * $alone'
    yes "timeout_connect https://$FULL/" | head -n 6 | WORKERS=3 as_told --connect-timeout 500ms
    holds "$JSON" '[.results[] | {(.mode): .median}] | add | (.threads // .processes) as $alone | .["event-loop"] < 2 * $alone and .hybrid < 2 * $alone'
    # Less than that for the whole download.
    yes "timeout_tls https://$SILENT/" | head -n 6 | WORKERS=3 MAX_TIME=0.5 as_told
}

# Two connections that fail otherwise, before those that do not get anywhere: whoever waited for them must neither be
# lost nor count twice, with just as many URLs as workers, too, and beforehand.
@test "connections that break, and then none is made: each download ends once, when its time is up" {
    local port connections
    cat >breaks.py <<'PYTHON'
import socket, threading, time
listener = socket.create_server(("127.0.0.1", 0), backlog=100)
print(listener.getsockname()[1], flush=True)
def hold(connection, seconds):
    time.sleep(seconds)
    connection.close()
count = 0
while True:
    connection, _ = listener.accept()
    count += 1
    threading.Thread(target=hold, args=(connection, 0.2 if count <= 2 else 30), daemon=True).start()
PYTHON
    for connections in reuse warm; do
        for count in 6 14; do
            /usr/bin/python3 breaks.py >port 3>&- &
            BREAKS_PID=$!
            until_true test -s port
            yes "https://localhost:$(cat port)/" | head -n $count >list.txt
            run once --http2 -k --mode event-loop,hybrid,threads --workers 6 --connections $connections \
                --connect-timeout 300ms --export-json "$JSON" list.txt
            kill "$BREAKS_PID"
            : >port
            exits_with 3
            holds "$JSON" '[.results[] | .rounds[0] | .status == "complete" and .downloads.settled == $count
                and (.downloads.outcomes | keys | map(. == "tls" or . == "timeout_tls") | all)] | all' --argjson count $count
            holds "$JSON" '[.results[] | {(.mode): .median}] | add | .["event-loop"] < 2 * .threads and .hybrid < 2 * .threads'
        done
    done
}

# A handshake may be under way just then.
@test "the server is killed in the middle: what it did not answer is a reset or refused, and no trial hangs" {
    local mode pid status
    mkdir root
    echo document >root/document
    for mode in $MODES; do
        start_nghttpd "$PWD/root"
        echo "https://localhost:$NGHTTPD_PORT/document x10000" >list.txt
        "$CONC_BENCH" --http2 --cacert "$TLS/ca.pem" --mode "$mode" --workers 4 --runs 1 --warmup 0 --no-progress \
            --samples none --export-json "$JSON" list.txt >report.txt 2>&1 3>&- &
        pid=$!
        until [ "$(grep -c ':path: /document' "$NGHTTPD_OUT")" -gt 300 ]; do
            kill -0 "$pid"
            sleep 0.02
        done
        kill -KILL "$NGHTTPD_PID"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 3 ] || { echo "$mode: status $status"; cat report.txt; return 1; }
        holds "$JSON" '.results[0].rounds[0] | .status == "complete" and .downloads.settled == 10000
            and .downloads.outcomes.ok >= 300 and .downloads.outcomes.connect > 0 and (.downloads.outcomes.reset // 0) <= 4
            and (.downloads.outcomes.tls // 0) <= 4
            and ((.downloads.outcomes | keys) - ["ok", "reset", "connect", "tls"]) == []'
        stop_nghttpd
    done
}
