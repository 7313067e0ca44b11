#include "conc_bench/client/client_settle.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client_report.h"
#include "conc_bench/base/text.h"
#include "conc_bench/run/sample.h"

/* Times of the client's own that lie so little outside of its run are within it: clocks are read one after the other.
 */
#define SLACK NANOSECONDS_PER_MILLISECOND

/* A unit that was done. */
struct task {
    nanoseconds start;
    uint32_t unit;
};

struct settling {
    const struct client_settle_input *input;
    struct trial *trial;
    struct client_report report;
    struct task *order; /* downloads that were done, by their starts */
    uint32_t done;      /* how much that is */
    nanoseconds offset; /* of the report's instants to ours */
};

/* Equality */

/* The number of units of some kind, and the first of them. */
struct found {
    uint32_t count;
    uint32_t first;
};

static void note_unit(struct found *found, uint32_t unit)
{
    if (found->count++ == 0)
        found->first = unit;
}

static const char *url_of(const struct settling *settling, uint32_t unit)
{
    return settling->input->urls[settling->input->unit_urls[unit]];
}

/* "; 3 were asked for more than once, such as number 7 (http://a.test/)". */
static void add_found(const struct settling *settling, const struct found *found, const char *what)
{
    char *reason = settling->trial->reason;
    size_t size = sizeof(settling->trial->reason);
    char url[200];
    if (found->count == 0)
        return;
    text_shorten(url, sizeof(url), url_of(settling, found->first), 48);
    text_append(reason, size, "%s%" PRIu32 " of %" PRIu32 " downloads %s, %s %" PRIu32 " (%s)",
                reason[0] != '\0' ? "; " : "", found->count, settling->trial->table->unit_count, what,
                found->count == 1 ? "number" : "the first is number", found->first + 1, url);
}

static void compare_with_origin(struct settling *settling)
{
    const struct journal_unit *seen = settling->input->seen;
    struct found skipped = {0}, repeated = {0}, otherwise = {0}, abandoned = {0};
    for (uint32_t unit = 0; unit < settling->trial->table->unit_count; unit++) {
        if (seen[unit].requests == 0)
            note_unit(&skipped, unit);
        else if (seen[unit].requests > 1)
            note_unit(&repeated, unit);
        else if (!seen[unit].is_get)
            note_unit(&otherwise, unit);
        else if (!seen[unit].is_whole)
            note_unit(&abandoned, unit);
        settling->trial->client.http10 += seen[unit].requests > 0 && seen[unit].http_version == 10;
    }
    add_found(settling, &skipped, "were never asked for");
    add_found(settling, &repeated, "were asked for more than once");
    add_found(settling, &otherwise, "were not asked for by GET");
    add_found(settling, &abandoned, "were given up before they were whole");
    if (settling->input->strays > 0)
        text_append(settling->trial->reason, sizeof(settling->trial->reason),
                    "%s%" PRIu64 " request%s for what is not in the list",
                    settling->trial->reason[0] != '\0' ? "; " : "", settling->input->strays,
                    settling->input->strays == 1 ? " was" : "s were");
}

/* Checks that the report is complete, and says what the origin says. */
static void compare_with_report(struct settling *settling)
{
    const struct journal_unit *seen = settling->input->seen;
    struct found missing = {0}, otherwise = {0};
    for (uint32_t unit = 0; unit < settling->trial->table->unit_count; unit++) {
        const struct client_line *line = &settling->report.units[unit];
        if (line->number == 0)
            note_unit(&missing, unit);
        else if (seen != NULL && seen[unit].requests == 1 && seen[unit].is_whole &&
                 (seen[unit].status != line->status || seen[unit].body_bytes != line->bytes))
            note_unit(&otherwise, unit);
    }
    add_found(settling, &missing, "are missing in its report");
    add_found(settling, &otherwise, "have another status or size in its report than the origin sent");
}

/* Times */

/* The span of all downloads, by the client's report. */
static void find_span(const struct client_report *report, uint32_t units, nanoseconds *start, nanoseconds *end)
{
    *start = INT64_MAX;
    *end = 0;
    for (uint32_t unit = 0; unit < units; unit++) {
        const struct client_line *line = &report->units[unit];
        if (line->number == 0)
            continue;
        *start = line->start < *start ? line->start : *start;
        *end = line->end > *end ? line->end : *end;
    }
}

/* The last instant at which the origin sent something; that of the client's end without one. */
static nanoseconds last_end(const struct settling *settling)
{
    const struct journal_unit *seen = settling->input->seen;
    nanoseconds ended = settling->input->did->ended;
    nanoseconds last = 0;
    for (uint32_t unit = 0; seen != NULL && unit < settling->trial->table->unit_count; unit++)
        last = seen[unit].end > last ? seen[unit].end : last;
    return last > 0 && last < ended ? last : ended;
}

/* Instants of the monotonic clock are ours, too. Others are moved so that the last download ends when the origin had
 * sent the last of its answers, or when the client had ended. */
static void place_times(struct settling *settling)
{
    const struct client_trial *did = settling->input->did;
    nanoseconds start, end;
    find_span(&settling->report, settling->trial->table->unit_count, &start, &end);
    if (start >= did->began - SLACK && end <= did->ended + SLACK)
        return;
    settling->offset = last_end(settling) - end;
    if (start + settling->offset >= did->began - SLACK)
        return;
    /* The downloads still fit if the client's work after the last one is left out. */
    settling->offset = did->began - start;
    if (end + settling->offset <= did->ended + SLACK)
        return;
    text_append(settling->trial->reason, sizeof(settling->trial->reason),
                "%sits report is of %.3f s, and it ran for %.3f s", settling->trial->reason[0] != '\0' ? "; " : "",
                clock_seconds(end - start), clock_seconds(did->ended - did->began));
}

static nanoseconds within(const struct settling *settling, nanoseconds instant)
{
    const struct client_trial *did = settling->input->did;
    nanoseconds late = instant < did->began ? did->began : instant;
    return late > did->ended ? did->ended : late;
}

/* Samples */

static enum outcome outcome_of(uint16_t status)
{
    if (status == 0)
        return OUTCOME_EMPTY_REPLY;
    return status >= 500 ? OUTCOME_HTTP_5XX : status >= 400 ? OUTCOME_HTTP_4XX : OUTCOME_OK;
}

/* False: nobody says that it was done. */
static bool fill_sample(const struct settling *settling, uint32_t unit, struct sample *sample)
{
    const struct journal_unit *seen = settling->input->seen != NULL ? &settling->input->seen[unit] : NULL;
    const struct client_line *line = &settling->report.units[unit];
    bool has_line = line->number > 0;
    if (seen != NULL ? seen->requests == 0 : !has_line)
        return false;
    sample->start = within(settling, has_line ? line->start + settling->offset : seen->start);
    sample->end = within(settling, has_line ? line->end + settling->offset : seen->end);
    if (sample->end < sample->start)
        sample->end = sample->start;
    sample->settled = sample->end;
    sample->status = seen != NULL ? seen->status : line->status;
    sample->body_bytes = seen != NULL ? seen->body_bytes : line->bytes;
    sample->http_version = sample->status == 0 ? 0 : 11; /* of the answer, whatever it was asked in */
    sample->outcome = (uint8_t)outcome_of(sample->status);
    if (seen != NULL && !seen->is_whole && sample->outcome == OUTCOME_OK)
        sample->outcome = OUTCOME_PARTIAL;
    return true;
}

static int compare_tasks(const void *a, const void *b)
{
    const struct task *left = a;
    const struct task *right = b;
    int order = clock_compare(&left->start, &right->start);
    return order != 0 ? order : (left->unit > right->unit) - (left->unit < right->unit);
}

/* Workers */

/* One of those that a client may be thought to have: a place on the timeline. */
struct lane {
    nanoseconds end;
    uint32_t number;
};

/* The first of a heap, the one that is free earliest, has changed. */
static void sift(struct lane *lanes, uint32_t count)
{
    uint32_t place = 0;
    for (uint32_t child = 1; child < count; child = 2 * place + 1) {
        child += child + 1 < count && lanes[child + 1].end < lanes[child].end;
        if (lanes[place].end <= lanes[child].end)
            return;
        struct lane lane = lanes[place];
        lanes[place] = lanes[child];
        lanes[child] = lane;
        place = child;
    }
}

/* Adds a lane behind all others. */
static void add_lane(struct lane *lanes, uint32_t count, struct lane lane)
{
    uint32_t place = count;
    for (; place > 0 && lanes[(place - 1) / 2].end > lane.end; place = (place - 1) / 2)
        lanes[place] = lanes[(place - 1) / 2];
    lanes[place] = lane;
}

/* Nobody knows which of its threads or processes did what: each download has the worker that has been free for longest,
 * so that none has two at once. */
static void assign_workers(const struct settling *settling, struct lane *lanes)
{
    struct sample *samples = settling->trial->table->samples;
    uint32_t count = 0;
    for (uint32_t i = 0; i < settling->done; i++) {
        struct sample *sample = &samples[settling->order[i].unit];
        if (count > 0 && lanes[0].end <= sample->start) {
            sample->worker = lanes[0].number;
            lanes[0].end = sample->end;
            sift(lanes, count);
        } else {
            sample->worker = count;
            add_lane(lanes, count, (struct lane){sample->end, count});
            count++;
        }
    }
}

/* The first request over each connection made it. `is_known` has room for as many as there are. */
static void assign_connects(const struct settling *settling, bool *is_known, uint32_t most)
{
    const struct journal_unit *seen = settling->input->seen;
    for (uint32_t i = 0; i < settling->done; i++) {
        uint32_t unit = settling->order[i].unit;
        uint32_t connection = seen[unit].connection;
        settling->trial->table->samples[unit].connects = connection < most && !is_known[connection];
        if (connection < most)
            is_known[connection] = true;
    }
}

static uint32_t count_connections(const struct settling *settling)
{
    const struct journal_unit *seen = settling->input->seen;
    uint32_t most = 0;
    for (uint32_t unit = 0; seen != NULL && unit < settling->trial->table->unit_count; unit++) {
        if (seen[unit].requests > 0 && seen[unit].connection >= most && seen[unit].connection < UINT32_MAX)
            most = seen[unit].connection + 1;
    }
    return most;
}

/* Settles samples in the order of their starts. */
static int settle_samples(struct settling *settling, struct error *error)
{
    struct sample_table *table = settling->trial->table;
    uint32_t connections = count_connections(settling);
    struct lane *lanes = calloc((size_t)table->unit_count + 1, sizeof(*lanes));
    bool *is_known = calloc((size_t)connections + 1, sizeof(*is_known));
    settling->order = calloc((size_t)table->unit_count + 1, sizeof(settling->order[0]));
    int status = 0;
    if (lanes != NULL && is_known != NULL && settling->order != NULL) {
        for (uint32_t unit = 0; unit < table->unit_count; unit++) {
            if (fill_sample(settling, unit, &table->samples[unit]))
                settling->order[settling->done++] = (struct task){table->samples[unit].start, unit};
        }
        qsort(settling->order, settling->done, sizeof(settling->order[0]), compare_tasks);
        assign_workers(settling, lanes);
        if (settling->input->seen != NULL)
            assign_connects(settling, is_known, connections);
        for (uint32_t i = 0; i < settling->done; i++)
            sample_settle(table, &table->samples[settling->order[i].unit]);
    } else {
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for what a client did");
    }
    free(settling->order);
    free(lanes);
    free(is_known);
    return status;
}

static void find_first_request(const struct settling *settling)
{
    const struct sample_table *table = settling->trial->table;
    nanoseconds began = settling->input->did->began;
    nanoseconds first = INT64_MAX;
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        bool is_done = sample_outcome(&table->samples[unit]) != OUTCOME_NONE;
        if (is_done && table->samples[unit].start < first)
            first = table->samples[unit].start;
    }
    settling->trial->client.first_request = first < INT64_MAX ? first - began : 0;
}

static void judge(struct settling *settling)
{
    bool has_report = settling->report.count > 0;
    settling->trial->reason[0] = '\0';
    if (settling->input->seen != NULL)
        compare_with_origin(settling);
    if (settling->report.problem[0] != '\0')
        text_append(settling->trial->reason, sizeof(settling->trial->reason), "%s%s",
                    settling->trial->reason[0] != '\0' ? "; " : "", settling->report.problem);
    else if (has_report)
        compare_with_report(settling);
    if (has_report)
        place_times(settling);
    bool has_ended_well = settling->input->did->end == CLIENT_EXITED && settling->input->did->code == 0;
    if (has_ended_well && settling->trial->reason[0] != '\0')
        settling->trial->status = TRIAL_UNEQUAL;
}

int client_settle(const struct client_settle_input *input, struct trial *trial, struct error *error)
{
    struct settling settling = {.input = input, .trial = trial};
    int status = 0;
    if (client_report_read(input->report, trial->table->unit_count, &settling.report) != 0)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the report of a client");
    if (status == 0) {
        bool has_report = settling.report.count > 0;
        trial->client.proof = input->seen != NULL ? CLIENT_SEEN : has_report ? CLIENT_REPORTED : CLIENT_UNPROVEN;
        trial->client.has_own_times = has_report;
        trial->client.handshakes = input->handshakes;
        judge(&settling);
        status = settle_samples(&settling, error);
    }
    if (status == 0)
        find_first_request(&settling);
    client_report_release(&settling.report);
    return status;
}
