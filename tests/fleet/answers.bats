#!/usr/bin/env bats
# What three machines, which are network namespaces, ask for, and whether all of them are answered alike.

load ../support/common
load ../support/fleet
load ../support/tls

# Besides the server of all, another one: at port 8085 the third host is answered otherwise; port 8084 writes down what it
# is asked, with one header and the body; port 8086 does so, with more of them, of clients that have a certificate. The second
# host has another address for named.test.
setup_file() {
    local folder=$BATS_FILE_TMPDIR host
    start_fleet
    [ -n "${HAS_HOSTS:-}" ] || return 0
    ip -n "$FLEET-0" addr add 10.213.0.9/24 dev bridge
    mkdir -p "$folder/other" "/etc/netns/$FLEET-1" "/etc/netns/$FLEET-2" "/etc/netns/$FLEET-3"
    for host in 1 3; do echo "10.213.0.1 named.test" >"/etc/netns/$FLEET-$host/hosts"; done
    echo "10.213.0.9 named.test" >"/etc/netns/$FLEET-2/hosts"
    cp "$folder/www/document-3" "$folder/other"
    head -c 512 /dev/zero >"$folder/other/document-1"
    head -c 2000 /dev/zero | tr '\0' x >"$folder/other/document-2"
    make_certificates "$folder/tls"
    cat >"$folder/other.conf" <<CONF
user root;
pid $folder/other.pid;
error_log $folder/errors;
worker_processes 1;
events { worker_connections 1000; }
http {
    log_format all '\$remote_addr \$ssl_client_s_dn \$http_x_token \$http_cookie \$http_authorization \$request_body';
    log_format what '\$remote_addr \$request_method \$uri \$http_x_token \$request_body';
    access_log off;
    map \$remote_addr \$folder { 10.213.0.4 other; default www; }
    server { listen 8085; root $folder/\$folder; }
    ssl_certificate $TLS/server.pem;
    ssl_certificate_key $TLS/server.key;
    server { listen 8083; location / { return 200 "taken"; } }
    server { listen 8084; location / { proxy_pass http://10.213.0.1:8083; access_log $folder/asked what; } }
    server {
        listen 8086 ssl;
        ssl_client_certificate $TLS/ca.pem;
        ssl_verify_client on;
        location / { proxy_pass http://10.213.0.1:8083; access_log $folder/asked all; }
    }
}
CONF
    at_bridge nginx -c "$folder/other.conf" 3>&-
}

teardown_file() {
    [ -z "${FLEET:-}" ] || rm -r "/etc/netns/$FLEET"-?
    [ -z "${FLEET:-}" ] || remove_hosts
}

setup() {
    with_hosts
    JSON=$BATS_TEST_TMPDIR/run.json
    ASKED=$BATS_FILE_TMPDIR/asked
    : >"$ASKED"
}

# The server writes its log when all is said.
has_asked() {
    [ "$(wc -l <"$ASKED")" -eq "$1" ]
}

@test "a server that answers one machine otherwise is named with that machine, and so is another address of a name" {
    run on_hosts 3 --mode threads,event-loop --workers 2 --split none --repeat 2 --runs 1 --warmup 0 --no-progress \
        --export-json "$JSON" http://named.test:8085/document-{1,2,3,4}
    exits_with 3
    holds "$JSON" '[.warnings[] | select(test(" (got|asks) "))] == [
        $fleet + "-2 asks named.test at 10.213.0.9, and " + $fleet + "-1 at 10.213.0.1",
        $fleet + "-3 got 512 bytes from http://named.test:8085/document-1, the others 1,000",
        $fleet + "-3 got other content of 2,000 bytes from http://named.test:8085/document-2 than the others",
        $fleet + "-3 got status 404 from http://named.test:8085/document-4, the others 200"]' --arg fleet "$FLEET"
}

@test "machines that are answered alike are not told of" {
    run on_hosts 2 --mode threads,event-loop --workers 2 --split none --repeat 2 --runs 1 --warmup 0 --no-progress \
        --export-json "$JSON" http://10.213.0.1:8085/document-{1,2,3,4}
    exits_with 0
    holds "$JSON" '[.warnings[] | select(test(" (got|asks) "))] == []'
}

# From standard input, which only the first process has.
@test "requests of vegeta's form are sent by all machines, with headers and bodies that only the first one has" {
    printf 'a=%s' 'the first body' >"$BATS_TEST_TMPDIR/body"
    run on_hosts 3 --mode all --workers 2 --repeat 3 --runs 1 --warmup 0 --no-progress --details --export-json "$JSON" - <<LIST
POST http://10.213.0.1:8084/form
X-Token: word-of-mine
@$BATS_TEST_TMPDIR/body

GET http://10.213.0.1:8084/plain

PUT http://10.213.0.1:8084/empty
LIST
    exits_with 0
    holds "$JSON" '.validity.is_work_equal and .workload.downloads == 9'
    until_true has_asked 45
    [ "$(sed 's/^[^ ]* //; s/ $//' "$ASKED" | sort | uniq -c | sed 's/^ *//')" = "15 GET /plain - -
15 POST /form word-of-mine a=the first body
15 PUT /empty -" ]
    [ "$(cut -d ' ' -f 1 "$ASKED" | sort | uniq -c | awk '{ print $1 }')" = "15
15
15" ]
    says_not "word-of-mine"
    [ "$(grep -cE 'word-of-mine|the first body' "$JSON")" -eq 0 ]
}

@test "requests of curl's configuration files are sent by all machines" {
    run on_hosts 2 --mode event-loop --workers 2 --split none --runs 1 --warmup 0 --no-progress --export-json "$JSON" - <<'LIST'
url = "http://10.213.0.1:8084/form"
header = "X-Token: two words"
data = "b=2"
next
url = "http://10.213.0.1:8084/plain"
LIST
    exits_with 0
    until_true has_asked 4
    [ "$(sort "$ASKED")" = "10.213.0.2 GET /plain - -
10.213.0.2 POST /form two words b=2
10.213.0.3 GET /plain - -
10.213.0.3 POST /form two words b=2" ]
}

@test "files that only the first machine has are enough: options, certificates, cookies, headers and bodies" {
    local folder=$BATS_TEST_TMPDIR/files
    mkdir "$folder"
    cp "$BATS_FILE_TMPDIR"/tls/{ca.pem,client.pem,locked.key} "$folder"
    echo 'X-Token: of-a-file' >"$folder/headers"
    printf 'a=1&b=two' >"$folder/body"
    printf 'localhost\tFALSE\t/\tFALSE\t0\tname\tvalue\n' >"$folder/jar"
    printf 'user = "me:mine"\npass = "geheim \\"1\\""\n' >"$folder/config"
    on_second_host_after "mount -t tmpfs none $folder"
    # The key comes through a pipe, which can be read only once.
    mkfifo "$folder/key"
    cat "$folder/locked.key" >"$folder/key" 3>&- &
    run on_hosts 3 --mode threads,processes --workers 2 --split none --repeat 2 --runs 1 --warmup 0 --no-progress \
        --config "$folder/config" --cacert "$folder/ca.pem" --cert "$folder/client.pem" --key "$folder/key" --cookie "$folder/jar" \
        --header "@$folder/headers" --data "@$folder/body" --connect-to localhost:8086:10.213.0.1:8086 \
        --export-json "$JSON" https://localhost:8086/{a,b}
    exits_with 0
    holds "$JSON" '.validity.is_valid'
    until_true has_asked 24
    [ "$(sed 's/^[^ ]* //' "$ASKED" | sort | uniq -c | sed 's/^ *//')" = \
        "24 CN=client of-a-file name=value Basic $(printf me:mine | base64) a=1&b=two" ]
    [ "$(grep -c '10.213.0.3' "$ASKED")" -eq 8 ]
    run on_hosts 3 --capath "$folder" https://localhost:8086/a
    exits_with 2
    says "--capath does not go with several machines, which are sent files and no folders"
}
