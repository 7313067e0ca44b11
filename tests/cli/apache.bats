# The same against another server than nginx, which does many things otherwise: Apache, over TLS, by HTTP/1.1 and HTTP/2.

load ../support/common
load ../support/tls

MODULES=/usr/lib/apache2/modules
DOWNLOADS=60

setup_file() {
    make_certificates "$BATS_FILE_TMPDIR/tls"
    local folder=$BATS_FILE_TMPDIR/apache module
    mkdir -p "$folder"
    # Started by root, Apache serves as another user, who may not enter the test's folder.
    APACHE_ROOT=$(mktemp -d)
    chmod 755 "$APACHE_ROOT"
    make_documents 3 "$APACHE_ROOT" localhost >/dev/null
    for _ in $(seq 20); do
        APACHE_PORT=$((20000 + (RANDOM % 12000)))
        {
            for module in mpm_event authz_core ssl http2; do echo "LoadModule ${module}_module $MODULES/mod_$module.so"; done
            cat <<CONF
ServerRoot $folder
ServerName localhost
PidFile $folder/apache.pid
DefaultRuntimeDir $folder
Mutex file:$folder
Listen 127.0.0.1:$APACHE_PORT
ErrorLog $folder/error.log
LogFormat "%H %s %B %{SSL_PROTOCOL}x %{remote}p" witness
CustomLog $folder/access.log witness
BufferedLogs Off
MaxKeepAliveRequests 0
DocumentRoot $APACHE_ROOT
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile $TLS/server.pem
SSLCertificateKeyFile $TLS/server.key
CONF
            [ "$(id -u)" -ne 0 ] || printf 'User www-data\nGroup www-data\n'
        } >"$folder/apache.conf"
        : >"$folder/access.log"
        apache2 -f "$folder/apache.conf" >"$folder/start.log" 2>&1 || continue
        for _ in $(seq 1200); do
            [ -s "$folder/apache.pid" ] && (: <>"/dev/tcp/127.0.0.1/$APACHE_PORT") 2>/dev/null && break
            sleep 0.05
        done
        export TLS APACHE_PORT APACHE_ROOT APACHE_PID_FILE=$folder/apache.pid APACHE_LOG=$folder/access.log
        return 0
    done
    cat "$folder/start.log"
    return 1
}

teardown_file() {
    [ ! -s "${APACHE_PID_FILE:-}" ] || kill "$(cat "$APACHE_PID_FILE")"
    rm -rf "${APACHE_ROOT:?}"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    JSON=$BATS_TEST_TMPDIR/result.json
    local i
    for i in 1 2 3; do echo "https://localhost:$APACHE_PORT/document-$i.txt x$((DOWNLOADS / 3))"; done >list.txt
    unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
}

# Every mode succeeds, and Apache saw each download once, as version $1, over as many connections as the report has.
agrees() {
    local version=$1 mode
    shift
    for mode in $MODES; do
        : >"$APACHE_LOG"
        once --mode "$mode" --workers 5 --cacert "$TLS/ca.pem" --export-json "$JSON" "$@" list.txt >report.txt
        logged "$APACHE_LOG" "$DOWNLOADS"
        [ "$(grep -c "^$version 200 " "$APACHE_LOG")" -eq "$DOWNLOADS" ] || { echo "$mode"; cat "$APACHE_LOG"; return 1; }
        [ "$(wc -l <"$APACHE_LOG")" -eq "$DOWNLOADS" ]
        holds "$JSON" '.results[0] | .failures == 0 and .connects == $seen and .tls_handshakes == $seen' \
            --argjson seen "$(awk '{ print $5 }' "$APACHE_LOG" | sort -u | wc -l)"
    done
}

@test "HTTP/1.1 over TLS, connections kept" { agrees HTTP/1.1 --connections reuse; }
@test "HTTP/1.1 over TLS, fresh connections" { agrees HTTP/1.1 --connections fresh; }
@test "HTTP/2, connections kept, and shared where they can be" {
    agrees HTTP/2.0 --connections reuse --http2
    once --mode event-loop,threads --workers 5 --http2 --cacert "$TLS/ca.pem" --export-json "$JSON" list.txt >report.txt
    holds "$JSON" '.results | map({(.mode): .}) | add
        | ."event-loop".http2_connections == 1 and ."event-loop".http2_most_streams > 1 and .threads.http2_most_streams == 1'
}
@test "HTTP/2, fresh connections" { agrees HTTP/2.0 --connections fresh --http2; }

@test "all modes, fresh and kept, compared in one run" {
    "$CONC_BENCH" --details --no-progress --mode all --workers 5 --runs 2 --http2 --connections fresh,reuse --cacert "$TLS/ca.pem" \
        --export-json "$JSON" list.txt >report.txt
    holds "$JSON" '.validity.is_work_equal and ([.results[] | .failures == 0] | length == 10 and all)'
    grep -q 'gain over sync:fresh/1' report.txt
}
