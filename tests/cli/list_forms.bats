# Lists of requests, in the forms that vegeta and curl read: every mode asks as these say, for the same bytes as curl where
# curl can be asked; nothing of them is shown that may be secret; what is none is refused, with its line.

load ../support/common
load ../support/recorder

MODES="sync threads event-loop processes hybrid"

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    stop_recorder
    [ -z "${NGINX_PID_FILE:-}" ] || stop_nginx
}

record() {
    start_recorder
    HERE=http://127.0.0.1:$RECORDER_PORT
}

# Every mode asks as a file of records says, of a list.
all_ask_as() {
    local records=$1 mode
    shift
    for mode in $MODES; do
        once --mode "$mode" --workers 1 "$@" >"$mode.out" 2>&1 || { cat "$mode.out"; return 1; }
        take_records >"$mode.records"
        diff --text "$records" "$mode.records" || { echo "$mode asks otherwise"; return 1; }
    done
}

# A list is refused with these words, and exit status 2; standard input is the list.
refused() {
    local part
    cat >bad
    run once --mode sync "${OPTIONS[@]}" bad
    exits_with 2
    for part in "$@"; do says "$part"; done
    says_not geheim
}

@test "options of curl: every mode sends what curl sends by the same file" {
    record
    printf '{"a":1}\n' >body.json
    printf 'a=1\r\nb=2\n' >form.txt
    cat >requests.conf <<LIST
# a plain one, one with headers, and forms
url = "$HERE/plain?q=1"
next
url = "$HERE/headers"
header = "X-One: a \\"b\\" \\\\ c"
header: X-Empty;
-H "Accept: text/plain"
silent
next
--url $HERE/form
data = "x=y z"
data = @form.txt
next
url = "$HERE/raw"
data-raw = "@form.txt"
next
url = $HERE/binary
request = PUT
data-binary = @form.txt
header = "Content-Type: text/plain"
next
url = $HERE/json
json = "{\\"a\\": "
json = "1}"
next
url = $HERE/json-file
header = "Accept: */*"
json = @body.json
next
-I
url = $HERE/head
next
-X DELETE
url = $HERE/delete
next
request = "GET"
url = "$HERE/body-of-get"
data = ""
next
url = "$HERE/first"
header = "X-Both: yes"
url = "$HERE/second"
next
url = "$HERE/moved"
location
data = "x=y"
next
url = "$HERE/moved"
location
request = POST
data = "x=y"
next
globoff
url = "$HERE/[1-2]"
LIST
    curl --silent --disable --config requests.conf >curl.out
    take_records >curl.records
    [ "$(grep -ac ' HTTP/1.1' curl.records)" -eq 17 ]
    all_ask_as curl.records requests.conf
    # Line ends of other systems, and a mark in front, change nothing.
    { printf '\357\273\277'; sed 's/$/\r/' requests.conf; } >other.conf
    once --mode sync other.conf >out
    take_records | diff --text curl.records -
    # curl has a name and a password in another place of the head.
    printf 'url = %s/user\nuser = "me:geheim"\nuser-agent = "other/1"\n' "$HERE" >user.conf
    curl --silent --disable --config user.conf >curl.out
    sort "$RECORDS"/* >curl.sorted
    rm "$RECORDS"/*
    once --mode threads user.conf >out
    sort "$RECORDS"/* | diff --text curl.sorted -
}

@test "requests in vegeta's form: every mode sends what they say, and nothing else of its own" {
    record
    printf '{"a":1}\r\n\0' >body.json
    cat >requests.http <<LIST
# as they are written
GET $HERE/plain
GET   $HERE/second?q=1
# a test account
X-Account-ID:   99
x-lower : kept as it is

  POST $HERE/post
Content-Type: application/json
Authorization: Bearer geheim
@body.json
PUT $HERE/none

PATCH $HERE/patch
@body.json


HEAD $HERE/head
DELETE $HERE/delete
GET $HERE/body-of-get
Host: other.test
@body.json
OPTIONS $HERE/options x2
LIST
    send() {
        printf '%s\r\nHost: %s\r\nAccept: */*\r\n' "$1 HTTP/1.1" "${HOST:-127.0.0.1:$RECORDER_PORT}"
        shift
        printf '%s\r\n' "$@" ""
        [ -z "${BODY:-}" ] || cat "$BODY"
        printf '\n--\n'
    }
    {
        send 'GET /plain'
        send 'GET /second?q=1' 'X-Account-ID: 99' 'x-lower: kept as it is'
        BODY=body.json send 'POST /post' 'Content-Type: application/json' 'Authorization: Bearer geheim' 'Content-Length: 10'
        send 'PUT /none' 'Content-Length: 0'
        BODY=body.json send 'PATCH /patch' 'Content-Length: 10'
        send 'HEAD /head'
        send 'DELETE /delete'
        HOST=other.test BODY=body.json send 'GET /body-of-get' 'Content-Length: 10'
        send 'OPTIONS /options'
        send 'OPTIONS /options'
    } >expected.records
    all_ask_as expected.records requests.http
    { printf '\357\273\277'; sed 's/$/\r/' requests.http; } | once --mode sync - >out
    take_records | diff --text expected.records -
    # Headers for all go behind those of a request, which count before them.
    printf 'GET %s/a\nX-One: own\n\nGET %s/a\n' "$HERE" "$HERE" >two.http
    once --mode sync two.http -H 'X-One: all' -H 'X-Two: all' >out
    [ "$(take_records | grep -a '^X-' | tr -d '\r' | tr '\n' ' ')" = 'X-One: own X-Two: all X-One: all X-Two: all ' ]
    # A large body is sent without asking whether to go on.
    head -c 1200000 /dev/zero | tr '\0' x >large
    printf 'POST %s/large\n@large\n' "$HERE" >large.http
    once --mode event-loop large.http >out
    run ! grep -aqi '^expect' <(take_records | head -c 1000)
}

# Settings of one download do not reach the next: bodies, methods and headers.
@test "ten requests of all kinds: each arrives as often as planned, in every mode, at the origin and at nginx" {
    local mode expected
    printf 'a body\n' >body.txt
    ten() {
        cat >ten.http <<LIST
GET $1/document-1.txt
GET $1/document-2.txt
X-One: 1
POST $1/document-1.txt
@body.txt

POST $1/document-1.txt
Authorization: Bearer geheim
@body.txt
HEAD $1/document-3.txt
LIST
        cat >ten.conf <<LIST
url = $1/document-2.txt
data = "x=y"
next
url = $1/document-2.txt
request = PUT
data-binary = @body.txt
next
head
url = $1/document-1.txt
next
url = $1/document-3.txt
request = DELETE
LIST
        echo "$1/document-3.txt x2" >plain.txt
    }
    ten http://a.test
    once --mode all --workers 3 --repeat 4 --order shuffle --origin --export-json r.json ten.http ten.conf plain.txt >out
    holds r.json '.workload.downloads == 44 and .workload.distinct_urls == 10 and .workload.hosts == 1'
    holds r.json '[.results[] | .failures == 0] | all'
    expected='{"DELETE a.test/document-3.txt": 4, "HEAD a.test/document-1.txt": 4, "HEAD a.test/document-3.txt": 4,
        "POST a.test/document-1.txt": 8, "POST a.test/document-2.txt": 4, "PUT a.test/document-2.txt": 4,
        "a.test/document-1.txt": 4, "a.test/document-2.txt": 4, "a.test/document-3.txt": 8}'
    holds r.json '[.results[].rounds[].witness.urls == $expected] | all' --argjson expected "$expected"
    # Units of one URL are told apart by method, and by number where that is the same too.
    holds r.json '.urls == ["http://a.test/document-1.txt", "GET http://a.test/document-2.txt",
        "POST http://a.test/document-1.txt", "POST http://a.test/document-1.txt #2", "HEAD http://a.test/document-3.txt",
        "POST http://a.test/document-2.txt", "PUT http://a.test/document-2.txt", "HEAD http://a.test/document-1.txt",
        "DELETE http://a.test/document-3.txt", "http://a.test/document-3.txt"]'
    "$CONC_BENCH" --details --import-json r.json >again
    diff out again
    # At a rate, too.
    "$CONC_BENCH" --runs 1 --warmup 0 --no-progress --mode threads,event-loop --workers 3 --repeat 20 --rate 200/s --origin=latency=1ms \
        --export-json r.json ten.http ten.conf plain.txt >out
    holds r.json '[.results[].rounds[].witness | .requests == 220 and .urls["POST a.test/document-1.txt"] == 40] | all'
    # Connections are opened beforehand by what is likely to change nothing.
    printf 'POST http://a.test/\n@body.txt\nGET http://a.test/2\nPUT http://b.test/' >warm.http
    once --mode threads --workers 2 --connections warm --origin=latency=1ms --export-json r.json warm.http >out
    holds r.json '.results[0].rounds[0].witness.urls == {"POST a.test/": 1, "a.test/2": 3, "PUT b.test/": 3}'
    # nginx takes only what reads from files.
    start_nginx
    make_documents 3 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" >/dev/null
    ten "http://127.0.0.1:$NGINX_PORT"
    for mode in $MODES; do
        : >"$NGINX_LOG"
        run once --mode "$mode" --workers 3 --repeat 2 --allow-failures --export-json r.json ten.http ten.conf plain.txt
        exits_with 0
        holds r.json '[.results[].failure_classes] == [{"http_4xx": 10}]'
        logged "$NGINX_LOG" 22
        sed "s/ [0-9]*$//" "$NGINX_LOG" | sort >"$mode.log" # without the number of the connection
        [ "$mode" = sync ] || diff sync.log "$mode.log"
    done
}

@test "--dry-run shows what each request sends, and no report anything that may be secret" {
    local file
    printf 'geheim' >body
    cat >requests.http <<'LIST'
POST http://a.test/login
Authorization: Bearer geheim
X-More: geheim
Content-Type: text/plain
@body

GET http://a.test/
LIST
    printf 'url = http://a.test/\nuser = "me:geheim"\nnext\nurl = http://a.test/\nheader = "Cookie: geheim=1"\ndata = geheim\n' >requests.conf
    run "$CONC_BENCH" --dry-run --mode sync requests.http requests.conf
    exits_with 0
    says_not geheim
    says $'4 downloads of 4 requests on 1 host in each trial, in list order
  POST http://a.test/login
    Authorization: (13 bytes)
    X-More: (6 bytes)
    Content-Type: text/plain
    a body of 6 bytes
  GET http://a.test/
  GET http://a.test/
    Authorization: (18 bytes)
  POST http://a.test/
    Cookie: (8 bytes)
    a body of 6 bytes
'
    once --mode all --workers 2 --repeat 2 --origin=latency=1ms --per-url --samples all --export-json r.json --export-html r.html \
        --export-markdown r.md --export-csv r.csv --export-requests-csv requests.csv --export-urls-csv urls.csv \
        --export-trace r.trace --export-junit r.xml requests.http requests.conf >out 2>&1
    for file in out r.json r.html r.md r.csv requests.csv urls.csv r.trace r.xml; do
        run ! grep -q 'geheim\|bWU6' "$file"
    done
    grep -q 'POST http://a.test/login' requests.csv
    # Plain lists are planned as they were.
    echo http://a.test/ >plain.txt
    run "$CONC_BENCH" --dry-run --mode sync plain.txt
    says $'1 download of 1 URL on 1 host in each trial, in list order\nUp to'
}

@test "what is none of the forms is refused with its line and what would be right" {
    mkdir folder
    OPTIONS=()
    # Methods
    refused 'bad:1: a method is written in capital letters' <<<'get http://a.test/'
    refused 'bad:1: the method has a character that none may have' <<<'P{ST http://a.test/'
    refused 'bad:2: CONNECT asks a proxy for a tunnel' <<<$'GET http://a.test/\nCONNECT http://a.test/'
    refused 'bad:1: a request begins with a method and a URL' <<<'POST'
    refused 'bad:1: not an http or https URL' <<<'POST /path'
    refused 'bad:3: the URL holds credentials' <<<$'# one\n\nPOST http://me:geheim@a.test/'
    refused 'bad:1: nothing but xN may follow a URL' <<<'GET http://a.test/ HTTP/1.1'
    # Headers
    refused 'bad:2: neither a header (Name: value), nor @FILE with the body' <<<$'GET http://a.test/\nAuthorization geheim'
    refused 'bad:2: the header X-One has no value' <<<$'GET http://a.test/\nX-One:'
    refused 'bad:2: the header X-One has a control character' <<<$'GET http://a.test/\nX-One: geheim\001'
    refused 'bad:3: a request begins with a method' <<<$'GET http://a.test/\n\nX-One: geheim'
    # Bodies
    refused 'bad:2: cannot read missing, the file of a body: No such file' <<<$'POST http://a.test/\n@missing'
    refused 'bad:2: cannot read folder: Is a directory' <<<$'POST http://a.test/\n@folder'
    refused "bad:2: behind '@' there is no name" <<<$'POST http://a.test/\n@'
    refused 'bad:2: a body does not come from standard input' <<<$'POST http://a.test/\n@-'
    refused 'bad:2: a body is not read from here' <<<$'POST http://a.test/\n@<<END\nx\nEND'
    refused 'bad:3: behind its body a request has nothing more' <<<$'POST http://a.test/\n@bad\nX-One: 1'
    refused 'bad:3: a body without a request' <<<$'POST http://a.test/\n\n@bad'
    refused 'bad:1: a HEAD request has no body' <<<$'HEAD http://a.test/\n@bad'
    # Forms in one file
    refused 'bad:2: a list has either URLs alone or requests' 'http://b.test/' <<<$'GET http://a.test/\nhttp://b.test/'
    refused 'bad:3: a list has either URLs alone or requests' <<<$'GET http://a.test/\n\nhttp://b.test/'
    refused 'bad:2: a list has either URLs alone or requests' <<<$'http://b.test/\nPOST http://a.test/'
    refused 'bad:2: options of curl and other lines do not go together' <<<$'url = http://b.test/\nhttp://a.test/'
    refused 'bad:2: options of curl and other lines do not go together' <<<$'url = http://b.test/\nPOST http://a.test/'
    refused 'bad:1: JSON is not read as a list' <<<'{"method": "GET", "url": "http://a.test/"}'
    # Options of curl
    refused 'bad:2: not an option that a request of a list may have' 'url, request, header' <<<$'url = http://a.test/\ncacert = geheim'
    refused 'bad:1: not an option that a request' <<<$'insecure\nurl = http://a.test/'
    refused 'bad:1: must be NAME = "VALUE"' <<<'url = "http://a.test/'
    refused 'bad:2: the request that begins here has no url' <<<$'# one\ndata = geheim\nnext\nurl = http://a.test/'
    refused 'bad:2: not a header' <<<$'url = http://a.test/\nheader = "Authorization geheim"'
    refused 'bad:2: request has a character that no method may have' <<<$'url = http://a.test/\nrequest = "GET /"'
    refused 'bad:2: request = HEAD would wait' <<<$'url = http://a.test/\nrequest = HEAD'
    refused 'bad:1: head and data do not go together' <<<$'url = http://a.test/\nhead\ndata = x'
    refused 'bad:2: cannot read missing, the file of a body' <<<$'url = http://a.test/\ndata = @missing'
    refused 'bad:2: user must be' <<<$'url = http://a.test/\nuser = geheim'
    refused 'bad:1: not an http or https URL' <<<'url = a.test'
    refused 'bad:1: the URL holds credentials' <<<'url = http://me:geheim@a.test/'
    refused 'bad:1: curl makes several URLs of one with brackets' <<<'url = "http://a.test/[1-3]"'
    refused 'bad:1: a URL holds no blanks' <<<'url = "http://a.test/ x3"'
    refused 'bad:2: 8200 bytes are too long' < <(printf 'url = http://a.test/\n%08200d\n' 0)
    refused 'bad:2: there is a NUL byte' < <(printf 'url = http://a.test/\ndata = x\0y\n')
    # Nothing
    refused '"bad" holds no URL' </dev/null
    refused '"bad" holds no URL' <<<$'# nothing\n\n  # more'
    # Options that all requests would have are refused, and so are programs that are given only URLs.
    OPTIONS=(--data x)
    refused '--data does not go with requests that have methods and bodies of their own, from bad:2 on' <<<$'# one\nPOST http://a.test/'
    OPTIONS=(-X PUT)
    refused '--request does not go' <<<$'url = http://a.test/\ndata = x'
    OPTIONS=(--head)
    refused '--head does not go' <<<$'POST http://a.test/'
    OPTIONS=(--origin --client 'x=cat {list}')
    refused '--client does not go with requests such as that at bad:1' <<<'POST http://a.test/'
    OPTIONS=(--origin)
    refused '--header CB-Run does not go with --origin' <<<$'GET http://a.test/\ncb-run: 1'
    # Without any that has more than a URL, these are lists of URLs.
    printf 'url = http://a.test/\nnext\nurl = http://b.test/\n' >list.conf
    once --mode sync --origin -X POST -d x list.conf --export-json r.json >out
    holds r.json '[.results[].rounds[].witness.urls] == [{"POST a.test/": 1, "POST b.test/": 1}]'
}
