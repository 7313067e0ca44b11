#include "conc_bench/analysis/diagnosis.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/modes/trait.h"

/* Thresholds. Shares are of what there is to use: a core for what runs in one thread, all of them for the rest. */
static const double mostly_waiting = 0.5;
static const double mostly_computing = 0.85;
static const double lag_matters = 0.1;       /* of the median service time */
static const double queueing_matters = 0.1;  /* of the workers' time */
static const double service_inflated = 1.5;  /* against one at a time */
static const double few_waited = 0.1;        /* of downloads, for a connection to be made */
static const double same_rate = 0.02;        /* spread of throughputs */
static const double refused_matters = 0.01;  /* of downloads, answered with 429 or 503 */
static const double tail_matters = 0.25;     /* of the run */
static const double straggler_matters = 0.5; /* of the run, by one download */
static const double occupied = 0.8;          /* of the workers' time */
static const double steal_matters = 0.01;    /* of all cores' time */
static const double foreign_matters = 0.1;   /* of all cores */
static const double noisy = 0.15;            /* standard deviation of log ratios */
static const double trend_significance = 0.01;
static const double position_matters = 0.02;
static const double position_significance = 0.01;
static const double cold_matters = 0.2;
static const double late_matters = 1e-3;       /* seconds, of which one in a hundred is woken later */
static const double late_share_matters = 0.05; /* of the median response time, of which every other is */

static const char *const names[] = {
    [FINDING_IO_BOUND] = "io_bound",
    [FINDING_CPU_BOUND] = "cpu_bound",
    [FINDING_MIXED] = "mixed",
    [FINDING_CROSSING] = "crossing",
    [FINDING_MULTIPLEXED] = "multiplexed",
    [FINDING_HTTP2_DECLINED] = "http2_declined",
    [FINDING_CLIENT_SATURATED] = "client_saturated",
    [FINDING_SERVER_SATURATED] = "server_saturated",
    [FINDING_RATE_LIMITED] = "rate_limited",
    [FINDING_TAIL_BOUND] = "tail_bound",
    [FINDING_WORKERS_IDLE] = "workers_idle",
    [FINDING_NOISY_HOST] = "noisy_host",
    [FINDING_NOISY_RATIOS] = "noisy_ratios",
    [FINDING_DRIFTING] = "drifting",
    [FINDING_POSITION] = "position",
    [FINDING_OUTLIERS] = "outliers",
    [FINDING_WOKEN_LATE] = "woken_late",
    [FINDING_COLD_START] = "cold_start",
};

const char *finding_name(enum finding_kind kind)
{
    return names[kind];
}

__attribute__((format(printf, 3, 4))) static void find(struct diagnosis *diagnosis, enum finding_kind kind,
                                                       const char *format, ...)
{
    if (diagnosis->count == FINDINGS_MAX)
        return;
    struct finding *finding = &diagnosis->findings[diagnosis->count++];
    finding->kind = kind;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->sentence, sizeof(finding->sentence), format, arguments);
    va_end(arguments);
}

/* Names of cells for a sentence: "threads/8, hybrid/8". */
struct cell_list {
    char text[256];
    size_t count;
    double lowest, highest; /* of the figure that each cell was listed for */
};

static bool is_listed(const struct cell_list *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(list->text, name); at != NULL; at = strstr(at + 1, name)) {
        if ((at == list->text || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void list_add(struct cell_list *list, const struct cell_stats *cell, double figure)
{
    size_t used = strlen(list->text);
    char name[48];
    snprintf(name, sizeof(name), "%s/%" PRIu32, cell->cell->mode, cell->cell->workers);
    bool is_named = is_listed(list, name); /* at another rate */
    if (!is_named && used + 48 < sizeof(list->text))
        snprintf(list->text + used, sizeof(list->text) - used, "%s%s", list->count > 0 ? ", " : "", name);
    else if (!is_named && used + 5 < sizeof(list->text) && list->text[used - 1] != '.')
        snprintf(list->text + used, sizeof(list->text) - used, ", ...");
    list->lowest = list->count == 0 || figure < list->lowest ? figure : list->lowest;
    list->highest = list->count == 0 || figure > list->highest ? figure : list->highest;
    list->count++;
}

/* "12 %" or "12 to 80 %". */
static const char *percent_range(const struct cell_list *list, char *buffer, size_t size)
{
    double low = 100 * list->lowest;
    double high = 100 * list->highest;
    if (high - low < 1)
        snprintf(buffer, size, "%.*f %%", high < 10, high);
    else
        snprintf(buffer, size, "%.*f to %.*f %%", low < 10, low, high < 10, high);
    return buffer;
}

static double median(const struct cell_stats *cell, enum metric metric)
{
    return cell->metrics[metric].value;
}

static const char *duration(char *buffer, size_t size, double seconds)
{
    return number_format_duration(buffer, size, (nanoseconds)llround(seconds * 1e9));
}

/* Boundness */

/* Seconds for which CPU quotas stopped a trial of the cell, on average; NAN: the system does not tell. */
static double stopped(const struct cell_stats *cell)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < cell->cell->trial_count; i++) {
        double throttled = cell->cell->trials[i].host.throttled;
        sum += isfinite(throttled) ? throttled : 0;
        count += isfinite(throttled) ? 1 : 0;
    }
    return count > 0 ? sum / (double)count : NAN;
}

/* Whether quotas stopped the cell for so long that it is unknown what else it waited for. */
static bool is_stopped(const struct cell_stats *cell)
{
    return stopped(cell) > queueing_matters * median(cell, METRIC_TIME);
}

/* Threads that a cell can have at work at once, on all machines. */
static double parallelism(const struct cell_stats *cell, double cores)
{
    bool has_all_cores = (cell->cell->traits & MODE_ALL_CORES) != 0;
    return has_all_cores ? fmin(cell_workers_in_all(cell->cell), cores) : cell_machines(cell->cell);
}

static bool has_quota(const struct run_stats *stats)
{
    return run_usable_cores(stats->run) < stats->run->cores;
}

/* Whether the quota was a limit to the cell: one that stopped nobody was none, since it holds for a tenth of a second,
 * and short runs use up what was saved before. */
static bool is_limited(const struct run_stats *stats, const struct cell_stats *cell)
{
    return has_quota(stats) && stopped(cell) != 0;
}

/* Cores a cell can use at most. */
static double capacity(const struct run_stats *stats, const struct cell_stats *cell)
{
    bool is_of_some = cell_is_of_some(stats->run, cell->cell);
    double most = parallelism(cell, is_of_some ? cell_usable_cores(stats->run, cell->cell) : stats->run->cores);
    return !is_of_some && is_limited(stats, cell) ? fmin(most, stats->run->cpu_quota) : most;
}

static double busy_share(const struct run_stats *stats, const struct cell_stats *cell)
{
    /* In very short runs, the work before the clock starts has a visible share. */
    return fmin(1, median(cell, METRIC_CORES) / capacity(stats, cell));
}

/* The share of their time that threads were ready to run and had no core; NAN: the system does not tell. */
static double queued_share(const struct run_stats *stats, const struct cell_stats *cell)
{
    bool is_cooperative = (cell->cell->traits & MODE_COOPERATIVE) != 0;
    double loops = parallelism(cell, ceil(cell_usable_cores(stats->run, cell->cell)));
    double threads = is_cooperative ? loops : cell_workers_in_all(cell->cell);
    return median(cell, METRIC_RUN_QUEUE_WAIT) / (median(cell, METRIC_TIME) * threads);
}

/* The end of a sentence: what cells did when they did not compute. */
static const char *rest_of_time(bool is_queued)
{
    return is_queued ? " and waited for the rest, for the network or for a core" : " and waited for the rest";
}

static const char *time_of(const struct cell_list *list)
{
    return list->count == 1 ? "the time it had" : "the time they had";
}

/* One bound for all cells is stated without names; otherwise cells are named. */
static void brief_boundness(const struct cell_list *waiting, const struct cell_list *computing,
                            const struct cell_list *starving, const struct cell_list *mixed,
                            struct diagnosis *diagnosis)
{
    const struct cell_list *const lists[] = {waiting, computing, starving, mixed};
    static const char *const kinds[] = {"I/O-bound", "CPU-bound", "CPU-bound (short of cores)",
                                        "Between I/O-bound and CPU-bound"};
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    size_t found = 0;
    char range[48];
    for (size_t i = 0; i < KINDS; i++)
        found += lists[i]->count > 0;
    for (size_t i = 0, told = 0; i < KINDS; i++) {
        if (lists[i]->count == 0)
            continue;
        percent_range(lists[i], range, sizeof(range));
        if (found == 1)
            text_append(diagnosis->brief, sizeof(diagnosis->brief), "%s: computing took %s of the time", kinds[i],
                        range);
        else
            text_append(diagnosis->brief, sizeof(diagnosis->brief), "%s%s: %s (computing took %s)",
                        told++ > 0 ? "; " : "", kinds[i], lists[i]->text, range);
    }
}

static void diagnose_boundness(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list waiting = {0}, computing = {0}, starving = {0}, mixed = {0};
    bool is_waiting_queued = false, is_mixed_queued = false, is_any_limited = false;
    char range[48], cores[96] = "the cores";
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double busy = busy_share(stats, cell);
        double queued = queued_share(stats, cell);
        if (!cell->is_sound || isnan(busy) || (cell->cell->traits & MODE_SCRIPTED) != 0)
            continue;
        /* Waiting for a core is not waiting for the network: where it is not known, little CPU time proves nothing.
         */
        if (isnan(queued) && busy <= mostly_waiting)
            continue;
        bool is_waiting = busy + queued < mostly_waiting && !is_stopped(cell);
        bool is_computing = !is_waiting && busy > mostly_computing;
        /* More cores would be work, not waiting; but where a quota stops threads, nobody knows what is the rest. */
        bool is_starving = !is_waiting && !is_computing && busy + queued > mostly_computing && !is_stopped(cell);
        is_any_limited |= is_computing && is_limited(stats, cell);
        list_add(is_waiting ? &waiting : is_computing ? &computing : is_starving ? &starving : &mixed, cell, busy);
        is_waiting_queued |= is_waiting && queued > queueing_matters;
        is_mixed_queued |=
            !is_waiting && !is_computing && !is_starving && (queued > queueing_matters || is_stopped(cell));
    }
    brief_boundness(&waiting, &computing, &starving, &mixed, diagnosis);
    if (is_any_limited)
        snprintf(cores, sizeof(cores), "what the CPU quota of %s cores leaves of the cores",
                 NUMBER(3, stats->run->cpu_quota));
    if (waiting.count > 0)
        find(diagnosis, FINDING_IO_BOUND, "I/O-bound: %s computed for %s of %s%s", waiting.text,
             percent_range(&waiting, range, sizeof(range)), time_of(&waiting), rest_of_time(is_waiting_queued));
    if (computing.count > 0)
        find(diagnosis, FINDING_CPU_BOUND,
             "CPU-bound: %s computed for %s of %s on %s %s can use; more workers do not help", computing.text,
             percent_range(&computing, range, sizeof(range)), time_of(&computing), cores,
             computing.count == 1 ? "it" : "they");
    if (starving.count > 0)
        find(diagnosis, FINDING_CPU_BOUND,
             "CPU-bound (short of cores): %s computed for %s of %s on the cores %s can use, and for most of the "
             "rest had work but no core; more workers do not help",
             starving.text, percent_range(&starving, range, sizeof(range)), time_of(&starving),
             starving.count == 1 ? "it" : "they");
    if (mixed.count > 0)
        find(diagnosis, FINDING_MIXED, "Between I/O-bound and CPU-bound: %s computed for %s of %s%s", mixed.text,
             percent_range(&mixed, range, sizeof(range)), time_of(&mixed), is_mixed_queued ? rest_of_time(true) : "");
}

/* Per download, seconds: what of its time was neither computing nor waiting for a core. The median over the rounds,
 * each with its own; whoever wants a core and has none waits for no server. NAN: the system does not tell. */
static double waiting_time(const struct cell_stats *cell)
{
    double sorted[STATS_EXACT_COUNT];
    size_t count = 0;
    for (size_t row = 0; row < cell->rounds && count < STATS_EXACT_COUNT; row++) {
        double waits = cell_stats_value(cell, row, METRIC_RUN) - cell_stats_value(cell, row, METRIC_CPU) -
                       cell_stats_value(cell, row, METRIC_RUN_QUEUE_WAIT);
        waits /= cell_stats_value(cell, row, METRIC_DOWNLOADS);
        if (isfinite(waits))
            sorted[count++] = waits;
    }
    stats_sort(sorted, count);
    return stats_median(sorted, count);
}

static double computing_time(const struct cell_stats *cell)
{
    return median(cell, METRIC_CPU) / median(cell, METRIC_DOWNLOADS);
}

/* Whether it is the first of its name that has several downloads at once: there may be other numbers of workers. */
static bool is_first_of_its_mode(const struct run_stats *stats, size_t index)
{
    const struct cell_stats *cells = stats->cells;
    for (size_t i = 0; i < index; i++) {
        if (cells[i].cell->workers > 1 && strcmp(cells[i].cell->mode, cells[index].cell->mode) == 0)
            return false;
    }
    return cells[index].is_sound && cells[index].cell->workers > 1;
}

/* Adds how many downloads at once keep so many cores busy, by what the mode computes for one. */
static void add_crossing(const struct cell_stats *cell, double waits, double cores, char *buffer, size_t size)
{
    char compute_text[32];
    double computes = computing_time(cell);
    bool is_first = buffer[0] == '\0';
    if (computes > 0)
        text_append(buffer, size, "%s%.0f with %s (%s%s)", is_first ? "" : ", ", (waits + computes) / computes * cores,
                    cell->cell->mode, duration(compute_text, sizeof(compute_text), computes), is_first ? " each" : "");
}

/* "430 with event-loop (47.1 us each), 180 with threads (112 us)"; where nothing else is known, by one at a time. */
static void list_crossings(const struct run_stats *stats, const struct cell_stats *alone, double waits, double cores,
                           char *buffer, size_t size)
{
    buffer[0] = '\0';
    for (size_t i = 0; i < stats->main_count; i++) {
        if (is_first_of_its_mode(stats, i))
            add_crossing(&stats->cells[i], waits, cores, buffer, size);
    }
    if (buffer[0] == '\0')
        add_crossing(alone, waits, cores, buffer, size);
}

/* The time that the server and the link take for a download: the mean over all of them, since all modes download the
 * same URLs. A median would compare one URL with another where they differ, and a service time what it took to
 * connect. */
static double exchange(const struct cell_stats *cell)
{
    return median(cell, METRIC_OF_PHASE(PHASE_WAIT)) + median(cell, METRIC_OF_PHASE(PHASE_RECEIVE));
}

/* Whether more workers were tried than the cell has: then it is known what they do. */
static bool is_swept(const struct run_stats *stats, const struct cell_stats *cell)
{
    for (size_t i = stats->main_count; i < stats->cell_count; i++) {
        const struct run_cell *other = stats->cells[i].cell;
        if (strcmp(other->mode, cell->cell->mode) == 0 && other->workers > cell->cell->workers)
            return true;
    }
    return false;
}

/* Where all cells wait, tells with how many downloads at once that ends, for the mode that can have most. Downloads
 * that take longer together than alone wait for each other, wherever that is, and more of them would wait longer. */
static void brief_crossing(const struct run_stats *stats, const struct cell_stats *alone, double waits, double cores,
                           struct diagnosis *diagnosis)
{
    const struct cell_stats *widest = NULL;
    double most = 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double computes = computing_time(cell);
        double at_once = computes > 0 ? (waits + computes) / computes * cores : 0;
        if (!is_first_of_its_mode(stats, i) || at_once <= most)
            continue;
        most = at_once;
        widest = cell;
    }
    bool waits_everywhere = strncmp(diagnosis->brief, "I/O-bound: computing", strlen("I/O-bound: computing")) == 0;
    bool is_promised = waits_everywhere && widest != NULL && !is_swept(stats, widest) &&
                       exchange(widest) <= service_inflated * exchange(alone);
    if (is_promised && most > 2.0 * widest->cell->workers)
        text_append(diagnosis->brief, sizeof(diagnosis->brief), "; more workers would help, up to about %.0f with %s",
                    most, widest->cell->mode);
}

static void diagnose_crossing(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    const struct cell_stats *alone = cell_stats_alone(stats, NULL, CONNECTIONS_REUSE);
    if (alone == NULL || (alone->cell->traits & MODE_SCRIPTED) != 0)
        return;
    double computes = computing_time(alone);
    double waits = waiting_time(alone);
    if (!(computes > 0) || !(waits > 0) || is_stopped(alone))
        return;
    char wait_text[32], compute_text[32], which[40] = "", all[64], many[360], more[128] = "";
    double usable = run_usable_cores(stats->run);
    bool is_one_core = usable <= 1;
    bool is_quota_less = is_one_core && has_quota(stats);
    if (has_quota(stats))
        snprintf(all, sizeof(all), "the CPU quota of %s cores", NUMBER(3, usable));
    else
        snprintf(all, sizeof(all), is_one_core ? "the core" : "the cores");
    duration(wait_text, sizeof(wait_text), waits);
    duration(compute_text, sizeof(compute_text), computes);
    if (strchr(alone->cell->mode, ':') != NULL)
        snprintf(which, sizeof(which), " (%s/1)", alone->cell->mode);
    list_crossings(stats, alone, waits, fmin(usable, 1), many, sizeof(many));
    brief_crossing(stats, alone, waits, fmin(usable, 1), diagnosis);
    if (!is_one_core && has_quota(stats))
        snprintf(more, sizeof(more), ", and %s times as many use up %s, where the mode can", NUMBER(3, usable), all);
    else if (!is_one_core)
        snprintf(more, sizeof(more), ", and %s times as many all %" PRIu32 ", where the mode can", NUMBER(3, usable),
                 stats->run->cores);
    if ((waits + computes) / computes * fmin(usable, 1) < 2)
        find(diagnosis, FINDING_CROSSING,
             "One at a time%s, a download waits %s and computes %s: work for %s, which more workers%s can only share",
             which, wait_text, compute_text, all, is_one_core ? "" : " than cores");
    else
        find(diagnosis, FINDING_CROSSING,
             "One at a time%s, a download waits %s and computes %s; about so many at once would %s %s: %s%s; beyond "
             "that it is CPU-bound",
             which, wait_text, compute_text, is_quota_less ? "use up" : "keep", is_quota_less ? all : "one core busy",
             many, more);
}

/* HTTP/2 */

/* "4" or "4 to 8". */
static const char *count_range(const struct cell_list *list, char *buffer, size_t size)
{
    return number_format_range(buffer, size, 3, list->lowest, list->highest);
}

/* Over HTTP/2, modes differ in more than their scheduling: a multi handle shares connections. */
static void diagnose_streams(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list sharing = {0}, shared = {0}, alone = {0};
    char at_once[48], each[48], each_alone[48];
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        bool is_shared = median(cell, METRIC_STREAMS) > 1;
        if (!cell->is_sound || !(median(cell, METRIC_HTTP2) > 0) || cell->cell->workers == 1)
            continue;
        if (is_shared)
            list_add(&sharing, cell, median(cell, METRIC_STREAMS));
        if (isfinite(median(cell, METRIC_HTTP2_SHARE)))
            list_add(is_shared ? &shared : &alone, cell, median(cell, METRIC_HTTP2_SHARE));
    }
    if (shared.count == 0)
        return;
    count_range(&sharing, at_once, sizeof(at_once));
    count_range(&shared, each, sizeof(each));
    count_range(&alone, each_alone, sizeof(each_alone));
    if (alone.count == 0)
        find(diagnosis, FINDING_MULTIPLEXED,
             "Multiplexed: %s had %s downloads at once on one HTTP/2 connection at the peak, and %s on each in all",
             sharing.text, at_once, each);
    else
        find(diagnosis, FINDING_MULTIPLEXED,
             "Multiplexed: %s had %s downloads at once on one HTTP/2 connection at the peak, and %s on each in all; %s "
             "could "
             "not share any, and had %s on each, one at a time: this compares how connections are used as well, not "
             "how downloads are scheduled alone",
             sharing.text, at_once, each, alone.text, each_alone);
}

/* Counts complete answers only: a given-up download may have a status, and its version is unknown. */
static void diagnose_versions(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    double answered = 0;
    double over_http2 = 0;
    if (strncmp(stats->run->http_version, "HTTP/2", strlen("HTTP/2")) != 0)
        return;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct run_cell *cell = stats->cells[i].cell;
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct trial_summary *summary = &cell->trials[j].summary;
            answered += summary->outcomes[OUTCOME_OK] + summary->outcomes[OUTCOME_HTTP_4XX] +
                        (double)summary->outcomes[OUTCOME_HTTP_5XX];
            over_http2 += summary->http2;
        }
    }
    double declined = 1 - over_http2 / answered;
    if (over_http2 == 0 && answered > 0)
        find(diagnosis, FINDING_HTTP2_DECLINED,
             "No HTTP/2: it was offered, and all that was answered was answered over HTTP/1.1, one download at a time "
             "on "
             "a connection");
    else if (declined > 0)
        find(diagnosis, FINDING_HTTP2_DECLINED,
             "Not all HTTP/2: %.*f %% of the answers came over HTTP/1.1, from http URLs or servers that did not agree "
             "to "
             "it",
             declined < 0.1, fmax(100 * declined, 0.1));
}

/* A loop that mostly waits is busy at a stretch when it starts; that keeps nobody waiting for long. One that waits for
 * a core, on a machine that others use too, keeps its downloads waiting as if it were busy. */
static bool has_busy_loop(const struct run_stats *stats, const struct cell_stats *cell)
{
    double queueing = median(cell, METRIC_RUN_QUEUE_WAIT) / median(cell, METRIC_TIME);
    double occupied_share = busy_share(stats, cell) + (isfinite(queueing) ? queueing : 0);
    return median(cell, METRIC_LAG_P99) > lag_matters * median(cell, METRIC_P50) && occupied_share > mostly_waiting;
}

static bool has_queueing_workers(const struct run_stats *stats, const struct cell_stats *cell)
{
    return (cell->cell->traits & MODE_COOPERATIVE) == 0 && queued_share(stats, cell) > queueing_matters;
}

static void diagnose_client(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        char first[32], second[32];
        if (!cell->is_sound || cell->cell->workers == 1)
            continue;
        if (has_busy_loop(stats, cell))
            find(diagnosis, FINDING_CLIENT_SATURATED,
                 "Client saturated: the event loop of %s/%" PRIu32 " was busy for up to %s at a stretch (99 %% of its "
                 "turns), which every other download had to wait out; a download takes %s (median)",
                 cell->cell->mode, cell->cell->workers, duration(first, sizeof(first), median(cell, METRIC_LAG_P99)),
                 duration(second, sizeof(second), median(cell, METRIC_P50)));
        else if (has_queueing_workers(stats, cell))
            find(diagnosis, FINDING_CLIENT_SATURATED,
                 "Client saturated: the workers of %s/%" PRIu32
                 " were ready to run but waited for a core for %.0f %% of the "
                 "time",
                 cell->cell->mode, cell->cell->workers, 100 * queued_share(stats, cell));
    }
}

/* Server and link */

static double share_refused(const struct cell_stats *cell)
{
    double refused = 0;
    double answered = 0;
    for (size_t i = 0; i < cell->cell->trial_count; i++) {
        refused += cell->cell->trials[i].summary.refused;
        answered += cell->cell->trials[i].summary.answered;
    }
    return answered > 0 ? refused / answered : 0;
}

static void diagnose_refusals(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    char range[48];
    for (size_t i = 0; i < stats->main_count; i++) {
        double refused = share_refused(&stats->cells[i]);
        if (refused > refused_matters)
            list_add(&list, &stats->cells[i], refused);
    }
    if (list.count > 0)
        find(diagnosis, FINDING_RATE_LIMITED,
             "Rate-limited: %s of the downloads of %s were answered with status 429 or 503; ask with fewer workers",
             percent_range(&list, range, sizeof(range)), list.text);
}

/* Whether the mean is also that of downloads that waited for a connection others were making. */
static bool waits_for_connections(const struct cell_stats *cell)
{
    return median(cell, METRIC_STREAMS) > 1 && median(cell, METRIC_CONNECTS) > 0 &&
           cell_workers_in_all(cell->cell) > few_waited * median(cell, METRIC_DOWNLOADS);
}

/* Cells whose downloads take much longer than one at a time although the client is not busy. */
static void diagnose_server(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list inflated = {0}, rates = {0};
    char times[48];
    bool is_tail_bound = false;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        const struct cell_stats *alone = cell_stats_alone(stats, NULL, cell->cell->connections);
        if (alone == NULL)
            return;
        double ratio = exchange(cell) / exchange(alone);
        bool is_client_free = busy_share(stats, cell) < 0.7 && !isnan(queued_share(stats, cell)) && !is_stopped(cell) &&
                              !has_busy_loop(stats, cell) && !has_queueing_workers(stats, cell);
        if (!cell->is_sound || cell->cell->workers == 1 || !is_client_free || waits_for_connections(cell) ||
            !(ratio > service_inflated))
            continue;
        list_add(&inflated, cell, ratio);
        list_add(&rates, cell, median(cell, METRIC_THROUGHPUT));
        is_tail_bound |= median(cell, METRIC_DRAIN) > tail_matters;
    }
    if (inflated.count == 0)
        return;
    /* The same slow URL makes runs equally long, too. */
    bool is_constant = rates.count > 1 && rates.highest <= rates.lowest * (1 + same_rate) && !is_tail_bound;
    number_format_range(times, sizeof(times), 2, inflated.lowest, inflated.highest);
    if (is_constant)
        find(diagnosis, FINDING_RATE_LIMITED,
             "Rate-limited: %s all got %s downloads/s, within %.0f %% of each other, and a download took %s times as "
             "long as one at a time, on average and without connecting: a limit on the other side",
             rates.text, NUMBER(4, rates.lowest), 100 * same_rate, times);
    else
        find(diagnosis, FINDING_SERVER_SATURATED,
             "Server or link saturated: with %s a download took %s times as long as one at a time, on average and "
             "without connecting, while the client had time to spare",
             inflated.text, times);
}

/* Scheduling of the batch */

/* With fewer downloads, 95 % of them are all of them. */
enum { T95_FROM = 20 };

static void diagnose_tail(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    const struct cell_stats *worst = NULL;
    char range[48], longest[32], url[200];
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double drain = median(cell, METRIC_DRAIN);
        if (!cell->is_sound || cell->cell->workers == 1 || !(drain > tail_matters))
            continue;
        list_add(&list, cell, drain);
        worst = worst == NULL || drain > median(worst, METRIC_DRAIN) ? cell : worst;
    }
    if (worst == NULL)
        return;
    double share = median(worst, METRIC_MAX) / median(worst, METRIC_RUN);
    const char *text = stats->run->urls[worst->totals.service.slowest_url];
    text_escape(url, sizeof(url), text, strlen(text));
    bool has_last_ones = stats->run->downloads >= T95_FROM;
    if (share > straggler_matters && median(worst, METRIC_MAX) > 2 * median(worst, METRIC_P50))
        find(diagnosis, FINDING_TAIL_BOUND,
             "Tail-bound: one download is %.0f %% of the run of %s/%" PRIu32 " (%s, %s); more workers cannot make it "
             "shorter%s",
             100 * fmin(share, 1), worst->cell->mode, worst->cell->workers, url,
             duration(longest, sizeof(longest), worst->service_max),
             has_last_ones ? ": compare the times until 95 % were done" : "");
    else
        find(diagnosis, FINDING_TAIL_BOUND, "Tail-bound: for %s of the run of %s no URLs were left to start; %s",
             percent_range(&list, range, sizeof(range)), list.text,
             has_last_ones ? "compare the times until 95 % were done, or use a longer list" : "use a longer list");
}

static void diagnose_idle(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    char range[48];
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        bool is_idle = median(cell, METRIC_OCCUPANCY) < occupied && median(cell, METRIC_DRAIN) < 0.1;
        if (cell->is_sound && is_idle)
            list_add(&list, cell, median(cell, METRIC_OCCUPANCY));
    }
    if (list.count > 0)
        find(diagnosis, FINDING_WORKERS_IDLE,
             "Workers idle: those of %s spent %s of their time on downloads, although there were downloads left",
             list.text, percent_range(&list, range, sizeof(range)));
}

/* Reasons for distrust */

/* Medians over all trials of what the host did. `values` has room for all trials. */
static double host_median(const struct run_stats *stats, double *values, double (*of)(const struct trial_host *host))
{
    size_t count = 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        for (size_t j = 0; j < stats->cells[i].cell->trial_count; j++) {
            double value = of(&stats->cells[i].cell->trials[j].host);
            if (isfinite(value))
                values[count++] = value;
        }
    }
    stats_sort(values, count);
    return stats_median(values, count);
}

static double steal_of(const struct trial_host *host)
{
    return host->steal_share;
}

static double foreign_of(const struct trial_host *host)
{
    return host->foreign_cores;
}

static double throttled_of(const struct trial_host *host)
{
    return host->throttled;
}

static void diagnose_host(const struct run_stats *stats, double *values, struct diagnosis *diagnosis)
{
    double steal = host_median(stats, values, steal_of);
    double foreign = host_median(stats, values, foreign_of);
    double throttled = host_median(stats, values, throttled_of);
    if (steal > steal_matters)
        find(diagnosis, FINDING_NOISY_HOST,
             "Noisy host: the hypervisor gave %s %% of the processor to other machines (median of all trials)",
             NUMBER(2, 100 * steal));
    /* A server or proxy on this machine is no disturbance but part of the experiment. What the embedded origin takes is
     * known, and not among it. */
    bool is_origin = stats->run->origin[0] != '\0';
    bool is_local = (stats->run->is_server_local && !is_origin) || stats->run->is_proxy_local;
    if (!is_local && foreign > foreign_matters * stats->run->cores)
        find(diagnosis, FINDING_NOISY_HOST,
             "Noisy host: other processes kept %s of %" PRIu32 " cores busy (median of all trials)", NUMBER(2, foreign),
             stats->run->cores);
    char quota[32] = "";
    if (stats->run->cpu_quota > 0)
        snprintf(quota, sizeof(quota), " of %s cores", NUMBER(3, stats->run->cpu_quota));
    if (throttled > 0)
        find(diagnosis, FINDING_NOISY_HOST,
             "Noisy host: a CPU quota stopped the run for %s s a trial (median, summed over cores): a container's "
             "limit%s, not the modes, may decide",
             NUMBER(2, throttled), quota);
}

static void diagnose_ratios(const struct run_stats *stats, double *logs, struct diagnosis *diagnosis)
{
    double worst = 0;
    const struct cell_stats *cell = NULL;
    for (size_t i = 0; stats->reference != NULL && i < stats->main_count; i++) {
        if (&stats->cells[i] == stats->reference || !stats->cells[i].is_sound || !stats->reference->is_sound)
            continue;
        size_t count = cell_stats_paired_times(stats->reference, &stats->cells[i], logs);
        double deviation = stats_standard_deviation(logs, count);
        if (count > 2 && deviation > worst) {
            worst = deviation;
            cell = &stats->cells[i];
        }
    }
    if (cell != NULL && worst > noisy)
        find(diagnosis, FINDING_NOISY_RATIOS,
             "Noisy: from round to round the ratio of %s/%" PRIu32 " to the reference varies by %.0f %%: smaller "
             "differences will not be detected",
             cell->cell->mode, cell->cell->workers, 100 * worst);
}

static void diagnose_drift(const struct run_stats *stats, double *values, struct diagnosis *diagnosis)
{
    size_t drifting = 0;
    size_t tested = 0;
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        for (size_t row = 0; row < cell->rounds; row++)
            values[row] = cell_stats_value(cell, row, METRIC_TIME);
        tested += cell->is_sound && cell->rounds > 4;
        drifting += cell->is_sound && cell->rounds > 4 && stats_trend(values, cell->rounds, NULL) < trend_significance;
    }
    if (tested > 0 && 2 * drifting > tested)
        find(diagnosis, FINDING_DRIFTING,
             "Drifting: the times of %zu of %zu cells rise or fall steadily during the run (Kendall, p < %s); ratios "
             "within rounds stand, absolute times do not",
             drifting, tested, NUMBER(6, trend_significance));
}

/* The trials of all cells, by their place within a round. */
struct places {
    double *values;   /* ln(time / median of its cell) of trials that count */
    uint32_t *places; /* of each */
    size_t count;
    double *scratch;
};

static void collect_places(const struct run_stats *stats, struct places *places)
{
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        for (size_t j = 0; j < cell->cell->trial_count && cell->is_sound; j++) {
            const struct trial *trial = &cell->cell->trials[j];
            if (!validity_counts(&stats->validity, cell->cell, trial) || trial->position >= stats->main_count)
                continue;
            places->values[places->count] = log(clock_seconds(trial_time(trial)) / median(cell, METRIC_TIME));
            places->places[places->count++] = trial->position;
        }
    }
}

/* The share by which the medians of the places differ; NAN: one of them has too few trials to tell it from chance. */
static double spread_of_places(const struct places *places, size_t place_count)
{
    double lowest = INFINITY;
    double highest = -INFINITY;
    for (uint32_t place = 0; place < place_count; place++) {
        size_t count = 0;
        for (size_t i = 0; i < places->count; i++) {
            if (places->places[i] == place)
                places->scratch[count++] = places->values[i];
        }
        if (count < 5)
            return NAN;
        stats_sort(places->scratch, count);
        lowest = fmin(lowest, stats_median(places->scratch, count));
        highest = fmax(highest, stats_median(places->scratch, count));
    }
    return highest - lowest;
}

/* Whether the place within a round decides. Medians of so few trials differ by 2 % wherever times vary by that, so that
 * it takes a test besides. */
static int diagnose_position(const struct run_stats *stats, struct diagnosis *diagnosis, struct error *error)
{
    size_t trials = 1;
    for (size_t i = 0; i < stats->main_count; i++)
        trials += stats->cells[i].cell->trial_count;
    struct places places = {
        .values = calloc(trials, sizeof(*places.values)),
        .places = calloc(trials, sizeof(*places.places)),
        .scratch = calloc(trials + 2 * stats->main_count, sizeof(*places.scratch)),
    };
    bool has_memory = places.values != NULL && places.places != NULL && places.scratch != NULL;
    double spread = NAN;
    double p = 1;
    if (has_memory) {
        collect_places(stats, &places);
        spread = spread_of_places(&places, stats->main_count);
        p = stats_kruskal_wallis(places.values, places.places, places.count, stats->main_count, places.scratch);
    }
    if (stats->main_count > 1 && places.count >= 30 && spread > position_matters && p < position_significance)
        find(diagnosis, FINDING_POSITION,
             "Run order affected times by %s %% (Kruskal-Wallis, p < %s): what ran before leaves "
             "traces, which the changing order spreads over all modes",
             NUMBER(2, 100 * expm1(spread)), NUMBER(6, position_significance));
    free(places.values);
    free(places.places);
    free(places.scratch);
    return has_memory ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for the diagnosis");
}

/* The logarithms of a cell's times by round, those far from the others set to the median; NAN where no round counts. */
static void replace_outliers(const struct cell_stats *cell, double *logs, size_t rounds, double *sorted)
{
    double low, high;
    for (size_t row = 0; row < cell->rounds; row++)
        sorted[row] = cell_stats_value(cell, row, METRIC_TIME);
    stats_sort(sorted, cell->rounds);
    stats_outlier_limits(sorted, cell->rounds, &low, &high);
    for (size_t round = 0; round < rounds; round++)
        logs[round] = NAN;
    for (size_t row = 0; row < cell->rounds; row++) {
        double time = cell_stats_value(cell, row, METRIC_TIME);
        logs[cell->row_rounds[row]] = log(time < low || time > high ? median(cell, METRIC_TIME) : time);
    }
}

static bool has_other_ranks(const struct run_stats *stats, const struct ranking *without_outliers)
{
    for (size_t i = 0; i < without_outliers->cell_count; i++) {
        if (without_outliers->cells[i].low != stats->ranking.cells[i].low ||
            without_outliers->cells[i].high != stats->ranking.cells[i].high)
            return true;
    }
    return false;
}

/* Whether ranks would be others if every trial that is far from the others of its cell had taken the usual time. */
static int do_outliers_decide(const struct run_stats *stats, bool *do_decide, struct error *error)
{
    const struct ranking *ranking = &stats->ranking;
    struct ranking without_outliers = {0};
    size_t rounds = 1;
    for (size_t i = 0; i < ranking->cell_count; i++) {
        size_t last = stats->cells[i].row_rounds[stats->cells[i].rounds - 1];
        rounds = last + 1 > rounds ? last + 1 : rounds;
    }
    double *logs = calloc((ranking->cell_count + 1) * rounds, sizeof(*logs));
    if (logs == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the diagnosis");
    for (size_t i = 0; i < ranking->cell_count; i++)
        replace_outliers(&stats->cells[i], &logs[i * rounds], rounds, &logs[ranking->cell_count * rounds]);
    int status = ranking_compute(logs, ranking->cell_count, rounds, ranking->error_rate, ranking->margin,
                                 &without_outliers, error);
    *do_decide = status == 0 && has_other_ranks(stats, &without_outliers);
    ranking_release(&without_outliers);
    free(logs);
    return status;
}

/* Every second clean run has outliers, so they are reported only where they change ranks. */
static int diagnose_outliers(const struct run_stats *stats, struct diagnosis *diagnosis, struct error *error)
{
    struct cell_list list = {0};
    size_t outliers = 0;
    bool do_decide = false;
    for (size_t i = 0; i < stats->ranking.cell_count; i++) {
        if (stats->cells[i].outliers == 0)
            continue;
        list_add(&list, &stats->cells[i], (double)stats->cells[i].outliers);
        outliers += stats->cells[i].outliers;
    }
    if (outliers > 0 && do_outliers_decide(stats, &do_decide, error) != 0)
        return -1;
    if (do_decide)
        find(diagnosis, FINDING_OUTLIERS,
             "Outliers decide: %zu trial%s of %s lie%s far from the others, and ranks would be others without",
             outliers, outliers == 1 ? "" : "s", list.text, outliers == 1 ? "s" : "");
    return 0;
}

static void diagnose_cold(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double slower = cell->cold_time / median(cell, METRIC_TIME) - 1;
        if (cell->is_sound && slower > cold_matters)
            list_add(&list, cell, slower);
    }
    if (list.count > 0)
        find(diagnosis, FINDING_COLD_START,
             "Cold start: the first, unmeasured round took up to %s times as long with %s; the figures are those of a "
             "warm server",
             NUMBER(2, 1 + list.highest), list.text);
}

/* The share of the time in which a cell computed or had to wait for a core, as far as the system tells. */
static double wanted_share(const struct run_stats *stats, const struct cell_stats *cell)
{
    double queued = queued_share(stats, cell);
    return fmin(1, busy_share(stats, cell) + (isnan(queued) ? 0 : queued));
}

/* Whether a cell fell behind because it had no more of the cores to compute with. Otherwise all its workers waited, and
 * more of them may have kept up. */
bool diagnosis_is_short_of_cores(const struct run_stats *stats, const struct cell_stats *cell)
{
    return cell->is_overrun && (cell->cell->traits & MODE_SCRIPTED) == 0 &&
           wanted_share(stats, cell) > mostly_computing;
}

/* Tells what this machine cannot do at a rate, however many workers there are. */
static void diagnose_overrun(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    char range[48];
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (diagnosis_is_short_of_cores(stats, cell))
            list_add(&list, cell, wanted_share(stats, cell));
    }
    if (list.count > 0)
        find(diagnosis, FINDING_CPU_BOUND,
             "CPU-bound: %s fell behind, and computed or waited for a core for %s of the time; this machine cannot "
             "begin "
             "more downloads a second in that mode, and more workers do not help",
             list.text, percent_range(&list, range, sizeof(range)));
}

/* A delay while an idle worker was waiting is caused by the program or the machine, not by a mode. */
static void diagnose_lateness(const struct run_stats *stats, struct diagnosis *diagnosis)
{
    struct cell_list list = {0};
    char range[48];
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        double late = median(cell, METRIC_LATE_P99);
        bool is_usual = median(cell, METRIC_LATE_P50) > late_share_matters * median(cell, METRIC_RESPONSE_P50);
        if (late > late_matters || is_usual)
            list_add(&list, cell, 1e3 * late);
    }
    if (list.count > 0)
        find(
            diagnosis, FINDING_WOKEN_LATE,
            "Woken late: the machine let idle workers of %s begin up to %s ms after a download was due (p99); response "
            "times include it, so do not trust smaller differences",
            list.text, number_format_range(range, sizeof(range), 2, list.lowest, list.highest));
}

int diagnosis_make(const struct run_stats *stats, struct diagnosis *diagnosis, struct error *error)
{
    *diagnosis = (struct diagnosis){0};
    if (!stats->validity.has_success)
        return 0;
    size_t trials = 1;
    for (size_t i = 0; i < stats->main_count; i++)
        trials += stats->cells[i].cell->trial_count;
    double *values = calloc(trials, sizeof(*values));
    if (values == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the diagnosis");
    if (stats->run->arrivals.rate > 0) {
        /* All other rules are about a batch that is done as fast as can be. */
        diagnose_refusals(stats, diagnosis);
        diagnose_overrun(stats, diagnosis);
        diagnose_host(stats, values, diagnosis);
        diagnose_lateness(stats, diagnosis);
        free(values);
        return 0;
    }
    diagnose_boundness(stats, diagnosis);
    diagnose_crossing(stats, diagnosis);
    diagnose_streams(stats, diagnosis);
    diagnose_versions(stats, diagnosis);
    diagnose_client(stats, diagnosis);
    diagnose_refusals(stats, diagnosis);
    diagnose_server(stats, diagnosis);
    diagnose_tail(stats, diagnosis);
    diagnose_idle(stats, diagnosis);
    diagnose_host(stats, values, diagnosis);
    diagnose_ratios(stats, values, diagnosis);
    diagnose_drift(stats, values, diagnosis);
    free(values);
    if (diagnose_position(stats, diagnosis, error) != 0 || diagnose_outliers(stats, diagnosis, error) != 0)
        return -1;
    diagnose_cold(stats, diagnosis);
    return 0;
}
