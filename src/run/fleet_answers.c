#include "fleet_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/fleet/fleet.h"

/* URLs that are looked at machine by machine, and those that are named. */
enum { SUSPECTS_MOST = 8, NAMED_MOST = 3 };

/* One answer may be chance: pages change from time to time, for everybody. */
enum { ANSWERS_LEAST = 2 };

struct machine_answer {
    int64_t body_bytes;
    uint32_t digest;
    uint32_t count; /* of those that were alike; 0: none has come */
    uint16_t status;
    bool is_varied; /* and others were not */
};

/* The first answer of a URL. */
struct first_answer {
    struct machine_answer answer;
    uint8_t suspect; /* from 1: the number of its entry in `suspects`; 0: all was alike so far, or there is no room */
};

struct suspect {
    uint32_t url;
    struct machine_answer *machines; /* by rank */
};

struct fleet_answers {
    uint32_t url_count;
    struct first_answer *urls;
    struct suspect suspects[SUSPECTS_MOST];
    uint32_t suspect_count;
    bool has_more; /* than there is room for */
};

struct fleet_answers *fleet_answers_create(uint32_t url_count, struct error *error)
{
    struct fleet_answers *answers = calloc(1, sizeof(*answers));
    if (answers != NULL)
        answers->urls = calloc((size_t)url_count + 1, sizeof(answers->urls[0]));
    if (answers == NULL || answers->urls == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for what machines are answered");
        free(answers);
        return NULL;
    }
    answers->url_count = url_count;
    return answers;
}

void fleet_answers_release(struct fleet_answers *answers)
{
    if (answers == NULL)
        return;
    for (uint32_t i = 0; i < answers->suspect_count; i++)
        free(answers->suspects[i].machines);
    free(answers->urls);
    free(answers);
}

/* False: there is none, or no whole one. */
static bool read_answer(const struct sample *sample, struct machine_answer *answer)
{
    enum outcome outcome = (enum outcome)sample->outcome;
    bool is_status = outcome == OUTCOME_HTTP_4XX || outcome == OUTCOME_HTTP_5XX;
    if (atomic_load(&sample->state) != SAMPLE_SETTLED || (outcome != OUTCOME_OK && !is_status))
        return false;
    /* Error pages tell the time, and what has failed has no digest. */
    *answer = (struct machine_answer){.status = sample->status, .count = 1};
    if (outcome == OUTCOME_OK) {
        answer->body_bytes = sample->body_bytes;
        answer->digest = sample->body_digest;
    }
    return true;
}

static bool is_alike(const struct machine_answer *one, const struct machine_answer *other)
{
    return one->status == other->status && one->body_bytes == other->body_bytes && one->digest == other->digest;
}

static void suspect(struct fleet_answers *answers, uint32_t url)
{
    struct suspect *suspect = &answers->suspects[answers->suspect_count];
    if (answers->suspect_count == SUSPECTS_MOST ||
        (suspect->machines = calloc(fleet_size(), sizeof(suspect->machines[0]))) == NULL) {
        answers->has_more = true;
        return;
    }
    suspect->url = url;
    answers->urls[url].suspect = (uint8_t)++answers->suspect_count;
}

static void find_suspects(struct fleet_answers *answers, const uint32_t *unit_urls, const struct sample_table *table)
{
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        struct first_answer *first = &answers->urls[unit_urls[unit]];
        struct machine_answer answer;
        if (first->suspect != 0 || !read_answer(&table->samples[unit], &answer))
            continue;
        if (first->answer.count == 0)
            first->answer = answer;
        else if (!is_alike(&first->answer, &answer))
            suspect(answers, unit_urls[unit]);
    }
}

static void note_answer(struct machine_answer *known, const struct machine_answer *answer)
{
    if (known->count == 0)
        *known = *answer;
    else if (is_alike(known, answer))
        known->count++;
    else
        known->is_varied = true;
}

void fleet_answers_note(struct fleet_answers *answers, const struct share *share, const uint32_t *unit_urls,
                        const struct sample_table *table)
{
    find_suspects(answers, unit_urls, table);
    for (uint32_t unit = 0; unit < table->unit_count && answers->suspect_count > 0; unit++) {
        const struct first_answer *first = &answers->urls[unit_urls[unit]];
        struct machine_answer answer;
        if (first->suspect == 0 || !read_answer(&table->samples[unit], &answer))
            continue;
        uint32_t rank = share_owner(share, unit);
        note_answer(&answers->suspects[first->suspect - 1].machines[rank], &answer);
    }
}

/* Telling */

static uint32_t count_alike(const struct suspect *suspect, const struct machine_answer *answer)
{
    uint32_t count = 0;
    for (uint32_t rank = 0; rank < fleet_size(); rank++)
        count += suspect->machines[rank].count > 0 && is_alike(&suspect->machines[rank], answer);
    return count;
}

/* The answer that most machines got, of two as frequent ones that of the lower rank. NULL: one of them got several, or
 * too few to tell. */
static const struct machine_answer *find_usual(const struct suspect *suspect)
{
    const struct machine_answer *usual = NULL;
    uint32_t most = 0;
    for (uint32_t rank = 0; rank < fleet_size(); rank++) {
        const struct machine_answer *answer = &suspect->machines[rank];
        if (answer->count == 0)
            continue;
        if (answer->is_varied || answer->count < ANSWERS_LEAST)
            return NULL;
        uint32_t count = count_alike(suspect, answer);
        if (count > most) {
            most = count;
            usual = answer;
        }
    }
    return usual;
}

/* The first machine that is answered otherwise. */
static const struct machine_answer *find_odd(const struct suspect *suspect, const struct machine_answer *usual,
                                             uint32_t *rank)
{
    for (*rank = 0; *rank < fleet_size(); ++*rank) {
        const struct machine_answer *answer = &suspect->machines[*rank];
        if (answer->count > 0 && !is_alike(answer, usual))
            return answer;
    }
    return NULL;
}

/* Returns whether there was something to tell. */
static bool tell(const struct suspect *suspect, struct run *run)
{
    uint32_t rank;
    const struct machine_answer *usual = find_usual(suspect);
    const struct machine_answer *odd = usual != NULL ? find_odd(suspect, usual, &rank) : NULL;
    if (odd == NULL)
        return false;
    const char *url = run->urls[suspect->url];
    const char *name = fleet_name(rank);
    char more[48] = "", got[32], others[32];
    uint32_t alike = count_alike(suspect, odd);
    if (alike > 1)
        snprintf(more, sizeof(more), " and %" PRIu32 " more", alike - 1);
    number_format_count(got, sizeof(got), (uint64_t)odd->body_bytes);
    number_format_count(others, sizeof(others), (uint64_t)usual->body_bytes);
    if (odd->status != usual->status)
        run_warn(run, "%s%s got status %u from %s, the others %u", name, more, odd->status, url, usual->status);
    else if (odd->body_bytes != usual->body_bytes)
        run_warn(run, "%s%s got %s bytes from %s, the others %s", name, more, got, url, others);
    else
        run_warn(run, "%s%s got other content of %s bytes from %s than the others", name, more, got, url);
    return true;
}

void fleet_answers_warn(const struct fleet_answers *answers, struct run *run)
{
    uint32_t told = 0;
    for (uint32_t i = 0; i < answers->suspect_count && told < NAMED_MOST; i++)
        told += tell(&answers->suspects[i], run);
    if (told == NAMED_MOST && (answers->has_more || answers->suspect_count > NAMED_MOST))
        run_warn(run, "More URLs may answer machines differently, of which no more are named");
}
