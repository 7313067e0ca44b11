# Documents that somebody made large in one respect: what it takes to read them, and to make every report of them, is
# bounded by their size, whatever they say of themselves (docs/json.md).

load ../support/common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    once --origin --mode sync,threads --workers 2 --runs 1 --repeat 2 --samples all --export-json base.json \
        http://a.test/ http://b.test/ >/dev/null
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

bounded() {
    /usr/bin/python3 "$PROJECT_ROOT/tests/support/documents.py" measure "$CONC_BENCH" "$BATS_FILE_TMPDIR/base.json" "$@"
}

@test "downloads and workers that are claimed, and not there" { bounded claims 500; }
@test "one sample of many URLs a round" { bounded sparse 500; }
@test "workers without samples" { bounded idle_workers 60; }
@test "rounds of two cells" { bounded rounds 2500; }
@test "rounds that were dropped" { bounded dropped_rounds 4000; }
@test "rounds that failed" { bounded failed_rounds 4000; }
@test "cells that are compared with each other" { bounded cells 60; }
@test "cells of sweeps" { bounded swept_cells 500; }
@test "URLs" { bounded urls 100000; }
@test "URLs that the origin saw" { bounded origin_urls 50000; }
@test "options of requests" { bounded options 25000; }
@test "sources" { bounded sources 25000; }
@test "warnings" { bounded warnings 2500; }
@test "verdicts" { bounded verdicts 10000; }
@test "members that mean nothing" { bounded unknown_members 200000; }
@test "samples in places where none belong" { bounded misplaced_samples 20000; }

# Refused by place, at once: no run has what these have, and it would cost more than their size.
refused() {
    local why=$1
    jq "$2" "$BATS_FILE_TMPDIR/base.json" >refused.json
    run -2 "$CONC_BENCH" --import-json refused.json
    says "$why"
}

@test "what no run has is refused" {
    refused "results: more than 256 entries are compared with each other" \
        '.results[1] as $cell | .results = [range(257) | . as $i | $cell | .workers += $i]'
    refused "results: group 0 has round 19999, but no more than 1 rounds" '.results[].rounds[0].round = 19999'
    refused "urls[0]: longer than 32768 bytes" '.urls[0] = "http://a.test/" + "x" * 32768'
    refused "validity.dropped_rounds: not in the order of groups and rounds" \
        '.validity.dropped_rounds = [range(1001) | {group: 0, round: (2000 - .), reason: "x"}]'
}
