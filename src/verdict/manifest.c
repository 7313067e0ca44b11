#include "manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/text.h"

/* An answer seen once says nothing about the next one. */
enum { ANSWERS_ENOUGH = 2 };

static void learn_trial(struct manifest *manifest, const struct trial *trial)
{
    if (trial->table == NULL)
        return;
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        struct expectation *url = &manifest->urls[manifest->result->unit_urls[unit]];
        if (sample_outcome(sample) != OUTCOME_OK)
            continue;
        if (url->seen++ == 0)
            *url = (struct expectation){
                .bytes = sample->body_bytes, .status = sample->status, .http_version = sample->http_version, .seen = 1};
        else if (url->bytes != sample->body_bytes)
            url->does_vary = true;
    }
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
    for (size_t i = 0; i < result->cell_count; i++) {
        for (size_t j = 0; j < result->cells[i].warmup_count; j++)
            learn_trial(manifest, &result->cells[i].warmups[j]);
    }
    for (size_t i = 0; i < result->cell_count && !is_learned(manifest); i++) {
        for (size_t j = 0; j < result->cells[i].trial_count; j++) {
            if (result->cells[i].trials[j].round == 0)
                learn_trial(manifest, &result->cells[i].trials[j]);
        }
    }
    return 0;
}

void manifest_release(struct manifest *manifest)
{
    free(manifest->urls);
    *manifest = (struct manifest){0};
}

static void describe(const struct manifest *manifest, uint32_t url, const struct sample *sample, const char *place,
                     char *difference, size_t size)
{
    const struct expectation *expected = &manifest->urls[url];
    const char *text = manifest->result->urls[url];
    char escaped[200];
    text_escape(escaped, sizeof(escaped), text, strlen(text));
    if (expected->http_version != sample->http_version)
        snprintf(difference, size, "%s had %s answered by HTTP %.1f instead of %.1f", place, escaped,
                 sample->http_version / 10.0, expected->http_version / 10.0);
    else
        snprintf(difference, size,
                 "%s had %s answered with status %u and %" PRId64 " bytes instead of status %u and %" PRId64, place,
                 escaped, (unsigned)sample->status, sample->body_bytes, (unsigned)expected->status, expected->bytes);
}

bool manifest_fits(const struct manifest *manifest, uint32_t url, const struct sample *sample)
{
    const struct expectation *expected = &manifest->urls[url];
    if (sample_outcome(sample) != OUTCOME_OK || expected->seen == 0)
        return true;
    return sample->status == expected->status && sample->http_version == expected->http_version &&
           (expected->does_vary || sample->body_bytes == expected->bytes);
}

bool manifest_holds(const struct manifest *manifest, const struct trial *trial, const char *place, char *difference,
                    size_t size)
{
    for (uint32_t unit = 0; unit < trial->table->unit_count; unit++) {
        const struct sample *sample = &trial->table->samples[unit];
        uint32_t url = manifest->result->unit_urls[unit];
        if (manifest_fits(manifest, url, sample))
            continue;
        describe(manifest, url, sample, place, difference, size);
        return false;
    }
    return true;
}
