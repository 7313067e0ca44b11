# The live table is drawn by the parent alone: a process that is measured makes the same system calls with and without it.

load ../support/common

# $1: a name; then options. Leaves the counts of calls of the processes that connect, which are those of the trials. How
# often an answer is waited for and read depends on how it arrives, and how often the heap grows on what the parent had
# left of it; both are left out.
count_calls() {
    local name=$1 trace
    shift
    mkdir "$name"
    TERM=xterm /usr/bin/python3 "$PROJECT_ROOT/tests/support/screen.py" 100 -- \
        strace -ff -qq -o "$name/trace" "$CONC_BENCH" "$@" \
        --mode sync --runs 6 --warmup 0 --repeat 40 --origin=latency=5ms --seed 1 http://a.test/ >"$name/screen"
    for trace in "$name"/trace.*; do
        grep -q '^connect(' "$trace" || continue
        sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$trace"
    done | grep -vxE 'poll|recvfrom|recvmsg|read|futex|restart_syscall|sched_yield|brk' | sort | uniq -c >"$name/calls"
    [ "$(awk '$2 == "connect" { print $1 }' "$name/calls")" -ge 6 ]
}

@test "the live table adds no system call to a process that is measured" {
    cd "$BATS_TEST_TMPDIR"
    count_calls with
    count_calls without --no-progress
    diff with/calls without/calls
    # The parent did draw in the one, and not in the other.
    cat with/trace.* | grep -qE '^write\(2, .*sync'
    run ! grep -qE '^write\(2, .*33\[K' without/trace.*
}
