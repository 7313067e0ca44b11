# Servers that are not there, or say nothing: the run ends soon, and says why.

load ../support/common
load ../support/faults

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    start_faults
}

teardown() {
    stop_faults
}

# Runs with URLs of an authority, 40 of them.
ask() {
    local authority=$1
    shift
    SECONDS=0
    run --separate-stderr "$CONC_BENCH" --no-progress --export-json r.json "$@" "http://$authority/"{1..40}
    output+=$stderr
    # One after the other, with every timeout, it would take longer than that in each mode.
    [ "$SECONDS" -lt 30 ] || { echo "took $SECONDS s"; return 1; }
}

@test "nobody listens: exit 3 with the cause, no table, and what was tried is in the document" {
    for mode in sync all; do
        ask "$REFUSE" --mode "$mode"
        exits_with 3
        [ "$stderr" = "conc-bench: nothing can be downloaded: connection refused by $REFUSE" ]
        says_not workers
        holds r.json '.partial and ([.results[].rounds[]] | length <= 1)'
    done
}

@test "a server that never answers ends the warm-up by its first downloads" {
    ask "$SILENT" --mode sync --max-time 1500ms
    exits_with 3
    says "no answer from $SILENT within 1.5 s (--max-time)"
    ask "$SILENT" --mode all --max-time 1500ms
    exits_with 3
    says "no answer from $SILENT within 1.5 s (--max-time)"
}

@test "a server that takes no connection does, too" {
    ask "$FULL" --mode sync --connect-timeout 1
    exits_with 3
    says "no connection to $FULL within 1 s (--connect-timeout)"
}

@test "a search for workers does, too" {
    ask "$REFUSE" --workers auto
    exits_with 3
    says "connection refused by $REFUSE"
}

@test "each host has its own cause" {
    run "$CONC_BENCH" --no-progress --mode threads "http://$REFUSE/"{1..4} "http://no-such-host.invalid/"{1..4}
    exits_with 3
    says "connection refused by $REFUSE; could not resolve host: no-such-host.invalid"
}

@test "a server that answers errors only: exit 3 after one trial" {
    run "$CONC_BENCH" --no-progress --mode threads "$FAULTS/status?code=404&n="{1..9}
    exits_with 3
    says "${FAULTS#http://} answered with status 404"
}

@test "some hosts are dead: that is said first, and the run goes on" {
    run --separate-stderr "$CONC_BENCH" --no-progress --mode sync,threads --runs 2 --export-json r.json \
        "http://$REFUSE/"{1..9} "$FAULTS/ok?size="{1..9}
    exits_with 3
    [ "$stderr" = "Note: nothing comes of 1 of 2 hosts, and what is asked of it fails: connection refused by $REFUSE." ]
    holds r.json '.results | length == 2 and all(.rounds_counted == 2 and .failures == 9)'
}

@test "hosts further down the list are asked before a run is given up" {
    # With the first three downloads the time of three is over, and nobody has been asked for the others.
    run --separate-stderr "$CONC_BENCH" --no-progress --mode sync --runs 1 --max-time 1 --export-json r.json \
        "http://$SILENT/"{1..4} "$FAULTS/ok?size="{1..4}
    exits_with 3
    [ "$stderr" = "Note: nothing comes of 1 of 2 hosts, and what is asked of it fails: no answer from $SILENT within 1 s (--max-time)." ]
    holds r.json '.results[0] | .rounds_counted == 1 and .failures == 4 and .downloads == 8'
}

@test "failures that are part of the work are measured" {
    run "$CONC_BENCH" --no-progress --mode threads --runs 2 --allow-failures --export-json r.json "http://$REFUSE/"{1..9}
    exits_with 0
    holds r.json '.results[0].failure_classes == {"connect": 9}'
}
