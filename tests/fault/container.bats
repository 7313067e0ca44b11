# In a container: little of a system around the program, a user nobody knows, calls that are refused, and nobody above it
# to be the first process. What needs a namespace is skipped where none can be made (as root they can). $REFUSE is the
# program of tests/support/refuse.c; builds with sanitizers have none, since they need /proc and calls of their own.

load ../support/common

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
}

teardown() {
    [ -z "${outside:-}" ] || kill -KILL "$outside" 2>/dev/null || true
    [ -z "${group:-}" ] || until_true rmdir "$group"
    rm -rf "${root:-}"
}

needs_plain_build() {
    [ -n "${REFUSE:-}" ] || skip "sanitizers need more of a system"
}

short=(--mode all --workers 2 --runs 1 --warmup 0 --no-progress -n 10 --origin=latency=1ms)
whole='[.results[] | .downloads == 10 and .failures == 0 and (.times | length) == 1] | length == 5 and all'

# Makes a folder, `root`, with the program and the libraries it is linked with, and nothing else.
make_root() {
    local library
    root=$(mktemp -d)
    chmod 755 "$root"
    cp "$CONC_BENCH" "$root/conc-bench"
    for library in $(ldd "$CONC_BENCH" | grep -oE '/[^ ]+'); do
        install -D -m 755 "$(readlink -f "$library")" "$root$library"
    done
}

# Runs a program in there: read-only, without any variable, as a user that has no name.
in_root() {
    # shellcheck disable=SC2016  # the inner shell's
    unshare --mount bash -ec 'mount --bind "$1" "$1"
        mount -o remount,ro,bind "$1"
        root=$1
        shift
        exec env -i "$(command -v chroot)" --userspec=54321:54321 "$root" "$@"' - "$root" "$@"
}

@test "nothing but the program and its libraries, read-only, for a user without a name and a variable: all modes run" {
    needs_plain_build
    make_root
    unshare --mount true || skip "cannot make a mount namespace"
    in_root /conc-bench "${short[@]}" --export-json - http://a.test/ >r.json
    holds r.json "$whole"
    holds r.json '[.results[].peak_memory_bytes] | all(. == null)'
    run in_root /conc-bench --mode all --runs 1 --warmup 0 --no-progress -n 10 --origin=tls https://a.test/
    exits_with 0
    run in_root /conc-bench "${short[@]}" --export-json r.json http://a.test/
    exits_with 5
    says 'cannot write "r.json": Read-only file system'
}

@test "a terminal of which no variable says what it can: nothing but text and ends of lines" {
    script --quiet --return --command "env -i $CONC_BENCH --mode sync,threads --runs 2 --warmup 0 -n 40 --origin=latency=5ms http://a.test/" \
        /dev/null </dev/null >screen
    grep -q '^threads ' screen
    run ! grep -P '[^\x20-\x7e\r]' screen
    run ! grep -P '\r[^\r\n]' screen
}

# Certificates from a pipe are read once and must lie somewhere.
@test "a system that cannot be written to, with a /dev/shm of one page and TMPDIR nowhere: nothing is missed" {
    make_root
    cat /etc/ssl/certs/ca-certificates.crt >authorities.pem
    # shellcheck disable=SC2016  # the inner shell's
    run unshare --mount bash -ec 'mkdir -p /dev/shm
        mount -t tmpfs -o size=4k none /dev/shm
        mount -o remount,ro,bind /
        ! touch /tmp/here 2>/dev/null || exit 77
        exec env -i TMPDIR=/nowhere setpriv --reuid=54321 --clear-groups "$@"' - \
        "$root/conc-bench" "${short[@]}" --details http://a.test/
    [ "$status" -ne 77 ] || skip "cannot make the root read-only"
    exits_with 0
    says "10 downloads of 1 URL"
    run unshare --mount bash -ec 'mount -o remount,ro,bind /
        exec env -i TMPDIR=/nowhere "$@" --cacert <(cat authorities.pem)' - \
        "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress https://127.0.0.1:1/
    exits_with 3
    says "connect"
}

@test "a user namespace without names: the report replaces the earlier one, with its rights" {
    unshare --user true || skip "cannot make a user namespace"
    echo earlier >r.json
    chmod 640 r.json
    run unshare --user "$CONC_BENCH" "${short[@]}" --export-json r.json http://a.test/
    exits_with 0
    holds r.json "$whole"
    [ "$(stat -c %a r.json)" = 640 ]
}

# --- Refused calls ----------------------------------------------------------------------------------------------------

needs_filters() {
    needs_plain_build
    status=0
    "$REFUSE" EPERM statx "$CONC_BENCH" --version || status=$?
    [ "$status" -ne 77 ] || skip "cannot filter system calls"
    [ "$status" -eq 0 ]
}

@test "calls that a profile may not know are refused: all modes run all the same" {
    local error
    needs_filters
    for error in EPERM ENOSYS; do
        "$REFUSE" $error sched_getaffinity,memfd_create,prctl,statx,madvise,rseq,sysinfo,faccessat2,epoll_pwait2 \
            "$CONC_BENCH" "${short[@]}" --export-json r.json http://a.test/
        holds r.json "$whole"
        holds r.json '.machine.cores >= 1'
    done
    # The C library knows another way if the system says that it has no such call.
    "$REFUSE" ENOSYS clone3 "$CONC_BENCH" "${short[@]}" --export-json r.json http://a.test/
    holds r.json "$whole"
}

@test "threads are refused, as by engines older than the C library: modes without them run, and a sentence says who refuses" {
    needs_filters
    run "$REFUSE" EPERM clone3 "$CONC_BENCH" "${short[@]}" --export-json r.json http://a.test/
    exits_with 5
    says "cannot start thread 1 of 2, which the container or sandbox around the program forbids: Operation not permitted"
    holds r.json '[.results[] | select((.times | length) == 1) | .mode] | sort == ["event-loop", "processes", "sync"]'
}

# --- The first process ------------------------------------------------------------------------------------------------

# Starts the program as the first process of a namespace. `outside` is who made that, and `first` the process as seen
# from here. A file that ends only with descriptor 8 is its standard input.
start_first() {
    unshare --fork --pid --mount-proc true || skip "cannot make a PID namespace"
    mkfifo input
    env --default-signal=INT,TERM,HUP,QUIT unshare --fork --pid --kill-child --mount-proc "$CONC_BENCH" --no-progress "$@" \
        <input >out 2>err 3>&- &
    outside=$!
    exec 8>input
    until_true first_is_there
}

first_is_there() {
    first=$(pgrep -P "$outside") && grep -q '^NSpid:.*[[:space:]]1$' "/proc/$first/status" &&
        [ "$(cat "/proc/$first/comm")" = conc-bench ] && pgrep -P "$first"
}

first_ends() {
    status=0
    until_true is_gone || kill -KILL "$outside"
    wait "$outside" || status=$?
    outside=
    exec 8>&-
    rm input
    output=$(cat out err)
}

is_gone() {
    ! kill -0 "$outside"
}

endless=(--details --mode processes --workers 4 --runs 1 --warmup 0 --origin=latency=400ms -n 1000 http://a.test/)

@test "the first process: what it ends with is what the program ends with" {
    unshare --fork --pid --mount-proc true || skip "cannot make a PID namespace"
    run unshare --fork --pid --mount-proc "$CONC_BENCH" "${short[@]}" http://a.test/
    exits_with 0
    run unshare --fork --pid --mount-proc "$CONC_BENCH" --no-such-option
    exits_with 2
    run unshare --fork --pid --mount-proc "$CONC_BENCH" --mode sync --runs 1 --warmup 0 --no-progress http://127.0.0.1:1/
    exits_with 3
}

# Which it is not by itself, since the first process has no default effects of signals.
@test "the first process: each signal that would end the program does, at a time when nothing handles it" {
    local signal
    for signal in HUP:129 INT:130 QUIT:131 TERM:143; do
        start_first --mode sync -
        kill -"${signal%:*}" "$first"
        first_ends
        exits_with "${signal#*:}"
    done
}

@test "the first process: a signal in the middle of a run ends it with a report, and a second one at once" {
    start_first "${endless[@]}"
    until_true workers_are_there
    kill -TERM "$first"
    first_ends
    exits_with 143
    says "Interrupted (SIGTERM)"
    mkfifo pipe
    start_first "${endless[@]}" --export-csv pipe
    until_true workers_are_there
    kill -INT "$first"
    # The table is there, and the export waits for its reader.
    until_true grep -q 'Interrupted (SIGINT)' out
    kill -INT "$first"
    first_ends
    exits_with 130
    says_not "nobody reads"
}

# The program, its origin and its trial, and that one's four workers.
workers_are_there() {
    [ "$(pgrep --ns "$first" --nslist pid conc-bench | wc -l)" -eq 8 ]
}

@test "the first process: Ctrl-C in its terminal arrives once" {
    unshare --fork --pid --mount-proc true || skip "cannot make a PID namespace"
    python3 - unshare --fork --pid --kill-child --mount-proc "$CONC_BENCH" "${endless[@]}" --export-json r.json <<'PY'
import os, pty, select, signal, sys, time
pid, terminal = pty.fork()
if pid == 0:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
is_sent = False
end = time.time() + 60
while time.time() < end:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
    if not is_sent and b"downloads" in seen:
        os.write(terminal, b"\x03")
        is_sent = True
if time.time() >= end:
    os.kill(pid, signal.SIGKILL)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 130)
PY
    holds r.json '.partial and .interrupting_signal == 2'
}

@test "the first process: what is given to it is waited for" {
    start_first --mode sync -
    # In its namespace, a process whose parent ends before it.
    mkfifo end
    # shellcheck disable=SC2016  # the inner shell's
    nsenter --target "$first" --pid sh -c 'cat "$1" >/dev/null 2>&1 3>&- &' - "$PWD/end"
    until_true has_two_children
    echo >end
    until_true only_the_program_is_left
    kill -TERM "$first"
    first_ends
    exits_with 143
}

has_two_children() {
    [ "$(pgrep -c -P "$first")" -eq 2 ]
}

only_the_program_is_left() {
    [ "$(pgrep -P "$first" -l | cut -d ' ' -f 2)" = conc-bench ]
}

# --- Control groups of version 1, as a container shows them -----------------------------------------------------------

# /proc/self/cgroup has the host's path, and the container's own group is mounted where the hierarchy would be.
in_group_of_version_1() {
    printf '5:cpuacct,cpu:/docker/c0\n3:memory:/docker/c0\n0::/\n' >cgroup
    printf '30 20 0:26 /docker/c0 %s ro - cgroup none rw,cpuacct,cpu\n' "$PWD/cpu" >mountinfo
    printf '31 20 0:27 /docker/c0 %s ro - cgroup none rw,memory\n' "$PWD/memory" >>mountinfo
    # shellcheck disable=SC2016  # the inner shell's
    unshare --mount bash -ec 'mount --bind cgroup /proc/$$/cgroup
        mount --bind mountinfo /proc/$$/mountinfo
        exec "$@"' - "$@"
}

@test "control groups of version 1: a CPU quota is told, how long it stopped the run, and too little memory is refused" {
    mkdir cpu memory
    in_group_of_version_1 true || skip "cannot cover files of /proc"
    echo 50000 >cpu/cpu.cfs_quota_us
    echo 100000 >cpu/cpu.cfs_period_us
    printf 'nr_periods 9\nnr_throttled 3\nthrottled_time 0\n' >cpu/cpu.stat
    run in_group_of_version_1 "$CONC_BENCH" --details "${short[@]}" --export-json r.json http://a.test/
    exits_with 0
    says "(0.5 by quota)"
    holds r.json '.machine.cpu_quota == 0.5 and ([.results[].rounds[].host.throttled_s == 0] | all)'
    echo 200000000 >memory/memory.limit_in_bytes
    echo 100000000 >memory/memory.usage_in_bytes
    printf 'hierarchical_memory_limit 200000000\ntotal_inactive_file 0\ntotal_active_file 0\n' >memory/memory.stat
    run in_group_of_version_1 "$CONC_BENCH" --mode null --runs 1 --warmup 0 --repeat 1000000 --no-progress http://a.test/
    exits_with 5
    says "more than half of the 95 MiB that the memory limit of the control group leaves"
}

# --- Control groups of this machine -----------------------------------------------------------------------------------

# Makes a group, `group`, below this process's own in the hierarchy that has the controller; skips where it may not. `version`
# is 1 or 2, and `mounted` where the hierarchy is.
make_group() {
    local own
    controller=$1 version=1
    own=$(awk -F: -v name="$controller" '"," $2 "," ~ "," name "," { print $3 }' /proc/self/cgroup)
    mounted=$(awk -v name="$controller" '$4 == "/" && / - cgroup / && "," $NF "," ~ "," name "," { print $5 }' /proc/self/mountinfo)
    if [ -z "$own" ]; then
        version=2
        own=$(sed -n 's/^0:://p' /proc/self/cgroup)
        mounted=$(awk '$4 == "/" && / - cgroup2 / { print $5 }' /proc/self/mountinfo)
        # Only the highest group may have processes of its own beside groups with limits.
        { echo "+$controller" >"$mounted$own/cgroup.subtree_control"; } 2>/dev/null || skip "cannot limit control groups below one's own"
    fi
    mkdir "$mounted${own%/}/conc-bench-$$" || skip "cannot make a control group"
    group=$mounted${own%/}/conc-bench-$$
}

# Sets what has one name in version 1 and another one in version 2; "-" is no name.
set_limit() {
    local name=$1
    [ "$version" -eq 1 ] || name=$2
    [ "$name" = - ] || echo "$3" >"$group/$name"
}

# Runs a program in the group, of which it sees the hierarchy of this machine; the group alone, where all would be; or, in a
# namespace of its own, the group as the highest there is.
in_real_group() {
    local shown=$1
    shift
    # shellcheck disable=SC2016  # the inner shell's
    case $shown in
        whole) show='' ;;
        bound) show='mount --bind "$group" "$mounted"' ;;
        namespace) show='umount "$mounted"
            if [ "$version" -eq 1 ]; then mount -t cgroup -o "$controller" none "$mounted"; else mount -t cgroup2 none "$mounted"; fi' ;;
    esac
    # shellcheck disable=SC2016  # the inner shell's
    env group="$group" mounted="$mounted" version="$version" controller="$controller" show="$show" \
        bash -ec 'echo $$ >"$group/cgroup.procs"
            exec unshare --mount '"$([ "$shown" != namespace ] || echo --cgroup)"' bash -ec "$show"'"'"'
                exec "$@"'"'"' - "$@"' - "$@"
}

@test "a CPU quota of this machine: found however a container shows it, and how long it stopped the run is told" {
    local shown
    needs_plain_build
    make_group cpu
    # However busy the machine is, nothing but the quota is to stop it.
    set_limit cpu.shares - 200000
    set_limit - cpu.weight 10000
    set_limit cpu.cfs_period_us - 20000
    set_limit cpu.cfs_quota_us - 5000
    set_limit - cpu.max '5000 20000'
    for shown in whole bound namespace; do
        run in_real_group $shown "$CONC_BENCH" --details --mode sync --runs 1 --warmup 0 --no-progress -n 10 --cpu-work 4ms \
            --origin=latency=0 --export-json r.json http://a.test/
        exits_with 0
        says "(0.25 by quota)"
        says "Noisy host: a CPU quota stopped the run for "
        holds r.json '.machine.cpu_quota == 0.25 and ([.results[].rounds[].host.throttled_s > 0] | all)'
    done
}

@test "a memory limit of this machine: what does not fit is refused, however a container shows it" {
    local shown
    needs_plain_build
    make_group memory
    set_limit memory.limit_in_bytes memory.max 100000000
    for shown in whole bound namespace; do
        run in_real_group $shown "$CONC_BENCH" --mode null --runs 1 --warmup 0 --repeat 1000000 --no-progress http://a.test/
        exits_with 5
        [[ "$output" =~ "more than half of the "[789][0-9]" MiB that the memory limit of the control group leaves" ]]
    done
    in_real_group whole "$CONC_BENCH" "${short[@]}" --export-json r.json http://a.test/
    holds r.json "$whole"
}

# Not the program, which could not say anything any more.
@test "a memory limit of this machine is reached: workers are killed, which is reported, and the other modes stand" {
    needs_plain_build
    make_group memory
    set_limit memory.limit_in_bytes memory.max 20000000
    set_limit memory.swappiness - 0
    set_limit - memory.swap.max 0
    run in_real_group whole "$CONC_BENCH" --mode sync,processes --workers 100 --runs 1 --warmup 0 --no-progress -n 200 \
        --origin=latency=1ms --export-json r.json http://a.test/
    [ "$status" -eq 3 ] || exits_with 5 # once they ran, or earlier
    says "was killed by signal 9 (Killed), as the kernel does where memory runs out"
    holds r.json '[.results[] | select((.times | length) == 1) | .mode] == ["sync"]'
}
