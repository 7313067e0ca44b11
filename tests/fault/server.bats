# A server that misbehaves, in every mode: the same class for the same fault, healthy downloads beside it unharmed, and
# no trial that crashes or hangs. docs/reliability.md has the results.

load ../support/common
load ../support/faults

setup_file() {
    start_faults
    export FAULTS FAULTS_OUT FAULTS_PID FAULTS_IN REFUSE SILENT FULL
}

teardown_file() {
    stop_faults
}

# Faults that are over at once, and their classes.
quick_faults() {
    cat <<FAULTS
reset /reset/0
reset /reset/20
reset /reset/500
reset /until-reset
empty_reply /close/0
empty_reply /empty
empty_reply /interim/cut
incomplete_headers /close/20
incomplete_headers /half-headers
incomplete_headers /half-headers/colon
partial /close/500
partial /length/short
partial /chunk/cut
protocol /chunk/bad
protocol /huge-status
protocol /huge-header
protocol /huge-headers
protocol /length/negative
protocol /garbage
protocol /control/nul
redirect /redirect/loop
redirect /redirect/file
redirect /redirect/ftp
redirect /redirect/control
redirect /redirect/credentials
connect /redirect/other
connect /redirect/name
dns /redirect/unknown
http_4xx /status/404
http_4xx /status/429?retry-after=60
http_5xx /status/500
http_5xx /status/503?retry-after=60
http_5xx /status/599
protocol /endless/headers
protocol /endless/interim
protocol /endless/trailers
protocol /text/blank
protocol /text/tab
protocol /text/status-blank
protocol /text/no-colon
protocol /text/no-cr
protocol /text/version
protocol /text/lie
protocol /text/interim
protocol /text/behind-interim
protocol /redirect/blank
protocol /text/cr
protocol /text/trailer-no-colon
protocol /text/switch
ok /text/later
ok /text/no-headers
ok /text/interim-only-status
ok /text/trailer
ok /long-line
protocol /status/600
protocol /status/999
protocol /status/099
connect http://$REFUSE/
tls ${FAULTS/http:/https:}/ok
ok /ok?size=100000
ok /chunk/ok
ok /interim/slow
ok /length/other
ok /length/long
ok /until-close
ok /redirect/ok
ok /redirect/none
ok /redirect/utf8
ok /redirect/international
redirect /redirect/latin
redirect /redirect/no-name
ok /status/103
ok /status/204
ok /status/304
ok /idle-close
ok /control
FAULTS
}

@test "what failed spent its time in the phase it failed in" {
    # To read the trust store can take as long as the rest, where it is slow: with -k it is not.
    MAX_TIME=1 downloads_as_told -k <<TOLD
timeout_tls https://$SILENT/
timeout_connect http://$FULL/
TOLD
    local phase
    for phase in connect tls; do
        holds "$BATS_TEST_TMPDIR/result.json" \
            '[.results[] | .[$phase] > 0.4 * .service_mean_s] | all' --arg phase "${phase}_s"
    done
    holds "$BATS_TEST_TMPDIR/result.json" '[.results[] | .wait_s == 0 and .receive_s == 0] | all'
}

@test "connections that are reset" {
    printf '%s\n' 'reset /reset/0' 'reset /reset/20' 'reset /reset/500' 'reset /until-reset' | mix 5 | downloads_as_told
    samples_hold /reset/0 'all(.body_bytes == 0 and .status == 0)'
    samples_hold /reset/500 'all(.body_bytes > 0 and .body_bytes < 500)'
}

@test "connections that are closed before the first byte" {
    printf '%s\n' 'empty_reply /close/0' 'empty_reply /empty' 'empty_reply /interim/cut' | mix 5 | downloads_as_told
}

@test "connections that are closed within the headers" {
    printf '%s\n' 'incomplete_headers /close/20' 'incomplete_headers /half-headers' \
        'incomplete_headers /half-headers/colon' | mix 5 | downloads_as_told
}

@test "connections that are closed within the body" {
    printf '%s\n' 'partial /close/500' 'partial /length/short' 'partial /chunk/cut' | mix 5 | downloads_as_told
}

@test "broken HTTP" {
    printf '%s\n' 'protocol /chunk/bad' 'protocol /length/negative' 'protocol /garbage' 'protocol /control/nul' | mix 5 |
        downloads_as_told
}

# libcurl keeps its first message, which is then that of the kept connection: and code 56 stands for both.
@test "broken HTTP behind a kept connection that was reset is not called a reset" {
    printf '%s\n' 'ok /once/reset' 'protocol /chunk/bad' 'ok /once/reset' 'protocol /huge-headers' 'ok /once/reset' \
        'reset /reset/500' 'ok /once/reset' 'reset /reset/0' | sed "s| /| $FAULTS/|" | WORKERS=1 RUNS=2 downloads_as_told
}

@test "headers that are too large" {
    printf '%s\n' 'protocol /huge-status' 'protocol /huge-header' 'protocol /huge-headers' | mix 5 | downloads_as_told
}

@test "headers, interim answers and trailers without an end" {
    printf '%s\n' 'protocol /endless/headers' 'protocol /endless/interim' 'protocol /endless/trailers' | mix 5 |
        downloads_as_told --max-filesize 1000
    # The memory they take is bounded: each process has a few MiB of its own.
    holds "$BATS_TEST_TMPDIR/result.json" '[.results[].rounds[].resources.max_rss_bytes] | max < 100000000'
}

@test "the first byte is that of the answer, not that of an interim one" {
    printf '%s\n' 'ok /interim/slow' | mix 3 | downloads_as_told
    samples_hold /interim/slow 'all(.first_byte_s >= 0.15 and .first_byte_s <= .service_s and .status == 200)'
}

@test "lengths of answers that have no body do not count" {
    printf '%s\n' 'ok /length/other' | mix 3 | downloads_as_told --max-filesize 40000
    # Without a failure: exit status 0.
    "$CONC_BENCH" --details --mode all --runs 1 --warmup 0 --no-progress --head --max-filesize 1000 "$FAULTS/ok?size=5000"
}

@test "compressed bodies that have more behind their end" {
    printf '%s\n' 'ok /gzip/' 'protocol /gzip/members' 'protocol /gzip/garbage' | mix 3 | downloads_as_told --compressed
}

# A few KiB that are packed three times can be unpacked for minutes, without libcurl asking anybody meanwhile.
@test "bodies that are packed more than once" {
    printf '%s\n' 'protocol /gzip/layers' 'protocol /gzip/transport' | mix 3 | downloads_as_told --compressed
    # Asked for or not, what is packed for the transfer would be unpacked.
    printf '%s\n' 'ok /gzip/layers' 'protocol /gzip/transport' | mix 3 | downloads_as_told
}

# 3 MB become 3 GB, which takes seconds.
@test "a body that is unpacked without an end: --max-time ends it, and nobody else" {
    printf '%s\n' 'timeout_receive /gzip/bomb' | mix 2 | MAX_TIME=4 downloads_as_told --compressed --max-filesize 1TB
    # Half a second is the promise, of which a busy machine may take more.
    samples_hold /gzip/bomb 'all(.service_s < 8)'
    # By zstd it is longer than could be taken for a body.
    printf '%s\n' 'body_limit /zstd/bomb' | mix 4 | downloads_as_told --compressed --max-filesize 1TB
    samples_hold /zstd/bomb 'all(.body_bytes > 16000000 and .body_bytes < 100000000)'
}

# libcurl before 8.2 appends such a line to the last header that it stored, and that of the answer to the download before
# is freed: each worker has some of those.
@test "a line behind the status that begins with a blank" {
    printf '%s\n' 'protocol /text/blank' 'protocol /text/tab' 'protocol /text/status-blank' 'protocol /text/no-colon' \
        'protocol /text/no-cr' 'protocol /text/version' 'protocol /text/interim' 'protocol /text/behind-interim' \
        'protocol /redirect/blank' >"$BATS_TEST_TMPDIR/list"
    for connections in reuse fresh; do
        mix 5 <"$BATS_TEST_TMPDIR/list" | downloads_as_told --connections $connections
    done
    # Nothing that looks like it, and is none, is refused or counted as something else.
    printf '%s\n' 'ok /text/later' 'ok /text/no-headers' 'ok /text/interim-only-status' 'ok /text/trailer' 'ok /long-line' |
        mix 5 | downloads_as_told
    samples_hold /text/later 'all(.body_bytes == 1)'
    samples_hold /text/no-headers 'all(.body_bytes == 5)'
    samples_hold /text/interim-only-status 'all(.body_bytes == 5 and .status == 200)'
    samples_hold /text/trailer 'all(.body_bytes == 1)'
    samples_hold /long-line 'all(.body_bytes == 0)'
}

@test "what libcurl calls a misuse of itself is the server's fault" {
    printf '%s\n' 'protocol /text/cr' 'protocol /text/trailer-no-colon' 'protocol /text/switch' | mix 5 | downloads_as_told
}

# A proxy's answer to CONNECT is stored as the headers of servers are, and its body is read byte by byte.
@test "a proxy that breaks HTTP, or refuses at length" {
    {
        printf '%s\n' 'protocol https://text-blank.proxy/' 'protocol https://text-no-colon.proxy/' | mix 5
        printf '%s\n' 'connect https://refusal.proxy/' | mix 2
    } | downloads_as_told --proxy "$FAULTS" --noproxy 127.0.0.1
    samples_hold https://refusal.proxy/ 'all(.service_s < 10)'
}

# One is refused by the length it announces, the others by what has come.
@test "bodies longer than --max-filesize" {
    printf '%s\n' 'body_limit /ok?size=100000' 'body_limit /endless/chunked' 'body_limit /endless/close' | mix 5 |
        downloads_as_told --max-filesize 40000
    samples_hold '/ok?size=100000' 'all(.body_bytes == 0)'
    samples_hold /endless/chunked 'all(.body_bytes > 40000 and .body_bytes <= 40000 + 65536)'
    samples_hold /endless/close 'all(.body_bytes > 40000 and .body_bytes <= 40000 + 65536)'
}

@test "redirects to where we do not go" {
    printf '%s\n' 'redirect /redirect/loop' 'redirect /redirect/file' 'redirect /redirect/ftp' \
        'redirect /redirect/control' 'redirect /redirect/credentials' 'ok /redirect/ok' 'ok /redirect/none' | mix 5 | downloads_as_told
    samples_hold /redirect/loop 'all(.redirects == 10)'
    samples_hold /redirect/file 'all(.body_bytes == 0)'
    run -1 grep -r secret "$BATS_TEST_TMPDIR"
}

# The encoding of names is not that of the locale, which is ASCII in containers.
# bats test_tags=plain
@test "redirects to international names, and to what is none, in every locale" {
    local locale
    make_latin_locale "$BATS_TEST_TMPDIR/locales"
    for locale in C C.UTF-8 de_DE.ISO-8859-1; do
        printf '%s\n' 'ok /redirect/international' 'ok /redirect/utf8' 'redirect /redirect/latin' \
            'redirect /redirect/no-name' | mix 5 |
            # A library (p11-kit) makes a locale while it is loaded, for which glibc keeps a copy of LOCPATH.
            ASAN_OPTIONS=detect_leaks=0 LOCPATH=$BATS_TEST_TMPDIR/locales LC_ALL=$locale downloads_as_told
        samples_hold /redirect/international 'all(.redirects == 1 and .status == 200)'
    done
}

@test "redirects to hosts that are not there" {
    printf '%s\n' 'connect /redirect/other' 'connect /redirect/name' 'dns /redirect/unknown' | mix 5 | downloads_as_told
}

@test "a port nobody listens on, and one that does not speak TLS" {
    printf '%s\n' "connect http://$REFUSE/" "connect https://$REFUSE/" "tls ${FAULTS/http:/https:}/ok" | mix 5 |
        downloads_as_told
}

@test "statuses" {
    printf '%s\n' 'http_4xx /status/404' 'http_4xx /status/429?retry-after=60' 'http_5xx /status/500' \
        'http_5xx /status/503?retry-after=60' 'http_5xx /status/599' 'ok /status/103' 'ok /status/204' 'ok /status/304' \
        'protocol /status/600' 'protocol /status/999' 'protocol /status/099' | mix 5 | downloads_as_told
    # Nobody waits for as long as the server asks (it would be over --max-time): that would not be time of the mode.
    samples_hold /status/103 'all(.status == 200)'
}

@test "odd answers that are fine" {
    printf '%s\n' 'ok /chunk/ok' 'ok /length/long' 'ok /until-close' 'ok /drip?size=3' 'ok /ok?size=0' \
        'ok /ok?size=300000' | mix 5 | downloads_as_told
    samples_hold /length/long 'all(.body_bytes == 10)'
}

# bats test_tags=plain
@test "control characters in status and headers reach neither terminal nor reports" {
    printf '%s\n' 'ok /control' 'protocol /control/nul' 'redirect /redirect/control' 'protocol /garbage' | mix 3 |
        downloads_as_told --export-html "$BATS_TEST_TMPDIR/r.html" --export-markdown "$BATS_TEST_TMPDIR/r.md" \
            --export-csv "$BATS_TEST_TMPDIR/r.csv" --export-requests-csv "$BATS_TEST_TMPDIR/requests.csv" \
            --export-junit "$BATS_TEST_TMPDIR/r.xml" --export-trace "$BATS_TEST_TMPDIR/r.trace"
    run "$CONC_BENCH" --details --import-json "$BATS_TEST_TMPDIR/result.json"
    exits_with 3
    echo "$output" >"$BATS_TEST_TMPDIR/report"
    run ! grep -lP '[\x00-\x08\x0b-\x1f\x7f]' "$BATS_TEST_TMPDIR"/{told.report,report,result.json,r.html,r.md,r.csv,requests.csv,r.xml,r.trace}
}

@test "a server that closes kept connections: retried in silence" {
    {
        for _ in $(seq 60); do echo 'ok /idle-close'; done
        # Behind these, every connection that was kept is dead without the client being able to see it.
        for _ in $(seq 60); do echo 'ok /once'; done
        for _ in $(seq 60); do echo 'ok /once/reset'; done
    } | sed "s| /| $FAULTS/|" >"$BATS_TEST_TMPDIR/list"
    downloads_as_told <"$BATS_TEST_TMPDIR/list"
    # An event loop keeps as many dead connections as it has workers, more than libcurl has retries.
    WORKERS=40 downloads_as_told <"$BATS_TEST_TMPDIR/list"
}

@test "bytes behind the end of an answer spoil the next one at most" {
    json=$BATS_TEST_TMPDIR/result.json
    for _ in $(seq 5); do echo "$FAULTS/length/late"; echo "$FAULTS/ok"; done >"$BATS_TEST_TMPDIR/list"
    once --mode all --workers 4 --allow-failures --export-json "$json" "$BATS_TEST_TMPDIR/list"
    # It depends on timing which download gets them, and libcurl cannot tell: the connection looks fine.
    holds "$json" '[.results[] | .rounds[0].status == "complete" and .downloads == 10 and .failures <= 5
        and (.failure_classes | keys - ["protocol"] == [])] | all'
}

@test "everything at once, on kept, fresh and warm connections" {
    for connections in reuse fresh warm; do
        quick_faults | mix 2 | downloads_as_told --connections $connections
    done
}

@test "everything at once, with more workers than faults" {
    quick_faults | mix 3 | WORKERS=50 downloads_as_told
}

@test "everything at once, in warm-up rounds too, in all modes of every build" {
    quick_faults | mix 1 | MODE="sync threads event-loop processes hybrid" WARMUP=1 RUNS=2 downloads_as_told
}

# bats test_tags=plain
@test "failures without --allow-failures: exit status 3, and the report is there" {
    quick_faults | mix 1 | cut -d ' ' -f 2 >"$BATS_TEST_TMPDIR/list"
    run once --mode "${MODES// /,}" --workers 4 --export-json "$BATS_TEST_TMPDIR/all.json" "$BATS_TEST_TMPDIR/list"
    exits_with 3
    says "3 could not connect"
    says "3 got an empty reply"
    while read -r count class; do
        holds "$BATS_TEST_TMPDIR/all.json" "[.results[].failure_classes.$class == $count] | length == $MODE_COUNT and all"
    done < <(quick_faults | cut -d ' ' -f 1 | grep -vx ok | sort | uniq -c)
}

# Each stall takes the whole of --max-time, in sync one after the other.
@test "servers that stall: --max-time ends it" {
    printf '%s\n' 'timeout_wait /stall/headers' 'timeout_receive /stall/body' | mix 2 | MAX_TIME=1 downloads_as_told
    samples_hold /stall/headers 'all(.service_s > 0.9 and .service_s < 20 and .body_bytes == 0)'
    samples_hold /stall/body 'all(.service_s > 0.9 and .service_s < 20 and .body_bytes <= 500)'
}

# libcurl takes the end of a kept connection for the first byte, and keeps the time of that of a redirect.
@test "no answer behind a redirect, or to what was asked again: that is what it waited for" {
    printf '%s\n' 'ok /once' 'timeout_wait /stall/headers' 'timeout_wait /redirect/stall' | sed "s| /| $FAULTS/|" |
        WORKERS=1 MAX_TIME=1 downloads_as_told
    samples_hold /stall/headers 'all(.first_byte_s == 0)'
    samples_hold /redirect/stall 'all(.redirects == 1 and .first_byte_s == 0)'
    # Connecting may take its time on a busy machine.
    holds "$BATS_TEST_TMPDIR/result.json" \
        '[.results[] | .wait_s > 0.9 * (.service_mean_s - .name_lookup_s - .connect_s - .tls_s)] | all'
}

@test "too slow, without an end, without a connection: --max-time ends it" {
    printf '%s\n' 'timeout_receive /drip' 'timeout_receive /drip?size=500' 'timeout_receive /drip/headers' \
        'timeout_receive /endless/chunked' 'timeout_receive /endless/close' "timeout_connect http://$FULL/" \
        "timeout_wait http://$SILENT/" | mix 1 | MAX_TIME=1 downloads_as_told
    samples_hold /drip 'any(.body_bytes > 0) and all(.body_bytes < 1000)'
    samples_hold /endless/chunked 'any(.body_bytes > 16384)'
    samples_hold /endless/close 'any(.body_bytes > 16384)'
}

# With -k: to read the trust store may take longer than that, and a download whose time is up by then has not connected.
@test "a handshake that stalls: --max-time ends it" {
    printf 'timeout_tls https://%s/\n' "$SILENT" "$SILENT" | MAX_TIME=0.7 downloads_as_told -k
}

teardown() {
    [ -z "${ADDRESSES_SERVER:-}" ] || kill "$ADDRESSES_SERVER" 2>/dev/null || :
}

# Only the last of a host's addresses answers. libcurl chooses how long each may take, and when the next one's turn is.
@test "addresses of a host that do not answer: the next one is tried, in every mode" {
    local silent address port list
    cd "$BATS_TEST_TMPDIR"
    cat >addresses.py <<'PYTHON'
import errno, socket, sys, threading
def listen(address, port, backlog):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(backlog)
    return listener
# One port for all of them: one that is free at the first address may be taken at another, by a client as well.
def listen_on_all(addresses):
    listeners = []
    while len(listeners) < len(addresses):
        try:
            port = listeners[0].getsockname()[1] if listeners else 0
            listeners.append(listen(addresses[len(listeners)], port, 0))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            while listeners:
                listeners.pop().close()
    return listeners
def answer(connection):
    while connection.recv(65536) != b"":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
*silent, listener = listen_on_all(sys.argv[1:] + ["127.0.0.1"])
kept, port = [], listener.getsockname()[1]
for each in silent:
    for _ in range(4): # its queue is full then
        waiting = socket.socket(each.family)
        waiting.setblocking(False)
        waiting.connect_ex((each.getsockname()[0], port))
        kept.append(waiting)
listener.listen(100)
print(port, flush=True)
while True:
    threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()
PYTHON
    for silent in "127.0.0.2" "127.0.0.2 127.0.0.3" "::1" "127.0.0.2 ::1"; do
        coproc ADDRESSES { exec /usr/bin/python3 addresses.py $silent 3>&- {FAULTS_IN}>&-; }
        ADDRESSES_SERVER=$ADDRESSES_PID
        read -r port <&"${ADDRESSES[0]}" || { [[ $silent == *:* ]] && continue; } # no IPv6 here
        # As --resolve has them: [::1] in brackets.
        list=$(for address in $silent; do [[ $address == *:* ]] && address="[$address]"; printf '%s,' "$address"; done)
        seq 3 | sed "s|.*|ok http://named.test:$port/&|" |
            WORKERS=3 downloads_as_told --connect-timeout 3s --resolve "named.test:$port:${list}127.0.0.1"
        kill "$ADDRESSES_SERVER"
    done
}

@test "the same over TLS" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=faults \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$BATS_TEST_TMPDIR/key" -out "$BATS_TEST_TMPDIR/certificate" 2>/dev/null
    start_tls_front "$BATS_TEST_TMPDIR/certificate" "$BATS_TEST_TMPDIR/key"
    # TLS does not say that the body ends here. Whether libcurl minds is told by its own program.
    local status=0 unsaid=ok
    curl -s --cacert "$BATS_TEST_TMPDIR/certificate" "https://127.0.0.1:$FRONT_PORT/until-close" >/dev/null || status=$?
    [ "$status" -eq 0 ] || { [ "$status" -eq 56 ]; unsaid=partial; }
    printf '%s\n' 'reset /reset/0' 'reset /reset/20' 'reset /reset/500' 'reset /until-reset' 'empty_reply /close/0' \
        'incomplete_headers /half-headers' 'partial /close/500' 'partial /chunk/cut' 'protocol /chunk/bad' \
        'protocol /huge-headers' 'protocol /garbage' 'http_5xx /status/503' "$unsaid /until-close" 'ok /once' \
        >"$BATS_TEST_TMPDIR/list"
    for connections in reuse fresh; do
        FAULTS=https://127.0.0.1:$FRONT_PORT mix 4 <"$BATS_TEST_TMPDIR/list" |
            downloads_as_told --connections $connections --cacert "$BATS_TEST_TMPDIR/certificate"
    done
    kill "$FRONT_PID"
}

# In one mode, interrupted when all workers have met a stall.
interrupt_stalled() {
    local mode=$1 signal=$2 json=$BATS_TEST_TMPDIR/$1.json status=0
    kill -"$signal" "${parents[$mode]}"
    local begin=$EPOCHREALTIME
    wait "${parents[$mode]}" || status=$?
    local end=$EPOCHREALTIME
    echo "$mode: status $status after $((${end/./} - ${begin/./})) us"
    [ "$status" -eq 130 ]
    # It is to be two seconds; but all modes are running, on a machine that may be busy, and a stall lasts sixty.
    [ $((${end/./} - ${begin/./})) -lt 8000000 ]
    holds "$json" '.partial and .interrupting_signal == 2 and .results[0].rounds[0].status == "interrupted"'
    # Downloads that were done before stand; those that were under way were given up, or their workers were.
    holds "$json" '.results[0].rounds[0].downloads.outcomes | .ok == 4 and (keys - ["ok", "cancelled", "lost", "none"]) == []
        and add == 12'
    run ! pgrep -P "${parents[$mode]}"
}

@test "Ctrl-C while everything stalls: partial report within two seconds, status 130" {
    local -A parents
    local before
    before=$(stalls)
    {
        echo "$FAULTS/ok x4"
        echo "$FAULTS/stall/headers x4"
        echo "$FAULTS/stall/body x4"
    } >"$BATS_TEST_TMPDIR/list"
    for mode in $MODES; do
        env --default-signal=INT "$CONC_BENCH" --mode "$mode" --workers 4 --max-time 60 --runs 1 --warmup 0 --no-progress \
            --export-json "$BATS_TEST_TMPDIR/$mode.json" "$BATS_TEST_TMPDIR/list" >"$BATS_TEST_TMPDIR/$mode.txt" 2>&1 &
        parents[$mode]=$!
    done
    # One in sync and four in the others: all workers are then done with the healthy ones.
    for mode in $MODES; do before=$((before + ($([ "$mode" = sync ] && echo 1 || echo 4)))); done
    until_true have_stalled "$before"
    for mode in $MODES; do
        interrupt_stalled "$mode" INT
        grep -q "^Interrupted (SIGINT)" "$BATS_TEST_TMPDIR/$mode.txt"
    done
}

@test "the server was asked for every download once, whatever failed beside it" {
    start_faults
    quick_faults | mix 2 | downloads_as_told
    quick_faults | mix 2 | downloads_as_told --connections fresh
    stop_faults
    # Beside each fault, in the list by themselves, and behind two redirects; in each mode, twice.
    [ "$(asked /ok)" -eq $((($(quick_faults | wc -l) + 3) * 2 * MODE_COUNT * 2)) ]
    for path in /idle-close /chunk/bad /half-headers /reset/20 /status/503; do
        [ "$(asked $path)" -eq $((2 * MODE_COUNT * 2)) ]
    done
    [ "$(asked /redirect/loop)" -eq $((11 * 2 * MODE_COUNT * 2)) ]
    # These may be met by a connection that was kept, and are asked for again then.
    [ "$(asked /reset/0)" -ge $((2 * MODE_COUNT * 2)) ] && [ "$(asked /reset/0)" -le $((2 * MODE_COUNT * 3)) ]
}
