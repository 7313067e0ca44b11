#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "conc_bench/analysis/backlog.h"
#include "conc_bench/analysis/rate_search.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/arrivals.h"
#include "conc_bench/base/random.h"

/* A queue with workers that take so long for a download, in milliseconds, which varies by `spread` as a share. */
struct queue {
    int workers;
    double service, spread;
    double limit; /* that the 99th percentile of response times must not exceed, in milliseconds; 0: none */
    enum arrival_process process;
};

enum { DOWNLOADS_MAX = 20000, WORKERS_MAX = 64 };

/* One trial of two seconds, as workers.c would have it: each download by the worker that is free first. */
static struct rate_outcome try_rate(const struct queue *queue, double rate, struct random *random)
{
    static double waits[DOWNLOADS_MAX], responses[DOWNLOADS_MAX];
    double free_at[WORKERS_MAX] = {0};
    struct error error = {0};
    size_t count = (size_t)fmax(30, ceil(2 * rate));
    assert_true(count <= DOWNLOADS_MAX);
    const struct arrivals arrivals = {.rate = rate, .process = queue->process};
    nanoseconds *due = arrivals_draw(&arrivals, random_below(random, 1 << 30), (uint32_t)count, &error);
    assert_non_null(due);
    double last = 0;
    for (size_t i = 0; i < count; i++) {
        int first = 0;
        for (int worker = 1; worker < queue->workers; worker++)
            first = free_at[worker] < free_at[first] ? worker : first;
        double at = (double)due[i] / 1e6;
        double start = fmax(at, free_at[first]);
        double service = queue->service * (1 + queue->spread * (2 * random_fraction(random) - 1));
        waits[i] = start - at;
        responses[i] = start + service - at;
        free_at[first] = start + service;
        last = start;
    }
    bool is_kept_up = !backlog_grows(waits, count, (double)(due[count - 1] - due[0]) / 1e6);
    free(due);
    stats_sort(responses, count);
    double p99 = responses[(size_t)ceil(0.99 * (double)count) - 1];
    double reached = is_kept_up ? 0 : 1e3 * (double)(count - 1) / last;
    return (struct rate_outcome){.is_held = is_kept_up && (queue->limit == 0 || p99 <= queue->limit),
                                 .is_clear = !is_kept_up && reached < 0.9 * rate,
                                 .reached = reached};
}

/* Searches and confirms as the experiment does. Returns the rate that was found, and how many trials that took. */
static double search(const struct queue *queue, double guess, uint64_t seed, int *trials)
{
    enum { ROUNDS = 3, TRIALS_MOST = 60 };
    struct random random = random_stream(seed, 0);
    struct rate_search search = {.guess = guess, .most = rate_step(8000)};
    int step;
    *trials = 0;
    while (rate_search_next(&search, &step)) {
        struct rate_outcome outcome = try_rate(queue, rate_of_step(step), &random);
        rate_search_note(&search, step, &outcome, false);
        assert_true(++*trials < TRIALS_MOST);
    }
    while (rate_search_confirm(&search, ROUNDS, &step)) {
        for (int round = 0; round < ROUNDS; round++) {
            struct rate_outcome outcome = try_rate(queue, rate_of_step(step), &random);
            rate_search_note(&search, step, &outcome, true);
            assert_true(++*trials < TRIALS_MOST);
        }
    }
    return rate_search_found(&search, &step) ? rate_of_step(step) : 0;
}

static void test_steps_are_those_of_e96(void **state)
{
    (void)state;
    const double series[] = {100, 102, 105, 107, 110, 113, 115, 118, 121, 124, 127, 130, 133, 137, 140, 143};
    for (int i = 0; i < (int)(sizeof(series) / sizeof(series[0])); i++)
        assert_true(fabs(rate_of_step(2 * 96 + i) - series[i]) < 1e-9);
    assert_true(fabs(rate_of_step(0) - 1) < 1e-12);
    assert_true(fabs(rate_of_step(-96) - 0.1) < 1e-12);
    assert_true(fabs(rate_of_step(4 * 96) - 10000) < 1e-9);
    for (int step = -150; step < 500; step++) {
        assert_int_equal(rate_step(rate_of_step(step)), step);
        assert_int_equal(rate_step(rate_of_step(step) * 1.001), step);
        assert_true(rate_of_step(step + 1) / rate_of_step(step) < 1.035);
    }
}

/* Where the truth is known, from a good guess and from bad ones. */
static void test_capacity_is_found_within_5_percent(void **state)
{
    (void)state;
    static const struct queue queues[] = {{.workers = 1, .service = 20},
                                          {.workers = 4, .service = 20},
                                          {.workers = 64, .service = 50},
                                          {.workers = 4, .service = 20, .spread = 0.5},
                                          {.workers = 8, .service = 3, .spread = 1}};
    static const double guesses[] = {1, 0.5, 1.6, 0.1};
    for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
        double capacity = 1e3 * queues[i].workers / queues[i].service;
        for (size_t j = 0; j < sizeof(guesses) / sizeof(guesses[0]); j++) {
            int trials;
            double found = search(&queues[i], capacity * guesses[j], i, &trials);
            assert_true(found > 0.95 * capacity && found < 1.05 * capacity);
            assert_true(trials <= (j == 0 ? 16 : 30));
        }
    }
}

/* A mean response of an M/M/1-like queue is short of its capacity: the objective is what is found, and not that. */
static void test_an_objective_is_what_is_found(void **state)
{
    (void)state;
    const struct queue strict = {.workers = 4, .service = 20, .limit = 30, .process = ARRIVALS_POISSON};
    const struct queue easy = {.workers = 4, .service = 20, .limit = 200, .process = ARRIVALS_POISSON};
    const struct queue never = {.workers = 4, .service = 20, .limit = 10};
    int trials;
    double most_strict = 0;
    for (uint64_t seed = 0; seed < 5; seed++) {
        double found = search(&strict, 200, seed, &trials);
        assert_true(found > 50 && found < 150);
        most_strict = fmax(most_strict, found);
        found = search(&easy, 200, seed, &trials);
        assert_true(found > most_strict && found < 240);
    }
    assert_true(search(&never, 200, 0, &trials) == 0);
}

static void test_a_trial_that_misses_by_chance_is_tried_again(void **state)
{
    (void)state;
    struct rate_search search = {.guess = 100, .most = 1000};
    int step, again;
    assert_true(rate_search_next(&search, &step));
    rate_search_note(&search, step, &(struct rate_outcome){.is_held = false}, false);
    assert_true(rate_search_next(&search, &again));
    assert_int_equal(again, step);
    rate_search_note(&search, step, &(struct rate_outcome){.is_held = true}, false);
    assert_true(rate_search_next(&search, &again));
    assert_true(again > step);
    /* A step that was clearly missed is not tried again. */
    search = (struct rate_search){.guess = 100, .most = 1000};
    rate_search_note(&search, 190, &(struct rate_outcome){.is_clear = true, .reached = 50}, false);
    assert_true(rate_search_next(&search, &again));
    assert_int_equal(again, rate_step(50));
}

static void test_rounds_of_their_own_correct_what_was_found(void **state)
{
    (void)state;
    struct rate_search search = {.guess = 100, .most = 1000};
    const struct rate_outcome held = {.is_held = true}, missed = {.is_clear = true};
    int step;
    assert_false(rate_search_confirm(&search, 1, &step));
    rate_search_note(&search, 190, &held, false);
    rate_search_note(&search, 191, &missed, false);
    assert_true(rate_search_confirm(&search, 1, &step));
    assert_int_equal(step, 190);
    rate_search_note(&search, 190, &missed, true);
    assert_true(rate_search_confirm(&search, 1, &step));
    assert_int_equal(step, 189);
    rate_search_note(&search, 189, &held, true);
    assert_false(rate_search_confirm(&search, 1, &step));
    assert_true(rate_search_found(&search, &step));
    assert_int_equal(step, 189);
    /* And upwards. */
    search.confirmed_count = 0;
    rate_search_note(&search, 190, &held, true);
    assert_true(rate_search_confirm(&search, 1, &step));
    assert_int_equal(step, 191);
    rate_search_note(&search, 191, &held, true);
    assert_true(rate_search_confirm(&search, 1, &step));
    assert_int_equal(step, 192);
    rate_search_note(&search, 192, &missed, true);
    assert_false(rate_search_confirm(&search, 1, &step));
    assert_true(rate_search_found(&search, &step));
    assert_int_equal(step, 191);
}

static void test_a_search_ends_at_the_most_it_may_try(void **state)
{
    (void)state;
    const struct queue queue = {.workers = 64, .service = 1};
    int trials;
    struct rate_search search = {.guess = 100, .most = rate_step(500)};
    struct random random = random_stream(1, 0);
    int step;
    for (trials = 0; rate_search_next(&search, &step); trials++) {
        assert_true(step <= search.most && trials < 20);
        struct rate_outcome outcome = try_rate(&queue, rate_of_step(step), &random);
        rate_search_note(&search, step, &outcome, false);
    }
    assert_true(rate_search_found(&search, &step));
    assert_int_equal(step, search.most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_those_of_e96),
        cmocka_unit_test(test_capacity_is_found_within_5_percent),
        cmocka_unit_test(test_an_objective_is_what_is_found),
        cmocka_unit_test(test_a_trial_that_misses_by_chance_is_tried_again),
        cmocka_unit_test(test_rounds_of_their_own_correct_what_was_found),
        cmocka_unit_test(test_a_search_ends_at_the_most_it_may_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
