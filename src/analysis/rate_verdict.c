#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/rate_curves.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

/* Tells in sentences what curves over rates show. */

#define SAY(field, ...) text_append((field), sizeof(field), __VA_ARGS__)

/* Names of more curves than this are not listed. */
enum { NAMES_MAX = 6 };

char *rate_curve_name(const struct rate_curves *curves, const struct rate_curve *curve,
                      char buffer[HEADLINE_NAME_BYTES])
{
    bool is_alone = true;
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *other = &curves->items[i];
        is_alone &= strcmp(other->mode, curve->mode) != 0 || other->workers == curve->workers;
    }
    if (is_alone)
        snprintf(buffer, HEADLINE_NAME_BYTES, "%s", curve->mode);
    else
        snprintf(buffer, HEADLINE_NAME_BYTES, "%s/%" PRIu32, curve->mode, curve->workers);
    return buffer;
}

static double reached(const struct rate_curve *curve)
{
    return curve->points[0].cell->metrics[METRIC_RATE].value;
}

/* Counts the curves from `first` on that share its rate. */
static size_t count_alike(const struct rate_curves *curves, size_t first)
{
    size_t count = 1;
    while (first + count < curves->count &&
           curves->items[first + count].highest_rate == curves->items[first].highest_rate)
        count++;
    return count;
}

/* "event-loop, threads and hybrid", or "all 5 modes". */
static void list_names(const struct rate_curves *curves, size_t first, size_t count, char *text, size_t size)
{
    char name[HEADLINE_NAME_BYTES];
    size_t shown = count > NAMES_MAX ? NAMES_MAX - 1 : count;
    if (count == curves->count && count > 2) {
        text_append(text, size, "%s %zu", text[0] == '\0' ? "All" : "all", count);
        return;
    }
    for (size_t i = 0; i < shown; i++)
        text_append(text, size, "%s%s",
                    i == 0           ? ""
                    : i + 1 == count ? " and "
                                     : ", ",
                    rate_curve_name(curves, &curves->items[first + i], name));
    if (shown < count)
        text_append(text, size, " and %zu more", count - shown);
}

/* "event-loop and threads keep up to 1600/s, the highest tried; sync stops at 20/s". */
static void say_kept_up(const struct rate_curves *curves, struct headline *headline)
{
    for (size_t i = 0, count; i < curves->count; i += count) {
        const struct rate_curve *curve = &curves->items[i];
        count = count_alike(curves, i);
        SAY(headline->sentence, "%s", i > 0 ? "; " : "");
        if (curve->highest != NULL) {
            list_names(curves, i, count, headline->sentence, sizeof(headline->sentence));
            SAY(headline->sentence, "%s up to %s/s%s",
                i > 0        ? ""
                : count == 1 ? " keeps"
                             : " keep",
                NUMBER(6, curve->highest_rate), i == 0 && curve->next == NULL ? ", the highest tried" : "");
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            char name[HEADLINE_NAME_BYTES];
            SAY(headline->sentence, "%s%s stops at %s/s", j > 0 ? ", " : "",
                rate_curve_name(curves, &curves->items[i + j], name), NUMBER(3, reached(&curves->items[i + j])));
        }
    }
}

/* "threads/64 holds 196/s, sync 19.6/s: p99 of response below 200 ms", of one number of workers of each mode. */
static void say_held(const struct run_stats *stats, const struct rate_curves *curves, struct headline *headline)
{
    char objective[OBJECTIVE_TEXT_BYTES], name[HEADLINE_NAME_BYTES];
    size_t listed = 0;
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *curve = &curves->items[i];
        if (!rate_curve_stands_for_mode(curves, curve))
            continue;
        SAY(headline->sentence, "%s%s", listed > 0 ? ", " : "", rate_curve_name(curves, curve, name));
        if (curve->highest == NULL)
            SAY(headline->sentence, " no rate that was tried");
        else
            SAY(headline->sentence, "%s %s%s/s", listed > 0 ? "" : " holds", curve->next == NULL ? "at least " : "",
                NUMBER(6, curve->highest_rate));
        listed++;
    }
    SAY(headline->sentence, ": %s", objective_describe(&stats->run->objective, objective));
}

/* Whether it costs least of those that share the first rank, nearly equal costs counting as equal. */
static bool is_least(const struct rate_curves *curves, enum metric metric)
{
    double own = cell_stats_shown(curves->recommended->highest->cell, metric);
    for (size_t i = 0; i < curves->count; i++) {
        const struct rate_curve *other = &curves->items[i];
        if (other->rank_low == 1 && !(own <= 1.1 * cell_stats_shown(other->highest->cell, metric)))
            return false;
    }
    return true;
}

static void say_recommended(const struct rate_curves *curves, struct headline *headline)
{
    const struct rate_curve *use = curves->recommended;
    size_t first = 0;
    for (size_t i = 0; i < curves->count; i++)
        first += curves->items[i].rank_low == 1;
    bool takes_least_time = is_least(curves, METRIC_CPU), takes_least_memory = is_least(curves, METRIC_MEMORY);
    if (first == 1)
        SAY(headline->reason, curves->is_search ? "no other is within 5 %% of its rate" : "no other keeps up as far");
    else if (takes_least_time || takes_least_memory)
        SAY(headline->reason, "least %s%s%s of the %zu at that rate", takes_least_time ? "CPU time" : "",
            takes_least_time && takes_least_memory ? " and " : "", takes_least_memory ? "memory" : "", first);
    else
        SAY(headline->reason, "the simplest of the %zu", first);
    SAY(headline->advice, "Use %s with %" PRIu32 " worker%s: %s", use->mode, use->workers, use->workers == 1 ? "" : "s",
        headline->reason);
}

void rate_curves_headline(const struct run_stats *stats, const struct rate_curves *curves, struct headline *headline)
{
    bool has_ties = false;
    for (size_t i = 0; i < curves->count; i++)
        has_ties |= curves->items[i].rank_low == 1 && curves->items[i].rank_high > 1;
    headline->kind = curves->recommended == NULL ? HEADLINE_OPEN
                     : curves->count == 1        ? HEADLINE_SINGLE
                     : has_ties                  ? HEADLINE_TIE
                                                 : HEADLINE_WINNER;
    if (curves->is_search)
        say_held(stats, curves, headline);
    else
        say_kept_up(curves, headline);
    if (curves->recommended == NULL)
        SAY(headline->advice, "More workers may keep up, or fewer downloads a second");
    else if (curves->count > 1)
        say_recommended(curves, headline);
}

/* Tells where response times leave their flat part; curves that leave it at the same rate share a sentence. */
static void tell_knees(const struct rate_curves *curves, struct rate_sentences *sentences)
{
    bool is_told[256] = {false};
    for (size_t i = 0; i < curves->count && i < sizeof(is_told); i++) {
        const struct rate_curve *curve = &curves->items[i];
        char name[HEADLINE_NAME_BYTES];
        if (is_told[i] || curve->flat == NULL || !rate_curve_stands_for_mode(curves, curve))
            continue;
        SAY(sentences->knees, "%s%s/s with ", sentences->knees[0] == '\0' ? "Response stays flat up to " : "; ",
            NUMBER(6, curve->flat_rate));
        for (size_t j = i, listed = 0; j < curves->count && j < sizeof(is_told); j++) {
            const struct rate_curve *other = &curves->items[j];
            if (is_told[j] || other->flat == NULL || other->flat_rate != curve->flat_rate ||
                !rate_curve_stands_for_mode(curves, other))
                continue;
            is_told[j] = true;
            SAY(sentences->knees, "%s%s", listed++ > 0 ? ", " : "", rate_curve_name(curves, other, name));
        }
    }
}

static void tell_unfinished(const struct rate_curves *curves, struct rate_sentences *sentences)
{
    for (size_t i = 0; i < curves->count && curves->is_search; i++) {
        const struct rate_curve *curve = &curves->items[i];
        char name[HEADLINE_NAME_BYTES];
        if (curve->is_confirmed || !rate_curve_stands_for_mode(curves, curve))
            continue;
        SAY(sentences->unfinished, "%s%s ",
            sentences->unfinished[0] == '\0' ? "Not confirmed by rounds of its own: " : ", ",
            rate_curve_name(curves, curve, name));
        if (curve->highest == NULL)
            SAY(sentences->unfinished, "(below %s/s)", NUMBER(6, curve->points[0].cell->cell->rate));
        else if (curve->next == NULL)
            SAY(sentences->unfinished, "(above %s/s)", NUMBER(6, curve->highest_rate));
        else
            SAY(sentences->unfinished, "(%s to %s/s)", NUMBER(6, curve->highest_rate), NUMBER(6, curve->next_rate));
    }
}

void rate_curves_tell(const struct rate_curves *curves, struct rate_sentences *sentences)
{
    *sentences = (struct rate_sentences){0};
    tell_knees(curves, sentences);
    tell_unfinished(curves, sentences);
}
