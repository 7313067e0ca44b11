#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/cli/options.h"

#define MILLISECOND NANOSECONDS_PER_MILLISECOND
#define SECOND      NANOSECONDS_PER_SECOND
#define HOUR        (3600 * NANOSECONDS_PER_SECOND)

enum { ARGUMENTS_MAX = 32 };

/* One command line and what became of it. The arguments are copies, so that the address sanitizer sees a reader that
 * goes beyond one. */
struct fixture {
    int count;
    char *arguments[ARGUMENTS_MAX + 1];
    struct options options;
    struct error error;
};

static void clear(struct fixture *fixture)
{
    options_release(&fixture->options);
    for (int i = 0; i < fixture->count; i++)
        free(fixture->arguments[i]);
    *fixture = (struct fixture){0};
}

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    clear(*state);
    free(*state);
    return 0;
}

static int allow_files(const struct options *options, struct error *error)
{
    (void)options, (void)error;
    return 0;
}

static int parse_arguments(struct fixture *fixture, const char *const *arguments)
{
    clear(fixture);
    fixture->arguments[fixture->count++] = strdup("conc-bench");
    for (; *arguments != NULL; arguments++) {
        assert_true(fixture->count < ARGUMENTS_MAX);
        fixture->arguments[fixture->count++] = strdup(*arguments);
    }
    return options_parse(fixture->count, fixture->arguments, allow_files, &fixture->options, &fixture->error);
}

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The options of a command line that must be accepted. */
static const struct options *accept(void **state, const char *const *arguments)
{
    struct fixture *fixture = *state;
    if (parse_arguments(fixture, arguments) != 0)
        fail_msg("refused: %s", fixture->error.message);
    return &fixture->options;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in: %s", part, text);
}

/* A command line that must be refused, in a sentence with all the given parts. */
static void refuse(void **state, const char *const *arguments, const char *const *parts)
{
    struct fixture *fixture = *state;
    if (parse_arguments(fixture, arguments) == 0)
        fail_msg("accepted, instead of a message with: %s", parts[0]);
    assert_int_equal(fixture->error.kind, ERROR_USAGE);
    for (; *parts != NULL; parts++)
        assert_contains(fixture->error.message, *parts);
}

static void assert_modes(const struct options *options, const char *expected)
{
    char names[256] = "";
    for (size_t i = 0, length = 0; i < options->mode_count; i++)
        length +=
            (size_t)snprintf(names + length, sizeof(names) - length, "%s%s", i > 0 ? "," : "", options->modes[i]->name);
    assert_string_equal(names, expected);
}

static void assert_workers(const struct options *options, const char *expected)
{
    char numbers[512] = "";
    for (size_t i = 0, length = 0; i < options->worker_count; i++)
        length += (size_t)snprintf(numbers + length, sizeof(numbers) - length, "%s%u", i > 0 ? "," : "",
                                   (unsigned)options->workers[i]);
    assert_string_equal(numbers, expected);
}

static void assert_inputs(const struct options *options, const char *const *expected)
{
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < options->input_count);
        assert_string_equal(options->inputs[count], expected[count]);
    }
    assert_int_equal(options->input_count, count);
}

/* Defaults */

static void defaults_are_as_documented(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("sites.txt"));
    assert_modes(options, "sync,threads,event-loop,processes,hybrid");
    assert_workers(options, "8");
    assert_int_equal(options->repeat, 1);
    assert_false(options->shuffle);
    assert_int_equal(options->cpu_work, 0);
    assert_true(options->runs_auto);
    assert_int_equal(options->runs, 10);
    assert_int_equal(options->time_budget, 30 * SECOND);
    assert_int_equal(options->warmup, 1);
    assert_false(options->has_seed);
    assert_int_equal(options->deadline, 0);
    assert_true(options->isolate);
    assert_null(options->script);
    assert_int_equal(options->script_count, 0);
    assert_false(options->use_origin);
    assert_null(options->exports[EXPORT_JSON]);
    assert_string_equal(options->reference, "sync");
    assert_inputs(options, ARGUMENTS("sites.txt"));
}

static void flags_are_off_by_default(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("sites.txt"));
    assert_false(options->quiet);
    assert_false(options->no_progress);
    assert_false(options->allow_failures);
    assert_false(options->show_help);
    assert_false(options->show_version);
    assert_false(options->dry_run);
}

/* The table tells the defaults of the transfer in --help and applies them; `transfer` says what they rest on. */
static void transfer_defaults_are_those_of_transfer(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("sites.txt"));
    struct transfer_policy policy = transfer_policy_default();
    assert_int_equal(options->connection_count, 1);
    assert_int_equal(options->connections[0], policy.connections);
    assert_int_equal(options->transfer.dns_live, policy.dns_live);
    assert_int_equal(options->transfer.connections_kept, policy.connections_kept);
    assert_int_equal(options->transfer.max_redirects, policy.max_redirects);
    assert_int_equal(options->transfer.connect_timeout, policy.connect_timeout);
    assert_int_equal(options->transfer.max_time, policy.max_time);
    assert_int_equal(options->transfer.buffer_bytes, policy.buffer_bytes);
    assert_int_equal(options->transfer.origin_port, policy.origin_port);
}

/* Ways to write an option */

static void values_follow_in_every_usual_way(void **state)
{
    assert_workers(accept(state, ARGUMENTS("--workers", "5", "f")), "5");
    assert_workers(accept(state, ARGUMENTS("--workers=5", "f")), "5");
    assert_workers(accept(state, ARGUMENTS("-c", "5", "f")), "5");
    assert_workers(accept(state, ARGUMENTS("-c5", "f")), "5");
}

static void letters_may_share_a_dash(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("-qc5", "f"));
    assert_true(options->quiet);
    assert_workers(options, "5");
    refuse(state, ARGUMENTS("-qz", "f"), ARGUMENTS("unknown option \"-z\""));
}

static void options_and_inputs_come_in_any_order(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("a.txt", "-q", "http://b/", "-c", "3", "-"));
    assert_true(options->quiet);
    assert_workers(options, "3");
    assert_inputs(options, ARGUMENTS("a.txt", "http://b/", "-"));
}

static void two_dashes_end_the_options(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("-q", "--", "--mode", "-c", "--"));
    assert_true(options->quiet);
    assert_modes(options, "sync,threads,event-loop,processes,hybrid");
    assert_inputs(options, ARGUMENTS("--mode", "-c", "--"));
}

static void inputs_point_into_the_arguments(void **state)
{
    struct fixture *fixture = *state;
    const struct options *options = accept(state, ARGUMENTS("-q", "sites.txt"));
    assert_ptr_equal(options->inputs[0], fixture->arguments[2]);
}

static void an_input_may_be_given_twice_but_standard_input_may_not(void **state)
{
    assert_inputs(accept(state, ARGUMENTS("a", "a")), ARGUMENTS("a", "a"));
    assert_inputs(accept(state, ARGUMENTS("-", "a")), ARGUMENTS("-", "a"));
    refuse(state, ARGUMENTS("-", "a", "-"), ARGUMENTS("\"-\" given twice", "standard input"));
    refuse(state, ARGUMENTS("-", "--", "-"), ARGUMENTS("\"-\" given twice"));
}

static void names_must_be_whole(void **state)
{
    refuse(state, ARGUMENTS("--work", "8", "f"), ARGUMENTS("unknown option \"--work\""));
    refuse(state, ARGUMENTS("--workerss", "8", "f"), ARGUMENTS("unknown option \"--workerss\""));
    refuse(state, ARGUMENTS("--WORKERS", "8", "f"), ARGUMENTS("unknown option \"--WORKERS\""));
    refuse(state, ARGUMENTS("--c", "8", "f"), ARGUMENTS("unknown option \"--c\""));
    refuse(state, ARGUMENTS("--=8", "f"), ARGUMENTS("unknown option \"--\""));
}

static void near_misses_get_a_suggestion(void **state)
{
    refuse(state, ARGUMENTS("--worker", "8", "f"),
           ARGUMENTS("unknown option \"--worker\"", "did you mean \"--workers\"?"));
    refuse(state, ARGUMENTS("--wrokers=8", "f"),
           ARGUMENTS("unknown option \"--wrokers\"", "did you mean \"--workers\"?"));
    refuse(state, ARGUMENTS("--wokes", "8", "f"), ARGUMENTS("did you mean \"--workers\"?"));
    refuse(state, ARGUMENTS("--maxtime", "8", "f"), ARGUMENTS("did you mean \"--max-time\"?"));
    refuse(state, ARGUMENTS("-workers", "8", "f"),
           ARGUMENTS("unknown option \"-workers\"", "did you mean \"--workers\"?"));
}

static void refuse_without_suggestion(void **state, const char *const *arguments)
{
    struct fixture *fixture = *state;
    refuse(state, arguments, ARGUMENTS("unknown"));
    if (strstr(fixture->error.message, "did you mean") != NULL)
        fail_msg("a suggestion in: %s", fixture->error.message);
}

static void far_misses_get_none(void **state)
{
    char text[4096];
    memset(text, 'w', sizeof(text) - 1);
    text[0] = text[1] = '-';
    text[sizeof(text) - 1] = '\0';
    refuse_without_suggestion(state, ARGUMENTS("--duration", "8s", "f"));
    refuse_without_suggestion(state, ARGUMENTS("--x", "f"));
    refuse_without_suggestion(state, ARGUMENTS("--n", "f")); /* two letters from --dns, and unlike it */
    refuse_without_suggestion(state, ARGUMENTS(text, "f"));
    refuse_without_suggestion(state, ARGUMENTS("--mode", "goroutines", "f"));
    refuse_without_suggestion(state, ARGUMENTS("--mode", "nul", "f"));
    refuse_without_suggestion(state, ARGUMENTS("--scrip", "1ms", "f"));
    refuse_without_suggestion(state, ARGUMENTS("-z", "f"));
}

static void a_missing_value_is_noticed(void **state)
{
    refuse(state, ARGUMENTS("f", "--workers"), ARGUMENTS("--workers needs a value"));
    refuse(state, ARGUMENTS("f", "-c"), ARGUMENTS("--workers needs a value"));
    refuse(state, ARGUMENTS("f", "--export-json", "--quiet"), ARGUMENTS("--export-json needs a value", "\"--quiet\""));
    refuse(state, ARGUMENTS("f", "--export-json", "-q"), ARGUMENTS("--export-json needs a value", "\"-q\""));
    refuse(state, ARGUMENTS("f", "--export-json="), ARGUMENTS("--export-json must be a file"));
    assert_string_equal(accept(state, ARGUMENTS("f", "--export-json=--quiet"))->exports[EXPORT_JSON], "--quiet");
    assert_string_equal(accept(state, ARGUMENTS("f", "--export-json", "-"))->exports[EXPORT_JSON], "-");
}

static void a_value_too_many_is_noticed(void **state)
{
    refuse(state, ARGUMENTS("--quiet=yes", "f"), ARGUMENTS("--quiet takes no value", "\"yes\""));
    refuse(state, ARGUMENTS("--help=", "f"), ARGUMENTS("--help takes no value"));
}

static void an_option_given_twice_must_say_the_same(void **state)
{
    refuse(state, ARGUMENTS("--seed", "1", "--seed=2", "f"), ARGUMENTS("--seed given twice"));
    refuse(state, ARGUMENTS("-c", "1", "--workers=2", "f"), ARGUMENTS("--workers given twice"));
    refuse(state, ARGUMENTS("--origin", "--origin=latency=1ms"), ARGUMENTS("--origin given twice"));
    assert_int_equal(accept(state, ARGUMENTS("--seed", "7", "--seed=7", "f"))->seed, 7);
    assert_workers(accept(state, ARGUMENTS("-c1,2", "--workers=1,2", "f")), "1,2");
    assert_true(accept(state, ARGUMENTS("-q", "-q", "--quiet", "f"))->quiet);
    assert_true(accept(state, ARGUMENTS("--origin", "--origin"))->use_origin);
}

/* Text from the command line must not reach the terminal raw. */
static void messages_are_fit_to_be_shown(void **state)
{
    static const char *const hostile[] = {"--workers=\x1b[2J", "--\x1b[2J", "-\x1b[2J", "--mode=\x1b[2J",
                                          "--origin=\x1b[2J"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        refuse(state, ARGUMENTS(hostile[i], "f"), ARGUMENTS("\\x1", "[2J"));
        assert_null(strchr(fixture->error.message, '\x1b'));
    }
}

/* Modes and workers */

static void modes_are_kept_once_in_the_order_given(void **state)
{
    assert_modes(accept(state, ARGUMENTS("--mode", "threads,sync", "f")), "threads,sync");
    assert_modes(accept(state, ARGUMENTS("--mode", "async,multi,event-loop,sync,async", "f")), "event-loop,sync");
    assert_modes(accept(state, ARGUMENTS("--mode", "fork,multiprocess,threads", "f")), "processes,threads");
    assert_modes(accept(state, ARGUMENTS("--mode", "hybrid,all", "f")), "hybrid,sync,threads,event-loop,processes");
}

static void a_hidden_mode_runs_only_by_name(void **state)
{
    assert_modes(accept(state, ARGUMENTS("--mode", "null", "f")), "null");
    assert_modes(accept(state, ARGUMENTS("--mode", "all,null", "f")), "sync,threads,event-loop,processes,hybrid,null");
}

static void unknown_modes_are_told_the_known_ones(void **state)
{
    struct fixture *fixture = *state;
    refuse(
        state, ARGUMENTS("--mode", "sync,thread", "f"),
        ARGUMENTS("--mode", "\"thread\"", "did you mean \"threads\"?", "sync, threads, event-loop, processes, hybrid"));
    assert_null(strstr(fixture->error.message, "null"));
    refuse(state, ARGUMENTS("--connections", "fresh,reuse,fresh", "f"), ARGUMENTS("--connections has fresh twice"));
    refuse(state, ARGUMENTS("--mode", "asinc", "f"), ARGUMENTS("did you mean \"async\"?"));
    refuse(state, ARGUMENTS("--mode", "mutliprocess", "f"), ARGUMENTS("did you mean \"multiprocess\"?"));
    refuse(state, ARGUMENTS("--mode", "sync,,threads", "f"), ARGUMENTS("--mode", "unknown mode \"\""));
    refuse(state, ARGUMENTS("--mode=", "f"), ARGUMENTS("--mode", "unknown mode \"\""));
    refuse(state, ARGUMENTS("--mode", "Sync", "f"), ARGUMENTS("did you mean \"sync\"?"));
}

static void workers_are_lists_and_doubling_ranges(void **state)
{
    assert_workers(accept(state, ARGUMENTS("-c", "1,2,4", "f")), "1,2,4");
    assert_workers(accept(state, ARGUMENTS("-c", "4,1,4,2,1", "f")), "4,1,2");
    assert_workers(accept(state, ARGUMENTS("-c", "1..64", "f")), "1,2,4,8,16,32,64");
    assert_workers(accept(state, ARGUMENTS("-c", "1..50", "f")), "1,2,4,8,16,32,50");
    assert_workers(accept(state, ARGUMENTS("-c", "3..20", "f")), "3,6,12,20");
    assert_workers(accept(state, ARGUMENTS("-c", "5..5", "f")), "5");
    assert_workers(accept(state, ARGUMENTS("-c", "10,1..8,2", "f")), "10,1,2,4,8");
    assert_workers(accept(state, ARGUMENTS("-c", "60000..100000", "f")), "60000,100000");
}

static void bad_workers_are_refused_with_their_range(void **state)
{
    static const char *const values[] = {"0",    "-3",        "100001", "1000000000", "18446744073709551617",
                                         "many", "",          "1,",     ",1",         "1,,2",
                                         "8 ",   " 8",        "8.0",    "+8",         "1..0",
                                         "0..",  "1..100001", "..",     "1..2..3",    "1...2"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        refuse(state, ARGUMENTS("--workers", values[i], "f"),
               ARGUMENTS("--workers must be", "from 1 to 100000 (got \""));
    refuse(state, ARGUMENTS("-c", "-3", "f"), ARGUMENTS("(got \"-3\")"));
    refuse(state, ARGUMENTS("-c", "00000000000000000000000000000012..16", "f"), ARGUMENTS("(got \"0000"));
    refuse(state, ARGUMENTS("-c", "1,0,2", "f"), ARGUMENTS("(got \"0\")"));
    refuse(state, ARGUMENTS("-c", "1000000000", "f"), ARGUMENTS("(got \"1000000000\")"));
    refuse(state, ARGUMENTS("-c", "64..1", "f"), ARGUMENTS("--workers", "1..64"));
}

/* "1,2,3,...,count" */
static const char *many_workers(char *buffer, size_t size, int count)
{
    for (int i = 1, length = 0; i <= count; i++)
        length += snprintf(buffer + length, size - (size_t)length, "%s%d", i > 1 ? "," : "", i);
    return buffer;
}

static void numbers_of_workers_and_cells_are_limited(void **state)
{
    char list[512];
    assert_int_equal(
        accept(state, ARGUMENTS("--mode", "threads", "-c", many_workers(list, sizeof(list), 64), "f"))->worker_count,
        64);
    refuse(state, ARGUMENTS("--mode", "threads", "-c", many_workers(list, sizeof(list), 65), "f"),
           ARGUMENTS("--workers", "64"));
    /* Four modes with 64 cells each are 256; sync makes one more, not 64. */
    accept(state, ARGUMENTS("--mode", "threads,async,fork,hybrid", "-c", many_workers(list, sizeof(list), 64), "f"));
    refuse(state, ARGUMENTS("-c", many_workers(list, sizeof(list), 64), "f"), ARGUMENTS("257", "256", "--workers"));
}

/* Single values and their limits */

struct limit {
    const char *option;
    const char *accepted[4];
    const char *refused[8];
    const char *range; /* how the message tells it */
};

static const struct limit limits[] = {
    {"--repeat", {"1", "80", "1000000000"}, {"0", "1000000001", "-1", "x", "", "1.5"}, "from 1 to 1000000000"},
    {"--runs", {"auto", "1", "10000"}, {"0", "10001", "-1", "Auto", ""}, "auto or a whole number from 1 to 10000"},
    {"--warmup", {"0", "1000"}, {"1001", "-1", "x", ""}, "from 0 to 1000"},
    {"--seed",
     {"0", "9223372036854775807"},
     {"9223372036854775808", "18446744073709551615", "18446744073709551616", "-1", "0x1", ""},
     "from 0 to 9223372036854775807"},
    {"--max-redirs", {"0", "50"}, {"51", "-1", "x", ""}, "from 0 to 50"},
    {"--cpu-work", {"0", "5ms", "1h"}, {"61m", "5", "-1ms", "x", ""}, "from 0 and at most 1h"},
    {"--time-budget", {"1ns", "10s", "720h"}, {"0", "0s", "721h", "10", "-1s", "x", ""}, "above 0 and at most 720h"},
    {"--deadline", {"1ms", "720h"}, {"0", "0ms", "721h", "10", "x", ""}, "above 0 and at most 720h"},
    {"--max-time", {"30", "1.5", "500ms"}, {"0", "0s", "721h", "-1", "x", ""}, "above 0 and at most 720h"},
    {"--connect-timeout", {"5", "0.5", "5s"}, {"0", "0s", "721h", "-1", "x", ""}, "above 0 and at most 720h"},
    {"--max-filesize", {"1", "10MB", "1000TB"}, {"0", "1001TB", "-1", "x", ""}, "above 0 and at most 1 PB"},
    {"--max-per-host", {"1", "100000"}, {"0", "100001", "-1", "x", ""}, "from 1 to 100000"},
    {"--copies", {"1", "16"}, {"0", "17", "-1", "x", ""}, "from 1 to 16"},
    {"--percentiles", {"1", "50,99", "99.5,99.9,99.95"}, {"0", "100", "99.99999", "5%", ""}, "from 1 to 99, or 99.5"},
    {"--handicap", {NULL}, {"101%", "-1%", "x", ""}, "a share such as 5%, from 0 to 100%"},
    {"--max-slowdown", {NULL}, {"1001%", "-1%", "x", ""}, "from 0 to 1000%"},
    {"--samples", {"auto", "all", "none"}, {"some", ""}, "auto, all or none"},
    {"--color", {"auto", "always", "never"}, {"red", ""}, "auto, always or never"},
    {"--time-unit", {"auto", "s", "us"}, {"h", ""}, "auto, s, ms or us"},
    {"--order", {"file", "shuffle"}, {"random", "File", ""}, "file or shuffle"},
    {"--connections", {"reuse", "fresh", "fresh,reuse,warm"}, {"hot", ""}, "reuse, fresh or warm"},
    {"--dns", {"pinned", "live"}, {"dead", ""}, "pinned or live"},
};

static void values_are_held_to_their_limits(void **state)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct limit *limit = &limits[i];
        char wants[64];
        snprintf(wants, sizeof(wants), "%s must be", limit->option);
        for (const char *const *value = limit->accepted; *value != NULL; value++)
            accept(state, ARGUMENTS(limit->option, *value, "f"));
        for (const char *const *value = limit->refused; *value != NULL; value++) {
            char quoted[64];
            snprintf(quoted, sizeof(quoted), "(got \"%s\")", *value);
            refuse(state, ARGUMENTS(limit->option, *value, "f"), ARGUMENTS(wants, limit->range, quoted));
        }
    }
}

static void figures_of_urls_are_wanted_by_who_exports_them(void **state)
{
    assert_false(accept(state, ARGUMENTS("f"))->per_url);
    assert_false(accept(state, ARGUMENTS("--export-csv=a", "--export-requests-csv=b", "f"))->per_url);
    assert_true(accept(state, ARGUMENTS("--per-url", "f"))->per_url);
    assert_true(accept(state, ARGUMENTS("--per-url", "--import-json=a"))->per_url);
    const struct options *options = accept(state, ARGUMENTS("--export-urls-csv=a", "--import-json=b"));
    assert_true(options->per_url);
    assert_string_equal(options->exports[EXPORT_URLS_CSV], "a");
    assert_null(options->exports[EXPORT_REQUESTS_CSV]);
    refuse(state, ARGUMENTS("--per-url=1", "f"), ARGUMENTS("--per-url takes no value"));
    refuse(state, ARGUMENTS("--export-urls-csv=a", "--export-csv=a", "f"), ARGUMENTS("both write to \"a\""));
}

static void values_arrive_where_they_belong(void **state)
{
    const struct options *options =
        accept(state, ARGUMENTS("--repeat=80", "--order=shuffle", "--cpu-work=5ms", "--time-budget=2m", "--warmup=3",
                                "--seed=9", "--connections=fresh", "--dns=live", "--deadline=4s", "f"));
    assert_int_equal(options->repeat, 80);
    assert_true(options->shuffle);
    assert_int_equal(options->cpu_work, 5 * MILLISECOND);
    assert_int_equal(options->time_budget, 120 * SECOND);
    assert_int_equal(options->warmup, 3);
    assert_true(options->has_seed);
    assert_int_equal(options->seed, 9);
    assert_int_equal(options->connection_count, 1);
    assert_int_equal(options->connections[0], CONNECTIONS_FRESH);
    assert_true(options->transfer.dns_live);
    assert_int_equal(options->deadline, 4 * SECOND);
}

static void tolerances_are_shares_or_the_status(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("f"));
    assert_true(options->tolerance.share == 0);
    assert_false(options->tolerance.is_status_only);
    options = accept(state, ARGUMENTS("--tolerate", "5%", "f"));
    assert_true(options->tolerance.share == 0.05);
    options = accept(state, ARGUMENTS("--tolerate=0.001", "f"));
    assert_true(options->tolerance.share == 0.001);
    options = accept(state, ARGUMENTS("--tolerate=status", "f"));
    assert_true(options->tolerance.is_status_only);
    static const char *const bad[] = {"0", "0%", "101%", "-1%", "5 %", "size", "", "nan"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse(state, ARGUMENTS("--tolerate", bad[i], "f"), ARGUMENTS("--tolerate must be status or a share", bad[i]));
    refuse(state, ARGUMENTS("--tolerate=5%", "--import-json=a"),
           ARGUMENTS("--tolerate does not go with --import-json"));
}

static void short_values_arrive_where_they_belong(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("-n", "2", "-r", "5", "-w", "0", "-q", "f"));
    assert_int_equal(options->repeat, 2);
    assert_int_equal(options->runs, 5);
    assert_false(options->runs_auto);
    assert_int_equal(options->warmup, 0);
    assert_true(options->quiet);
    assert_true(accept(state, ARGUMENTS("-h"))->show_help);
    assert_true(accept(state, ARGUMENTS("-V"))->show_version);
}

static void request_options_are_as_curl_has_them(void **state)
{
    const struct options *options =
        accept(state, ARGUMENTS("--max-redirs", "0", "--max-time", "1.5", "--connect-timeout", "250ms", "f"));
    assert_int_equal(options->transfer.max_redirects, 0);
    assert_int_equal(options->transfer.max_time, 3 * SECOND / 2);
    assert_int_equal(options->transfer.connect_timeout, 250 * MILLISECOND);
    assert_int_equal(accept(state, ARGUMENTS("--max-time=720h", "f"))->transfer.max_time, 720 * HOUR);
}

static void request_texts_point_into_the_arguments(void **state)
{
    const struct request_options *request =
        &accept(state, ARGUMENTS("-H", "A: 1", "-HB;", "--header=@file", "-d", "x", "--data-binary=y", "-A", "", "-X",
                                 "PUT", "--tlsv1.2", "--tls-max=1.3", "-4", "--connect-to=:::", "f"))
             ->request;
    assert_int_equal(request->headers.count, 3);
    assert_string_equal(request->headers.items[1].text, "B;");
    assert_string_equal(request->headers.items[2].text, "@file");
    assert_int_equal(request->data.count, 2);
    assert_false(request->data.items[0].is_binary);
    assert_true(request->data.items[1].is_binary);
    assert_string_equal(request->user_agent, "");
    assert_string_equal(request->method, "PUT");
    assert_int_equal(request->tls_min, TLS_VERSION_1_2);
    assert_int_equal(request->tls_max, TLS_VERSION_1_3);
    assert_int_equal(request->ip_version, IP_VERSION_4);
    assert_int_equal(request->connect_to.count, 1);
    assert_int_equal(request->http_version, HTTP_VERSION_ANY);
    assert_int_equal(accept(state, ARGUMENTS("--http1.1", "f"))->request.http_version, HTTP_VERSION_1_1);
    assert_int_equal(accept(state, ARGUMENTS("--http2", "f"))->request.http_version, HTTP_VERSION_2);
    assert_true(accept(state, ARGUMENTS("-kI", "f"))->request.is_head);
    refuse(state, ARGUMENTS("-L", "--max-redirs=0", "f"), ARGUMENTS("--location", "--max-redirs 0"));
    refuse(state, ARGUMENTS("-H", "@", "f"), ARGUMENTS("--header @", "standard input"));
    refuse(state, ARGUMENTS("-d@-", "-"), ARGUMENTS("--data", "standard input"));
    refuse(state, ARGUMENTS("--tls-max=default", "--cacert=", "f"), ARGUMENTS("--cacert", "empty"));
}

static void percentiles_are_kept_ascending_and_once(void **state)
{
    const struct format *format = &accept(state, ARGUMENTS("--percentiles", "99.9,5,50,5,99.99", "f"))->format;
    static const double expected[] = {5, 50, 99.9, 99.99};
    assert_int_equal(format->percentile_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(format->percentiles[i] > expected[i] - 1e-9 && format->percentiles[i] < expected[i] + 1e-9);
    assert_int_equal(accept(state, ARGUMENTS("--percentiles=1,2,3,4,5,6,7,8", "f"))->format.percentile_count, 8);
    refuse(state, ARGUMENTS("--percentiles=1,2,3,4,5,6,7,8,9", "f"), ARGUMENTS("more than 8 percentiles"));
}

static void flags_arrive_where_they_belong(void **state)
{
    assert_false(accept(state, ARGUMENTS("--no-isolate", "f"))->isolate);
    assert_true(accept(state, ARGUMENTS("--no-progress", "f"))->no_progress);
    assert_true(accept(state, ARGUMENTS("--allow-failures", "f"))->allow_failures);
    assert_true(accept(state, ARGUMENTS("--strict", "f"))->strict);
    assert_true(accept(state, ARGUMENTS("--baseline", "r.json", "--force-baseline", "f"))->force_baseline);
    const struct options *several = accept(state, ARGUMENTS("--baseline", "r.json", "--baseline", "history", "f"));
    assert_int_equal(several->baseline_count, 2);
    assert_string_equal(several->baselines[1], "history");
    assert_true(accept(state, ARGUMENTS("--dry-run", "f"))->dry_run);
    assert_string_equal(accept(state, ARGUMENTS("--export-json", "r.json", "f"))->exports[EXPORT_JSON], "r.json");
}

static void scripts_are_lists_of_durations(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("--mode", "null", "--script", "1ms,2s,0", "f"));
    assert_int_equal(options->script_count, 3);
    assert_int_equal(options->script[0], MILLISECOND);
    assert_int_equal(options->script[1], 2 * SECOND);
    assert_int_equal(options->script[2], 0);
    refuse(state, ARGUMENTS("--mode", "null", "--script", "1ms,,2ms", "f"), ARGUMENTS("--script", "(got \"\")"));
    refuse(state, ARGUMENTS("--mode", "null", "--script", "5", "f"), ARGUMENTS("--script", "(got \"5\")"));
}

/* Origin */

static void origin_takes_its_value_only_behind_an_equals_sign(void **state)
{
    const struct options *options = accept(state, ARGUMENTS("--origin", "latency"));
    assert_true(options->use_origin);
    assert_int_equal(options->origin.latency, origin_options_default().latency);
    assert_inputs(options, ARGUMENTS("latency"));
    refuse(state, ARGUMENTS("--origin", "latency=5ms"), ARGUMENTS("--origin=latency=5ms"));
    options = accept(state, ARGUMENTS("--origin=latency=5ms,seed=3"));
    assert_true(options->use_origin);
    assert_int_equal(options->origin.latency, 5 * MILLISECOND);
    assert_int_equal(options->origin.seed, 3);
    assert_int_equal(options->origin.body_bytes, origin_options_default().body_bytes);
    assert_int_equal(options->input_count, 0);
}

/* --help tells the defaults of the origin; `origin` has them. */
static void origin_defaults_are_as_documented(void **state)
{
    struct origin_options defaults = origin_options_default();
    const struct options *options = accept(state, ARGUMENTS("--origin=latency=20ms,size=16KiB"));
    assert_int_equal(options->origin.latency, defaults.latency);
    assert_int_equal(options->origin.jitter, defaults.jitter);
    assert_int_equal(options->origin.body_bytes, defaults.body_bytes);
    assert_int_equal(options->origin.bytes_per_second, defaults.bytes_per_second);
    assert_true(options->origin.requests_per_second == defaults.requests_per_second);
    assert_true(options->origin.error_share == defaults.error_share);
    assert_int_equal(options->origin.seed, defaults.seed);
    assert_int_equal(options->origin.has_tls, defaults.has_tls);
}

static void bad_origins_are_refused(void **state)
{
    refuse(state, ARGUMENTS("--origin=lag=5ms"), ARGUMENTS("lag", "latency"));
    refuse(state, ARGUMENTS("--origin=latency=fast"), ARGUMENTS("latency", "fast"));
    refuse(state, ARGUMENTS("--origin="), ARGUMENTS("--origin"));
}

/* Options that go together, and options that do not */

static void a_list_is_needed_but_with_the_origin(void **state)
{
    refuse(state, ARGUMENTS("--mode", "sync"), ARGUMENTS("nothing to download", "--origin"));
    refuse(state, ARGUMENTS("--dry-run"), ARGUMENTS("nothing to download"));
    assert_int_equal(accept(state, ARGUMENTS("--origin"))->input_count, 0);
}

static void contradictions_are_refused(void **state)
{
    refuse(state, ARGUMENTS("--runs", "5", "--time-budget", "10s", "f"), ARGUMENTS("--time-budget", "--runs 5"));
    refuse(state, ARGUMENTS("--script", "1ms", "f"), ARGUMENTS("--script", "--mode null"));
    refuse(state, ARGUMENTS("--mode", "null", "--cpu-work", "5ms", "f"), ARGUMENTS("--cpu-work", "null"));
    refuse(state, ARGUMENTS("--no-isolate", "--deadline", "5s", "f"), ARGUMENTS("--deadline", "--no-isolate"));
    refuse(state, ARGUMENTS("--origin", "--dns", "live"), ARGUMENTS("--dns live", "--origin"));
    refuse(state, ARGUMENTS("--max-slowdown", "5%", "f"), ARGUMENTS("--max-slowdown", "--baseline"));
    refuse(state, ARGUMENTS("--force-baseline", "f"), ARGUMENTS("--force-baseline", "--baseline"));
    refuse(state, ARGUMENTS("--copies", "2", "--handicap", "5%", "f"), ARGUMENTS("--handicap", "--origin"));
    refuse(state, ARGUMENTS("--handicap", "5%", "--origin"), ARGUMENTS("--handicap", "--copies 2"));
    refuse(state, ARGUMENTS("--copies", "2", "-c", "1,2,4", "f"), ARGUMENTS("--copies", "--workers"));
    refuse(state, ARGUMENTS("--copies", "2", "-c", "auto", "f"), ARGUMENTS("--copies", "--workers"));
    refuse(state, ARGUMENTS("--http2", "--http1.1", "f"), ARGUMENTS("--http1.1", "--http2", "contradict"));
    refuse(state, ARGUMENTS("--http1.1", "--http2", "f"), ARGUMENTS("--http1.1", "--http2", "contradict"));
    refuse(state, ARGUMENTS("--http2", "--origin"), ARGUMENTS("--http2", "--origin", "HTTP/1.1"));
    refuse(state, ARGUMENTS("--http2", "--origin=tls"), ARGUMENTS("--http2", "--origin", "HTTP/1.1"));
    refuse(state, ARGUMENTS("--http2=yes", "f"), ARGUMENTS("--http2", "takes no value"));
    refuse(state, ARGUMENTS("--http2", "--import-json", "f"), ARGUMENTS("--http2", "--import-json"));
}

static void what_only_looks_like_a_contradiction_is_accepted(void **state)
{
    accept(state, ARGUMENTS("--runs", "auto", "--time-budget", "10s", "f"));
    accept(state, ARGUMENTS("--mode", "null,sync", "--cpu-work", "5ms", "--script", "1ms", "f"));
    accept(state, ARGUMENTS("--mode", "null", "--cpu-work", "0", "f"));
    accept(state, ARGUMENTS("--no-isolate", "--runs", "5", "f"));
    accept(state, ARGUMENTS("--quiet", "--no-progress", "--export-json", "-", "f"));
    accept(state, ARGUMENTS("--origin", "--dns", "pinned", "--connections", "fresh", "f"));
    accept(state, ARGUMENTS("--origin", "--http1.1"));
    accept(state, ARGUMENTS("--http2", "--http2", "f"));
}

static void the_reference_is_one_of_the_modes(void **state)
{
    assert_string_equal(accept(state, ARGUMENTS("--mode", "threads,sync", "f"))->reference, "sync");
    assert_string_equal(accept(state, ARGUMENTS("--mode", "hybrid,threads", "f"))->reference, "hybrid");
    assert_string_equal(accept(state, ARGUMENTS("--reference", "async", "f"))->reference, "event-loop");
    refuse(state, ARGUMENTS("--mode", "sync", "--reference", "threads", "f"),
           ARGUMENTS("--reference threads", "--mode"));
    refuse(state, ARGUMENTS("--mode", "threads", "--reference", "sync", "f"), ARGUMENTS("--reference sync"));
    refuse(state, ARGUMENTS("--reference", "theads", "f"), ARGUMENTS("--reference", "did you mean \"threads\"?"));
    refuse(state, ARGUMENTS("--reference", "all", "f"), ARGUMENTS("--reference", "unknown mode \"all\""));
}

static void help_and_version_win_over_what_is_valid(void **state)
{
    assert_true(accept(state, ARGUMENTS("--help"))->show_help);
    assert_true(accept(state, ARGUMENTS("--version"))->show_version);
    assert_true(accept(state, ARGUMENTS("--runs", "5", "--time-budget", "10s", "--help"))->show_help);
    assert_true(accept(state, ARGUMENTS("--mode", "sync", "--reference", "threads", "-V"))->show_version);
    refuse(state, ARGUMENTS("--help", "--bogus"), ARGUMENTS("unknown option \"--bogus\""));
    refuse(state, ARGUMENTS("--version", "-c", "0"), ARGUMENTS("--workers must be"));
}

static void urls_are_told_from_files(void **state)
{
    (void)state;
    assert_true(options_is_url("https://www.jython.org"));
    assert_true(options_is_url("ftp://x"));
    assert_false(options_is_url("sites.txt"));
    assert_false(options_is_url("-"));
    assert_false(options_is_url("http:/x"));
}

static void releasing_twice_is_harmless(void **state)
{
    struct fixture *fixture = *state;
    accept(state, ARGUMENTS("--mode", "null", "--script", "1ms", "f"));
    options_release(&fixture->options);
    assert_null(fixture->options.script);
    assert_null(fixture->options.inputs);
    options_release(&fixture->options);
}

static void an_empty_argument_vector_is_survived(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(options_parse(0, fixture->arguments, allow_files, &fixture->options, &fixture->error), -1);
    assert_contains(fixture->error.message, "nothing to download");
}

/* Help */

static char *help_text(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    options_print_help(stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void help_names_every_option_and_mode(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "      --mode LIST ",
        "  -c, --workers LIST ",
        "  -n, --repeat N ",
        "      --order file|shuffle ",
        "      --cpu-work DURATION ",
        "  -r, --runs N|auto ",
        "      --time-budget DURATION ",
        "  -w, --warmup N ",
        "      --seed N ",
        "      --connections reuse|fresh|warm",
        "      --dns pinned|live ",
        "      --deadline DURATION ",
        "      --no-isolate ",
        "      --max-redirs N ",
        "  -m, --max-time SECONDS ",
        "      --connect-timeout SECONDS",
        "      --origin[=KEY=VALUE,...]",
        "      --export-json FILE ",
        "  -q, --quiet ",
        "      --no-progress ",
        "      --allow-failures ",
        "      --reference MODE ",
        "  -h, --help ",
        "  -V, --version ",
        "      --dry-run ",
        "(default 30s)",
        "\nWorkload:\n",
        "\nExperiment:\n",
        "\nRequest:\n",
        "\nOrigin:\n",
        "\nResults:\n",
        "\nOther:\n",
        "\nExamples:\n",
    };
    char *text = help_text();
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_contains(text, parts[i]);
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        char line[64];
        snprintf(line, sizeof(line), "\n  %s ", mode_registry[i]->name);
        bool is_shown = strstr(text, line) != NULL;
        assert_int_equal(is_shown, (mode_registry[i]->traits & MODE_HIDDEN) == 0);
    }
    assert_null(strstr(text, "--script"));
    free(text);
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    char *text = help_text();
    size_t lines = 0;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t columns = strcspn(line, "\n");
        if (columns > 80 || (columns > 0 && line[columns - 1] == ' '))
            fail_msg("too wide, or blanks at its end: \"%.*s\"", (int)columns, line);
        lines++;
    }
    assert_in_range(lines, 40, 240);
    free(text);
}

/* Assertions */

static void claims_name_connections_where_cells_differ_by_them(void **state)
{
    const struct options *options =
        accept(state, ARGUMENTS("--connections", "fresh,reuse", "--assert", "async:reuse.time / sync.time < 2", "f"));
    assert_string_equal(options->assertions[0].operands[0].mode, "event-loop:reuse");
    assert_string_equal(options->assertions[0].operands[1].mode, "sync");
    /* Where there is one kind only, no cell is named by it. */
    options = accept(state, ARGUMENTS("--connections", "fresh", "--assert", "threads:fresh.time < 2s", "f"));
    assert_string_equal(options->assertions[0].operands[0].mode, "threads");
    refuse(state, ARGUMENTS("--assert", "threads:fresh.time < 2s", "f"), ARGUMENTS("add them to --connections"));
    refuse(state, ARGUMENTS("--assert", "threads:cold.time < 2s", "f"), ARGUMENTS("reuse, fresh or warm", "cold"));
}

static void claims_are_held_to_the_plan(void **state)
{
    struct fixture *fixture = *state;
    accept(state, ARGUMENTS("--assert", "async.time < 2s", "--assert=*.failures == 0", "--origin"));
    assert_int_equal(fixture->options.assertion_count, 2);
    assert_string_equal(fixture->options.assertions[0].operands[0].mode, "event-loop");
    assert_string_equal(fixture->options.assertions[1].operands[0].mode, "*");
    refuse(state, ARGUMENTS("--assert", "thread.time < 2s", "f"), ARGUMENTS("did you mean \"threads\""));
    refuse(state, ARGUMENTS("--mode", "sync", "--assert", "threads.time < 2s", "f"), ARGUMENTS("add it to --mode"));
    refuse(state, ARGUMENTS("--assert", "threads@9.time < 2s", "f"), ARGUMENTS("add them to --workers"));
    refuse(state, ARGUMENTS("--assert", "sync@8.time < 2s", "f"), ARGUMENTS("add them to --workers"));
    refuse(state, ARGUMENTS("-c", "1,2", "--assert", "sync.time / threads.time < 2", "f"), ARGUMENTS("say which"));
    accept(state, ARGUMENTS("-c", "1,2", "--assert", "sync.time / threads@2.time < 2", "f"));
    accept(state, ARGUMENTS("-c", "1,2,4", "--assert", "sync.time / threads.time < 2", "f"));
    accept(state, ARGUMENTS("-c", "auto", "--assert", "threads@77.time < 2s", "f"));
    refuse(state, ARGUMENTS("--assert", "", "f"), ARGUMENTS("an assertion is empty"));
    accept(state, ARGUMENTS("--copies", "3", "--assert", "async#03.time < 2s", "f"));
    assert_string_equal(fixture->options.assertions[0].operands[0].mode, "event-loop#3");
    static const char *const copies[] = {"sync#4.time < 2s", "sync#1.time < 2s", "sync#.time < 2s", "sync#x.time < 2s"};
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
        refuse(state, ARGUMENTS("--copies", "3", "--assert", copies[i], "f"), ARGUMENTS("there is no copy \"#"));
}

/* Any command line at all */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Checks what must hold for options that were accepted, whatever the command line. */
static void assert_sound(const struct options *options)
{
    assert_in_range(options->mode_count, 1, 16);
    assert_in_range(options->worker_count, 1, 64);
    for (size_t i = 0; i < options->worker_count; i++)
        assert_in_range(options->workers[i], 1, WORKERS_MAX);
    assert_in_range(options->runs, 1, 10000);
    assert_true(options->transfer.max_time > 0);
    if (!options->show_help && !options->show_version) {
        assert_non_null(options->reference);
        assert_true(options->input_count > 0 || options->use_origin);
    }
}

static void any_command_line_is_understood_or_refused(void **state)
{
    static const char *const words[] = {"--mode",
                                        "sync,threads",
                                        "--mode=null",
                                        "all",
                                        "-c",
                                        "1..64",
                                        "-c8",
                                        "--workers=0",
                                        "8",
                                        "--runs",
                                        "auto",
                                        "-r3",
                                        "-",
                                        "--",
                                        "--origin",
                                        "--",
                                        "--origin=x",
                                        "5ms",
                                        "-q",
                                        "-qqh",
                                        "--script",
                                        "1ms,2ms",
                                        "--script=",
                                        "--seed=",
                                        "-V",
                                        "=",
                                        "--=",
                                        "a://b",
                                        "--max-time",
                                        "30",
                                        "--dns",
                                        "live",
                                        "--deadline",
                                        "1h",
                                        "-c=",
                                        "",
                                        "--help=",
                                        "---",
                                        "--mode=sync,x",
                                        "-c1..3,9..1",
                                        "--mode=,",
                                        ",",
                                        "-\xff",
                                        "--order",
                                        "file",
                                        "--dry-run",
                                        "-n1"};
    enum { WORD_COUNT = sizeof(words) / sizeof(words[0]), LINES = 20000, WORDS_MAX = 7 };
    struct fixture *fixture = *state;
    uint32_t random = 1;
    int accepted = 0;
    for (int line = 0; line < LINES; line++) {
        const char *arguments[WORDS_MAX + 1] = {NULL};
        uint32_t count = next_random(&random) % (WORDS_MAX + 1);
        for (uint32_t i = 0; i < count; i++)
            arguments[i] = words[next_random(&random) % WORD_COUNT];
        if (parse_arguments(fixture, arguments) == 0) {
            assert_sound(&fixture->options);
            accepted++;
        } else {
            assert_int_equal(fixture->error.kind, ERROR_USAGE);
            assert_int_not_equal(fixture->error.message[0], '\0');
        }
    }
    /* Both ways must have been taken often enough to mean anything. */
    assert_in_range(accepted, LINES / 100, LINES / 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_as_documented),
        TEST(flags_are_off_by_default),
        TEST(transfer_defaults_are_those_of_transfer),
        TEST(values_follow_in_every_usual_way),
        TEST(letters_may_share_a_dash),
        TEST(options_and_inputs_come_in_any_order),
        TEST(two_dashes_end_the_options),
        TEST(inputs_point_into_the_arguments),
        TEST(an_input_may_be_given_twice_but_standard_input_may_not),
        TEST(names_must_be_whole),
        TEST(near_misses_get_a_suggestion),
        TEST(far_misses_get_none),
        TEST(a_missing_value_is_noticed),
        TEST(a_value_too_many_is_noticed),
        TEST(an_option_given_twice_must_say_the_same),
        TEST(messages_are_fit_to_be_shown),
        TEST(modes_are_kept_once_in_the_order_given),
        TEST(a_hidden_mode_runs_only_by_name),
        TEST(unknown_modes_are_told_the_known_ones),
        TEST(workers_are_lists_and_doubling_ranges),
        TEST(bad_workers_are_refused_with_their_range),
        TEST(numbers_of_workers_and_cells_are_limited),
        TEST(values_are_held_to_their_limits),
        TEST(figures_of_urls_are_wanted_by_who_exports_them),
        TEST(values_arrive_where_they_belong),
        TEST(tolerances_are_shares_or_the_status),
        TEST(short_values_arrive_where_they_belong),
        TEST(request_options_are_as_curl_has_them),
        TEST(request_texts_point_into_the_arguments),
        TEST(percentiles_are_kept_ascending_and_once),
        TEST(flags_arrive_where_they_belong),
        TEST(scripts_are_lists_of_durations),
        TEST(origin_takes_its_value_only_behind_an_equals_sign),
        TEST(origin_defaults_are_as_documented),
        TEST(bad_origins_are_refused),
        TEST(a_list_is_needed_but_with_the_origin),
        TEST(contradictions_are_refused),
        TEST(what_only_looks_like_a_contradiction_is_accepted),
        TEST(the_reference_is_one_of_the_modes),
        TEST(help_and_version_win_over_what_is_valid),
        TEST(urls_are_told_from_files),
        TEST(releasing_twice_is_harmless),
        TEST(an_empty_argument_vector_is_survived),
        TEST(help_names_every_option_and_mode),
        TEST(help_fits_a_terminal),
        TEST(claims_name_connections_where_cells_differ_by_them),
        TEST(claims_are_held_to_the_plan),
        TEST(any_command_line_is_understood_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
