#include "conc_bench/equal_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/text.h"

/* A trial and where it belongs, for the sentence. */
struct place {
    const struct cell_result *cell;
    const struct trial *trial;
};

static void name_place(char *buffer, size_t size, const struct place *place)
{
    snprintf(buffer, size, "%s/%" PRIu32 " in round %" PRIu32, place->cell->mode, place->cell->workers,
             place->trial->round + 1);
}

static bool is_done_once(const struct place *place, char *difference, size_t size)
{
    struct sample_account account = sample_table_account(place->trial->table);
    char name[64];
    name_place(name, sizeof(name), place);
    if (account.settled_twice > 0) {
        snprintf(difference, size, "%s settled %" PRIu32 " downloads more than once", name, account.settled_twice);
        return false;
    }
    if (account.settled != place->trial->table->unit_count) {
        snprintf(difference, size, "%s settled %" PRIu32 " of %" PRIu32 " downloads", name, account.settled,
                 place->trial->table->unit_count);
        return false;
    }
    return true;
}

static bool is_same_as(const struct result *result, const struct place *first, const struct place *other,
                       char *difference, size_t size)
{
    for (uint32_t unit = 0; unit < other->trial->table->unit_count; unit++) {
        const struct sample *a = &first->trial->table->samples[unit];
        const struct sample *b = &other->trial->table->samples[unit];
        bool are_comparable = a->outcome == OUTCOME_OK && b->outcome == OUTCOME_OK;
        if (!are_comparable || (a->status == b->status && a->body_bytes == b->body_bytes))
            continue;
        char first_name[64];
        char other_name[64];
        char url[200];
        const char *text = result->urls[result->unit_urls[unit]];
        name_place(first_name, sizeof(first_name), first);
        name_place(other_name, sizeof(other_name), other);
        text_escape(url, sizeof(url), text, strlen(text));
        snprintf(difference, size, "%s gave %s status %u and %" PRId64 " bytes, and %s status %u and %" PRId64, url,
                 first_name, (unsigned)a->status, a->body_bytes, other_name, (unsigned)b->status, b->body_bytes);
        return false;
    }
    return true;
}

/* Whether requests and downloads must agree in number. */
static bool is_plain(const struct trial *trial)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        bool was_answered =
            sample->outcome == OUTCOME_OK || sample->outcome == OUTCOME_HTTP_4XX || sample->outcome == OUTCOME_HTTP_5XX;
        if (!was_answered || sample->redirects > 0)
            return false;
    }
    return true;
}

/* What the origin saw must be what was downloaded, and the same as in the first trial it saw. Its URLs are not compared
 * with the list: libcurl may spell a URL otherwise (default ports, dot segments), and alike in every mode. */
static bool is_attested(const struct place *first, const struct place *other, char *difference, size_t size)
{
    const struct trial_witness *seen = &other->trial->witness;
    char name[64];
    name_place(name, sizeof(name), other);
    if (seen->requests != (uint64_t)other->trial->table->unit_count + other->trial->warm_requests) {
        snprintf(difference, size, "%s made %" PRIu32 " downloads, and the origin saw %" PRIu64 " requests", name,
                 other->trial->table->unit_count, seen->requests);
        return false;
    }
    if (other->trial->warm_requests > 0)
        return true; /* more workers ask more often for what opens connections */
    const struct trial_witness *before = &first->trial->witness;
    bool is_same = seen->url_count == before->url_count;
    for (uint32_t i = 0; is_same && i < seen->url_count; i++)
        is_same = seen->url_requests[i] == before->url_requests[i] && strcmp(seen->urls[i], before->urls[i]) == 0;
    if (!is_same) {
        char first_name[64];
        name_place(first_name, sizeof(first_name), first);
        snprintf(difference, size, "the origin was not asked for the same URLs by %s and %s", first_name, name);
    }
    return is_same;
}

bool equal_work_check(const struct result *result, char *difference, size_t size)
{
    struct place first = {0};
    struct place first_attested = {0};
    for (size_t i = 0; i < result->cell_count; i++) {
        for (size_t j = 0; j < result->cells[i].trial_count; j++) {
            const struct place place = {&result->cells[i], &result->cells[i].trials[j]};
            if (place.trial->status != TRIAL_COMPLETE)
                continue;
            if (!is_done_once(&place, difference, size))
                return false;
            if (first.trial == NULL)
                first = place;
            else if (!is_same_as(result, &first, &place, difference, size))
                return false;
            if (!place.trial->witness.is_present || !is_plain(place.trial))
                continue;
            if (first_attested.trial == NULL)
                first_attested = place;
            if (!is_attested(&first_attested, &place, difference, size))
                return false;
        }
    }
    return true;
}
