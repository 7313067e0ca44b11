# Runs against a server that misbehaves. $FAULT_SERVER is its program; see there for what it can be asked for.
# shellcheck disable=SC2034,SC2016  # what is set here is for tests; dollars within jq programs are its variables

. "${BASH_SOURCE[0]%/*}/tsan.bash"

FAULT_SERVER=${FAULT_SERVER:?the server that misbehaves}

# Starts it; sets FAULTS to http://host:port, FAULTS_OUT to what it prints, and the authorities REFUSE, SILENT and FULL.
# It ends by itself if nothing of this test is left, since its standard input then ends.
start_faults() {
    local folder
    heed_lockless_tables
    folder=$(mktemp -d "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/faults-XXXXXX")
    FAULTS_OUT=$folder/out
    mkfifo "$folder/in"
    "$FAULT_SERVER" <"$folder/in" >"$FAULTS_OUT" 2>"$folder/err" 3>&- &
    FAULTS_PID=$!
    exec {FAULTS_IN}>"$folder/in"
    for _ in $(seq 1200); do
        [ "$(wc -l <"$FAULTS_OUT")" -ge 4 ] && break
        sleep 0.05
    done
    FAULTS=http://127.0.0.1:$(head -n 1 "$FAULTS_OUT")
    REFUSE=127.0.0.1:$(awk '$1 == "refuse" { print $2 }' "$FAULTS_OUT")
    SILENT=127.0.0.1:$(awk '$1 == "silent" { print $2 }' "$FAULTS_OUT")
    FULL=127.0.0.1:$(awk '$1 == "full" { print $2 }' "$FAULTS_OUT")
    [[ "$FAULTS" =~ :[0-9]+$ && "$FULL" =~ :[0-9]+$ ]] || { cat "$folder/err"; return 1; }
}

# Ends it by the end of its input; fails if it did not end well.
stop_faults() {
    local status=0
    exec {FAULTS_IN}>&-
    wait "$FAULTS_PID" || status=$?
    [ "$status" -eq 0 ] || { echo "fault_server ended with status $status"; cat "$FAULTS_OUT" "${FAULTS_OUT%/out}/err"; }
    return "$status"
}

# Puts a front before it that does TLS and passes on whatever becomes of a connection: with a certificate and its key. Sets
# FRONT_PORT, and FRONT_PID to be killed.
start_tls_front() {
    coproc FRONT { exec /usr/bin/python3 "$PROJECT_ROOT/tests/support/tls_front.py" "${FAULTS##*:}" "$1" "$2" 3>&-; }
    read -r FRONT_PORT <&"${FRONT[0]}"
}

# How many requests have stalled so far.
stalls() {
    grep -c '^stalled' "$FAULTS_OUT" || true
}
have_stalled() {
    [ "$(stalls)" -ge "$1" ]
}

# How often a path was asked for; once the server has ended.
asked() {
    awk -v path="$1" '$1 == path { count = $2 } END { print count + 0 }' "$FAULTS_OUT"
}

# The lines "CLASS URL" on standard input, each $1 times in turns with a healthy URL; URLs may be paths of the server.
mix() {
    awk -v copies="$1" -v base="$FAULTS" '
        { class[NR] = $1; url[NR] = $2 ~ /^\// ? base $2 : $2 }
        END {
            for (copy = 1; copy <= copies; copy++)
                for (i = 1; i <= NR; i++) {
                    print class[i], url[i]
                    print "ok", base "/ok?size=" i * 100
                }
        }'
}

# Downloads the lines "CLASS URL" on standard input in all of $MODES, or in $MODE alone, by $WORKERS (4) in $RUNS (1) rounds
# behind $WARMUP (0), in $MAX_TIME (20) seconds each, with the options given, and holds each mode to it: each URL ended in
# its class as often as it is listed, each unit was settled once, and no trial did anything but complete. Leaves result.json.
downloads_as_told() {
    local told=$BATS_TEST_TMPDIR/told json=$BATS_TEST_TMPDIR/result.json modes=${MODE:-$MODES} count status=0
    cat >"$told"
    cut -d ' ' -f 2 "$told" >"$told.urls"
    "$CONC_BENCH" --details --mode "${modes// /,}" --workers "${WORKERS:-4}" --runs "${RUNS:-1}" --warmup "${WARMUP:-0}" \
        --max-time "${MAX_TIME:-20}" --no-progress --allow-failures --export-json "$json" "$@" "$told.urls" \
        >"$told.report" || status=$?
    [ "$status" -eq 0 ] || { echo "exit status $status"; cat "$told.report"; return 1; }
    count=$(wc -l <"$told")
    holds "$json" '(.sample_columns | index("unit")) as $unit | (.results | length) == $modes and (.partial | not)
        and .validity.is_work_equal and ([.results[].rounds[] | .status == "complete" and .downloads.settled == $count
            and (.samples | map(.[$unit]) | sort) == [range($count)]] | all)' \
        --argjson modes "$(wc -w <<<"$modes")" --argjson count "$count"
    holds "$json" 'def by_url: group_by(.url) | map({(.[0].url): (group_by(.class) | map({(.[0].class): length}) | add)}) | add;
        . as $document | (.sample_columns | index("url")) as $url | (.sample_columns | index("outcome")) as $outcome
        | ($told | split("\n") | map(select(. != "") | split(" ") | {class: .[0], url: .[1]}) | by_url) as $expected
        | [.results[].rounds[].samples | map({url: $document.urls[.[$url]], class: .[$outcome]}) | by_url] | unique
        | if . == [$expected] then true else {gave: ., expected: $expected} end' --rawfile told "$told"
    # The same failures without leave to fail.
    status=0
    "$CONC_BENCH" --import-json "$json" >"$told.report" || status=$?
    if grep -qv '^ok ' "$told"; then count=3; else count=0; fi
    [ "$status" -eq "$count" ] || { echo "exit status $status without --allow-failures"; return 1; }
}

# Checks by jq the samples of the URL that ends in $1; in $2 they are objects with the names of columns.
samples_hold() {
    holds "$BATS_TEST_TMPDIR/result.json" '. as $document | .sample_columns as $columns
        | [.results[].rounds[].samples[] | [$columns, .] | transpose | map({(.[0]): .[1]}) | add
            | select($document.urls[.url] | endswith($path))] | length > 0 and ('"$2"')' --arg path "$1"
}
