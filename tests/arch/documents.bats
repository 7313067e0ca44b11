# Documents say of the sources what is so.

RELIABILITY=${PROJECT_ROOT:?the root of the repository}/docs/reliability.md

setup() {
    cd "$PROJECT_ROOT" || exit 1
}

@test "every test that docs/reliability.md names is there" {
    local name
    while read -r name; do
        grep -qE "^@test \"[^\"]*${name}" tests/fault/*.bats tests/cli/*.bats tests/bench/*.bats || { echo "no such test: $name"; return 1; }
    done < <(grep -oE '\(\*[^*]+\*\)' "$RELIABILITY" | sed 's/^(\*//; s/\*)$//')
}

@test "each way around libcurl stands where docs/reliability.md says" {
    [ "$(grep -cE '^\| `[a-z-]+` \| (all|from|before) ' "$RELIABILITY")" -ge 10 ]
    local place
    for place in $(sed -nE 's/^\| `[a-z-]+` \| (all|from|before) .* \| `([a-z_]+\.c)` \| `.*/\2/p' "$RELIABILITY"); do
        [ -f "src/http/$place" ] || { echo "no such file: $place"; return 1; }
    done
}

@test "what documents repeat of the sources is up to date (--target docs)" {
    local copy=$BATS_TEST_TMPDIR/copy
    mkdir -p "$copy/tests"
    cp -r docs "$copy/docs"
    cp -r tests/docs "$copy/tests/docs"
    "$copy/tests/docs/update" "${DESCRIBE:?the program that describes the sources}"
    diff -r docs "$copy/docs"
    sed -i '/^| `peak_memory_bytes`/d; /^| `is_isolated`/d' "$copy/docs/json.md"
    sed -i '/"is_isolated"/d; s/"integer"/"number"/' "$copy/docs/conc-bench-2.schema.json"
    "$copy/tests/docs/update" "$DESCRIBE"
    diff -r docs "$copy/docs"
}
