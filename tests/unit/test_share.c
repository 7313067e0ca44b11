#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/workload/share.h"

static void each_unit_is_exactly_one_machines(void **state)
{
    (void)state;
    for (uint32_t machines = 1; machines <= 7; machines++) {
        for (uint32_t units = 0; units < 40; units++) {
            const struct share share = {.machines = machines, .unit_count = units, .seed = units};
            uint32_t owners[40], total = 0;
            memset(owners, 0xff, sizeof(owners));
            for (uint32_t rank = 0; rank < machines; rank++) {
                uint32_t count = share_count(&share, rank);
                total += count;
                /* Nobody has more than one unit more than another. */
                assert_in_range(count, units / machines, units / machines + 1);
                for (uint32_t own = 0; own < count; own++) {
                    uint32_t unit = share_unit(&share, rank, own);
                    assert_true(unit < units);
                    assert_int_equal(owners[unit], UINT32_MAX);
                    assert_int_equal(share_owner(&share, unit), rank);
                    assert_true(own == 0 || unit > share_unit(&share, rank, own - 1));
                    owners[unit] = rank;
                }
            }
            assert_int_equal(total, units);
        }
    }
}

/* A list of as many URLs as machines, gone through a thousand times. */
static void each_machine_gets_about_as_much_of_each_url(void **state)
{
    (void)state;
    enum { MACHINES = 3, PASSES = 1000 };
    const struct share share = {.machines = MACHINES, .unit_count = MACHINES * PASSES, .seed = 7};
    uint32_t counts[MACHINES][MACHINES] = {0};
    for (uint32_t unit = 0; unit < share.unit_count; unit++)
        counts[share_owner(&share, unit)][unit % MACHINES]++;
    for (int rank = 0; rank < MACHINES; rank++) {
        for (int url = 0; url < MACHINES; url++)
            assert_in_range(counts[rank][url], PASSES / MACHINES - 100, PASSES / MACHINES + 100);
    }
}

static void unsplit_each_machine_has_each_of_its_neighbours(void **state)
{
    (void)state;
    const struct share share = {.machines = 4, .unit_count = 40, .split = SPLIT_NONE, .seed = 3};
    for (uint32_t rank = 0; rank < 4; rank++) {
        assert_int_equal(share_count(&share, rank), 10);
        for (uint32_t own = 0; own < 10; own++)
            assert_int_equal(share_unit(&share, rank, own) / 4, own);
    }
}

static void one_machine_has_it_all(void **state)
{
    (void)state;
    const struct share share = {.unit_count = 5, .seed = 3};
    assert_int_equal(share_count(&share, 0), 5);
    for (uint32_t own = 0; own < 5; own++)
        assert_int_equal(share_unit(&share, 0, own), own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_is_exactly_one_machines),
        cmocka_unit_test(each_machine_gets_about_as_much_of_each_url),
        cmocka_unit_test(unsplit_each_machine_has_each_of_its_neighbours),
        cmocka_unit_test(one_machine_has_it_all),
    };
    return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
