# Tests that cannot fail prove nothing.

setup() {
    cd "${PROJECT_ROOT:?the root of the repository}" || exit 1
}

# bash ends a test at a command that fails, but not at one behind "!" or left of "&&", unless it is the last of its
# function. Prints such lines of the files given.
asserting_nothing() {
    awk '
        FNR == 1 { held = "" }
        /^[ \t]*(#|$)/ { next }
        held != "" && !/^[ \t]*}/ { print held }
        { held = "" }
        /^[ \t]*! / && !/\|\|/ { held = FILENAME ":" FNR ": " $0 }
        /^[ \t]*(\[|\[\[|grep|diff|cmp|says|holds) .* && (!|\[|\[\[|grep|diff|cmp|says|holds) / && !/\|\|/ {
            held = FILENAME ":" FNR ": " $0
        }' "$@"
}

@test "no line of a test begins with ! or stands left of && without asserting anything" {
    local found
    printf '%s\n' '@test "a" {' '    ! false' '    [ 1 = 2 ] && [ 1 = 1 ]' '    ! true' '}' >"$BATS_TEST_TMPDIR/example.bats"
    [ "$(asserting_nothing "$BATS_TEST_TMPDIR/example.bats" | wc -l)" -eq 2 ]
    found=$(asserting_nothing tests/*/*.bats tests/support/*.bash)
    [ -z "$found" ] || { echo "$found"; return 1; }
}

@test "a case counts as passed, failed or skipped, as each of the two test programs writes it" {
    local log=$BATS_TEST_TMPDIR/log
    printf '%s\n' '1..3' 'ok 1 - a' 'ok 2 b # skip there is no b' 'not ok 3 # SKIP c' '# ok 4' 'Test Passed.' >"$log"
    [ "$(tests/count_cases "$log")" = "1 passed, 0 failed, 2 skipped" ]
    echo 'not ok 4 - d' >>"$log"
    run tests/count_cases "$log"
    [ "$status" -eq 1 ]
    [ "$output" = "$log: not ok 4 - d"$'\n'"1 passed, 1 failed, 2 skipped" ]
}
