# Downloads that fall due at a rate. Times that are exact come from mode null, which knows what it does; of real modes only
# what a busy machine cannot break is asked: waits are never too short, and bounds are wide.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    seq -f 'http://a.test/%g' 200 >list
}

# at_rate RATE [OPTION]...: one round without a warm-up, into r.json.
at_rate() {
    local rate=$1
    shift
    once --export-json r.json --rate "$rate" "$@" >report
}

# Checks the outcomes of the downloads of the first result's first round.
arrivals_hold() {
    local filter=$1
    shift
    holds r.json ".results[0].rounds[0].downloads.arrivals | $filter" "$@"
}

# The mean wait and the 99th percentile of response times in a queue with $1 workers, each busy for $2 seconds with a
# download, whose arrivals are those of the samples' starts in a run where nobody waited (free.json): worked out unit by
# unit, as Kiefer and Wolfowitz have it.
expect_queue() {
    jq -c --argjson workers "$1" --argjson service "$2" '
        [.results[0].rounds[0].samples[] | .[3]] |
        reduce .[] as $due ({free: [range($workers) | 0], waits: []};
            ([.free[0], $due] | max) as $start | .waits += [$start - $due] |
            .free = ((.free[1:] + [$start + $service]) | sort)) |
        {mean: (.waits | add / length), p99: (.waits | sort | .[(length * 0.99 | ceil) - 1] + $service)}' free.json
}

@test "downloads are begun when they are due, and one at a time waits for the last" {
    # One worker, 30 ms each, every 20 ms: the nth waits n times 10 ms, and is 5 ms behind for each that falls due.
    at_rate 50/s --mode null --script 30ms --workers 1 list
    arrivals_hold '.wait_max_s == 1.99 and .response_max_s == 2.02 and (.is_kept_up | not)'
    arrivals_hold '.response_p50_s == 1.02 and .wait_p99_s == 1.97'
    # 33.3 a second are begun.
    holds r.json '.results[0].achieved_rate_per_s | . > 33.3 and . < 33.4'
}

@test "with workers enough nobody waits, whatever the order in which they are free" {
    at_rate 50/s --mode null --script 30ms --workers 2 list
    arrivals_hold '.is_kept_up and .wait_max_s == 0 and .response_p50_s == 0.03 and .response_max_s == 0.03'
    holds r.json '.results[0].achieved_rate_per_s | . > 49.999 and . < 50.001'
    holds r.json '.workload.rate_per_s == 50 and .workload.arrivals == "even"'
    holds r.json '.results[0].rounds[0].samples | length == 200 and (.[199][3] == 3.98)'
}

@test "random arrivals are those of the seed, in every mode and round, and as many as asked for" {
    "$CONC_BENCH" --mode null --script 1ns --workers 1 --rate 100/s --arrivals poisson --seed 7 --runs 2 --warmup 0 \
        --no-progress --repeat 10 --export-json r.json list >/dev/null
    holds r.json '[.results[0].rounds[].samples | map(.[3])] | .[0] == .[1]'
    # 2,000 gaps of 10 ms on average: their mean has a standard deviation of 0.22 ms, and so have they themselves one of 10.
    holds r.json '[.results[0].rounds[0].samples | map(.[3]) | . as $at | range(1; length) | $at[.] - $at[. - 1]] |
                  (add / length) as $mean | ((map(pow(. - $mean; 2)) | add / length) | sqrt) as $spread |
                  ($mean > 0.009 and $mean < 0.011) and ($spread > 0.009 and $spread < 0.011)'
    cp r.json first.json
    "$CONC_BENCH" --mode null --script 1ns --workers 1 --rate 100/s --arrivals poisson --seed 8 --runs 1 --warmup 0 \
        --no-progress --repeat 10 --export-json r.json list >/dev/null
    [ "$(jq '.results[0].rounds[0].samples[5][3]' r.json)" != "$(jq '.results[0].rounds[0].samples[5][3]' first.json)" ]
}

@test "a queue with random arrivals is what theory makes of it, to the digit" {
    at_rate 60/s --mode null --script 1ns --workers 1 --arrivals poisson --seed 3 list
    mv r.json free.json
    for share in 0.06 0.095; do # of a second for each of six workers: 60 % and 95 % of what they can do at 60/s
        at_rate 60/s --mode null --script "$(jq -n "$share * 1000000 | round")us" --workers 6 --arrivals poisson --seed 3 list
        expect_queue 6 "$share" >expected
        holds r.json '.results[0].rounds[0].downloads | $expected[0] as $e |
            ((.arrivals.wait_sum_s / .settled - $e.mean) | fabs < 1e-6) and
            ((.arrivals.response_p99_s - $e.p99) | fabs < 1e-6)' --slurpfile expected expected
    done
}

@test "all modes begin what is due, each once, and never before" {
    for mode in $MODES; do
        at_rate 200/s --mode "$mode" --workers 8 --origin=latency=2ms,size=10 list
        # Even arrivals: the unit in row n is due 5 ms behind the one before.
        holds r.json '.results[0].rounds[0].samples | length == 200 and all(.[3] >= .[0] * 0.005 - 1e-9)'
        holds r.json '[.results[0].rounds[0].samples[][0]] | unique | length == 200'
        # Where the machine is too busy for the rate, what is left over in the end is given up.
        holds r.json '.results[0].rounds[0] | .downloads.outcomes as $did | ($did | keys) - ["ok", "given_up"] == [] and
            $did.ok + ($did.given_up // 0) == 200 and .witness.requests == $did.ok'
        # Somebody was asleep until most of them were due; whoever has a core then begins soon.
        holds r.json '.results[0] | .late_p50_s > 0 or (.kept_up == 0 and .late_p50_s == null)'
        holds r.json '[.results[0].rounds[0].samples[] | .[3] - .[0] * 0.005] | min < 0.02'
    done
}

@test "a download that falls due while all workers are busy is not told as woken late" {
    # One worker, 30 ms each, every 10 ms: after the first nobody sleeps until a download is due.
    for mode in threads event-loop; do
        at_rate 100/s --mode "$mode" --workers 1 --allow-failures --origin=latency=30ms,size=10 list
        holds r.json '.results[0] | .late_max_s == null and .behind_s > 0.1'
    done
}

@test "who does not keep up has no percentiles, but what it reached" {
    run "$CONC_BENCH" --mode sync,threads --workers 20 --rate 100/s --runs 1 --warmup 0 --no-progress --allow-failures \
        --export-json r.json --origin=latency=50ms,size=10 list
    exits_with 0
    says "Only threads keeps up with 100/s"
    says "Not kept up: sync/1"
    says "of 100/s"
    [[ "$output" =~ sync\ +1\ +[0-9.]+\ +no\ +-\ +-\ +-\ +- ]]
    holds r.json '.results[] | select(.mode == "sync") | .kept_up == 0 and .rank == null and .speedup == null and
                  .achieved_rate_per_s < 22 and .behind_s > 0.2'
    # It is plain long before the 2 s are over that it does less than half of what falls due in them: the rest is not
    # begun, and is no failure.
    says "behind when stopped"
    holds r.json '.results[] | select(.mode == "sync").rounds[0].downloads | .outcomes.given_up > 160 and
                  .arrivals.begun == 200 - .outcomes.given_up'
    # Nothing is settled before it is due, and nothing behind the run was begun.
    holds r.json '.results[] | select(.mode == "sync").rounds[0] | .run_s as $run | .samples |
                  all(.[3] >= .[0] * 0.01 - 1e-9) and (map(select(.[4] > 0)) | all(.[3] < $run))'
    holds r.json '.results[] | select(.mode == "sync") | .failures == 0 and .p50_s >= 0.05'
    # Nor does it keep any limit, of which a longer list would have it go beyond.
    run "$CONC_BENCH" --import-json r.json --allow-failures --assert 'sync.response_p99 < 1h' \
        --assert 'sync.response_p50 / threads.response_p50 < 1000'
    exits_with 1
    says "FAIL  sync.response_p99 < 1h [sync/1]: sync/1 did not keep up"
    says "UNMEASURABLE  sync.response_p50 / threads.response_p50 < 1000"
}

@test "a backlog that is in flight at the server is one, though nobody waits for a worker" {
    # 10 % more than the server begins, which takes 64 workers 6 s to wait for.
    at_rate 110/s --mode event-loop --workers 64 --origin=latency=1ms,limit=100/s,size=10 list
    holds r.json '.results[0] | .kept_up == 0 and .rank == null'
}

@test "a rate that the machine cannot generate ends the run, with the reason" {
    # Computing takes four times as long as there is, on the one core that an event loop uses. One trial might have met a
    # disturbance; two do not.
    run "$CONC_BENCH" --details --mode event-loop --workers 8 --rate 200/s --cpu-work 20ms --warmup 0 --no-progress \
        --export-json r.json --origin=latency=1ms list
    exits_with 0
    says "no more rounds: nothing does as much as half of what falls due"
    holds r.json '.experiment.rounds_done == 2'
    # A download that did not get a core on a busy machine waited for one, where the system tells of that.
    if [ "${PORTABLE:-0}" = 0 ]; then
        says "No core was left for it, so that more workers do not help"
        holds r.json '[.diagnosis[].label] | index("cpu_bound") != null'
    fi
}

@test "modes are ranked by their response times, which are claimed as others are" {
    run "$CONC_BENCH" --mode null,null --copies 2 --script 30ms --workers 4 --rate 100/s --runs 6 --warmup 0 --no-progress \
        --assert 'null@4.response_p99 < 31ms' --assert 'null.wait_max <= 0s' --assert 'null.kept_up >= 1' \
        --assert 'null.response_p99 < 29ms' --export-json r.json list
    exits_with 1
    says "Tie: null, null#2 (30 ms on average) at 100/s"
    holds r.json '[.verdicts[].verdict] == ["pass", "pass", "pass", "fail"]'
}

@test "what waits too long is dropped, is a failure, and no service time" {
    run "$CONC_BENCH" --mode null --script 30ms --workers 1 --rate 50/s --max-late 100ms --runs 1 --warmup 0 --no-progress \
        --export-json r.json list
    exits_with 3
    says "waited longer than --max-late"
    arrivals_hold '.wait_max_s <= 0.14 and (.is_kept_up | not)'
    holds r.json '.results[0].rounds[0].downloads | .outcomes.late > 50 and .outcomes.late + .outcomes.ok == 200 and
                  .service_p50_s == 0.03'
    run "$CONC_BENCH" --mode null --script 20ms --workers 1 --rate 50/s --max-late 100ms --runs 1 --warmup 0 --no-progress list
    exits_with 0
}

@test "threads and an event loop ask for nothing that has waited too long" {
    # One worker, 30 ms each, every 10 ms: two in three.
    head -100 list >half
    for mode in threads event-loop; do
        at_rate 100/s --mode "$mode" --workers 1 --max-late 20ms --allow-failures --origin=latency=30ms,size=10 half
        holds r.json '.results[0].rounds[0] | .downloads.outcomes.late > 50 and
                      .downloads.outcomes.late + .witness.requests == 100'
    done
}

@test "an interrupted run ends while its workers sleep" {
    for mode in $MODES; do
        "$CONC_BENCH" --mode "$mode" --workers 2 --rate 1/s --runs 1 --warmup 0 --no-progress --origin=latency=1ms list \
            >report 2>&1 &
        program=$!
        until_true find_cell
        kill -TERM "$program"
        begun=$SECONDS
        status=0
        wait "$program" || status=$?
        [ "$status" -eq 143 ] || { echo "$mode: exit status $status"; cat report; false; }
        # The list would take 200 s.
        [ $((SECONDS - begun)) -lt 60 ]
    done
}

@test "a report at a rate is the same when it is made again, and has every wait" {
    exports() {
        printf -- '--export-%s\n' "json $1.json" "csv $1.csv" "markdown $1.md" "html $1.html" "requests-csv $1.requests" \
            "trace $1.trace" "junit $1.junit"
    }
    # shellcheck disable=SC2046  # several words
    "$CONC_BENCH" --mode sync,threads --workers 8 --rate 200/s --arrivals poisson --runs 2 --warmup 0 --no-progress --details \
        $(exports r) --origin=latency=3ms list >report
    # shellcheck disable=SC2046
    "$CONC_BENCH" --import-json r.json --details $(exports again) >again
    for kind in json csv md html requests trace junit; do
        cmp "r.$kind" "again.$kind"
    done
    diff report again
    grep -q '^At the given rate$' report
    grep -q 'response_p99_s' r.csv
    # 800 downloads, each begun as long after it was due as it waited; what they waited is what is told of the rounds.
    jq -R 'split(",") | .[8:11]' r.requests | jq -s '.[0] == ["due_s", "wait_s", "start_s"] and length == 801 and
        (.[1:] | map(map(tonumber)) | all((.[0] + .[1] - .[2] | fabs) < 1e-8 and .[1] >= 0))' | grep -q true
    # Downloads that were given up, because the machine was too busy, waited for no worker.
    waited=$(jq -R 'split(",") | select(.[21] != "given_up")[9] | tonumber?' r.requests | jq -s add)
    holds r.json '[.results[].rounds[].downloads.arrivals.wait_sum_s] | add - ($waited | tonumber) | fabs < 1e-6' \
        --arg waited "$waited"
    # In the trace each wait begins and ends, the last of them with nobody waiting.
    jq -e '[.traceEvents[] | select(.cat == "wait")] | length == 1600 and (group_by([.pid, .id]) | length == 800 and
        all(map(.ph) == ["b", "e"] and .[0].ts <= .[1].ts))' r.trace
    jq -e '[.traceEvents[] | select(.name == "waiting")] | group_by(.pid) | length == 2 and
        all(max_by(.ts).args.downloads == 0)' r.trace
    kept=$(jq -r '.results[] | select(.mode == "threads") | if .kept_up < 0.5 then "did not keep up" else "kept up" end' r.json)
    grep -qE "<property name=\"threads/8\" value=\"$kept, [0-9.]+/s\"/>" r.junit
    grep -qF ' A thin line goes from when a download was due' r.html
}

@test "a dry run says when downloads are due, and how long that takes" {
    run "$CONC_BENCH" --dry-run --rate 100/s --mode threads --runs 2 --origin list
    exits_with 0
    says "they fall due at 100/s (even), over 1.99 s in each trial"
    says "Up to 600 requests go to the embedded origin, in about 6.27 s"
    # The rounds of a ranking take longer than the default: said beforehand, and by the run itself.
    run "$CONC_BENCH" --dry-run --rate 100/s --repeat 2 --mode threads,event-loop --origin list
    says "Up to 8,800 requests go to the embedded origin, within 30 s, or up to 61.4 s where a ranking needs it"
    run "$CONC_BENCH" --dry-run --rate 100/s --repeat 2 --mode threads,event-loop --time-budget 20s --origin list
    [[ "$output" == *"requests go to the embedded origin, within 20 s"$'\n'* ]]
    "$CONC_BENCH" --rate 200/s --runs 1 --warmup 0 --mode threads --no-progress --origin=latency=1ms list 2>errors >report
    grep -qx 'Up to 200 requests go to the embedded origin, in about 1.09 s\.' errors
}

@test "rates that mean nothing are refused, with what would work" {
    for rate in 0/s -5/s 500 10000001/s 5/m fast; do
        refuses "--rate must be a number of downloads a second, such as 500/s" --rate="$rate"
    done
    refuses "use --repeat 5" --rate 1000/s
    refuses "use --repeat 3" --rate 401/s
    refuses "--arrivals does nothing without --rate" --arrivals poisson
    refuses "--max-late does nothing without --rate" --max-late 1s
    refuses "--rate does not go with a sweep of --workers" --rate 100/s --workers 1..8
    refuses "--rate does not go with a sweep of --workers" --rate 100/s --workers auto
    refuses "--rate does not go with several --connections" --rate 100/s --connections fresh,reuse
    refuses "--rate does not go with --client" --rate 100/s --client 'mine=cat {list}'
    refuses "--rate does not go with --baseline" --rate 100/s --baseline list
    head -50 list >short
    run "$CONC_BENCH" --rate 10/s --origin short
    exits_with 2
    says "50 downloads at 10/s are too few to tell anything by, which takes 100 of them and 1 s: use --repeat 2"
}
