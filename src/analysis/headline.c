#include "conc_bench/analysis/headline.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "conc_bench/analysis/diagnosis.h"
#include "conc_bench/analysis/rate_curves.h"
#include "conc_bench/analysis/signed_rank.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/modes/trait.h"
#include "conclusions.h"

/* Names of more cells than this are not listed. */
enum { NAMES_MAX = 6 };

#define SAY(field, ...) text_append((field), sizeof(field), __VA_ARGS__)

static double time_of(const struct cell_stats *cell)
{
    return cell_stats_ranked_value(cell);
}

static bool has_rate(const struct run_stats *stats)
{
    return stats->run->arrivals.rate > 0;
}

/* "1.2 s", or "71.2 ms on average, p99 90 ms" of response times. */
static void say_time(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    if (!has_rate(stats)) {
        SAY(headline->sentence, "%s s", NUMBER(3, time_of(cell)));
        return;
    }
    SAY(headline->sentence, "%s ms on average", NUMBER(3, 1e3 * time_of(cell)));
    if (isfinite(cell_stats_response(cell, METRIC_RESPONSE_P99)))
        SAY(headline->sentence, ", p99 %s ms", NUMBER(3, 1e3 * cell_stats_response(cell, METRIC_RESPONSE_P99)));
}

/* "1.2 to 1.4 s", or "71.2 to 80.4 ms on average" of response times. */
static void say_time_range(const struct run_stats *stats, double low, double high, struct headline *headline)
{
    char range[48];
    double factor = has_rate(stats) ? 1e3 : 1;
    SAY(headline->sentence, "%s %s", number_format_range(range, sizeof(range), 3, factor * low, factor * high),
        has_rate(stats) ? "ms on average" : "s");
}

bool headline_has_times(enum headline_kind kind)
{
    return kind == HEADLINE_WINNER || kind == HEADLINE_TIE || kind == HEADLINE_OPEN;
}

/* Whether modes with several workers have different numbers of them, so that the mode alone does not name a cell. */
static bool are_numbers_needed(const struct run_stats *stats)
{
    uint32_t workers = 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct run_cell *cell = stats->cells[i].cell;
        if ((cell->traits & MODE_ONE_WORKER) != 0)
            continue;
        if (workers != 0 && workers != cell->workers)
            return true;
        workers = cell->workers;
    }
    return false;
}

char *headline_name(const struct run_stats *stats, const struct cell_stats *cell, char buffer[HEADLINE_NAME_BYTES])
{
    if ((cell->cell->traits & MODE_ONE_WORKER) == 0 && are_numbers_needed(stats))
        snprintf(buffer, HEADLINE_NAME_BYTES, "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
    else
        snprintf(buffer, HEADLINE_NAME_BYTES, "%s", cell->cell->mode);
    return buffer;
}

double headline_speedup(const struct run_stats *stats, const struct cell_stats *cell)
{
    bool is_comparable = stats->reference != NULL && stats->reference->is_sound && cell->is_sound;
    return is_comparable ? time_of(stats->reference) / time_of(cell) : NAN;
}

static size_t count_sound(const struct run_stats *stats)
{
    size_t count = 0;
    for (size_t i = 0; i < stats->main_count; i++)
        count += stats->cells[i].is_sound;
    return count;
}

static size_t count_first(const struct run_stats *stats)
{
    size_t count = 0;
    for (size_t i = 0; i < stats->main_count; i++)
        count += stats->cells[i].rank_low == 1;
    return count;
}

/* The first of those with the first rank; there is one. */
static const struct cell_stats *first_ranked(const struct run_stats *stats)
{
    size_t i = 0;
    while (i + 1 < stats->main_count && stats->cells[i].rank_low != 1)
        i++;
    return &stats->cells[i];
}

/* ", 7.91 times as fast as sync", of the fastest. */
static void say_speedup(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    char name[HEADLINE_NAME_BYTES];
    double speedup = headline_speedup(stats, cell);
    if (stats->reference != cell && isfinite(speedup))
        SAY(headline->sentence, ", %s times as fast as %s", NUMBER(3, speedup),
            headline_name(stats, stats->reference, name));
}

static void say_winner(const struct run_stats *stats, struct headline *headline)
{
    const struct cell_stats *best = first_ranked(stats);
    const struct cell_stats *next = best == &stats->cells[0] ? &stats->cells[1] : &stats->cells[0];
    char name[HEADLINE_NAME_BYTES], behind[HEADLINE_NAME_BYTES];
    headline->kind = HEADLINE_WINNER;
    if (has_rate(stats))
        SAY(headline->sentence, "At %s/s %s responds fastest: ", NUMBER(6, stats->run->arrivals.rate),
            headline_name(stats, best, name));
    else
        SAY(headline->sentence, "%s is fastest: ", headline_name(stats, best, name));
    say_time(stats, best, headline);
    say_speedup(stats, best, headline);
    double longer = 100 * (time_of(next) / time_of(best) - 1);
    if (next->is_sound && next != stats->reference && longer > 0)
        SAY(headline->sentence, "; %s takes %.*f %% longer", headline_name(stats, next, behind), longer < 10, longer);
}

/* Whether all that share the first rank are as fast as the first, shown by the rounds; in `unseen` the largest
 * difference that they may hide, as a share. */
static bool are_equal(const struct run_stats *stats, double *unseen)
{
    bool are_all_equal = true;
    double widest = 0;
    for (size_t i = 1; i < stats->ranking.cell_count && i < stats->main_count; i++) {
        if (stats->cells[i].rank_low != 1)
            continue;
        const struct signed_rank *comparison = &ranking_pair(&stats->ranking, 0, i)->comparison;
        widest = fmax(widest, fmax(fabs(comparison->lower_bound), fabs(comparison->upper_bound)));
        are_all_equal &= ranking_are_practically_equal(&stats->ranking, 0, i);
    }
    *unseen = expm1(widest);
    return are_all_equal;
}

static void list_first(const struct run_stats *stats, size_t first, struct headline *headline)
{
    size_t listed = 0;
    char name[HEADLINE_NAME_BYTES];
    if (first == stats->main_count && first > 2) {
        SAY(headline->sentence, "all %zu", first);
        return;
    }
    for (size_t i = 0; i < stats->main_count && listed < NAMES_MAX; i++) {
        if (stats->cells[i].rank_low == 1)
            SAY(headline->sentence, "%s%s", listed++ > 0 ? ", " : "", headline_name(stats, &stats->cells[i], name));
    }
    if (first > listed)
        SAY(headline->sentence, " and %zu more", first - listed);
}

/* Names and times of all that share the first rank, how they compare with the reference, and what was not seen. */
static void say_tie(const struct run_stats *stats, size_t first, struct headline *headline)
{
    char speedups[48], name[HEADLINE_NAME_BYTES];
    double low = INFINITY, high = 0, least = INFINITY, most = 0, unseen;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->rank_low != 1)
            continue;
        low = fmin(low, time_of(cell));
        high = fmax(high, time_of(cell));
        least = fmin(least, headline_speedup(stats, cell));
        most = fmax(most, headline_speedup(stats, cell));
    }
    bool is_equal = are_equal(stats, &unseen);
    bool is_seen = isfinite(unseen);
    headline->kind = is_seen ? HEADLINE_TIE : HEADLINE_OPEN;
    if (is_seen)
        SAY(headline->sentence, "Tie: ");
    else
        SAY(headline->sentence, "Not told apart by %zu round%s, at least %d are needed: ", first_ranked(stats)->rounds,
            text_plural(first_ranked(stats)->rounds), RANKING_ROUNDS_MIN);
    list_first(stats, first, headline);
    SAY(headline->sentence, " (");
    say_time_range(stats, low, high, headline);
    SAY(headline->sentence, ")");
    if (has_rate(stats))
        SAY(headline->sentence, " at %s/s", NUMBER(6, stats->run->arrivals.rate));
    if (stats->reference != NULL && stats->reference->rank_low > 1 && most > 0)
        SAY(headline->sentence, ", %s times as fast as %s",
            number_format_range(speedups, sizeof(speedups), 2, least, most),
            headline_name(stats, stats->reference, name));
    if (is_equal)
        SAY(headline->sentence, "; they differ by less than %.0f %%", 100 * NEGLIGIBLE_SLOWDOWN);
    else if (is_seen && unseen < 1)
        SAY(headline->sentence, "; differences of up to %.*f %% would not show", unseen < 0.1, 100 * unseen);
    else if (is_seen)
        SAY(headline->sentence, "; times vary so much that %s times as long would not show", NUMBER(2, 1 + unseen));
}

/* Seconds that a run takes, with its warm-ups, to have as many rounds as a ranking needs at least. */
static double time_to_rank(const struct run_stats *stats)
{
    double round = 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        double time = stats->cells[i].metrics[METRIC_TIME].value;
        round += isfinite(time) ? time : 0;
    }
    return round * (RANKING_ROUNDS_MIN + stats->run->warmup_rounds);
}

static void say_open(const struct run_stats *stats, struct headline *headline)
{
    const struct cell_stats *best = &stats->cells[0];
    char name[HEADLINE_NAME_BYTES];
    size_t rounds = cell_stats_rounds_to_compare(stats);
    headline->kind = HEADLINE_OPEN;
    SAY(headline->sentence, "No winner yet: %zu round%s %s too few to rank; %s had the lowest median %stime, ", rounds,
        text_plural(rounds), rounds == 1 ? "is" : "are", headline_name(stats, best, name),
        has_rate(stats) ? "response " : "");
    say_time(stats, best, headline);
    say_speedup(stats, best, headline);
    SAY(headline->advice, "At least %d rounds are needed: --runs %d takes about %s s", RANKING_ROUNDS_MIN,
        RANKING_ROUNDS_MIN, NUMBER(2, time_to_rank(stats)));
}

/* "312/s of 500/s, 40 s behind at the end". */
static void say_reached(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    SAY(headline->sentence, "%s/s of %s/s, %s s behind %s", NUMBER(3, cell->metrics[METRIC_RATE].value),
        NUMBER(6, stats->run->arrivals.rate), NUMBER(2, cell->metrics[METRIC_BEHIND].value),
        cell_stats_behind_when(cell));
}

/* Says what may help a cell that did not keep up. */
static void advise_overrun(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    SAY(headline->advice, "%s",
        diagnosis_is_short_of_cores(stats, cell)
            ? "No core was left for it, so that more workers do not help: ask for fewer downloads a second"
            : "More workers may keep up, or fewer downloads a second");
}

/* Says how a single mode did at a rate. */
static void say_single_at_rate(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    static const enum metric shown[] = {METRIC_RESPONSE_P50, METRIC_RESPONSE_P95, METRIC_RESPONSE_P99};
    headline->kind = HEADLINE_SINGLE;
    SAY(headline->sentence, "%s with %" PRIu32 " worker%s %s up: ", cell->cell->mode, cell->cell->workers,
        text_plural(cell->cell->workers), cell->is_overrun ? "did not keep" : "kept");
    if (cell->is_overrun) {
        say_reached(stats, cell, headline);
        advise_overrun(stats, cell, headline);
        return;
    }
    SAY(headline->sentence, "%s/s of %s/s, response time %s ms on average", NUMBER(3, cell->metrics[METRIC_RATE].value),
        NUMBER(6, stats->run->arrivals.rate), NUMBER(3, 1e3 * time_of(cell)));
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        double value = cell_stats_response(cell, shown[i]);
        if (isfinite(value))
            SAY(headline->advice, "%s %s %s ms", i == 0 ? "Response time" : ",", metric_row(shown[i])->column.title,
                NUMBER(3, 1e3 * value));
    }
    SAY(headline->advice, "%s wait %s ms on average; %s ms of CPU time each", headline->advice[0] != '\0' ? ";" : "",
        NUMBER(3, 1e3 * cell->metrics[METRIC_WAIT_MEAN].value), NUMBER(3, cell_stats_shown(cell, METRIC_CPU)));
}

static bool is_all_measured(const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        if (!stats->cells[i].has_times)
            return false;
    }
    return true;
}

/* Says which modes do not keep up, where at most one of several does. */
static void say_overrun(const struct run_stats *stats, size_t sound, struct headline *headline)
{
    char name[HEADLINE_NAME_BYTES];
    const struct cell_stats *best = &stats->cells[0];
    for (size_t i = 1; i < stats->main_count && sound == 0; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (cell->metrics[METRIC_RATE].value > best->metrics[METRIC_RATE].value)
            best = cell;
    }
    headline->kind = HEADLINE_OPEN;
    if (sound > 0) {
        SAY(headline->sentence, "Only %s keeps up with %s/s: ", headline_name(stats, best, name),
            NUMBER(6, stats->run->arrivals.rate));
        say_time(stats, best, headline);
    } else {
        SAY(headline->sentence, "No mode%s keeps up with %s/s: ", is_all_measured(stats) ? "" : " that was measured",
            NUMBER(6, stats->run->arrivals.rate));
        SAY(headline->sentence, "%s reaches the most, ", headline_name(stats, best, name));
        say_reached(stats, best, headline);
        advise_overrun(stats, best, headline);
    }
}

static bool has_overrun(const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        if (stats->cells[i].is_overrun)
            return true;
    }
    return false;
}

/* Says how long a single mode took: whoever asks for one mode wants its figures. */
static void say_single(const struct run_stats *stats, const struct cell_stats *cell, struct headline *headline)
{
    const struct estimate *time = &cell->metrics[METRIC_TIME];
    char downloads[32];
    headline->kind = HEADLINE_SINGLE;
    number_format_count(downloads, sizeof(downloads), stats->run->downloads);
    SAY(headline->sentence, "%s with %" PRIu32 " worker%s: %s download%s in %s s", cell->cell->mode,
        cell->cell->workers, text_plural(cell->cell->workers), downloads, text_plural(stats->run->downloads),
        NUMBER(3, time->value));
    if (cell->rounds > 1) {
        char range[48];
        number_format_range(range, sizeof(range), 3, time->low, time->high);
        SAY(headline->sentence, " (%s%s)", time->confidence > 0 ? "95 % interval " : "range ", range);
    }
    if (cell->is_unproven)
        SAY(headline->sentence, ", as far as anybody knows");
    else if (cell->failures_in_all == 0)
        SAY(headline->sentence, "; none failed");
    if (isfinite(cell->service_p95))
        SAY(headline->advice, "95 %% of downloads within %s ms; %s ms of CPU time each; %s MiB of memory",
            NUMBER(3, 1e3 * cell->service_p95), NUMBER(3, cell_stats_shown(cell, METRIC_CPU)),
            NUMBER(3, cell_stats_shown(cell, METRIC_MEMORY)));
}

/* One download a trial: every mode does the same with it. */
static void say_too_short(const struct run_stats *stats, struct headline *headline)
{
    char times[48];
    double low = INFINITY, high = 0;
    headline->kind = HEADLINE_TOO_SHORT;
    for (size_t i = 0; i < stats->main_count; i++) {
        low = stats->cells[i].is_sound ? fmin(low, time_of(&stats->cells[i])) : low;
        high = stats->cells[i].is_sound ? fmax(high, time_of(&stats->cells[i])) : high;
    }
    SAY(headline->sentence, "One download cannot compare modes; it took %s s",
        number_format_range(times, sizeof(times), 3, low, high));
    SAY(headline->advice, "Download the URL many times: --repeat 80, or \"URL x80\" in a list");
}

/* Whether a client ended well, and nobody saw what it downloaded. */
static bool has_unproven(const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct run_cell *cell = stats->cells[i].cell;
        for (size_t j = 0; stats->cells[i].is_unproven && j < cell->trial_count; j++) {
            if (cell->trials[j].status == TRIAL_COMPLETE)
                return true;
        }
    }
    return false;
}

static void say_failed(const struct run_stats *stats, size_t sound, struct headline *headline)
{
    uint64_t downloads = 0, failures = 0;
    char count[32], name[HEADLINE_NAME_BYTES];
    for (size_t i = 0; i < stats->main_count; i++) {
        downloads += stats->cells[i].downloads_in_all;
        failures += stats->cells[i].failures_in_all;
    }
    headline->kind = HEADLINE_FAILED;
    number_format_count(count, sizeof(count), failures);
    if (failures == 0 && has_unproven(stats)) {
        headline->kind = HEADLINE_OPEN;
        SAY(headline->sentence, "Nothing is ranked: nobody saw what the clients downloaded");
    } else if (failures == 0 && sound == 1) {
        SAY(headline->sentence, "Nothing to compare: only %s did the whole work, %s",
            headline_name(stats, &stats->cells[0], name), has_rate(stats) ? "responding in " : "in ");
        say_time(stats, &stats->cells[0], headline);
    } else if (downloads == failures)
        SAY(headline->sentence, "Nothing was downloaded: all %s downloads failed", count);
    else if (sound == 0)
        SAY(headline->sentence, "No winner: %s of %" PRIu64 " downloads failed, too many for times to mean anything",
            count, downloads);
    else {
        SAY(headline->sentence, "Nothing to compare: only %s downloaded enough for its time to mean anything: ",
            headline_name(stats, &stats->cells[0], name));
        say_time(stats, &stats->cells[0], headline);
    }
}

static const char *ending_of(const struct run *run)
{
    return run->interrupting_signal == 0        ? "Cut short by an error"
           : run->interrupting_signal == SIGINT ? "Interrupted (SIGINT)"
           : run->interrupting_signal == SIGHUP ? "Interrupted (SIGHUP)"
                                                : "Interrupted (SIGTERM)";
}

/* Says how far a run came that broke off; what it still tells follows. */
static void say_partial(const struct run *run, struct headline *headline)
{
    char rest[sizeof(headline->sentence)];
    snprintf(rest, sizeof(rest), "%s", headline->sentence);
    headline->sentence[0] = '\0';
    SAY(headline->sentence, "%s after %" PRIu32 " of %" PRIu32 " rounds. %s", ending_of(run), run->rounds_done,
        run->rounds_planned, rest);
}

/* Whether the cell costs the least of those that share the first rank, nearly equal costs counting as equal. */
static bool is_cheapest(const struct run_stats *stats, const struct cell_stats *cell, enum metric metric)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *other = &stats->cells[i];
        if (other->rank_low == 1 && !(cell->metrics[metric].value <= 1.1 * other->metrics[metric].value))
            return false;
    }
    return true;
}

/* Counts the cells besides the first that are as fast as it; `are_all_tied`: whether all that share its rank are among
 * them. */
static size_t count_as_fast(const struct run_stats *stats, bool *are_all_tied)
{
    size_t count = 0;
    *are_all_tied = true;
    for (size_t i = 1; i < stats->ranking.cell_count && i < stats->main_count; i++) {
        bool is_as_fast = conclusions_are_as_fast(stats, i);
        count += is_as_fast;
        *are_all_tied = *are_all_tied && (is_as_fast || stats->cells[i].rank_low != 1);
    }
    return count;
}

static void recommend(const struct run_stats *stats, const struct cell_stats *recommended, size_t first,
                      struct headline *headline)
{
    bool are_all_tied;
    size_t as_fast = count_as_fast(stats, &are_all_tied);
    bool takes_least_time = is_cheapest(stats, recommended, METRIC_CPU);
    bool takes_least_memory = is_cheapest(stats, recommended, METRIC_MEMORY);
    bool is_first = recommended->rank_low == 1;
    if (is_first && first == 1)
        SAY(headline->reason,
            as_fast > 0 ? "none of those within %.0f %% of it is cheaper" : "no other is within %.0f %% of it",
            100 * NEGLIGIBLE_SLOWDOWN);
    else if (!is_first)
        SAY(headline->reason, "cheaper than the fastest, and within %.0f %% of it", 100 * NEGLIGIBLE_SLOWDOWN);
    else if (takes_least_time || takes_least_memory)
        SAY(headline->reason, "least %s%s%s of the %zu", takes_least_time ? "CPU time" : "",
            takes_least_time && takes_least_memory ? " and " : "", takes_least_memory ? "memory" : "", first);
    else if (are_all_tied)
        SAY(headline->reason, "the simplest of the %zu", first);
    else
        SAY(headline->reason, "the cheapest of those within %.0f %% of the fastest", 100 * NEGLIGIBLE_SLOWDOWN);
    SAY(headline->advice, "Use %s with %" PRIu32 " worker%s: %s", recommended->cell->mode, recommended->cell->workers,
        text_plural(recommended->cell->workers), headline->reason);
}

static void say_comparison(const struct run_stats *stats, const struct cell_stats *recommended,
                           struct headline *headline)
{
    size_t first = count_first(stats);
    if (first == 0)
        say_open(stats, headline);
    else if (first == 1)
        say_winner(stats, headline);
    else
        say_tie(stats, first, headline);
    if (first > 0 && recommended != NULL)
        recommend(stats, recommended, first, headline);
}

void headline_make(const struct run_stats *stats, const struct cell_stats *recommended, const struct rate_curves *rates,
                   struct headline *headline)
{
    const struct run *run = stats->run;
    const struct validity *validity = &stats->validity;
    size_t sound = count_sound(stats);
    bool has_rounds = stats->main_count > 0 && stats->cells[0].has_times;
    *headline = (struct headline){.kind = HEADLINE_UNFINISHED};
    if (!validity->is_valid) {
        headline->kind = HEADLINE_INVALID;
        SAY(headline->sentence, "Invalid, so nothing is ranked: %s", validity->reason);
    } else if (validity->failures > 0 && !validity->has_success) {
        say_failed(stats, sound, headline);
    } else if (rates->count > 0) {
        rate_curves_headline(stats, rates, headline);
    } else if (!has_rounds && !run->is_partial && stats->cell_count > 0 && stats->cells[0].has_times) {
        /* The fastest of what was swept stands first where there is nothing else. */
        SAY(headline->sentence,
            "No verdict yet: %s/%" PRIu32
            " was the fastest tried (%s s), and no time was left to measure it again; use "
            "a longer --time-budget",
            stats->cells[0].cell->mode, stats->cells[0].cell->workers, NUMBER(3, time_of(&stats->cells[0])));
    } else if (!has_rounds) {
        SAY(headline->sentence, "No result: %s",
            run->is_partial ? "it ended before a round was complete" : "no mode completed a round");
    } else if (stats->main_count == 1 && has_rate(stats)) {
        say_single_at_rate(stats, &stats->cells[0], headline);
    } else if (stats->main_count == 1) {
        say_single(stats, &stats->cells[0], headline);
    } else if (sound < 2 && has_overrun(stats)) {
        say_overrun(stats, sound, headline);
    } else if (sound < 2) {
        say_failed(stats, sound, headline);
    } else if (run->downloads == 1) {
        say_too_short(stats, headline);
    } else {
        say_comparison(stats, recommended, headline);
    }
    if (run->is_partial)
        say_partial(run, headline);
}
