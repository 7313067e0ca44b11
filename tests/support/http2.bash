# Servers that speak HTTP/2: nginx, beside one that does not; nghttpd, which tells what it is asked; and one that
# misbehaves, see h2_faults.py. For tests that load tls.bash too, whose certificates they present.
# shellcheck disable=SC2034  # what is set here is for tests

# For start_nginx() of common.bash, in file $1 and from port $2 on: HTTP/2 at H2_PORT, with a limit of 1,000 requests for
# each connection, which is nginx's own; HTTP/1.1 only, over TLS at H1_TLS_PORT; and HTTP/2 at H2_FEW_PORT with 4 streams
# at once on a connection and 8 in all, from whoever listens at the Unix socket H2_SOURCE; and HTTP/2 at H2_BRIEF_PORT, where
# connections are closed that are idle for 15 ms. H2_LOG has protocol, connection, URI and status of each request to the
# first two.
nginx_more() {
    local file=$1 base=$2 folder
    folder=$(dirname "$file")
    H2_PORT=$((base + 1)) H1_TLS_PORT=$((base + 2)) H2_FEW_PORT=$((base + 3)) H2_BRIEF_PORT=$((base + 4))
    H2_LOG=$folder/h2.log H2_SOURCE=$folder/source
    cat >"$file" <<CONF
    log_format h2 '\$server_protocol \$connection \$request_uri \$status';
    ssl_certificate $TLS/server.pem;
    ssl_certificate_key $TLS/server.key;
    server {
        listen 127.0.0.1:$H2_PORT ssl http2 backlog=1024;
        root $NGINX_ROOT;
        keepalive_requests 1000;
        access_log $H2_LOG h2;
        location /moved { return 302 /document-1.txt; }
    }
    server {
        listen 127.0.0.1:$H2_FEW_PORT ssl http2 backlog=1024;
        keepalive_requests 8;
        http2_max_concurrent_streams 4;
        access_log off;
        location / { proxy_pass http://unix:$H2_SOURCE:; }
    }
    server {
        listen 127.0.0.1:$H2_BRIEF_PORT ssl http2 backlog=1024;
        root $NGINX_ROOT;
        keepalive_timeout 15ms;
        access_log off;
    }
    server { listen 127.0.0.1:$H1_TLS_PORT ssl backlog=1024; root $NGINX_ROOT; access_log $H2_LOG h2; }
CONF
    # HTTP/3 at H3_PORT, where nginx has it; the same log.
    H3_PORT=$((base + 5))
    [[ "$(nginx -V 2>&1)" == *http_v3_module* ]] || return 0
    cat >>"$file" <<CONF
    server {
        listen 127.0.0.1:$H3_PORT quic;
        listen 127.0.0.1:$H3_PORT ssl backlog=1024;
        root $NGINX_ROOT;
        access_log $H2_LOG h2;
    }
CONF
}

# How many requests came in a version of HTTP ("HTTP/2.0"), and over how many connections, since the log was emptied.
h2_requests() {
    awk -v version="$1" '$1 == version' "$H2_LOG" | wc -l
}
h2_connections() {
    awk '{ print $2 }' "$H2_LOG" | sort -u | wc -l
}

# Starts nghttpd on folder $1, without TLS if $2 is --no-tls; sets NGHTTPD_PORT, NGHTTPD_PID, and NGHTTPD_OUT, where all headers go.
start_nghttpd() {
    local attempt keys=("$TLS/server.key" "$TLS/server.pem") tls=()
    [ -z "${2:-}" ] || keys=() tls=("$2")
    NGHTTPD_OUT=$BATS_TEST_TMPDIR/nghttpd.out
    for attempt in $(seq 20); do
        NGHTTPD_PORT=$((20000 + (RANDOM % 12000)))
        nghttpd --verbose --address=127.0.0.1 --htdocs="$1" "${tls[@]}" "$NGHTTPD_PORT" "${keys[@]}" \
            >"$NGHTTPD_OUT" 2>&1 3>&- &
        NGHTTPD_PID=$!
        comes_to_listen "$NGHTTPD_PID" "$NGHTTPD_PORT" && return 0
        stop_nghttpd
    done
    cat "$NGHTTPD_OUT"
    return 1
}

stop_nghttpd() {
    [ -n "${NGHTTPD_PID:-}" ] || return 0
    kill "$NGHTTPD_PID" 2>/dev/null || true
    wait "$NGHTTPD_PID" 2>/dev/null || true
    NGHTTPD_PID=
}

# Starts h2_faults.py with the arguments given; sets H2_FAULTS to https://host:port.
start_h2_faults() {
    local folder
    folder=$(mktemp -d "$BATS_TEST_TMPDIR/h2-faults-XXXXXX")
    H2_FAULTS_OUT=$folder/out
    mkfifo "$folder/in"
    /usr/bin/python3 "$PROJECT_ROOT/tests/support/h2_faults.py" "$TLS/server.pem" "$TLS/server.key" "$@" \
        <"$folder/in" >"$H2_FAULTS_OUT" 2>"$folder/err" 3>&- &
    H2_FAULTS_PID=$!
    exec {H2_FAULTS_IN}>"$folder/in"
    for _ in $(seq 1200); do
        [ -s "$H2_FAULTS_OUT" ] && break
        sleep 0.05
    done
    H2_FAULTS=https://localhost:$(head -n 1 "$H2_FAULTS_OUT")
    [[ "$H2_FAULTS" =~ :[0-9]+$ ]] || { cat "$folder/err"; return 1; }
}

# At least $1 streams of it have stalled.
h2_has_stalled() {
    [ "$(grep -c '^stalled' "$H2_FAULTS_OUT")" -ge "$1" ]
}

# Ends it by the end of its input; fails if it did not end well.
stop_h2_faults() {
    local status=0
    [ -n "${H2_FAULTS_PID:-}" ] || return 0
    exec {H2_FAULTS_IN}>&-
    wait "$H2_FAULTS_PID" || status=$?
    H2_FAULTS_PID=
    [ "$status" -eq 0 ] || cat "${H2_FAULTS_OUT%/out}/err"
    return "$status"
}
