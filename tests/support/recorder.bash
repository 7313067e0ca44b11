# A server that keeps the bytes of every request; see recorder.py.
# shellcheck disable=SC2034  # what is set here is for tests

# Starts it for one test; sets RECORDS (a folder with a file for each request), RECORDER_PORT, RECORDER_SOCKET and
# RECORDER_HAS_IPV6. It ends by itself if nothing of the test is left.
start_recorder() {
    local folder=$BATS_TEST_TMPDIR/recorder
    RECORDS=$folder/requests RECORDER_SOCKET=$folder/socket
    mkdir -p "$RECORDS"
    mkfifo "$folder/in"
    /usr/bin/python3 "$PROJECT_ROOT/tests/support/recorder.py" "$RECORDS" "$RECORDER_SOCKET" <"$folder/in" \
        >"$folder/out" 2>"$folder/err" 3>&- &
    RECORDER_PID=$!
    exec {RECORDER_IN}>"$folder/in"
    for _ in $(seq 1200); do
        [ "$(wc -l <"$folder/out")" -ge 2 ] && break
        sleep 0.05
    done
    RECORDER_PORT=$(sed -n 1p "$folder/out")
    RECORDER_HAS_IPV6=$([ "$(sed -n 2p "$folder/out")" = - ] || echo yes)
    [ -n "$RECORDER_PORT" ] || { cat "$folder/err"; return 1; }
}

stop_recorder() {
    [ -n "${RECORDER_PID:-}" ] || return 0
    exec {RECORDER_IN}>&-
    wait "$RECORDER_PID"
}

# Takes the requests since the last time, one after the other, without the program's name.
take_records() {
    local file
    for file in "$RECORDS"/*; do
        [ -f "$file" ] || continue
        LC_ALL=C sed '/^User-Agent: .*\r$/d' "$file"
        printf '\n--\n'
        rm "$file"
    done
}
