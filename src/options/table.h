#ifndef CONC_BENCH_OPTION_TABLE_H
#define CONC_BENCH_OPTION_TABLE_H

#include <stdbool.h>

#include "conc_bench/error.h"
#include "conc_bench/options.h"

/* The table of options, which drives parsing, --help and completions alike. Private to src/options. */

/* In the order of --help. */
enum option_id {
    OPTION_MODE,
    OPTION_WORKERS,
    OPTION_REPEAT,
    OPTION_ORDER,
    OPTION_CPU_WORK,
    OPTION_RUNS,
    OPTION_TIME_BUDGET,
    OPTION_WARMUP,
    OPTION_SEED,
    OPTION_CONNECTIONS,
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
    OPTION_LOCATION,
    OPTION_MAX_REDIRS,
    OPTION_MAX_TIME,
    OPTION_CONNECT_TIMEOUT,
    OPTION_MAX_FILESIZE,
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

/* A value on its way into the options. */
struct value {
    const char *name; /* of its option */
    const char *text; /* NULL: the option was given without */
    struct options *options;
    struct error *error;
};

enum option_flag {
    OPTION_ADDS_UP = 1 << 0, /* may be given several times, each of which counts */
    OPTION_REPORTS = 1 << 1, /* goes with --import-json: it is about reports, not about a run */
};

/* One option. */
struct option_row {
    const char *name;        /* long name, without the dashes */
    char letter;             /* short name; 0: none */
    const char *placeholder; /* of its value; NULL: it takes none; begins with '[': it may go without */
    const char *fallback;    /* the value where none is given, told in --help; NULL: nothing is applied */
    enum option_group group;
    const char *help;
    int (*apply)(const struct value *value); /* stores the value; -1: it is refused */
    unsigned flags;                          /* enum option_flag, or-ed */
};

extern const struct option_row option_rows[OPTION_COUNT];

bool option_takes_value(const struct option_row *row);

/* Whether it cannot go without one. */
bool option_needs_value(const struct option_row *row);

/* Which of the names a value is, up to the NULL behind the last; -1: none, which is an error. */
int option_read_name(const struct value *value, const char *const *names);

/* An error that says which modes there are: -1. */
int option_refuse_mode(const struct value *value);

bool options_have_mode(const struct options *options, const struct mode *mode);
bool options_have_connections(const struct options *options, enum connection_policy connections);

/* What depends on several options: has the reference and the cells that claims name found, and refuses what does not go
 * together. `is_given`, by enum option_id: on the command line. */
int options_settle(struct options *options, const bool *is_given, struct error *error);

/* Stores the value of an option that is curl's, for each that request_fields.c knows. */
int option_apply_request(const struct value *value);

/* What does not go together among them, and with the others. */
int option_check_request(const struct options *options, struct error *error);

#endif
