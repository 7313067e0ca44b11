# The program runs with another libcurl than it was built against. $OTHER_LIBCURL is the library of
# tests/support/other_libcurl.c, which stands before the real one; builds with sanitizers have none.

load ../support/common

setup() {
    [ -n "${OTHER_LIBCURL:-}" ] || skip "nothing can stand before libraries in this build"
    cd "$BATS_TEST_TMPDIR" || exit 1
}

# Runs the program with a libcurl that is as these variables say, up to a colon.
with_libcurl() {
    local what=()
    while [ "$1" != : ]; do what+=("$1"); shift; done
    shift
    # The program clears what begins with CURL_, which these do not.
    run env LD_PRELOAD="$OTHER_LIBCURL" "${what[@]}" "$CONC_BENCH" --no-progress "$@"
}

small=(--mode all --workers 2 --runs 1 --warmup 0 -n 4 --origin=latency=1ms --export-json r.json http://a.test/)

@test "--version tells what it was built against only where that is another one" {
    with_libcurl : --version
    exits_with 0
    [ "$(wc -l <<<"$output")" -eq 2 ]
    with_libcurl LIBCURL_VERSION=9.1.2 : --version
    exits_with 0
    says "libcurl/9.1.2 "
    [[ "${lines[2]}" =~ ^"built against libcurl/"[0-9.]+$ ]]
}

@test "a newer one is used, and the document says which" {
    with_libcurl LIBCURL_VERSION=9.1.2 : "${small[@]}"
    exits_with 0
    holds r.json '[.results[] | .failures == 0] | all'
    holds r.json '[.. | .libcurl? | strings][0] | startswith("libcurl/9.1.2 ")'
}

@test "one that is too old is refused before anything runs, and named" {
    with_libcurl LIBCURL_VERSION=7.87.9 : "${small[@]}"
    exits_with 5
    says "libcurl 7.88 or later is needed, and the one that is loaded is 7.87.9"
    with_libcurl LIBCURL_VERSION=7.88.0 : "${small[@]}"
    exits_with 0
}

@test "what it was built without is refused where it is asked for, with its version" {
    # CURL_VERSION_HTTP2
    with_libcurl LIBCURL_WITHOUT=65536 : --http2 --mode sync https://127.0.0.1:1/
    exits_with 5
    says "--http2 does not go with this libcurl ("
    says "), which was built without HTTP/2"
    with_libcurl LIBCURL_WITHOUT=65536 : "${small[@]}"
    exits_with 0
}

@test "an option that it does not know is named, with its version" {
    # CURLOPT_QUICK_EXIT
    with_libcurl LIBCURL_VERSION=9.1.2 LIBCURL_UNKNOWN=322 : "${small[@]}"
    exits_with 5
    says "this libcurl (9.1.2) refuses CURLOPT_QUICK_EXIT: "
}
