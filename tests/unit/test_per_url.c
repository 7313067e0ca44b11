#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/analysis/per_url.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/random.h"

/* The statistics of the run under test: which of its rounds count, its figures of each URL, and its medians where those
 * are needed. */
static struct run_stats stats;

/* A run of so many units and URLs, with cells to be filled; URLs are all the same text. Released by release(). */
static struct run make_run(uint32_t units, uint32_t urls)
{
    struct run run = fixture_run();
    run.downloads = units;
    run.distinct_urls = urls;
    uint32_t *unit_urls = calloc(units + 1, sizeof(*unit_urls));
    free(run.urls);
    run.urls = calloc(urls + 1, sizeof(run.urls[0]));
    assert_true(unit_urls != NULL && run.urls != NULL);
    for (uint32_t url = 0; url < urls; url++)
        run.urls[url] = "http://a.test/page";
    for (uint32_t unit = 0; unit < units; unit++)
        unit_urls[unit] = unit % urls;
    run.unit_urls = run.lent[1] = unit_urls;
    stats = (struct run_stats){.run = NULL};
    return run;
}

static void release(struct run *run)
{
    validity_release(&stats.validity);
    per_url_release(stats.per_url);
    free(stats.cells);
    run_release(run);
}

/* A complete trial without anything settled. */
static struct trial *add_trial(struct run *run, size_t cell_place)
{
    struct error error = {0};
    struct run_cell *cell = &run->cells[cell_place];
    struct trial trial = {.round = (uint32_t)cell->trial_count, .table = sample_table_create(run->downloads, &error)};
    assert_non_null(trial.table);
    cell->trials = realloc(cell->trials, (cell->trial_count + 1) * sizeof(cell->trials[0]));
    assert_non_null(cell->trials);
    cell->trials[cell->trial_count] = trial;
    return &cell->trials[cell->trial_count++];
}

static void settle(struct trial *trial, uint32_t unit, enum outcome outcome, nanoseconds service, int64_t bytes)
{
    struct sample *sample = &trial->table->samples[unit];
    sample->start = 5;
    sample->end = sample->settled = 5 + service;
    sample->body_bytes = bytes;
    sample->outcome = (uint8_t)outcome;
    atomic_store(&sample->state, SAMPLE_SETTLED);
}

/* All units with the same outcome. */
static void settle_all(struct run *run, struct trial *trial, nanoseconds service)
{
    for (uint32_t unit = 0; unit < run->downloads; unit++)
        settle(trial, unit, OUTCOME_OK, service, 1000);
}

static const struct per_url *make(const struct run *run)
{
    struct error error = {0};
    assert_null(per_url_lacks(run, &stats.validity));
    stats.run = run;
    assert_int_equal(per_url_make(run, &stats.validity, &stats.per_url, &error), 0);
    return stats.per_url;
}

/* The smallest value with at least half of the values at or below it, by counting them. */
static int64_t median_by_counting(const int64_t *values, size_t count)
{
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t at_or_below = 0;
        for (size_t j = 0; j < count; j++)
            at_or_below += values[j] <= values[i];
        if (2 * at_or_below >= count && values[i] < best)
            best = values[i];
    }
    return best;
}

/* The expected figure of a URL in a cell, from all samples. */
static struct url_figure figure_by_search(const struct run *run, size_t cell_place, uint32_t url)
{
    static int64_t services[4096], bodies[4096];
    const struct run_cell *cell = &run->cells[cell_place];
    struct url_figure figure = {0};
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        if (!validity_counts(&stats.validity, cell, trial))
            continue;
        for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
            const struct sample *sample = &trial->table->samples[unit];
            if (run->unit_urls[unit] != url || atomic_load(&sample->state) != SAMPLE_SETTLED)
                continue;
            if (sample->outcome != OUTCOME_OK) {
                figure.failures[sample->outcome]++;
                continue;
            }
            services[figure.count] = sample->end - sample->start;
            bodies[figure.count++] = sample->body_bytes;
        }
    }
    if (figure.count > 0) {
        figure.service = median_by_counting(services, figure.count);
        figure.body_bytes = median_by_counting(bodies, figure.count);
    }
    return figure;
}

/* Random lists, rounds and outcomes; rounds that do not count, units never begun, cells of a sweep. */
static struct run make_random(struct random *random)
{
    uint32_t urls = 1 + (uint32_t)random_below(random, 12);
    struct run run = make_run(urls + (uint32_t)random_below(random, 40), urls);
    uint32_t *units = run.lent[1];
    for (uint32_t unit = urls; unit < run.downloads; unit++)
        units[unit] = (uint32_t)random_below(random, urls);
    size_t cells = 1 + (size_t)random_below(random, 4);
    for (size_t i = 0; i < cells; i++) {
        struct run_cell *cell = fixture_cell(&run, i == 0 ? "sync" : "threads", (uint32_t)i + 1);
        cell->stage = i == 2 ? STAGE_SWEEP : STAGE_MAIN;
        for (uint32_t j = 0; j < 5; j++) {
            struct trial *trial = add_trial(&run, i);
            if (j > 0 && random_below(random, 4) == 0)
                trial->status = TRIAL_CRASHED;
            for (uint32_t unit = 0; unit < run.downloads; unit++) {
                uint64_t chance = random_below(random, 8);
                enum outcome outcome = chance < 5 ? OUTCOME_OK : chance < 6 ? OUTCOME_HTTP_4XX : OUTCOME_RESET;
                if (chance < 7)
                    settle(trial, unit, units[unit] == 3 ? OUTCOME_DNS : outcome, (nanoseconds)random_below(random, 30),
                           (int64_t)random_below(random, 5));
                else
                    atomic_store(&trial->table->samples[unit].state, SAMPLE_CLAIMED);
            }
        }
    }
    stats.validity.dropped = calloc(1, sizeof(stats.validity.dropped[0]));
    assert_non_null(stats.validity.dropped);
    stats.validity.dropped[stats.validity.dropped_count++].round = 4;
    return run;
}

static void assert_as_by_search(const struct run *run)
{
    const struct per_url *per_url = stats.per_url;
    uint32_t failed = 0, lost = 0, settled = 0;
    struct url_total totals[4] = {{0, 0}};
    size_t rows = 0;
    for (uint32_t url = 0; url < run->distinct_urls; url++) {
        size_t row = 0;
        while (row < per_url->count && per_url->urls[row] != url)
            row++;
        uint64_t count = 0, failures = 0;
        for (size_t i = 0; i < per_url->cell_count; i++) {
            const struct url_figure expected = figure_by_search(run, per_url->cells[i], url);
            if (row < per_url->count)
                assert_memory_equal(per_url_figure(per_url, row, i), &expected, sizeof(expected));
            count += expected.count;
            failures += url_figure_failures(&expected);
            totals[i].count += expected.count;
            totals[i].failures += url_figure_failures(&expected);
        }
        /* With so few URLs all are there, and each once. */
        assert_int_equal(row<per_url->count, count + failures> 0);
        rows += row < per_url->count;
        settled += count + failures > 0;
        failed += failures > 0;
        lost += count == 0 && failures > 0;
    }
    assert_int_equal(rows, per_url->count);
    assert_int_equal(per_url->settled, settled);
    assert_int_equal(per_url->failed, failed);
    assert_int_equal(per_url->lost, lost);
    for (size_t i = 0; i < per_url->cell_count; i++) {
        assert_int_equal(per_url->totals[i].count, totals[i].count);
        assert_int_equal(per_url->totals[i].failures, totals[i].failures);
    }
}

/* -1: the URL never succeeded. */
static nanoseconds longest_median(const struct per_url *per_url, size_t row)
{
    size_t cell = per_url_longest(per_url, row);
    return cell < per_url->cell_count ? per_url_figure(per_url, row, cell)->service : -1;
}

static void test_figures_are_those_of_a_search(void **state)
{
    (void)state;
    struct random random = random_stream(11, 0);
    for (int i = 0; i < 300; i++) {
        struct run run = make_random(&random);
        const struct per_url *per_url = make(&run);
        assert_as_by_search(&run);
        for (size_t row = 1; row < per_url->count; row++)
            assert_true(longest_median(per_url, row) <= longest_median(per_url, row - 1));
        for (size_t cell = 0; cell < per_url->cell_count; cell++)
            assert_int_equal(run.cells[per_url->cells[cell]].stage, STAGE_MAIN);
        release(&run);
    }
}

static void test_failures_are_in_no_median(void **state)
{
    (void)state;
    struct run run = make_run(5, 1);
    fixture_cell(&run, "sync", 1);
    struct trial *trial = add_trial(&run, 0);
    settle(trial, 0, OUTCOME_OK, 10, 100);
    settle(trial, 1, OUTCOME_TIMEOUT_WAIT, 30000, 0);
    settle(trial, 2, OUTCOME_HTTP_4XX, 1, 7);
    settle(trial, 3, OUTCOME_OK, 20, 200);
    settle(trial, 4, OUTCOME_PARTIAL, 40000, 50000);
    const struct url_figure *figure = per_url_figure(make(&run), 0, 0);
    assert_int_equal(figure->count, 2);
    assert_int_equal(figure->service, 10); /* nearest rank: one of the values */
    assert_int_equal(figure->body_bytes, 100);
    assert_int_equal(url_figure_failures(figure), 3);
    assert_int_equal(figure->failures[OUTCOME_TIMEOUT_WAIT], 1);
    release(&run);
}

static void test_without_a_round_that_counts_the_last_is_taken(void **state)
{
    (void)state;
    struct run run = make_run(3, 3);
    fixture_cell(&run, "sync", 1);
    settle_all(&run, add_trial(&run, 0), 10);
    run.cells[0].trials[0].status = TRIAL_CRASHED;
    struct trial *trial = add_trial(&run, 0);
    trial->status = TRIAL_INTERRUPTED;
    settle(trial, 0, OUTCOME_OK, 70, 1);
    settle(trial, 1, OUTCOME_CANCELLED, 90, 1); /* by who pressed Ctrl-C: no failure */
    const struct per_url *per_url = make(&run);
    assert_int_equal(per_url->count, 1);
    assert_int_equal(per_url_figure(per_url, 0, 0)->service, 70);
    assert_int_equal(per_url->failed, 0);
    assert_int_equal(per_url->settled, 1);
    release(&run);
}

/* Only the slowest of many URLs and those that fail most are kept; figures of all URLs still count all. */
static void test_many_urls_are_kept_in_part(void **state)
{
    (void)state;
    enum { URLS = 5000 };
    struct run run = make_run(URLS, URLS);
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    struct trial *alone = add_trial(&run, 0);
    struct trial *beside = add_trial(&run, 1);
    for (uint32_t url = 0; url < URLS; url++) {
        bool fails = url % 4 == 0; /* 1250 of them */
        settle(alone, url, fails && url < 40 ? OUTCOME_DNS : OUTCOME_OK, 1 + url, 1);
        settle(beside, url, fails ? OUTCOME_RESET : OUTCOME_OK, 1, 1);
    }
    const struct per_url *per_url = make(&run);
    assert_int_equal(per_url->settled, URLS);
    assert_int_equal(per_url->failed, 1250);
    assert_int_equal(per_url->lost, 10);
    assert_int_equal(per_url->totals[0].count, URLS - 10);
    assert_int_equal(per_url->totals[1].failures, 1250);
    bool is_kept[URLS] = {false};
    for (size_t row = 0; row < per_url->count; row++)
        is_kept[per_url->urls[row]] = true;
    for (uint32_t url = 0; url < URLS; url++) {
        bool is_slow = url >= URLS - PER_URL_KEPT;
        bool is_failing = url % 4 == 0 && url / 4 < PER_URL_KEPT; /* with one failure each the first of the list */
        assert_int_equal(is_kept[url], is_slow || is_failing);
    }
    assert_int_equal(per_url->urls[0], URLS - 1);
    for (size_t row = per_url->count - per_url->lost; row < per_url->count; row++)
        assert_true(longest_median(per_url, row) < 0);
    /* 4990 medians: 1 for none, those of URL 1 to 4999 but for the ten. */
    assert_int_equal(per_url->p50, 2505);
    assert_int_equal(per_url->p99, 4951);
    release(&run);
}

static void test_many_cells_keep_fewer(void **state)
{
    (void)state;
    enum { URLS = 1500, CELLS = 200 };
    struct run run = make_run(URLS, URLS);
    for (uint32_t i = 0; i < CELLS; i++) {
        fixture_cell(&run, "threads", i + 1);
        settle_all(&run, add_trial(&run, i), 10);
    }
    assert_int_equal(make(&run)->count, PER_URL_FIGURES_MAX / CELLS);
    assert_int_equal(stats.per_url->urls[0], 0); /* of equal ones the first */
    release(&run);
}

static void test_missing_samples_are_told(void **state)
{
    (void)state;
    struct run run = make_run(2, 2);
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    settle_all(&run, add_trial(&run, 0), 10);
    struct trial *trial = add_trial(&run, 1);
    assert_null(per_url_lacks(&run, &stats.validity));
    sample_table_release(trial->table);
    trial->table = NULL;
    trial->summary = (struct trial_summary){.settled = 2};
    assert_ptr_equal(per_url_lacks(&run, &stats.validity), &run.cells[1]);
    run.cells[1].stage = STAGE_SWEEP; /* which is not shown */
    assert_null(per_url_lacks(&run, &stats.validity));
    run.cells[1].stage = STAGE_MAIN;
    trial->summary.settled = 0;
    assert_null(per_url_lacks(&run, &stats.validity));
    assert_int_equal(make(&run)->cell_count, 2);
    assert_int_equal(per_url_figure(stats.per_url, 0, 1)->count, 0);
    release(&run);
}

static void test_what_is_slow_only_beside_others(void **state)
{
    (void)state;
    struct run run = make_run(30, 3);
    run.urls[1] = "http://b.test/";
    fixture_cell(&run, "sync", 1)->connections = CONNECTIONS_REUSE;
    fixture_cell(&run, "threads", 1)->connections = CONNECTIONS_FRESH;
    fixture_cell(&run, "threads", 8)->connections = CONNECTIONS_REUSE;
    fixture_cell(&run, "hybrid", 8)->connections = CONNECTIONS_FRESH;
    stats.cells = calloc(4, sizeof(stats.cells[0]));
    assert_non_null(stats.cells);
    stats.cell_count = 4;
    static const nanoseconds services[4][3] = {{1000, 10, 20}, {900, 9, 9}, {1100, 45, 10}, {1200, 9, 9}};
    for (size_t i = 0; i < 4; i++) {
        struct trial *trial = add_trial(&run, i);
        for (uint32_t unit = 0; unit < 30; unit++)
            settle(trial, unit, OUTCOME_OK, services[i][unit % 3] * FIXTURE_MS, 1);
        stats.cells[i] = (struct cell_stats){.cell = &run.cells[i]};
        stats.cells[i].totals.service.points[49] = (nanoseconds)(i == 2 ? 15 : 10) * FIXTURE_MS;
    }
    const struct per_url *per_url = make(&run);
    size_t cell = 9, alone = 9;
    assert_int_equal(per_url->urls[0], 0);
    assert_int_equal(per_url->urls[1], 1);
    assert_true(fabs(per_url_slowdown(&run, stats.per_url, 0, &cell, &alone) - 12.0 / 9) <
                1e-9); /* 1200 against 900, both fresh */
    assert_int_equal(cell, 3);
    assert_int_equal(alone, 1);
    assert_true(fabs(per_url_slowdown(&run, stats.per_url, 1, &cell, &alone) - 4.5) < 1e-9);
    assert_int_equal(cell, 2);
    assert_int_equal(alone, 0);
    struct per_url_sentences sentences;
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 2);
    assert_string_equal(sentences.texts[0],
                        "The slowest URL is http://a.test/page, with a median of 1.20 s in hybrid/8 "
                        "and of at least 900 ms in every mode, of at least 10 downloads; half of all "
                        "URLs stay below 45.0 ms in every mode");
    assert_string_equal(sentences.texts[1], "Slowed most beside others is http://b.test/: 45.0 ms in threads/8, 4.5 "
                                            "times its 10.0 ms in sync/1 (all downloads together: 1.5 times)");
    /* Nor are 4.5 times worth one where all downloads take 3.1 times as long. */
    stats.cells[2].totals.service.points[49] = 31 * FIXTURE_MS;
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 1);
    stats.cells[2].totals.service.points[49] = 15 * FIXTURE_MS;
    /* Nine downloads carry no such sentence. */
    run.cells[2].trials[0].table->samples[1].outcome = OUTCOME_RESET;
    per_url_release(stats.per_url);
    make(&run);
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 2);
    assert_string_equal(sentences.texts[1], "1 of 3 URLs failed at times, none every time");
    release(&run);
}

/* Downloads of the first URLs of a list, all but the first of `failing` of them. */
static void assert_failures_told(uint32_t urls, uint32_t failing, uint32_t once, const char *expected)
{
    struct run run = make_run(2 * urls, urls);
    struct per_url_sentences sentences;
    fixture_cell(&run, "sync", 1);
    struct trial *trial = add_trial(&run, 0);
    for (uint32_t unit = 0; unit < 2 * urls; unit++) {
        bool does_fail = unit % urls < failing || (unit < urls && unit < failing + once);
        settle(trial, unit, does_fail ? OUTCOME_RESET : OUTCOME_OK, 10, 1);
    }
    make(&run);
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 1);
    assert_string_equal(sentences.texts[0], expected);
    release(&run);
}

static void test_failures_are_told_as_people_say_it(void **state)
{
    (void)state;
    assert_failures_told(1, 1, 0, "The only URL failed every time");
    assert_failures_told(1, 0, 1, "The only URL failed at times");
    assert_failures_told(3, 0, 2, "2 of 3 URLs failed at times, none every time");
    assert_failures_told(3, 1, 0, "1 of 3 URLs failed every time");
    assert_failures_told(3, 1, 1, "2 of 3 URLs failed at least once, 1 of them every time");
}

static void test_a_single_url_is_not_slowed_most(void **state)
{
    (void)state;
    struct run run = make_run(20, 1);
    struct per_url_sentences sentences;
    for (size_t i = 0; i < 2; i++) {
        fixture_cell(&run, i == 0 ? "sync" : "threads", i == 0 ? 1 : 8);
        struct trial *trial = add_trial(&run, i);
        for (uint32_t unit = 0; unit < 20; unit++)
            settle(trial, unit, OUTCOME_OK, (i == 0 ? 10 : 40) * FIXTURE_MS, 1);
    }
    make(&run);
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 0);
    release(&run);
}

static void test_nothing_alone_is_no_ratio(void **state)
{
    (void)state;
    static const struct {
        uint32_t workers[2];
        nanoseconds service;
        double ratio;
    } cases[] = {
        {{8, 4}, 10, NAN}, /* nothing alone */
        {{1, 1}, 10, NAN}, /* nothing beside others */
        {{1, 8}, 0, NAN},  /* no time at all */
        {{1, 8}, 10, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run = make_run(2, 2);
        size_t cell, alone;
        for (size_t j = 0; j < 2; j++) {
            fixture_cell(&run, j == 0 ? "sync" : "threads", cases[i].workers[j]);
            settle_all(&run, add_trial(&run, j), cases[i].service);
        }
        make(&run);
        double ratio = per_url_slowdown(&run, stats.per_url, 0, &cell, &alone);
        assert_true(isnan(cases[i].ratio) ? isnan(ratio) : ratio == cases[i].ratio);
        release(&run);
    }
}

static void test_urls_that_never_succeed_come_last_the_worst_first(void **state)
{
    (void)state;
    struct run run = make_run(7, 4);
    static const uint32_t units[] = {0, 1, 2, 3, 2, 2, 1};
    memcpy(run.lent[1], units, sizeof(units));
    fixture_cell(&run, "sync", 1);
    struct trial *trial = add_trial(&run, 0);
    for (uint32_t unit = 0; unit < 7; unit++)
        settle(trial, unit, units[unit] == 3 ? OUTCOME_OK : OUTCOME_DNS, 10, 1);
    static const uint32_t expected[] = {3, 2, 1, 0};
    assert_int_equal(make(&run)->count, 4);
    assert_memory_equal(stats.per_url->urls, expected, sizeof(expected));
    release(&run);
}

/* As in documents that were read, where units that no sample is of are missing. */
static void test_trials_need_not_have_all_units(void **state)
{
    (void)state;
    enum { UNITS = 100000 };
    struct error error = {0};
    struct run run = make_run(UNITS, UNITS);
    uint32_t *units = run.lent[1];
    fixture_cell(&run, "sync", 1);
    settle_all(&run, add_trial(&run, 0), 10);
    struct trial *trial = add_trial(&run, 0);
    sample_table_release(trial->table);
    trial->table = sample_table_create(2, &error);
    assert_non_null(trial->table);
    settle(trial, 1, OUTCOME_OK, 30, 1);
    units[UNITS - 1] = UINT32_MAX; /* nor need it be known what they are */
    atomic_store(&run.cells[0].trials[0].table->samples[UNITS - 1].state, SAMPLE_FREE);
    const struct per_url *per_url = make(&run);
    assert_int_equal(per_url->totals[0].count, UNITS);
    assert_int_equal(per_url->settled, UNITS - 1);
    assert_int_equal(per_url->urls[0], 0);
    for (size_t row = 0; row < per_url->count; row++)
        assert_int_equal(per_url_figure(per_url, row, 0)->count, per_url->urls[row] == 1 ? 2 : 1);
    release(&run);
}

static void test_urls_in_sentences_are_harmless_and_short(void **state)
{
    (void)state;
    struct run run = make_run(2, 2);
    struct per_url_sentences sentences;
    char url[3000];
    memset(url, 'x', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    memcpy(url, "http://a.test/\033[31m%s%n", strlen("http://a.test/\033[31m%s%n"));
    run.urls[1] = url;
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 0);
    fixture_cell(&run, "sync", 1);
    settle(add_trial(&run, 0), 0, OUTCOME_OK, 10, 1);
    settle(&run.cells[0].trials[0], 1, OUTCOME_OK, 20, 1);
    make(&run);
    per_url_tell(&stats, &sentences);
    assert_int_equal(sentences.count, 1);
    assert_non_null(strstr(sentences.texts[0], "is http://a.test/\\x1b[31m%..."));
    assert_non_null(strstr(
        sentences.texts[0],
        "xxx (#2), with a median of 20 ns in sync/1, of at least 1 download; half of all URLs stay below 10 ns in "
        "every mode"));
    assert_true(strlen(sentences.texts[0]) < 250);
    release(&run);
}

static void test_they_are_made_where_they_are_wanted(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct analysis without = fixture_analyse(&run, &(struct analysis_request){0});
    assert_null(without.stats.per_url);
    assert_int_equal(without.urls.count, 0);
    analysis_release(&without);
    fixture_has_per_url = true;
    struct analysis analysis = fixture_analyse(&run, &(struct analysis_request){0});
    const struct per_url *per_url = analysis.stats.per_url;
    assert_non_null(per_url);
    assert_int_equal(per_url->count, 2);
    assert_int_equal(per_url->cell_count, 2);
    assert_int_equal(per_url_figure(per_url, 0, 1)->count, 4);
    assert_int_equal(per_url_figure(per_url, 0, 1)->service, 10 * FIXTURE_MS);
    analysis_release(&analysis);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_are_those_of_a_search),
        cmocka_unit_test(test_failures_are_in_no_median),
        cmocka_unit_test(test_without_a_round_that_counts_the_last_is_taken),
        cmocka_unit_test(test_many_urls_are_kept_in_part),
        cmocka_unit_test(test_many_cells_keep_fewer),
        cmocka_unit_test(test_missing_samples_are_told),
        cmocka_unit_test(test_what_is_slow_only_beside_others),
        cmocka_unit_test(test_failures_are_told_as_people_say_it),
        cmocka_unit_test(test_a_single_url_is_not_slowed_most),
        cmocka_unit_test(test_nothing_alone_is_no_ratio),
        cmocka_unit_test(test_urls_that_never_succeed_come_last_the_worst_first),
        cmocka_unit_test(test_trials_need_not_have_all_units),
        cmocka_unit_test(test_urls_in_sentences_are_harmless_and_short),
        cmocka_unit_test(test_they_are_made_where_they_are_wanted),
    };
    return cmocka_run_group_tests_name("per_url", tests, NULL, NULL);
}
