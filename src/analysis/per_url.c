#include "conc_bench/analysis/per_url.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/cell_stats.h"
#include "conc_bench/analysis/latency_percentiles.h"
#include "conc_bench/analysis/stats.h"
#include "conc_bench/analysis/validity.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/scratch.h"
#include "conc_bench/base/text.h"

/* The inputs and scratch space of the figures. */
struct per_url_maker {
    const struct run *run;
    const struct validity *validity;
    struct per_url *made;
    const struct trial **trials;   /* that take part, by cell */
    size_t *ends;                  /* behind the last of each cell */
    const struct sample **samples; /* of one cell, by URL */
    size_t *firsts;                /* where those of each URL begin, and the end of the last */
    double *services;              /* scratch: of one URL in one cell */
    double *bodies;
    double *longest;  /* median of each URL in any cell; -1: it never succeeded */
    double *failures; /* of each URL; 0: none */
    double *sorted;   /* scratch for either */
    bool *is_kept;
};

static int no_memory(struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the figures of each URL");
}

/* Samples that count */

const struct run_cell *per_url_lacks(const struct run *run, const struct validity *validity)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        bool has_counting = latency_has_counting(validity, cell);
        for (size_t j = 0; j < cell->trial_count && cell->stage == STAGE_MAIN; j++) {
            const struct trial *trial = &cell->trials[j];
            if (trial->table == NULL && trial->summary.settled > 0 && latency_counts(validity, cell, j, has_counting))
                return cell;
        }
    }
    return NULL;
}

static int list_trials(struct per_url_maker *maker, struct error *error)
{
    const struct run *run = maker->run;
    struct per_url *made = maker->made;
    size_t most = 1;
    size_t count = 0;
    for (size_t i = 0; i < run->cell_count; i++)
        most += run->cells[i].trial_count;
    made->cells = calloc(run->cell_count + 1, sizeof(made->cells[0]));
    made->totals = calloc(run->cell_count + 1, sizeof(made->totals[0]));
    maker->trials = calloc(most, sizeof(maker->trials[0]));
    maker->ends = calloc(run->cell_count + 1, sizeof(maker->ends[0]));
    if (made->cells == NULL || made->totals == NULL || maker->trials == NULL || maker->ends == NULL)
        return no_memory(error);
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        if (cell->stage != STAGE_MAIN)
            continue;
        bool has_counting = latency_has_counting(maker->validity, cell);
        for (size_t j = 0; j < cell->trial_count; j++) {
            if (cell->trials[j].table != NULL && latency_counts(maker->validity, cell, j, has_counting))
                maker->trials[count++] = &cell->trials[j];
        }
        made->cells[made->cell_count] = (uint32_t)i;
        maker->ends[made->cell_count++] = count;
    }
    return 0;
}

static size_t first_of(const struct per_url_maker *maker, size_t cell)
{
    return cell > 0 ? maker->ends[cell - 1] : 0;
}

static size_t count_slots(const struct per_url_maker *maker, size_t cell)
{
    size_t count = 0;
    for (size_t i = first_of(maker, cell); i < maker->ends[cell]; i++)
        count += maker->trials[i]->table->unit_count;
    return count;
}

/* The URL of a slot. Of what nobody settled it may not be known: then it is behind all others. */
static uint32_t url_of(const struct run *run, const struct trial *trial, uint32_t slot)
{
    uint32_t url = run->unit_urls[trial_unit(trial, slot)];
    return url < run->distinct_urls ? url : run->distinct_urls;
}

/* Puts the samples of a cell in the order of their URLs, so that those of one need not be looked for. Whatever a trial
 * has no sample of costs nothing: documents may say what they like. */
static void group_samples(const struct per_url_maker *maker, size_t cell)
{
    const struct run *run = maker->run;
    /* Each entry is the end of its URL's part while samples are counted, and its beginning once they are in place. */
    size_t *firsts = maker->firsts;
    memset(firsts, 0, ((size_t)run->distinct_urls + 1) * sizeof(firsts[0]));
    for (size_t i = first_of(maker, cell); i < maker->ends[cell]; i++) {
        const struct trial *trial = maker->trials[i];
        for (uint32_t slot = 0; slot < trial->table->unit_count; slot++)
            firsts[url_of(run, trial, slot)]++;
    }
    for (uint32_t url = 1; url <= run->distinct_urls; url++)
        firsts[url] += firsts[url - 1];
    for (size_t i = maker->ends[cell]; i-- > first_of(maker, cell);) {
        const struct trial *trial = maker->trials[i];
        for (uint32_t slot = trial->table->unit_count; slot-- > 0;)
            maker->samples[--firsts[url_of(run, trial, slot)]] = &trial->table->samples[slot];
    }
}

/* The most samples of any URL in any cell. */
static size_t find_most(const struct per_url_maker *maker)
{
    size_t most = 0;
    for (size_t cell = 0; cell < maker->made->cell_count; cell++) {
        group_samples(maker, cell);
        for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
            size_t count = maker->firsts[url + 1] - maker->firsts[url];
            most = count > most ? count : most;
        }
    }
    return most;
}

static int make_room(struct per_url_maker *maker, struct error *error)
{
    size_t urls = (size_t)maker->run->distinct_urls + 1;
    size_t most = 0;
    for (size_t i = 0; i < maker->made->cell_count; i++) {
        size_t slots = count_slots(maker, i);
        most = slots > most ? slots : most;
    }
    maker->samples = scratch_alloc((most + 1) * sizeof(maker->samples[0]));
    maker->firsts = scratch_alloc(urls * sizeof(maker->firsts[0]));
    if (maker->samples == NULL || maker->firsts == NULL)
        return no_memory(error);
    most = find_most(maker) + 1;
    maker->services = scratch_alloc(most * sizeof(double));
    maker->bodies = scratch_alloc(most * sizeof(double));
    maker->longest = scratch_alloc(urls * sizeof(double));
    maker->failures = scratch_alloc(urls * sizeof(double));
    maker->sorted = scratch_alloc(urls * sizeof(double));
    maker->is_kept = calloc(urls, sizeof(maker->is_kept[0]));
    if (maker->services == NULL || maker->bodies == NULL || maker->longest == NULL || maker->failures == NULL ||
        maker->sorted == NULL || maker->is_kept == NULL)
        return no_memory(error);
    for (size_t url = 0; url < urls; url++) {
        maker->longest[url] = -1;
        maker->failures[url] = 0;
    }
    return 0;
}

/* Figures */

/* Works on the cell whose samples are grouped: all of its trials that take part are complete, or there is only one. */
static void figure_url(const struct per_url_maker *maker, uint32_t url, size_t cell, struct url_figure *figure)
{
    *figure = (struct url_figure){0};
    for (size_t i = maker->firsts[url]; i < maker->firsts[url + 1]; i++) {
        const struct sample *sample = maker->samples[i];
        enum outcome outcome = sample_outcome(sample);
        if (outcome == OUTCOME_OK) {
            maker->services[figure->count] = (double)(sample->end - sample->start);
            maker->bodies[figure->count++] = (double)sample->body_bytes;
        } else if (outcome != OUTCOME_LOST && validity_is_failure(maker->trials[first_of(maker, cell)], outcome)) {
            figure->failures[outcome]++;
        }
    }
    if (figure->count == 0)
        return;
    stats_sort(maker->services, figure->count);
    stats_sort(maker->bodies, figure->count);
    figure->service = (nanoseconds)stats_percentile(maker->services, figure->count, 50);
    figure->body_bytes = (int64_t)stats_percentile(maker->bodies, figure->count, 50);
}

static void figure_all(const struct per_url_maker *maker)
{
    for (size_t cell = 0; cell < maker->made->cell_count; cell++) {
        struct url_total *total = &maker->made->totals[cell];
        group_samples(maker, cell);
        for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
            struct url_figure figure;
            figure_url(maker, url, cell, &figure);
            uint64_t failures = url_figure_failures(&figure);
            total->count += figure.count;
            total->failures += failures;
            maker->failures[url] += (double)failures;
            if (figure.count > 0)
                maker->longest[url] = fmax(maker->longest[url], (double)figure.service);
        }
    }
}

/* Sorts the keys that are at least `least`; returns how many they are. */
static size_t sort_keys(const struct per_url_maker *maker, const double *keys, double least)
{
    size_t count = 0;
    for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
        if (keys[url] >= least)
            maker->sorted[count++] = keys[url];
    }
    stats_sort(maker->sorted, count);
    return count;
}

/* Keeps the URLs with the `limit` greatest of `count` sorted keys; of equal ones the first of the list. */
static void keep_greatest(const struct per_url_maker *maker, const double *keys, size_t count, size_t limit)
{
    if (count == 0)
        return;
    double threshold = maker->sorted[count > limit ? count - limit : 0];
    size_t above = 0;
    for (size_t i = count; i > 0 && maker->sorted[i - 1] > threshold; i--)
        above++;
    for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
        if (keys[url] == threshold && above < limit)
            above++;
        else if (keys[url] <= threshold)
            continue;
        maker->is_kept[url] = true;
    }
}

static void choose_kept(const struct per_url_maker *maker)
{
    struct per_url *made = maker->made;
    size_t limit = PER_URL_FIGURES_MAX / (made->cell_count > 0 ? made->cell_count : 1);
    limit = limit < PER_URL_KEPT ? limit : PER_URL_KEPT;
    size_t failing = sort_keys(maker, maker->failures, 1);
    keep_greatest(maker, maker->failures, failing, limit);
    size_t succeeding = sort_keys(maker, maker->longest, 0);
    keep_greatest(maker, maker->longest, succeeding, limit);
    made->failed = (uint32_t)failing;
    if (succeeding > 0) {
        made->p50 = (nanoseconds)stats_percentile(maker->sorted, succeeding, 50);
        made->p90 = (nanoseconds)stats_percentile(maker->sorted, succeeding, 90);
        made->p99 = (nanoseconds)stats_percentile(maker->sorted, succeeding, 99);
    }
    for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
        made->lost += maker->longest[url] < 0 && maker->failures[url] > 0;
        made->count += maker->is_kept[url];
    }
    made->settled = (uint32_t)succeeding + made->lost;
}

struct kept_url {
    uint32_t url;
    double longest;
    double failures;
};

static int compare_kept(const void *a, const void *b)
{
    const struct kept_url *left = a;
    const struct kept_url *right = b;
    if (left->longest != right->longest)
        return left->longest > right->longest ? -1 : 1;
    if (left->longest < 0 && left->failures != right->failures)
        return left->failures > right->failures ? -1 : 1;
    return (left->url > right->url) - (left->url < right->url);
}

static int fill_kept(const struct per_url_maker *maker, struct error *error)
{
    struct per_url *made = maker->made;
    struct kept_url *kept = calloc(made->count + 1, sizeof(*kept));
    made->urls = calloc(made->count + 1, sizeof(made->urls[0]));
    made->stats = calloc(made->count * made->cell_count + 1, sizeof(made->stats[0]));
    if (kept == NULL || made->urls == NULL || made->stats == NULL) {
        free(kept);
        return no_memory(error);
    }
    size_t count = 0;
    for (uint32_t url = 0; url < maker->run->distinct_urls; url++) {
        if (maker->is_kept[url])
            kept[count++] = (struct kept_url){url, maker->longest[url], maker->failures[url]};
    }
    qsort(kept, count, sizeof(*kept), compare_kept);
    for (size_t row = 0; row < count; row++)
        made->urls[row] = kept[row].url;
    for (size_t cell = 0; cell < made->cell_count; cell++) {
        group_samples(maker, cell);
        for (size_t row = 0; row < count; row++)
            figure_url(maker, kept[row].url, cell, &made->stats[row * made->cell_count + cell]);
    }
    free(kept);
    return 0;
}

int per_url_make(const struct run *run, const struct validity *validity, struct per_url **per_url, struct error *error)
{
    struct per_url_maker maker = {.run = run, .validity = validity, .made = calloc(1, sizeof(*maker.made))};
    *per_url = NULL;
    if (maker.made == NULL)
        return no_memory(error);
    int status = list_trials(&maker, error);
    if (status == 0)
        status = make_room(&maker, error);
    if (status == 0) {
        figure_all(&maker);
        choose_kept(&maker);
        status = fill_kept(&maker, error);
    }
    free(maker.trials);
    free(maker.ends);
    free(maker.samples);
    free(maker.firsts);
    free(maker.services);
    free(maker.bodies);
    free(maker.longest);
    free(maker.failures);
    free(maker.sorted);
    free(maker.is_kept);
    if (status != 0)
        per_url_release(maker.made);
    *per_url = status == 0 ? maker.made : NULL;
    return status;
}

void per_url_release(struct per_url *per_url)
{
    if (per_url == NULL)
        return;
    free(per_url->cells);
    free(per_url->totals);
    free(per_url->urls);
    free(per_url->stats);
    free(per_url);
}

/* Sentences */

const struct url_figure *per_url_figure(const struct per_url *per_url, size_t row, size_t cell)
{
    return &per_url->stats[row * per_url->cell_count + cell];
}

uint64_t url_figure_failures(const struct url_figure *figure)
{
    uint64_t failures = 0;
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++)
        failures += figure->failures[outcome];
    return failures;
}

size_t per_url_longest(const struct per_url *per_url, size_t row)
{
    size_t longest = per_url->cell_count;
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        if (figure->count > 0 &&
            (longest == per_url->cell_count || figure->service > per_url_figure(per_url, row, longest)->service))
            longest = i;
    }
    return longest;
}

/* The cell whose downloads went one at a time that another is compared with; `cell_count`: there is none. */
static size_t find_alone(const struct run *run, const struct per_url *per_url, const struct run_cell *cell)
{
    size_t alone = per_url->cell_count;
    int best = -1;
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct run_cell *other = &run->cells[per_url->cells[i]];
        int likeness = cell_alone_likeness(other, run->reference, cell->connections);
        if (likeness <= best)
            continue;
        alone = i;
        best = likeness;
    }
    return alone;
}

double per_url_slowdown(const struct run *run, const struct per_url *per_url, size_t row, size_t *cell, size_t *alone)
{
    double greatest = NAN;
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct run_cell *beside = &run->cells[per_url->cells[i]];
        size_t single = beside->workers > 1 ? find_alone(run, per_url, beside) : per_url->cell_count;
        if (single == per_url->cell_count)
            continue;
        const struct url_figure *figure = per_url_figure(per_url, row, i);
        const struct url_figure *base = per_url_figure(per_url, row, single);
        double ratio = base->service > 0 && figure->count > 0 ? (double)figure->service / (double)base->service : NAN;
        if (!(ratio > greatest) && (isfinite(greatest) || !isfinite(ratio)))
            continue;
        greatest = ratio;
        *cell = i;
        *alone = single;
    }
    return greatest;
}

static __attribute__((format(printf, 2, 3))) void tell(struct per_url_sentences *sentences, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentences->texts[sentences->count], sizeof(sentences->texts[0]), format, arguments);
    va_end(arguments);
    sentences->count++;
}

enum { URL_COLUMNS = 72, URL_BYTES = 4 * URL_COLUMNS + 16 };

/* Writes a URL as a sentence can hold it: one that had to be shortened is told by its number in the list. */
static char *spell_url(const struct run *run, uint32_t url, char buffer[URL_BYTES])
{
    if (text_shorten(buffer, URL_BYTES, run->urls[url], URL_COLUMNS)) {
        size_t length = strlen(buffer);
        snprintf(buffer + length, URL_BYTES - length, " (#%" PRIu32 ")", url + 1);
    }
    return buffer;
}

static char *spell_cell(const struct run_stats *stats, size_t cell, char buffer[48])
{
    const struct run_cell *named = &stats->run->cells[stats->per_url->cells[cell]];
    snprintf(buffer, 48, "%.24s/%" PRIu32, named->mode, named->workers);
    return buffer;
}

/* One that is like half of all others is not slow. */
static void tell_slowest(const struct run_stats *stats, struct per_url_sentences *sentences)
{
    const struct per_url *per_url = stats->per_url;
    size_t longest = per_url->count > 0 ? per_url_longest(per_url, 0) : per_url->cell_count;
    if (longest == per_url->cell_count || per_url->settled < 2)
        return;
    const struct url_figure *slowest = per_url_figure(per_url, 0, longest);
    if (slowest->service <= per_url->p50)
        return;
    const struct url_figure *quickest = slowest;
    char url[URL_BYTES], cell[48], high[32], low[32], half[32];
    uint32_t fewest = slowest->count;
    for (size_t i = 0; i < per_url->cell_count; i++) {
        const struct url_figure *figure = per_url_figure(per_url, 0, i);
        if (figure->count > 0 && figure->service < quickest->service)
            quickest = figure;
        if (figure->count > 0 && figure->count < fewest)
            fewest = figure->count;
    }
    number_format_duration(high, sizeof(high), slowest->service);
    number_format_duration(low, sizeof(low), quickest->service);
    number_format_duration(half, sizeof(half), per_url->p50);
    spell_url(stats->run, per_url->urls[0], url);
    spell_cell(stats, longest, cell);
    char everywhere[64] = "";
    if (per_url->cell_count > 1)
        snprintf(everywhere, sizeof(everywhere), " and of at least %s in every mode", low);
    tell(sentences,
         "The slowest URL is %s, with a median of %s in %s%s, of at least %" PRIu32
         " download%s; half of all URLs stay below %s in every mode",
         url, high, cell, everywhere, fewest, fewest == 1 ? "" : "s", half);
}

/* The ratio of the times that all downloads took in two cells, by their medians. */
static double slowdown_of_all(const struct run_stats *stats, size_t cell, size_t alone)
{
    const struct run_cell *cells = stats->run->cells;
    const uint32_t *places = stats->per_url->cells;
    size_t middle = latency_point_find(50);
    nanoseconds beside = cell_stats_of(stats, &cells[places[cell]])->totals.service.points[middle];
    nanoseconds single = cell_stats_of(stats, &cells[places[alone]])->totals.service.points[middle];
    return single > 0 ? (double)beside / (double)single : 1;
}

/* Twice as long is worth a sentence where all downloads together are not much slowed, too, but not where either median
 * rests on too little. The greatest of many ratios flatters itself, so what all of them did stands beside it. */
static void tell_slowed(const struct run_stats *stats, struct per_url_sentences *sentences)
{
    static const double clearly = 1.5;
    const struct per_url *per_url = stats->per_url;
    double greatest = 2;
    size_t row = per_url->count, cell = 0, alone = 0;
    for (size_t i = 0; i < per_url->count && per_url->settled > 1; i++) {
        size_t beside = 0, single = 0; /* the analyzer does not see that a ratio has both */
        double ratio = per_url_slowdown(stats->run, per_url, i, &beside, &single);
        if (!(ratio > greatest) || ratio < clearly * slowdown_of_all(stats, beside, single) ||
            !stats_supports_percentile(per_url_figure(per_url, i, beside)->count, 50) ||
            !stats_supports_percentile(per_url_figure(per_url, i, single)->count, 50))
            continue;
        greatest = ratio;
        row = i;
        cell = beside;
        alone = single;
    }
    if (row == per_url->count)
        return;
    char url[URL_BYTES], beside[48], single[48], before[32], after[32];
    number_format_duration(before, sizeof(before), per_url_figure(per_url, row, alone)->service);
    number_format_duration(after, sizeof(after), per_url_figure(per_url, row, cell)->service);
    tell(sentences,
         "Slowed most beside others is %s: %s in %s, %s times its %s in %s (all downloads together: %s times)",
         spell_url(stats->run, per_url->urls[row], url), after, spell_cell(stats, cell, beside), NUMBER(3, greatest),
         before, spell_cell(stats, alone, single), NUMBER(3, slowdown_of_all(stats, cell, alone)));
}

static void tell_failures(const struct per_url *per_url, struct per_url_sentences *sentences)
{
    uint32_t failed = per_url->failed;
    uint32_t sometimes = failed - per_url->lost;
    if (failed == 0)
        return;
    if (per_url->settled == 1)
        tell(sentences, "The only URL failed %s", sometimes > 0 ? "at times" : "every time");
    else if (per_url->lost == 0)
        tell(sentences, "%" PRIu32 " of %" PRIu32 " URLs failed at times, none every time", failed, per_url->settled);
    else if (sometimes == 0)
        tell(sentences, "%" PRIu32 " of %" PRIu32 " URLs failed every time", failed, per_url->settled);
    else
        tell(sentences, "%" PRIu32 " of %" PRIu32 " URLs failed at least once, %" PRIu32 " of them every time", failed,
             per_url->settled, per_url->lost);
}

void per_url_tell(const struct run_stats *stats, struct per_url_sentences *sentences)
{
    const struct per_url *per_url = stats->per_url;
    *sentences = (struct per_url_sentences){.count = 0};
    if (per_url == NULL)
        return;
    tell_slowest(stats, sentences);
    tell_slowed(stats, sentences);
    tell_failures(per_url, sentences);
}
