#include "conc_bench/session/session.h"

#include <stdlib.h>

#include "conc_bench/analysis/run_totals.h"
#include "conc_bench/http/preflight.h"
#include "conc_bench/report/dry_run.h"
#include "conc_bench/report/report.h"
#include "session_state.h"

static int report(struct session *session, bool is_without_figures, struct error *error)
{
    struct run_totals totals;
    const struct report_request request = {
        .options = session->options,
        .run = &session->run,
        .totals = &totals,
        .is_without_figures = is_without_figures,
        .baseline = session->baseline.count > 0 ? &session->baseline : NULL,
    };
    if (session->run.cell_count == 0)
        return 0;
    if (run_totals_make(&session->run, session->options->per_url, &totals, error) != 0)
        return -1;
    run_release_samples(&session->run, session->options->samples);
    int status = report_write(&request, error);
    run_totals_release(&totals);
    return status;
}

void session_init(struct session *session, const struct options *options)
{
    *session = (struct session){.options = options, .policy = options->transfer};
    session->policy.buffer_bytes = transfer_buffer_bytes(&options->transfer, options->request.accepts_compressed);
    url_list_init(&session->urls);
}

void session_release(struct session *session)
{
    progress_release(&session->progress);
    run_release(&session->run);
    baseline_release(&session->baseline);
    plan_release(&session->plan);
    origin_stop(session->origin);
    clients_release(session);
    pins_release(&session->pins);
    free(session->warm_urls);
    target_list_release(&session->targets);
    free(session->unresolved);
    resolutions_release(&session->resolutions);
    url_list_release(&session->urls);
    request_release(&session->request);
}

/* Reads the baseline before anything is run: a gate that cannot work must not cost minutes first. */
static int read_baseline(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (baseline_read(options->baselines, options->baseline_count, &session->run, options->force_baseline,
                      &session->baseline, error) != 0)
        return -1;
    if (session->baseline.note[0] != '\0')
        run_warn(&session->run, "%s", session->baseline.note);
    if (session->baseline.count == 0)
        return 0;
    for (size_t i = 0; i < session->plan.cell_count; i++) {
        const struct plan_cell *cell = &session->plan.cells[i];
        if (options->workers_auto || baseline_find(&session->baseline, cell->mode->name, cell->workers) != NULL)
            return 0;
    }
    return error_set(error, ERROR_USAGE,
                     "the baseline %s has none of the modes and numbers of workers that would be run",
                     options->baselines[0]);
}

static int prepare(struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (session_check_files(options, error) != 0)
        return -1;
    if (!options->dry_run && report_check(options, error) != 0)
        return -1;
    if (machines_check(session, error) != 0 || request_load(&options->request, &session->request, error) != 0)
        return -1;
    if (preflight_check_library(&session->request, error) != 0)
        return -1;
    if (setup_list(session, error) != 0 || setup_room(session, error) != 0)
        return -1;
    if (!options->dry_run && (setup_names(session, error) != 0 || setup_origin(session, error) != 0))
        return -1;
    if (setup_plan(session, error) != 0)
        return -1;
    if (!options->dry_run && setup_targets(session, error) != 0)
        return -1;
    if (setup_host_limits(session, error) != 0)
        return -1;
    if (!options->dry_run && trials_rehearse(session, error) != 0)
        return -1;
    if (setup_warm_urls(session, error) != 0)
        return -1;
    if (description_fill(session, error) != 0)
        return -1;
    clients_tell_limits(session);
    if (read_baseline(session, error) != 0)
        return -1;
    if (options->dry_run)
        return 0;
    if (machines_send_plan(session, error) != 0)
        return -1;
    setup_tell_cost(session);
    return 0;
}

static void write_dry_run(const struct session *session)
{
    const struct options *options = session->options;
    char cost[1024];
    cost_describe(session, true, cost, sizeof(cost));
    if (options->rate_auto)
        dry_run_write_search(stdout, &session->plan, cost);
    else if (options->workers_auto || options->worker_count >= SWEPT_FROM)
        dry_run_write_choice(stdout, &session->plan, options->workers_auto, cost);
    else
        dry_run_write(stdout, &session->plan, cost);
}

int session_run(const struct options *options, struct error *error)
{
    struct session session;
    session_init(&session, options);
    progress_init(&session.progress, stderr, !options->quiet && !options->no_progress);
    int status = prepare(&session, error);
    if (status == 0 && options->dry_run) {
        write_dry_run(&session);
    } else if (status == 0) {
        status = trials_run(&session, error);
        struct error report_error = {0};
        int analysis = report(&session, status != 0 && error->kind == ERROR_SERVERS, &report_error);
        /* The first failure is the one to tell. */
        if (status == 0) {
            status = analysis;
            *error = report_error;
        }
    }
    session_release(&session);
    return status;
}
