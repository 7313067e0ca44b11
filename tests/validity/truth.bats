# Known truths, one run each: what the program says of a server whose behaviour is known. How often it is wrong over many
# runs is for tests/validity/measure.

load ../support/common

setup_file() {
    # bats waits for whoever holds its descriptor 3.
    start_nginx 3>&-
    export NGINX_PORT NGINX_ROOT NGINX_LOG NGINX_PID_FILE
}

teardown_file() {
    stop_nginx
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

urls() {
    seq -f 'http://a.test/%g' "$1"
}

@test "a download starts when a worker takes it: two at once, in the order of the list, in every mode" {
    once --mode threads,event-loop,processes,hybrid --workers 2 --export-json r.json --origin=latency=100ms <(urls 12)
    # 12 downloads of 100 ms by two workers: two under way all the time, but for what a busy machine takes to go on to the
    # next one.
    holds r.json '[.results[] | .occupancy_share * 2 | . > 1.7 and . <= 2.01] | all'
    # Two workers may take their units within the same microsecond.
    holds r.json '[.results[].rounds[0].samples | sort_by(.[3]) | [.[][0]] | to_entries |
        all((.key - .value) | . >= -1 and . <= 1)] | all'
    holds r.json '[.results[].rounds[0].samples[] | .[4] >= 0.1] | all'
}

@test "after a stall at most as many downloads as there are workers show it, and the time shows all of it" {
    urls 320 >list # from a file: whatever feeds a pipe would be a child of the program too
    for mode in sync threads event-loop processes; do
        "$CONC_BENCH" --mode $mode --workers 4 --runs 1 --warmup 0 --no-progress --export-json r.json \
            --origin=latency=20ms list >/dev/null &
        program=$!
        until_true have_been_sent 2
        kill -STOP "$origin"
        sleep 1
        kill -CONT "$origin"
        wait $program
        holds r.json '.results[0] | .workers as $w | .median > 1 and
            ([.rounds[0].samples[] | select(.[4] > 0.9)] | length | . >= 1 and . <= $w)'
    done
}

@test "at a rate all that falls due during a stall shows it, and is begun as workers become free" {
    urls 300 >list
    for mode in threads event-loop; do
        "$CONC_BENCH" --mode $mode --workers 4 --rate 100/s --runs 1 --warmup 0 --no-progress --export-json r.json \
            --origin=latency=2ms,size=10 list >/dev/null &
        program=$!
        until_true are_under_way 1
        kill -STOP "$origin"
        sleep 1
        kill -CONT "$origin"
        wait $program
        # Four are under way; of the others, those that fall due in the first half wait for all of the second.
        holds r.json '.results[0].rounds[0] | .witness.peak_in_flight <= 4 and
            ([.samples[] | select(.[3] - .[0] * 0.01 > 0.5)] | length >= 40)'
    done
}

@test "an event loop that computes keeps the others waiting, and that is its lag" {
    once --mode event-loop --workers 8 --cpu-work 20ms --export-json r.json --origin=latency=20ms <(urls 32)
    holds r.json '.results[0].loop_lag_max_s >= 0.019'
    holds r.json '[.diagnosis[].label] | index("client_saturated") != null'
    once --mode threads --workers 8 --export-json r.json --origin=latency=20ms <(urls 32)
    holds r.json '.results[0].loop_lag_max_s == null'
}

@test "waiting is a voluntary switch: one a download one at a time, few in an event loop" {
    # A worker that is kept from a core for longer than that finds the answer already there, and need not wait.
    once --mode sync,threads,event-loop --workers 8 --export-json r.json --origin=latency=20ms <(urls 160)
    holds r.json '.results | map({(.mode): (.voluntary_switches / .downloads)}) | add |
        .sync > 0.8 and .sync < 2.5 and .threads > 0.8 and ."event-loop" < .threads'
}

@test "CPU work is the same in every mode, and is what was asked for" {
    for work in 0s 10ms; do
        once --mode sync,threads,event-loop,processes --workers 4 --cpu-work $work --export-json $work.json \
            --origin=latency=1ms <(urls 24)
    done
    cpu='[.results[] | .cpu_user_s + .cpu_system_s]'
    spent=$(jq -s "[(.[1] | $cpu), (.[0] | $cpu)] | transpose | map((.[0] - .[1]) / 24)" 0s.json 10ms.json)
    # Calibrated once in each run, so alike within what a noisy machine makes of a loop of known length: a core that is
    # shared in hardware may take twice as long. Done twice, or not at all in a mode, it would not be alike.
    jq -e 'min > 0.005 and max < 0.025 and max < 1.8 * min' <<<"$spent" || {
        echo "$spent"
        false
    }
}

@test "an answer that changes in the middle of a run is found, and nothing is ranked" {
    head -c 20000 /dev/urandom >"$NGINX_ROOT/file"
    "$CONC_BENCH" --details --mode sync,threads --runs 100 --no-progress -n 400 "http://127.0.0.1:$NGINX_PORT/file" >report &
    program=$!
    logged "$NGINX_LOG" 30000 # of 80,800: neither answer is that of a few rounds only, which might be dropped
    head -c 21000 /dev/urandom >"$NGINX_ROOT/new"
    mv "$NGINX_ROOT/new" "$NGINX_ROOT/file"
    status=0
    wait $program || status=$?
    [ "$status" -eq 3 ]
    grep -q 'INVALID' report
    grep -qE 'instead of status 200 and 2[01]000' report
}
