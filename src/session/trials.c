#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/subprocess.h"
#include "conc_bench/base/text.h"
#include "conc_bench/http/preflight.h"
#include "conc_bench/run/experiment.h"
#include "conc_bench/run/fleet_follow.h"
#include "conc_bench/run/interrupt.h"
#include "conc_bench/run/runner.h"
#include "conc_bench/workload/host_limits.h"
#include "session_state.h"

/* The interval at which a pause looks for a signal. */
#define PAUSE_TICK (100 * NANOSECONDS_PER_MILLISECOND)

/* Pauses after a public server has asked for one; the user's own servers are left alone. */
static void note_refusals(struct session *session, const struct trial *trial)
{
    uint32_t longest = 0;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        uint32_t seconds = sample_retry_after(sample);
        longest = seconds > longest ? seconds : longest;
    }
    session->pause = host_limits_pause(trial->summary.refused, longest, session->refusals);
    session->refusals = trial->summary.refused > 0 ? session->refusals + 1 : 0;
}

/* Called between trials, where no clock is running. */
static void spare_server(struct session *session)
{
    nanoseconds begin = clock_now();
    nanoseconds end = begin + session->pause;
    for (nanoseconds left = session->pause; left > 0 && interrupt_signal() == 0; left = end - clock_now()) {
        progress_show(&session->progress, -1, "the server asks to be left alone, %.0f s more", clock_seconds(left));
        interrupt_wait(-1, left < PAUSE_TICK ? left : PAUSE_TICK);
    }
    if (session->pause > 0)
        session->paused += clock_now() - begin;
    session->pause = 0;
}

static int before_trial(void *context, const struct plan_cell *cell, struct error *error)
{
    struct session *session = context;
    const struct options *options = session->options;
    spare_server(session);
    if (session->origin == NULL)
        return 0;
    if (client_of(cell->mode) != NULL) {
        if (clients_open_trial(session, error) != 0)
            return -1;
    } else if (origin_reset(session->origin, error) != 0) {
        return -1;
    }
    double factor = cell->copy > 0 ? 1 + options->handicap : 1;
    nanoseconds latency = (nanoseconds)((double)options->origin.latency * factor);
    if (options->handicap != 0 && origin_set_latency(session->origin, latency, error) != 0)
        return -1;
    return machines_reset_origins(session, latency, error);
}

/* Copies all paths or, where there are too many, none: some of them would look like unequal work. */
static int copy_paths(struct trial_origin_counts *origin_counts, const struct origin_path_count *paths, uint32_t count,
                      struct error *error)
{
    if (count > WITNESS_URLS_MAX)
        return 0;
    origin_counts->urls = calloc((size_t)count + 1, sizeof(origin_counts->urls[0]));
    origin_counts->url_requests = calloc((size_t)count + 1, sizeof(origin_counts->url_requests[0]));
    bool has_memory = origin_counts->urls != NULL && origin_counts->url_requests != NULL;
    for (uint32_t i = 0; i < count && has_memory; i++) {
        origin_counts->urls[i] = strdup(paths[i].url);
        has_memory = origin_counts->urls[i] != NULL;
        origin_counts->url_requests[i] = paths[i].requests;
        origin_counts->url_count += has_memory;
    }
    return has_memory ? 0 : error_set(error, ERROR_ENVIRONMENT, "no memory for what the origin saw");
}

/* Tells of a failed client at once: whoever mistyped a command need not wait for the report. */
static void tell_of_failed_client(struct session *session, const struct trial *trial)
{
    bool has_failed = trial->status != TRIAL_COMPLETE && trial->status != TRIAL_INTERRUPTED;
    char reason[4 * sizeof(trial->reason)];
    if (!trial->client.is_present || !has_failed || session->options->quiet)
        return;
    text_escape(reason, sizeof(reason), trial->reason, strlen(trial->reason));
    progress_note(&session->progress, stderr, "Note: %s %s: %s.", session->client, trial_status_name(trial->status),
                  reason);
}

static int after_trial(void *context, struct trial *trial, struct error *error)
{
    struct session *session = context;
    if (session->is_measuring)
        progress_end_trial(&session->progress, trial);
    if (session->is_public && trial->table != NULL)
        note_refusals(session, trial);
    tell_of_failed_client(session, trial);
    struct origin_totals counts;
    struct origin_path_count *paths = NULL;
    if (session->origin == NULL)
        return 0;
    /* Without an origin, what an interrupted trial has done still stands. */
    if (origin_read_counts(session->origin, &counts, &paths, error) != 0)
        return interrupt_signal() != 0 ? 0 : -1;
    int status = copy_paths(&trial->origin_counts, paths, counts.paths, error);
    origin_path_counts_release(paths, counts.paths);
    if (status == 0 && machines_add_counts(session, &counts, &trial->origin_counts, error) != 0)
        return interrupt_signal() != 0 ? 0 : -1;
    session->strangers = counts.strangers;
    trial_host_exclude(&trial->host, counts.cpu);
    trial->origin_counts.is_present = true;
    trial->origin_counts.requests = counts.requests;
    trial->origin_counts.connections = counts.connections;
    trial->origin_counts.peak_in_flight = counts.peak_in_flight;
    return status;
}

static void show_position(void *context, const struct runner_position *position)
{
    struct session *session = context;
    char name[32];
    plan_cell_name(position->cell, name, sizeof(name));
    session->client = position->cell->mode->name;
    session->is_measuring = !position->is_warmup;
    if (session->progress.stream == NULL)
        return;
    double rate = position->cell->rate > 0 ? position->cell->rate : session->options->rate_auto ? NAN : 0;
    progress_begin_trial(&session->progress, &session->options->format, session->run.reference, name,
                         position->cell->workers, rate);
    char what[64] = "";
    snprintf(what, sizeof(what), "looking for the %s",
             session->options->rate_auto ? "highest rate" : "number of workers");
    if (!position->is_choosing)
        snprintf(what, sizeof(what), "%s %" PRIu32 " of %" PRIu32, position->is_warmup ? "warm-up" : "round",
                 position->round + 1, position->rounds);
    char done[80] = "";
    /* The downloads of a client are known when it has ended. */
    if (client_of(position->cell->mode) == NULL)
        snprintf(done, sizeof(done), ", %" PRIu32 " of %" PRIu32 " downloads", position->settled,
                 position->downloads / (position->cell->machines > 1 ? position->cell->machines : 1));
    if (plan_has_rates(&session->plan.request) && position->cell->rate > 0)
        text_append(done, sizeof(done), " at %s/s", NUMBER(6, position->cell->rate));
    if (position->waiting > 0)
        text_append(done, sizeof(done), ", %" PRIu32 " waiting", position->waiting);
    progress_show(&session->progress, position->fraction, "%s: %s/%" PRIu32 "%s", what, name, position->cell->workers,
                  done);
}

/* Assertions, a baseline, and what a mode gains by its connections or by more machines are about every round. */
static bool is_needed(void *context, const struct run_cell *cell)
{
    const struct session *session = context;
    const struct options *options = session->options;
    if (options->connection_count > 1 || options->machine_count > 1)
        return true;
    if (options->baseline_count > 0 && baseline_find(&session->baseline, cell->mode, cell->workers) != NULL)
        return true;
    for (size_t i = 0; i < options->assertion_count; i++) {
        const struct assertion *assertion = &options->assertions[i];
        for (size_t j = 0; j < assertion->operand_count; j++) {
            const struct assertion_operand *operand = &assertion->operands[j];
            bool is_named = strcmp(operand->mode, "*") == 0 || cell_has_name(cell, operand->mode);
            if (is_named && (operand->workers == 0 || operand->workers == cell->workers))
                return true;
        }
    }
    return false;
}

/* Said at once, and again in the report. */
static void note(void *context, const char *sentence)
{
    struct session *session = context;
    run_warn(&session->run, "%s", sentence);
    if (!session->options->quiet)
        progress_note(&session->progress, stderr, "Note: %s.", sentence);
}

static struct transfer_plan describe_transfers(const struct session *session)
{
    return (struct transfer_plan){
        .policy = &session->plan.request.transfer,
        .request = &session->request,
        .targets = &session->targets,
        .pins = &session->pins,
        .checks = &session->options->checks,
        .listed_urls = session->urls.texts,
        .listed_names = session->urls.names != NULL ? session->urls.names : session->urls.texts,
    };
}

static int run_preflight(void *context, struct error *error)
{
    return preflight_run(context, error);
}

/* This process is to hold no state of libcurl when it forks: see trial.c. */
int trials_rehearse(struct session *session, struct error *error)
{
    struct transfer_plan transfer = describe_transfers(session);
    if (session_is_scripted(session->options) || !preflight_is_needed(&session->request))
        return 0;
    progress_show(&session->progress, -1, "trying certificates and proxies");
    return subprocess_run(run_preflight, &transfer, error);
}

/* Clocks go on while the processes are stopped, by Ctrl-Z for one. A run that was ended has another reason for
 * distrust, and a terminal that is closed sends SIGCONT along. */
static void warn_of_pauses(struct run *run)
{
    int pauses = interrupt_continuations();
    if (pauses > 0 && interrupt_signal() == 0)
        run_warn(run, "The run was stopped and continued (SIGCONT) %d time%s: times of its rounds include the pause",
                 pauses, pauses == 1 ? "" : "s");
}

static void warn_of_strangers(struct session *session)
{
    if (session->strangers > 0)
        run_warn(&session->run,
                 "%" PRIu64 " request%s of other programs came to the origin's port: refused, and not counted",
                 session->strangers, session->strangers == 1 ? "" : "s");
}

/* Describes the experiment, but for the run that it fills. */
static struct experiment describe_experiment(const struct session *session)
{
    const struct options *options = session->options;
    return (struct experiment){
        .plan = &session->plan,
        .is_auto = options->runs_auto,
        .is_budget_given = options->is_time_budget_given,
        .allows_failures = options->allow_failures,
        .is_sweep = options->worker_count >= SWEPT_FROM && !options->rate_auto && options->rate_count < 2,
        .is_search = options->workers_auto,
        .most_workers = session->most_workers,
    };
}

uint64_t trials_most(const struct session *session)
{
    const struct experiment experiment = describe_experiment(session);
    return experiment_trials(&experiment);
}

nanoseconds trials_time_most(const struct session *session)
{
    const struct experiment experiment = describe_experiment(session);
    return experiment_time_most(&experiment);
}

static struct mode_job describe_job(const struct session *session, const struct transfer_plan *transfer)
{
    const struct plan_request *request = &session->plan.request;
    return (struct mode_job){
        .transfer = transfer,
        .unit_urls = session->plan.unit_urls,
        .max_late = request->arrivals.max_late,
        .warm_urls = session->warm_urls,
        .warm_url_count = session->warm_url_count,
        .cores = (uint32_t)ceil(run_usable_cores(&session->run)),
        .cpu_work = request->cpu_work,
        .script = request->script,
        .script_count = request->script_count,
        .setting = session->clients.folder != NULL ? &session->clients.setting : NULL,
    };
}

int trials_follow(struct session *session, int *status, struct error *error)
{
    const struct transfer_plan transfer = describe_transfers(session);
    const struct mode_job job = describe_job(session, &transfer);
    if (interrupt_install(error) != 0)
        return -1;
    const struct fleet_follow_hooks hooks = {.answer = machines_answer, .context = session};
    int result = fleet_follow(&session->plan, &job, &session->run, &hooks, status, error);
    interrupt_restore();
    return result;
}

int trials_run(struct session *session, struct error *error)
{
    const struct transfer_plan transfer = describe_transfers(session);
    const struct experiment_hooks hooks = {
        .context = session,
        .before_trial = before_trial,
        .settle = clients_settle,
        .after_trial = after_trial,
        .progress = show_position,
        .is_needed = is_needed,
        .note = note,
    };
    struct experiment experiment = describe_experiment(session);
    experiment.hooks = &hooks;
    experiment.run = &session->run;
    machines_add_up(session);
    if (interrupt_install(error) != 0)
        return -1;
    int status = clients_open(session, error);
    const struct mode_job job = describe_job(session, &transfer);
    experiment.job = &job;
    if (status == 0)
        status = experiment_run(&experiment, error);
    clients_close(session);
    if (session->paused > 0)
        run_warn(&session->run, "The server refused downloads (429 or 503) and was left alone for %.0f s in all",
                 clock_seconds(session->paused));
    warn_of_strangers(session);
    warn_of_pauses(&session->run);
    machines_warn(session);
    interrupt_restore();
    progress_clear(&session->progress);
    return status;
}
