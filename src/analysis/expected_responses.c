#include "expected_responses.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/scratch.h"
#include "conc_bench/base/text.h"

/* Answers in the warm-up that show by themselves whether a URL varies. */
enum { ANSWERS_ENOUGH = 2 };

/* No answer has that. */
enum { ANY_KIND = 0 };

/* Answers of a URL whose answers are not all alike, with where they come from. */
struct url_entry {
    int64_t bytes;
    uint32_t url;
    uint32_t count;
    uint32_t kind; /* status and HTTP version */
    uint32_t cell;
    uint32_t round;
    bool is_warmup;
    bool is_complete; /* the trial is */
};

/* Goes over all answers of successful downloads. */
struct answer_visitor {
    struct expected_responses *expected_responses;
    uint32_t cell;
    const struct trial *trial;
    bool is_warmup;
    bool has_mixed;               /* some URL is */
    bool has_changed;             /* some URL had several contents of one size */
    struct url_content *contents; /* by URL, while they are compared */
    struct url_entry *entries;    /* NULL: they are only counted */
    size_t entry_count;
};

/* The contents of a URL's bodies of the usual size. */
struct url_content {
    uint64_t answers;
    uint64_t usual;          /* of those with the digest of the expectation */
    uint64_t lead;           /* of that digest over all others (Boyer and Moore 1991) */
    uint32_t cell;           /* looked at last, from 1; 0: none was */
    uint32_t digest;         /* the first that it got */
    uint16_t repeated_cells; /* that got more than one answer, */
    uint16_t mixed_cells;    /* and of several contents */
    bool is_repeated;        /* the cell looked at last is */
    bool is_mixed;
};

static uint32_t kind_of(const struct answer *answer)
{
    return (uint32_t)answer->status << 8 | answer->http_version;
}

static void note_answer(struct answer_visitor *visitor, const struct answer *answer)
{
    struct expectation *url = &visitor->expected_responses->urls[answer->url];
    if (!url->is_known)
        *url = (struct expectation){.bytes = answer->body_bytes,
                                    .status = answer->status,
                                    .http_version = answer->http_version,
                                    .digest = answer->digest,
                                    .is_known = true};
    else if (url->bytes != answer->body_bytes || url->status != answer->status ||
             url->http_version != answer->http_version)
        visitor->has_mixed = url->is_mixed = true;
    visitor->has_changed |= url->digest != answer->digest;
}

static void list_answer(struct answer_visitor *visitor, const struct answer *answer)
{
    if (!visitor->expected_responses->urls[answer->url].is_mixed)
        return;
    if (visitor->entries != NULL)
        visitor->entries[visitor->entry_count] = (struct url_entry){
            .bytes = answer->body_bytes,
            .url = answer->url,
            .count = answer->count,
            .kind = kind_of(answer),
            .cell = visitor->cell,
            .round = visitor->trial->round,
            .is_warmup = visitor->is_warmup,
            .is_complete = visitor->trial->status == TRIAL_COMPLETE,
        };
    visitor->entry_count++;
}

static void visit_trials(struct answer_visitor *visitor, const struct trial *trials, size_t count,
                         void (*visit)(struct answer_visitor *visitor, const struct answer *answer))
{
    for (size_t i = 0; i < count; i++) {
        const struct trial_latencies *latencies = trials[i].summary.latencies;
        visitor->trial = &trials[i];
        for (size_t j = 0; j < latencies->answer_count; j++) {
            if (latencies->answers[j].outcome == OUTCOME_OK)
                visit(visitor, &latencies->answers[j]);
        }
    }
}

static void visit_all(struct answer_visitor *visitor,
                      void (*visit)(struct answer_visitor *visitor, const struct answer *answer))
{
    const struct run *run = visitor->expected_responses->run;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        visitor->cell = (uint32_t)i;
        visitor->is_warmup = true;
        visit_trials(visitor, cell->warmups, cell->warmup_count, visit);
        visitor->is_warmup = false;
        visit_trials(visitor, cell->trials, cell->trial_count, visit);
    }
}

/* Usual answers */

static int compare_numbers(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

static int compare_by_answer(const void *a, const void *b)
{
    const struct url_entry *left = a;
    const struct url_entry *right = b;
    int order = compare_numbers(left->url, right->url);
    if (order == 0)
        order = compare_numbers(left->kind, right->kind);
    return order != 0 ? order : compare_numbers(left->bytes, right->bytes);
}

/* Takes entries sorted by answer, all of one URL and kind. */
static int64_t median_bytes(const struct url_entry *entries, uint64_t answers)
{
    uint64_t before = 0;
    while (before + entries->count <= (answers - 1) / 2)
        before += entries++->count;
    return entries->bytes;
}

/* The entries of one URL, sorted by answer. */
static void settle_usual(struct expectation *url, const struct url_entry *entries, size_t count)
{
    uint64_t most = 0;
    for (size_t first = 0, end; first < count; first = end) {
        uint64_t answers = 0;
        for (end = first; end < count && entries[end].kind == entries[first].kind; end++)
            answers += entries[end].count;
        if (answers <= most)
            continue;
        most = answers;
        url->status = (uint16_t)(entries[first].kind >> 8);
        url->http_version = (uint8_t)entries[first].kind;
        url->bytes = median_bytes(&entries[first], answers);
    }
}

static uint32_t usual_kind(const struct expectation *url)
{
    return (uint32_t)url->status << 8 | url->http_version;
}

/* Answers that vary by themselves */

static bool is_early(const struct expected_responses *expected_responses, const struct url_entry *entry,
                     bool is_warmup_enough)
{
    const struct run_cell *cells = expected_responses->run->cells;
    bool is_first_round = !entry->is_warmup && entry->round == 0 && cells[entry->cell].group == cells[0].group;
    return entry->is_warmup || (!is_warmup_enough && is_first_round);
}

/* Whether answers of one status and HTTP version differ in size where that shows beforehand that a URL varies. Of all
 * kinds, or of one. The entries of one URL, sorted by answer. */
static bool differs_early(const struct expected_responses *expected_responses, const struct url_entry *entries,
                          size_t count, uint32_t kind)
{
    const struct url_entry *one = NULL;
    uint64_t in_warmup = 0;
    for (size_t i = 0; i < count; i++)
        in_warmup += entries[i].is_warmup ? entries[i].count : 0;
    for (size_t i = 0; i < count; i++) {
        bool is_asked_for = kind == ANY_KIND || entries[i].kind == kind;
        if (!is_asked_for || !is_early(expected_responses, &entries[i], in_warmup >= ANSWERS_ENOUGH))
            continue;
        if (one != NULL && one->kind == entries[i].kind && one->bytes != entries[i].bytes)
            return true;
        one = &entries[i];
    }
    return false;
}

static int compare_by_cell(const void *a, const void *b)
{
    return compare_numbers(((const struct url_entry *)a)->cell, ((const struct url_entry *)b)->cell);
}

/* Whether most cells got answers of several sizes. The entries of one URL, sorted by cell. */
static bool differs_within_cells(const struct expectation *url, const struct url_entry *entries, size_t count)
{
    size_t cells = 0;
    size_t mixed_cells = 0;
    for (size_t first = 0, end; first < count; first = end) {
        const struct url_entry *one = NULL;
        bool is_mixed = false;
        for (end = first; end < count && entries[end].cell == entries[first].cell; end++) {
            if (entries[end].kind != usual_kind(url))
                continue;
            is_mixed |= one != NULL && one->bytes != entries[end].bytes;
            one = &entries[end];
        }
        cells += one != NULL;
        mixed_cells += is_mixed;
    }
    return 2 * mixed_cells > cells;
}

static bool has_several_unusual(const struct expectation *url, const struct url_entry *entries, size_t count)
{
    uint64_t unusual = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == usual_kind(url) && entries[i].bytes != url->bytes)
            unusual += entries[i].count;
    }
    return unusual > 1;
}

/* Contents */

static bool has_usual_size(const struct expectation *url, const struct answer *answer)
{
    return kind_of(answer) == usual_kind(url) && answer->body_bytes == url->bytes;
}

/* Counts an answer. The digest that is left in the end is that of most answers of the usual size, if most had the
 * same. */
static void vote(struct expectation *url, struct url_content *content, const struct answer *answer)
{
    if (answer->digest == DIGEST_VARIED)
        return;
    if (url->digest == answer->digest)
        content->lead += answer->count;
    else if (content->lead >= answer->count)
        content->lead -= answer->count;
    else {
        content->lead = answer->count - content->lead;
        url->digest = answer->digest;
    }
}

static void enter_cell(struct url_content *content, uint32_t cell, uint32_t digest)
{
    content->cell = cell;
    content->digest = digest;
    content->is_repeated = content->is_mixed = false;
}

/* Cells come one after the other. */
static void note_content(struct answer_visitor *visitor, const struct answer *answer)
{
    struct expectation *url = &visitor->expected_responses->urls[answer->url];
    struct url_content *content = &visitor->contents[answer->url];
    if (answer->digest == DIGEST_NONE || !has_usual_size(url, answer))
        return;
    vote(url, content, answer);
    content->answers += answer->count;
    bool is_first = content->cell != visitor->cell + 1;
    if (is_first)
        enter_cell(content, visitor->cell + 1, answer->digest);
    if (!content->is_repeated && (!is_first || answer->count > 1)) {
        content->is_repeated = true;
        content->repeated_cells++;
    }
    if (!content->is_mixed && (answer->digest == DIGEST_VARIED || answer->digest != content->digest)) {
        content->is_mixed = true;
        content->mixed_cells++;
    }
}

static void count_usual(struct answer_visitor *visitor, const struct answer *answer)
{
    const struct expectation *url = &visitor->expected_responses->urls[answer->url];
    if (answer->digest == url->digest && has_usual_size(url, answer))
        visitor->contents[answer->url].usual += answer->count;
}

/* Whether the content changes. Where no cell got two answers, so that none could see a change, it counts whether most
 * cells got the same. */
static bool does_change(const struct url_content *content)
{
    return content->repeated_cells > 0 ? 2 * content->mixed_cells > content->repeated_cells
                                       : 2 * content->usual <= content->answers && content->answers > 0;
}

static int learn_contents(struct answer_visitor *visitor, struct error *error)
{
    struct expected_responses *expected_responses = visitor->expected_responses;
    uint32_t count = expected_responses->run->distinct_urls;
    if (!visitor->has_changed)
        return 0;
    visitor->contents = scratch_alloc(((size_t)count + 1) * sizeof(visitor->contents[0]));
    if (visitor->contents == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the contents of %" PRIu32 " URLs", count);
    memset(visitor->contents, 0, ((size_t)count + 1) * sizeof(visitor->contents[0]));
    for (uint32_t url = 0; url < count; url++)
        expected_responses->urls[url].digest = DIGEST_NONE;
    visit_all(visitor, note_content);
    visit_all(visitor, count_usual);
    for (uint32_t url = 0; url < count; url++)
        expected_responses->urls[url].does_change = does_change(&visitor->contents[url]);
    free(visitor->contents);
    return 0;
}

/* Rounds that cannot be mended */

/* Totals of the answers of one URL to the cells of one round. */
struct round_span {
    struct expected_round round;
    uint32_t kind;
    int64_t least, most;
    bool is_torn;
};

static void widen(struct round_span *span, const struct url_entry *entry)
{
    span->least = entry->bytes < span->least ? entry->bytes : span->least;
    span->most = entry->bytes > span->most ? entry->bytes : span->most;
    span->is_torn |= span->kind != entry->kind;
}

/* Whether no usual size is near enough to both. */
static bool are_apart(const struct tolerance *tolerance, int64_t least, int64_t most)
{
    double lowest_usual = (double)most / (1 + tolerance->share);
    return !tolerance->is_status_only && lowest_usual * (1 - tolerance->share) > (double)least;
}

static int compare_rounds(const void *a, const void *b)
{
    const struct expected_round *left = a;
    const struct expected_round *right = b;
    int order = compare_numbers(left->group, right->group);
    return order != 0 ? order : compare_numbers(left->round, right->round);
}

static int add_torn(struct expected_responses *expected_responses, const struct expected_round *round,
                    struct error *error)
{
    if (expected_is_torn(expected_responses, round->group, round->round))
        return 0;
    struct expected_round *longer =
        realloc(expected_responses->torn, (expected_responses->torn_count + 1) * sizeof(*longer));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the list of rounds with unequal answers");
    expected_responses->torn = longer;
    longer[expected_responses->torn_count++] = *round;
    qsort(longer, expected_responses->torn_count, sizeof(longer[0]), compare_rounds);
    return 0;
}

static int compare_spans(const void *a, const void *b)
{
    return compare_rounds(&((const struct round_span *)a)->round, &((const struct round_span *)b)->round);
}

/* The entries of one URL. `spans` has room for as many. */
static int find_torn(struct expected_responses *expected_responses, const struct url_entry *entries, size_t count,
                     struct round_span *spans, struct error *error)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].is_warmup || !entries[i].is_complete)
            continue;
        const struct expected_round round = {expected_responses->run->cells[entries[i].cell].group, entries[i].round};
        spans[used++] = (struct round_span){round, entries[i].kind, entries[i].bytes, entries[i].bytes, false};
    }
    qsort(spans, used, sizeof(spans[0]), compare_spans);
    int status = 0;
    for (size_t first = 0, end; first < used && status == 0; first = end) {
        for (end = first + 1; end < used && compare_spans(&spans[first], &spans[end]) == 0; end++)
            widen(&spans[first], &(struct url_entry){.kind = spans[end].kind, .bytes = spans[end].least});
        if (spans[first].is_torn ||
            are_apart(&expected_responses->run->tolerance, spans[first].least, spans[first].most))
            status = add_torn(expected_responses, &spans[first].round, error);
    }
    return status;
}

/* Learning */

static int settle_url(struct expected_responses *expected_responses, struct url_entry *entries, size_t count,
                      struct round_span *spans, struct error *error)
{
    struct expectation *url = &expected_responses->urls[entries[0].url];
    settle_usual(url, entries, count);
    bool is_bounded = expected_responses->run->tolerance.is_status_only || expected_responses->run->tolerance.share > 0;
    bool may_vary = !is_bounded && differs_early(expected_responses, entries, count, usual_kind(url));
    /* Answers to come may show that it varies, or that another status is the usual one. */
    bool is_certain = is_bounded || !differs_early(expected_responses, entries, count, ANY_KIND);
    if (is_certain && find_torn(expected_responses, entries, count, spans, error) != 0)
        return -1;
    qsort(entries, count, sizeof(entries[0]), compare_by_cell);
    url->does_vary = may_vary && has_several_unusual(url, entries, count) && differs_within_cells(url, entries, count);
    return 0;
}

static int settle_mixed(struct expected_responses *expected_responses, struct url_entry *entries, size_t count,
                        struct error *error)
{
    qsort(entries, count, sizeof(entries[0]), compare_by_answer);
    int status = 0;
    for (size_t first = 0, end; first < count && status == 0; first = end) {
        for (end = first + 1; end < count && entries[end].url == entries[first].url;)
            end++;
        struct round_span *spans = calloc(end - first, sizeof(spans[0]));
        if (spans == NULL)
            return error_set(error, ERROR_ENVIRONMENT, "no memory for the answers of a URL");
        status = settle_url(expected_responses, &entries[first], end - first, spans, error);
        free(spans);
    }
    return status;
}

static int learn(struct expected_responses *expected_responses, struct error *error)
{
    struct answer_visitor visitor = {.expected_responses = expected_responses};
    visit_all(&visitor, note_answer);
    if (!visitor.has_mixed)
        return learn_contents(&visitor, error);
    visit_all(&visitor, list_answer);
    visitor.entries = scratch_alloc(visitor.entry_count * sizeof(visitor.entries[0]));
    if (visitor.entries == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %zu different answers", visitor.entry_count);
    visitor.entry_count = 0;
    visit_all(&visitor, list_answer);
    int status = settle_mixed(expected_responses, visitor.entries, visitor.entry_count, error);
    free(visitor.entries);
    return status == 0 ? learn_contents(&visitor, error) : -1;
}

int expected_learn(const struct run *run, struct expected_responses *expected_responses, struct error *error)
{
    *expected_responses = (struct expected_responses){
        .run = run, .urls = calloc(run->distinct_urls + 1, sizeof(expected_responses->urls[0]))};
    if (expected_responses->urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what %" PRIu32 " URLs answer", run->distinct_urls);
    int status = learn(expected_responses, error);
    if (status != 0)
        expected_release(expected_responses);
    return status;
}

void expected_release(struct expected_responses *expected_responses)
{
    free(expected_responses->urls);
    free(expected_responses->torn);
    *expected_responses = (struct expected_responses){0};
}

bool expected_is_torn(const struct expected_responses *expected_responses, uint32_t group, uint32_t round)
{
    const struct expected_round key = {group, round};
    return expected_responses->torn_count > 0 &&
           bsearch(&key, expected_responses->torn, expected_responses->torn_count, sizeof(key), compare_rounds) != NULL;
}

/* Holding against it */

static void describe(const struct expected_responses *expected_responses, const struct answer *answer,
                     const char *place, char *difference, size_t size)
{
    const struct expectation *expected = &expected_responses->urls[answer->url];
    const char *text = expected_responses->run->urls[answer->url];
    char escaped[200];
    text_escape(escaped, sizeof(escaped), text, strlen(text));
    if (expected->http_version != answer->http_version)
        snprintf(difference, size, "%s had %s answered by HTTP %.1f instead of %.1f", place, escaped,
                 answer->http_version / 10.0, expected->http_version / 10.0);
    else if (has_usual_size(expected, answer))
        snprintf(difference, size, "%s had %s answered with other content of the same size (%" PRId64 " bytes)", place,
                 escaped, answer->body_bytes);
    else
        snprintf(difference, size,
                 "%s had %s answered with status %u and %" PRId64 " bytes instead of status %u and %" PRId64, place,
                 escaped, (unsigned)answer->status, answer->body_bytes, (unsigned)expected->status, expected->bytes);
}

static bool is_near(const struct tolerance *tolerance, int64_t bytes, int64_t usual)
{
    return bytes == usual || tolerance->is_status_only ||
           fabs((double)bytes - (double)usual) <= tolerance->share * (double)usual;
}

/* Where sizes may differ, contents may, too. */
static bool has_usual_content(const struct expected_responses *expected_responses, const struct expectation *expected,
                              const struct answer *answer)
{
    const struct tolerance *tolerance = &expected_responses->run->tolerance;
    return answer->digest == expected->digest || answer->digest == DIGEST_NONE || expected->digest == DIGEST_NONE ||
           expected->does_vary || expected->does_change || tolerance->is_status_only || tolerance->share > 0;
}

bool expected_fits(const struct expected_responses *expected_responses, const struct answer *answer)
{
    const struct expectation *expected = &expected_responses->urls[answer->url];
    if (answer->outcome != OUTCOME_OK || !expected->is_known)
        return true;
    return answer->status == expected->status && answer->http_version == expected->http_version &&
           (expected->does_vary || is_near(&expected_responses->run->tolerance, answer->body_bytes, expected->bytes)) &&
           has_usual_content(expected_responses, expected, answer);
}

bool expected_is_unusual(const struct expected_responses *expected_responses, const struct answer *answer)
{
    return answer->outcome == OUTCOME_OK && answer->body_bytes != expected_responses->urls[answer->url].bytes;
}

bool expected_holds(const struct expected_responses *expected_responses, const struct trial_latencies *latencies,
                    const char *place, char *difference, size_t size)
{
    for (size_t i = 0; i < latencies->answer_count; i++) {
        if (expected_fits(expected_responses, &latencies->answers[i]))
            continue;
        describe(expected_responses, &latencies->answers[i], place, difference, size);
        return false;
    }
    return true;
}
