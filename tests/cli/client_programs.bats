# The programs of docs/clients: what each downloads, how it ends, and what it reports.

load ../support/common

PYTHON_PROGRAMS="requests_sequential.py requests_threads.py requests_processes.py aiohttp_tasks.py httpx_threads.py httpx_tasks.py"
SHELL_PROGRAMS="xargs_curl.sh xargs_curl_report.sh curl_parallel.sh wget.sh aria2c.sh"
REPORTING="$PYTHON_PROGRAMS fetch.mjs nethttp xargs_curl_report.sh"

setup_file() {
    export PYTHONDONTWRITEBYTECODE=1 GOCACHE=$BATS_FILE_TMPDIR/go
    export CLIENTS=$BATS_FILE_TMPDIR/clients
    cp -r "$PROJECT_ROOT/docs/clients" "$CLIENTS"
    (cd "$CLIENTS" && go build nethttp.go)
    start_nginx
    export NGINX_PORT NGINX_ROOT NGINX_LOG NGINX_PID_FILE
    make_documents 12 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" >"$BATS_FILE_TMPDIR/list.txt"
}

teardown_file() {
    stop_nginx
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    cp "$BATS_FILE_TMPDIR/list.txt" list.txt
}

# Programs side by side over the origin: 24 downloads, 4 in flight. How soon a busy machine starts a curl after the other
# decides how many there are at once.
compare() {
    local scheme=$2 options=() program
    for program in $1; do options+=(--client "${program%.*}=$CLIENTS/$program {list} {workers}"); done
    printf '%s x12\n' "$scheme://one.test/path" "$scheme://two.test/?a=1&b='2'" >two.txt
    run "$CONC_BENCH" "${options[@]}" --workers 4 --runs 1 --warmup 0 --no-progress --export-json r.json "$3" two.txt
    exits_with 0
    holds r.json '[.results[] | .mode] == $names' --argjson names "$(jq -nc '$ARGS.positional | map(split(".")[0])' --args $1)"
    holds r.json '[.results[] | .rounds[0].status == "complete" and .downloads == 24 and .failures == 0] | all'
    holds r.json '[.results[] | .peak_in_flight as $peak | if .mode | IN("requests_sequential", "wget")
        then $peak == 1 else $peak >= 2 and $peak <= 4 end] | all'
}

@test "programs in Python do the same work over the origin, with no more in flight than they may, and keep connections" {
    compare "$PYTHON_PROGRAMS" http --origin=latency=30ms,size=4KiB
    holds r.json '[.results[] | .connects <= 4] | all'
}

@test "programs in Node, Go and shell do the same work over the origin, with no more in flight than they may" {
    compare "fetch.mjs nethttp $SHELL_PROGRAMS" http --origin=latency=30ms,size=4KiB
    holds r.json '[.results[] | select(.mode | IN("nethttp", "curl_parallel", "aria2c", "wget")) | .connects <= 4] == [true, true, true, true]'
    holds r.json '[.results[] | select(.mode | startswith("xargs")) | .connects == 24] == [true, true]'
}

@test "programs trust the authority of the origin over TLS" {
    compare "requests_threads.py aiohttp_tasks.py httpx_tasks.py fetch.mjs nethttp curl_parallel.sh wget.sh aria2c.sh" \
        https --origin=tls,latency=30ms,size=4KiB
    holds r.json '[.results[] | .tls_handshakes >= 1] | all'
}

# A program that leaves it out takes less CPU time than that, start and all.
@test "programs compute for as long as they are told on each response" {
    for program in requests_threads.py fetch.mjs nethttp; do
        CONC_BENCH_CPU_WORK=0.05 /usr/bin/time -f '%U %S' -o times.txt "$CLIENTS/$program" list.txt 2
        # time(1) cuts each of the two to hundredths.
        awk '$1 + $2 < 12 * 0.05 - 0.02 { print "only " $1 + $2 " s"; exit 1 }' times.txt || { echo "by $program"; return 1; }
    done
}

# Runs a program as conc-bench does, but for what only that sees.
start() {
    rm -f report.txt
    : >"$NGINX_LOG"
    CONC_BENCH_REPORT=$PWD/report.txt run "$CLIENTS/$1" "$2" "$3"
}

# The first URL is not found, the second answers with an error, and then come those that are well.
ends_badly() {
    local program=$1 path
    { echo "http://127.0.0.1:$NGINX_PORT/missing"; echo "http://127.0.0.1:$NGINX_PORT/broken"; cat list.txt; } >bad.txt
    start "$program" bad.txt 4
    [ "$status" -ne 0 ] || { echo "$program takes errors for success"; return 1; }
    logged "$NGINX_LOG" 14
    diff <(sed 's|^.*:[0-9]*||' bad.txt | sort) <(cut -d ' ' -f 1 "$NGINX_LOG" | sort) || { echo "asked by $program"; return 1; }
    # Nobody listens at port 1.
    { head -n 3 list.txt; echo "http://127.0.0.1:1/"; } >refused.txt
    start "$program" refused.txt 2
    [ "$status" -ne 0 ] || { echo "$program takes a refused connection for success"; return 1; }
}

@test "a program in Python ends badly if a download fails, and has asked for all others" {
    for program in $PYTHON_PROGRAMS; do ends_badly "$program"; done
}

@test "a program in Node, Go or shell ends badly if a download fails, and has asked for all others" {
    for program in fetch.mjs nethttp $SHELL_PROGRAMS; do ends_badly "$program"; done
}

# unit, status and bytes of each download, as they must be.
expected_report() {
    local unit=0 url
    while read -r url; do
        case $url in
            */missing) echo "$unit 404" ;;
            *) echo "$unit 200 $(stat -c %s "$NGINX_ROOT/${url##*/}")" ;;
        esac
        unit=$((unit + 1))
    done <"$1"
}

@test "reports have a line for each download: its number, status, bytes, and when it was" {
    { head -n 5 list.txt; echo "http://127.0.0.1:$NGINX_PORT/missing"; tail -n 7 list.txt; } >mixed.txt
    for program in $REPORTING; do
        start "$program" mixed.txt 3
        awk '{ print $1, $2, $2 == 200 ? $3 : "" }' report.txt | sed 's/ $//' | sort -n | diff <(expected_report mixed.txt) - ||
            { echo "reported by $program"; return 1; }
        awk -v limit=3 '
            function is_time(text) { return text ~ /^[0-9]+[.][0-9]+$/ && length(text) - index(text, ".") <= 9 }
            NF != 5 || !is_time($4) || !is_time($5) || $5 <= $4 { print "line " NR ": " $0; exit 1 }
            { start[NR] = $4; end[NR] = $5 }
            END {
                for (i in start) {
                    in_flight = 0
                    for (j in start) in_flight += start[j] <= start[i] && end[j] > start[i]
                    if (in_flight > limit) { print in_flight " at once"; exit 1 }
                }
            }' report.txt || { echo "reported by $program"; return 1; }
    done
}
