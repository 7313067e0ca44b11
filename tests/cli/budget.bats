# A time budget is for all of a run: warm-up, choice and rounds.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

urls() {
    seq -f 'http://a.test/%g' "$1"
}

# The trial before the one that began last in r.json had ended before so many seconds were over: how long a busy machine
# takes from there to the gate is not up to the budget.
last_begins_within() {
    holds r.json '[.results[].rounds[] | [.gate_s, .gate_s + .run_s]] | sort | .[-2][1] | . < $budget' --argjson budget "$1"
}

@test "no trial begins behind the budget, warm-up included" {
    # 0.6 s a round: without the warm-up counted, and with ten rounds, it would take longer.
    "$CONC_BENCH" --mode sync,threads --time-budget 4s --no-progress --export-json r.json --origin=latency=50ms \
        <(urls 10) >/dev/null
    last_begins_within 4
    holds r.json '.experiment.rounds_done < 10 and (.experiment.stop_reason | contains("time budget of 4 s"))'
}

@test "one round that does not fit is run all the same, and that is said before it is over" {
    run --separate-stderr "$CONC_BENCH" --mode sync,threads --workers 4 --time-budget 200ms --no-progress --export-json r.json \
        --origin=latency=100ms <(urls 12)
    exits_with 0
    [[ "$stderr" == "Note: One round does not fit the time budget of 0.2 s; "* ]]
    holds r.json '.results | length == 2 and all((.rounds | length) == 1)'
    holds r.json '.experiment.warmup_rounds == 0 and (.experiment.stop_reason | contains("held one round"))'
}

@test "a sweep and what it chose fit one budget" {
    "$CONC_BENCH" --mode sync,threads --workers 1,2,4,8,16 --time-budget 12s --no-progress --export-json r.json \
        --origin=latency=40ms <(urls 40) >/dev/null
    # A round of all takes 4.8 s; with three of them, and rounds of what was chosen, it would be 20 s.
    last_begins_within 12
    # On a busy machine the sweep takes more of it, and sync may be left out of what is left.
    holds r.json '([.results[] | select(.stage == "main")] | length) as $chosen | $chosen >= 1 and
        ($chosen >= 2 or (.warnings | any(test("^sync/1 was not measured again"))))'
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
    says "No verdict yet: threads/"
    holds r.json '.sweeps[0].sentence | contains("the most tried; more may be faster")'
}

# Rounds of each cell where, to the digit, one worker takes eight times as long as eight, twice over.
settle() {
    "$CONC_BENCH" --mode null --workers 1,8 --script 10ms --no-progress --export-json r.json "$@" \
        http://a.test/{1..16} >out.txt
    rounds=$(jq -c '[.results[] | {(.command): (.rounds | length)}] | add' r.json)
}

# The last jq program holds of them.
rounds_are() {
    jq -e "$1" <<<"$rounds" || { echo "rounds: $rounds"; return 1; }
}

@test "what takes several times as long leaves after three rounds, and the others go on" {
    settle --copies 2
    rounds_are '."null/1" == 3 and ."null#2/1" == 3 and ."null/8" > 4 and ."null#2/8" == ."null/8"'
    holds r.json '[.results[] | select(.workers == 1).rank] | all(. == [3, 4])'
}

@test "what an assertion names does not leave" {
    settle --copies 2 --assert 'null@1.time < 1m'
    rounds_are '."null/1" == ."null/8" and ."null#2/1" == 3'
}

@test "nor does anything where but one would go on, or rounds are counted" {
    settle
    rounds_are '."null/1" > 4 and ."null/1" == ."null/8"'
    settle --copies 2 --runs 5
    rounds_are 'all(. == 5)'
}
