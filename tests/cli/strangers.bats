# Other programs of the machine at the ports of the embedded origin: they are none of the run's business.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    [ -z "${STRANGER:-}" ] || kill "$STRANGER" 2>/dev/null || :
    [ -z "${PROGRAM:-}" ] || kill "$PROGRAM" 2>/dev/null || :
}

# Starts a program that asks whatever the children of $PROGRAM listen on, plainly and over TLS, until it is killed; it
# writes what it was answered to strange.txt, one line each. And it leaves connections open on which it says nothing.
start_stranger() {
    /usr/bin/python3 - "$PROGRAM" >strange.txt 2>/dev/null 3>&- <<'PYTHON' &
import http.client
import socket
import ssl
import subprocess
import sys
import time

program = sys.argv[1]
silent = []
context = ssl._create_unverified_context()
end = time.monotonic() + 300


def ports():
    children = subprocess.run(["pgrep", "-P", program], capture_output=True, text=True).stdout.split()
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[3].rsplit(":", 1)[1]) for line in lines if any(f"pid={child}," in line for child in children)]


found = []
while not found:
    found = ports()
while time.monotonic() < end:
    for port in found:
        for make in (lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=5),
                     lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)):
            try:
                connection = make()
                connection.request("GET", "/", headers={"Host": "origin.test"})
                print(connection.getresponse().status, flush=True)
                connection.close()
            except (OSError, http.client.HTTPException):
                pass
        if len(silent) < 400:
            try:
                silent.append(socket.create_connection(("127.0.0.1", port), timeout=5))
            except OSError:
                pass
    time.sleep(0.002)
PYTHON
    STRANGER=$!
}

# A run with these options, which a stranger disturbs all the time.
disturbed() {
    "$CONC_BENCH" --details --mode all --workers 4 --runs 6 --no-progress --export-json r.json "$@" >out.txt 2>&1 3>&- &
    PROGRAM=$!
    start_stranger
    wait "$PROGRAM" && status=0 || status=$?
    PROGRAM=
    output=$(<out.txt)
    exits_with 0
    kill "$STRANGER"
    STRANGER=
    [ "$(sort -u strange.txt)" = 403 ]
    holds r.json '.validity.is_valid and .validity.is_work_equal and .validity.failures == 0 and .experiment.rounds_done == 6'
    holds r.json '[.results[].rounds[].witness | .requests == 60 and .peak_in_flight <= 4 and .connections <= 4] | all'
    holds r.json '[.results[].rounds[].witness.urls | keys[] | sub("https://"; "")] | unique == ["origin.test/own"]'
    holds r.json '[.warnings[] | select(test("^[1-9][0-9]* requests? of other programs came to the origin.s port"))] | length == 1'
    says "requests of other programs came to the origin's port: refused, and not counted"
}

@test "strangers at the origin's port: the run is valid, counts its own requests, and says that there were some" {
    disturbed --origin=latency=5ms --repeat 60 http://origin.test/own
}

@test "the same at the port where it speaks TLS" {
    disturbed --origin=latency=5ms,tls --repeat 60 https://origin.test/own
}

@test "strangers take no turns of a limited rate" {
    # Some thousand of them would take all the time there is.
    disturbed --origin=latency=0ms,limit=300/s --repeat 60 --max-time 20s http://origin.test/own
}

@test "without strangers nothing is said of them; what the origin is sent to know its run by stands in no report" {
    once --mode threads --origin=latency=1ms --repeat 20 --export-json r.json --export-html r.html http://origin.test/own >out.txt
    run ! grep -qE 'other programs|CB-Run' out.txt r.json
    run ! grep -q 'CB-Run' r.html
    holds r.json '.policy.options == []'
}

@test "real servers are not sent what the origin knows its run by" {
    coproc SERVER { exec /usr/bin/python3 - 3>&- <<'PYTHON'
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("headers", "a", encoding="utf-8") as file:
            print(self.headers, file=file)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    }
    local port
    read -r port <&"${SERVER[0]}"
    once --mode sync "http://127.0.0.1:$port/"
    kill "$SERVER_PID"
    grep -qi '^User-Agent: conc-bench' headers
    run ! grep -qi CB-Run headers
}

@test "a header of the origin's own name is refused" {
    run once --mode sync --origin -H 'CB-Run: mine' http://origin.test/
    exits_with 2
    says '--header CB-Run does not go with --origin'
}
