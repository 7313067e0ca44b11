# Faults of our own side: whatever fails there, the run ends by itself with an exit status that the README knows and a
# sentence, and leaves neither a process nor a file behind. $INJECT is the library of tests/support/inject.c; builds
# with sanitizers have none, and skip what needs it. With FAULTS=all every call of a run fails once (`--target faults-all`).

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

# Ends what was started in a session of its own, however the test ended.
teardown() {
    local session
    rm -rf "$shared"
    for session in $sessions; do
        pkill -KILL -s "$session" || true
    done
}

# --- Running, and what has to hold afterwards -------------------------------------------------------------------------

small=(--mode all --workers 2 --runs 1 --warmup 0 --no-progress --per-url --origin=latency=0,size=10B
    --export-json r.json http://a.test/{1,2,3})

# How many seconds a run may take; and what a report may say of a trial besides, as a part of a regular expression.
longest=60 hangs=''

# Lets the $2nd call of the functions $1 fail in a small run, in the folder $4; only calls from $3 count ("" is all).
# Leaves `status`, out, err, the report in $reports, and `mark` if there was such a call. 0: all is as it should be; else
# it says what is not.
provoke() {
    local call=$1 at=$2 from=$3 folder=$4 session
    rm -rf "$folder"
    mkdir "$folder"
    cd "$folder" || return
    setsid timeout --signal=KILL "$longest" env LD_PRELOAD="$INJECT" INJECT_CALL="$call" INJECT_AT="$at" INJECT_MARK=mark \
        ${from:+INJECT_FROM="$from"} "$CONC_BENCH" --details --max-time 2 "${small[@]}" >out 2>err 3>&- &
    session=$!
    status=0
    wait $session || status=$?
    {
        until_true nobody_is_left "$session" || { echo "left behind:"; ps -o pid=,ppid=,stat=,args= -s $session; }
        ends_well "$at"
    } >problems
    cd ..
    [ ! -s "$folder/problems" ] || { tell_of "call $at of $call from ${from:-all}" "$folder"; return 1; }
}

# Says what is wrong with a small run that has ended with $status, having written out, err and perhaps r.json. Where the
# folder $reports is set, r.json goes there, to be judged with others by reports_are_true: jq takes as long to start as a run.
ends_well() {
    local file holds=truthful
    case $status in
        0) holds=whole ;;
        3) grep -qE "downloads failed|crashed after|INVALID$hangs" out || echo "no sentence says what happened" ;;
        5) grep -q '^conc-bench: ' err || grep -q 'failed after' out || echo "no sentence says what happened" ;;
        137) echo "it did not end within $longest s" ;;
        *) echo "exit status $status" ;;
    esac
    if [ "$status" -eq 0 ] || [ -e r.json ]; then
        if [ -n "${reports:-}" ]; then
            mv r.json "$reports/$holds-$1.json" || echo "it has no report"
        else
            jq -e "${!holds}" r.json >/dev/null 2>&1 || echo "its report is not true, or not whole"
        fi
    fi
    for file in *; do
        case $file in
            out | err | mark | problems | r.json) ;;
            *) echo "left the file $file" ;;
        esac
    done
}

# A whole report of a small run.
whole='[.partial == false, .validity.is_valid, (.results | length) == 5]
    + [.results[] | .downloads == 3 and .failures == 0 and (.times | length) == 1 and .body_bytes == 30] | all'

# Holds for the report of a small run, however much of it is there: what is complete is whole, what failed is named, and
# what is missing makes it partial.
truthful='.partial as $partial | [.results[] | (.rounds | length) <= 1
    and (if (.rounds | length) == 0 then $partial
         elif .rounds[0].status == "complete" then .downloads == 3 and ([.failure_classes[]] | add // 0) == .failures
         else .rounds[0].reason != "" and (.times | length) == 0 end)] | all'

# Names the reports in the folder $reports that are not what they should be.
reports_are_true() {
    local holds wrong
    for holds in whole truthful; do
        compgen -G "$reports/$holds-*.json" >/dev/null || continue
        wrong=$(find "$reports" -name "$holds-*.json" -exec jq -r "select((${!holds}) | not) | input_filename" {} +) || return
        [ -z "$wrong" ] || { echo "not true, or not whole:"; echo "$wrong"; return 1; }
    done
}

tell_of() {
    echo "$1: exit status $status"
    head -v -n 30 "$2"/problems "$2"/err
    tail -n 12 "$2"/out
}

lanes=2 first=1

# Every number from $first on, up to $3 one by one and from there in steps of $4, until a run has no such call. In lanes,
# since a run leaves most of its time to others.
sweep_lane() {
    local call=$1 from=$2 until=$3 step=$4 lane=$5 at=$((first + $5)) folder=lane-$5
    while provoke "$call" "$at" "$from" "$folder" >>"problems-$lane" || echo "$at" >>"failed-$lane"; do
        [ -e "$folder/mark" ] || break
        echo "$at" >"last-$lane"
        if [ "$at" -lt "$until" ]; then at=$((at + lanes)); else at=$((at + lanes * step)); fi
    done
}

# Options: the calls, whose calls count, up to which every one fails, in which steps those beyond do; and the smallest
# number of them that there must have been, so that a run in which nothing is counted does not pass.
sweep() {
    local call=$1 from=$2 until=$3 step=$4 least=$5 lane last
    [ -n "${INJECT:-}" ] || skip "no fault can be injected in this build"
    [ "${FAULTS:-}" != all ] || step=1
    reports=$PWD/reports
    mkdir "$reports"
    for ((lane = 0; lane < lanes; lane++)); do
        sweep_lane "$call" "$from" "$until" "$step" "$lane" 3>&- &
    done
    wait
    last=$(cat last-* | sort -n | tail -1)
    echo "$last calls"
    [ "$last" -ge "$least" ]
    [ -z "$(cat failed-* 2>/dev/null)" ] || { head -c 20000 problems-*; return 1; }
    reports_are_true
}

# The library that counts the lines that ran (the preset coverage) asks for memory as the program does, and crashes
# without.
no_counting() {
    ! readelf --wide --syms "$CONC_BENCH" | grep -q __gcov_dump || skip "lines are counted in this build"
}

# --- Calls that fail --------------------------------------------------------------------------------------------------

@test "a thread cannot be made" { sweep pthread_create "" 100 1 3; }
@test "a process cannot be made" { sweep fork "" 100 1 8; }
@test "a socket cannot be made" { sweep socket "" 100 1 5; }
@test "a pipe cannot be made" { sweep pipe,pipe2 "" 100 1 4; }
@test "a socket pair cannot be made" { sweep socketpair "" 100 1 6; }
@test "an epoll descriptor cannot be made" { sweep epoll_create1 "" 100 1 3; }
@test "a socket cannot be watched by epoll" { sweep epoll_ctl "" 100 1 5; }
@test "a connection cannot be accepted by the origin" { sweep accept4 "" 6 5 3; }
@test "memory cannot be mapped" { sweep mmap,mmap64 "" 100 1 10; }
@test "a file cannot be opened" { sweep open,open64,__open64_2,fopen,fopen64 "" 12 11 10; }
@test "a file in memory cannot be made for certificates that come from a pipe" {
    needs_injection
    run env LD_PRELOAD="$INJECT" INJECT_CALL=memfd_create INJECT_AT=1 "$CONC_BENCH" --details --mode sync --runs 1 \
        --cacert <(echo some) --export-json r.json https://a.invalid/
    exits_with 5
    says "cannot keep the file of --cacert: Too many open files"
    [ -z "$(ls -A)" ]
}
@test "a pipe cannot be written to" { sweep write "" 100 1 10; }
@test "a report cannot be made safe on the disk" { sweep fsync,rename "" 10 1 2; }
@test "no memory for the program, every time it asks" { no_counting; sweep malloc,calloc,realloc program 100000 1 150; }
@test "no memory for the program or a library" { no_counting; sweep malloc,calloc,realloc '!libcrypto' 60 53 1500; }
# OpenSSL waits for itself for ever in a process that gets no memory for one of the first two things it asks for: since some
# version (3.0 does not, 3.5 does) its allocator reports that by what OPENSSL_init_crypto() is just setting up, from within
# its pthread_once(). A deadline ends the trial a minute later. The first process is left out, and the others are borne.
bear_first_allocations() {
    local version
    version=$("$CONC_BENCH" --version | grep -oP '(?<=OpenSSL/)[0-9]+[.][0-9]+')
    [ "$version" = 3.0 ] || first=3 longest=120 hangs='|hung after'
}

@test "no memory for the library that does TLS" { bear_first_allocations; sweep malloc,calloc,realloc libcrypto 1 997 10000; }
# Runs the origin's side of TLS.
over_tls() {
    small=("${small[@]/#--origin=/--origin=tls,}")
    small=("${small[@]/#http:/https:}")
    "$@"
}

@test "no memory for the origin's TLS" { over_tls sweep malloc,calloc,realloc libgnutls 40 211 1500; }
@test "a socket cannot be watched by epoll, with two servers in the origin" { over_tls sweep epoll_create1,epoll_ctl "" 12 5 10; }

# --- Processes that are lost ------------------------------------------------------------------------------------------

# Starts the program in the background, in a session of its own: `program` is its process. Variables for the library that
# injects faults may stand in front of the options.
start() {
    local settings=()
    while [[ "$1" == INJECT_* ]]; do
        settings+=("$1")
        shift
    done
    [ ${#settings[@]} -eq 0 ] || settings+=(LD_PRELOAD="$INJECT" INJECT_MARK=mark)
    # A shell has its jobs in the background ignore SIGINT, which they would inherit.
    setsid env --default-signal=INT,HUP "${settings[@]}" "$CONC_BENCH" --details --no-progress --export-json r.json "$@" >out 2>err 3>&- &
    program=$!
    sessions="$sessions $program"
}

needs_injection() {
    [ -n "${INJECT:-}" ] || skip "nothing can be injected in this build"
}

# Waits up to $1 seconds for the program to end by itself. `status` is its exit status, `output` what it said, and `took`
# the milliseconds since `begin`. Nothing that it started is left, and no file but its own.
ends_within() {
    local i file
    for i in $(seq $(($1 * 20))); do
        has_ended "$program" && break
        sleep 0.05
    done
    if ! has_ended "$program"; then
        echo "it did not end within $1 s:"
        ps -o pid,ppid,stat,args -s "$program"
        return 1
    fi
    status=0
    wait "$program" || status=$?
    output=$(cat out err)
    until_true nobody_is_left "$program"
    for file in *; do
        case $file in
            out | err | mark | r.json) ;;
            *) echo "left the file $file"; return 1 ;;
        esac
    done
}

# A process that nobody has waited for yet has ended too.
has_ended() {
    case $(ps -o stat= -p "$1") in
        '' | Z*) return 0 ;;
    esac
    return 1
}

is_gone() {
    [ -z "$(ps -o pid= -p "$1")" ]
}

# No process of the session is left. One whose parent is gone may stay a zombie, where the system's first process does
# not reap.
nobody_is_left() {
    # All stay in one group. Where that is empty, there is no need to look through all processes of the machine.
    ! kill -0 -- "-$1" 2>/dev/null || ! ps -o stat= -s "$1" | grep -qv '^Z'
}

# At least one of $1 workers has done a download and begun the next, on a fresh connection each time.
is_going_on() {
    count_connections time-wait && [ "$connections" -gt "$1" ]
}

# 12 downloads that take a second each, by four workers; and so many that no test waits for their end. What a test does
# to the program has to come while they are under way.
long=(--runs 1 --warmup 0 --workers 4 --seed 1 --origin=latency=1s http://a.test/{1,2,3}{0,1,2,3})
endless=(--runs 1 --warmup 0 --workers 4 --seed 1 --origin=latency=400ms -n 100 http://a.test/{1,2,3,4})

# Kills a worker by $1 while it holds a download: all of them always do.
lose_worker() {
    start --mode processes "${long[@]}"
    until_true find_workers 4
    until_true are_under_way 4
    kill -"$1" "$(tail -1 <<<"$workers")"
    ends_within 60
    exits_with 3
    holds r.json '.results[0].rounds[0] | .status == "crashed" and (.reason | test("worker process [0-9] (was killed|ended)"))'
    # The one it held is lost, and what it had done before stands.
    holds r.json '.results[0] | .failure_classes == {"lost": 1} and .downloads == 11'
}

@test "a worker process is killed while it holds a download" { lose_worker KILL; }
@test "a worker process crashes while it holds a download" { lose_worker SEGV; }

lose_cell() {
    local mode
    for mode in processes hybrid; do
        start --mode "$mode" "${endless[@]}"
        until_true find_cell
        until_true are_under_way 4
        kill -"$1" "$cell"
        ends_within 60
        exits_with 3
        holds r.json '.results[0].rounds[0].status == "crashed" and .partial == false'
        says "crashed after"
    done
}

@test "a cell is killed" { lose_cell KILL; }
@test "a cell crashes" { lose_cell SEGV; }

@test "a cell that is stopped is killed at its deadline, with its workers" {
    start --mode processes --deadline 4s "${endless[@]}"
    until_true find_workers 4
    kill -STOP "$cell"
    ends_within 60
    exits_with 3
    holds r.json '.results[0].rounds[0].status == "hung"'
}

@test "the origin is killed in the middle of a run" {
    start --mode threads,sync "${endless[@]}"
    until_true are_under_way 1
    kill -KILL "$origin"
    ends_within 60
    exits_with 5
    says "--origin: the server's process has ended"
    says "Interrupted by an error: this is a partial result."
    holds r.json '.partial and .interrupting_signal == 0 and (.experiment.stop_reason | test("has ended"))'
}

@test "the origin hangs in the middle of a run" {
    start --mode threads,sync --max-time 600ms --runs 1 --warmup 0 --workers 4 --seed 1 --origin=latency=400ms \
        http://a.test/{1,2,3}{0,1,2,3}
    until_true are_under_way 1
    kill -STOP "$origin"
    ends_within 40
    exits_with 5
    says "--origin: the server does not answer"
    holds r.json .partial
}

@test "the origin hangs at the end of a run" {
    needs_injection
    start INJECT_CALL=fsync INJECT_AT=1 INJECT_HOLD=20 "${small[@]}"
    until_true test -e mark
    find_origin
    kill -STOP "$origin"
    rm mark
    ends_within 10
    exits_with 0
}

# Longer than it may take to answer: before it first does, certificates for thousands of hosts may have to be made.
@test "an origin that takes eleven seconds to start is waited for" {
    needs_injection
    start INJECT_CALL=epoll_create1 INJECT_AT=1 INJECT_HOLD=11 "${small[@]}"
    until_true test -e mark
    ends_within 40
    exits_with 0
    holds r.json "$whole"
}

# On a busy machine, a second may go by before libcurl comes to read the files.
@test "certificates are tried beforehand, however long it takes" {
    needs_injection
    echo nothing >../nothing
    start INJECT_CALL=socket INJECT_AT=2 INJECT_HOLD=1 --mode sync --cacert ../nothing https://a.invalid/
    ends_within 60
    exits_with 2
    says "--cacert ../nothing holds no certificate (PEM)"
    [ -e mark ] && [ ! -e r.json ]
}

# --- Limits -----------------------------------------------------------------------------------------------------------

# The small run under `ulimit $1 $2`, started by the rest of the arguments.
run_limited() {
    local option=$1 limit=$2
    shift 2
    rm -f r.json
    status=0
    timeout --signal=KILL 60 "$@" bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' - "$option" "$limit" \
        "$CONC_BENCH" --details "${small[@]}" >out 2>err || status=$?
    output=$(cat out err)
    [ -z "$(ends_well)" ] || { echo "ulimit $option $limit: $(ends_well)"; tail out err; return 1; }
}

@test "descriptors: with just enough all is well, with one less nothing is run" {
    local needed
    run_limited -n 20
    exits_with 5
    says "raise it (ulimit -Hn "
    needed=$(sed -n 's/.*needs \([0-9]*\) open descriptors.*/\1/p' err)
    run_limited -n $((needed - 1))
    exits_with 5
    says "raise it (ulimit -Hn $needed)"
    # The origin needs more than any mode, in a process of its own; and more still where workers keep more connections.
    for _ in 1 2 3; do
        run_limited -n "$needed"
        [ "$status" -ne 0 ] || break
        exits_with 5
        says "--origin: "
        needed=$(sed -n 's/.*need \([0-9]*\) descriptors.*/\1/p' err)
        run_limited -n $((needed - 1))
        exits_with 5
    done
    exits_with 0
}

@test "descriptors: each mode has enough with what it says it needs" {
    local mode needed
    start_nginx
    make_documents 20 "$NGINX_ROOT" "127.0.0.1:$NGINX_PORT" >list.txt
    for mode in $MODES; do
        run bash -c 'ulimit -n 30; exec "$@"' - "$CONC_BENCH" --details --mode "$mode" --workers 8 --runs 1 --warmup 0 list.txt
        exits_with 5
        needed=$(sed -n 's/.*(ulimit -Hn \([0-9]*\)).*/\1/p' <<<"$output")
        run bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$needed" "$CONC_BENCH" --details --mode "$mode" --workers 8 --runs 1 \
            --warmup 0 list.txt
        exits_with 0
    done
    stop_nginx
}

# Limits from what the program can just be loaded with up to what it needs.
@test "address space: from what it takes to be loaded to what it takes to run" {
    local low=4000 high=400000 middle limit good=0
    [ -n "${INJECT:-}" ] || skip "sanitizers need more addresses than there is memory"
    while [ $((high - low)) -gt 60 ]; do
        middle=$(((low + high) / 2))
        if (ulimit -v $middle; "$CONC_BENCH" --version >/dev/null 2>&1); then high=$middle; else low=$middle; fi
    done
    for ((limit = high; limit < high + 40000 && good < 3; limit += 150)); do
        # Libraries that cannot even be loaded are nothing that the program could tell.
        (ulimit -v $limit; "$CONC_BENCH" --version >/dev/null 2>&1) || continue
        run_limited -v $limit
        good=$((status == 0 ? good + 1 : 0))
    done
    [ $good -eq 3 ]
}

# Root has no such limit, so another user is needed: one that owns no other process.
@test "processes and threads: from none on to as many as are needed" {
    # One that nobody else who runs this test at the same time is either: its processes would count too.
    local limit user=$((60000 + RANDOM % 5000)) seen=
    [ -n "${INJECT:-}" ] || skip "sanitizers need a thread of their own"
    shared=$(mktemp -d)
    # Others may not be let into the folder where it was built.
    mkdir "$shared/bin" "$shared/work"
    cp "$CONC_BENCH" "$shared/bin/conc-bench"
    local CONC_BENCH=$shared/bin/conc-bench
    chown -R $user "$shared" && cd "$shared/work" || skip "cannot be another user"
    setpriv --reuid=$user --clear-groups bash -c 'exec "$@"' - "$CONC_BENCH" --version >/dev/null ||
        skip "another user cannot run it"
    for limit in $(seq 1 12); do
        run_limited -u "$limit" setpriv --reuid=$user --clear-groups
        seen="$seen $status"
    done
    echo "$seen"
    [[ "$seen" == " 5 "*" 0" ]]
}

# Runs it with another /proc: "none", or one that shows processes only (a container's, with subset=pid).
with_proc() {
    unshare --mount bash -ec 'umount -l /proc
        [ "$1" = none ] || mount -t proc -o subset="$1" none /proc
        shift
        exec "$@"' - "$@"
}

needs_proc_mounts() {
    [ -n "${INJECT:-}" ] || skip "sanitizers need /proc themselves"
    with_proc none true && with_proc pid true || skip "cannot mount another /proc"
}

told_by_proc='[.run_queue_wait_s, .peak_memory_bytes, .processes, .threads, .descriptors,
    (.rounds[].resources | .peak_memory_bytes, .processes, .threads, .descriptors, .on_cpu_s, .run_queue_wait_s)]'

# The work is CPU time all along, which wait4(2) tells.
@test "without /proc: what is not known is told as unknown, and nothing follows from it" {
    local column costs
    needs_proc_mounts
    run with_proc none "$CONC_BENCH" --details --mode all --workers 4 -n 40 --runs 6 --warmup 0 --cpu-work 3ms --no-progress \
        --origin=latency=0,size=10B --assert 'threads.memory < 1TiB' --export-json r.json --export-csv r.csv \
        --export-markdown r.md --export-html r.html http://a.test/
    exits_with 4
    says "it is not known in any round"
    echo "$output" >out
    [ -z "$(grep -E 'I/O-bound: |One at a time|Server or link saturated|time to spare|inf |nan' out r.md r.html)" ]
    costs=$(sed -n '/CPU ms.*cores/,/^$/p' <<<"$output" | grep -E '^(sync|processes)/')
    [ "$(wc -l <<<"$costs")" -eq 2 ]
    # The queue, two lags that none of them has, memory, processes, threads and descriptors.
    [ "$(grep -oE ' -( |$)' <<<"$costs" | wc -l)" -eq 14 ]
    holds r.json "[.results[] | $told_by_proc[]] | length > 50 and all(. == null)"
    holds r.json '[.results[] | .cpu_user_s > 0.05 and .cores_used > 0, (.rounds[].host | .[] == null)] | all'
    for column in run_queue_wait_s peak_memory_bytes processes threads descriptors; do
        [ "$(python3 -c 'import csv, sys
print({row[sys.argv[1]] for row in csv.DictReader(open("r.csv"))})' $column)" = "{''}" ]
    done
    run "$CONC_BENCH" --details --import-json r.json --export-json again.json --export-csv again.csv
    exits_with 4
    cmp r.csv again.csv
    cmp r.json again.json
    # Documents of earlier versions say 0.
    jq -c '(.results[].rounds[].resources[] | select(. == null)) = 0' r.json >zero.json
    run "$CONC_BENCH" --details --import-json zero.json --export-json again.json
    exits_with 4
    cmp r.json again.json
}

@test "a /proc of processes only: they are measured, and the machine is unknown" {
    needs_proc_mounts
    run with_proc pid "$CONC_BENCH" --details --mode processes --workers 3 -n 40 --runs 1 --warmup 0 --no-progress \
        --origin=latency=0,size=10B --export-json r.json http://a.test/
    exits_with 0
    holds r.json '.results[0].rounds[0] | .resources.processes == 4 and .resources.peak_memory_bytes > 1e6
        and .resources.on_cpu_s > 0 and .host.steal_share == null and .host.foreign_cores == null'
}

# Runs it as in a container whose group, of version 2, is the folder "group". What the kernel says of the process itself is
# covered by files, which hold for that process alone.
in_group() {
    printf '0::/\n' >cgroup
    printf '30 20 0:26 / %s rw - cgroup2 none rw\n' "$PWD/group" >mountinfo
    unshare --mount bash -ec 'mount --bind cgroup /proc/$$/cgroup
        mount --bind mountinfo /proc/$$/mountinfo
        exec "$@"' - "$@"
}

needs_groups() {
    mkdir group
    in_group true || skip "cannot cover files of /proc"
}

@test "a control group with too little memory: refused, however much the machine has" {
    local run=("$CONC_BENCH" --details --mode null --runs 1 --warmup 0 --repeat 1000000 --no-progress http://a.test/)
    needs_groups
    run in_group "${run[@]}"
    exits_with 0
    echo 200000000 >group/memory.max
    echo 100000000 >group/memory.current
    printf 'inactive_file 0\nactive_file 0\n' >group/memory.stat
    run in_group "${run[@]}"
    exits_with 5
    says "more than half of the 95 MiB that the memory limit of the control group leaves"
    echo max >group/memory.max
    run in_group "${run[@]}"
    exits_with 0
}

@test "a control group with a CPU quota: it counts where cores do, and is told" {
    local run=("$CONC_BENCH" --details --mode hybrid --workers 4 --runs 1 --warmup 0 --no-progress -n 40 --origin=latency=0
        --export-json r.json http://a.test/)
    needs_groups
    run in_group "${run[@]}"
    exits_with 0
    says_not "by quota"
    holds r.json '.machine.cpu_quota == null'
    jq '.results[0].threads' r.json >threads
    echo '50000 100000' >group/cpu.max
    run in_group "${run[@]}" --export-markdown r.md --export-html r.html
    exits_with 0
    [[ "$output" =~ [0-9]" core"s?" (0.5 by quota)" ]]
    grep -q '(0.5 by quota)' r.md
    grep -q '(0.5 by quota)' r.html
    holds r.json '.machine.cpu_quota == 0.5 and .machine.cores >= 1'
    # One loop instead of one a core.
    holds r.json '$without[0] - .results[0].threads == ([.machine.cores, 4] | min) - 1' --slurpfile without threads
    "$CONC_BENCH" --details --import-json r.json --export-json again.json
    cmp r.json again.json
    # Another quota is another machine.
    cp r.json before.json
    echo '25000 100000' >group/cpu.max
    run in_group "${run[@]}" --baseline before.json
    exits_with 2
    says "CPU quota"
    jq -c '.machine.cpu_quota = "x"' r.json >wrong.json
    run "$CONC_BENCH" --details --import-json wrong.json
    exits_with 2
    says "machine.cpu_quota: not a number"
}

# In a network where 32 ports are all there are for connections, and none is used again for a minute.
in_narrow_network() {
    unshare --net bash -ec 'ip link set lo up
        echo "40000 40031" >/proc/sys/net/ipv4/ip_local_port_range
        echo 0 >/proc/sys/net/ipv4/tcp_tw_reuse
        exec "$@"' - "$@"
}

# The origin has one of them.
@test "ports: downloads beyond the last one fail as client_resource, the same in every mode" {
    local mode
    in_narrow_network true || skip "cannot make a network"
    for mode in $MODES; do
        run in_narrow_network "$CONC_BENCH" --details --mode "$mode" --workers 40 --connections fresh -n 60 --runs 1 --warmup 0 \
            --origin=latency=20ms --export-json r.json http://a.test/
        exits_with 3
        says "29 of 60 downloads failed: 29 ran out of resources of this machine"
        holds r.json '.partial == false and .results[0].rounds[0].status == "complete"'
    done
}

in_full_folder() {
    unshare --mount bash -c 'mount -t tmpfs -o size=8k none "$1" && cd "$1" && shift && "$@"; status=$?; ls -A
        exit $status' - "$@"
}

@test "a disk that is full: exit 5, no half of a file, and the old one is as it was" {
    local option
    mkdir disk
    unshare --mount mount -t tmpfs none disk || skip "cannot mount anything"
    for option in json html csv requests-csv urls-csv markdown junit trace; do
        run in_full_folder disk bash -c 'echo old >report; head -c 20000 /dev/zero >filler 2>/dev/null
            "$@" && exit; status=$?; grep -q old report; exit $status' - \
            "$CONC_BENCH" --details --mode sync --runs 1 --warmup 0 --origin=latency=0 "--export-$option" report http://a.test/
        exits_with 5
        says "No space left on device"
        [ "$(tail -2 <<<"$output")" = $'filler\nreport' ]
    done
}

@test "a file that may not grow: exit 5, and no half of it" {
    run bash -c 'ulimit -f 1; exec "$@"' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    says 'cannot write "r.json": File too large'
    [ -z "$(ls -A)" ]
}

# --- Standard streams -------------------------------------------------------------------------------------------------

@test "standard output is closed, full, or a pipe whose reader is gone" {
    run bash -c '"$@" >&-' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    [ "$output" = "conc-bench: cannot write to standard output: Bad file descriptor" ]
    holds r.json "$whole"
    run bash -c '"$@" >/dev/full' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    [ "$output" = "conc-bench: cannot write to standard output: No space left on device" ]
    run bash -c '"$@" | :; exit "${PIPESTATUS[0]}"' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    [ "$output" = "conc-bench: cannot write to standard output: Broken pipe" ]
    # An import may be done before a reader that has nothing to read is gone: this one never was there.
    run bash -c 'mkfifo pipe && exec 3<>pipe 4>pipe 3<&- && "$@" >&4' - "$CONC_BENCH" --details --import-json r.json
    exits_with 5
    run bash -c '"$@" --export-csv - >&-' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    [ "$output" = 'conc-bench: cannot write "-": Bad file descriptor' ]
    # A reader who only wants the first line gets it.
    run bash -c '"$@" | head -1' - "$CONC_BENCH" "${small[@]}"
    [ "${#lines[@]}" -eq 1 ]
    [[ "${lines[0]}" =~ ^(Tie:|No winner yet:|Not told apart|[a-z-]+ is fastest:) ]]
}

@test "standard error is closed: the report and the exit status are the same" {
    run bash -c '"$@" 2>&-' - "$CONC_BENCH" "${small[@]}"
    exits_with 0
    holds r.json "$whole"
    run bash -c '"$@" 2>&-' - "$CONC_BENCH" --details --mode no-such-mode
    exits_with 2
    run bash -c '"$@" 2>&- >&- <&-' - "$CONC_BENCH" "${small[@]}"
    exits_with 5
    holds r.json "$whole"
}

@test "standard input is closed: nobody misses it but a list that should come from there" {
    run bash -c '"$@" <&-' - "$CONC_BENCH" "${small[@]}"
    exits_with 0
    run bash -c '"$@" <&-' - "$CONC_BENCH" --details --mode sync --origin -
    exits_with 2
    says 'cannot read "standard input"'
}

# --- Signals: while a round is measured they are in cli/main_job.bats ---------------------------------------------------

# Every signal that asks for an end, with its exit status.
each_ending() {
    local ending
    for ending in INT:130 TERM:143 HUP:129; do
        rm -f r.json mark
        "$@" "${ending%:*}" "${ending#*:}"
    done
}

# Waits for the mark, sends the signal $1, and the program ends soon with the exit status $2: long before what is held, for
# 20 s, would go on.
interrupt_at_mark() {
    until_true test -e mark
    kill -"$1" "$program"
    ends_within 12
    exits_with "$2"
}

while_resolving() {
    start INJECT_CALL=getaddrinfo INJECT_AT=1 INJECT_HOLD=20 --mode sync --runs 1 http://a.invalid/
    interrupt_at_mark "$@"
    [ "$output" = "" ]
}

while_resolving_live() {
    local mode
    for mode in sync event-loop; do
        rm -f mark
        start INJECT_CALL=getaddrinfo INJECT_AT=1 INJECT_HOLD=20 --mode $mode --dns live --runs 1 --warmup 0 http://a.invalid/
        interrupt_at_mark "$@"
        holds r.json .partial
    done
}

while_starting_the_origin() {
    start INJECT_CALL=epoll_create1 INJECT_AT=1 INJECT_HOLD=20 "${small[@]}"
    interrupt_at_mark "$@"
}

while_preparing() {
    start INJECT_CALL=pthread_create INJECT_AT=1 INJECT_HOLD=20 --mode threads "${long[@]}"
    interrupt_at_mark "$@"
    holds r.json '.partial and .results[0].rounds[0].status == "interrupted"'
}

while_warming_up() {
    start --mode threads --connections warm --runs 1 --warmup 1 --workers 4 --seed 1 --origin=latency=400ms -n 100 http://a.test/{1,2,3,4}
    until_true are_under_way 4
    kill -"$1" "$program"
    ends_within 8
    exits_with "$2"
    says "this is a partial result"
    holds r.json '.partial and .experiment.rounds_done == 0'
}

# Twice in a row: the second one may come before or after the report.
while_measuring_twice() {
    start --mode processes "${endless[@]}"
    until_true find_workers 4
    kill -"$1" "$program"
    kill -"$1" "$program" || true
    ends_within 8
    exits_with "$2"
}

while_tearing_down() {
    start INJECT_CALL=curl_global_cleanup INJECT_AT=1 INJECT_HOLD=20 --mode threads --runs 1 --warmup 0 --workers 2 \
        --origin=latency=0 http://a.test/{1,2,3}
    interrupt_at_mark "$@"
    says "this is a partial result"
    holds r.json '.partial and .results[0].downloads == 3'
}

# How much is done when nothing falls due is tried first, which is no part of the run.
while_tearing_down_what_is_tried_first() {
    start INJECT_CALL=curl_global_cleanup INJECT_AT=1 INJECT_HOLD=20 --mode threads --workers 4 --rate auto \
        --origin=latency=20ms http://a.test/{1,2,3}
    interrupt_at_mark "$@"
    says "Interrupted (SIG$1) after 0 of "
    holds r.json '.partial and .experiment.rounds_done == 0'
}

while_exporting() {
    echo old >r.json
    start INJECT_CALL=fsync INJECT_AT=1 INJECT_HOLD=20 "${small[@]}"
    interrupt_at_mark "$@"
    # The table was complete, and the old file is.
    says "The server runs on this machine"
    [ "$(cat r.json)" = old ]
}

while_checking_exports() {
    # Until it is made, a file that would have to be removed; so the signal waits.
    start INJECT_CALL=open,open64,__open64_2 INJECT_FROM=program INJECT_AT=1 INJECT_HOLD=20 "${small[@]}"
    until_true test -e mark
    kill -"$1" "$program"
    rm mark
    ends_within 8
    exits_with "$2"
    [ ! -e r.json ]
}

while_the_origin_hangs() {
    local begin
    start --mode threads --connections fresh "${endless[@]}"
    until_true is_going_on 4
    kill -STOP "$origin"
    begin=$EPOCHREALTIME
    kill -"$1" "$program"
    ends_within 8
    echo "after $(((${EPOCHREALTIME/./} - ${begin/./}) / 1000)) ms"
    exits_with "$2"
    says "this is a partial result"
    holds r.json '.partial and .results[0].downloads > 0'
}

# Right at the question, between two trials, which is asked of a server that does not answer.
while_the_origin_is_asked() {
    start INJECT_CALL=curl_global_cleanup INJECT_AT=1 INJECT_HOLD=20 --mode threads,sync --runs 1 --warmup 0 \
        --origin=latency=0 http://a.test/{1,2,3}
    until_true test -e mark
    find_origin
    find_cell
    kill -STOP "$origin"
    rm mark
    # Once the cell has been reaped, the question is the next thing; it is asked for ten seconds.
    until_true is_gone "$cell"
    sleep 0.2
    kill -"$1" "$program"
    ends_within 8
    exits_with "$2"
    holds r.json .partial
}

@test "a signal while names are resolved" { needs_injection; each_ending while_resolving; }
@test "a signal while names are resolved within a trial" { needs_injection; each_ending while_resolving_live; }
@test "a signal while the origin starts" { needs_injection; each_ending while_starting_the_origin; }
@test "a signal while a trial is prepared" { needs_injection; each_ending while_preparing; }
@test "a signal while warming up" { each_ending while_warming_up; }
@test "two signals in a row" { each_ending while_measuring_twice; }
@test "a signal while a trial is torn down" { needs_injection; each_ending while_tearing_down; }
@test "a signal while what is tried before a search of rates is torn down" {
    needs_injection
    each_ending while_tearing_down_what_is_tried_first
}
@test "a signal while exports are written" { needs_injection; each_ending while_exporting; }
@test "a signal while it is seen whether exports can be written" { needs_injection; each_ending while_checking_exports; }
@test "a signal while the origin hangs" { each_ending while_the_origin_hangs; }
@test "a signal while the origin is asked and hangs" { needs_injection; each_ending while_the_origin_is_asked; }

@test "nothing survives when the program is killed, in any mode" {
    local mode
    for mode in $MODES; do
        start --mode "$mode" "${endless[@]}"
        until_true are_under_way 1
        kill -KILL "$program"
        wait "$program" || true
        until_true nobody_is_left "$program"
        [ ! -e r.json ]
    done
}

@test "all of it stopped for two seconds in the middle of a run: it ends as ever" {
    local mode
    for mode in event-loop processes; do
        start --mode "$mode" "${long[@]}"
        until_true are_under_way 4
        kill -STOP -- -"$program"
        sleep 2
        kill -CONT -- -"$program"
        ends_within 60
        exits_with 0
        holds r.json '.partial == false and .results[0].failures == 0 and .results[0].downloads == 12'
    done
}
