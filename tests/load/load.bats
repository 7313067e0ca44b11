#!/usr/bin/env bats
# Many downloads in flight at once, from an origin that takes two seconds for each: none fails, none is done twice, and the
# origin sees as many connections as there are workers, or nearly.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# Two downloads for each worker, in the modes of the list $1 with $2 workers each, where $3 descriptors have to be
# allowed for it.
hold() {
    local modes=$1 workers=$2 descriptors=$3
    ulimit -n "$descriptors" 2>/dev/null || [ "$(ulimit -n)" -ge "$descriptors" ] ||
        skip "no more than $(ulimit -Hn) descriptors are allowed"
    run once --mode "$modes" --workers "$workers" --repeat $((2 * workers)) --origin=latency=2s --export-json r.json \
        --samples none http://a.test/
    exits_with 0
    holds r.json '.results | length == ($modes | split(",") | length)' --arg modes "$modes"
    # Where it takes longer than that until all have begun, who comes late finds a connection that is free again.
    holds r.json 'all(.results[]; .failures == 0 and .downloads == 2 * $workers
        and .connects <= $workers and .connects > 0.7 * $workers)' --argjson workers "$workers"
    # Far from what one after the other would take, whatever else the machine does meanwhile.
    holds r.json 'all(.results[]; .median < 2 * $workers / 20)' --argjson workers "$workers"
}

@test "10,000 downloads in flight in event loops, below 40 KiB of memory each" {
    hold event-loop,hybrid 10000 11000
    holds r.json '.results[] | select(.mode == "event-loop") | .peak_memory_bytes / 10000 < 40 * 1024'
}
@test "1,000 threads and 1,000 processes" { hold threads,processes 1000 5000; }

@test "a million downloads that cost nothing, with every report of every sample" {
    run once --mode null --workers 8 --repeat 1000000 --samples all --per-url --export-json r.json \
        --export-requests-csv r.csv http://a.test/
    exits_with 0
    [ "$(grep -c . r.csv)" -eq 1000001 ]
    holds r.json '.results[0].rounds[0].samples | length == 1000000'
    holds r.json '.per_url.urls[0].cells[0].count == 1000000'
}

@test "a million URLs: figures are kept of some, and what is said of all is of all" {
    seq -f 'http://a.test/page-%.0f.html' 1000000 >list
    run once --mode null --workers 8 --script 1ms,2ms,3ms --per-url --samples none --export-json r.json list
    exits_with 0
    says "The slowest 10 of 1000000 URLs"
    holds r.json '.per_url | .settled_urls == 1000000 and .totals[0].count == 1000000 and (.urls | length) == 1000'
    holds r.json '.per_url.urls | all(.cells[0].service_p50_s >= 0.003)'
    holds r.json '.per_url | .longest_p50_s < 0.003 and .longest_p90_s >= 0.003'
}

@test "more downloads than there is memory for are refused beforehand, with the figure" {
    run once --mode null --repeat 1000000000 http://a.test/
    exits_with 5
    says "MiB for their samples"
}
