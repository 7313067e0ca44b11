# The embedded origin over TLS: what handshakes cost in each mode, with verification on and no network.

load ../support/common


setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    JSON=$BATS_TEST_TMPDIR/result.json
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

teardown() {
    [ -z "${PROGRAM:-}" ] || kill "$PROGRAM" 2>/dev/null || :
}

# Starts a run that stays in its first downloads, and sets TLS_PORT to where its origin speaks TLS, PLAIN_PORT to the
# other, and PROGRAM.
start_run() {
    env --default-signal=INT "$CONC_BENCH" --details --mode sync --runs 1 --warmup 0 --no-progress --max-time 60s --origin=tls,latency=50s "$@" >run.txt 2>&1 3>&- &
    PROGRAM=$!
    local children port
    for _ in $(seq 1200); do
        children=$(pgrep -P "$PROGRAM" | tr '\n' '|')
        ss -H -l -t -n -p >sockets
        mapfile -t ports < <(grep -E "pid=(${children%|})," sockets | awk '{ print $4 }')
        [ "${#ports[@]}" -lt 2 ] || break
        sleep 0.05
    done
    [ "${#ports[@]}" -eq 2 ]
    for port in "${ports[@]}"; do
        [[ "$port" == 127.0.0.1:* ]] || { echo "listens on $port"; return 1; }
        if openssl s_client -connect "$port" </dev/null >/dev/null 2>&1; then TLS_PORT=${port##*:}; else PLAIN_PORT=${port##*:}; fi
    done
    [ -n "${TLS_PORT:-}" ] && [ -n "${PLAIN_PORT:-}" ]
}

# The certificate that the origin shows to s_client with these options.
certificate() {
    openssl s_client -connect "127.0.0.1:$TLS_PORT" "$@" </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName
}

@test "https URLs are asked over TLS, in every mode, and http URLs are not" {
    once --mode all --workers 4 --origin=tls,latency=1ms --export-json "$JSON" \
        https://a.example/ http://b.example/ https://a.example/ http://b.example/ >report.txt
    holds "$JSON" '[.results[] | .failures == 0 and .downloads == 4] | all'
    # At least one handshake, and none for what is asked in plain text.
    holds "$JSON" '[.results[] | .tls_handshakes >= 1 and .tls_handshakes <= 2] | all'
    holds "$JSON" '[.results[] | .tls_handshake_s > 0 and .tls_s > 0] | all'
    holds "$JSON" '.policy.is_verified and (.policy.origin | test("TLS for https"))'
    grep -q 'each handshake ms' report.txt
    # Without tls, the same list has none.
    once --mode all --workers 4 --origin=latency=1ms --export-json "$JSON" https://a.example/ http://b.example/ >report.txt
    holds "$JSON" '[.results[] | .failures == 0 and .tls_handshakes == 0] | all'
}

@test "workers that go from one port to the other are not taken for more than they are" {
    "$CONC_BENCH" --no-progress --quiet --mode threads --workers 4 --runs 6 --warmup 0 --repeat 40 --export-json "$JSON" \
        --origin=tls,latency=4ms https://a.example/ http://b.example/ https://c.example/ http://d.example/ >report.txt
    holds "$JSON" '[.results[].rounds[].witness.peak_in_flight] == [4, 4, 4, 4, 4, 4]'
}

@test "fresh connections shake hands for every download, kept ones once each; reports take the gain apart" {
    "$CONC_BENCH" --details --no-progress --mode all --workers 3 --runs 2 --warmup 0 --connections fresh,reuse --repeat 30 \
        --origin=tls,latency=1ms,size=1KiB --export-json "$JSON" https://a.example/ >report.txt
    holds "$JSON" '[.results[] | .failures == 0] | all'
    holds "$JSON" '[.results[] | select(.connections == "fresh") | .tls_handshakes == 30] | length == 5 and all'
    holds "$JSON" '[.results[] | select(.connections == "reuse") | .tls_handshakes <= .workers] | length == 5 and all'
    # A handshake takes computing on both sides, which the reports must show where it is.
    holds "$JSON" '[.results[] | select(.connections == "fresh") | .tls_s] | min > 0'
    grep -q 'gain over sync:fresh/1' report.txt
}

@test "hosts of all kinds have a certificate that is theirs" {
    cat >list <<'LIST'
https://[::1]:8443/a
https://127.0.0.5/b
https://EXAMPLE.com./c
https://xn--bcher-kva.example/d
https://[fe80::1%25eth0]/e
http://plain.example/f
LIST
    once --mode all --workers 2 --origin=tls,latency=1ms --export-json "$JSON" list >/dev/null
    holds "$JSON" '[.results[] | .failures == 0 and .downloads == 6] | all'
}

@test "the origin listens on 127.0.0.1 alone, and nobody else need trust it" {
    start_run https://a.example/ https://127.0.0.9/
    [ "$(certificate -servername a.example | tail -n 1 | tr -d ' ')" = DNS:a.example ]
    [ "$(certificate -noservername | tail -n 1 | tr -d ' ')" = IPAddress:127.0.0.9 ]
    # The authorities that the machine trusts do not vouch for it.
    run curl -s --max-time 20 --connect-to "::127.0.0.1:$TLS_PORT" https://a.example/
    [ "$status" -eq 60 ]
    # No TLS on the plain port, and no plain text on that of TLS.
    run curl -s --max-time 20 --connect-to "::127.0.0.1:$PLAIN_PORT" -k https://a.example/
    [ "$status" -eq 35 ]
    run curl -s --max-time 20 "http://127.0.0.1:$TLS_PORT/"
    [ "$status" -ne 0 ]
    [ "$status" -ne 28 ]
    # 1.2 and 1.3; whoever comes back may resume.
    local version
    for version in tls1_2 tls1_3; do
        openssl s_client -connect "127.0.0.1:$TLS_PORT" "-$version" </dev/null 2>/dev/null | grep -q '^New, TLS'
    done
    run openssl s_client -connect "127.0.0.1:$TLS_PORT" -tls1_1 -cipher DEFAULT@SECLEVEL=0
    [ "$status" -ne 0 ]
    openssl s_client -connect "127.0.0.1:$TLS_PORT" -tls1_2 -reconnect </dev/null 2>/dev/null | grep -q '^Reused, TLSv1.2'
    kill -INT "$PROGRAM"
    wait "$PROGRAM" || [ $? -eq 130 ]
    # It ended with the program.
    run openssl s_client -connect "127.0.0.1:$TLS_PORT"
    [ "$status" -ne 0 ]
    PROGRAM=
}

@test "--tls-max, --tlsv1.3 and --tls-resume go with it" {
    local option
    for option in '--tls-max 1.2' --tlsv1.3 --tls-resume; do
        # shellcheck disable=SC2086  # an option and its value
        once --mode all --workers 2 --repeat 4 --connections fresh $option --origin=tls,latency=1ms --export-json "$JSON" \
            https://a.example/ >/dev/null
        holds "$JSON" '[.results[] | .failures == 0] | all'
    done
}

@test "methods, bodies and errors are the same over TLS" {
    head -c 200000 /dev/zero | tr '\0' x >body
    once --mode all --workers 2 --data-binary @body --origin=tls,latency=1ms --export-json "$JSON" https://a.example/ >/dev/null
    holds "$JSON" '[.results[] | .failures == 0] | all'
    once --mode all --workers 2 --head --origin=tls,latency=1ms --export-json "$JSON" https://a.example/ >/dev/null
    holds "$JSON" '[.results[] | .failures == 0 and .body_bytes == 0] | all'
    run once --mode all --workers 4 --repeat 40 --origin=tls,latency=0ms,errors=20%,size=0 --export-json "$JSON" https://a.example/
    exits_with 3
    # The k-th request for a URL meets the same fate in every mode.
    holds "$JSON" '[.results[].failure_classes.http_5xx] | length == 5 and min > 0 and min == max'
}

@test "a list without https is told, and wrong use is refused" {
    run once --mode sync --origin=tls,latency=0ms http://a.example/
    exits_with 0
    says 'no https URL'
    local port
    run once --origin=tls=1 https://a.example/
    exits_with 2
    says 'tls has no value'
    run once --origin=tls --cacert "$BATS_TEST_FILENAME" https://a.example/
    exits_with 2
    says '--cacert does not go with --origin=tls'
    run once --origin=tls --tls-max 1.1 https://a.example/
    exits_with 2
    says '--tls-max 1.1'
    for port in $(seq 1001); do echo "https://127.1.$((port / 250)).$((port % 250 + 1))/"; done >list
    run once --origin=tls list
    exits_with 2
    says '1001 addresses'
    # Without TLS that is no trouble.
    run once --mode event-loop --workers 64 --origin=latency=0ms list
    exits_with 0
}

@test "-k is said here too, and the document gives the same reports again" {
    once --mode sync,event-loop -k --origin=tls,latency=1ms --export-json "$JSON" --export-markdown r.md https://a.example/ >report.txt
    grep -q 'not verified (--insecure)' report.txt
    "$CONC_BENCH" --details --import-json "$JSON" --export-markdown again.md >again.txt
    cmp report.txt again.txt
    cmp r.md again.md
}

@test "names that GnuTLS takes from nobody are refused with their line; others are served" {
    local longest host
    longest=$(printf '%063d.' 1 2 3)$(printf '%058d' 4).test
    [ "${#longest}" -eq 255 ]
    for host in a_b.test a~b.test tést_b.test . .. a.. "x$longest"; do
        printf 'http://a_b.test/\nhttps://fine.test/\nhttps://%s/\n' "$host" >list.txt
        run "$CONC_BENCH" --details --mode sync --origin=tls list.txt
        exits_with 2
        # Some of them libcurl 8.23 takes for no name at all.
        says "list.txt:3: --origin=tls cannot serve a host" ||
            { [[ $host =~ \.$ ]] && says 'list.txt:3: not a URL that libcurl can use (Bad hostname)'; }
    done
    run "$CONC_BENCH" --details --mode sync --origin=tls https://a_b.test/
    exits_with 2
    says "a host with '_' in its name"
    # Without TLS, or without the origin, they are names like others.
    once --mode sync --origin=latency=0ms list.txt >report.txt
    echo http://a_b.test/ >list.txt
    printf 'https://%s/\n' "$longest" A-B.test a.test. -a.test a-.test a..b.test .test 127.0.0.1 \
        '[::1]' 'bücher.test' "$(printf '%064d' 1).test" >>list.txt
    once --mode all --workers 2 --origin=tls,latency=0ms --export-json "$JSON" list.txt >report.txt
    holds "$JSON" '[.results[] | .failures == 0] | all'
}
