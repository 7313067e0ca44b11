# Sources look as .clang-format says.

@test "sources are formatted (clang-format -i)" {
    cd "${PROJECT_ROOT:?the root of the repository}" || exit 1
    # Versions differ in what they make of the same settings; these are for the one of Debian 12.
    clang-format-14 --version >/dev/null 2>&1 || skip "there is no clang-format-14"
    find src include tests -name '*.[ch]' -exec clang-format-14 --dry-run -Werror {} +
}
