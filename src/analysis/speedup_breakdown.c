#include "conc_bench/analysis/speedup_breakdown.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"

/* The four cells: which mode, and what connections. */
struct four_cells {
    const struct cell_stats *alone_fresh;
    const struct cell_stats *alone_kept;
    const struct cell_stats *fresh;
    const struct cell_stats *kept;
};

/* Logarithms of ratios of times in the rounds that all four share; above 0 something is gained. */
struct effects {
    double *total;
    double *concurrency;
    double *connections;
    double *interaction;
    size_t count;
    double *memory; /* all of them */
};

/* The name without the connections: "threads#2" of "threads:fresh#2". */
static void name_without_connections(const struct run_cell *cell, char *name, size_t size)
{
    size_t mode = strcspn(cell->mode, ":");
    const char *copy = cell->mode + mode + strcspn(cell->mode + mode, "#");
    snprintf(name, size, "%.*s%s", (int)mode, cell->mode, copy);
}

/* The main cell that differs from `cell` in nothing but its connections; NULL: none that is sound. */
static const struct cell_stats *find_with(const struct run_stats *stats, const struct cell_stats *cell,
                                          enum connection_policy connections)
{
    char name[sizeof(cell->cell->mode)];
    name_without_connections(cell->cell, name, sizeof(name));
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct run_cell *other = stats->cells[i].cell;
        bool is_alike = other->workers == cell->cell->workers && other->group == cell->cell->group;
        if (is_alike && stats->cells[i].is_sound && other->connections == connections && cell_has_name(other, name))
            return &stats->cells[i];
    }
    return NULL;
}

static int make_effects(const struct four_cells *cells, struct effects *effects, struct error *error)
{
    const struct cell_stats *const all[] = {cells->alone_fresh, cells->alone_kept, cells->fresh, cells->kept};
    enum { CELLS = sizeof(all) / sizeof(all[0]) };
    size_t rounds = cells->kept->rounds > 0 ? cells->kept->row_rounds[cells->kept->rounds - 1] + (size_t)1 : 0;
    *effects = (struct effects){.memory = calloc((4 + CELLS) * rounds + 1, sizeof(double))};
    if (effects->memory == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to take gains apart");
    effects->total = effects->memory;
    effects->concurrency = effects->total + rounds;
    effects->connections = effects->concurrency + rounds;
    effects->interaction = effects->connections + rounds;
    double *logs = effects->interaction + rounds;
    for (size_t cell = 0; cell < CELLS; cell++)
        cell_stats_log_times(all[cell], &logs[cell * rounds], rounds);
    for (size_t round = 0; round < rounds; round++) {
        double alone_fresh = logs[round];
        double alone_kept = logs[rounds + round];
        double fresh = logs[2 * rounds + round];
        double kept = logs[3 * rounds + round];
        if (!isfinite(alone_fresh + alone_kept + fresh + kept))
            continue;
        size_t i = effects->count++;
        effects->total[i] = alone_fresh - kept;
        effects->concurrency[i] = ((alone_fresh - fresh) + (alone_kept - kept)) / 2;
        effects->connections[i] = ((alone_fresh - alone_kept) + (fresh - kept)) / 2;
        effects->interaction[i] = (alone_kept - kept) - (alone_fresh - fresh);
    }
    return 0;
}

static int estimate_gain(const struct four_cells *cells, struct speedup_parts *gain, struct error *error)
{
    static const struct estimate nothing = {NAN, NAN, NAN, 0};
    struct effects effects;
    if (make_effects(cells, &effects, error) != 0)
        return -1;
    *gain = (struct speedup_parts){.cell = cells->kept};
    int status = cell_stats_estimate_ratio(effects.total, effects.count, &gain->total, error);
    if (status == 0)
        status = cell_stats_estimate_ratio(effects.concurrency, effects.count, &gain->concurrency, error);
    if (status == 0)
        status = cell_stats_estimate_ratio(effects.connections, effects.count, &gain->connections, error);
    if (status == 0)
        status = cell_stats_estimate_ratio(effects.interaction, effects.count, &gain->interaction, error);
    if (cells->kept == cells->alone_kept)
        gain->concurrency = gain->interaction = nothing;
    free(effects.memory);
    return status;
}

/* "7.6 times (7.2 to 8.0)". */
static const char *describe_ratio(const struct estimate *ratio, char *buffer, size_t size)
{
    char range[40];
    number_format_range(range, sizeof(range), 3, ratio->low, ratio->high);
    if (strstr(range, " to ") == NULL)
        snprintf(buffer, size, "%s times", NUMBER(3, ratio->value));
    else
        snprintf(buffer, size, "%s times (%s)", NUMBER(3, ratio->value), range);
    return buffer;
}

static void describe(struct speedup_breakdown *breakdown)
{
    char total[64], concurrency[64], connections[64];
    const struct speedup_parts *first = &breakdown->items[0];
    if (isnan(first->concurrency.value))
        snprintf(breakdown->sentence, sizeof(breakdown->sentence), "%s/%" PRIu32 " is %s as fast as %s/%" PRIu32,
                 first->cell->cell->mode, first->cell->cell->workers,
                 describe_ratio(&first->total, total, sizeof(total)), breakdown->base->cell->mode,
                 breakdown->base->cell->workers);
    else
        snprintf(breakdown->sentence, sizeof(breakdown->sentence),
                 "%s/%" PRIu32 " is %s as fast as %s/%" PRIu32 ": concurrency makes it %s as fast, and keeping "
                 "connections %s",
                 first->cell->cell->mode, first->cell->cell->workers,
                 describe_ratio(&first->total, total, sizeof(total)), breakdown->base->cell->mode,
                 breakdown->base->cell->workers, describe_ratio(&first->concurrency, concurrency, sizeof(concurrency)),
                 describe_ratio(&first->connections, connections, sizeof(connections)));
}

int speedup_breakdown_make(const struct run_stats *stats, struct speedup_breakdown *breakdown, struct error *error)
{
    *breakdown = (struct speedup_breakdown){0};
    if (stats->reference == NULL || !stats->validity.is_valid)
        return 0;
    const struct cell_stats *base = find_with(stats, stats->reference, CONNECTIONS_FRESH);
    if (base == NULL)
        return 0;
    size_t count = 0;
    breakdown->items = calloc(stats->main_count, sizeof(breakdown->items[0]));
    if (breakdown->items == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to take gains apart");
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *kept = &stats->cells[i];
        const struct four_cells cells = {
            .alone_fresh = base,
            .alone_kept = find_with(stats, base, kept->cell->connections),
            .fresh = find_with(stats, kept, CONNECTIONS_FRESH),
            .kept = kept,
        };
        if (kept->cell->connections == CONNECTIONS_FRESH || !kept->is_sound || cells.alone_kept == NULL ||
            cells.fresh == NULL)
            continue;
        if (estimate_gain(&cells, &breakdown->items[count++], error) != 0) {
            speedup_breakdown_release(breakdown);
            return -1;
        }
    }
    breakdown->count = count;
    if (count > 0) {
        breakdown->base = base;
        describe(breakdown);
    }
    return 0;
}

void speedup_breakdown_release(struct speedup_breakdown *breakdown)
{
    free(breakdown->items);
    *breakdown = (struct speedup_breakdown){0};
}
