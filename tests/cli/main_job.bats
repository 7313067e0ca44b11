# The main job, the way a user types it.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

@test "sites.txt is the article's list" {
    run "$CONC_BENCH" --dry-run "$PROJECT_ROOT/sites.txt"
    exits_with 0
    says "160 downloads of 2 URLs"
    [ "$(grep -c '^https://www.jython.org$' "$PROJECT_ROOT/sites.txt")" -eq 80 ]
    [ "$(grep -c '^http://olympus.realpython.org/dice$' "$PROJECT_ROOT/sites.txt")" -eq 80 ]
}

@test "all modes through the origin: a row for each, fastest first" {
    run once --origin=latency=5ms "$PROJECT_ROOT/sites.txt"
    exits_with 0
    for mode in sync threads event-loop processes hybrid; do
        says "$mode"
    done
    says "1 round, no interval"
    says_not null
}

@test "without a list the origin serves the article's" {
    run once --mode threads --origin=latency=1ms
    exits_with 0
    says "160 downloads of 2 URLs"
}

@test "--quiet prints the answer in one line and nothing else" {
    run --separate-stderr once --mode threads --workers 8 --quiet --origin=latency=1ms
    exits_with 0
    [ "$stderr" = "" ]
    [[ "$output" =~ ^threads\ with\ 8\ workers:\ 160\ downloads\ in\ [0-9.]+\ s\;\ none\ failed\.$ ]]
}

# What takes ten seconds tells its progress there as well: a short run does not.
@test "results go to stdout, nothing else does, and stderr is silent without a terminal" {
    run --separate-stderr "$CONC_BENCH" --details --mode threads,event-loop --runs 1 --warmup 0 --origin=latency=1ms
    exits_with 0
    [ "$stderr" = "" ]
    [[ "$output" != *$'\033'* ]]
}

@test "sync has one worker whatever is asked, and one cell" {
    once --mode sync,threads --workers 2,4 --origin=latency=1ms --export-json r.json
    holds r.json '[.results[].command] == ["sync/1", "threads/2", "threads/4"]'
}

@test "JSON on standard output is all there is on it" {
    once --mode threads --origin=latency=1ms --export-json - | jq -e '.schema == "conc-bench/2"'
}

@test "hyperfine's fields are there" {
    "$CONC_BENCH" --details --mode threads --workers 4 --runs 3 --warmup 0 --no-progress --origin=latency=1ms --export-json r.json
    holds r.json '.results[0] | .command == "threads/4" and (.times | length) == 3 and .exit_codes == [0, 0, 0]
        and (.mean | type) == "number" and (.stddev | type) == "number" and .min <= .median and .median <= .max
        and .user >= 0 and .system >= 0 and .parameters == {"mode": "threads", "workers": "4"}'
}

@test "the seed is printed and decides the order" {
    run "$CONC_BENCH" --dry-run --seed 7 --runs 4 --origin
    first=$output
    says "seed 7"
    run "$CONC_BENCH" --dry-run --seed 7 --runs 4 --origin
    [ "$output" = "$first" ]
    run "$CONC_BENCH" --dry-run --seed 8 --runs 4 --origin
    [ "$output" != "$first" ]
}

@test "--order shuffle downloads the same, in another order" {
    once --mode sync --seed 5 --order shuffle --origin=latency=0 --export-json r.json http://a.test/{1,2,3,4,5,6,7,8,9}
    holds r.json '.results[0].rounds[0].samples | map(.[1]) | sort == [range(9)]'
    holds r.json '.results[0].rounds[0].samples | map(.[1]) != [range(9)]'
}

@test "a host that refuses: failures are data, the reason is shown, exit 3" {
    run once --mode all --workers 4 http://127.0.0.1:1/ http://127.0.0.1:1/2
    exits_with 3
    says "2 could not connect"
    run once --mode all --workers 4 --allow-failures http://127.0.0.1:1/
    exits_with 0
}

@test "a name that does not resolve: alike in every mode, exit 3" {
    run once --mode all --workers 4 --export-json r.json http://no-such-host.invalid/ http://no-such-host.invalid/2
    exits_with 3
    says "2 could not resolve the host"
    says "no-such-host.invalid did not resolve"
    holds r.json '[.results[].failure_classes] | unique == [{"dns": 2}]'
}

@test "--cpu-work turns an I/O-bound workload into a CPU-bound one" {
    once --mode event-loop --workers 8 --origin=latency=1ms,size=1B --export-json io.json
    once --mode event-loop --workers 8 --origin=latency=1ms,size=1B --cpu-work 3ms --export-json cpu.json
    # By CPU time, which others on the machine change little: 160 times 3 ms, and without it what downloads take anyway.
    holds cpu.json '.results[0].cpu_user_s > 0.3'
    jq -e --slurpfile io io.json '.results[0].cpu_user_s > $io[0].results[0].cpu_user_s + 0.2' cpu.json
}

@test "a timeout is a failure of its class, in every mode" {
    # Enough to connect and ask in, on any machine.
    run once --mode all --workers 2 --max-time 1 --origin=latency=30s --export-json r.json http://a.test/{1,2}
    exits_with 3
    holds r.json '[.results[].failure_classes] | unique == [{"timeout_wait": 2}]'
}

@test "a cell that hangs is reported, and the others stand" {
    # A deadline that sync cannot keep (8 x 500 ms) and 8 workers easily can.
    run once --mode sync,threads --workers 8 --deadline 3s --origin=latency=500ms --export-json r.json \
        http://a.test/{1,2,3,4,5,6,7,8}
    exits_with 3
    holds r.json '.results[0].rounds[0].status == "hung"'
    holds r.json '.results[1] | .rounds[0].status == "complete" and .downloads == 8'
}

@test "a worker process that is killed is reported, and what is settled stands" {
    "$CONC_BENCH" --details --mode threads,processes --workers 4 --runs 1 --warmup 0 --seed 1 --origin=latency=1s --no-progress \
        --export-json r.json http://a.test/{1,2,3}{0,1,2,3} >out.txt 2>&1 &
    program=$!
    until_true are_under_way 1 # in the other mode, for all that is known
    until_true find_workers 4
    until_true are_under_way 4
    kill -KILL "$(tail -1 <<<"$workers")"
    status=0
    wait $program || status=$?
    output=$(cat out.txt)
    exits_with 3
    says "signal 9"
    holds r.json '[.results[] | select(.mode == "processes").rounds[0].status] == ["crashed"]'
    holds r.json '[.results[] | select(.mode == "threads").rounds[0].status] == ["complete"]'
}

interrupt() {
    local signal=$1 mode=$2 status=0
    # A shell has its jobs in the background ignore SIGINT, which they would inherit.
    env --default-signal=INT "$CONC_BENCH" --details --mode "$mode" --workers 4 --runs 1 --warmup 0 --origin=latency=400ms --no-progress \
        --export-json r.json http://a.test/{1,2,3,4,5,6,7,8,9}{0,1,2,3,4,5,6,7,8,9} >out.txt 2>&1 &
    program=$!
    until_true have_been_sent 2
    local begin=$EPOCHREALTIME
    kill -"$signal" $program
    wait $program || status=$?
    local end=$EPOCHREALTIME
    output="after ${begin/./} until ${end/./}: $(cat out.txt)"
    # A second is the promise. Five of them, so that a loaded machine cannot break the test: undisturbed it would go on for
    # eight.
    [ $((${end/./} - ${begin/./})) -lt 5000000 ]
    says partial
    holds r.json '.partial and (.results[0].rounds[0].status == "interrupted")'
    holds r.json '.results[0].downloads >= 1 and .results[0].downloads < 90'
    [ "$status" -eq "$3" ]
    run ! pgrep -P $program
}

@test "Ctrl-C ends within a second with what is done: sync" { interrupt INT sync 130; }
@test "Ctrl-C ends within a second with what is done: threads" { interrupt INT threads 130; }
@test "Ctrl-C ends within a second with what is done: event-loop" { interrupt INT event-loop 130; }
@test "Ctrl-C ends within a second with what is done: processes" { interrupt INT processes 130; }
@test "Ctrl-C ends within a second with what is done: hybrid" { interrupt INT hybrid 130; }
@test "SIGTERM does the same, with its own status" { interrupt TERM threads 143; }

# A zombie without a parent that reaps is dead all the same.
are_dead() {
    ! ps -o stat= -p "$(echo $* | tr ' ' ,)" | grep -qv '^Z'
}

@test "nothing is left running when the program is killed" {
    "$CONC_BENCH" --details --mode processes --workers 4 --runs 1 --warmup 0 --origin=latency=5s --no-progress \
        http://a.test/{1,2,3,4,5,6,7,8,9}{0,1,2,3} >/dev/null 2>&1 &
    program=$!
    until_true find_workers 4
    until_true are_under_way 4
    run ! are_dead "$origin"
    kill -KILL $program
    wait $program || true
    until_true are_dead "$origin" "$cell" $workers
}

@test "a full disk at the end: exit 5, and the table was printed" {
    run once --mode threads --origin=latency=1ms --export-json /dev/full
    exits_with 5
    says "/dev/full"
    says "threads"
    run bash -c '"$1" --runs 1 --warmup 0 --mode threads --origin=latency=1ms >/dev/full' - "$CONC_BENCH"
    exits_with 5
}

@test "an export replaces the old file as a whole and leaves nothing beside it" {
    echo old >r.json
    once --mode threads --origin=latency=1ms --export-json r.json
    holds r.json '.schema == "conc-bench/2"'
    [ "$(ls)" = r.json ]
}

@test "--no-isolate gives the same results in place" {
    once --no-isolate --mode sync,threads,event-loop,processes,hybrid --workers 3 --origin=latency=1ms --export-json r.json
    holds r.json '[.results[] | .downloads == 160 and .failures == 0] | all'
}

@test "null measures the harness: scripted to the digit" {
    "$CONC_BENCH" --details --mode null --workers 2 --script 10ms,30ms --runs 3 --warmup 0 --no-progress --export-json r.json \
        http://a.test/{0,1,2,3,4,5,6,7,8,9}
    holds r.json '.results[0] | .times == [0.11, 0.11, 0.11] and .service_s.p50 == 0.01 and .service_s.max == 0.03'
}

@test "proxies in the environment are not used, and that is said" {
    http_proxy=http://127.0.0.1:1/ run once --mode threads --origin=latency=1ms
    exits_with 0
    says "http_proxy is set"
}

@test "--help and --version" {
    run "$CONC_BENCH" --help
    exits_with 0
    for word in --mode --workers --origin --export-json sync threads event-loop processes hybrid; do
        says "$word"
    done
    says_not null
    run "$CONC_BENCH" --version
    exits_with 0
    says "conc-bench 0"
    says libcurl/
}
