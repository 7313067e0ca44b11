#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/backlog.h"
#include "conc_bench/base/arrivals.h"
#include "conc_bench/base/random.h"

enum { DOWNLOADS = 500, WORKERS = 8, TRIALS = 200 };

/* Waits and response times of workers enough for a server that begins a download every millisecond and sends it 20 ms
 * later, give or take 10 %. */
static void wait_at_server(const nanoseconds *due, struct random *random, double *waits, double *responses)
{
    double free_at = 0;
    for (size_t i = 0; i < DOWNLOADS; i++) {
        double begun = free_at > (double)due[i] ? free_at : (double)due[i];
        free_at = begun + 1e6;
        waits[i] = 0;
        responses[i] = begun - (double)due[i] + 2e7 * (0.9 + 0.2 * random_fraction(random));
    }
}

/* In how many trials the backlog in flight grows where so much of what the server can do falls due. */
static int count_growing_in_flight(double share)
{
    const struct arrivals arrivals = {.rate = 1000 * share, .process = ARRIVALS_EVEN};
    double waits[DOWNLOADS], responses[DOWNLOADS];
    struct error error = {0};
    int growing = 0;
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        struct random random = random_stream(trial, 99);
        nanoseconds *due = arrivals_draw(&arrivals, trial, DOWNLOADS, &error);
        assert_non_null(due);
        double span = (double)(due[DOWNLOADS - 1] - due[0]);
        wait_at_server(due, &random, waits, responses);
        assert_false(backlog_grows(waits, DOWNLOADS, span));
        growing += backlog_grows(responses, DOWNLOADS, span);
        free(due);
    }
    return growing;
}

static void test_the_backlog_of_a_server_shows_in_response_times(void **state)
{
    (void)state;
    assert_int_equal(count_growing_in_flight(0.95), 0);
    assert_int_equal(count_growing_in_flight(1.03), TRIALS);
}

/* The waits of a queue whose workers take `service` with each download, give or take 40 %: of each the worker that is
 * free first takes it. */
static void wait_in_queue(const nanoseconds *due, double service, struct random *random, double *waits)
{
    double free_at[WORKERS] = {0};
    for (size_t i = 0; i < DOWNLOADS; i++) {
        size_t first = 0;
        for (size_t j = 1; j < WORKERS; j++)
            first = free_at[j] < free_at[first] ? j : first;
        double start = free_at[first] > (double)due[i] ? free_at[first] : (double)due[i];
        waits[i] = start - (double)due[i];
        free_at[first] = start + service * (0.6 + 0.8 * random_fraction(random));
    }
}

/* In how many trials the backlog grows where so much of what the workers can do falls due. */
static int count_growing(enum arrival_process process, double share)
{
    const struct arrivals arrivals = {.rate = 1000, .process = process};
    double waits[DOWNLOADS];
    struct error error = {0};
    int growing = 0;
    for (uint64_t trial = 0; trial < TRIALS; trial++) {
        struct random random = random_stream(trial, 99);
        nanoseconds *due = arrivals_draw(&arrivals, trial, DOWNLOADS, &error);
        assert_non_null(due);
        wait_in_queue(due, share * WORKERS * 1e6, &random, waits);
        growing += backlog_grows(waits, DOWNLOADS, (double)(due[DOWNLOADS - 1] - due[0]));
        free(due);
    }
    return growing;
}

/* docs/measurement.md has the figures. */
static void test_error_and_power(void **state)
{
    (void)state;
    assert_int_equal(count_growing(ARRIVALS_EVEN, 0.8), 0);
    assert_int_equal(count_growing(ARRIVALS_EVEN, 0.95), 0);
    assert_in_range(count_growing(ARRIVALS_EVEN, 1.05), 0.93 * TRIALS, TRIALS);
    assert_int_equal(count_growing(ARRIVALS_EVEN, 1.1), TRIALS);
    assert_in_range(count_growing(ARRIVALS_POISSON, 0.8), 0, 0.02 * TRIALS);
    assert_in_range(count_growing(ARRIVALS_POISSON, 0.9), 0, 0.09 * TRIALS);
    assert_in_range(count_growing(ARRIVALS_POISSON, 1.1), 0.75 * TRIALS, TRIALS);
    assert_in_range(count_growing(ARRIVALS_POISSON, 1.2), 0.95 * TRIALS, TRIALS);
}

static void test_what_grows(void **state)
{
    (void)state;
    double waits[100];
    for (size_t i = 0; i < 100; i++)
        waits[i] = (double)i / 10; /* blocks of ten: 0.45 up to 9.45 */
    assert_true(backlog_grows(waits, 100, 899));
    assert_false(backlog_grows(waits, 100, 901)); /* by 9, which is less than a hundredth of that */
    assert_true(fabs(backlog_behind(waits, 100) - 9.45) < 1e-12);
    assert_false(backlog_grows(waits, BACKLOG_MIN - 1, 1));
    for (size_t i = 0; i < 100; i++)
        waits[i] = (double)(99 - i) / 10;
    assert_false(backlog_grows(waits, 100, 1)); /* it shrinks */
    for (size_t i = 0; i < 100; i++)
        waits[i] = i / 10 == 9 ? 1000 : (double)(i % 20);
    assert_false(backlog_grows(waits, 100, 1)); /* the last alone is no trend */
    assert_true(backlog_behind(waits, 0) == 0);
}

/* When a trial of two seconds at 500/s would be ended whose only worker takes `service`, but for a stall of the
 * server, if it is looked at every tenth of a second; 0: it is not ended. */
static nanoseconds given_up_at(nanoseconds service, nanoseconds stall_begin, nanoseconds stall_end)
{
    enum { COUNT = 1000 };
    const struct arrivals arrivals = {.rate = 500, .process = ARRIVALS_EVEN};
    const nanoseconds tick = 100 * NANOSECONDS_PER_MILLISECOND;
    struct error error = {0};
    struct backlog_watch watch = {0};
    nanoseconds free_at = 0, found = 0;
    uint32_t begun = 0;
    nanoseconds *due = arrivals_draw(&arrivals, 1, COUNT, &error);
    assert_non_null(due);
    for (nanoseconds now = tick; begun < COUNT && found == 0; now += tick) {
        while (begun < COUNT && free_at <= now && due[begun] <= now) {
            nanoseconds start = free_at > due[begun] ? free_at : due[begun];
            bool is_stalled = start >= stall_begin && start < stall_end;
            free_at = (is_stalled ? stall_end : start) + service;
            begun++;
        }
        found = backlog_is_hopeless(&watch, due, COUNT, begun, now) ? now : 0;
    }
    free(due);
    return found;
}

static void test_what_is_hopeless_is_seen_early_and_a_stall_is_not(void **state)
{
    (void)state;
    const nanoseconds ms = NANOSECONDS_PER_MILLISECOND;
    /* 20, 100 and 200 of 500 a second. */
    assert_in_range(given_up_at(50 * ms, 0, 0), 900 * ms, 1300 * ms);
    assert_in_range(given_up_at(10 * ms, 0, 0), 500 * ms, 600 * ms);
    assert_in_range(given_up_at(5 * ms, 0, 0), 500 * ms, 600 * ms);
    /* 333 of 500: it does not keep up, but has more to show. */
    assert_int_equal(given_up_at(3 * ms, 0, 0), 0);
    /* It would do 1,000 a second, but for a server that stands still for a while. */
    for (nanoseconds begin = 0; begin < 2000 * ms; begin += 50 * ms) {
        for (nanoseconds length = 50 * ms; length <= 1000 * ms; length += 50 * ms)
            assert_int_equal(given_up_at(1 * ms, begin, begin + length), 0);
    }
}

static void test_even_arrivals(void **state)
{
    (void)state;
    const struct arrivals arrivals = {.rate = 3, .process = ARRIVALS_EVEN};
    struct error error = {0};
    nanoseconds *due = arrivals_draw(&arrivals, 1, 7, &error);
    assert_non_null(due);
    assert_int_equal(due[0], 0);
    assert_int_equal(due[1], 333333333);
    assert_int_equal(due[6], 2000000000);
    free(due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_and_power),
        cmocka_unit_test(test_the_backlog_of_a_server_shows_in_response_times),
        cmocka_unit_test(test_what_grows),
        cmocka_unit_test(test_what_is_hopeless_is_seen_early_and_a_stall_is_not),
        cmocka_unit_test(test_even_arrivals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
