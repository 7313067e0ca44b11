#ifndef CONC_BENCH_CLI_OPTIONS_H
#define CONC_BENCH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conc_bench/analysis/assertion.h"
#include "conc_bench/base/arrivals.h"
#include "conc_bench/base/clock.h"
#include "conc_bench/base/error.h"
#include "conc_bench/base/objective.h"
#include "conc_bench/base/tolerance.h"
#include "conc_bench/client/client.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/origin/origin.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/sample.h"
#include "conc_bench/workload/check.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/share.h"

/*
 * The command line: names, defaults, ranges and help of every option, in one table. It knows that modes exist (it asks
 * the registry) and that arguments with "://" are URLs, but opens no file except that of --config.
 */

/* The number of worker counts from which on a mode is swept, and one of them chosen. */
enum { SWEPT_FROM = 3 };

/* The formats a result can be exported in. */
enum export_format {
    EXPORT_JSON,
    EXPORT_CSV,
    EXPORT_REQUESTS_CSV,
    EXPORT_URLS_CSV,
    EXPORT_MARKDOWN,
    EXPORT_HTML,
    EXPORT_JUNIT,
    EXPORT_TRACE,
    EXPORT_COUNT,
};

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

enum color_policy { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum { WORKERS_MAX = 100000, CELLS_MAX = 256, CLIENTS_MAX = 32, MODES_MAX = 16, RATES_MAX = 32 };

struct options {
    /* workload */
    const struct mode *modes[MODES_MAX + CLIENTS_MAX]; /* in the order given, without repeats, clients last */
    size_t mode_count;
    struct client *clients; /* --client; owned, CLIENTS_MAX of them */
    size_t client_count;
    enum client_shell client_shell;
    bool show_output;     /* of clients */
    uint32_t workers[64]; /* in the order given, without repeats */
    size_t worker_count;
    uint32_t machines[64]; /* --machines, as the workers */
    size_t machine_count;  /* 0: not given */
    uint32_t copies;       /* of each cell, as if they were different: what tells them apart is a false alarm */
    double handicap;       /* added to the origin's latency for every copy but the first, as a share */
    bool workers_auto;     /* searched; `workers` then only holds a 1 */
    uint32_t repeat;       /* the whole list this many times */
    bool shuffle;          /* --order shuffle */
    enum split_policy split;
    nanoseconds cpu_work;
    bool is_repeat_given;
    struct arrivals arrivals; /* --arrivals, --max-late; the rate is the highest of those that follow */
    double rates[RATES_MAX];  /* --rate, in the order given, without repeats */
    size_t rate_count;
    bool rate_auto;             /* searched; `rates` is empty */
    struct objective objective; /* of that search */

    /* experiment */
    uint32_t runs; /* rounds; the most of them when runs_auto */
    bool runs_auto;
    nanoseconds time_budget;
    bool is_time_budget_given; /* rather than the default */
    uint32_t warmup;
    enum connection_policy connections[CONNECTION_POLICY_COUNT]; /* in the order given, without repeats */
    size_t connection_count;
    uint64_t seed; /* drawn from the system when has_seed is false */
    bool has_seed;
    struct tolerance tolerance; /* of bodies of other sizes */
    nanoseconds deadline;       /* of one trial; 0: derived from the plan */
    bool isolate;
    nanoseconds *script; /* --script, for mode null; owned */
    size_t script_count;

    /* request */
    struct transfer_policy transfer;
    struct request_options request;
    struct check_list checks; /* --check; owned, the texts point into argv */
    char *config_values;      /* the memory of options' texts that come from --config; owned, wiped */
    uint32_t max_per_host;    /* downloads at once that a public host may get */

    /* origin */
    bool use_origin;
    struct origin_options origin;

    /* results */
    const char *exports[EXPORT_COUNT]; /* NULL: none; "-": standard output */
    const char *import_json;           /* report on this document instead of running; NULL: run */
    enum sample_policy samples;
    bool per_url;         /* --per-url, or an export that is about URLs */
    struct format format; /* but for colour and width, which depend on the terminal */
    enum color_policy color;
    bool quiet;
    bool details; /* everything that is known, not only what answers the question */
    bool no_progress;
    bool allow_failures;

    /* verdict */
    struct assertion *assertions; /* --assert; owned */
    const char **assertion_texts; /* as written; owned, the texts point into argv */
    size_t assertion_count;
    const char **baselines; /* earlier JSON documents, or folders of them; owned, the texts point into argv */
    size_t baseline_count;
    double max_slowdown;   /* against the baseline, a share */
    bool force_baseline;   /* compare what is not comparable */
    bool strict;           /* inconclusive results are failures, too */
    const char *reference; /* the name of a mode or client; NULL: that of the document */

    /* what to do instead of a run */
    bool show_help;
    bool show_version;
    bool show_completion;
    enum shell shell; /* to complete for */
    bool dry_run;

    /* list files ("-": standard input) and URLs, in the order given; they point into argv */
    const char **inputs;
    size_t input_count;

    /* the files that all of this was read from, for other machines to read, too */
    char **arguments;
    int argument_count;
};

/* Reads the command line, and then the file of --config. `options` is zero but for request.files. Before that file is
 * opened, `check_files` is asked whether it may be, with what the command line says (-1: no, with an error). -1 with
 * ERROR_USAGE and a sentence that names the option and the way out. On success and on failure alike, release
 * afterwards. */
int options_parse(int argc, char **argv, int (*check_files)(const struct options *options, struct error *error),
                  struct options *options, struct error *error);
void options_release(struct options *options);

/* Returns whether an argument is a URL rather than a file: it holds "://". */
bool options_is_url(const char *argument);

/* The name of the option that asks for a format, without its dashes. */
const char *options_name_export(enum export_format format);

/* The help text, grouped as in the table. */
void options_print_help(FILE *stream);

/* Completions for a shell, from the same table: to be sourced by bash, put into zsh's fpath as _conc-bench, or into
 * fish's folder of completions. */
void options_print_completion(FILE *stream, enum shell shell);

#endif
