# What the report looks like where people read it: colours, widths, progress; and where they must not be.

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
    [ "$(wc -l <short.txt)" -le 22 ] # with a line and an empty one for claims
    run ! grep -q '^Ranking' short.txt
    grep -q -e '--details$' short.txt
}

@test "a bar for each round" {
    run "$CONC_BENCH" --details --import-json r.json
    says "by round"
    [ "$(grep -cE '[▁▂▃▄▅▆▇█]{6}$' <<<"$output")" -eq 3 ]
}

@test "progress on a terminal tells what runs and how long it may take, and is gone at the end" {
    run on_terminal 100 "$CONC_BENCH --mode sync,threads --runs 3 --origin=latency=3ms"
    [[ "$output" == *"round 2 of 3: "* ]]
    [[ "$output" =~ [0-9]+\ s\ left ]]
    # The last thing that happens to the line is that it is taken away.
    [[ "${output##*left}" == *"$escape[K"* ]]
    TERM_KIND=dumb run on_terminal 100 "$CONC_BENCH --mode sync,threads --runs 3 --origin=latency=3ms"
    says_not "round 2 of 3: "
    run on_terminal 100 "$CONC_BENCH --no-progress --mode sync,threads --runs 3 --origin=latency=3ms"
    says_not "round 2 of 3: "
}
