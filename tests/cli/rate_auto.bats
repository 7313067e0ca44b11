# The search of --rate auto. Mode null tells at once what a queue with its workers does, so that the answer is known to
# the digit; a real mode is held to bounds that a busy machine cannot break.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    seq -f 'http://a.test/%g' 20 >list
}

# seek OPTION...: a search, into r.json and report.
seek() {
    "$CONC_BENCH" --rate auto --no-progress --export-json r.json "$@" >report
}

@test "the highest rate is found within 5 %, and confirmed against the next step" {
    # So many workers, so many milliseconds for each download, and what they can do.
    for queue in 1:20:50 4:20:200 64:50:1280 3:7:428.6; do
        IFS=: read -r workers service capacity <<<"$queue"
        seek --mode null --script "${service}ms" --workers "$workers" list
        holds r.json '.rates | length == 1 and (.[0] | .is_confirmed and .rate_per_s > 0.95 * $capacity and
            .rate_per_s <= $capacity and .next_rate_per_s > $capacity and .next_rate_per_s < 1.05 * $capacity)' \
            --argjson capacity "$capacity"
        # Three times what it was at a tenth.
        holds r.json '.rates[0].limit_s * 1000 - 3 * $service | fabs < 0.001' --argjson service "$service"
        # Both were measured in the same three rounds of their own.
        holds r.json '.rates[0] as $rate | [.results[] | select(.stage == "main")] | length == 2 and
            ([.[].rate_per_s] == [$rate.rate_per_s, $rate.next_rate_per_s]) and ([.[].group] | unique | length == 1) and
            all(.rounds | length == 3)'
        # Such a search has ended.
        run ! grep -q 'too short' report
    done
}

@test "the highest rate is claimed, of each mode by what it held and what it did not" {
    run "$CONC_BENCH" --rate auto --no-progress --mode null --script 20ms --workers 4 --export-json r.json \
        --assert 'null.highest_rate > 190/s' --assert '*.highest_rate >= 202/s' --assert 'null@4.highest_rate < 300/s' \
        --assert 'null.highest_rate > 205/s' list
    exits_with 1
    says "PASS  null.highest_rate > 190/s [null/4]: it reached 200/s and not 205/s"
    says "INCONCLUSIVE  *.highest_rate >= 202/s [null/4]: it reached 200/s and not 205/s"
    says "PASS  null@4.highest_rate < 300/s [null/4]"
    says "FAIL  null.highest_rate > 205/s [null/4]: it reached 200/s and not 205/s"
    holds r.json '[.results[].highest_rate_per_s] | unique == [200]'
    holds r.json '[.verdicts[] | .verdict] == ["pass", "inconclusive", "pass", "fail"]'
    # The same of given rates, and again from a document; what no rate reached is below the lowest.
    run "$CONC_BENCH" --no-progress --mode null --script 20ms --workers 2 --rate 50/s..200/s --runs 1 --warmup 0 \
        --assert 'null.highest_rate >= 100/s' --assert 'null.highest_rate > 150/s' --export-json r.json list
    exits_with 4
    says "PASS  null.highest_rate >= 100/s [null/2]: it reached 100/s and not 200/s"
    says "UNMEASURABLE  null.highest_rate > 150/s [null/2]: it reached 100/s and not 200/s: it takes rates closer together"
    run "$CONC_BENCH" --import-json r.json --assert 'null.highest_rate > 200/s' --assert 'null.highest_rate > 99/s'
    exits_with 1
    says "FAIL  null.highest_rate > 200/s"
    # As docs/ci.md has it, of an earlier document.
    least=$(jq '[.rates[] | select(.mode == "null").rate_per_s] | max * 0.9' r.json)
    run "$CONC_BENCH" --import-json r.json --assert "null.highest_rate > $least/s"
    exits_with 0
    says "PASS  null.highest_rate > 90/s"
    run "$CONC_BENCH" --import-json r.json --assert 'null.highest_rate > 200/s' --assert 'null.highest_rate > 99/s'
    says "PASS  null.highest_rate > 99/s"
    run "$CONC_BENCH" --no-progress --mode null --script 20ms --workers 2 --rate 400/s,1600/s --runs 1 --warmup 0 \
        --assert 'null.highest_rate > 500/s' list
    exits_with 1
    says "it did not reach 400/s, the lowest that was tried"
    run "$CONC_BENCH" --no-progress --mode threads --rate 400/s --assert '*.highest_rate > 500/s' --origin list
    exits_with 2
    says "highest_rate takes several rates: add --rate auto, or a range such as --rate 100/s..3200/s"
}

@test "the highest rates of two modes are compared" {
    "$CONC_BENCH" --no-progress --mode sync,threads --workers 8 --rate 20/s,400/s --runs 1 --warmup 0 \
        --assert 'threads.highest_rate / sync.highest_rate >= 1' --origin=latency=30ms,size=10 list >report || true
    tr -s '\n ' ' ' <report | grep -qE 'highest_rate / sync.highest_rate >= 1 \[threads/8\]: threads/8 .*; sync/1 .* 400/s'
}

@test "an objective bounds the rate before the workers do" {
    # One worker, 1, 1 and 70 ms in turn, could do 41/s. Every 37 ms the first of them waits 33 ms for the last, so that
    # they take 34, 1 and 70 ms.
    seek --mode null --script 1ms,1ms,70ms --workers 1 --slo 'mean < 35ms' list
    grep -q 'null holds [0-9.]*/s: mean of response below 35 ms' report
    holds r.json '.rates[0] | .limit_s == 0.035 and .rate_per_s > 0.95 * 27 and .rate_per_s < 1.06 * 27'
    holds r.json '.workload.objective == {figure: "mean", limit_s: 0.035, factor: null}'
    holds r.json '[.results[] | select(.stage == "main") | .kept_up] == [1, 1]'
    seek --mode null --script 1ms,1ms,70ms --workers 1 --slo 'max < 1s' list
    holds r.json '.rates[0] | .rate_per_s > 38 and .rate_per_s < 43'
    seek --mode null --script 20ms --workers 1 --slo 'p99 < 10ms' list
    grep -q 'null no rate that was tried' report
    holds r.json '.rates[0].rate_per_s == null and .recommended == null'
}

@test "of several numbers of workers the fewest that are enough are confirmed" {
    seek --mode null --script 20ms --workers 1..4 list
    holds r.json '[.rates[] | [.workers, .is_confirmed, .rank_low]] == [[4, true, 1], [2, false, 2], [1, false, 3]]'
    holds r.json '.recommended | .workers == 4'
    grep -q 'null/4 holds 200/s: p99 of response' report
    [ "$(awk 'length > 80' report | wc -l)" -eq 0 ]
}

@test "a real mode is searched, and reports of that are the same when they are made again" {
    "$CONC_BENCH" --rate auto --slo 'p99 < 2s' --mode sync,threads --workers 4 --no-progress --time-budget 25s \
        --origin=latency=20ms,size=10 --export-json r.json --export-csv r.csv --export-markdown r.md --export-html r.html \
        list >report
    # One at a time there are at most 50/s, and four at most 200/s. On a busy machine there may be no time to go below the
    # first rate that is not held.
    holds r.json '.rates | length == 2 and (.[] | select(.mode == "sync") | .rate_per_s // .next_rate_per_s
        | . > 10 and . < 52)'
    holds r.json '.rates[] | select(.mode == "threads") | .rate_per_s // .next_rate_per_s | . > 50 and . < 207'
    # A search keeps no single downloads.
    holds r.json '[.results[] | select(.stage == "sweep") | .rounds[].samples] | unique == [null]'
    same_again
    answer=$(jq -r .answer r.json)
    grep -qF "$answer" r.md
    grep -qF "$answer" r.html
    # The objective is a line of the chart.
    grep -o '"rates":\[.*\],"timelines"' r.html | sed 's/^"rates"://; s/,"timelines"$//' | jq -e 'all(.limit == 2)'
}

@test "a search that has no time left says what it knows" {
    seek --mode threads --workers 4 --time-budget 3s --origin=latency=20ms,size=10 list
    tr -s '\n ' ' ' <report >joined
    grep -q 'The time budget of 3 s was too short for the whole search: use a longer --time-budget' joined
    grep -q 'Not confirmed by rounds of its own: threads (' joined
    holds r.json '.rates[0].is_confirmed | not'
}

@test "an interrupted search reports what it has" {
    "$CONC_BENCH" --rate auto --mode threads --workers 4 --no-progress --origin=latency=20ms,size=10 \
        --export-json r.json list >report 2>&1 &
    program=$!
    until_true find_cell
    kill -TERM "$program"
    status=0
    wait "$program" || status=$?
    [ "$status" -eq 143 ]
    grep -q '^Interrupted (SIGTERM)' report
}

@test "a dry run of a search says what is searched, and within which time" {
    run "$CONC_BENCH" --dry-run --rate auto --mode sync,threads --workers 1..4 --origin list
    exits_with 0
    says "Requests go to the embedded origin at rates that rise until they are not held, within 120 s"
    says "a search for the highest rate of sync/1 threads/1 threads/2 threads/4"
}

@test "searches that mean nothing are refused, with what would work" {
    for bound in 'p99' 'p99 < 0s' 'p99 < 200' 'p99 > 1s' 'throughput < 5s' 'wait_p99 < 1s' 'p90 < 1s' 'p99 < 1s 2' ''; do
        refuses "must be a bound of a figure of response times (mean, p50, p95, p99 or max), such as 'p99 < 200ms'" \
            --rate auto "--slo=$bound"
    done
    refuses "--slo says what --rate auto searches for: add that" --slo 'p99 < 1s'
    refuses "--slo says what --rate auto searches for: add that" --slo 'p99 < 1s' --rate 500/s
    refuses "--repeat does nothing with --rate auto" --rate auto --repeat 2
    refuses "--runs does not go with --rate auto" --rate auto --runs 3
    refuses "--workers auto does not go with several rates" --rate auto --workers auto
    refuses "--rate does not go with several --connections" --rate auto --connections fresh,reuse
    refuses "assert the highest rate of the earlier result by --assert, such as '*.highest_rate > 500/s'" --rate auto \
        --baseline list
    refuses "--rate does not go with --client" --rate auto --client 'mine=cat {list}'
}
