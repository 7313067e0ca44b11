#include "conc_bench/workload/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/random.h"

/* Streams of the one seed, so that changing one thing does not reshuffle another. */
enum { STREAM_UNITS = 0, STREAM_FIRST_ROUND = 1, STREAMS_OF_A_STAGE = 1 << 20, STREAM_BLOCKS = 1 << 19 };

/* With two cells a block would be two rounds, AB and BA: the cell that comes first in one comes last in the other, so
 * that an effect of the place gives their ratios opposite signs. Tests take rounds to be independent, and would find
 * 6.3 % differences among equals instead of 4.7 %. With more cells than the most a block would be longer than any
 * run. */
enum { CELLS_BALANCED_MIN = 3, CELLS_BALANCED_MAX = 64 };

/* Downloads and seconds that a trial at a rate takes at least, or its figures say little; and the seconds of one where
 * there are several rates, none of which the list is made for. */
enum { DUE_MIN = 100, DUE_SECONDS_MIN = 1, DUE_SECONDS = 2 };

/* The least of a search, whose slow modes would take most of its time otherwise. */
enum { SEARCH_DUE_MIN = 30 };

bool plan_has_rates(const struct plan_request *request)
{
    return request->is_rate_search || request->rate_count > 1;
}

static double units_at(const struct plan_request *request, double rate)
{
    double least = request->is_rate_search ? (double)SEARCH_DUE_MIN : fmax(DUE_MIN, request->least_units);
    return fmax(least, ceil((double)DUE_SECONDS * rate));
}

uint32_t plan_units(const struct plan *plan, double rate)
{
    if (!plan_has_rates(&plan->request) || rate == 0)
        return plan->unit_count;
    return (uint32_t)fmin(units_at(&plan->request, rate), plan->unit_count);
}

nanoseconds plan_span(const struct plan *plan, double rate)
{
    return rate > 0 ? (nanoseconds)((plan_units(plan, rate) - 1) / rate * (double)NANOSECONDS_PER_SECOND) : 0;
}

uint64_t plan_count_units(const struct plan_request *request)
{
    double most = request->is_rate_search ? units_at(request, RATE_SEARCHED_MAX) : 0;
    if (!plan_has_rates(request))
        return request->urls->downloads * request->repeat;
    /* This avoids fmax(3): gcc 12 cannot compile such a loop for arm64. */
    for (size_t i = 0; i < request->rate_count; i++) {
        double units = units_at(request, request->rates[i]);
        most = units > most ? units : most;
    }
    return request->urls->downloads > 0 ? (uint64_t)most : 0;
}

/* The number of times each unit stands in the plan. */
static uint32_t count_times(const struct plan_request *request)
{
    return request->split == SPLIT_NONE && request->machines > 1 ? request->machines : 1;
}

/* Makes `times` neighbours of each of the first units. From the end on, so that nothing is overwritten that is still to
 * be read. */
static void multiply_units(uint32_t *units, uint32_t count, uint32_t times)
{
    for (uint32_t unit = count; times > 1 && unit-- > 0;) {
        for (uint32_t i = 0; i < times; i++)
            units[unit * times + i] = units[unit];
    }
}

static int lay_out_units(struct plan *plan, struct error *error)
{
    const struct plan_request *request = &plan->request;
    uint64_t downloads = request->urls->downloads;
    uint32_t times = count_times(request);
    uint64_t total = plan_count_units(request) * times;
    if (total == 0)
        return error_set(error, ERROR_USAGE, "there is nothing to download");
    if (plan_has_rates(request) && total > URL_DOWNLOADS_MAX)
        return error_set(error, ERROR_USAGE,
                         "%" PRIu64 " downloads of a trial are more than the %" PRIu32
                         " that one run can hold: use lower rates, or a smaller --repeat",
                         total, URL_DOWNLOADS_MAX);
    bool is_overflown = !plan_has_rates(request) && total / times / request->repeat != downloads;
    if (total > URL_DOWNLOADS_MAX || is_overflown)
        return error_set(error, ERROR_USAGE,
                         "%" PRIu64 " downloads %" PRIu64 " times over are more than the %" PRIu32
                         " that one run can hold: use a smaller --repeat",
                         downloads, (uint64_t)request->repeat * times, URL_DOWNLOADS_MAX);
    plan->unit_count = (uint32_t)total;
    plan->unit_urls = calloc((size_t)total, sizeof(plan->unit_urls[0]));
    if (plan->unit_urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a plan of %" PRIu64 " downloads", total);
    uint32_t unit = 0;
    uint32_t base = plan->unit_count / times;
    for (size_t i = 0; i < request->urls->line_count; i++) {
        for (uint32_t n = 0; n < request->urls->lines[i].count && unit < base; n++)
            plan->unit_urls[unit++] = request->urls->lines[i].url;
    }
    for (uint32_t pass = unit; unit < base; unit++)
        plan->unit_urls[unit] = plan->unit_urls[unit - pass];
    if (request->shuffle) {
        struct random random = random_stream(request->seed, STREAM_UNITS);
        random_shuffle(&random, plan->unit_urls, unit);
    }
    multiply_units(plan->unit_urls, unit, times);
    return 0;
}

static bool has_cell(const struct plan *plan, const struct plan_cell *cell)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *other = &plan->cells[i];
        if (other->mode == cell->mode && other->workers == cell->workers && other->connections == cell->connections &&
            other->rate == cell->rate && other->machines == cell->machines)
            return true;
    }
    return false;
}

/* Adds all copies of a cell, unless they are there: a mode with one worker has one cell, however many worker counts are
 * swept. */
static void add_cell(struct plan *plan, struct plan_cell cell)
{
    if (has_cell(plan, &cell))
        return;
    /* A client's connections are its own, whatever becomes of others. */
    if ((cell.mode->traits & MODE_IS_CLIENT) != 0) {
        if (cell.connections != plan->request.connections[0])
            return;
        cell.is_named_by_connections = false;
    }
    for (cell.copy = 0; cell.copy < plan->request.copies; cell.copy++)
        plan->cells[plan->cell_count++] = cell;
}

static int lay_out_cells(struct plan *plan, struct error *error)
{
    const struct plan_request *request = &plan->request;
    size_t rates = request->rate_count > 0 ? request->rate_count : 1;
    size_t numbers = request->machine_number_count > 0 ? request->machine_number_count : 1;
    size_t kinds = request->connection_count * numbers;
    size_t most = request->mode_count * kinds * request->worker_count * request->copies * rates;
    plan->cells = calloc(most, sizeof(plan->cells[0]));
    if (plan->cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the plan");
    for (size_t i = 0; i < request->mode_count * kinds; i++) {
        const struct mode *mode = request->modes[i / kinds];
        for (size_t j = 0; j < request->worker_count * rates; j++)
            add_cell(plan, (struct plan_cell){
                               .mode = mode,
                               .workers = mode_workers(mode, request->workers[j / rates]),
                               .connections = request->connections[i % kinds / numbers],
                               .is_named_by_connections = request->connection_count > 1,
                               .machines = request->machine_number_count > 0 ? request->machine_numbers[i % numbers]
                                                                             : request->machines,
                               .is_named_by_machines = numbers > 1,
                               .rate = request->rate_count > 0 ? request->rates[j % rates] : 0,
                           });
    }
    return 0;
}

char *plan_cell_name(const struct plan_cell *cell, char *buffer, size_t size)
{
    char machines[16] = "", copy[16] = "";
    if (cell->is_named_by_machines)
        snprintf(machines, sizeof(machines), ":x%" PRIu32, cell->machines);
    if (cell->copy > 0)
        snprintf(copy, sizeof(copy), "#%" PRIu32, cell->copy + 1);
    snprintf(buffer, size, "%s%s%s%s%s", cell->mode->name, cell->is_named_by_connections ? ":" : "",
             cell->is_named_by_connections ? connection_policy_names[cell->connections] : "", machines, copy);
    return buffer;
}

/* A list that is gone through so many times must be enough for the one rate there is. */
static int check_length(const struct plan *plan, struct error *error)
{
    const struct plan_request *request = &plan->request;
    if (request->rate_count != 1)
        return 0;
    double needed = fmax(DUE_MIN, (double)DUE_SECONDS_MIN * request->rates[0]);
    if (plan->unit_count >= needed)
        return 0;
    double passes = ceil(needed / ((double)plan->unit_count / request->repeat));
    return error_set(error, ERROR_USAGE,
                     "%" PRIu32 " download%s at %s/s are too few to tell anything by, which takes %d of them and "
                     "%d s: use --repeat %.0f",
                     plan->unit_count, plan->unit_count == 1 ? "" : "s", NUMBER(6, request->rates[0]), DUE_MIN,
                     DUE_SECONDS_MIN, passes);
}

int plan_build(const struct plan_request *request, struct plan *plan, struct error *error)
{
    *plan = (struct plan){.request = *request};
    if (lay_out_units(plan, error) != 0 || check_length(plan, error) != 0 || lay_out_cells(plan, error) != 0) {
        plan_release(plan);
        return -1;
    }
    return 0;
}

int plan_build_stage(const struct plan *first, uint32_t stage, const struct plan_cell *cells, size_t cell_count,
                     struct plan *plan, struct error *error)
{
    *plan = *first;
    plan->request.stage = stage;
    plan->borrows_units = true;
    plan->cell_count = cell_count;
    plan->cells = calloc(cell_count, sizeof(plan->cells[0]));
    if (plan->cells == NULL) {
        *plan = (struct plan){0};
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the plan");
    }
    memcpy(plan->cells, cells, cell_count * sizeof(cells[0]));
    return 0;
}

void plan_release(struct plan *plan)
{
    if (!plan->borrows_units)
        free(plan->unit_urls);
    free(plan->cells);
    *plan = (struct plan){0};
}

static struct random stream(const struct plan *plan, uint64_t number)
{
    return random_stream(plan->request.seed, number + (uint64_t)plan->request.stage * STREAMS_OF_A_STAGE);
}

/* The number of rounds of a balanced block from `round` (0-based, measured) on; 0: too few are left. */
static uint32_t block_rounds(const struct plan *plan, uint32_t round)
{
    uint32_t cells = (uint32_t)plan->cell_count;
    uint32_t left = plan->request.rounds - round;
    if (cells < CELLS_BALANCED_MIN || left < cells)
        return 0;
    /* For an odd number of cells half a design is a Latin square: balanced by place, not by predecessor. */
    return cells % 2 == 0 || left < 2 * cells ? cells : 2 * cells;
}

/* Row `row` of Williams' design: 0, 1, n-1, 2, n-2, ... shifted by the row; rows from n on are mirrored. */
static void williams_row(uint32_t cells, uint32_t row, const uint32_t *names, uint32_t *order)
{
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t zigzag = i % 2 == 1 ? (i + 1) / 2 : (cells - i / 2) % cells;
        uint32_t place = row < cells ? i : cells - 1 - i;
        order[place] = names[(zigzag + row) % cells];
    }
}

static void count_up(uint32_t *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        items[i] = i;
}

/* A row of the block that begins with the measured round `first`: names and rows are dealt anew for each block. */
static void balanced_order(const struct plan *plan, uint32_t first, uint32_t rounds, uint32_t round, uint32_t *order)
{
    uint32_t names[CELLS_BALANCED_MAX];
    uint32_t rows[2 * CELLS_BALANCED_MAX];
    struct random random = stream(plan, STREAM_BLOCKS + first);
    count_up(names, (uint32_t)plan->cell_count);
    count_up(rows, rounds);
    random_shuffle(&random, names, plan->cell_count);
    random_shuffle(&random, rows, rounds);
    williams_row((uint32_t)plan->cell_count, rows[round - first], names, order);
}

void plan_order(const struct plan *plan, uint32_t round, uint32_t *order)
{
    uint32_t warmups = plan->request.warmup_rounds;
    uint32_t first = 0;
    if (round >= warmups && plan->cell_count <= CELLS_BALANCED_MAX) {
        uint32_t rounds;
        while ((rounds = block_rounds(plan, first)) > 0 && round - warmups >= first + rounds)
            first += rounds;
        if (rounds > 0) {
            balanced_order(plan, first, rounds, round - warmups, order);
            return;
        }
    }
    count_up(order, (uint32_t)plan->cell_count);
    struct random random = stream(plan, STREAM_FIRST_ROUND + round);
    random_shuffle(&random, order, plan->cell_count);
}

struct share plan_share(const struct plan *plan, uint32_t machines)
{
    return (struct share){
        .machines = machines,
        .unit_count = plan->unit_count,
        .split = plan->request.split,
        .seed = plan->request.seed,
    };
}

nanoseconds plan_deadline(const struct plan *plan, const struct plan_cell *cell)
{
    if (plan->request.deadline > 0)
        return plan->request.deadline;
    /* The time that every download may take, one after the other at each worker, and a minute for the rest: a trial
     * that is merely slow never gets there. */
    uint32_t machines = cell->machines > 1 ? cell->machines : 1;
    uint32_t units = plan_units(plan, cell->rate);
    nanoseconds waves = (units / machines + (units % machines > 0) + cell->workers - 1) / cell->workers;
    nanoseconds each = plan->request.transfer.max_time + plan->request.cpu_work_time * cell->workers;
    nanoseconds longest = INT64_MAX / 4;
    const struct transfer_policy *policy = &plan->request.transfer;
    if (policy->retries > 0)
        each += policy->retry_max_time +
                (policy->retry_delay > TRANSFER_LONGEST_PAUSE ? policy->retry_delay : TRANSFER_LONGEST_PAUSE);
    nanoseconds last_due = 2 * plan_span(plan, cell->rate); /* random arrivals may take longer than on average */
    return waves > longest / each ? longest : waves * each + last_due + 60 * NANOSECONDS_PER_SECOND;
}
