# Figures in the documents that can be counted are what they say they are.

RELIABILITY=${PROJECT_ROOT:?the root of the repository}/docs/reliability.md

setup() {
    cd "$PROJECT_ROOT" || exit 1
}

# The rows of the table of docs/reliability.md whose head begins with $1.
rows() {
    awk -v head="| $1" 'index($0, head) == 1 { inside = 1; next } /^$/ { inside = 0 } inside && /^\| / { count++ }
        END { print count + 0 }' "$RELIABILITY"
}

# The numbers of the line of "How much was tried" that begins with $1 are the others, in this order.
tried() {
    local line=$1 numbers
    shift
    numbers=$(sed -n "s/^| $line | \([^|]*\).*/\1/p" "$RELIABILITY" | grep -oE '[0-9]+' | head -n $# | xargs)
    [ "$numbers" = "$*" ] || { echo "$line: $numbers, and counted $*"; return 1; }
}

@test "faults of servers" { tried 'faults of servers' "$(rows 'Fault | Path')" "$(cat tests/fault/{server,http2}.bats | grep -c '^@test')"; }
@test "faults of our own" { tried 'faults of our own' "$(rows 'Fault | Provoked')" "$(grep -c '^@test' tests/fault/own.bats)"; }
@test "bad arguments and lists" { tried 'bad arguments and lists' "$(cat tests/cli/*.bats | grep -o 'refuses ' | wc -l)"; }
@test "bad input, kept from fuzzing" {
    tried 'bad input, kept from fuzzing' "$(find tests/fuzz/corpus -type f | wc -l)"
    [ "$(find tests/fuzz -name 'fuzz_*.c' | wc -l)" -eq 7 ]
}

@test "every test that docs/reliability.md names is there" {
    local name
    while read -r name; do
        grep -qE "^@test \"[^\"]*${name}" tests/fault/*.bats tests/cli/*.bats || { echo "no such test: $name"; return 1; }
    done < <(grep -oE '\(\*[^*]+\*\)' "$RELIABILITY" | sed 's/^(\*//; s/\*)$//')
}
