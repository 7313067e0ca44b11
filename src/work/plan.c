#include "conc_bench/plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "conc_bench/random.h"

/* Streams of the one seed, so that changing one thing does not reshuffle another. */
enum { STREAM_UNITS = 0, STREAM_FIRST_ROUND = 1 };

static int lay_out_units(struct plan *plan, struct error *error)
{
    const struct plan_request *request = &plan->request;
    uint64_t total = request->urls->downloads * request->repeat;
    if (total == 0)
        return error_set(error, ERROR_USAGE, "there is nothing to download");
    if (total > URL_DOWNLOADS_MAX || (request->repeat > 1 && total / request->repeat != request->urls->downloads))
        return error_set(error, ERROR_USAGE,
                         "%" PRIu64 " downloads %" PRIu32 " times over are more than the %" PRIu32
                         " that one run can hold: use a smaller --repeat",
                         request->urls->downloads, request->repeat, URL_DOWNLOADS_MAX);
    plan->unit_count = (uint32_t)total;
    plan->unit_urls = calloc((size_t)total, sizeof(plan->unit_urls[0]));
    plan->unit_texts = calloc((size_t)total, sizeof(plan->unit_texts[0]));
    if (plan->unit_urls == NULL || plan->unit_texts == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a plan of %" PRIu64 " downloads", total);
    uint32_t unit = 0;
    for (uint32_t pass = 0; pass < request->repeat; pass++) {
        for (size_t i = 0; i < request->urls->line_count; i++) {
            for (uint32_t n = 0; n < request->urls->lines[i].count; n++)
                plan->unit_urls[unit++] = request->urls->lines[i].url;
        }
    }
    if (request->shuffle) {
        struct random random = random_stream(request->seed, STREAM_UNITS);
        random_shuffle(&random, plan->unit_urls, plan->unit_count);
    }
    for (unit = 0; unit < plan->unit_count; unit++)
        plan->unit_texts[unit] = url_text(request->urls, plan->unit_urls[unit]);
    return 0;
}

static bool has_cell(const struct plan *plan, const struct mode *mode, uint32_t workers)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        if (plan->cells[i].mode == mode && plan->cells[i].workers == workers)
            return true;
    }
    return false;
}

static int lay_out_cells(struct plan *plan, struct error *error)
{
    const struct plan_request *request = &plan->request;
    plan->cells = calloc(request->mode_count * request->worker_count, sizeof(plan->cells[0]));
    if (plan->cells == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the plan");
    for (size_t i = 0; i < request->mode_count; i++) {
        for (size_t j = 0; j < request->worker_count; j++) {
            /* A mode with one worker has one cell, however many worker counts are swept. */
            uint32_t workers = mode_workers(request->modes[i], request->workers[j]);
            if (!has_cell(plan, request->modes[i], workers))
                plan->cells[plan->cell_count++] = (struct plan_cell){request->modes[i], workers};
        }
    }
    return 0;
}

int plan_build(const struct plan_request *request, struct plan *plan, struct error *error)
{
    *plan = (struct plan){.request = *request};
    if (lay_out_units(plan, error) != 0 || lay_out_cells(plan, error) != 0) {
        plan_release(plan);
        return -1;
    }
    return 0;
}

void plan_release(struct plan *plan)
{
    free(plan->unit_urls);
    free(plan->unit_texts);
    free(plan->cells);
    *plan = (struct plan){0};
}

void plan_order(const struct plan *plan, uint32_t round, uint32_t *order)
{
    for (uint32_t i = 0; i < plan->cell_count; i++)
        order[i] = i;
    struct random random = random_stream(plan->request.seed, STREAM_FIRST_ROUND + round);
    random_shuffle(&random, order, plan->cell_count);
}

nanoseconds plan_deadline(const struct plan *plan, const struct plan_cell *cell)
{
    if (plan->request.deadline > 0)
        return plan->request.deadline;
    /* As long as every download may take, one after the other at each worker, and a minute for the rest: a trial that
     * is merely slow never gets there. */
    nanoseconds waves = (plan->unit_count + cell->workers - 1) / cell->workers;
    nanoseconds each = plan->request.transfer.max_time + plan->request.cpu_work_time * cell->workers;
    nanoseconds longest = INT64_MAX / 4;
    return waves > longest / each ? longest : waves * each + 60 * NANOSECONDS_PER_SECOND;
}
