# Each option makes every mode ask as curl does: the same bytes, but for the User-Agent, seen by a server that keeps them.

load ../support/common
load ../support/recorder

EACH=3 # downloads in each mode: what a handle asks the second time is not made by the same code

setup() {
    start_recorder
    HERE=http://127.0.0.1:$RECORDER_PORT
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    stop_recorder
}

# The same in every mode as the records in a file; of a URL, with options.
same_as_records() {
    local records=$1 url=$2 mode status
    shift 2
    echo "$url x$EACH" >list.txt
    for mode in $MODES; do
        status=0
        once --mode "$mode" --workers 1 "$@" list.txt >"$mode.out" 2>&1 || status=$?
        take_records >"$mode.records"
        [ "$status" -eq "${RUN_STATUS:-0}" ] || { echo "$mode ends with $status"; cat "$mode.out"; return 1; }
        diff --text "$records" "$mode.records" || { echo "$mode asks otherwise: $*"; return 1; }
    done
}

# Asks for a URL with the same options by curl and in every mode. RUN_STATUS: how conc-bench ends. CURL_ONLY: options that
# curl needs for what conc-bench does anyway.
same() {
    local url=$1 i
    shift
    curl --silent --output curl.out --disable ${CURL_ONLY:-} "$@" "$url" || [ -n "${CURL_FAILS:-}" ]
    take_records >once.records
    [ -s once.records ] || { echo "curl asked for nothing"; return 1; }
    for ((i = 0; i < EACH; i++)); do cat once.records; done >curl.records
    same_as_records curl.records "$url" "$@"
}

@test "nothing: a plain download" { same "$HERE/page?q=1"; }

@test "-H: headers are added, replaced, left out and sent empty" {
    same "$HERE/page" -H 'X-One: 1' -H 'Accept: text/plain' -H 'X-Two;' -H 'Host: other.test' -H 'X-Space:   a  b '
    same "$HERE/page" -H 'Accept:' -H 'Host:'
}

@test "-H @file: one header a line, with either kind of line ends" {
    printf 'Authorization: Bearer secret\nX-One: 1\n\nX-Last: no line end' >headers.txt
    same "$HERE/page" -H @headers.txt -H 'X-More: 2'
    [ "$(grep -ac '^Authorization: Bearer secret' sync.records)" -eq "$EACH" ]
    cp sync.records lines.records
    printf 'Authorization: Bearer secret\r\nX-One: 1\n\nX-Last: no line end' >headers.txt
    same_as_records lines.records "$HERE/page" -H @headers.txt -H 'X-More: 2'
    # So does curl, but for releases (8.14) that send the carriage return of the file before that of the line.
    same "$HERE/page" -H @headers.txt -H 'X-More: 2' || [ "$(grep -ac $'^Authorization: Bearer secret\r\r$' once.records)" -eq 1 ]
}

@test "-A: the program's name is another, or none" {
    local mode
    for mode in $MODES; do
        once --mode "$mode" --workers 1 -A 'other/1 (x)' "$HERE/a" >out
        grep -aqx $'User-Agent: other/1 (x)\r' "$RECORDS"/*
        rm "$RECORDS"/*
        once --mode "$mode" --workers 1 --user-agent '' "$HERE/a" >out
        [ "$(grep -aic user-agent "$RECORDS"/*)" -eq 0 ]
        rm "$RECORDS"/*
        # As in curl, one that is given as a header counts.
        once --mode "$mode" --workers 1 -A name -H 'user-agent: header' "$HERE/a" >out
        [ "$(grep -ai user-agent "$RECORDS"/*)" = $'user-agent: header\r' ]
        rm "$RECORDS"/*
    done
}

@test "-X: the method is another, behind redirects as well" {
    same "$HERE/page" -X DELETE
    CURL_ONLY=--location same "$HERE/moved" -X PROPFIND
}

@test "--head: headers only" {
    same "$HERE/page" --head
    same "$HERE/page" -I -H 'X-One: 1'
}

@test "--data: a form, joined by &, without line ends of files" {
    printf 'a=1\r\nb=2\n' >form.txt
    same "$HERE/form" --data 'x=y'
    same "$HERE/form" -d 'x=y z' --data @form.txt -d ''
    same "$HERE/form" -d '' -H 'Content-Type: text/plain'
    same "$HERE/form" -X PUT --data @form.txt
}

@test "--data-binary: bytes as they are, zeros and line ends too" {
    printf 'a\0b\r\n\377\n' >bytes
    same "$HERE/form" --data-binary @bytes -H 'Content-Type: application/octet-stream'
    printf 'a\r\nb\n' >lines
    same "$HERE/form" --data-binary @bytes --data @lines --data-binary @lines --data-binary 'x'
}

@test "--data: more than a megabyte asks whether to go on, as curl does" {
    head -c 1200000 /dev/zero | tr '\0' 'x' >large
    same "$HERE/form" --data-binary @large
    grep -aq '^Expect: 100-continue' sync.records
}

@test "--data: redirects of a form become downloads" {
    CURL_ONLY=--location same "$HERE/moved" --data 'x=y'
    CURL_ONLY=--location same "$HERE/see-other" --data 'x=y'
}

@test "-L, --max-redirs: redirects are followed or not" {
    CURL_ONLY=--location same "$HERE/moved"
    same "$HERE/moved" --location
    # curl does not follow unless asked to.
    curl --silent --disable --output curl.out "$HERE/moved"
    take_records >curl.records
    once --mode "${MODES// /,}" --workers 1 --max-redirs 0 "$HERE/moved" >out
    take_records >all.records
    for _ in $MODES; do cat curl.records; done | diff --text - all.records
}

@test "--compressed: what this libcurl can unpack is accepted" {
    same "$HERE/page" --compressed
    grep -aq '^Accept-Encoding: .*gzip' sync.records
}

@test "-H, -K: headers of a configuration file are sent as curl reads them" {
    cat >config <<'CONFIG'
# kept apart
header = "X-Quoted: a \"b\" \\ c"

  --header "X-Plain: 1"
header : X-Bare:1
-H "Authorization: Bearer secret"
CONFIG
    # Not all releases of curl (8.14, 8.23) read a line that begins with blanks.
    if ! curl --silent --disable --config config file:///dev/null 2>curl.refused; then
        grep -qE 'error encountered when reading a file|unknown config option' curl.refused
        sed 's/^ *//' config >flush
        same "$HERE/page" --config flush
        cp sync.records flush.records
        same_as_records flush.records "$HERE/page" --config config
    else
        same "$HERE/page" --config config
    fi
    [ "$(grep -ac '^X-Quoted: a "b" \\ c' sync.records)" -eq "$EACH" ]
    [ "$(grep -ac '^Authorization: Bearer secret' sync.records)" -eq "$EACH" ]
}

@test "--resolve: a name has the addresses that are given" {
    same "http://name.test:$RECORDER_PORT/page" --resolve "name.test:$RECORDER_PORT:127.0.0.1"
    same "http://NAME.test:$RECORDER_PORT/page" --resolve "+name.TEST:$RECORDER_PORT:127.0.0.1"
    same "http://any.test:$RECORDER_PORT/page" --resolve "*:$RECORDER_PORT:127.0.0.1"
    same "http://any.test:$RECORDER_PORT/page" --resolve "*:$RECORDER_PORT:192.0.2.1" --resolve "any.test:$RECORDER_PORT:127.0.0.1"
}

@test "--connect-to: another host and port is connected to, and the first is asked for" {
    same http://name.test/page --connect-to "name.test:80:127.0.0.1:$RECORDER_PORT"
    same http://name.test:81/page --connect-to "::localhost:$RECORDER_PORT"
    same "http://name.test:$RECORDER_PORT/page" --connect-to 'other.test:80:192.0.2.1:9' --connect-to 'name.test::127.0.0.1:'
    same http://name.test/page --connect-to "name.test:80:second.test:$RECORDER_PORT" \
        --resolve "second.test:$RECORDER_PORT:127.0.0.1"
}

@test "--unix-socket: it is connected to, whatever the host" {
    same http://name.test/page --unix-socket "$RECORDER_SOCKET"
    same http://name.test:81/page --unix-socket "$RECORDER_SOCKET" -H 'X-One: 1'
}

@test "-4, -6, --interface: the same, from and to other addresses" {
    same "http://localhost:$RECORDER_PORT/page" -4
    same "$HERE/page" --interface 127.0.0.1
    same "$HERE/page" --interface lo
    [ -n "$RECORDER_HAS_IPV6" ] || skip "no IPv6 here"
    same "http://localhost:$RECORDER_PORT/page" -6
    same "http://[::1]:$RECORDER_PORT/page" --ipv6
}

@test "-x: a proxy is asked for the whole URL" {
    # The requests before the run ask for headers only.
    local mode
    curl --silent --disable --output curl.out -x "$HERE" http://name.test/page
    take_records >curl.records
    for mode in $MODES; do
        once --mode "$mode" --workers 1 --proxy "$HERE" http://name.test/page >out
        take_records | sed '1,/^--$/d' | diff --text curl.records -
    done
    grep -aq '^Proxy-Connection: Keep-Alive' curl.records
}

@test "-x: with a user and a password, from a file" {
    local mode
    echo 'proxy-user = "some:secret"' >config
    curl --silent --disable --output curl.out -x "$HERE" --proxy-user some:secret http://name.test/page
    take_records >curl.records
    for mode in $MODES; do
        once --mode "$mode" --workers 1 --proxy "$HERE" --config config http://name.test/page --export-json out.json >out
        take_records | sed '1,/^--$/d' | diff --text curl.records -
        run ! grep -q 'some\|secret' out out.json
    done
    grep -aq '^Proxy-Authorization: Basic' curl.records
    # The same as part of the proxy, which only a file may hold.
    echo "proxy = http://some:secret@127.0.0.1:$RECORDER_PORT" >config
    once --mode threads --workers 1 -K config http://name.test/page --export-json out.json >out
    take_records | sed '1,/^--$/d' | diff --text curl.records -
    run ! grep -q 'some\|secret' out out.json
}

@test "--noproxy, --proxy-from-env: the environment and exceptions count as for curl" {
    unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
    same "$HERE/page" -x "http://127.0.0.1:9" --noproxy 127.0.0.1
    same "http://name.test:$RECORDER_PORT/page" -x "http://127.0.0.1:9" --noproxy other.test,name.test \
        --resolve "name.test:$RECORDER_PORT:127.0.0.1"
    export http_proxy=$HERE
    curl --silent --disable --output curl.out http://name.test/page
    take_records >curl.records
    for mode in $MODES; do
        once --mode "$mode" --workers 1 --proxy-from-env http://name.test/page >out
        take_records | diff --text curl.records -
    done
    export no_proxy=127.0.0.1 http_proxy=http://127.0.0.1:9
    once --mode all --workers 1 --proxy-from-env "$HERE/page" >out
    [ "$(take_records | grep -ac '^GET /page ')" -eq 5 ]
    # Unless asked for, none of it is.
    unset no_proxy
    once --mode all --workers 1 "$HERE/page" >out
    [ "$(take_records | grep -ac '^GET /page ')" -eq 5 ]
}
