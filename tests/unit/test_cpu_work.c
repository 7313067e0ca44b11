#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "conc_bench/workload/cpu_work.h"

/* Ratios of CPU times only, and with several tries: what a virtual machine does to its clocks is not the subject. */
enum { PAIRS = 7, TRIES = 20 };

static double time_work(uint64_t iterations)
{
    nanoseconds begin = clock_thread_cpu();
    cpu_work_spend(iterations);
    return (double)(clock_thread_cpu() - begin);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median over pairs of the time for `b` iterations by that for `a` right before. */
static double ratio(uint64_t a, uint64_t b)
{
    double ratios[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        double first = time_work(a);
        ratios[i] = time_work(b) / (first > 0 ? first : 1);
    }
    qsort(ratios, PAIRS, sizeof(ratios[0]), compare);
    return ratios[PAIRS / 2];
}

static bool is_ratio_within(uint64_t a, uint64_t b, double low, double high)
{
    for (int i = 0; i < TRIES; i++) {
        double value = ratio(a, b);
        if (value >= low && value <= high)
            return true;
        print_message("try %d: %g is not within %g and %g\n", i + 1, value, low, high);
    }
    return false;
}

static void test_nothing_takes_nothing(void **state)
{
    (void)state;
    assert_true(cpu_work_calibrate(0) == 0);
    assert_true(cpu_work_calibrate(-1) == 0);
    cpu_work_spend(0);
    /* The smallest work is still some: nobody who asks for it gets none. */
    assert_true(cpu_work_calibrate(1) >= 1);
}

static void test_twice_the_iterations_take_twice_the_time(void **state)
{
    (void)state;
    uint64_t iterations = cpu_work_calibrate(4 * NANOSECONDS_PER_MILLISECOND);
    assert_true(is_ratio_within(iterations, 2 * iterations, 1.5, 2.7));
    assert_true(is_ratio_within(iterations, 10 * iterations, 7, 14));
}

static void test_work_grows_with_the_duration(void **state)
{
    (void)state;
    bool is_growing = false;
    bool is_proportional = false;
    for (int i = 0; i < TRIES && !(is_growing && is_proportional); i++) {
        double one = (double)cpu_work_calibrate(NANOSECONDS_PER_MILLISECOND);
        double ten = (double)cpu_work_calibrate(10 * NANOSECONDS_PER_MILLISECOND);
        double hundred = (double)cpu_work_calibrate(100 * NANOSECONDS_PER_MILLISECOND);
        is_growing = one < ten && ten < hundred;
        is_proportional = ten / one > 7 && ten / one < 14 && hundred / ten > 7 && hundred / ten < 14;
    }
    assert_true(is_growing);
    assert_true(is_proportional);
}

/* Work that was calibrated for a duration takes about that long, by the clock it was calibrated with. */
static void test_calibrated_work_takes_the_duration_asked_for(void **state)
{
    (void)state;
    bool is_near = false;
    for (int i = 0; i < TRIES && !is_near; i++) {
        double wanted = 20.0 * (double)NANOSECONDS_PER_MILLISECOND;
        double times[PAIRS];
        uint64_t iterations = cpu_work_calibrate((nanoseconds)wanted);
        for (int j = 0; j < PAIRS; j++)
            times[j] = time_work(iterations);
        qsort(times, PAIRS, sizeof(times[0]), compare);
        is_near = times[PAIRS / 2] > wanted / 2 && times[PAIRS / 2] < wanted * 2;
    }
    assert_true(is_near);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_takes_nothing),
        cmocka_unit_test(test_twice_the_iterations_take_twice_the_time),
        cmocka_unit_test(test_work_grows_with_the_duration),
        cmocka_unit_test(test_calibrated_work_takes_the_duration_asked_for),
    };
    return cmocka_run_group_tests_name("cpu_work", tests, NULL, NULL);
}
