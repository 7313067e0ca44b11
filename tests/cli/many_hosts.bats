# Lists of more hosts than libcurl's tables of names and connections are made for. All names end in ".invalid", so that
# nobody but the list of given addresses knows them: whoever asked for one would fail.

load ../support/common

HOSTS=700 # more than any pool of names holds at a time

# /to/N and /near/N lead to document-1.txt of the host with that number.
nginx_more() {
    cat >"$1" <<CONF
    server {
        listen 127.0.0.1:$2;
        server_name ~[.]invalid$;
        absolute_redirect off;
        root $NGINX_ROOT;
        access_log $NGINX_LOG.hosts hosts;
        location ~ ^/to/([0-9]+)$ { return 302 http://H\$1.invalid:$2/document-1.txt; }
        location ~ ^/near/([0-9]+)$ { return 302 //h\$1.invalid:$2/document-1.txt; }
        location ~ ^/elsewhere/([0-9]+)$ { return 302 http://d\$1.invalid/document-1.txt; }
    }
CONF
    echo 'log_format hosts "$host $uri $status $connection";' >"${1%/*}/0.more"
}

setup_file() {
    start_nginx
    make_documents 1 "$NGINX_ROOT" "localhost:$NGINX_PORT" >/dev/null
    export NGINX_PORT NGINX_ROOT NGINX_LOG NGINX_PID_FILE
}

teardown_file() { stop_nginx; }

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    mapfile -t NAMES < <(seq 0 $((HOSTS - 1)) | sed "s/.*/--resolve=h&.invalid:$NGINX_PORT:127.0.0.1/")
    : >"$NGINX_LOG.hosts"
}

# A URL of each host; of the host with number N the path is what $1 prints of N.
list_hosts() {
    seq 0 $((HOSTS - 1)) | awk -v port="$NGINX_PORT" '{ print "http://h" $1 ".invalid:" port '"$1"' }'
}

# In all modes, or those of $modes: a worker that has its connections to itself is the same in sync, threads and processes.
all_succeed() {
    local modes=${modes:-$MODES}
    once --mode "${modes// /,}" --workers 3 --deadline 120s "${NAMES[@]}" --export-json r.json "$@" >report.txt
    holds r.json '[.results[] | .failures == 0 and .downloads == $n] | all' --argjson n "$((HOSTS * 2))"
}

@test "names given for many hosts reach every mode, round after round" {
    list_hosts '"/document-1.txt"' >list.txt
    all_succeed --repeat 2 list.txt
    modes="sync event-loop" all_succeed --repeat 2 --dns live list.txt
    modes="sync event-loop" all_succeed --repeat 2 --connections fresh list.txt
    modes="sync event-loop" all_succeed --repeat 2 --connections fresh --dns live list.txt
    logged "$NGINX_LOG.hosts" $(((MODE_COUNT + 3 * 2) * 2 * HOSTS))
    [ "$(awk '{ print $1 }' "$NGINX_LOG.hosts" | sort | uniq -c | awk '{ print $1 }' | uniq)" = $(((MODE_COUNT + 3 * 2) * 2)) ]
}

@test "a redirect to another of many hosts finds the address given for it" {
    list_hosts '($1 % 2 ? "/to/" : "/near/") ($1 * 37 + 11) % '$HOSTS >list.txt
    all_succeed --repeat 2 list.txt
    logged "$NGINX_LOG.hosts" $((MODE_COUNT * 2 * 2 * HOSTS))
    [ "$(grep -c '/document-1.txt 200' "$NGINX_LOG.hosts")" -eq $((MODE_COUNT * 2 * HOSTS)) ]
    [ "$(grep 'document-1.txt 200' "$NGINX_LOG.hosts" | awk '{ print $1 }' | sort -u | wc -l)" -eq "$HOSTS" ]
    # By way of --connect-to as well.
    list_hosts '"/elsewhere/" ($1 * 37 + 11) % '$HOSTS >list.txt
    mapfile -t -O "$HOSTS" NAMES < <(seq 0 $((HOSTS - 1)) | sed "s/.*/--connect-to=d&.invalid:80:h&.invalid:$NGINX_PORT/")
    modes="sync event-loop" all_succeed --repeat 2 --connections fresh list.txt
}

@test "beside many names one for any host still counts for the others" {
    list_hosts '"/document-1.txt"' | sed 'n; s/h/other-/2' >list.txt
    grep -q other- list.txt
    NAMES+=("--resolve=*:$NGINX_PORT:127.0.0.1")
    all_succeed --repeat 2 list.txt
    modes="sync event-loop" all_succeed --repeat 2 --connections fresh list.txt
}

@test "HTTP/1.1 connections to many hosts are kept as far as all workers together can keep one to each" {
    # 700 hosts and 16 workers: an event loop keeps 1,024, which is enough; a worker of its own keeps 64.
    list_hosts '"/document-1.txt"' >list.txt
    once --mode event-loop,threads --workers 16 --repeat 3 "${NAMES[@]}" --export-json r.json list.txt >report.txt
    holds r.json '.policy.connections_kept == 64 and .results[0].connects < 800 and .results[1].connects > 1400'
    # With 8 there is no mode where any would be used again, in the order of the list.
    once --mode event-loop,threads --workers 8 --repeat 3 "${NAMES[@]}" --export-json r.json list.txt >report.txt
    holds r.json '.policy.connections_kept == 5 and ([.results[].connects > 1400] | all)'
    [ "$(grep -c 'descriptors' report.txt)" -eq 0 ]
}
