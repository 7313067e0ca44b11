# Options of requests against real servers: nginx with TLS of every kind, client certificates and a Unix socket, tinyproxy
# as a proxy that lets through and one that does not; and what is refused before anything runs.

load ../support/common
load ../support/tls


setup_file() {
    make_certificates "$BATS_FILE_TMPDIR/tls"
    start_nginx
    start_tinyproxy
    make_documents 3 "$NGINX_ROOT" "localhost:$NGINX_TLS_PORT" >/dev/null
    export NGINX_PORT NGINX_TLS_PORT NGINX_CLIENT_PORT NGINX_OLD_PORT NGINX_ROOT NGINX_LOG NGINX_TLS_LOG NGINX_PID_FILE
    export NGINX_SOCKET PROXY_PORT CLOSED_PROXY_PORT PROXY_PIDS TLS
}

teardown_file() {
    stop_nginx
    stop_tinyproxy
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    HTTPS=https://localhost:$NGINX_TLS_PORT/document-1.txt
    JSON=$BATS_TEST_TMPDIR/result.json
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

# All downloads of all modes succeed; with the options given.
all_succeed() {
    once --mode "${MODES// /,}" --workers 3 --export-json "$JSON" "$@" >report.txt
    holds "$JSON" '[.results[] | .failures == 0] | all'
}

# All downloads of all modes fail as this class.
all_fail_as() {
    local class=$1
    shift
    run once --mode "${MODES// /,}" --workers 3 --export-json "$JSON" "$@"
    exits_with 3
    holds "$JSON" '[.results[] | .failures == .downloads and (.failure_classes | keys) == [$class]] | all' \
        --arg class "$class"
}

# Reports made again from the document say what report.txt says, byte for byte, and once more; with exit status $1 (0).
again_the_same() {
    local expected=${1:-0} status=0
    "$CONC_BENCH" --details --import-json "$JSON" --export-json again.json --export-html first.html >again.txt || status=$?
    [ "$status" -eq "$expected" ]
    cmp report.txt again.txt
    "$CONC_BENCH" --details --import-json again.json --export-json third.json --export-html second.html >again.txt || status=$?
    [ "$status" -eq "$expected" ]
    cmp report.txt again.txt
    cmp again.json third.json
    cmp first.html second.html
}

@test "TLS: unknown issuers are refused, known ones are not, in every mode" {
    all_fail_as tls "$HTTPS"
    says "  $MODE_COUNT failed in TLS (the server's certificate is not trusted, or of another host): $HTTPS"
    holds "$JSON" '[.results[].url_failures == [[0, "tls", 1, 60]]] | all'
    echo "$output" >report.txt
    again_the_same 3
    all_succeed --cacert "$TLS/ca.pem" "$HTTPS"
    holds "$JSON" '.policy.is_verified and (.policy.options | length) == 1'
    all_succeed --capath "$TLS/folder" "$HTTPS"
    # The name counts as well.
    all_fail_as tls --cacert "$TLS/ca.pem" "https://127.0.0.1:$NGINX_TLS_PORT/document-1.txt"
}

# bats test_tags=plain
@test "-k: nobody is verified, and every report says so" {
    local format
    all_succeed -k "$HTTPS" --export-html r.html --export-markdown r.md --export-junit r.xml --export-csv r.csv \
        --export-requests-csv requests.csv --export-urls-csv urls.csv --export-trace r.trace
    holds "$JSON" '(.policy.is_verified | not) and .policy.options == ["--insecure"]'
    holds "$JSON" '[.warnings[] | test("not verified")] | any'
    for format in report.txt r.html r.md r.xml r.trace; do
        grep -q 'not verified (--insecure)' "$format" || { echo "not in $format"; return 1; }
    done
    # Every row of a data frame, since rows are what is kept of it.
    for format in r.csv requests.csv urls.csv; do
        [[ "$(head -1 "$format")" == *,is_verified ]]
        run ! grep -v ',false$' <(tail -n +2 "$format")
    done
    jq -e '.traceEvents | length > 0' r.trace >/dev/null
    grep -q 'anybody may have answered' report.txt
    # And again from the document.
    "$CONC_BENCH" --details --import-json "$JSON" --export-junit again.xml --export-html again.html >again.txt
    cmp report.txt again.txt
    cmp r.xml again.xml
    cmp r.html again.html
    # A run that verified certificates is nothing to compare it with.
    once --mode sync --cacert "$TLS/ca.pem" --export-json verified.json "$HTTPS" >/dev/null
    run once --mode sync -k --baseline verified.json "$HTTPS"
    exits_with 2
    says 'verification of TLS'
}

@test "--cert, --key: a client certificate is presented, with a password from a file too" {
    local https=https://localhost:$NGINX_CLIENT_PORT/document-1.txt
    all_fail_as http_4xx --cacert "$TLS/ca.pem" "$https"
    all_succeed --cacert "$TLS/ca.pem" --cert "$TLS/client.pem" --key "$TLS/client.key" "$https"
    cat "$TLS/client.pem" "$TLS/client.key" >both.pem
    all_succeed --cacert "$TLS/ca.pem" -E both.pem "$https"
    printf 'pass = "geheim \\"1\\""\n' >config
    all_succeed --cacert "$TLS/ca.pem" --cert "$TLS/client.pem" --key "$TLS/locked.key" --config config "$https" \
        --export-html r.html
    run ! grep -q geheim "$JSON" r.html report.txt
    # Without, or with another, nothing runs.
    refused 2 'locked.key: the key has a password' : --cacert "$TLS/ca.pem" --cert "$TLS/client.pem" \
        --key "$TLS/locked.key" "$https" </dev/null
    echo 'pass = "another"' >config
    refused 2 'the password not the key' : --cacert "$TLS/ca.pem" --cert "$TLS/client.pem" --key "$TLS/locked.key" \
        -K config "$https"
}

@test "--tlsv1.x, --tls-max: the version is what both sides allow" {
    all_succeed --cacert "$TLS/ca.pem" --tlsv1.3 "$HTTPS"
    logged "$NGINX_TLS_LOG" "$MODE_COUNT" # of the run before
    : >"$NGINX_TLS_LOG"
    all_succeed --cacert "$TLS/ca.pem" --tls-max 1.2 --tlsv1.2 "$HTTPS"
    logged "$NGINX_TLS_LOG" "$MODE_COUNT"
    [ "$(cut -d ' ' -f 1 "$NGINX_TLS_LOG" | sort -u)" = TLSv1.2 ]
    all_succeed --cacert "$TLS/ca.pem" --tls-max 1.2 "https://localhost:$NGINX_OLD_PORT/document-1.txt"
    all_fail_as tls --cacert "$TLS/ca.pem" --tlsv1.3 "https://localhost:$NGINX_OLD_PORT/document-1.txt"
    refused 2 '--tls-max 1.2' '--tlsv1.3' : --tlsv1.3 --tls-max 1.2 "$HTTPS"
    refused 2 '--tlsv1.2' contradict : --tlsv1.3 --tlsv1.2 "$HTTPS"
    refused 2 '--tls-max' : --tls-max 2 "$HTTPS"
}

@test "--tls-resume: sessions are resumed on new connections, and never without it" {
    local mode
    for mode in $MODES; do
        : >"$NGINX_TLS_LOG"
        once --mode "$mode" --workers 1 --repeat 4 --connections fresh --cacert "$TLS/ca.pem" --tls-max 1.2 "$HTTPS" >out
        logged "$NGINX_TLS_LOG" 4
        [ "$(grep -c ' r$' "$NGINX_TLS_LOG")" -eq 0 ]
        once --mode "$mode" --workers 1 --repeat 4 --connections fresh --cacert "$TLS/ca.pem" --tls-max 1.2 \
            --tls-resume "$HTTPS" >out
        logged "$NGINX_TLS_LOG" 8
        # All but the first of the worker.
        [ "$(grep -c ' r$' "$NGINX_TLS_LOG")" -eq 3 ] || { echo "$mode"; cat "$NGINX_TLS_LOG"; return 1; }
    done
}

@test "--unix-socket, --resolve, --connect-to: nginx answers for names that nobody resolves" {
    all_succeed --unix-socket "$NGINX_SOCKET" http://nowhere.invalid/document-2.txt
    holds "$JSON" '.workload.is_server_local and .policy.dns == "none"'
    grep -q ', no names to resolve, ' report.txt
    again_the_same
    all_succeed --resolve "nowhere.invalid:$NGINX_PORT:127.0.0.1" "http://nowhere.invalid:$NGINX_PORT/document-2.txt"
    all_succeed --connect-to "::127.0.0.1:$NGINX_PORT" http://nowhere.invalid/document-2.txt http://other.invalid/document-1.txt
    all_succeed --dns live --resolve "nowhere.invalid:$NGINX_PORT:127.0.0.1" \
        "http://nowhere.invalid:$NGINX_PORT/document-2.txt"
    # TLS is still with the name of the URL.
    all_succeed --cacert "$TLS/ca.pem" --connect-to "localhost:443:127.0.0.1:$NGINX_TLS_PORT" https://localhost/document-1.txt
}

# bats test_tags=plain
@test "--unix-socket: what cannot be connected to is refused before anything runs" {
    local long
    refused 2 '--unix-socket: cannot connect to nothing: No such file' : --unix-socket nothing http://a.test/
    refused 2 '--unix-socket: cannot connect to' 'Not a directory' : --unix-socket /dev/null/socket http://a.test/
    long=$(printf '%0120d' 0)
    refused 2 '--unix-socket' 'longer than the 107 bytes' : --unix-socket "$long" http://a.test/
    # Its server has gone and left it behind.
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("left")'
    refused 5 '--unix-socket: cannot connect to left: Connection refused' : --unix-socket left http://a.test/
    echo >file
    refused 5 '--unix-socket: cannot connect to file: Connection refused' : --unix-socket file http://a.test/
}

@test "--resolve '*': any host has these addresses, for every worker" {
    local i
    for i in 1 2 3 4 5 6; do echo "http://host-$i.invalid:$NGINX_PORT/document-1.txt x2"; done >list.txt
    all_succeed --resolve "*:$NGINX_PORT:127.0.0.1" list.txt
    all_succeed --resolve "+*:$NGINX_PORT:127.0.0.1" --dns live --connections fresh list.txt
}

@test "--compressed: bodies are what they are unpacked" {
    all_succeed "http://127.0.0.1:$NGINX_PORT/packed/document-3.txt"
    holds "$JSON" '[.results[].body_bytes] | unique == [291]'
    all_succeed --compressed "http://127.0.0.1:$NGINX_PORT/packed/document-3.txt"
    holds "$JSON" '[.results[].body_bytes] | unique == [291]'
    logged "$NGINX_LOG.packed" $((2 * MODE_COUNT))
    [ "$(grep -c ' gzip$' "$NGINX_LOG.packed")" -eq "$MODE_COUNT" ]
}

@test "--head: no body is waited for" {
    all_succeed --head "http://127.0.0.1:$NGINX_PORT/document-3.txt"
    holds "$JSON" '[.results[] | .body_bytes == 0] | all'
}

@test "-x: downloads go through tinyproxy, http as requests and https through tunnels" {
    all_succeed -x "http://127.0.0.1:$PROXY_PORT" --cacert "$TLS/ca.pem" "http://127.0.0.1:$NGINX_PORT/document-1.txt" "$HTTPS"
    holds "$JSON" '[.policy.options[] | test("^--proxy 127.0.0.1:[0-9]+$")] | any'
    # Names are the proxy's to resolve, unless a host is asked without it.
    holds "$JSON" '.policy.dns == "proxy" and .workload.is_proxy_local'
    grep -q '^The server and the proxy run on this machine, ' report.txt
    grep -q ', names resolved by the proxy, ' report.txt
    again_the_same
    all_succeed -x "127.0.0.1:$PROXY_PORT" --noproxy localhost "http://localhost:$NGINX_PORT/document-1.txt"
    holds "$JSON" '.policy.dns == "pinned,proxy"'
    grep -q ', names resolved beforehand, or by the proxy, ' report.txt
    all_succeed -x "127.0.0.1:$PROXY_PORT" --noproxy localhost --dns live "http://localhost:$NGINX_PORT/document-1.txt"
    holds "$JSON" '.policy.dns == "live,proxy"'
    refused 5 '--proxy' 'refuses a connection' : -x "127.0.0.1:$PROXY_PORT" https://nowhere.invalid/
    all_succeed --proxy "127.0.0.1:$PROXY_PORT" --connections fresh "http://localhost:$NGINX_PORT/document-1.txt"
    # The server may be far away for all that is known here.
    holds "$JSON" '.workload.is_proxy_local and (.workload.is_server_local | not)'
    grep -q '^The proxy runs on this machine, ' report.txt
    again_the_same
    all_succeed --proxy "localhost:$PROXY_PORT" --dns live "http://localhost:$NGINX_PORT/document-1.txt"
    holds "$JSON" '.workload.is_proxy_local'
    export http_proxy=http://127.0.0.1:$PROXY_PORT https_proxy=http://127.0.0.1:$PROXY_PORT
    all_succeed --proxy-from-env --cacert "$TLS/ca.pem" "http://127.0.0.1:$NGINX_PORT/document-1.txt" "$HTTPS"
    grep -qF "127.0.0.1:$NGINX_PORT/document-1.txt" "$BATS_FILE_TMPDIR/tinyproxy/open.log"
}

# bats test_tags=plain
@test "-x: a proxy that refuses ends the run before it begins" {
    local nobody=127.0.0.1:1
    refused 5 '--proxy' 'cannot be used' : -x "$nobody" "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    refused 5 '--proxy' 'cannot be used' : -x "socks5://$nobody" "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    refused 5 '--proxy' 407 'proxy-user' : -x "127.0.0.1:$CLOSED_PROXY_PORT" "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    refused 5 '--proxy' 407 : -x "127.0.0.1:$CLOSED_PROXY_PORT" --cacert "$TLS/ca.pem" "$HTTPS"
    refused 5 'no-such-proxy.invalid' 'did not resolve' : -x no-such-proxy.invalid:3128 "$HTTPS"
    all_proxy=$nobody refused 5 '--proxy-from-env' : --proxy-from-env "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    # Where a host may be exempt, what fails is found by the download.
    all_proxy=$nobody no_proxy=127.0.0.1 all_succeed --proxy-from-env "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    echo 'proxy-user = "some:geheim"' >config
    all_succeed -x "127.0.0.1:$CLOSED_PROXY_PORT" --config config --cacert "$TLS/ca.pem" "$HTTPS" \
        "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    run ! grep -q geheim "$JSON" report.txt
}

# bats test_tags=plain
@test "secrets in arguments are refused, with the way out, and not shown" {
    refused 2 '--header Authorization' '@FILE' : -H 'Authorization: Bearer geheim' "$HTTPS"
    says_not geheim
    refused 2 '--header cookie' : -H 'cookie: geheim=1' "$HTTPS"
    says_not geheim
    refused 2 '--proxy' '--config' : -x http://some:geheim@127.0.0.1:1 "$HTTPS"
    says_not geheim
    refused 2 '--cert' '--config' : --cert "$TLS/client.pem:geheim" "$HTTPS"
    says_not geheim
    # Left out, they are none.
    once --mode sync -H 'Cookie:' "http://127.0.0.1:$NGINX_PORT/document-1.txt" >/dev/null
}

# bats test_tags=plain
@test "values of headers and bodies are in no report" {
    local file
    printf 'Authorization: geheim\nX-More: geheim\n' >headers
    all_succeed -H @headers -H 'X-Third: geheim' -A agent "http://127.0.0.1:$NGINX_PORT/document-1.txt" \
        --export-html r.html --export-markdown r.md --export-junit r.xml --export-csv r.csv --export-trace r.trace
    holds "$JSON" '.policy.options == ["--header Authorization", "--header X-More", "--header X-Third", "--user-agent agent"]'
    for file in result.json report.txt r.html r.md r.xml r.csv r.trace; do
        run ! grep -q geheim "$file"
    done
    grep -q 'asked with --header Authorization' report.txt
}

# bats test_tags=plain
@test "headers: line breaks and what is none are refused" {
    refused 2 'line break' 'X-A' : -H $'X-A: 1\r\nX-B: 2' "$HTTPS"
    refused 2 'line break' : -H $'X-A: 1\n' "$HTTPS"
    refused 2 'not a header' : -H 'no colon' "$HTTPS"
    refused 2 'not a header' : -H ': nothing' "$HTTPS"
    refused 2 'control character' : -H $'X-A: a\001b' "$HTTPS"
    printf 'X-A: 1\nnone\n' >headers
    refused 2 'headers:2' 'not a header' : -H @headers "$HTTPS"
    refused 2 'cannot read' 'missing' : -H @missing "$HTTPS"
    refused 2 '--user-agent' : -A $'a\nb' "$HTTPS"
    refused 2 '--request' : -X 'GET /' "$HTTPS"
    refused 2 '--head' : -X HEAD "$HTTPS"
    refused 2 '--head' '--data' : -I -d x "$HTTPS"
    refused 2 '--data' 'cannot read' : -d @missing "$HTTPS"
}

# bats test_tags=plain
@test "certificates: what is missing, unreadable or something else is refused" {
    echo nothing >nothing
    mkdir folder
    refused 2 '--cacert' 'No such file' : --cacert missing "$HTTPS"
    : >empty
    refused 2 '--cacert nothing holds no certificate (PEM)' : --cacert nothing "$HTTPS"
    refused 2 '--cacert empty holds no certificate (PEM)' : --cacert empty "$HTTPS"
    refused 2 'ca.key holds no certificate (PEM)' : --cacert "$TLS/ca.key" "$HTTPS"
    refused 2 '--cacert folder is a folder: use --capath' : --cacert folder "$HTTPS"
    refused 2 '--capath' 'Not a directory' : --capath nothing "$HTTPS"
    refused 2 '--cert' 'No such file' : --cert missing "$HTTPS"
    refused 2 '--cert nothing holds no certificate (PEM)' : --cert nothing "$HTTPS"
    refused 2 '--cert folder is a folder' : --cert folder "$HTTPS"
    refused 2 'client.pem holds no private key: give --key' : --cert "$TLS/client.pem" "$HTTPS"
    refused 2 '--key' 'No such file' : --cert "$TLS/client.pem" --key missing "$HTTPS"
    refused 2 '--key nothing holds no private key (PEM)' : --cert "$TLS/client.pem" --key nothing "$HTTPS"
    refused 2 '--key folder is a folder' : --cert "$TLS/client.pem" --key folder "$HTTPS"
    refused 2 'server.key: the key does not fit the certificate' : --cert "$TLS/client.pem" --key "$TLS/server.key" "$HTTPS"
    refused 2 'locked.key: the key has a password' '--config' : --cert "$TLS/client.pem" --key "$TLS/locked.key" "$HTTPS"
    echo 'pass = "another"' >config
    refused 2 'locked.key: the key does not fit the certificate, or the password not the key' : \
        --config config --cert "$TLS/client.pem" --key "$TLS/locked.key" "$HTTPS"
    refused 2 '--key' '--cert' : --key "$TLS/client.key" "$HTTPS"
}

# bats test_tags=plain
@test "--resolve, --connect-to, --interface, --proxy: what they cannot mean is refused" {
    local text
    for text in name name:80 name:80: :80:127.0.0.1 name:x:127.0.0.1 name:0:127.0.0.1 name:80:other.test \
        name:80:127.0.0.1, name:99999:127.0.0.1 -name:80; do
        refused 2 '--resolve' : "--resolve=$text" "$HTTPS"
    done
    for text in name name:80 name:80:other name:80:other:x name:80:other:80:more '[::1:80:a:80'; do
        refused 2 '--connect-to' : --connect-to "$text" "$HTTPS"
    done
    for text in ftp://proxy:1 proxy:x 'http://' proxy:1/path 'pro xy'; do
        refused 2 '--proxy' : -x "$text" "$HTTPS"
    done
    refused 5 '--interface' 'no-such-interface' : --interface no-such-interface "$HTTPS"
    refused 2 '--ipv4' '--ipv6' : -4 -6 "$HTTPS"
    refused 2 '--resolve' '--ipv6' : -6 --resolve localhost:443:127.0.0.1 "$HTTPS"
    refused 2 '--resolve' '--ipv4' : -4 --resolve 'localhost:443:[::1],::2' "$HTTPS"
    refused 2 '--noproxy does nothing without --proxy or --proxy-from-env' : --noproxy localhost "$HTTPS"
    refused 2 '--unix-socket' '--proxy' : --unix-socket s -x proxy "$HTTPS"
}

# bats test_tags=plain
@test "--origin: other ways than to it are contradictions" {
    local option
    for option in '--resolve=a:1:127.0.0.1' '--connect-to=:::' '--unix-socket=s' '--proxy=p' --proxy-from-env \
        '--interface=lo' -6; do
        refused 2 '--origin' : --origin "$option"
    done
    once --mode all --origin=latency=0ms --head -H 'X-A: 1' --repeat 1 http://a.test/ >out
}

# bats test_tags=plain
@test "--config: a .curlrc is read as far as it names options that there are, others are told together" {
    printf '%s\n' '# of curl' 'user-agent = "from the file"' 'location' '--connect-timeout 5' 'max-time = 7' \
        'user = "me:ge heim"' 'insecure' >config
    all_succeed --config config --max-time 9s -A agent "$HTTPS" "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    # The command line counts before the file.
    holds "$JSON" '.policy | .max_time_s == 9 and .connect_timeout_s == 5 and (.is_verified | not)'
    holds "$JSON" '.policy.options | index("--user-agent agent") != null and index("--header Authorization") != null'
    run ! grep -q -e 'ge heim' -e bWU "$JSON" report.txt
    printf '%s\n' silent 'referer = "http://a/"' 'geheim' 'location' 'range = geheim' >config
    refused 2 'silent (line 1), referer (line 2), line 3, range (line 5)' 'leave them out' : --config config "$HTTPS"
    says_not geheim
    printf 'max-time = never\n' >config
    refused 2 '--max-time' never : --config config "$HTTPS"
    printf 'user = geheim\n' >config
    refused 2 'config:1' 'NAME:PASSWORD' : --config config "$HTTPS"
    says_not geheim
}

# bats test_tags=plain
@test "--config: user is sent as curl sends it" {
    coproc SERVER { exec /usr/bin/python3 - 2>&1 3>&- <<'PYTHON'
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers["Authorization"], flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    }
    local port user ours theirs
    read -r port <&"${SERVER[0]}"
    for user in a: me:b me:pass me:words me:wörter:mehr; do
        printf 'user = "%s"\n' "$user" >config
        once --mode sync --config config "http://127.0.0.1:$port/" >/dev/null
        read -r ours <&"${SERVER[0]}"
        curl -s --config config "http://127.0.0.1:$port/"
        read -r theirs <&"${SERVER[0]}"
        [ "$ours" = "$theirs" ]
        [[ "$ours" == "Basic "* ]]
    done
    kill "$SERVER_PID"
}

# bats test_tags=plain
@test "--config: what it cannot hold is told with its line" {
    printf '\nheader = "X-A: 1"\nurl = http://a/\n' >config
    refused 2 'url (line 3)' : --config config "$HTTPS"
    echo 'geheim' >config
    refused 2 'line 1' : --config config "$HTTPS"
    says_not geheim
    printf 'header = "X-A: 1\n' >config
    refused 2 'config:1' : --config config "$HTTPS"
    printf 'pass = x\n' >config
    refused 2 'pass' '--cert' : --config config "$HTTPS"
    printf 'proxy-user = a:b\n' >config
    refused 2 'proxy-user' : --config config "$HTTPS"
    refused 2 'standard input' : -H @- -K - "$HTTPS" </dev/null
    refused 2 '--header' 'standard input' : -H @- - </dev/null
}

# Nothing is taken from the user's folder, and nothing is kept that a server wants kept for the next request.
@test "nothing from .netrc or .curlrc, no cookies that nobody asked for, no HSTS" {
    cd "$BATS_TEST_TMPDIR"
    printf 'machine localhost login me password secret\n' >.netrc
    printf 'header = "X-Curlrc: secret"\n' >.curlrc
    chmod 600 .netrc
    coproc COOKIES { exec /usr/bin/python3 - 2>requests 3>&- <<'PYTHON'
import http.server, sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        print(self.headers, file=sys.stderr, flush=True)
        self.send_response(200)
        self.send_header("Set-Cookie", "name=secret")
        self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    }
    local port
    read -r port <&"${COOKIES[0]}"
    HOME=$PWD CURL_HOME=$PWD NETRC=$PWD/.netrc run "$CONC_BENCH" --details --mode all --workers 2 --runs 1 --warmup 1 --no-progress \
        "http://localhost:$port"/{1,2,3,4}
    # curl does look there.
    HOME=$PWD curl -s --netrc "http://localhost:$port/" -o /dev/null
    kill "$COOKIES_PID"
    exits_with 0
    [ "$(grep -c '^Host:' requests)" -eq $((4 * 5 * 2 + 1)) ]
    [ "$(grep -ciE '^(Authorization|Cookie|X-Curlrc)' requests)" -eq 2 ]
    run -1 grep -iE '^(Authorization|Cookie|X-Curlrc)' <(head -n "$(($(grep -n '^Host:' requests | tail -1 | cut -d: -f1) - 1))" requests)
}

@test "--cacert, --cert and --key may be pipes: they are read once, and serve every connection" {
    local https=https://localhost:$NGINX_CLIENT_PORT/document-1.txt
    all_succeed --cacert <(cat "$TLS/ca.pem") --cert <(cat "$TLS/client.pem") --key <(cat "$TLS/client.key") \
        --connections fresh --repeat 4 "$https"
    holds "$JSON" '[.policy.options[] | test("^--(cacert|cert|key) /dev/fd/[0-9]+$")] == [true, true, true]'
    all_succeed --cacert /dev/stdin --connections fresh --repeat 4 "$HTTPS" <"$TLS/ca.pem"
    cat "$TLS/client.pem" "$TLS/client.key" | all_succeed --cacert "$TLS/ca.pem" --cert /dev/stdin "$https"
    mkfifo pipe
    cat "$TLS/ca.pem" >pipe &
    all_succeed --cacert pipe --http2 "$HTTPS"
    wait $!
    refused 2 'holds no certificate (PEM)' : --cacert <(echo nothing) "$HTTPS"
    refused 2 'the key does not fit the certificate' : --cert <(cat "$TLS/client.pem") --key <(cat "$TLS/server.key") "$HTTPS"
    refused 2 'can be read only once' : --cert pipe --key pipe "$HTTPS"
}
