#!/usr/bin/env bats
# The architecture, enforced on the sources: who may include whom, who may call what, and what nobody calls.
# The rules are the tables below and the tests that name them; how they are checked stands at the end of the file.
# shellcheck disable=SC2016  # dollars within awk programs are fields

# --- What each room may include of our own ----------------------------------------------------------------------------

# A file is held to the line of the room it lies in; a header in include/conc_bench/ROOM, too. A word is a room, or one
# header of a room. What only its own room uses lies beside its source and is found by no other.
may_include() {
    case $1 in
        platform) echo 'platform' ;;
        base)     echo 'base platform' ;;
        workload) echo 'base platform workload modes/mode http/transfer' ;; # of a plan: what is run, and by which policy
        http)     echo 'base platform http run/sample workload/target workload/request workload/pins workload/check' ;;
        modes)    echo 'base platform modes http/transfer http/group http/pool run/sample workload/cpu_work' ;;
        client)   echo 'base platform client origin/journal modes/mode run/run run/sample run/resources' ;;
        run)      echo 'base platform fleet run client modes/mode workload/plan workload/share http/transfer analysis/stats analysis/backlog' \
                       'analysis/validity analysis/cell_stats analysis/ranking analysis/settle analysis/signed_rank analysis/sweep' \
                       'analysis/rate_curves analysis/rate_search' ;;
        analysis) echo 'base analysis run/run run/sample run/phases modes/trait' ;;
        report)   echo 'base platform report document analysis run/run run/sample run/phases modes/trait cli/options' \
                       'workload/plan workload/host_name client/client' ;;
        document) echo 'base document analysis run/run run/sample run/phases modes/trait report/format' ;;
        origin)   echo 'base platform origin' ;;
        fleet)    echo 'base platform fleet' ;;
        cli)      echo 'base cli client/client analysis/metrics analysis/assertion modes/mode origin workload http/transfer run/sample report/format' ;;
        session)  echo 'base platform fleet session cli client workload http modes/mode run analysis document report origin' ;;
        main)     echo 'base cli fleet session http/transfer report/stream' ;; # transfer for --version
        *)        echo 'no line' ;;
    esac
}

@test "each room includes only what lies below it" {
    for room in $(cut -f 2 "$BATS_FILE_TMPDIR/rooms" | sort -u); do
        printf '%s\t%s\n' "$room" "$(may_include "$room")"
    done >"$BATS_TEST_TMPDIR/allowed"
    violations 'the table of includes does not allow it' "$(
        awk -F '\t' '
            FILENAME ~ /rooms$/ { room[$1] = $2; next }
            FILENAME ~ /allowed$/ { allowed[$1] = " " $2 " "; next }
            $3 ~ /^conc_bench\// {
                header = substr($3, 12, length($3) - 13)
                split(header, part, "/")
                may = allowed[room[$1]]
                if (!index(may, " " part[1] " ") && !index(may, " " header " ")) print $1 ":" $2 ": includes " $3
                next
            }
            $3 ~ /[.]c$|[.][.]|^[a-z]+\/.*[.]h$/ && $3 !~ /^(sys|net|netinet|arpa|linux|curl|nghttp2|gnutls|openssl|sanitizer)\// {
                print $1 ":" $2 ": includes " $3
            }
        ' "$BATS_FILE_TMPDIR/rooms" "$BATS_TEST_TMPDIR/allowed" "$BATS_FILE_TMPDIR/includes"
    )"
}

@test "every room has a line in the table of includes" {
    for room in $(cut -f 2 "$BATS_FILE_TMPDIR/rooms" | sort -u); do
        [ "$(may_include "$room")" != 'no line' ] || { echo "the room $room has no line in the table"; return 1; }
    done
}

# Checked on the whole, as two headers of one name are told apart by nobody.
@test "no two headers and no two sources have the same name" {
    for ending in c h; do
        twice=$(awk -F / -v ending="[.]$ending\$" '$NF ~ ending { print $NF }' "$BATS_FILE_TMPDIR/files" | sort | uniq -d)
        [ -z "$twice" ] || { echo "stands twice: $twice"; return 1; }
    done
}

@test "no two structs have the same name" {
    twice=$(awk -F '\t' '$3 ~ /^(static )?struct [a-z0-9_]+ [{]/ { sub(/^static /, "", $3); split($3, word, " "); print word[2] }' \
        "$BATS_FILE_TMPDIR/code" | sort | uniq -d)
    [ -z "$twice" ] || { echo "stands twice: $twice"; return 1; }
}

@test "a header that only its own room uses lies beside its source" {
    violations 'is used by its own room alone, and belongs into src' "$(
        awk -F '\t' '
            FNR == NR { room[$1] = $2; next }
            ("include/" $3) in room && (room["include/" $3] != room[$1] || $1 ~ /^include\//) { shared["include/" $3] = 1 }
            END { for (file in room) if (file ~ /^include\// && !(file in shared)) print file ":1" }
        ' "$BATS_FILE_TMPDIR/rooms" "$BATS_FILE_TMPDIR/includes"
    )"
}

# --- Headers that only these may include ------------------------------------------------------------------------------

@test "curl/curl.h stays with transfers, URLs and event loops" {
    only_these_include curl/curl.h 'src/http/*' src/workload/urls.c src/workload/host_name.c src/workload/target.c src/workload/resolve.c 'src/modes/loop*'
}
@test "pthread.h stays where threads are made" { only_these_include pthread.h src/modes/thread_pool.c; }
@test "jansson.h stays in document and report" { only_these_include jansson.h 'src/document/*' 'src/report/*'; }
@test "microhttpd.h stays in origin" { only_these_include microhttpd.h 'src/origin/*'; }
@test "mpi.h stays in the file that is MPI's" { only_these_include mpi.h src/fleet/mpi.c; }
@test "GnuTLS's headers stay in origin, but for digests of bodies" {
    for header in abstract x509 x509-ext; do only_these_include "gnutls/$header.h" 'src/origin/*'; done
    for header in gnutls crypto; do only_these_include "gnutls/$header.h" 'src/origin/*' src/http/checking.c; done
}
@test "xxhash.h stays with digests" { only_these_include xxhash.h src/http/digest.c; }
@test "cli/options.h stays at the top" {
    only_these_include conc_bench/cli/options.h src/main.c 'src/session/*' src/report/report.c 'src/cli/*' \
        include/conc_bench/session/session.h include/conc_bench/report/report.h
}

# --- Calls that only these may make -----------------------------------------------------------------------------------

@test "curl_easy_setopt() is called in http only" { only_these_call 'curl_easy_setopt|SET' 'src/http/*'; }
@test "fork() is called only where processes are made" {
    only_these_call 'v?fork|posix_spawnp?' src/run/trial.c src/base/subprocess.c src/base/init_process.c src/modes/processes.c src/origin/origin.c \
        src/client/client_process.c
}
@test "threads are made in thread_pool.c only" { only_these_call 'pthread_create|thrd_create' src/modes/thread_pool.c; }
@test "exit() is called in main.c only" { only_these_call 'exit|quick_exit' src/main.c; }
@test "_exit() is called in child.c only" { only_these_call '_exit|_Exit' src/base/child.c; }
@test "only main.c, cli, document and report print" {
    only_these_call 'v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror' src/main.c 'src/cli/*' 'src/document/*' 'src/report/*'
}

# A mode is named by its own file and the registry; where anybody else does, two modes know each other, or the core asks
# which mode it has.
@test "only the registry names a mode" {
    modes=$(cd "$PROJECT_ROOT" && sed -n 's/^const struct mode \(mode_[a-z_]*\) = .*/\1/p' src/modes/*.c)
    [ -n "$modes" ]
    for mode in $modes; do
        violations "names $mode, which only src/modes/${mode#mode_}.c and the registry do" \
            "$(uses "$mode" | not_in "src/modes/${mode#mode_}.c" src/modes/mode.c src/modes/modes.h)"
    done
}

# --- What only Linux or glibc has -------------------------------------------------------------------------------------

# Only src/platform finds things out by these; its headers say what they answer on other systems.

@test "Linux's headers stay in platform and the epoll driver" {
    for header in prctl random xattr sysmacros sysinfo syscall auxv sendfile inotify fanotify eventfd timerfd signalfd mount vfs; do
        only_these_include "sys/$header.h" 'src/platform/*'
    done
    for header in malloc execinfo features gnu/libc-version link sched; do only_these_include "$header.h" 'src/platform/*'; done
    only_these_include sys/epoll.h src/modes/loop_epoll.c
    violations 'includes a header of the kernel, which only src/platform/* may' "$(
        awk -F '\t' '$3 ~ /^(linux|asm)\// { print $1 ":" $2 }' "$BATS_FILE_TMPDIR/includes" | not_in 'src/platform/*'
    )"
}

# The objects tell what is called, and the C library's headers what POSIX has. Each line below is a list that those do
# not hold.
functions_besides_posix='asprintf freeifaddrs getifaddrs memmem vasprintf wait4' # which macOS and the BSDs have
posix_without_macos='clock_nanosleep fexecve mq_.* posix_fadvise posix_fallocate pthread_barrier_.* pthread_condattr_setclock
    pthread_getcpuclockid pthread_mutex_timedlock pthread_rwlock_timed.* pthread_spin_.* sem_init sem_timedwait sigqueue
    sigtimedwait sigwaitinfo timer_.*'

# The functions that POSIX.1-2008 has, one a line.
posix_functions() {
    for header in aio arpa/inet ctype dirent dlfcn errno fcntl fnmatch glob grp iconv inttypes langinfo locale math net/if \
        netdb netinet/in poll pthread pwd regex sched search semaphore signal spawn stdio stdlib string strings \
        sys/ipc sys/mman sys/resource sys/select sys/shm sys/socket sys/stat sys/statvfs sys/time sys/times sys/uio \
        sys/un sys/utsname sys/wait syslog termios time unistd utime wchar wctype wordexp; do
        echo "#include <$header.h>"
    done | "${CC:-cc}" -std=c17 -D_XOPEN_SOURCE=700 -E -P -x c - | grep -oE '[a-z_][a-z0-9_]*[ ]*[(]' | tr -d ' ('
    echo ioctl # whose header POSIX has with streams only
}

# Lists what the objects take from elsewhere, as file and function, without what the compiler and the C library's macros
# put in place of a function, and without what our libraries are for.
foreign_functions() {
    objects=$(dirname "$CONC_BENCH")
    nm -g "$objects/libconc_bench_core.a" "$objects"/CMakeFiles/conc-bench.dir/src/main.c.o | awk '
        /[.]o:$/ { file = $1; sub(/.*\//, "", file); sub(/[.]o:$/, "", file); next }
        NF == 3 { ours[$3] = 1 }
        NF == 2 && $1 == "U" { uses[++count] = file " " $2 }
        END { for (i = 1; i <= count; i++) { split(uses[i], part, " "); if (!(part[2] in ours)) print uses[i] } }
    ' | sed -E 's/ __isoc[0-9]+_/ /; s/ __(.*)_chk$/ \1/; s/([a-z])64$/\1/' |
        grep -vE ' (_|curl_|json_|MHD_|gnutls_|XXH3_|(fdelt|environ|stdin|stdout|stderr)$)'
}

@test "functions that macOS or the BSDs lack are called in platform and the epoll drivers only" {
    pattern=$(echo $posix_without_macos | tr ' ' '|')
    { posix_functions | grep -vxE "$pattern"; printf '%s\n' $functions_besides_posix; } >"$BATS_TEST_TMPDIR/known"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/known")" -gt 900 ]
    foreign_functions >"$BATS_TEST_TMPDIR/called"
    grep -q '^posix.c\|^loop_poll.c' "$BATS_TEST_TMPDIR/called" || grep -q '^loop_epoll.c epoll_wait$' "$BATS_TEST_TMPDIR/called"
    violations 'no function of POSIX that macOS and the BSDs have: only src/platform/* may call it' "$(
        awk 'FNR == NR { known[$1] = 1; next } !($2 in known) { print $1 ":" $2 }' "$BATS_TEST_TMPDIR/known" "$BATS_TEST_TMPDIR/called" |
            not_in $(cd "$PROJECT_ROOT/src/platform" && ls -- *.c) loop_epoll.c
    )"
}

@test "each function of platform has a portable form" {
    cd "$PROJECT_ROOT"
    grep -hE '^[A-Za-z].*\(' include/conc_bench/platform/*.h | sed -E 's/\(.*//; s/.*[ *]//' |
        sort -u >"$BATS_TEST_TMPDIR/declared"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/declared")" -gt 30 ]
    while IFS= read -r name; do
        grep -qE "^[a-zA-Z].*[ *]$name\(" src/platform/posix.c || echo "src/platform/posix.c:1: lacks $name()"
    done <"$BATS_TEST_TMPDIR/declared" >"$BATS_TEST_TMPDIR/lacking"
    cat "$BATS_TEST_TMPDIR/lacking"
    [ ! -s "$BATS_TEST_TMPDIR/lacking" ]
}

@test "Linux's constants are named in platform only" {
    violations 'names what only Linux has, which only src/platform/* may' "$(
        uses 'MADV_[A-Z_]+|MFD_[A-Z_]+|PR_[GS]ET_[A-Z_]+|SO_COOKIE|SO_INCOMING_CPU|SOCK_CLOEXEC|SOCK_NONBLOCK|MSG_NOSIGNAL|MSG_CMSG_CLOEXEC|TCP_INFO|TCP_QUICKACK|O_TMPFILE|O_PATH|RENAME_[A-Z]+|STATX_[A-Z_]+|CPU_(SET|ISSET|COUNT|ZERO|SETSIZE)|RUSAGE_THREAD|MAP_(POPULATE|HUGETLB)|F_[GS]ETPIPE_SZ' |
            not_in 'src/platform/*'
    )"
}

@test "/proc and /sys are read in platform only" {
    violations 'is a path below /proc or /sys, which only src/platform/* may read' "$(
        awk -F '\t' '$3 ~ /(^|%s)\/(proc|sys)(\/|$)/ { print $1 ":" $2 }' "$BATS_FILE_TMPDIR/literals" | not_in 'src/platform/*'
    )"
}

# --- Calls that nobody makes ------------------------------------------------------------------------------------------

@test "atoi() is not called" { nobody_calls 'ato(i|l|ll|f)' 'cannot tell an error: use number_parse_count()'; }
@test "strcpy() is not called" { nobody_calls 'st[pr]n?cpy' 'has no bounds: use snprintf()'; }
@test "strcat() is not called" { nobody_calls 'strn?cat' 'has no bounds that can be read: use snprintf()'; }
@test "sprintf() is not called" { nobody_calls 'v?sprintf' 'has no bounds: use snprintf()'; }
@test "strtok() is not called" { nobody_calls 'strtok(_r)?' 'writes to its argument: use strcspn()'; }
@test "gets() is not called" { nobody_calls gets 'has no bounds: use getline()'; }
@test "gettimeofday() is not called" { nobody_calls gettimeofday 'can be set back: use clock_now()'; }
@test "clock() is not called" { nobody_calls clock 'is CPU time of all threads: use clock_now()'; }
@test "localtime() is not called" { nobody_calls '(localtime|gmtime|ctime|asctime)' 'returns shared storage'; }
@test "signal() is not called" { nobody_calls signal 'differs between systems: use sigaction()'; }
@test "no message writes a figure as 1e+03" {
    violations "has an exponent for large numbers: use NUMBER()" "$(grep -rnE '%(\.[1-6])?g' src)"
}
@test "system() is not called" { nobody_calls 'system|popen' 'runs a shell'; }

# --- Headers and functions --------------------------------------------------------------------------------------------

@test "every header compiles on its own" {
    failed=''
    for header in "$PROJECT_ROOT"/include/conc_bench/*/*.h "$PROJECT_ROOT"/src/*/*.h; do
        echo "#include \"$header\"" |
            "${CC:-cc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
                -I "$PROJECT_ROOT/include" -x c - || failed="$failed ${header#"$PROJECT_ROOT"/}"
    done
    [ -z "$failed" ] || { echo "does not compile on its own:$failed"; return 1; }
}

@test "every header has an include guard of its name" {
    violations 'is no guard: it begins with #ifndef and #define, and ends with #endif' "$(
        cd "$PROJECT_ROOT" || exit
        # Prints the lines that are not as they should be.
        awk '
            function end_of_file() { if (path && last != "#endif") print path ":" last_line }
            FILENAME == ARGV[1] { room[$1] = $2; next }
            FNR == 1 {
                end_of_file()
                path = FILENAME; lines = 0
                guard = path; sub(/.*\//, "", guard); sub(/[.]h$/, "", guard)
                guard = toupper("conc_bench_" room[path] "_" guard "_h"); gsub(/-/, "_", guard)
            }
            { sub(/\r$/, "") }
            /^[ \t]*$/ { next }
            ++lines == 1 && !($1 == "#ifndef" && $2 == guard) { print path ":" FNR }
            lines == 1 { name = $2 }
            lines == 2 && !($1 == "#define" && $2 == name && NF == 2) { print path ":" FNR }
            { last = $1; last_line = FNR }
            END { end_of_file() }
        ' "$BATS_FILE_TMPDIR/rooms" include/conc_bench/*/*.h src/*/*.h
    )"
}

@test "every header is included by somebody" {
    violations 'is included by nobody' "$(
        awk -F '\t' '
            FILENAME == ARGV[1] { users[$3, $1] = 1; count[$3]++; if (seen[$3, $1]++) count[$3]--; next }
            /[.]h$/ {
                name = $1
                if (!sub(/^include\//, "", name)) sub(/.*\//, "", name)
                if (count[name] - ((name, $1) in users) < 1) print $1 ":1"
            }
        ' "$BATS_FILE_TMPDIR/includes" "$BATS_FILE_TMPDIR/files"
    )"
}

@test "no function is longer than 80 lines" {
    violations 'is the end of a function of more than 80 lines: a name is missing in it' "$(
        awk -F '\t' '
            $3 ~ /^\{/ { start = $2; path = $1 }
            $3 ~ /^\}/ && start && path == $1 { if ($2 - start + 1 > 80) print $1 ":" $2; start = 0 }
        ' "$BATS_FILE_TMPDIR/code" | grep '^src/'
    )"
}

# --- How the rules are checked ----------------------------------------------------------------------------------------

# Leaves four tables with tabs between the columns: `rooms` (file and the room it lies in, "main" for src/main.c), `code` (file, line, text without comments, literals emptied),
# `literals` (file, line, what stands between the quotes of a string) and `includes` (file, line, name as it stands
# between the quotes or brackets).
setup_file() {
    : "${PROJECT_ROOT:?is the folder that holds src and include}"
    cd "$PROJECT_ROOT" || return
    find src include -name '*.[ch]' | LC_ALL=C sort >"$BATS_FILE_TMPDIR/files"
    [ -s "$BATS_FILE_TMPDIR/files" ]
    sed -E 's#^(include/conc_bench|src)/([^/]*)/.*#&\t\2#; t; s/$/\tmain/' "$BATS_FILE_TMPDIR/files" >"$BATS_FILE_TMPDIR/rooms"
    xargs awk -v literals="$BATS_FILE_TMPDIR/literals" '
        FNR == 1 { inside = 0 }
        {
            code = ""
            include = $0 ~ /^[ \t]*#[ \t]*include/
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1); pair = substr($0, i, 2)
                if (inside == "comment") { if (pair == "*/") { inside = 0; i++; code = code " " } }
                else if (inside) {
                    if (c == "\\") { literal = literal pair; i++ }
                    else if (c != inside) literal = literal c
                    else {
                        if (c == "\"") print FILENAME "\t" FNR "\t" literal >>literals
                        inside = 0; code = code c
                    }
                }
                else if (pair == "/*") { inside = "comment"; i++ }
                else if (pair == "//") break
                else { if ((c == "\"" || c == "\047") && !include) { inside = c; literal = "" } code = code c }
            }
            if (inside != "comment") inside = 0 # a literal ends with its line
            print FILENAME "\t" FNR "\t" code
        }
    ' <"$BATS_FILE_TMPDIR/files" >"$BATS_FILE_TMPDIR/code"
    awk -F '\t' '$3 ~ /^[ ]*#[ ]*include/ { split($3, part, /["<>]/); print $1 "\t" $2 "\t" part[2] }' \
        "$BATS_FILE_TMPDIR/code" >"$BATS_FILE_TMPDIR/includes"
    [ -s "$BATS_FILE_TMPDIR/includes" ]
    [ -s "$BATS_FILE_TMPDIR/literals" ]
}

# Fails if there are violations, lines that begin with file:line, and says which rule they break.
violations() {
    [ -n "$2" ] || return 0
    printf '%s\n' "$2" | while IFS= read -r line; do echo "$line: $1"; done
    return 1
}

# Leaves out lines that begin with a file that matches one of the patterns.
not_in() {
    local patterns=("${@//./[.]}")
    patterns=("${patterns[@]//\*/.*}")
    grep -vE "^($(IFS='|'; echo "${patterns[*]}")):" || :
}

# Where a word stands in the code, as file:line.
uses() {
    awk -F '\t' -v word="(^|[^A-Za-z0-9_])($1)([^A-Za-z0-9_]|\$)" '$3 ~ word { print $1 ":" $2 }' \
        "$BATS_FILE_TMPDIR/code"
}

# Where a function is called, as file:line and which; a member of that name is not it.
calls() {
    awk -F '\t' -v call="(^|[^A-Za-z0-9_.>])($1)[ ]*[(]" '
        $1 ~ /^src\// && match($3, call) {
            name = substr($3, RSTART, RLENGTH)
            gsub(/[^A-Za-z0-9_]/, "", name)
            print $1 ":" $2 ": calls " name "()"
        }
    ' "$BATS_FILE_TMPDIR/code"
}

only_these_call() {
    names=$1
    shift
    violations "only $* may" "$(calls "$names" | not_in "$@")"
}

nobody_calls() {
    violations "it $2" "$(calls "$1")"
}

only_these_include() {
    header=$1
    shift
    violations "includes $header, which only $* may" "$(
        awk -F '\t' -v header="$header" '$3 == header { print $1 ":" $2 }' "$BATS_FILE_TMPDIR/includes" | not_in "$@"
    )"
}
