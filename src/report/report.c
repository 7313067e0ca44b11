#include "conc_bench/report/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/document/json.h"
#include "conc_bench/report/stream.h"
#include "csv.h"
#include "export.h"
#include "html.h"
#include "junit.h"
#include "markdown.h"
#include "terminal.h"
#include "trace.h"

/* The one place that knows all formats. */
static int (*const writers[EXPORT_COUNT])(FILE *stream, const struct run *run, const struct analysis *analysis,
                                          const struct format *format, struct error *error) = {
    [EXPORT_JSON] = json_write,         [EXPORT_CSV] = csv_write,           [EXPORT_REQUESTS_CSV] = csv_write_requests,
    [EXPORT_URLS_CSV] = csv_write_urls, [EXPORT_MARKDOWN] = markdown_write, [EXPORT_HTML] = html_write,
    [EXPORT_JUNIT] = junit_write,       [EXPORT_TRACE] = trace_write,
};

int report_check(const struct options *options, struct error *error)
{
    for (int i = 0; i < EXPORT_COUNT; i++) {
        if (options->exports[i] != NULL && export_check(options->exports[i], error) != 0)
            return -1;
    }
    return 0;
}

static int write_export(const struct report_request *request, int which, const struct analysis *analysis,
                        struct error *error)
{
    struct export export;
    if (export_open(request->options->exports[which], &export, error) != 0)
        return -1;
    if (writers[which](export.stream, request->run, analysis, &request->options->format, error) != 0) {
        export_abandon(&export);
        return -1;
    }
    return export_commit(&export, error);
}

/* One that fails does not keep the others from being written; the first failure is the one to tell. */
static int write_exports(const struct report_request *request, const struct analysis *analysis, struct error *error)
{
    int status = 0;
    for (int i = 0; i < EXPORT_COUNT; i++) {
        struct error failure = {0};
        if (request->options->exports[i] == NULL || write_export(request, i, analysis, &failure) == 0)
            continue;
        if (status == 0 && error != NULL)
            *error = failure;
        status = -1;
    }
    return status;
}

static bool is_output_taken(const struct options *options)
{
    for (int i = 0; i < EXPORT_COUNT; i++) {
        if (options->exports[i] != NULL && export_is_standard_output(options->exports[i]))
            return true;
    }
    return false;
}

/* The properties of the terminal, if standard output is one. Open MPI gives the processes of a run a terminal of their
 * own, wherever what they print goes in the end. */
static struct format look(const struct report_request *request)
{
    const struct options *options = request->options;
    struct format format = options->format;
    const char *refused = getenv("NO_COLOR");
    struct winsize size;
    bool is_launched = request->run->machine_count > 0 && options->import_json == NULL;
    bool is_terminal = !is_launched && isatty(STDOUT_FILENO) == 1;
    bool is_wanted = refused == NULL || refused[0] == '\0';
    format.is_coloured = options->color == COLOR_ALWAYS ||
                         (options->color == COLOR_AUTO && is_terminal && stream_is_screen(stdout) && is_wanted);
    if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        format.width = size.ws_col;
    return format;
}

/* The precedence of reasons is that of the README. */
static int exit_status(const struct report_request *request, const struct analysis *analysis)
{
    const struct run *run = request->run;
    const struct options *options = request->options;
    const struct validity *validity = &analysis->stats.validity;
    bool has_failed_trial = false;
    bool has_lost_trial = false;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            enum trial_status status = run->cells[i].trials[j].status;
            has_failed_trial |= status == TRIAL_FAILED;
            has_lost_trial |= status == TRIAL_CRASHED || status == TRIAL_HUNG || status == TRIAL_UNEQUAL;
        }
    }
    /* A signal or failure that an imported result reports happened to that run, not to this one. */
    if (has_failed_trial && options->import_json == NULL)
        return ERROR_ENVIRONMENT;
    if (run->interrupting_signal != 0 && options->import_json == NULL)
        return 128 + run->interrupting_signal;
    bool has_failures = validity->failures > 0 && !options->allow_failures;
    enum { INVALID = 3 };
    if (has_lost_trial || has_failures || !validity->is_valid)
        return INVALID;
    return assertion_results_status(analysis->assertion_results, analysis->assertion_result_count, options->strict);
}

int report_write(const struct report_request *request, struct error *error)
{
    struct analysis analysis = {0};
    const struct options *options = request->options;
    bool is_judged_anew = options->assertion_count > 0 || request->baseline != NULL;
    const struct analysis_request asked = {
        .assertions = options->assertions,
        .assertion_count = options->assertion_count,
        .baseline = request->baseline,
        .max_slowdown = options->max_slowdown,
        .assertion_results = request->assertion_results,
        .assertion_result_count = is_judged_anew ? 0 : request->assertion_result_count,
    };
    if (analysis_make(request->run, request->totals, &asked, &analysis, error) != 0)
        return -1;
    int status = 0;
    if (!is_output_taken(options) && !request->is_without_figures) {
        struct format format = look(request);
        status = (options->quiet     ? terminal_write_verdict
                  : options->details ? terminal_write_details
                                     : terminal_write_brief)(stdout, request->run, &analysis, &format, error);
        /* The report is flushed now, since a signal during the exports would lose it. */
        int failure = stream_settle(stdout);
        if (failure != 0 && status == 0)
            status = error_set_system(error, ERROR_ENVIRONMENT, failure, "cannot write to standard output");
    }
    if (write_exports(request, &analysis, status == 0 ? error : NULL) != 0)
        status = -1;
    if (status == 0)
        status = exit_status(request, &analysis);
    analysis_release(&analysis);
    return status;
}
