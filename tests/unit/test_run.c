#include "run_fixture.h"

static void cells_have_their_name_and_that_without_connections(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        const char *name;
        bool is_name;
    } cases[] = {
        {"threads", "threads", true},
        {"threads", "thread", false},
        {"threads", "threads:fresh", false},
        {"threads#2", "threads#2", true},
        {"threads#2", "threads", false},
        {"threads:fresh", "threads:fresh", true},
        {"threads:fresh", "threads", true},
        {"threads:fresh", "threads:reuse", false},
        {"threads:fresh", "thread", false},
        {"threads:fresh", "threads2", false},
        {"threads:fresh", "threads#2", false},
        {"threads:fresh#2", "threads#2", true},
        {"threads:fresh#2", "threads", false},
        {"threads:fresh#2", "threads:fresh", false},
        {"threads:fresh#2", "threads#3", false},
        {"sync:fresh", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_cell cell = {.workers = 1};
        snprintf(cell.mode, sizeof(cell.mode), "%s", cases[i].cell);
        if (cell_has_name(&cell, cases[i].name) != cases[i].is_name)
            fail_msg("%s of %s", cases[i].name, cases[i].cell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_their_name_and_that_without_connections),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
