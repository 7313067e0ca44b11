# The surroundings that the program takes besides the command line: variables of the environment, and which signals are
# ignored.
# shellcheck disable=SC2030,SC2031  # each test has its own `program`

load ../support/common
load ../support/tls

setup_file() {
    make_certificates "$BATS_FILE_TMPDIR/tls"
    start_nginx
    make_documents 3 "$NGINX_ROOT" "localhost:$NGINX_TLS_PORT" >/dev/null
    export NGINX_PORT NGINX_TLS_PORT NGINX_ROOT NGINX_LOG NGINX_PID_FILE TLS
}

teardown_file() {
    stop_nginx
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    HTTPS=https://localhost:$NGINX_TLS_PORT/document-1.txt
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

teardown() {
    [ -z "${program:-}" ] || kill -KILL "$program" 2>/dev/null || true
}

@test "SSLKEYLOGFILE: no secret of a TLS session is written, by downloads or by the origin" {
    export SSLKEYLOGFILE=$PWD/keys
    # The variable does what it is known for.
    curl -sS --cacert "$TLS/ca.pem" "$HTTPS" -o /dev/null
    [ -s keys ]
    rm keys
    once --mode all --workers 2 --cacert "$TLS/ca.pem" "$HTTPS" >/dev/null
    [ ! -e keys ]
    once --mode all --workers 2 --origin=tls,latency=0 https://a.test/ >/dev/null
    [ ! -e keys ]
}

@test "OPENSSL_CONF: how TLS is spoken does not depend on it" {
    printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' \
        'SignatureAlgorithms = RSA+SHA256' >conf
    export OPENSSL_CONF=$PWD/conf
    # A certificate of ECDSA, as it has here, would not do.
    run ! curl -sS --cacert "$TLS/ca.pem" "$HTTPS" -o /dev/null
    once --mode all --workers 2 --cacert "$TLS/ca.pem" "$HTTPS" --export-json r.json >/dev/null
    holds r.json '[.results[].failures == 0] | all'
}

@test "a SOCKS proxy is never offered Kerberos tickets" {
    /usr/bin/python3 -c '
import socket
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(60)
print(server.getsockname()[1], flush=True)
connection = server.accept()[0]
open("greeting", "wb").write(connection.recv(100))
connection.close()' >port 3>&- &
    program=$!
    until_true test -s port
    run once --mode sync -x "socks5://127.0.0.1:$(cat port)" "http://127.0.0.1:$NGINX_PORT/document-1.txt"
    wait "$program"
    # Version 5, and methods: 0 is none, 1 is GSSAPI, 2 is user and password.
    [ "$(head -c 1 greeting | od -An -tx1 | xargs)" = 05 ]
    [ "$(tail -c +3 greeting | od -An -tx1 | xargs)" = 00 ]
}

@test "a proxy of the environment that libcurl cannot read: its password is not shown" {
    http_proxy=http://some:gehe@im@127.0.0.1:1 run once --mode sync --proxy-from-env http://127.0.0.1:1/
    exits_with 5
    says "--proxy-from-env: the proxy cannot be used"
    says_not gehe
}

# Starts a run in the background, behind `env` with the options up to a colon; the program is `program`.
start_under() {
    local settings=()
    while [ "$1" != : ]; do settings+=("$1"); shift; done
    shift
    env "${settings[@]}" "$CONC_BENCH" --details --no-progress --runs 1 --warmup 0 --seed 1 --export-json r.json "$@" >out 2>err 3>&- &
    program=$!
}

# How the program has ended, in `status` and `output`.
ends() {
    status=0
    wait "$program" || status=$?
    program=
    output=$(cat out err)
}

short=(--mode threads --workers 4 --origin=latency=400ms -n 5 http://a.test/{1,2,3,4})
endless=(--mode threads --workers 4 --origin=latency=400ms -n 1000 http://a.test/{1,2,3,4})

@test "signals that are ignored when it starts stay ignored: SIGINT, SIGTERM and SIGHUP" {
    local signal
    for signal in INT TERM HUP; do
        start_under "--ignore-signal=$signal" --default-signal=PIPE : "${short[@]}"
        until_true are_under_way 4
        kill -"$signal" "$program"
        kill -"$signal" "$program"
        ends
        exits_with 0
        holds r.json '.partial == false and .interrupting_signal == 0 and .results[0].downloads == 20'
    done
}

@test "a job in the background of a shell does not end by Ctrl-C, but does by SIGTERM" {
    # In a shell without job control, SIGINT is ignored by what it starts so.
    start_under : "${endless[@]}"
    until_true are_under_way 4
    kill -INT "$program"
    kill -TERM "$program"
    ends
    exits_with 143
    holds r.json '.partial and .interrupting_signal == 15'
}

@test "nohup: the end of the terminal is not the end of the run, and SIGTERM is" {
    nohup "$CONC_BENCH" --details --no-progress --runs 1 --warmup 0 --export-json r.json "${endless[@]}" >out 2>err 3>&- &
    program=$!
    until_true are_under_way 4
    kill -HUP "$program"
    # Long enough for it to have heeded it.
    sleep 1
    kill -TERM "$program"
    ends
    exits_with 143
    says "Interrupted by SIGTERM"
}

@test "SIGHUP twice, or behind SIGTERM: the report is written all the same" {
    local first
    for first in HUP:129 TERM:143; do
        rm -f r.json pipe
        mkfifo pipe
        start_under --default-signal=HUP,TERM : "${endless[@]}" --export-csv pipe
        until_true are_under_way 4
        kill -"${first%:*}" "$program"
        kill -HUP "$program"
        # The table is there, and the export waits for its reader.
        until_true grep -q 'this is a partial result' out
        kill -HUP "$program"
        timeout 60 cat pipe >r.csv
        ends
        exits_with "${first#*:}"
        says "Interrupted by SIG${first%:*}: this is a partial result."
        holds r.json '.partial'
        [ "$(wc -l <r.csv)" -eq 2 ]
    done
}

@test "the terminal is closed: the run ends, and its exports are written" {
    # The kernel sends SIGHUP to the session of a terminal when its other side is closed.
    /usr/bin/python3 - "$CONC_BENCH" --details --runs 1 --warmup 0 --export-json r.json "${endless[@]}" <<'PY'
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while b"round 1" not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
end = time.time() + 60
while time.time() < end and os.waitpid(pid, os.WNOHANG)[0] == 0:
    time.sleep(0.05)
sys.exit(0 if time.time() < end else 1)
PY
    holds r.json '.partial and .interrupting_signal == 1'
}

@test "a run that is stopped and continued says so" {
    start_under --default-signal=TSTP : "${short[@]}"
    until_true find_cell
    kill -STOP "$program"
    kill -CONT "$program"
    ends
    exits_with 0
    holds r.json '[.warnings[] | test("stopped and continued \\(SIGCONT\\) 1 time:")] | any'
    says "stopped and continued"
}
