#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/fleet/reach.h"
#include "conc_bench/run/interrupt.h"
#include "session_state.h"

/* A server of ten thousand URLs tells its counts in much less, over any network. */
#define LONGEST_ANSWER (30 * NANOSECONDS_PER_SECOND)

/* The counts of a machine's own origin. Behind them stands for each URL the number of times it was asked for
 * (uint64_t), and its text with its zero byte; nothing stands there where URLs are too many to be told. */
struct counts_report {
    enum error_kind failure; /* ERROR_NONE: there are counts */
    char message[512];
    struct origin_totals totals;
    uint32_t url_count;
};

bool machines_share_origin(const struct session *session)
{
    return fleet_size() > 1 && session->options->use_origin && !session->options->origin.is_each;
}

static bool has_origin_each(const struct session *session)
{
    return fleet_size() > 1 && session->options->use_origin && session->options->origin.is_each;
}

int machines_find_place(struct session *session, struct error *error)
{
    if (!machines_share_origin(session))
        return 0;
    progress_show(&session->progress, -1, "finding out where the other machines reach this one");
    return reach_find(session->options->origin.address, session->place.address, error);
}

/* The leader's side */

static bool is_interrupted(void *context)
{
    (void)context;
    return interrupt_signal() != 0;
}

/* An origin that has ended says so when it is asked for its counts. */
int machines_reset_origins(const struct session *session, nanoseconds latency, struct error *error)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_ANSWER, .is_over = is_interrupted};
    if (!has_origin_each(session))
        return 0;
    return fleet_broadcast(FLEET_RESET, &latency, sizeof(latency), &limit, error);
}

static void forget_urls(struct trial_origin_counts *counts)
{
    for (uint32_t i = 0; i < counts->url_count; i++)
        free(counts->urls[i]);
    free(counts->urls);
    free(counts->url_requests);
    counts->urls = NULL;
    counts->url_requests = NULL;
    counts->url_count = 0;
}

static int no_memory(struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "no memory for what the origins saw");
}

/* Merges the counts of a report into those of the run; both are sorted. `text` is the text of the report, which holds
 * all of its URLs. */
static int merge_urls(struct trial_origin_counts *counts, const char *text, uint32_t url_count, struct error *error)
{
    size_t room = (size_t)counts->url_count + url_count + 1;
    struct trial_origin_counts merged = {.urls = calloc(room, sizeof(merged.urls[0])),
                                         .url_requests = calloc(room, sizeof(merged.url_requests[0]))};
    bool has_memory = merged.urls != NULL && merged.url_requests != NULL;
    uint32_t own = 0;
    while (has_memory && (own < counts->url_count || url_count > 0)) {
        const char *url = text + sizeof(uint64_t);
        int order = own == counts->url_count ? 1 : url_count == 0 ? -1 : strcmp(counts->urls[own], url);
        uint64_t requests = 0;
        if (order <= 0) {
            merged.urls[merged.url_count] = counts->urls[own];
            merged.url_requests[merged.url_count] = counts->url_requests[own];
            counts->urls[own++] = NULL;
        } else if ((merged.urls[merged.url_count] = strdup(url)) == NULL) {
            has_memory = false;
            break;
        }
        if (order >= 0) {
            memcpy(&requests, text, sizeof(requests));
            merged.url_requests[merged.url_count] += requests;
            text = url + strlen(url) + 1;
            url_count--;
        }
        merged.url_count++;
    }
    forget_urls(counts);
    counts->urls = merged.urls;
    counts->url_requests = merged.url_requests;
    counts->url_count = merged.url_count;
    return has_memory ? 0 : no_memory(error);
}

/* No two servers know when the other had most in flight; the sum is what they may have had at most. */
static void add_totals(const struct origin_totals *part, struct origin_totals *whole)
{
    whole->requests += part->requests;
    whole->responses += part->responses;
    whole->errors += part->errors;
    whole->connections += part->connections;
    whole->peak_in_flight += part->peak_in_flight;
    whole->strangers += part->strangers;
    whole->cpu += part->cpu;
    whole->paths = part->paths > whole->paths ? part->paths : whole->paths;
}

static int add_report(const struct fleet_message *message, uint32_t rank, struct origin_totals *totals,
                      struct trial_origin_counts *counts, struct error *error)
{
    struct counts_report report;
    if (message->kind != FLEET_COUNTS || message->size < sizeof(report))
        return error_set(error, ERROR_ENVIRONMENT, "%s does not tell what its origin saw", fleet_name(rank));
    memcpy(&report, message->bytes, sizeof(report));
    if (report.failure != ERROR_NONE)
        return error_set(error, report.failure, "on %s: %.*s", fleet_name(rank), (int)sizeof(report.message) - 1,
                         report.message);
    add_totals(&report.totals, totals);
    if (counts->url_count == 0 || report.url_count < report.totals.paths) {
        forget_urls(counts);
        return 0;
    }
    return merge_urls(counts, (const char *)message->bytes + sizeof(report), report.url_count, error);
}

int machines_add_counts(const struct session *session, struct origin_totals *totals, struct trial_origin_counts *counts,
                        struct error *error)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_ANSWER, .is_over = is_interrupted};
    if (!has_origin_each(session))
        return 0;
    if (fleet_broadcast(FLEET_COUNT, "", 0, &limit, error) != 0)
        return -1;
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        struct fleet_message message;
        if (fleet_receive(rank, &message, &limit, error) != 0)
            return -1;
        int status = add_report(&message, rank, totals, counts, error);
        free(message.bytes);
        if (status != 0)
            return -1;
    }
    return 0;
}

/* A follower's side */

static void reset(struct session *session, const struct fleet_message *message)
{
    nanoseconds latency;
    if (message->size != sizeof(latency) || origin_reset(session->origin, NULL) != 0)
        return;
    memcpy(&latency, message->bytes, sizeof(latency));
    origin_set_latency(session->origin, latency, NULL);
}

/* NULL: no memory. */
static char *write_report(const struct counts_report *report, const struct origin_path_count *paths, size_t *size)
{
    *size = sizeof(*report);
    for (uint32_t i = 0; i < report->url_count; i++)
        *size += sizeof(paths[i].requests) + strlen(paths[i].url) + 1;
    char *bytes = malloc(*size);
    char *end = bytes;
    if (bytes == NULL)
        return NULL;
    machines_add_bytes(&end, report, sizeof(*report));
    for (uint32_t i = 0; i < report->url_count; i++) {
        machines_add_bytes(&end, &paths[i].requests, sizeof(paths[i].requests));
        machines_add_bytes(&end, paths[i].url, strlen(paths[i].url) + 1);
    }
    return bytes;
}

static int tell_counts(struct session *session, struct error *error)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_ANSWER};
    struct counts_report report = {.failure = ERROR_NONE};
    struct origin_path_count *paths = NULL;
    struct error failure = {0};
    size_t size;
    if (origin_read_counts(session->origin, &report.totals, &paths, &failure) != 0) {
        report.failure = failure.kind;
        snprintf(report.message, sizeof(report.message), "%.*s", (int)sizeof(report.message) - 1, failure.message);
    } else if (report.totals.paths <= WITNESS_URLS_MAX) {
        report.url_count = report.totals.paths;
    }
    char *bytes = write_report(&report, paths, &size);
    int status = bytes != NULL ? fleet_send(0, FLEET_COUNTS, bytes, size, &limit, error) : no_memory(error);
    if (paths != NULL)
        origin_path_counts_release(paths, report.totals.paths);
    free(bytes);
    return status;
}

int machines_answer(void *context, const struct fleet_message *message, struct error *error)
{
    struct session *session = context;
    if (message->kind == FLEET_RESET && session->origin != NULL)
        reset(session, message);
    return message->kind == FLEET_COUNT && session->origin != NULL ? tell_counts(session, error) : 0;
}
