#include "manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/extract.h"
#include "conc_bench/text.h"

/* An answer seen once says nothing about the next one. */
enum { ANSWERS_ENOUGH = 2 };

static int learn_trial(struct manifest *manifest, const struct trial *trial, struct error *error)
{
    struct extract *made;
    if (!trial_has_samples(trial))
        return 0;
    const struct extract *extract = extract_of(manifest->result, trial, &made, error);
    if (extract == NULL)
        return -1;
    for (size_t i = 0; i < extract->answer_count; i++) {
        const struct answer *answer = &extract->answers[i];
        struct expectation *url = &manifest->urls[answer->url];
        if (answer->outcome != OUTCOME_OK)
            continue;
        if (url->seen == 0)
            *url = (struct expectation){
                .bytes = answer->body_bytes, .status = answer->status, .http_version = answer->http_version};
        else if (url->bytes != answer->body_bytes)
            url->does_vary = true;
        url->seen += answer->count;
    }
    extract_release(made);
    return 0;
}

static bool is_learned(const struct manifest *manifest)
{
    for (uint32_t url = 0; url < manifest->result->distinct_urls; url++) {
        if (manifest->urls[url].seen < ANSWERS_ENOUGH)
            return false;
    }
    return true;
}

int manifest_learn(const struct result *result, struct manifest *manifest, struct error *error)
{
    *manifest =
        (struct manifest){.result = result, .urls = calloc(result->distinct_urls + 1, sizeof(manifest->urls[0]))};
    if (manifest->urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for what %" PRIu32 " URLs answer", result->distinct_urls);
    int status = 0;
    for (size_t i = 0; i < result->cell_count; i++) {
        for (size_t j = 0; j < result->cells[i].warmup_count && status == 0; j++)
            status = learn_trial(manifest, &result->cells[i].warmups[j], error);
    }
    for (size_t i = 0; i < result->cell_count && !is_learned(manifest); i++) {
        for (size_t j = 0; j < result->cells[i].trial_count && status == 0; j++) {
            if (result->cells[i].trials[j].round == 0)
                status = learn_trial(manifest, &result->cells[i].trials[j], error);
        }
    }
    if (status != 0)
        manifest_release(manifest);
    return status;
}

void manifest_release(struct manifest *manifest)
{
    free(manifest->urls);
    *manifest = (struct manifest){0};
}

static void describe(const struct manifest *manifest, const struct answer *answer, const char *place, char *difference,
                     size_t size)
{
    const struct expectation *expected = &manifest->urls[answer->url];
    const char *text = manifest->result->urls[answer->url];
    char escaped[200];
    text_escape(escaped, sizeof(escaped), text, strlen(text));
    if (expected->http_version != answer->http_version)
        snprintf(difference, size, "%s had %s answered by HTTP %.1f instead of %.1f", place, escaped,
                 answer->http_version / 10.0, expected->http_version / 10.0);
    else
        snprintf(difference, size,
                 "%s had %s answered with status %u and %" PRId64 " bytes instead of status %u and %" PRId64, place,
                 escaped, (unsigned)answer->status, answer->body_bytes, (unsigned)expected->status, expected->bytes);
}

bool manifest_fits(const struct manifest *manifest, const struct answer *answer)
{
    const struct expectation *expected = &manifest->urls[answer->url];
    if (answer->outcome != OUTCOME_OK || expected->seen == 0)
        return true;
    return answer->status == expected->status && answer->http_version == expected->http_version &&
           (expected->does_vary || answer->body_bytes == expected->bytes);
}

bool manifest_holds(const struct manifest *manifest, const struct extract *extract, const char *place, char *difference,
                    size_t size)
{
    for (size_t i = 0; i < extract->answer_count; i++) {
        if (manifest_fits(manifest, &extract->answers[i]))
            continue;
        describe(manifest, &extract->answers[i], place, difference, size);
        return false;
    }
    return true;
}
