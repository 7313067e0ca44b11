# Several rates in one run: what each mode keeps up with. Times that are exact come from mode null, which knows what it
# does: with so many workers that take so long for a download it keeps up with workers / time, and with no more.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    seq -f 'http://a.test/%g' 20 >list
}

# sweep OPTION...: one round without a warm-up, into r.json and report.
sweep() {
    once --export-json r.json "$@" >report
}

@test "a sweep tells up to which rate a mode keeps up, and does not ask for twice what it missed" {
    # Two workers, 20 ms each: 100/s.
    sweep --mode null --script 20ms --workers 2 --rate 50/s..800/s list
    grep -q 'null keeps up to 100/s\.$' report
    grep -q 'Not measured, having clearly missed half of that: null/2 from 400/s on' report
    holds r.json '[.results[] | [.rate_per_s, .kept_up, .planned_downloads]] ==
                  [[50, 1, 100], [100, 1, 200], [200, 0, 400]]'
    holds r.json '[.results[].stage] | unique == ["main"]'
    holds r.json '.rates | length == 1 and .[0].rate_per_s == 100 and .[0].next_rate_per_s == 200 and
                  .[0].flat_rate_per_s == 100'
    holds r.json '.results[0].rounds[0].samples | length == 100 and (.[99][3] == 1.98)'
    # An assertion is about each rate, and fails where nobody keeps up.
    run "$CONC_BENCH" --mode null --script 20ms --workers 2 --rate 50/s,200/s --runs 5 --no-progress \
        --assert 'null.response_p99 <= 20ms' list
    exits_with 1
    says "PASS  null.response_p99 <= 20ms [null/2 at 50/s]"
    says "FAIL  null.response_p99 <= 20ms [null/2 at 200/s]"
    # A rate above one that is missed by little is measured.
    sweep --mode null --script 20ms --workers 2 --rate 105/s,210/s list
    holds r.json '[.results[] | [.rate_per_s, .kept_up]] == [[105, 0], [210, 0]]'
    holds r.json '.recommended == null and .rates[0].rate_per_s == null'
    grep -q 'null stops at 100/s' report
}

@test "modes and numbers of workers are ranked by their rates, and responses are flat up to the knee" {
    sweep --mode null --script 20ms --workers 1,2,4 --rate 40/s,80/s,160/s list
    holds r.json '[.rates[] | [.workers, .rate_per_s, .rank_low, .rank_high]] ==
                  [[4, 160, 1, 1], [2, 80, 2, 2], [1, 40, 3, 3]]'
    holds r.json '.recommended == {mode: "null", workers: 4, reason: "no other keeps up as far"}'
    # One worker, 1, 1 and 70 ms in turn: at 40/s two of three wait, 45 and 21 ms, and at 20/s one for 20 ms.
    sweep --mode null --script 1ms,1ms,70ms --workers 1 --rate 10/s,20/s,40/s list
    holds r.json '.rates[0] | .rate_per_s == 40 and .flat_rate_per_s == 20'
    grep -q 'Response stays flat up to 20/s with null' report
}

@test "reports of a sweep say the same in every form, and again when they are made from its document" {
    "$CONC_BENCH" --mode sync,threads --workers 4 --rate 50/s,100/s,400/s --runs 2 --no-progress --no-isolate \
        --origin=latency=15ms,size=10 --export-json r.json --export-csv r.csv --export-markdown r.md \
        --export-html r.html list >report
    # It is open which modes keep up in this noise, but sync surely does not with six times what it can do.
    holds r.json '.rates | length == 2 and (.[] | select(.mode == "sync") | .rate_per_s == null or .rate_per_s < 100)'
    holds r.json '[.results[] | select(.mode == "sync").rate_per_s] | index(400) == null'
    [ "$(awk 'length > 80' report | wc -l)" -eq 0 ]
    [ "$(wc -l <report)" -le 20 ]
    answer=$(jq -r .answer r.json)
    tr -s '\n ' ' ' <report | grep -qF "$answer"
    grep -qF "$answer" r.md
    grep -qF "$answer" r.html
    [ "$(head -1 r.csv | cut -d, -f1-4)" = 'mode,workers,rate_per_s,stage' ]
    grep -q '^"threads",4,100,main' r.csv
    same_again
}

@test "the page draws response times against the rate" {
    sweep --mode null --script 20ms --workers 2 --rate 50/s..200/s --export-html r.html list
    grep -q '<canvas id="rates"' r.html
    # [rate, the figure of response times in seconds or null, whether it kept up]
    grep -o '"rates":\[.*\],"timelines"' r.html | sed 's/^"rates"://; s/,"timelines"$//' >rates.json
    jq -e '.[0] | .name == "null" and .highest == 100 and ([.points[][0]] == [50, 100, 200]) and
           ([.points[][2]] == [true, true, false]) and .points[2][1] == null' rates.json
    # A percentile that 100 downloads can carry.
    grep -q '"figure":"p95"' r.html
    jq -e '[.[].points[] | select(.[2]) | .[1]] | length > 0 and all(. > 0)' rates.json
}

@test "a dry run says what each rate takes" {
    run "$CONC_BENCH" --dry-run --rate 25/s..100/s --mode threads --origin list
    exits_with 0
    says "at 25/s (even) 100 fall due, over 3.96 s"
    says "at 100/s (even) 200 fall due, over 1.99 s"
    says "Up to 1,300 requests go to the embedded origin, in about 28.8 s"
}

@test "several rates that mean nothing are refused, with what would work" {
    refuses "write 100/s..200/s" --rate 200/s..100/s
    refuses "several such as 100/s..3200/s, which doubles" --rate 100..200/s
    refuses "several such as 100/s..3200/s, which doubles" --rate 100/s..
    refuses "several such as 100/s..3200/s, which doubles" --rate 100/s,,200/s
    refuses "--workers auto does not go with several rates: give numbers of workers, such as 1..64" \
        --rate 100/s,200/s --workers auto
    refuses "--rate does not go with several --connections" --rate 100/s,200/s --connections fresh,reuse
    refuses "more than the 256 of one run" --rate 1/s..1000000/s --workers 1..8
}
