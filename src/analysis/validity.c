#include "conc_bench/analysis/validity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/modes/trait.h"
#include "expected_responses.h"

/* Rounds that may be dropped before the whole run is not to be believed: one, or this share. */
static const double droppable_share = 0.05;

/* The ratio of downloads in flight to workers that rounding may explain. */
static const double little_tolerance = 1.01;

struct judge {
    const struct run *run;
    struct validity *validity;
    struct expected_responses expected_responses;
    const struct run_cell *cell; /* under judgement */
    const struct trial *trial;
    char place[128];              /* "threads/8 in round 3" */
    const struct trial *attested; /* the origin saw of it what it saw of most trials; NULL: it was never asked */
    char attested_place[128];
    uint32_t attested_downloads; /* of such trials */
    uint64_t *mismatched;        /* by URL, in the cell under judgement; NULL: nothing has been yet */
    bool has_broken_promise;
};

bool validity_is_failure(const struct trial *trial, enum outcome outcome)
{
    bool is_given_up = outcome == OUTCOME_CANCELLED || outcome == OUTCOME_LOST;
    return outcome != OUTCOME_OK && outcome != OUTCOME_NONE && outcome != OUTCOME_GIVEN_UP &&
           !(is_given_up && trial->status == TRIAL_INTERRUPTED);
}

static int compare_dropped(const void *a, const void *b)
{
    const struct dropped_round *left = a;
    const struct dropped_round *right = b;
    if (left->group != right->group)
        return left->group < right->group ? -1 : 1;
    return (left->round > right->round) - (left->round < right->round);
}

static struct dropped_round *find_dropped(const struct validity *validity, uint32_t group, uint32_t round)
{
    const struct dropped_round wanted = {.group = group, .round = round};
    if (validity->is_dropped_in_order)
        return bsearch(&wanted, validity->dropped, validity->dropped_count, sizeof(wanted), compare_dropped);
    for (size_t i = 0; i < validity->dropped_count; i++) {
        if (validity->dropped[i].group == group && validity->dropped[i].round == round)
            return &validity->dropped[i];
    }
    return NULL;
}

bool validity_is_unproven(const struct trial *trial)
{
    return trial->client.is_present && trial->client.proof == CLIENT_UNPROVEN;
}

bool validity_counts(const struct validity *validity, const struct run_cell *cell, const struct trial *trial)
{
    return trial->status == TRIAL_COMPLETE && find_dropped(validity, cell->group, trial->round) == NULL;
}

/* Checks without tolerance */

static bool is_done_once(const struct judge *judge, char *why, size_t size)
{
    const struct trial_summary *summary = &judge->trial->summary;
    uint32_t units = judge->trial->summary.latencies->unit_count;
    if (summary->settled_twice > 0)
        snprintf(why, size, "%s settled %" PRIu32 " downloads more than once", judge->place, summary->settled_twice);
    else if (summary->settled != units)
        snprintf(why, size, "%s settled %" PRIu32 " of %" PRIu32 " downloads", judge->place, summary->settled, units);
    return summary->settled_twice == 0 && summary->settled == units;
}

/* Checks identities that hold for every run, whatever was measured (Little 1961; Denning and Buzen 1978). */
static bool is_possible(const struct judge *judge, char *why, size_t size)
{
    const struct trial_summary *summary = &judge->trial->summary;
    nanoseconds under_way = 0;
    if (summary->outside_run > 0) {
        snprintf(why, size, "%s has a download (number %" PRIu32 ") that lies outside its run", judge->place,
                 summary->outside_run);
        return false;
    }
    /* A client may have as many at once as it likes; the number is reported. */
    if (judge->trial->client.is_present)
        return true;
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        under_way += summary->phases[phase];
    double in_flight = judge->trial->run > 0 ? (double)under_way / (double)judge->trial->run : 0;
    if (in_flight <= little_tolerance * cell_workers_in_all(judge->cell))
        return true;
    snprintf(why, size, "%s had %.2f downloads under way on average, more than its workers can have", judge->place,
             in_flight);
    return false;
}

/* Checks within a round */

/* Whether requests and downloads must agree in number. */
static bool is_plain(const struct trial_summary *summary)
{
    uint32_t responses = summary->outcomes[OUTCOME_OK] + summary->outcomes[OUTCOME_CHECK] +
                         summary->outcomes[OUTCOME_HTTP_4XX] + summary->outcomes[OUTCOME_HTTP_5XX];
    return responses == summary->settled && summary->redirected == 0 && summary->retries == 0;
}

static bool is_same_origin_counts(const struct trial_origin_counts *one, const struct trial_origin_counts *other)
{
    if (one->url_count != other->url_count)
        return false;
    for (uint32_t i = 0; i < one->url_count; i++) {
        if (one->url_requests[i] != other->url_requests[i] || strcmp(one->urls[i], other->urls[i]) != 0)
            return false;
    }
    return true;
}

/* Whether the origin was asked what a complete trial asked of it, and saw a request for each download. */
static bool is_attestable(const struct run_cell *cell, const struct trial *trial)
{
    /* The requests of a client were compared with its list when it had ended (client_settle.h). */
    unsigned others = MODE_SCRIPTED | MODE_IS_CLIENT;
    return trial->origin_counts.is_present && (cell->traits & others) == 0 && is_plain(&trial->summary);
}

static bool has_all_requests(const struct run_cell *cell, const struct trial *trial)
{
    return trial->origin_counts.requests == (uint64_t)cell->downloads + trial->warm_requests;
}

static void name_place(const struct run_cell *cell, const struct trial *trial, char *place, size_t size)
{
    char label[CELL_LABEL_BYTES];
    snprintf(place, size, "%s in round %" PRIu32, cell_label(cell, label), trial->round + 1);
}

/* Chooses the trial that others of as many downloads are held to: if the origin saw the same of most, one of those
 * (Boyer and Moore 1991). More workers ask more often for what opens connections beforehand, so that those trials tell
 * nothing here. */
static void choose_attested(struct judge *judge, uint32_t downloads)
{
    uint32_t lead = 0;
    if (downloads == judge->attested_downloads)
        return;
    judge->attested = NULL;
    judge->attested_downloads = downloads;
    for (size_t i = 0; i < judge->run->cell_count; i++) {
        const struct run_cell *cell = &judge->run->cells[i];
        for (size_t j = 0; j < cell->trial_count && cell->downloads == downloads; j++) {
            const struct trial *trial = &cell->trials[j];
            if (trial->status != TRIAL_COMPLETE || trial->warm_requests > 0 || !is_attestable(cell, trial) ||
                !has_all_requests(cell, trial))
                continue;
            bool is_same = lead > 0 && is_same_origin_counts(&judge->attested->origin_counts, &trial->origin_counts);
            if (lead == 0) {
                judge->attested = trial;
                name_place(cell, trial, judge->attested_place, sizeof(judge->attested_place));
            }
            lead = lead == 0 || is_same ? lead + 1 : lead - 1;
        }
    }
}

/* The requests that the origin saw must be the downloads, and the same in all trials. Its URLs are not compared with
 * the list: libcurl may spell a URL otherwise (default ports, dot segments), and alike in every mode. */
static bool is_counted(const struct judge *judge, char *why, size_t size)
{
    const struct trial *trial = judge->trial;
    if (!is_attestable(judge->cell, trial) || has_all_requests(judge->cell, trial))
        return true;
    snprintf(why, size, "%s made %" PRIu32 " downloads, and the origin saw %" PRIu64 " requests", judge->place,
             judge->cell->downloads, trial->origin_counts.requests - trial->warm_requests);
    return false;
}

static bool is_attested(const struct judge *judge, char *why, size_t size)
{
    const struct trial *trial = judge->trial;
    if (!is_attestable(judge->cell, trial) || trial->warm_requests > 0 || judge->attested == NULL ||
        is_same_origin_counts(&judge->attested->origin_counts, &trial->origin_counts))
        return true;
    snprintf(why, size, "the origin was not asked for the same URLs by %s and %s", judge->attested_place, judge->place);
    return false;
}

/* The policy is not only set but seen: libcurl counts the connections it makes. */
static bool is_policy_kept(struct judge *judge, char *why, size_t size)
{
    const struct trial_summary *summary = &judge->trial->summary;
    if (judge->trial->client.is_present)
        return true;
    if (judge->cell->connections == CONNECTIONS_WARM)
        judge->validity->cold_connects += summary->connects;
    if (judge->cell->connections != CONNECTIONS_FRESH || summary->not_fresh == 0)
        return true;
    snprintf(why, size, "%s made a download (number %" PRIu32 ") over a connection that was not fresh", judge->place,
             summary->not_fresh);
    return false;
}

static int drop_round(struct judge *judge, bool is_certain, const char *reason, struct error *error)
{
    struct validity *validity = judge->validity;
    validity->is_work_equal = false;
    struct dropped_round *known = find_dropped(validity, judge->cell->group, judge->trial->round);
    if (known != NULL) {
        known->is_certain |= is_certain;
        return 0;
    }
    struct dropped_round *longer =
        realloc(validity->dropped, (validity->dropped_count + 1) * sizeof(validity->dropped[0]));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the list of dropped rounds");
    validity->dropped = longer;
    struct dropped_round *dropped = &longer[validity->dropped_count++];
    *dropped =
        (struct dropped_round){.group = judge->cell->group, .round = judge->trial->round, .is_certain = is_certain};
    snprintf(dropped->reason, sizeof(dropped->reason), "%s", reason);
    return 0;
}

/* Counts the answers of a trial that differ from the usual answers of their URLs. */
static int count_mismatches(struct judge *judge, struct error *error)
{
    const struct run *run = judge->run;
    if (judge->mismatched == NULL)
        judge->mismatched = calloc((size_t)run->distinct_urls + 1, sizeof(judge->mismatched[0]));
    if (judge->mismatched == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to count what %" PRIu32 " URLs answered otherwise",
                         run->distinct_urls);
    for (size_t i = 0; i < judge->trial->summary.latencies->answer_count; i++) {
        const struct answer *answer = &judge->trial->summary.latencies->answers[i];
        if (expected_fits(&judge->expected_responses, answer))
            continue;
        judge->mismatched[answer->url] += answer->count;
        judge->validity->mismatches += answer->count;
    }
    return 0;
}

static double distance(uint64_t bytes, uint64_t usual)
{
    return fabs((double)bytes - (double)usual) / (usual > 0 ? (double)usual : 1);
}

static void note_unusual(struct validity *validity, const struct answer *answer, uint64_t usual)
{
    uint64_t bytes = (uint64_t)answer->body_bytes;
    bool is_further = distance(bytes, usual) > distance(validity->furthest_bytes, validity->furthest_usual);
    if (validity->varied == 0 || is_further) {
        validity->furthest_url = answer->url;
        validity->furthest_bytes = bytes;
        validity->furthest_usual = usual;
    }
    validity->varied += answer->count;
}

/* Measures how far bodies that were accepted are from the usual size. */
static void measure_variation(const struct judge *judge, struct variation *variation)
{
    for (size_t i = 0; i < judge->trial->summary.latencies->answer_count; i++) {
        const struct answer *answer = &judge->trial->summary.latencies->answers[i];
        if (answer->outcome != OUTCOME_OK || !expected_fits(&judge->expected_responses, answer))
            continue;
        uint64_t usual = (uint64_t)judge->expected_responses.urls[answer->url].bytes;
        variation->bytes += (uint64_t)answer->body_bytes * answer->count;
        variation->usual_bytes += usual * answer->count;
        if (!expected_is_unusual(&judge->expected_responses, answer))
            continue;
        variation->count += answer->count;
        note_unusual(judge->validity, answer, usual);
    }
}

/* The most first; of equal ones in the order of cells and of the list. */
static int compare_mismatches(const void *a, const void *b)
{
    const struct mismatch *left = a;
    const struct mismatch *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    if (left->cell != right->cell)
        return left->cell < right->cell ? -1 : 1;
    return (left->url > right->url) - (left->url < right->url);
}

/* Moves what was counted for a cell to the list of all, and keeps of that the largest. */
static int list_mismatches(struct judge *judge, uint32_t cell, struct error *error)
{
    struct validity *validity = judge->validity;
    uint32_t urls = judge->run->distinct_urls;
    size_t count = 0;
    for (uint32_t url = 0; judge->mismatched != NULL && url < urls; url++)
        count += judge->mismatched[url] > 0;
    if (count == 0)
        return 0;
    size_t kept = validity->mismatched_url_count;
    struct mismatch *longer = realloc(validity->mismatched_urls, (kept + count) * sizeof(longer[0]));
    if (longer == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to list what %zu URLs answered otherwise", count);
    validity->mismatched_urls = longer;
    for (uint32_t url = 0; url < urls; url++) {
        if (judge->mismatched[url] > 0)
            longer[kept++] = (struct mismatch){.cell = cell, .url = url, .count = judge->mismatched[url]};
        judge->mismatched[url] = 0;
    }
    qsort(longer, kept, sizeof(longer[0]), compare_mismatches);
    validity->mismatched_url_count = kept < MISMATCHES_MAX ? kept : MISMATCHES_MAX;
    return 0;
}

static void invalidate(struct validity *validity, const char *reason)
{
    if (validity->is_valid)
        snprintf(validity->reason, sizeof(validity->reason), "%s", reason);
    validity->is_valid = false;
}

static int judge_trial(struct judge *judge, struct error *error)
{
    char why[512];
    if (validity_is_unproven(judge->trial))
        return 0;
    if (!is_done_once(judge, why, sizeof(why)) || !is_possible(judge, why, sizeof(why))) {
        invalidate(judge->validity, why);
        judge->has_broken_promise = true;
        return drop_round(judge, true, why, error);
    }
    if (!expected_holds(&judge->expected_responses, judge->trial->summary.latencies, judge->place, why, sizeof(why))) {
        bool is_torn = expected_is_torn(&judge->expected_responses, judge->cell->group, judge->trial->round);
        return count_mismatches(judge, error) == 0 ? drop_round(judge, is_torn, why, error) : -1;
    }
    if (!is_policy_kept(judge, why, sizeof(why)) || !is_counted(judge, why, sizeof(why)))
        return drop_round(judge, true, why, error);
    /* The requests of the majority of trials are not certain yet. */
    return is_attested(judge, why, sizeof(why)) ? 0 : drop_round(judge, false, why, error);
}

static int judge_trials(struct judge *judge, struct error *error)
{
    struct validity *validity = judge->validity;
    validity->variations = calloc(judge->run->cell_count + 1, sizeof(validity->variations[0]));
    if (validity->variations == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what cells received");
    int status = 0;
    for (size_t i = 0; i < judge->run->cell_count && status == 0; i++) {
        judge->cell = &judge->run->cells[i];
        choose_attested(judge, judge->cell->downloads);
        validity->variations[i].cell = (uint32_t)i;
        for (size_t j = 0; j < judge->cell->trial_count && status == 0; j++) {
            judge->trial = &judge->cell->trials[j];
            if (judge->trial->status != TRIAL_COMPLETE)
                continue;
            name_place(judge->cell, judge->trial, judge->place, sizeof(judge->place));
            status = judge_trial(judge, error);
            if (status == 0)
                measure_variation(judge, &validity->variations[i]);
        }
        if (status == 0)
            status = list_mismatches(judge, (uint32_t)i, error);
    }
    return status;
}

/* Rounds of a group that were run. */
static uint32_t count_rounds_of(const struct run *run, uint32_t group)
{
    size_t most = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        if (run->cells[i].group == group && run->cells[i].trial_count > most)
            most = run->cells[i].trial_count;
    }
    return (uint32_t)most;
}

/* The rounds of all groups. */
static uint32_t count_rounds(const struct run *run)
{
    uint32_t rounds = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        if (i == 0 || run->cells[i].group != run->cells[i - 1].group)
            rounds += count_rounds_of(run, run->cells[i].group);
    }
    return rounds;
}

static size_t count_dropped(const struct validity *validity, bool is_certain)
{
    size_t count = 0;
    for (size_t i = 0; i < validity->dropped_count; i++)
        count += !is_certain || validity->dropped[i].is_certain;
    return count;
}

static bool may_drop(size_t dropped, uint32_t rounds)
{
    return (double)dropped <= fmax(1, droppable_share * rounds);
}

/* A group of which no round is left, so that nothing follows from it; 0: there is none. With `is_certain`, for certain,
 * and of the last group only if no round of it may still come. Returns the number of its rounds. */
static uint32_t find_void(const struct run *run, const struct validity *validity, bool is_certain,
                          uint32_t rounds_to_come, size_t *first_dropped)
{
    uint32_t last = run->cell_count > 0 ? run->cells[run->cell_count - 1].group : 0;
    for (size_t i = 0; i < validity->dropped_count; i++) {
        uint32_t group = validity->dropped[i].group;
        uint32_t dropped = 0;
        for (size_t j = 0; j < validity->dropped_count; j++)
            dropped += validity->dropped[j].group == group && (!is_certain || validity->dropped[j].is_certain);
        *first_dropped = i;
        if (dropped >= count_rounds_of(run, group) && (group != last || rounds_to_come == 0))
            return dropped;
    }
    return 0;
}

static void judge_dropped(const struct run *run, struct validity *validity)
{
    char reason[sizeof(validity->reason)];
    size_t first;
    uint32_t lost = find_void(run, validity, false, 0, &first);
    if (!may_drop(validity->dropped_count, count_rounds(run)))
        snprintf(reason, sizeof(reason), "in %zu of %" PRIu32 " rounds the work was not equal: %s",
                 validity->dropped_count, count_rounds(run), validity->dropped[0].reason);
    else if (lost > 0)
        snprintf(reason, sizeof(reason), "in %" PRIu32 " of %" PRIu32 " rounds the work was not equal: %s", lost, lost,
                 validity->dropped[first].reason);
    else
        return;
    invalidate(validity, reason);
}

/* Failures */

struct failure_count {
    double failed;
    double downloads;
    double succeeded; /* among neither: where failures are an answer */
    double dropped;   /* among neither: whether a mode keeps up with a rate is what is asked, and told by itself */
};

/* Whether failures are an answer, and no flaw: of a rate that is searched, and of one that is too high among others. */
static bool is_tried_out(const struct run *run, const struct run_cell *cell, const struct trial *trial)
{
    bool is_behind = trial->summary.arrivals.is_present && !trial->summary.arrivals.is_kept_up;
    return run->objective.is_present || (cell->is_named_by_rate && is_behind);
}

static struct failure_count count_failures(const struct run *run, const struct run_cell *cell)
{
    struct failure_count count = {0};
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        /* The work of a client that broke off compares with nothing, and is reported by itself. */
        if (trial->client.is_present && trial->status != TRIAL_COMPLETE)
            continue;
        if (is_tried_out(run, cell, trial)) {
            count.succeeded += trial->summary.outcomes[OUTCOME_OK];
            continue;
        }
        for (int outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++) {
            double ended = trial->summary.outcomes[outcome];
            bool is_dropped = outcome == OUTCOME_LATE || outcome == OUTCOME_GIVEN_UP;
            count.downloads += is_dropped ? 0 : ended;
            if (outcome == OUTCOME_LATE)
                count.dropped += ended;
            else if (validity_is_failure(trial, (enum outcome)outcome))
                count.failed += ended;
        }
    }
    return count;
}

/* Compares each cell with all others together: two-proportion z statistics, with a limit that five modes without a
 * difference exceed once in 200 runs. */
static void compare_failures(const struct run *run, const struct failure_count *counts,
                             const struct failure_count *total, struct validity *validity)
{
    static const double limit = 3.3;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct failure_count *own = &counts[i];
        struct failure_count others = {.failed = total->failed - own->failed,
                                       .downloads = total->downloads - own->downloads};
        if (own->downloads == 0 || others.downloads == 0)
            continue;
        double pooled = total->failed / total->downloads;
        double difference = own->failed / own->downloads - others.failed / others.downloads;
        double error = sqrt(pooled * (1 - pooled) * (1 / own->downloads + 1 / others.downloads));
        if (error == 0 || fabs(difference) <= limit * error)
            continue;
        char reason[256];
        snprintf(reason, sizeof(reason), "%s/%" PRIu32 " failed in %s %% of its downloads and the others in %s %%",
                 run->cells[i].mode, run->cells[i].workers, NUMBER(3, 100 * own->failed / own->downloads),
                 NUMBER(3, 100 * others.failed / others.downloads));
        validity->differs_in_failures = true;
        invalidate(validity, reason);
        return;
    }
}

static int judge_failures(const struct run *run, struct validity *validity, struct error *error)
{
    struct failure_count total = {0};
    struct failure_count *counts = calloc(run->cell_count + 1, sizeof(*counts));
    if (counts == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory to count failures");
    for (size_t i = 0; i < run->cell_count; i++) {
        counts[i] = count_failures(run, &run->cells[i]);
        total.succeeded += counts[i].succeeded;
        total.failed += counts[i].failed;
        total.downloads += counts[i].downloads;
        total.dropped += counts[i].dropped;
    }
    validity->failures = (uint64_t)(total.failed + total.dropped);
    validity->has_success = total.downloads > total.failed || total.succeeded > 0;
    compare_failures(run, counts, &total, validity);
    free(counts);
    return 0;
}

static void note_varying(const struct expected_responses *expected_responses, struct validity *validity)
{
    for (uint32_t url = 0; url < expected_responses->run->distinct_urls; url++) {
        if (expected_responses->urls[url].does_vary && validity->varying_urls++ == 0)
            validity->varying_url = url;
        if (expected_responses->urls[url].does_change && !expected_responses->urls[url].does_vary &&
            validity->changing_urls++ == 0)
            validity->changing_url = url;
    }
}

/* Whether no round to come could make it valid. Before what was dropped and what failed is judged. */
static bool is_lost(const struct judge *judge, const struct rounds_to_come *to_come)
{
    const struct run *run = judge->run;
    size_t first;
    uint32_t rounds = count_rounds(run) + to_come->rounds_in_group + to_come->rounds_behind;
    return judge->has_broken_promise || !may_drop(count_dropped(judge->validity, true), rounds) ||
           find_void(run, judge->validity, true, to_come->rounds_in_group, &first) > 0;
}

int validity_look(const struct run *run, const struct rounds_to_come *to_come, struct validity *validity,
                  struct error *error)
{
    struct judge judge = {.run = run, .validity = validity};
    *validity = (struct validity){.is_valid = true, .is_work_equal = true};
    int status = expected_learn(run, &judge.expected_responses, error);
    if (status == 0)
        status = judge_trials(&judge, error);
    if (status == 0) {
        validity->variation_count = validity->varied > 0 ? run->cell_count : 0;
        note_varying(&judge.expected_responses, validity);
        validity->is_lost = to_come != NULL && is_lost(&judge, to_come);
        judge_dropped(run, validity);
        status = judge_failures(run, validity, error);
    }
    if (status != 0)
        validity_release(validity);
    expected_release(&judge.expected_responses);
    free(judge.mismatched);
    return status;
}

int validity_judge(const struct run *run, struct validity *validity, struct error *error)
{
    return validity_look(run, NULL, validity, error);
}

void validity_release(struct validity *validity)
{
    free(validity->dropped);
    free(validity->mismatched_urls);
    free(validity->variations);
    *validity = (struct validity){0};
}
