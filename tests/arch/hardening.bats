# The program has what the compiler and the linker were asked for. Builds with sanitizers are not hardened.

setup() {
    CONC_BENCH=${CONC_BENCH:?the program to test}
    if readelf --wide --syms "$CONC_BENCH" | grep -qE '__(asan|tsan)_init'; then
        skip "built with sanitizers"
    fi
}

@test "it is a position-independent executable" {
    readelf --file-header "$CONC_BENCH" | grep -q 'Type:.*DYN'
}

@test "what is relocated is read-only, all of it before main" {
    readelf --wide --program-headers "$CONC_BENCH" | grep -q GNU_RELRO
    readelf --wide --dynamic "$CONC_BENCH" | grep -qE 'BIND_NOW|FLAGS_1.*NOW'
}

@test "the stack cannot be executed, and is guarded" {
    readelf --wide --program-headers "$CONC_BENCH" | grep GNU_STACK | grep -qv 'RWE'
    readelf --wide --syms "$CONC_BENCH" | grep -q __stack_chk_fail
}

@test "calls that know the size of their buffer check it" {
    [ "$(readelf --wide --syms "$CONC_BENCH" | grep -cE '__[a-z]+_chk(@|$)')" -gt 3 ]
}
