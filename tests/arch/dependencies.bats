#!/usr/bin/env bats
# The architecture, enforced on the sources: who may include whom, who may call what, and what nobody calls.
# The rules are the tables below and the tests that name them; how they are checked stands at the end of the file.
# shellcheck disable=SC2016  # dollars within awk programs are fields

# --- What each file may include of our own: conc_bench/X.h for each word, and headers beside it -----------------------

base='child clock connections environment error number place random scratch text unicode'

# A header in include/conc_bench is held to the line of the source of its name.
may_include() {
    case $1 in
        src/base/*)           echo "$base" ;;
        src/work/plan.c)      echo "$base plan urls resolve mode transfer" ;;
        src/work/politeness.c) echo "$base politeness plan resolve urls own_host" ;;
        src/work/*)           echo "$base urls resolve cpu_work target request route config header pins host_name own_host" ;;
        src/transfer/*)       echo "$base transfer target request rehearsal http2 streams sample pins pool" ;;
        src/modes/mode.c)     echo "$base mode modes trait sample transfer" ;;
        src/modes/*)          echo "$base mode modes sample transfer streams cpu_work worker crew loop pool" ;;
        src/bench/sample.c)   echo "$base sample" ;;
        src/bench/phases.c)   echo "$base sample phases" ;;
        src/bench/*)          echo "$base sample phases mode plan transfer result cgroup resources host_load interrupt cell runner apart" ;;
        src/verdict/*)        echo "$base sample phases result trait stats signed_rank ranking usl extract digest service metrics validity evidence per_url figures" \
                                   "summary diagnosis gains sweep claim judgement rank_sum regression verdict" ;;
        src/output/outline.c) echo "$base outline plan sample host_name" ;; # it shows what has no result yet
        src/output/*)         echo "$base sample phases result trait stats digest service validity evidence judgement per_url figures regression verdict" \
                                   "format baseline import table json csv markdown html junit trace progress export stream" ;;
        src/origin/*)         echo "$base origin" ;;
        src/options/*)        echo "$base options metrics mode origin plan transfer request route header claim sample format" ;;
        src/report.c)         echo "$base report options result judgement regression verdict export stream format" \
                                   "csv html json junit markdown table trace" ;;
        src/experiment.c)     echo "$base experiment mode plan result runner extract digest validity figures ranking signed_rank sweep" ;;
        src/session/places.c) echo "$base session options request places" ;;
        src/session/earlier.c) echo "$base session options result per_url baseline import report" ;;
        src/session/setup.c)  echo "$base session options urls plan header politeness pins pool request resolve target cpu_work mode transfer runner interrupt" \
                                   "resources result baseline progress origin" ;;
        src/session/trials.c) echo "$base session options plan politeness request rehearsal apart target transfer experiment runner interrupt" \
                                   "result baseline progress origin sample" ;;
        src/session/*)        echo "$base session options urls plan request rehearsal resolve own_host target transfer experiment" \
                                   "cgroup resources result evidence baseline report outline progress origin" ;;
        src/main.c)           echo "$base options session transfer stream" ;; # transfer for --version
        *)                    echo 'no line' ;;
    esac
}

# Headers without a source of their name, and the source they belong to.
owner_of_orphan() {
    case $1 in
        modes | trait) echo src/modes/mode.c ;;
        *)     echo "nobody: conc_bench/$1.h has no source $1.c" ;;
    esac
}

@test "base knows nothing above it" { includes_follow_the_table 'src/base/'; }
@test "work knows lists, names and plans, but no run" { includes_follow_the_table 'src/work/'; }
@test "transfer knows samples, but neither modes nor plans" { includes_follow_the_table 'src/transfer/'; }
@test "modes know transfers and samples, but neither plans nor results" { includes_follow_the_table 'src/modes/'; }
@test "bench knows no verdict, no output, no options" { includes_follow_the_table 'src/bench/'; }
@test "verdict knows results only" { includes_follow_the_table 'src/verdict/'; }
@test "output knows results and figures only" { includes_follow_the_table 'src/output/'; }
@test "origin knows nothing of its client" { includes_follow_the_table 'src/origin/'; }
@test "sessions include what they hand on" { includes_follow_the_table 'src/session/'; }
@test "options, experiments and main include what they hand on" { includes_follow_the_table 'src/[a-z]*[.]c'; }
@test "every file has a line in the table of includes" { every_owner_has_a_line; }

# --- Headers that only these may include ------------------------------------------------------------------------------

@test "curl/curl.h stays with transfers, URLs and event loops" {
    only_these_include curl/curl.h 'src/transfer/*' src/work/urls.c src/work/host_name.c src/work/target.c src/work/resolve.c 'src/modes/loop*'
}
@test "pthread.h stays where threads are made" { only_these_include pthread.h src/modes/crew.c; }
@test "jansson.h stays in output" { only_these_include jansson.h 'src/output/*'; }
@test "microhttpd.h stays in origin" { only_these_include microhttpd.h 'src/origin/*'; }
@test "GnuTLS's headers stay in origin" {
    for header in gnutls abstract crypto x509 x509-ext; do only_these_include "gnutls/$header.h" 'src/origin/*'; done
}
@test "modes.h stays in modes" { only_these_include conc_bench/modes.h 'src/modes/*'; }
@test "options.h stays at the top" {
    only_these_include conc_bench/options.h src/main.c 'src/session/*' src/report.c 'src/options/*' include/conc_bench/session.h include/conc_bench/report.h
}
@test "session.h stays at the top" { only_these_include conc_bench/session.h src/main.c 'src/session/*'; }
@test "writers' headers stay in output and at the top" {
    for header in table json progress export outline; do
        only_these_include "conc_bench/$header.h" 'src/output/*' src/report.c 'src/session/*'
    done
}

# --- Calls that only these may make -----------------------------------------------------------------------------------

@test "curl_easy_setopt() is called in transfer only" { only_these_call 'curl_easy_setopt|SET' 'src/transfer/*'; }
@test "fork() is called only where processes are made" {
    only_these_call 'v?fork|posix_spawnp?' src/bench/cell.c src/bench/apart.c src/modes/processes.c src/origin/origin.c
}
@test "threads are made in crew.c only" { only_these_call 'pthread_create|thrd_create' src/modes/crew.c; }
@test "exit() is called in main.c only" { only_these_call 'exit|quick_exit' src/main.c; }
@test "_exit() is called in child.c only" { only_these_call '_exit|_Exit' src/base/child.c; }
@test "only main.c, options.c and output print" {
    only_these_call 'v?f?printf|v?dprintf|f?puts|f?putc|putchar|fwrite|perror' src/main.c 'src/options/*' 'src/output/*'
}

# A mode is named by its own file and the registry; where anybody else does, two modes know each other, or the core asks
# which mode it has.
@test "only the registry names a mode" {
    modes=$(cd "$PROJECT_ROOT" && sed -n 's/^const struct mode \(mode_[a-z_]*\) = .*/\1/p' src/modes/*.c)
    [ -n "$modes" ]
    for mode in $modes; do
        violations "names $mode, which only src/modes/${mode#mode_}.c and the registry do" \
            "$(uses "$mode" | not_in "src/modes/${mode#mode_}.c" src/modes/mode.c include/conc_bench/modes.h)"
    done
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
@test "system() is not called" { nobody_calls 'system|popen' 'runs a shell'; }

# --- Headers and functions --------------------------------------------------------------------------------------------

@test "every header compiles on its own" {
    failed=''
    for header in "$PROJECT_ROOT"/include/conc_bench/*.h "$PROJECT_ROOT"/src/*/*.h; do
        echo "#include \"$header\"" |
            "${CC:-cc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
                -I "$PROJECT_ROOT/include" -x c - || failed="$failed ${header#"$PROJECT_ROOT"/}"
    done
    [ -z "$failed" ] || { echo "does not compile on its own:$failed"; return 1; }
}

@test "every header has an include guard of its name" {
    violations 'is no guard: it begins with #ifndef and #define, and ends with #endif' "$(
        cd "$PROJECT_ROOT" || exit
        for header in include/conc_bench/*.h; do
            name=$(basename "$header" .h | tr '[:lower:]-' '[:upper:]_')
            check_guard "$header" "CONC_BENCH_${name}_H"
        done
        for header in src/*/*.h; do
            name=$(basename "$header" .h | tr '[:lower:]-' '[:upper:]_')
            check_guard "$header" "CONC_BENCH_([A-Z]+_)?${name}_H"
        done
    )"
}

@test "every header is included by somebody" {
    for header in "$PROJECT_ROOT"/include/conc_bench/*.h "$PROJECT_ROOT"/src/*/*.h; do
        file=${header#"$PROJECT_ROOT"/}
        name=${file#include/}
        [ "$name" != "$file" ] || name=$(basename "$file")
        awk -F '\t' -v name="$name" -v file="$file" '$3 == name && $1 != file { found = 1 } END { exit !found }' \
            "$BATS_FILE_TMPDIR/includes" || { echo "$file:1: is included by nobody"; return 1; }
    done
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

# Leaves two tables with tabs between the columns: `code` (file, line, text without comments, literals emptied) and
# `includes` (file, line, name as it stands between the quotes or brackets).
setup_file() {
    : "${PROJECT_ROOT:?is the folder that holds src and include}"
    cd "$PROJECT_ROOT" || return
    find src include -name '*.[ch]' | LC_ALL=C sort >"$BATS_FILE_TMPDIR/files"
    [ -s "$BATS_FILE_TMPDIR/files" ]
    xargs awk '
        FNR == 1 { inside = 0 }
        {
            code = ""
            include = $0 ~ /^[ \t]*#[ \t]*include/
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1); pair = substr($0, i, 2)
                if (inside == "comment") { if (pair == "*/") { inside = 0; i++; code = code " " } }
                else if (inside) { if (c == "\\") i++; else if (c == inside) { inside = 0; code = code c } }
                else if (pair == "/*") { inside = "comment"; i++ }
                else if (pair == "//") break
                else { if ((c == "\"" || c == "\047") && !include) inside = c; code = code c }
            }
            if (inside != "comment") inside = 0 # a literal ends with its line
            print FILENAME "\t" FNR "\t" code
        }
    ' <"$BATS_FILE_TMPDIR/files" >"$BATS_FILE_TMPDIR/code"
    awk -F '\t' '$3 ~ /^[ ]*#[ ]*include/ { split($3, part, /["<>]/); print $1 "\t" $2 "\t" part[2] }' \
        "$BATS_FILE_TMPDIR/code" >"$BATS_FILE_TMPDIR/includes"
    [ -s "$BATS_FILE_TMPDIR/includes" ]
}

# Fails if there are violations, lines that begin with file:line, and says which rule they break.
violations() {
    [ -n "$2" ] || return 0
    printf '%s\n' "$2" | while IFS= read -r line; do echo "$line: $1"; done
    return 1
}

# Leaves out lines that begin with a file that matches one of the patterns.
not_in() {
    while IFS= read -r line; do
        for pattern in "$@"; do
            # shellcheck disable=SC2254  # it is a pattern
            case ${line%%:*} in $pattern) continue 2 ;; esac
        done
        echo "$line"
    done
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

# The source whose line in the table a file is held to.
owner() {
    case $1 in
        include/*)
            name=$(basename "$1" .h)
            # The topmost, since src/origin/options.c does not make options.h its own.
            source=$(awk -F / -v name="$name.c" '
                $1 == "src" && $NF == name && (!depth || NF < depth) { depth = NF; path = $0 }
                END { print path }
            ' "$BATS_FILE_TMPDIR/files")
            echo "${source:-$(owner_of_orphan "$name")}"
            ;;
        *.h) echo "${1%.h}.c" ;;
        *) echo "$1" ;;
    esac
}

every_owner_has_a_line() {
    while IFS= read -r file; do
        owner=$(owner "$file")
        [ "$(may_include "$owner")" != 'no line' ] || echo "$file:1: belongs to $owner, which has no line in the table"
    done <"$BATS_FILE_TMPDIR/files" >"$BATS_TEST_TMPDIR/without"
    cat "$BATS_TEST_TMPDIR/without"
    [ ! -s "$BATS_TEST_TMPDIR/without" ]
}

# Checks every file whose owner begins with the given expression; there must be one.
includes_follow_the_table() {
    grep -q "^$1" "$BATS_FILE_TMPDIR/files" || { echo "$1: there is no such file"; return 1; }
    violations 'the table of includes does not allow it' "$(
        while IFS= read -r file; do
            owner=$(owner "$file")
            expr "$owner" : "$1" >/dev/null || continue
            awk -F '\t' -v file="$file" -v allowed=" $(may_include "$owner") " '
                $1 == file && $3 ~ /^conc_bench\// {
                    name = substr($3, 12, length($3) - 13)
                    if (!index(allowed, " " name " ")) print $1 ":" $2 ": includes " $3
                }
                $1 == file && $3 ~ /[.]c$|[.][.]/ { print $1 ":" $2 ": includes " $3 }
            ' "$BATS_FILE_TMPDIR/includes"
        done <"$BATS_FILE_TMPDIR/files"
    )"
}

# Prints file:line of what is not as a guard should be.
check_guard() {
    awk -v file="$1" -v guard="^$2\$" '
        { sub(/\r$/, "") }
        /^[ \t]*$/ { next }
        ++lines == 1 && !($1 == "#ifndef" && $2 ~ guard) { print file ":" FNR }
        lines == 1 { name = $2 }
        lines == 2 && !($1 == "#define" && $2 == name && NF == 2) { print file ":" FNR }
        { last = $1; last_line = FNR }
        END { if (last != "#endif") print file ":" last_line }
    ' "$1"
}
