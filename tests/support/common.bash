# The helpers that command-line tests share. $CONC_BENCH is the program, $PROJECT_ROOT the repository.

bats_require_minimum_version 1.5.0

CONC_BENCH=${CONC_BENCH:?the program to test}
PROJECT_ROOT=${PROJECT_ROOT:?the root of the repository}

# The modes that a test goes through: all, or those of which a build can show something new (tests/CMakeLists.txt).
MODES=${MODES:-sync threads event-loop processes hybrid}
MODE_COUNT=$(wc -w <<<"$MODES")
# sync stands apart, since it always has one worker.
CONCURRENT_MODES=${MODES#sync }

# One round, no warm-up: what the program asks for is then what the plan says, once. All that is known is reported.
once() {
    "$CONC_BENCH" --details --runs 1 --warmup 0 --no-progress "$@"
}

# Runs a command for each of $MODES, the mode behind its arguments, all of them beside each other: what they do is wait.
# Fails, and shows what they printed, where one fails.
in_modes_at_once() {
    local mode failed='' shown=$BATS_TEST_TMPDIR/shown
    local -A running
    for mode in $MODES; do
        (set -e; "$@" "$mode") >"$shown.$mode" 2>&1 3>&- &
        running[$mode]=$!
    done
    for mode in $MODES; do
        wait "${running[$mode]}" || { echo "$mode:"; cat "$shown.$mode"; failed=yes; }
    done
    [ -z "$failed" ]
}

# Evaluates a jq filter on a JSON file; fails, and shows the file's beginning, if the answer is not "true".
holds() {
    local file=$1 filter=$2
    shift 2
    local answer
    answer=$(jq "$@" "$filter" "$file")
    if [ "$answer" != true ]; then
        echo "does not hold: $filter (gave: $answer)"
        jq 'del(.results[].rounds[].samples)' "$file" | head -c 6000
        return 1
    fi
}

# Waits until a command succeeds: for two minutes, since how soon things happen is not what tests are about.
until_true() {
    local end=$((SECONDS + 120))
    while [ $SECONDS -lt $end ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        sleep 0.05
    done
    echo "never true: $*"
    return 1
}

# The states of a run in the background, whose process is `program`. A test that does something to it waits for one of
# these first, and never for a time it guesses.

# The origin is started first, and of two children the other is the cell.
find_origin() {
    origin=$(pgrep -o -P "$program")
    [ -n "$origin" ]
}
find_cell() {
    find_origin || return
    cell=$(pgrep -n -P "$program")
    [ -n "$cell" ] && [ "$cell" != "$origin" ]
}
find_workers() {
    find_cell || return
    workers=$(pgrep -P "$cell")
    [ "$(wc -w <<<"$workers")" -eq "$1" ]
}

# How many connections of the program to its origin are in the state $1 (established, time-wait), in `connections`. Where it
# listens is asked once, and not with the option of ss that looks at all processes: there may be thousands.
count_connections() {
    find_origin || return
    local sockets
    if [ "$origin" != "${origin_with_port:-}" ]; then
        sockets=$(find "/proc/$origin/fd" -lname 'socket:*' -printf '%l|' | tr -cd '0-9|')
        origin_port=$(ss -Hltne | sed -nE "s/.*:([0-9]+) .* ino:(${sockets%|}) .*/\1/p")
        [ -n "$origin_port" ] || return
        origin_with_port=$origin
    fi
    connections=$(ss -Htn state "$1" "dport = :$origin_port" | wc -l)
}

# At least $1 downloads are under way.
are_under_way() {
    count_connections established && [ "$connections" -ge "$1" ]
}

# At least $1 requests were sent over one connection: all before the last of them are answered.
have_been_sent() {
    are_under_way 1 || return
    ss -Htni state established "dport = :$origin_port" |
        awk -v count="$1" -v RS='data_segs_out:' 'NR > 1 && $1 + 0 >= count { found = 1 } END { exit !found }'
}

min() {
    echo $(($1 < $2 ? $1 : $2))
}

# Asserts on the last `run`. Where a report breaks a line, it indents the next one: that is a space to these.
exits_with() {
    if [ "$status" -ne "$1" ]; then
        echo "exit status $status, not $1; output:"
        echo "$output"
        return 1
    fi
}

says() {
    if [[ "$output" != *"$1"* && "${output//$'\n  '/ }" != *"$1"* ]]; then
        echo "does not say: $1"
        echo "$output"
        return 1
    fi
}

# Asks in all modes with the arguments behind ":", and wants them refused with status $1 and the words between, before
# anything is run.
refused() {
    local expected=$1 part
    shift
    local parts=()
    while [ "$1" != : ]; do parts+=("$1"); shift; done
    shift
    run once --mode all --export-json never.json "$@"
    exits_with "$expected"
    [ ! -e never.json ]
    for part in "${parts[@]}"; do says "$part"; done
}

# Wants the arguments behind $1 refused with that sentence, for the file `list` and the embedded origin.
refuses() {
    local sentence=$1
    shift
    run "$CONC_BENCH" "$@" --origin list
    exits_with 2
    says "$sentence"
}

says_not() {
    if [[ "$output" == *"$1"* || "${output//$'\n  '/ }" == *"$1"* ]]; then
        echo "says: $1"
        echo "$output"
        return 1
    fi
}

# Writes $1 documents of different sizes below $2 and the list of their URLs, at host and port $3, to standard output.
make_documents() {
    local count=$1 folder=$2 authority=$3 i
    mkdir -p "$folder"
    for ((i = 1; i <= count; i++)); do
        head -c $((i * 97)) /dev/zero | tr '\0' 'x' >"$folder/document-$i.txt"
        echo "http://$authority/document-$i.txt"
    done
}

# Waits until process $1, a child of this shell, listens on port $2; fails where it ends instead, as one does whose port
# somebody else has.
comes_to_listen() {
    for _ in $(seq 1200); do
        ss -Hltnp "sport = :$2" | grep -q "pid=$1," && return 0
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

# Starts nginx on a free loopback port; sets NGINX_PORT, NGINX_ROOT and NGINX_LOG. One log line a request:
# URI, status, body bytes, number of its connection. A function nginx_more (file, port) may write more servers to a file.
start_nginx() {
    local folder=$BATS_FILE_TMPDIR/nginx
    NGINX_ROOT=$folder/root NGINX_LOG=$folder/access.log
    mkdir -p "$NGINX_ROOT"
    local attempt
    for attempt in $(seq 20); do
        NGINX_PORT=$((20000 + (RANDOM % 12000)))
        ! declare -F nginx_more >/dev/null || nginx_more "$folder/servers.more" "$NGINX_PORT"
        cat >"$folder/nginx.conf" <<CONF
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 4096; }
http {
    log_format packed '\$request_uri \$sent_http_content_encoding';
    log_format witness '\$request_uri \$status \$body_bytes_sent \$connection';
    access_log $NGINX_LOG witness;
    keepalive_requests 1000000;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
    server {
        listen 127.0.0.1:$NGINX_PORT backlog=1024;
        root $NGINX_ROOT;
        location /moved { return 302 /document-1.txt; }
        location /loop { return 302 /loop; }
        location /missing { return 404; }
        location /broken { return 500; }
        location /packed/ {
            alias $NGINX_ROOT/;
            gzip on;
            gzip_types text/plain;
            gzip_min_length 1;
            gzip_vary on;
            access_log $NGINX_LOG.packed packed;
        }
    }
    include $folder/*.more;
}
CONF
        # As root, nginx would serve as a user who may not enter the test's folder.
        if nginx -c "$folder/nginx.conf" -g "user $(id -un);" 2>"$folder/start.log"; then
            NGINX_PID_FILE=$folder/nginx.pid
            return 0
        fi
    done
    cat "$folder/start.log"
    return 1
}

# Waits until a log of nginx has $2 lines: it writes them once it has sent the answer, behind the client's back. Whether
# there are more, or not as many in the end, is the test's to look at.
logged() {
    local log=$1 count=$2
    for _ in $(seq 1200); do
        [ "$(wc -l <"$log")" -lt "$count" ] || return 0
        sleep 0.05
    done
}

stop_nginx() {
    if [ -f "${NGINX_PID_FILE:-}" ]; then
        kill "$(cat "$NGINX_PID_FILE")"
    fi
}

# Makes a folder for LOCPATH that has de_DE.ISO-8859-1, in which each byte is a character, and a forged C.UTF-8 that is
# the same.
make_latin_locale() {
    mkdir -p "$1"
    localedef --inputfile de_DE --charmap ISO-8859-1 "$1/de_DE.ISO-8859-1" >/dev/null 2>&1 || true
    [ -s "$1/de_DE.ISO-8859-1/LC_CTYPE" ]
    cp -r "$1/de_DE.ISO-8859-1" "$1/C.UTF-8"
}

# Makes the reports of r.json again: they are those in r.csv, r.md, r.html, and the text in report.
same_again() {
    local kind
    "$CONC_BENCH" --import-json r.json --export-json again.json --export-csv again.csv --export-markdown again.md \
        --export-html again.html >again
    for kind in json csv md html; do
        cmp "r.$kind" "again.$kind"
    done
    diff report again
}
