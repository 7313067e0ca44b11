#ifndef CONC_BENCH_CLI_OPTION_TABLE_H
#define CONC_BENCH_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/error.h"
#include "conc_bench/cli/options.h"

/* The table of options, which drives parsing, --help and completions alike. An option is one row and one field of
 * struct options. Private to src/options. */

/* The options in the order of --help. */
enum option_id {
    OPTION_MODE,
    OPTION_CLIENT,
    OPTION_CLIENT_SHELL,
    OPTION_WORKERS,
    OPTION_MACHINES,
    OPTION_REPEAT,
    OPTION_ORDER,
    OPTION_SPLIT,
    OPTION_CPU_WORK,
    OPTION_RATE,
    OPTION_SLO,
    OPTION_ARRIVALS,
    OPTION_MAX_LATE,
    OPTION_RUNS,
    OPTION_TIME_BUDGET,
    OPTION_WARMUP,
    OPTION_SEED,
    OPTION_CONNECTIONS,
    OPTION_TOLERATE,
    OPTION_NO_DIGEST,
    OPTION_COPIES,
    OPTION_HANDICAP,
    OPTION_DNS,
    OPTION_DEADLINE,
    OPTION_NO_ISOLATE,
    OPTION_SCRIPT,
    OPTION_HEADER,
    OPTION_USER_AGENT,
    OPTION_REQUEST,
    OPTION_HEAD,
    OPTION_DATA,
    OPTION_DATA_BINARY,
    OPTION_COMPRESSED,
    OPTION_COOKIES,
    OPTION_COOKIE,
    OPTION_LOCATION,
    OPTION_MAX_REDIRS,
    OPTION_MAX_TIME,
    OPTION_CONNECT_TIMEOUT,
    OPTION_MAX_FILESIZE,
    OPTION_LIMIT_RATE,
    OPTION_CHECK,
    OPTION_RETRY,
    OPTION_RETRY_DELAY,
    OPTION_RETRY_MAX_TIME,
    OPTION_MAX_PER_HOST,
    OPTION_INSECURE,
    OPTION_CACERT,
    OPTION_CAPATH,
    OPTION_CERT,
    OPTION_KEY,
    OPTION_TLSV1,
    OPTION_TLSV1_0,
    OPTION_TLSV1_1,
    OPTION_TLSV1_2,
    OPTION_TLSV1_3,
    OPTION_TLS_MAX,
    OPTION_TLS_RESUME,
    OPTION_RESOLVE,
    OPTION_CONNECT_TO,
    OPTION_UNIX_SOCKET,
    OPTION_PROXY,
    OPTION_PROXY_FROM_ENV,
    OPTION_NOPROXY,
    OPTION_INTERFACE,
    OPTION_IPV4,
    OPTION_IPV6,
    OPTION_HTTP1_1,
    OPTION_HTTP2,
    OPTION_HTTP2_PRIOR_KNOWLEDGE,
    OPTION_HTTP3,
    OPTION_CONFIG,
    OPTION_ORIGIN,
    OPTION_EXPORT_JSON,
    OPTION_EXPORT_CSV,
    OPTION_EXPORT_REQUESTS_CSV,
    OPTION_EXPORT_URLS_CSV,
    OPTION_EXPORT_MARKDOWN,
    OPTION_EXPORT_HTML,
    OPTION_EXPORT_JUNIT,
    OPTION_EXPORT_TRACE,
    OPTION_IMPORT_JSON,
    OPTION_SAMPLES,
    OPTION_PER_URL,
    OPTION_TIME_UNIT,
    OPTION_PERCENTILES,
    OPTION_COLOR,
    OPTION_DETAILS,
    OPTION_SHOW_OUTPUT,
    OPTION_QUIET,
    OPTION_NO_PROGRESS,
    OPTION_ASSERT,
    OPTION_BASELINE,
    OPTION_MAX_SLOWDOWN,
    OPTION_FORCE_BASELINE,
    OPTION_STRICT,
    OPTION_ALLOW_FAILURES,
    OPTION_REFERENCE,
    OPTION_DRY_RUN,
    OPTION_COMPLETION,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT,
};

enum { COPIES_MAX = 16 };

enum option_group {
    GROUP_WORKLOAD,
    GROUP_EXPERIMENT,
    GROUP_REQUEST,
    GROUP_ORIGIN,
    GROUP_RESULTS,
    GROUP_VERDICT,
    GROUP_OTHER,
    GROUP_COUNT,
    GROUP_HIDDEN, /* not in --help, and never suggested */
};

struct option_row;

/* A value on its way into its field. */
struct value {
    const char *name; /* of its option */
    const char *text; /* NULL: the option was given without */
    const struct option_row *row;
    void *field;
    struct options *options;
    struct error *error;
};

enum option_flag {
    OPTION_ADDS_UP = 1 << 0, /* may be given several times, each of which counts */
    OPTION_REPORTS = 1 << 1, /* goes with --import-json: it is about reports, not about a run */
};

/* One option: how it is typed, what help says of it, where its value goes and what that may be. */
struct option_row {
    const char *name;        /* long name, without the dashes */
    char letter;             /* short name; 0: none */
    const char *placeholder; /* of its value; NULL: it takes none; begins with '[': it may go without */
    const char *fallback;    /* the value where none is given, told in --help; NULL: nothing is stored */
    enum option_group group;
    const char *help;
    unsigned flags;                          /* enum option_flag, or-ed */
    size_t field;                            /* offset in struct options */
    int (*store)(const struct value *value); /* stores the value into the field; -1: it is refused */
    int64_t low, high;                       /* limits of numbers, both allowed; of durations in nanoseconds */
    const char *const *names;                /* of a choice, up to a NULL: the number of the one given is stored */
};

extern const struct option_row option_rows[OPTION_COUNT];

bool option_takes_value(const struct option_row *row);

/* Whether it cannot go without one. */
bool option_needs_value(const struct option_row *row);

/* Durations longer than this are slips of the pen, and would overflow sums of instants. CPU work and scripted times are
 * multiplied by workers and downloads, so they have less room. */
#define OPTION_DURATION_MAX      (720 * 3600 * NANOSECONDS_PER_SECOND)
#define OPTION_UNIT_DURATION_MAX (3600 * NANOSECONDS_PER_SECOND)

/* Values of a type, by the limits and names of their row: values.c. Behind each is the type of its field. */
int store_flag(const struct value *value);        /* bool: true */
int store_flag_off(const struct value *value);    /* bool: false */
int store_nothing(const struct value *value);     /* none: says what is done anyway */
int store_count(const struct value *value);       /* uint32_t */
int store_time(const struct value *value);        /* nanoseconds, with a unit */
int store_timeout(const struct value *value);     /* nanoseconds; a bare number is seconds, as curl has it */
int store_size(const struct value *value);        /* int64_t, bytes */
int store_share(const struct value *value);       /* double, up to the upper limit, which is in per cent */
int store_choice(const struct value *value);      /* an enumeration */
int store_choice_flag(const struct value *value); /* bool: the second of two names */
int store_text(const struct value *value);        /* const char *, not empty */
int store_file(const struct value *value);        /* const char *; "-" is a standard stream */

/* Store functions of our own options that do more: our_values.c. */
int store_modes(const struct value *value);
int store_client(const struct value *value);
int store_workers(const struct value *value);
int store_machines(const struct value *value);
int store_rate(const struct value *value);
int store_objective(const struct value *value);
int store_runs(const struct value *value);
int store_seed(const struct value *value);
int store_connections(const struct value *value);
int store_tolerance(const struct value *value);
int store_script(const struct value *value);
int store_origin(const struct value *value);
int store_export(const struct value *value);
int store_percentiles(const struct value *value);
int store_check(const struct value *value);
int store_assertion(const struct value *value);
int store_baseline(const struct value *value);
int store_reference(const struct value *value);
int store_completion(const struct value *value);

/* Store functions of curl's options: curl_values.c. */
int store_header(const struct value *value);
int store_speed(const struct value *value); /* int64_t, bytes a second */
int store_user_agent(const struct value *value);
int store_method(const struct value *value);
int store_cookie(const struct value *value);
int store_data(const struct value *value);
int store_data_binary(const struct value *value);
int store_certificate(const struct value *value);
int store_tls_min(const struct value *value);
int store_tls_max(const struct value *value);
int store_http_version(const struct value *value);
int store_ip_version(const struct value *value);
int store_resolve(const struct value *value);
int store_connect_to(const struct value *value);
int store_proxy(const struct value *value);

/* "1.2". */
const char *option_tls_version(enum tls_version version);

/* The index of the value among the names, of which the last is NULL; -1: it is none of them, which is an error. */
int option_read_name(const struct value *value, const char *const *names);

/* Gives each item between commas to `read_item`; an empty one too, which no reader takes. */
int option_read_items(const struct value *list, int (*read_item)(const struct value *item));

/* A whole number within limits; -1: it is none, which is an error. */
int option_read_count(const struct value *value, uint64_t low, uint64_t high, uint64_t *count);

/* An error that says which modes there are: -1. */
int option_refuse_mode(const struct value *value);

/* The mode or client of that name; NULL: there is none. */
const struct mode *options_find_mode(const struct options *options, const char *name);

bool options_have_mode(const struct options *options, const struct mode *mode);
bool options_have_connections(const struct options *options, enum connection_policy connections);

/* Reads the file of --config and has `take` take each option in it that the request does not read itself: 0, 1 (there
 * is none of that name), or -1. Values live as long as the options do. All that is unknown is refused together: -1. */
int config_file_apply(struct options *options, int (*take)(void *context, const char *name, const char *value),
                      void *context, struct error *error);

/* Checks what depends on several options: finds the reference and the cells that assertions name, and refuses options
 * that do not go together. `is_given`, by enum option_id: on the command line. */
int options_validate(struct options *options, const bool *is_given, struct error *error);

#endif
