# A time budget is for all of a run: warm-up, choice and rounds.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

urls() {
    seq -f 'http://a.test/%g' "$1"
}

@test "no trial begins behind the budget, warm-up included" {
    # 0.6 s a round: without the warm-up counted, and with ten rounds, it would take longer.
    "$CONC_BENCH" --mode sync,threads --time-budget 4s --no-progress --export-json r.json --origin=latency=50ms \
        <(urls 10) >/dev/null
    holds r.json '[.results[].rounds[].gate_s] | max < 4.5'
    holds r.json '.experiment.rounds_done < 10 and (.experiment.stop_reason | contains("time budget of 4 s"))'
}

@test "one round that does not fit is run all the same, and that is said before it is over" {
    run --separate-stderr "$CONC_BENCH" --mode sync,threads --workers 4 --time-budget 200ms --no-progress --export-json r.json \
        --origin=latency=100ms <(urls 12)
    exits_with 0
    [[ "$stderr" == "Note: one round does not fit the time budget of 0.2 s; "* ]]
    holds r.json '.results | length == 2 and all((.rounds | length) == 1)'
    holds r.json '.experiment.warmup_rounds == 0 and (.experiment.stop_reason | contains("held one round"))'
}

@test "a sweep and what it chose fit one budget" {
    "$CONC_BENCH" --mode sync,threads --workers 1,2,4,8,16 --time-budget 12s --no-progress --export-json r.json \
        --origin=latency=40ms <(urls 40) >/dev/null
    # A round of all takes 4.8 s; with three of them, and rounds of what was chosen, it would be 20 s.
    holds r.json '[.results[].rounds[].gate_s] | max < 12.5'
    holds r.json '[.results[] | select(.stage == "main")] | length >= 2'
    holds r.json '.sweeps[] | select(.mode == "threads") | .enough_workers >= 4'
}

@test "a sweep that its budget does not hold leaves out what takes longest, and says so" {
    run "$CONC_BENCH" --mode threads --workers 1,2,4,8,16 --time-budget 2s --details --no-progress --export-json r.json \
        --origin=latency=40ms <(urls 40)
    exits_with 0
    says "were not measured"
    holds r.json '[.sweeps[0].points[].workers] | index(1) == null and index(16) != null'
}

@test "a search that its budget does not hold is called no answer" {
    # One at a time takes 16 s, of which it gets a quarter of the budget; with 8 workers it takes 2 s, with 16 1.2 s, and
    # then two thirds of the budget are over.
    run "$CONC_BENCH" --details --mode threads --workers auto --time-budget 6s --no-progress --export-json r.json \
        --origin=latency=400ms <(urls 40)
    exits_with 0
    says "too short to find the best number of workers"
    says "threads/1 was left out"
    says "No number of workers is found yet: threads/"
    holds r.json '.sweeps[0].sentence | contains("the most tried; more may be faster")'
}

# Rounds of each mode with --runs auto and a sync that takes eight times as long.
settle() {
    "$CONC_BENCH" --mode sync,threads,event-loop --workers 8 --time-budget 30s --no-progress --export-json r.json \
        --origin=latency=50ms "$@" <(urls 16) >out.txt
    # What the first rounds did not settle, since the machine was too busy, is no matter for this test.
    jq -c '[.results[] | {(.mode): (.rounds | length)}] | add' r.json
}

@test "a mode that takes several times as long leaves after three rounds, and the others go on" {
    rounds=$(settle)
    jq -e '(.sync == 3 or .sync == 4 or .sync == .threads) and .threads == .["event-loop"] and .threads > 4' <<<"$rounds"
}

@test "a mode that a claim names does not" {
    rounds=$(settle --assert 'sync.time < 1m')
    jq -e '.sync == .threads and .threads == .["event-loop"]' <<<"$rounds"
}

@test "nor does any where rounds are counted" {
    "$CONC_BENCH" --mode sync,threads,event-loop --workers 8 --runs 5 --no-progress -q --export-json r.json \
        --origin=latency=50ms <(urls 16) >out.txt
    holds r.json '.results | all((.rounds | length) == 5)'
}
