#include "unit.h"

#include "conc_bench/run/phases.h"

enum { US = NANOSECONDS_PER_MICROSECOND };

/* Makes the sample of a download that took a millisecond, with 50 us of work. */
static struct sample sample_of(enum outcome outcome, uint8_t connects, const uint32_t marks[4])
{
    return (struct sample){
        .start = 7,
        .end = 7 + 1000 * US,
        .settled = 7 + 1050 * US,
        .outcome = (uint8_t)outcome,
        .connects = connects,
        .name_lookup_us = marks[0],
        .connect_us = marks[1],
        .tls_us = marks[2],
        .first_byte_us = marks[3],
    };
}

static void assert_phases(const struct sample *sample, const nanoseconds expected[PHASE_COUNT])
{
    nanoseconds ends[PHASE_COUNT];
    phases_of(sample, ends);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        assert_int_equal((ends[phase] - (phase > 0 ? ends[phase - 1] : 0)) / US, expected[phase]);
}

static void a_success_receives_to_its_end(void **state)
{
    (void)state;
    struct sample sample = sample_of(OUTCOME_OK, 1, (uint32_t[]){10, 30, 100, 400});
    assert_phases(&sample, (nanoseconds[]){10, 20, 70, 300, 600, 50});
    assert_true(phases_have_handshake(&sample));
    sample = sample_of(OUTCOME_HTTP_5XX, 1, (uint32_t[]){10, 30, 0, 400});
    assert_phases(&sample, (nanoseconds[]){10, 20, 0, 370, 600, 50});
    assert_false(phases_have_handshake(&sample));
}

static void over_a_kept_connection_there_is_waiting_and_receiving_only(void **state)
{
    (void)state;
    struct sample sample = sample_of(OUTCOME_OK, 0, (uint32_t[]){1, 2, 3, 400});
    assert_phases(&sample, (nanoseconds[]){0, 0, 0, 400, 600, 50});
    assert_false(phases_have_handshake(&sample));
}

/* The rest of the time of a failed download belongs to the phase that was under way. */
static void a_failure_ends_in_the_phase_that_was_under_way(void **state)
{
    (void)state;
    static const struct {
        enum outcome outcome;
        uint8_t connects;
        uint32_t marks[4];
        nanoseconds phases[PHASE_COUNT];
    } cases[] = {
        {OUTCOME_DNS, 0, {0, 0, 0, 0}, {1000, 0, 0, 0, 0, 50}},
        {OUTCOME_TIMEOUT_DNS, 0, {0, 0, 0, 0}, {1000, 0, 0, 0, 0, 50}},
        {OUTCOME_CONNECT, 0, {5, 0, 0, 0}, {5, 995, 0, 0, 0, 50}},
        {OUTCOME_TIMEOUT_CONNECT, 0, {5, 0, 0, 0}, {5, 995, 0, 0, 0, 50}},
        {OUTCOME_CLIENT_RESOURCE, 0, {0, 0, 0, 0}, {0, 1000, 0, 0, 0, 50}},
        {OUTCOME_TLS, 1, {5, 0, 0, 0}, {5, 0, 995, 0, 0, 50}},
        {OUTCOME_TIMEOUT_TLS, 1, {5, 25, 0, 0}, {5, 20, 975, 0, 0, 50}},
        {OUTCOME_TIMEOUT_WAIT, 1, {5, 25, 60, 0}, {5, 20, 35, 940, 0, 50}},
        {OUTCOME_EMPTY_REPLY, 1, {5, 25, 0, 0}, {5, 20, 0, 975, 0, 50}},
        {OUTCOME_RESET, 0, {1, 2, 3, 0}, {0, 0, 0, 1000, 0, 50}},
        {OUTCOME_TIMEOUT_RECEIVE, 1, {5, 25, 60, 100}, {5, 20, 35, 40, 900, 50}},
        {OUTCOME_PARTIAL, 0, {1, 2, 3, 100}, {0, 0, 0, 100, 900, 50}},
        /* After a redirect, whose answer had been received. */
        {OUTCOME_TIMEOUT_CONNECT, 1, {5, 25, 60, 100}, {5, 920, 35, 40, 0, 50}},
        /* Waited for a connection that another download could not make. */
        {OUTCOME_TIMEOUT_TLS, 0, {0, 0, 0, 0}, {0, 0, 0, 1000, 0, 50}},
        {OUTCOME_TIMEOUT_CONNECT, 0, {0, 0, 0, 0}, {0, 0, 0, 1000, 0, 50}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = sample_of(cases[i].outcome, cases[i].connects, cases[i].marks);
        assert_phases(&sample, cases[i].phases);
        assert_int_equal(phases_have_handshake(&sample), cases[i].phases[PHASE_TLS] > 0);
    }
}

/* libcurl's clock and ours may differ by a little. */
static void no_phase_ends_after_the_download(void **state)
{
    (void)state;
    struct sample sample = sample_of(OUTCOME_OK, 1, (uint32_t[]){10, 30, 100, 1001});
    assert_phases(&sample, (nanoseconds[]){10, 20, 70, 900, 0, 50});
    sample = sample_of(OUTCOME_TLS, 1, (uint32_t[]){1002, 0, 0, 0});
    assert_phases(&sample, (nanoseconds[]){1000, 0, 0, 0, 0, 50});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_receives_to_its_end),
        cmocka_unit_test(over_a_kept_connection_there_is_waiting_and_receiving_only),
        cmocka_unit_test(a_failure_ends_in_the_phase_that_was_under_way),
        cmocka_unit_test(no_phase_ends_after_the_download),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
