# Documents name nothing that is not there.

RELIABILITY=${PROJECT_ROOT:?the root of the repository}/docs/reliability.md

setup() {
    cd "$PROJECT_ROOT" || exit 1
}

@test "every test that docs/reliability.md names is there" {
    local name
    while read -r name; do
        grep -qE "^@test \"[^\"]*${name}" tests/fault/*.bats tests/cli/*.bats || { echo "no such test: $name"; return 1; }
    done < <(grep -oE '\(\*[^*]+\*\)' "$RELIABILITY" | sed 's/^(\*//; s/\*)$//')
}
