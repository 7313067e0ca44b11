# The look of the report where people read it: colours, widths, progress; and where they must not be.

load ../support/common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    "$CONC_BENCH" --mode sync,threads,event-loop --runs 6 --no-progress --origin=latency=5ms,errors=5%,seed=1 \
        --assert '*.bytes > 0' --assert 'sync.time < 1us' --details --export-json r.json >r.txt || true
}

setup() {
    cd "$BATS_FILE_TMPDIR" || exit 1
}

# Runs a command line on a terminal of its own, $1 columns wide, and shows what appears there.
on_terminal() {
    local columns=$1
    shift
    TERM=${TERM_KIND-xterm} script --quiet --return --command "stty cols $columns; $*" /dev/null </dev/null | tr -d '\r'
}

escape=$'\033'

@test "colours by meaning on a terminal: the fastest green, failures red, doubt yellow" {
    unset NO_COLOR
    run on_terminal 200 "$CONC_BENCH --details --import-json r.json"
    [[ "$output" == *"$escape[1mmode"* ]]
    [[ "$output" =~ $escape\[32m(threads|event-loop)$escape\[0m ]]
    [[ "$output" == *"$escape[32mPASS$escape[0m"* ]]
    [[ "$output" == *"$escape[1;31mFAIL$escape[0m"* ]]
}

@test "no colour where it was refused, where the terminal has none, and in pipes" {
    NO_COLOR=1 run on_terminal 200 "$CONC_BENCH --details --import-json r.json"
    [[ "$output" != *"$escape["* ]]
    TERM_KIND=dumb run on_terminal 200 "env -u NO_COLOR $CONC_BENCH --import-json r.json"
    [[ "$output" != *"$escape["* ]]
    run on_terminal 200 "env -u NO_COLOR $CONC_BENCH --import-json r.json --color never"
    [[ "$output" != *"$escape["* ]]
    run "$CONC_BENCH" --import-json r.json
    [[ "$output" != *"$escape["* ]]
    run "$CONC_BENCH" --import-json r.json --color always
    [[ "$output" == *"$escape["* ]]
    NO_COLOR=1 run "$CONC_BENCH" --import-json r.json --color always
    [[ "$output" == *"$escape["* ]]
}

@test "colours do not shift columns" {
    "$CONC_BENCH" --details --import-json r.json --color always | sed "s/$escape\[[0-9;]*m//g" >plain.txt || true
    diff plain.txt r.txt
}

@test "nothing is wider than the terminal, and nothing is left out" {
    local columns
    for columns in 40 60 80 120; do
        NO_COLOR=1 on_terminal "$columns" "$CONC_BENCH --details --import-json r.json" >narrow.txt || true
        run ! env LC_ALL=C.UTF-8 grep -nE "^.{$((columns + 1))}" narrow.txt
        # Every word of the report is there; first columns are repeated.
        diff <(tr -s ' ' '\n' <r.txt | sort -u) <(tr -s ' ' '\n' <narrow.txt | sort -u)
    done
}

@test "the report without details is short, and within the terminal or 80 columns" {
    local columns
    for columns in 40 60 80 120; do
        NO_COLOR=1 on_terminal "$columns" "$CONC_BENCH --import-json r.json" >narrow.txt || true
        run ! env LC_ALL=C.UTF-8 grep -nE "^.{$((columns + 1))}" narrow.txt
        grep -q 'vs sync' narrow.txt
        grep -q '^sync ' narrow.txt
    done
    "$CONC_BENCH" --import-json r.json >short.txt || true
    run ! env LC_ALL=C.UTF-8 grep -nE "^.{81}" short.txt
    [ "$(sed '/^PASS/,/^$/d' short.txt | wc -l)" -le 20 ] # without the assertions
    run ! grep -q '^Ranking' short.txt
    grep -q -e '--details$' short.txt
}

@test "a bar for each round" {
    run "$CONC_BENCH" --details --import-json r.json
    says "by round"
    [ "$(grep -cE '[▁▂▃▄▅▆▇█]{6}$' <<<"$output")" -eq 3 ]
}

# Runs the program on a terminal of its own; see tests/support/screen.py for what comes before the dashes.
on_screen() {
    NO_COLOR=1 TERM=xterm run /usr/bin/python3 "$PROJECT_ROOT/tests/support/screen.py" "$@"
}

@test "on a terminal the table of the report fills in, with what runs and how long it may take below it" {
    on_screen 100 "round 2 of 3=show" -- "$CONC_BENCH" --mode sync,threads --runs 3 --origin=latency=3ms
    exits_with 0
    [[ "${lines[1]}" == "mode     workers  time s "*"vs sync"* ]]
    [[ "${lines[2]}" =~ ^threads\ .*x\ .*[0-9]$ ]]
    [[ "${lines[3]}" =~ ^sync\ .*\ 1\.00x\ .*[0-9]$ ]]
    [[ "${lines[4]}" =~ ^\[.*%\]\ round\ 2\ of\ 3:\ .*\ s\ left$ ]]
    # At the end the report stands there, and nothing else.
    [[ "${lines[6]}" == "No winner yet: 3 rounds"* || "${lines[6]}" == *"is fastest: "* ]]
    [ "$(grep -c '^mode ' <<<"$output")" -eq 2 ]
    [ "$(grep -c ' left$' <<<"$output")" -eq 1 ]
}

# Each round is shown once, however busy the machine is: its downloads one after the other take longer than a drawing
# waits. There are more rounds than the keys wait for, and Ctrl-C ends them. The terminal itself writes ^Z and ^C, and
# it may do so before the program wipes its line, or after.
@test "the screen is clean behind resizing, Ctrl-Z and Ctrl-C" {
    on_screen 80 "round 2=key:Z" "round =width:50" "round 3=show" "round 4=width:100" "round 5=key:C" -- \
        "$CONC_BENCH" --mode sync,threads --runs 40 --origin=latency=5ms
    exits_with 130
    # Stopped, there is nothing on it.
    [[ "${lines[0]}${lines[1]}" == "--------------------""--------------------" ||
        "${lines[0]}${lines[1]}${lines[2]}" == "--------------------^Z--------------------" ]]
    [[ "${lines[*]}" == *"----------"*"mode "*"----------"*"Interrupted (SIGINT) after "* ]]
    [ "$(grep -cE '^mode ' <<<"$output")" -eq 2 ]
    run sed -nE '/^(\^C)?Interrupted/,$p' <<<"$output"
    says_not " left"
    [ "$(grep -cE '^mode ' <<<"$output")" -eq 1 ]
}

@test "no table fills in where that is not wanted, or the terminal cannot" {
    TERM_KIND=dumb run on_terminal 100 "$CONC_BENCH --mode sync,threads --runs 3 --origin=latency=3ms"
    says_not "round 2 of 3: "
    run on_terminal 100 "$CONC_BENCH --no-progress --mode sync,threads --runs 3 --origin=latency=3ms"
    says_not "round 2 of 3: "
}

@test "in a pipe a line every ten seconds says how far it is" {
    run --separate-stderr "$CONC_BENCH" --mode sync,threads --runs 3 --warmup 0 --origin=latency=50ms
    exits_with 0
    # On a busy machine the first line is of a round before which none is over.
    [[ "${stderr_lines[-1]}" =~ ^\[.*%\]\ round\ .*\ s\ left\;\ fastest\ so\ far:\ threads/8,\ [0-9.]+\ s$ ]]
    [ "${#stderr_lines[@]}" -le 12 ]
    [[ "$stderr" != *$'\r'* ]]
}
