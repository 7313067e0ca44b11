# Whether answers are the right ones, and what is asked of single downloads: contents, checks, cookies, retries, speed; in
# every mode.

load ../support/common
load ../support/faults

setup() {
    start_faults
    cd "$BATS_TEST_TMPDIR"
}

teardown() {
    stop_faults
}

# Every mode once to warm up and in three rounds, so that a URL that is listed once is asked for 20 times.
in_every_mode() {
    run "$CONC_BENCH" --details --mode all --workers 2 --runs 3 --warmup 1 --no-progress --export-json result.json "$@"
}

@test "one page of the same length and other content drops its round and is named; pages that change each time are told" {
    # The warm-up asks five times.
    in_every_mode "$FAULTS/content/odd?at=8" "$FAULTS/content/changes" "$FAULTS/ok"
    exits_with 0
    holds result.json '.validity | .mismatches == 1 and (.dropped_rounds | length) == 1 and .is_valid and (.is_work_equal | not)'
    says "$FAULTS/content/odd?at=8 answered with other content of the same size (1008 bytes)"
    says "1 another size, content, status or HTTP version: $FAULTS/content/odd?at=8"
    says "1 URL gives answers of one size and different content by itself; contents are not compared there ($FAULTS/content/changes)"
    holds result.json '.urls[.validity.changing_url] | endswith("/content/changes")'
    cp result.json first.json
    "$CONC_BENCH" --details --import-json first.json --export-json again.json >again.txt
    cmp first.json again.json
    grep -q 'other content of the same size' again.txt
}

@test "without digests, pages of the same length are the same" {
    in_every_mode --no-digest "$FAULTS/content/odd?at=8" "$FAULTS/content/changes"
    exits_with 0
    says 'asked with --no-digest'
    holds result.json '.validity | .mismatches == 0 and .changing_urls == 0 and .is_work_equal'
}

@test "no download is faster than --limit-rate, in any mode" {
    run once --mode all --workers 2 --limit-rate 2M --export-json result.json "$FAULTS/ok?size=1200000"
    exits_with 0
    says 'asked with --limit-rate 2097152'
    # A tenth of a second's worth may come at once.
    holds result.json '(.sample_columns | index("service_s")) as $service
        | [.results[].rounds[].samples[][$service]] | length == 5 and min > 0.4'
    for speed in 0 x 10q -5 5000G 1MBB; do
        run "$CONC_BENCH" --limit-rate "$speed" "$FAULTS/ok"
        exits_with 2
        says '--limit-rate must be bytes a second such as 500k or 10M'
    done
}

@test "an answer that is not what --check says is a failure of class check, in every mode, and told with its URL" {
    # The eighth of 20 answers is the other one: the warm-up has five.
    in_every_mode --check "$FAULTS/content/odd* contains \"the same\"" --check 'status == 200' "$FAULTS/content/odd?at=8" "$FAULTS/ok"
    exits_with 3
    holds result.json '.validity.failures == 1 and ([.results[].url_failures[]] == [[0, "check", 1, 128]])'
    says "answers held to $FAULTS/content/odd* contains \"the same\", status == 200 (--check)"
    says 'failed a check'
    says "($FAULTS/content/odd* contains \"the same\")"
    says "$FAULTS/content/odd?at=8"
    holds result.json '.policy.checks[1] == "status == 200"'
    run "$CONC_BENCH" --details --import-json result.json --export-json again.json
    says "($FAULTS/content/odd* contains \"the same\")"
    cmp result.json again.json
    # By its digest, and over the end of each piece; a status that is wanted is no failure.
    local sha256
    sha256=$({ head -c 300000 /dev/zero | tr '\0' x; printf 'the same'; } | sha256sum | cut -d ' ' -f 1)
    run once --mode all --workers 2 --export-json result.json --check "$FAULTS/content/* sha256 == $sha256" \
        --check "$FAULTS/content/* contains 'xthe same'" --check "$FAULTS/status/* status == 404" \
        --check "not contains \"no other\"" "$FAULTS/content/odd?size=300000" "$FAULTS/status/404"
    exits_with 0
    holds result.json '[.results[].failures] | add == 0'
}

@test "a first download that no check holds of ends the run, and a wrong check is told where it is wrong" {
    run "$CONC_BENCH" --mode all --check 'contains "Welcome"' "$FAULTS/ok"
    exits_with 3
    says 'did not answer as --check wants: contains "Welcome"'
    run "$CONC_BENCH" --check 'contains Welcome' "$FAULTS/ok"
    exits_with 2
    says 'a text stands in quotes here, such as contains "Welcome"'
    says '             ^'
    run "$CONC_BENCH" --check "$FAULTS/okay status == 200" "$FAULTS/ok"
    exits_with 2
    says "no URL of the list is \"$FAULTS/okay\""
    run "$CONC_BENCH" --head --check "contains 'x'" "$FAULTS/ok"
    exits_with 2
    says 'so that of an answer only its status can be checked'
}

@test "--cookies: a jar for each worker, which each trial begins anew, in every mode" {
    run "$CONC_BENCH" --details --no-progress --warmup 0 --mode all --workers 3 --runs 2 --cookies --repeat 12 --export-json result.json "$FAULTS/cookies"
    exits_with 0
    says 'asked with --cookies'
    # The report tells that answers depend on who asks.
    says "1 URL gives answers of one size and different content by itself; contents are not compared there ($FAULTS/cookies)"
    local first
    first=$(jq '(.sample_columns | index("worker")) as $worker
        | [.results[].rounds[].samples | map(.[$worker]) | unique | length] | add' result.json)
    stop_faults
    # Only a worker's first download comes without a cookie.
    [ "$(asked /cookies/none)" -eq "$first" ]
    start_faults
    run once --mode all --workers 3 --repeat 4 "$FAULTS/cookies" --check 'contains "visits 00000000"'
    exits_with 0
}

@test "--cookie: what every request is sent, and what jars begin with" {
    local jar
    run once --mode all --workers 2 --cookie 'visits=7; lang=de' --repeat 4 --check 'contains "visits 00000007"' "$FAULTS/cookies"
    exits_with 0
    says 'asked with --cookie (17 bytes)'
    printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tvisits\t5\n' >browser
    printf 'HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: visits=5; Path=/\r\n\r\n' >server
    for jar in browser server; do
        run once --mode all --workers 1 --cookie "$jar" "$FAULTS/cookies" "$FAULTS/cookies?second" \
            --check "$FAULTS/cookies contains 'visits 00000005'" --check "$FAULTS/cookies?second contains 'visits 00000006'"
        exits_with 0
        says 'asked with --cookies --cookie (1 to begin with)'
    done
    run once --mode sync --cookie - "$FAULTS/cookies" --check "contains 'visits 00000005'" <browser
    exits_with 0
    # By its name a cookie may be a secret, which is not for arguments.
    run "$CONC_BENCH" --cookie 'lang=de; sessionid=geheim' "$FAULTS/cookies"
    exits_with 2
    says 'write cookie = "NAME=VALUE" into a file and give --config FILE'
    says_not geheim
    printf 'cookie = "sessionid=geheim; visits=3"\n' >config
    run once --mode sync --config config --check "contains 'visits 00000003'" "$FAULTS/cookies"
    exits_with 0
    says_not geheim
    printf 'name\tgeheim\n' >bad
    run "$CONC_BENCH" --cookie bad "$FAULTS/cookies"
    exits_with 2
    says '--cookie bad:1: must be a cookie as browsers keep it, in seven fields between tabs'
    says_not geheim
    run "$CONC_BENCH" --cookie /dev/null "$FAULTS/cookies"
    exits_with 2
    says '/dev/null has no cookie'
    run "$CONC_BENCH" -b missing "$FAULTS/cookies"
    exits_with 2
    says 'missing'
    run "$CONC_BENCH" -b bad --config config "$FAULTS/cookies"
    exits_with 2
}

@test "--retry begins what curl would begin again, in every mode, and counts it" {
    printf '%s\n' "$FAULTS"/flaky/2/{a,b,c,d} "$FAULTS/status/404" "$FAULTS/ok" >list
    run once --mode all --workers 2 --retry 3 --retry-delay 50ms --allow-failures --export-json result.json \
        --export-requests-csv requests.csv list
    exits_with 0
    says 'asked with --retry 3 --retry-delay 0.05'
    says 'begun again'
    holds result.json '[.results[].rounds[].downloads | .retries == 8 and .outcomes.ok == 5 and .outcomes.http_4xx == 1] == [range(5) | true]'
    holds result.json '[.results[].retries] | unique == [8]'
    # The samples tell it of each download, too; and bodies have a digest, by which the four flaky pages are one and the
    # other is not.
    holds result.json '(.sample_columns | with_entries({key: .value, value: .key})) as $c | .urls as $urls
        | [.results[].rounds[].samples[] | {url: $urls[.[$c.url]], retries: .[$c.retries], digest: .[$c.body_digest]}]
        | (map(select(.url | contains("flaky"))) | length == 20 and all(.retries == 2) and
                (map(.digest) | unique | length == 1 and .[0] > 1))
            and (map(select(.url | contains("404"))) | all(.retries == 0 and .digest == 0))'
    cut -d, -f24-26 requests.csv | sort | uniq -c | sort -n | tail -1 | grep -qE '^ +20 [0-9]+,2,[1-9][0-9]+$'
    # Two pauses are part of what a download took, and of the wait for its answer.
    holds result.json '. as $document | (.sample_columns | index("url")) as $url | (.sample_columns | index("service_s")) as $service
        | (.sample_columns | index("first_byte_s")) as $first
        | [.results[].rounds[].samples[] | select($document.urls[.[$url]] | contains("flaky"))
            | .[$service] >= 0.1 and .[$first] >= 0.1] | length == 20 and all'
    # As often as told, and no more: of that one is left.
    run once --mode all --workers 2 --retry 1 --retry-delay 1ms --allow-failures --export-json result.json "$FAULTS/flaky/20/e"
    exits_with 0
    stop_faults
    [ "$(asked /flaky/2/a)" -eq 15 ]
    [ "$(asked /flaky/20/e)" -eq 10 ]
    [ "$(asked /status/404)" -eq 5 ]
    start_faults
}

# A download that times out is begun again, with as much time as before: enough to connect in.
has_its_time_again() {
    once --mode "$1" --workers 1 --retry 1 --retry-delay 1ms --max-time 1 --allow-failures --export-json "$1.json" \
        "$FAULTS/ok" "$FAULTS/stall/headers"
    holds "$1.json" '.results[0].rounds[0].downloads | .retries == 1 and .outcomes == {ok: 1, timeout_wait: 1}'
}

@test "a retry waits as long as the server asks, keeps nobody else waiting, and ends with --retry-max-time" {
    # One worker of two pauses for a second, as Retry-After says: all others are done by then.
    { echo "$FAULTS/flaky/1/f?retry-after=1"; seq -f "$FAULTS/ok?size=%g" 30; } >list
    run once --mode event-loop,threads --workers 2 --retry 1 --retry-delay 100 --export-json result.json list
    exits_with 0
    holds result.json '(.sample_columns | index("settled_s")) as $settled | [.results[].rounds[].samples | map(.[$settled])
        | .[0] >= 1 and .[0] < 90 and .[0] == max] == [true, true]'
    run once --mode all --workers 2 --retry 5 --retry-max-time 0.5 --allow-failures --export-json result.json \
        "$FAULTS/flaky/1/g?retry-after=1"
    exits_with 0
    holds result.json '[.results[].retries] | unique == [0]'
    in_modes_at_once has_its_time_again
    run "$CONC_BENCH" --retry-delay 1 "$FAULTS/ok"
    exits_with 2
    says '--retry-delay does nothing without --retry'
}
