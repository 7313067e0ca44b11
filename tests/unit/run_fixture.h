#ifndef RESULT_FIXTURE_H
#define RESULT_FIXTURE_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/modes/trait.h"
#include "conc_bench/run/run.h"
#include "run/trial_summary.h"

/* A result made by hand: 4 downloads of 2 URLs in each trial. */

enum { FIXTURE_UNITS = 4 };

#define FIXTURE_MS NANOSECONDS_PER_MILLISECOND

/* Whether the analysis of the run made last has figures of each URL. */
static bool fixture_has_per_url;

static inline struct run fixture_run(void)
{
    fixture_has_per_url = false;
    static const uint32_t unit_urls[FIXTURE_UNITS] = {0, 1, 0, 1};
    struct run run = {
        .tool_version = "0.1.0",
        .libcurl_version = "libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13",
        .tls_version = "OpenSSL/3.0.19",
        .machine_system = "Linux 6.1 x86_64",
        .machine_cpu = "Some CPU",
        .cores = 2,
        .downloads = FIXTURE_UNITS,
        .distinct_urls = 2,
        .hosts = 2,
        .workload_digest = 0xabc,
        .unit_urls = unit_urls,
        .connections = "reuse",
        .dns = "pinned",
        .http_version = "HTTP/1.1",
        .connections_kept = 5,
        .max_redirects = 10,
        .connect_timeout = 10 * NANOSECONDS_PER_SECOND,
        .max_time = 30 * NANOSECONDS_PER_SECOND,
        .buffer_bytes = 65536,
        .seed = 7,
        .warmup_rounds = 1,
        .rounds_planned = 2,
        .rounds_done = 2,
        .is_isolated = true,
        .reference = "sync",
    };
    run.sources = calloc(1, sizeof(run.sources[0]));
    run.sources[run.source_count++] = strdup("sites.txt");
    run.urls = calloc(2, sizeof(run.urls[0]));
    run.urls[0] = "http://a.test/";
    run.urls[1] = "http://b.test/page";
    return run;
}

static inline struct run_cell *fixture_cell(struct run *run, const char *mode, uint32_t workers)
{
    run->cells = realloc(run->cells, (run->cell_count + 1) * sizeof(run->cells[0]));
    assert_non_null(run->cells);
    struct run_cell *cell = &run->cells[run->cell_count++];
    *cell = (struct run_cell){.workers = workers,
                              .downloads = FIXTURE_UNITS,
                              .traits = strcmp(mode, "sync") == 0 ? MODE_ONE_WORKER : MODE_ALL_CORES};
    snprintf(cell->mode, sizeof(cell->mode), "%s", mode);
    return cell;
}

/* A complete trial: each unit takes `service`, `workers` at a time, and the startup takes 1 ms. */
static inline struct trial *fixture_trial(struct run_cell *cell, nanoseconds service)
{
    struct error error = {0};
    struct trial trial = {
        .round = (uint32_t)cell->trial_count,
        .gate = 1000 * FIXTURE_MS,
        .startup = 1 * FIXTURE_MS,
        .teardown = 2 * FIXTURE_MS,
        .resources = {.cpu_user = 2 * FIXTURE_MS,
                      .cpu_system = 2 * FIXTURE_MS,
                      .voluntary_switches = 8,
                      .involuntary_switches = 4,
                      .max_rss_bytes = 3 << 20,
                      .peak_memory_bytes = 2 << 20,
                      .processes = 1,
                      .threads = cell->workers,
                      .on_cpu = 4 * FIXTURE_MS},
        .table = sample_table_create(FIXTURE_UNITS, &error),
    };
    assert_non_null(trial.table);
    for (uint32_t i = 0; i < FIXTURE_UNITS; i++) {
        uint32_t unit;
        struct sample *sample = sample_claim(trial.table, i % cell->workers, &unit);
        sample->start = trial.gate + service * (i / cell->workers);
        sample->end = sample->settled = sample->start + service;
        sample->body_bytes = 1000;
        sample->status = 200;
        sample->outcome = OUTCOME_OK;
        sample->connects = i < cell->workers;
        sample->http_version = 11;
        sample_settle(trial.table, sample);
        trial.run = sample->settled - trial.gate;
    }
    trial.host.steal_share = trial.host.foreign_cores = trial.host.throttled = 0;
    cell->trials = realloc(cell->trials, (cell->trial_count + 1) * sizeof(cell->trials[0]));
    assert_non_null(cell->trials);
    cell->trials[cell->trial_count] = trial;
    return &cell->trials[cell->trial_count++];
}

/* Has the trial's downloads answered over HTTP/2, by so many connections and with so many at once on one. */
static inline void fixture_http2(struct trial *trial, uint32_t connections, uint32_t most_streams)
{
    for (uint32_t i = 0; i < FIXTURE_UNITS; i++) {
        trial->table->samples[i].http_version = 20;
        trial->table->samples[i].connects = i < connections;
    }
    trial->http2.most_streams = most_streams;
}

/* Gives the trial a witness that saw what was planned. */
static inline void fixture_origin_counts(struct trial *trial)
{
    trial->origin_counts = (struct trial_origin_counts){.is_present = true, .requests = FIXTURE_UNITS, .url_count = 2};
    trial->origin_counts.urls = calloc(2, sizeof(trial->origin_counts.urls[0]));
    trial->origin_counts.url_requests = calloc(2, sizeof(trial->origin_counts.url_requests[0]));
    trial->origin_counts.urls[0] = strdup("a.test/");
    trial->origin_counts.urls[1] = strdup("b.test/page");
    trial->origin_counts.url_requests[0] = trial->origin_counts.url_requests[1] = 2;
}

/* sync with 40 and 44 ms, threads/2 with half of that: 41, 45, 21 and 23 ms with the startup. */
static inline struct run fixture_two_modes(void)
{
    struct run run = fixture_run();
    struct run_cell *cell = fixture_cell(&run, "sync", 1);
    fixture_trial(cell, 10 * FIXTURE_MS);
    fixture_trial(cell, 11 * FIXTURE_MS);
    cell = fixture_cell(&run, "threads", 2);
    fixture_trial(cell, 10 * FIXTURE_MS);
    fixture_trial(cell, 11 * FIXTURE_MS);
    return run;
}

/* Ends its trials as a run does: makes their summaries, anew where samples were changed since. */
static inline void fixture_end(struct run *run)
{
    struct error error = {0};
    for (size_t i = 0; i < run->cell_count; i++) {
        struct run_cell *cell = &run->cells[i];
        for (size_t j = 0; j < cell->trial_count + cell->warmup_count; j++) {
            struct trial *trial = j < cell->trial_count ? &cell->trials[j] : &cell->warmups[j - cell->trial_count];
            trial_latencies_release(trial->summary.latencies);
            struct sample_table *none = trial->table == NULL ? sample_table_create(0, &error) : NULL;
            trial->table = none != NULL ? none : trial->table;
            assert_int_equal(trial_summary_make(run, cell->due, trial, &error), 0);
            trial->table = none != NULL ? NULL : trial->table;
            sample_table_release(none);
        }
    }
}

/* All figures, as of a run that is over. */
static inline struct run_stats fixture_stats(struct run *run)
{
    struct run_totals totals;
    struct run_stats stats;
    struct error error = {0};
    fixture_end(run);
    assert_int_equal(run_totals_make(run, false, &totals, &error), 0);
    assert_int_equal(cell_stats_complete(run, &totals, &stats, &error), 0);
    run_totals_release(&totals);
    return stats;
}

/* The analysis of a run that is over. */
static inline struct analysis fixture_analyse(struct run *run, const struct analysis_request *request)
{
    struct run_totals totals;
    struct analysis analysis;
    struct error error = {0};
    fixture_end(run);
    assert_int_equal(run_totals_make(run, fixture_has_per_url, &totals, &error), 0);
    assert_int_equal(analysis_make(run, &totals, request, &analysis, &error), 0);
    run_totals_release(&totals);
    return analysis;
}

#endif
