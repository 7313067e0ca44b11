# The conclusions from the rounds: ranks, policies, sweeps, assertions, baselines, exit statuses.
#
# Verdicts are about times, and a machine that does something else meanwhile keeps every wake-up waiting for milliseconds.
# So there are few downloads, each with a latency beside which that is little: what is told apart differs by factors.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

# So many URLs (48).
urls() {
    seq -f 'http://a.test/%g' "${1:-48}"
}

sync_is_last() {
    holds r.json '.results | map({(.mode): .rank}) | add | .sync == [3, 3] and .threads[1] <= 2' &&
        holds r.json '.results[] | select(.mode == "threads") | .speedup.low > 2 and .speedup.confidence >= 0.95'
}

# Where a machine has no core to spare, only by a greater latency.
@test "sync is ranked last, and told apart from what is concurrent" {
    local latency
    for latency in 20ms 80ms 320ms; do
        run "$CONC_BENCH" --details --mode sync,threads,event-loop --runs 8 --no-progress --export-json r.json \
            --origin=latency=$latency <(urls 16)
        exits_with 0
        ! sync_is_last >/dev/null || break
    done
    sync_is_last
    holds r.json '[.diagnosis[].label] | index("io_bound") != null'
    holds r.json '.recommended.mode != "sync"'
    says "I/O-bound"
    says "Recommended: "
}

@test "fewer than five rounds claim no interval and no rank of what is about as fast" {
    run "$CONC_BENCH" --details --mode sync --copies 2 --runs 4 --no-progress --export-json r.json --origin=latency=1ms <(urls)
    exits_with 0
    holds r.json '[.results[] | .rank == null and .time_s.confidence == 0 and .speedup.confidence == 0] | all'
    says "at least 5 are needed"
    says "range of rounds"
    says_not "95 % interval"
}

@test "what takes more than four times as long ranks by three rounds, and the report says why" {
    # Long enough that nothing a busy machine does doubles the time of a trial, which would forbid it.
    run "$CONC_BENCH" --details --mode sync,threads,event-loop --workers 12 --runs 3 --warmup 0 --no-progress \
        --export-json r.json --origin=latency=400ms <(urls 12)
    exits_with 0
    holds r.json '.results | map({(.mode): .rank}) | add | .sync == [3, 3] and .threads == [1, 2]'
    holds r.json '.results[] | select(.mode == "threads") | .speedup.low > 1 and .speedup.confidence == 0.95'
    says "sync/1 took more than 4 times as long as any other in each of 3 rounds"
    says "3 rounds do not tell the fastest apart"
}

@test "CPU work crosses from I/O-bound to CPU-bound" {
    # One at a time, 1 of 61 ms is computing, and stays little where the machine gives a tenth of a core.
    run "$CONC_BENCH" --details --mode sync,event-loop --workers 48 --runs 2 --warmup 0 --no-progress --cpu-work 1ms \
        --export-json r.json --origin=latency=60ms <(urls)
    exits_with 0
    holds r.json '[.diagnosis[] | select(.label == "io_bound").sentence] | length == 1 and (.[0] | contains("sync/1"))'
    # 48 at once, it is 48 of 108 ms; how near to that the event loop comes is up to what else the machine does.
    holds r.json '.results | map({(.mode): .cores_used}) | add | ."event-loop" > 2 * .sync'
    holds r.json '[.diagnosis[].label] | index("crossing") != null'
}

# Load on every core that ends by itself; `kill "${busy[@]}"` ends it earlier.
keep_cores_busy() {
    busy=()
    for ((i = 0; i < 2 * $(nproc); i++)); do
        timeout 120 sh -c 'while :; do :; done' &
        busy+=($!)
    done
}

@test "waiting for a core is not told as waiting for the network" {
    keep_cores_busy
    run "$CONC_BENCH" --mode sync,threads --workers 8 --runs 3 --warmup 0 --no-progress --cpu-work 20ms --export-json r.json \
        --origin=latency=2ms <(urls 24)
    kill "${busy[@]}"
    exits_with 0
    # With 3 of 4 or 5 of 6 parts of the cores taken, each takes several times its 20 ms; of that, what the server and the
    # link take is a few.
    holds r.json '[.diagnosis[] | select(.label == "io_bound")] == []'
    holds r.json '[.diagnosis[] | select(.label == "cpu_bound").sentence] | any(contains("threads/8"))'
    holds r.json '[.diagnosis[] | select(.label == "crossing").sentence | capture("waits (?<n>[0-9.]+) ms") | .n | tonumber] |
        length == 0 or .[0] < 20'
}

@test "what other processes take of the cores is told with the embedded origin, too" {
    keep_cores_busy
    run "$CONC_BENCH" --mode sync --runs 3 --warmup 0 --no-progress --export-json r.json --origin=latency=20ms <(urls 24)
    kill "${busy[@]}"
    exits_with 0
    holds r.json '[.diagnosis[] | select(.label == "noisy_host").sentence] | length == 1 and (.[0] | contains("other processes"))'
}

@test "a limit on the other side is called one" {
    run "$CONC_BENCH" --details --mode sync,threads,event-loop --workers 16 --runs 3 --no-progress --export-json r.json \
        --origin=latency=5ms,limit=50/s <(urls 24)
    exits_with 0
    # Whether the rates are the same within 2 % depends on what else the machine does.
    holds r.json '[.diagnosis[].label] | index("rate_limited") != null or index("server_saturated") != null'
    # 24 downloads at 50 a second, whoever asks; without the limit it would be 2,000.
    holds r.json '[.results[] | select(.workers > 1).downloads_per_s | . > 20 and . < 55] | all'
}

@test "refusals with 503 are called a rate limit, and modes that fail are not ranked" {
    run "$CONC_BENCH" --details --mode threads,event-loop --runs 6 --no-progress --export-json r.json \
        --origin=latency=1ms,errors=20% <(urls)
    exits_with 3
    holds r.json '[.diagnosis[].label] | index("rate_limited") != null'
    run "$CONC_BENCH" --details --mode threads,event-loop --runs 6 --no-progress --allow-failures -q \
        --origin=latency=1ms,errors=20% <(urls)
    exits_with 0
}

@test "warm connections are opened outside the clock, fresh ones for every download" {
    for policy in reuse fresh warm; do
        "$CONC_BENCH" --details --mode all --workers 4 --runs 2 --no-progress -q --connections $policy --export-json $policy.json \
            --origin=latency=1ms <(urls)
    done
    holds reuse.json '[.results[] | .connects >= 1 and .connects <= .workers] | all'
    holds fresh.json '[.results[] | .connects == 48] | all'
    holds warm.json '[.results[] | .connects == 0] | all'
    holds warm.json '[.results[] | .workers as $w | .rounds[].warm_requests == $w] | all'
    holds warm.json '[.results[] | .workers as $w | .rounds[].witness | .connections == $w and .requests == 48 + $w] | all'
}

@test "with fresh and kept connections in the same rounds a gain is taken apart" {
    run "$CONC_BENCH" --details --mode sync,threads --workers 4 --runs 6 --no-progress --connections fresh,reuse \
        --export-json r.json --export-markdown r.md --export-html r.html --origin=latency=20ms <(urls 16)
    exits_with 0
    says 'gain over sync:fresh/1'
    says ': concurrency makes it '
    holds r.json '[.results[] | .mode, .connects] == ["sync:fresh", 16, "sync:reuse", 1, "threads:fresh", 16, "threads:reuse", 4]'
    holds r.json '.gains | .mode == "sync:fresh" and ([.cells[].mode] | sort) == ["sync:reuse", "threads:reuse"]'
    # Four downloads of 20 ms at once, over loopback: nearly all of it is concurrency.
    holds r.json '.gains.cells[] | select(.mode == "threads:reuse") | .concurrency.value > 2 and .connections.value < 2'
    # The two make the whole in every round, and so nearly in the estimates: more nearly where rounds are alike.
    holds r.json '.gains.cells[] | select(.mode == "threads:reuse")
        | .concurrency.value * .connections.value / .total.value | . > 0.6 and . < 1.6'
    holds r.json '.gains.sentence as $s | $s | test("^threads:reuse/4 is .* as fast as sync:fresh/1: ")'
    grep -qF 'gain over sync:fresh/1' r.md
    grep -qF 'The gain, taken apart' r.html
}

@test "what a sweep chose is measured with all kinds of connections, and taken apart" {
    run "$CONC_BENCH" --details --mode sync,threads --workers 1,2,4 --runs 3 --no-progress --connections fresh,reuse \
        --export-json r.json --origin=latency=5ms <(urls)
    exits_with 0
    holds r.json '[.results[] | select(.stage == "main" and .mode == "threads:reuse") | .workers]
        == [.results[] | select(.stage == "main" and .mode == "threads:fresh") | .workers]'
    holds r.json '.gains.cells | length >= 2'
}

@test "phases make the service time, and a kept connection takes none" {
    run "$CONC_BENCH" --details --mode sync,event-loop --workers 4 --runs 3 --no-progress --connections fresh,reuse \
        --cpu-work 100us --export-json r.json --origin=latency=5ms <(urls)
    exits_with 0
    says 'wait ms'
    says 'work ms'
    # In each round, but for rounding; of medians over rounds it need not hold.
    holds r.json '(.sample_columns | index("service_s")) as $s | [.results[].rounds[]
        | (.downloads.phase_sums_s | .name_lookup + .connect + .tls + .wait + .receive) / ([.samples[][$s]] | add)
        | . > 0.999 and . < 1.001] | all'
    holds r.json '[.results[].wait_s >= 0.005] | all'
    # As many downloads took time to connect as there were connections.
    holds r.json '(.sample_columns | index("connect_s")) as $c | [.results[].rounds[]
        | ([.samples[] | select(.[$c] > 0)] | length) == .downloads.connects] | all'
    holds r.json '[.results[] | select(.connections == "fresh").connect_s > 0] | all'
    # Half of that, at the least: it was calibrated at another moment. Without work it is less than a microsecond.
    holds r.json '[.results[].work_s > 0.00003] | all'
    run "$CONC_BENCH" --details --mode sync --runs 1 --no-progress --origin=latency=1ms <(urls)
    exits_with 0
    says_not 'work ms'
    says_not 'TLS'
}

@test "copies of one mode are a tie" {
    run "$CONC_BENCH" --details --mode event-loop --copies 3 --runs 7 --seed 3 --no-progress --export-json r.json \
        --origin=latency=10ms <(urls)
    exits_with 0
    holds r.json '[.results[].mode] == ["event-loop", "event-loop#2", "event-loop#3"]'
    # Three modes that are the same differ by chance in one of twenty runs; by this much never.
    holds r.json '[.results[].median] | max / min < 3'
}

@test "a handicapped copy is found out" {
    run "$CONC_BENCH" --details --mode sync --copies 2 --handicap 100% --runs 8 --no-progress --export-json r.json \
        --origin=latency=20ms <(urls 8)
    exits_with 0
    holds r.json '.results[0].rank == [1, 1] and .results[1].rank == [2, 2]'
    # Half as fast.
    holds r.json '.results[1].speedup | .low > 0.25 and .high < 0.85'
}

@test "a sweep finds how many workers are enough, and measures them again" {
    run "$CONC_BENCH" --details --mode sync,threads --workers 1,2,4,8 --runs 5 --no-progress --export-json r.json \
        --origin=latency=20ms <(urls 16)
    exits_with 0
    holds r.json '[.sweeps[] | select(.mode == "threads") | .points[].workers] == [1, 2, 4, 8]'
    holds r.json '.sweeps[] | select(.mode == "threads") | .enough_workers >= 4'
    holds r.json '[.results[] | select(.stage == "main") | .mode] == ["sync", "threads"]'
    holds r.json '.results[] | select(.stage == "main" and .mode == "threads") | .rounds_counted == 5'
    # Against the bound: one worker is all its own bound; two come near theirs.
    holds r.json '.sweeps[] | select(.mode == "threads") | .points[0].efficiency > 0.7 and .points[1].efficiency > 0.5'
}

@test "with a server that serves only so many at once, more workers are not enough" {
    run "$CONC_BENCH" --details --mode event-loop --workers 2,8,32 --runs 5 --no-progress --export-json r.json \
        --origin=latency=5ms,limit=150/s <(urls)
    exits_with 0
    # 150 a second: two workers reach it if a download takes no longer than 13 ms, and 32 do no better. Without the limit
    # they would do nearly 16 times as well.
    holds r.json '[.results[] | select(.stage == "sweep").downloads_per_s] | length == 3 and .[2] < 2 * .[0]'
}

@test "--workers auto searches by itself" {
    run "$CONC_BENCH" --details --mode threads --workers auto --runs auto --time-budget 12s --no-progress --export-json r.json \
        --origin=latency=20ms,limit=100/s <(urls 24)
    exits_with 0
    # Two of 20 ms reach 100 a second, and four do if a download takes no longer than 40 ms.
    holds r.json '.sweeps[0] | .enough_workers >= 2 and .enough_workers <= 32'
    # One at a time, once; then upwards.
    holds r.json '[.sweeps[0].points[].workers] | index(1) != null and index(8) != null and index(16) != null'
    holds r.json '[.results[] | select(.workers == 1 and .stage == "sweep").rounds | length] == [1]'
    holds r.json '[.results[] | select(.stage == "main")] | length >= 1'
}

@test "assertions: holding, failing, and too few rounds to tell" {
    # In none of six rounds may it look otherwise: 80 against 640 ms, of which a stall can make a part.
    run "$CONC_BENCH" --details --mode sync,threads --runs 6 --warmup 0 --no-progress --origin=latency=40ms \
        --assert 'threads.time / sync.time < 0.5' --assert '*.failures == 0' --assert 'sync.time < 1m' <(urls 16)
    exits_with 0
    says "PASS  threads.time / sync.time < 0.5"
    run "$CONC_BENCH" --details --mode sync,threads --runs 6 --warmup 0 --no-progress -q --origin=latency=40ms --export-json r.json \
        --assert 'sync.time / threads.time < 0.5' <(urls 16)
    exits_with 1
    says "FAIL  sync.time / threads.time < 0.5"
    holds r.json '.verdicts[0] | .verdict == "fail" and .limit == 0.5 and .low > 0.5'
    run "$CONC_BENCH" --details --mode sync --runs 2 --no-progress -q --origin=latency=2ms --assert 'sync.time < 1m' <(urls)
    exits_with 4
    says "UNMEASURABLE"
}

@test "an assertion that does not parse is pointed at, and nothing runs" {
    run "$CONC_BENCH" --details --mode sync --origin --assert 'sync.tme < 1s'
    exits_with 2
    says 'did you mean "time"'
    [[ "$output" == *$'\n    sync.tme < 1s\n         ^'* ]]
    run "$CONC_BENCH" --details --mode sync --origin --assert 'threads.time < 1s'
    exits_with 2
    says "add it to --mode"
    run "$CONC_BENCH" --details --mode threads --workers 8 --origin --assert 'threads@4.time < 1s'
    exits_with 2
    says "add them to --workers"
}

@test "a baseline: the same holds, slower fails, other circumstances are refused" {
    run "$CONC_BENCH" --details --mode sync,threads --runs 6 --no-progress -q --export-json base.json --origin=latency=25ms <(urls 8)
    exits_with 0
    run "$CONC_BENCH" --details --mode sync --runs 6 --no-progress -q --baseline base.json --max-slowdown 100% \
        --origin=latency=25ms <(urls 8)
    exits_with 0
    says "PASS  sync/1 at most 100 % slower"
    run "$CONC_BENCH" --details --mode sync,threads --runs 6 --no-progress -q --baseline base.json --origin=latency=100ms <(urls 8)
    exits_with 2
    says "latency 25 ms"
    says "--force-baseline"
    run "$CONC_BENCH" --details --mode sync --runs 6 --no-progress -q --baseline base.json --force-baseline \
        --origin=latency=100ms <(urls 8)
    exits_with 1
    says "FAIL  sync/1"
    run "$CONC_BENCH" --details --mode sync,threads --baseline base.json --origin=latency=25ms <(seq -f 'http://a.test/%g' 9)
    exits_with 2
    says "list of URLs"
    run "$CONC_BENCH" --details --mode hybrid --baseline base.json --origin=latency=25ms <(urls 8)
    exits_with 2
    says "none of the modes"
    head -c 500 base.json >cut.json
    run "$CONC_BENCH" --details --mode sync --baseline cut.json --origin=latency=25ms <(urls 8)
    exits_with 2
    says "cut.json is damaged: line"
    sed 's,conc-bench/2,conc-bench/9,' base.json >other.json
    run "$CONC_BENCH" --details --mode sync --baseline other.json --origin=latency=25ms <(urls 8)
    exits_with 2
    says 'schema is "conc-bench/9"'
}

@test "a folder of results is a history: what is usual passes, slower fails, what does not fit is left out" {
    mkdir history
    run "$CONC_BENCH" --details --mode sync --runs 5 --warmup 0 --no-progress -q --baseline history --export-json history/0.json \
        --origin=latency=25ms <(urls 8)
    exits_with 0
    says "history holds no result yet"
    for i in 1 2 3 4; do
        "$CONC_BENCH" --mode sync --runs 5 --warmup 0 --no-progress -q --export-json "history/$i.json" --origin=latency=25ms <(urls 8)
    done
    "$CONC_BENCH" --mode sync --runs 5 --warmup 0 --no-progress -q --export-json history/other.json --origin=latency=25ms <(urls 9)
    # It is not several times as slow, however busy the machine is.
    run "$CONC_BENCH" --details --mode sync --runs 5 --warmup 0 --no-progress -q --baseline history --max-slowdown 900% \
        --export-json r.json --origin=latency=25ms <(urls 8)
    [[ $status == [04] ]]
    says "sync/1 at most 900 % slower than before"
    says "1 of 6 results in history are left out of the baseline: history/other.json cannot be compared with: its list of URLs"
    # From a document, and ten times as slow as any of them.
    jq '.results[].rounds[] |= (.run_s *= 10 | .time_s *= 10)' r.json >slow.json
    run "$CONC_BENCH" --details --import-json slow.json --baseline history --baseline r.json
    exits_with 1
    says "FAIL  sync/1 at most 5 % slower than before"
}

@test "rounds are balanced: each mode stands in each place equally often" {
    run "$CONC_BENCH" --details --mode sync,threads,event-loop --runs 6 --no-progress -q --export-json r.json --origin=latency=1ms <(urls)
    exits_with 0
    holds r.json '[.results[] | [.rounds[].position] | sort] | all(. == [0, 0, 1, 1, 2, 2])'
}

@test "--dry-run tells of a sweep and of a search" {
    run "$CONC_BENCH" --dry-run --mode sync,threads --workers 1,2,4 --origin
    exits_with 0
    says "first a sweep of sync/1 threads/1 threads/2 threads/4"
    run "$CONC_BENCH" --dry-run --mode sync,threads --workers auto --origin
    exits_with 0
    says "first a search for the number of workers of sync threads"
}
