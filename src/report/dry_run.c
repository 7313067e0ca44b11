#include "conc_bench/report/dry_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/client/client.h"
#include "conc_bench/run/sample.h"
#include "conc_bench/workload/host_name.h"

static void write_order(FILE *stream, const struct plan *plan, uint32_t round, uint32_t *order)
{
    uint32_t warmups = plan->request.warmup_rounds;
    if (round < warmups)
        fprintf(stream, "warm-up %" PRIu32 ":", round + 1);
    else
        fprintf(stream, "round %" PRIu32 ":", round - warmups + 1);
    plan_order(plan, round, order);
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *cell = &plan->cells[order[i]];
        char name[32];
        fprintf(stream, " %s/%" PRIu32, plan_cell_name(cell, name, sizeof(name)), cell->workers);
    }
    fputc('\n', stream);
}

/* International names are asked for in their ASCII form. */
static void write_names(FILE *stream, const struct url_list *urls)
{
    enum { SHOWN = 10 };
    size_t found = 0;
    size_t next = 0; /* hosts are numbered in the order of the first URLs that have them */
    for (size_t i = 0; i < urls->url_count; i++) {
        char spelling[256];
        if (urls->url_hosts[i] != next)
            continue;
        const struct url_host *name = &urls->hosts[next++];
        const char *host = strchr(urls->texts[i], ':') + 1;
        host += strspn(host, "/"); /* libcurl takes any number of them */
        size_t length = strcspn(host, ":/?#");
        if (host_name_is_ascii(host, length) || ++found > SHOWN)
            continue;
        fprintf(stream, "%s is asked for as %.*s\n", text_escape(spelling, sizeof(spelling), host, length),
                (int)name->name_length, name->name);
    }
    if (found > SHOWN)
        fprintf(stream, "%zu more hosts are asked for in their ASCII form\n", found - SHOWN);
}

static void write_escaped(FILE *stream, const char *text)
{
    struct text_buffer shown = {0};
    text_buffer_add_escaped(&shown, text, strlen(text));
    fputs(text_buffer_text(&shown), stream);
    text_buffer_release(&shown);
}

static void write_part(void *context, const char *part)
{
    FILE *stream = context;
    fputs("    ", stream);
    write_escaped(stream, part);
    fputc('\n', stream);
}

static void write_requests(FILE *stream, const struct url_list *urls)
{
    enum { SHOWN = 20 };
    if (urls->first_request.file == NULL)
        return;
    for (uint32_t i = 0; i < urls->url_count && i < SHOWN; i++) {
        const struct message *message = url_message(urls, i);
        fprintf(stream, "  %s ", message != NULL ? message_method(message) : "GET");
        write_escaped(stream, url_text(urls, i));
        fputc('\n', stream);
        if (message != NULL)
            message_describe(message, write_part, stream);
    }
    if (urls->url_count > SHOWN)
        fprintf(stream, "  and %zu more requests\n", urls->url_count - SHOWN);
}

/* The command of each client, as it would be run; with several numbers of workers, with each. */
static void write_clients(FILE *stream, const struct plan *plan)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        const struct plan_cell *cell = &plan->cells[i];
        const struct client *client = client_of(cell->mode);
        if (client == NULL || cell->copy > 0)
            continue;
        char *command = client_describe(client, "/tmp/conc-bench.XXXXXX/list", cell->workers, plan->unit_count);
        if (command == NULL)
            continue;
        struct text_buffer shown = {0};
        text_buffer_add_escaped(&shown, command, strlen(command));
        fprintf(stream, "%s/%" PRIu32 " is: %s\n", client->name, cell->workers, text_buffer_text(&shown));
        text_buffer_release(&shown);
        free(command);
    }
}

static void write_rates(FILE *stream, const struct plan *plan)
{
    const struct plan_request *request = &plan->request;
    const char *arrivals = arrival_process_names[request->arrivals.process];
    if (request->is_rate_search)
        fprintf(stream, "they fall due at rates that are searched (%s)\n", arrivals);
    else if (request->rate_count == 1)
        fprintf(stream, "they fall due at %s/s (%s), over %s s in each trial\n", NUMBER(6, request->rates[0]), arrivals,
                NUMBER(3, clock_seconds(plan_span(plan, request->rates[0]))));
    for (size_t i = 0; i < request->rate_count && request->rate_count > 1; i++)
        fprintf(stream, "at %s/s (%s) %" PRIu32 " fall due, over %s s\n", NUMBER(6, request->rates[i]), arrivals,
                plan_units(plan, request->rates[i]), NUMBER(3, clock_seconds(plan_span(plan, request->rates[i]))));
}

static void write_workload(FILE *stream, const struct plan *plan, const char *cost)
{
    const struct plan_request *request = &plan->request;
    fprintf(stream, "%s%" PRIu32 " download%s of %zu %s%s on %zu host%s in each trial, %s\n",
            plan_has_rates(request) ? "up to " : "", plan->unit_count, text_plural(plan->unit_count),
            request->urls->url_count, request->urls->first_request.file != NULL ? "request" : "URL",
            text_plural(request->urls->url_count), request->urls->host_count, text_plural(request->urls->host_count),
            request->shuffle ? "in shuffled order" : "in list order");
    write_rates(stream, plan);
    write_names(stream, request->urls);
    write_requests(stream, request->urls);
    if (cost[0] != '\0')
        fprintf(stream, "%s\n", cost);
    write_clients(stream, plan);
}

void dry_run_write_choice(FILE *stream, const struct plan *plan, bool is_search, const char *cost)
{
    write_workload(stream, plan, cost);
    fprintf(stream, is_search ? "first a search for the number of workers of" : "first a sweep of");
    for (size_t i = 0; i < plan->cell_count; i++) {
        char name[32];
        fprintf(stream, " %s", plan_cell_name(&plan->cells[i], name, sizeof(name)));
        if (!is_search)
            fprintf(stream, "/%" PRIu32, plan->cells[i].workers);
    }
    fprintf(stream, ",\nthen each mode with the number that is enough, in rounds of their own; seed %" PRIu64 "\n",
            plan->request.seed);
}

void dry_run_write_search(FILE *stream, const struct plan *plan, const char *cost)
{
    write_workload(stream, plan, cost);
    fputs("a search for the highest rate of", stream);
    for (size_t i = 0; i < plan->cell_count; i++) {
        char name[32];
        fprintf(stream, " %s/%" PRIu32, plan_cell_name(&plan->cells[i], name, sizeof(name)), plan->cells[i].workers);
    }
    fprintf(stream, ",\nthen of each mode rounds of that rate and the next one; seed %" PRIu64 "\n",
            plan->request.seed);
}

/* Tells what would be held in memory until the end. */
static void write_memory(FILE *stream, const struct plan *plan)
{
    char size[32];
    const struct plan_request *request = &plan->request;
    uint64_t rounds = (uint64_t)request->rounds + request->warmup_rounds;
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        bytes += sample_memory(plan_units(plan, plan->cells[i].rate), rounds, request->samples_kept);
    number_format_size(size, sizeof(size), (double)bytes);
    fprintf(stream, "samples of all trials take up to %s of memory\n", size);
}

void dry_run_write(FILE *stream, const struct plan *plan, const char *cost)
{
    const struct plan_request *request = &plan->request;
    write_workload(stream, plan, cost);
    fprintf(stream, "%zu cell%s, %" PRIu32 " warm-up and ", plan->cell_count, text_plural(plan->cell_count),
            request->warmup_rounds);
    if (request->time_budget > 0)
        fprintf(stream, "up to %" PRIu32 " measured round%s within %s s, seed %" PRIu64 "\n", request->rounds,
                text_plural(request->rounds), NUMBER(3, clock_seconds(request->time_budget)), request->seed);
    else
        fprintf(stream, "%" PRIu32 " measured round%s, seed %" PRIu64 "\n", request->rounds,
                text_plural(request->rounds), request->seed);
    write_memory(stream, plan);
    if (plan_has_rates(request)) {
        fputs("the first round goes upwards, and leaves out what is at twice a rate that was clearly missed\n", stream);
        return;
    }
    uint32_t *order = calloc(plan->cell_count, sizeof(*order));
    for (uint32_t round = 0; order != NULL && round < request->warmup_rounds + request->rounds; round++)
        write_order(stream, plan, round, order);
    free(order);
}
