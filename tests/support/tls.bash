# Certificates, an nginx that uses them, and proxies.
# shellcheck disable=SC2034  # what is set here is for tests

. "${BASH_SOURCE[0]%/*}/tsan.bash"

# Makes in folder $1: ca.pem, which signed server.pem (for localhost) and client.pem; keys beside them; locked.key, the
# client's with the password `geheim "1"`; folder/, ca.pem as --capath wants it. Sets TLS.
make_certificates() {
    TLS=$1
    heed_lockless_tables
    mkdir -p "$TLS/folder"
    (
        cd "$TLS" || exit
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 \
            -subj "/CN=test authority"
        local name
        for name in server client; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr \
                -subj "/CN=$name"
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem -days 2 \
                -extfile <([ $name = server ] && echo 'subjectAltName=DNS:localhost')
        done
        openssl pkey -in client.key -out locked.key -aes256 -passout 'pass:geheim "1"'
        cp ca.pem "folder/$(openssl x509 -hash -noout -in ca.pem).0"
    ) >"$TLS/log" 2>&1 || { cat "$TLS/log"; return 1; }
}

# For start_nginx() of common.bash, in file $1 and from port $2 on: TLS at NGINX_TLS_PORT, with client
# certificates at NGINX_CLIENT_PORT, up to 1.2 at NGINX_OLD_PORT, and NGINX_SOCKET. NGINX_TLS_LOG has version and session
# (r: resumed) of each request.
nginx_more() {
    local file=$1 base=$2 folder
    folder=$(dirname "$file")
    NGINX_TLS_PORT=$((base + 1)) NGINX_CLIENT_PORT=$((base + 2)) NGINX_OLD_PORT=$((base + 3))
    NGINX_SOCKET=$folder/socket NGINX_TLS_LOG=$folder/tls.log
    rm -f "$NGINX_SOCKET"
    cat >"$file" <<CONF
    log_format tls '\$ssl_protocol \$ssl_session_reused';
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate $TLS/server.pem;
    ssl_certificate_key $TLS/server.key;
    ssl_session_cache shared:tests:1m;
    server { listen 127.0.0.1:$NGINX_TLS_PORT ssl; root $NGINX_ROOT; access_log $NGINX_TLS_LOG tls; }
    server {
        listen 127.0.0.1:$NGINX_CLIENT_PORT ssl;
        root $NGINX_ROOT;
        ssl_client_certificate $TLS/ca.pem;
        ssl_verify_client on;
    }
    server { listen 127.0.0.1:$NGINX_OLD_PORT ssl; root $NGINX_ROOT; ssl_protocols TLSv1.2; }
    server { listen unix:$NGINX_SOCKET; root $NGINX_ROOT; }
CONF
}

# Two proxies: one that lets through, at PROXY_PORT, and one that wants the user "some" with the password "geheim".
start_tinyproxy() {
    PROXY_PIDS=
    start_one_proxy open
    PROXY_PORT=$ONE_PROXY_PORT
    start_one_proxy closed 'BasicAuth some geheim'
    CLOSED_PROXY_PORT=$ONE_PROXY_PORT
}

# As a child, whose end is seen where somebody else has the port: by itself it goes to the background before it listens.
start_one_proxy() {
    local name=$1 more=${2:-} folder=$BATS_FILE_TMPDIR/tinyproxy pid
    mkdir -p "$folder"
    for _ in $(seq 20); do
        ONE_PROXY_PORT=$((20000 + (RANDOM % 12000)))
        printf '%s\n' "Port $ONE_PROXY_PORT" 'Listen 127.0.0.1' 'Allow 127.0.0.1' 'MaxClients 100' 'Timeout 30' \
            "LogFile \"$folder/$name.log\"" 'LogLevel Connect' "$more" >"$folder/$name.conf"
        : >"$folder/$name.log"
        tinyproxy -d -c "$folder/$name.conf" >"$folder/$name.out" 2>&1 3>&- &
        pid=$!
        if comes_to_listen "$pid" "$ONE_PROXY_PORT"; then
            PROXY_PIDS="$PROXY_PIDS $pid"
            return 0
        fi
        kill "$pid" 2>/dev/null || :
    done
    cat "$folder/$name.out"
    return 1
}

stop_tinyproxy() {
    # shellcheck disable=SC2086  # each word is a process
    [ -z "${PROXY_PIDS:-}" ] || kill $PROXY_PIDS
}
