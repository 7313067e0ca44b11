# The limits that spare other people's servers. The public host is one of our own: an address set aside for
# documentation, in a network namespace that has nothing but its loopback interface.

load ../support/common

setup() {
    [ "$(id -u)" -eq 0 ] && unshare --net true 2>/dev/null || skip "no network namespace can be made"
    cd "$BATS_TEST_TMPDIR" || exit 1
    cat >server.py <<'PYTHON'
import http.server, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in two packets waits 40 ms for the client to acknowledge the first
    def do_GET(self):
        refuses = self.path.startswith("/busy")
        self.send_response(503 if refuses else 200)
        if refuses:
            self.send_header("Retry-After", "4")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer((sys.argv[1], 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
open("ready", "w").close()
sys.stdin.read()
PYTHON
    cat >inside <<'BASH'
ip link set lo up && ip address add 203.0.113.7/32 dev lo || exit 99
rm -f alive ready; mkfifo alive
/usr/bin/python3 server.py "$1" <alive &
server=$!
exec 9>alive
for _ in {1..600}; do [ -e ready ] && break; sleep 0.1; done
shift
"$@"
status=$?
exec 9>&-
wait "$server"
exit "$status"
BASH
}

# Runs a command beside a server at an address.
beside() {
    unshare --net bash inside "$@"
}

@test "a public server that refuses is left alone between trials for as long as it asks" {
    run --separate-stderr beside 203.0.113.7 "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 1 --warmup 0 --no-progress \
        --allow-failures --export-json r.json http://203.0.113.7:8080/busy http://203.0.113.7:8080/
    exits_with 0
    says "was left alone for 4 s in all"
    holds r.json '.results | all(.failure_classes == {"http_5xx": 1})'
    # The pause is in no time that is reported.
    holds r.json '[.results[].rounds[0].time_s] | all(. < 3.5)'
    # Only between trials: not behind the last one.
    holds r.json '[.results[].rounds[0].gate_s] | max >= 4'
}

@test "one's own server is not" {
    run beside 127.0.0.1 "$CONC_BENCH" --details --mode sync,threads --workers 2 --runs 1 --warmup 0 --no-progress --allow-failures \
        http://127.0.0.1:8080/busy
    exits_with 0
    says_not "left alone"
}

@test "what a server is asked is announced beforehand, on stderr" {
    run --separate-stderr beside 203.0.113.7 "$CONC_BENCH" --mode sync --runs 2 --warmup 0 --repeat 600 --no-progress \
        http://203.0.113.7:8080/
    exits_with 0
    [ "$stderr" = "Up to 1,200 requests go to 203.0.113.7, in about 2.00 min if a download takes 0.1 s. Ask only servers you may ask." ]
    [[ "$output" != *"1,200 requests"* ]]
    run --separate-stderr beside 203.0.113.7 "$CONC_BENCH" --mode sync,threads --time-budget 2s --no-progress \
        http://203.0.113.7:8080/{1..4}
    [ "$stderr" = "Up to 88 requests go to 203.0.113.7, within 2 s. Ask only servers you may ask." ]
    # This machine is nobody else's.
    run --separate-stderr beside 127.0.0.1 "$CONC_BENCH" --mode sync --runs 1 --no-progress http://127.0.0.1:8080/
    [ -z "$stderr" ]
}
