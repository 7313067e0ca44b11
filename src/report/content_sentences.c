#include <inttypes.h>
#include <signal.h>

#include "content.h"

/* Counts over all rounds together: in a usual round, all downloads may have failed that were asked of a server that had
 * died by then. */
static void add_failures(struct content *content, const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        const char *classes = "";
        if (cell->failures_in_all == 0)
            continue;
        for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
            uint64_t count = cell->failures_in_all_by_class[outcome];
            if (count > 0)
                classes = content_text(content, "%s%s%" PRIu64 " %s", classes, classes[0] != '\0' ? ", " : "", count,
                                       outcome_words((enum outcome)outcome));
        }
        content_add_sentence(content, SENTENCE_ENDING,
                             content_text(content, "%s: %" PRIu64 " of %" PRIu64 " downloads failed: %s",
                                          content_name(content, cell->cell), cell->failures_in_all,
                                          cell->downloads_in_all, classes));
    }
}

static uint32_t count_done(const struct trial *trial)
{
    return trial->summary.settled - trial->summary.outcomes[OUTCOME_CANCELLED];
}

const char *content_describe_ending(struct content *content, const struct run_cell *cell, const struct trial *trial)
{
    bool has_reason = trial->status != TRIAL_INTERRUPTED;
    return content_text(content, "%s: %s after %" PRIu32 " of %" PRIu32 " downloads%s%s", content_name(content, cell),
                        trial_status_name(trial->status), count_done(trial), cell->downloads, has_reason ? ": " : "",
                        has_reason ? content_outside(content, trial->reason) : "");
}

static void add_endings(struct content *content, const struct run *run)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            const struct trial *trial = &run->cells[i].trials[j];
            if (trial->status != TRIAL_COMPLETE)
                content_add_sentence(content, SENTENCE_ENDING, content_describe_ending(content, &run->cells[i], trial));
        }
    }
}

static void add_flaws(struct content *content, const struct run *run, const struct validity *validity)
{
    if (!validity->is_valid)
        content_add_sentence(
            content, SENTENCE_FLAW,
            content_text(content, "INVALID, so nothing is ranked: %s", content_outside(content, validity->reason)));
    if (validity->failures > 0 && !validity->has_success)
        content_add_sentence(content, SENTENCE_FLAW, "No download succeeded, so nothing is ranked");
    else if (validity->differs_in_failures)
        content_add_sentence(content, SENTENCE_FLAW,
                             "Downloads failed: times of modes that fail differently do not compare");
    if (!run->is_partial)
        return;
    const char *name = run->interrupting_signal == 0        ? "an error"
                       : run->interrupting_signal == SIGINT ? "SIGINT"
                       : run->interrupting_signal == SIGHUP ? "SIGHUP"
                                                            : "SIGTERM";
    content_add_sentence(content, SENTENCE_FLAW,
                         content_text(content, "Interrupted by %s: this is a partial result", name));
}

static void add_note(struct content *content, const char *text)
{
    content_add_sentence(content, SENTENCE_NOTE, content_text(content, "Note: %s", text));
}

/* The share that a cell received above the usual amount; 0 where there is no usual amount. */
static double surplus(const struct variation *variation)
{
    if (variation->usual_bytes == 0)
        return 0;
    return (double)variation->bytes / (double)variation->usual_bytes - 1;
}

/* A size that depends on the mode must not pass unseen because it is tolerated. */
static const char *describe_surplus(struct content *content, const struct run *run, const struct validity *validity)
{
    const struct variation *least = NULL;
    const struct variation *most = NULL;
    for (size_t i = 0; i < validity->variation_count; i++) {
        const struct variation *variation = &validity->variations[i];
        least = least == NULL || surplus(variation) < surplus(least) ? variation : least;
        most = most == NULL || surplus(variation) > surplus(most) ? variation : most;
    }
    if (least == NULL)
        return "";
    const char *text = content_text(content, "; of all bytes, that makes %+.3g %% for %s", 100 * surplus(least),
                                    content_name(content, &run->cells[least->cell]));
    if (least == most)
        return text;
    return content_text(content, "%s up to %+.3g %% for %s", text, 100 * surplus(most),
                        content_name(content, &run->cells[most->cell]));
}

static void add_variation(struct content *content, const struct run *run, const struct validity *validity)
{
    char tolerance[32];
    if (validity->varied == 0)
        return;
    tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance));
    add_note(content,
             content_text(content,
                          "bodies of another size than is usual for their URL, which count all the same (%s%s): "
                          "%" PRIu64 ", of which the furthest has %" PRIu64 " bytes instead of %" PRIu64 " (%s)%s",
                          tolerance[0] != '\0' ? "--tolerate " : "their URLs vary by themselves", tolerance,
                          validity->varied, validity->furthest_bytes, validity->furthest_usual,
                          content_outside(content, run->urls[validity->furthest_url]),
                          describe_surplus(content, run, validity)));
}

static void add_client_notes(struct content *content, const struct run_stats *stats)
{
    struct content_client_sentences sentences;
    content_tell_clients(content, stats, &sentences);
    for (size_t i = 0; i < sentences.count; i++)
        add_note(content, sentences.texts[i]);
}

/* Counts over all rounds together. */
static void add_retries(struct content *content, const struct run *run)
{
    const char *text = "";
    for (size_t i = 0; i < run->cell_count; i++) {
        uint64_t retries = run_cell_retries(&run->cells[i]);
        if (retries > 0)
            text = content_text(content, "%s%s%s %" PRIu64, text, text[0] != '\0' ? ", " : "",
                                content_name(content, &run->cells[i]), retries);
    }
    if (text[0] != '\0')
        add_note(content, content_text(content, "downloads begun again after failures (--retry): %s", text));
}

static void add_notes(struct content *content, const struct run *run, const struct validity *validity)
{
    for (size_t i = 0; i < run->warning_count; i++)
        add_note(content, content_outside(content, run->warnings[i]));
    if (validity->mismatches > 0)
        add_note(content, content_text(content,
                                       "downloads answered otherwise than most, in size, content, status or HTTP "
                                       "version: %" PRIu64 " (--tolerate lets sizes and contents differ)",
                                       validity->mismatches));
    if (validity->varying_urls > 0)
        add_note(content,
                 content_text(content,
                              "%" PRIu32 " URL%s answers of different sizes by %s; sizes are not compared there (%s)",
                              validity->varying_urls, validity->varying_urls == 1 ? " gives" : "s give",
                              validity->varying_urls == 1 ? "itself" : "themselves",
                              content_outside(content, run->urls[validity->varying_url])));
    if (validity->changing_urls > 0)
        add_note(content,
                 content_text(content,
                              "%" PRIu32 " URL%s answers of one size and different content by %s; contents are not "
                              "compared there (%s)",
                              validity->changing_urls, validity->changing_urls == 1 ? " gives" : "s give",
                              validity->changing_urls == 1 ? "itself" : "themselves",
                              content_outside(content, run->urls[validity->changing_url])));
    add_variation(content, run, validity);
    add_retries(content, run);
    if (validity->cold_connects > 0)
        add_note(content, content_text(content,
                                       "%" PRIu64 " connections were opened within the run, although all were open "
                                       "before it",
                                       validity->cold_connects));
    for (size_t i = 0; i < validity->dropped_count && validity->is_valid; i++)
        content_add_sentence(content, SENTENCE_NOTE,
                             content_text(content, "Round %" PRIu32 " does not count, for any mode: %s",
                                          validity->dropped[i].round + 1,
                                          content_outside(content, validity->dropped[i].reason)));
    const char *balance = content_tell_balance(content, run);
    if (balance != NULL)
        content_add_sentence(content, SENTENCE_NOTE, balance);
    const char *neighbours = run->machine_count > 1 && run->origin[0] != '\0'
                                 ? content_tell_origin(content, run)
                                 : format_neighbours(run->is_server_local, run->is_proxy_local);
    if (neighbours != NULL)
        content_add_sentence(content, SENTENCE_NOTE, neighbours);
}

void content_add_sentences(struct content *content, const struct run *run, const struct analysis *analysis)
{
    const struct validity *validity = &analysis->stats.validity;
    add_flaws(content, run, validity);
    add_failures(content, &analysis->stats);
    add_endings(content, run);
    for (size_t i = 0; i < analysis->sentence_count; i++)
        content_add_sentence(content, SENTENCE_ANSWER, content_outside(content, analysis->sentences[i]));
    if (analysis->breakdown.count > 0)
        content_add_sentence(content, SENTENCE_ANSWER, analysis->breakdown.sentence);
    for (size_t i = 0; i < analysis->urls.count; i++)
        content_add_sentence(content, SENTENCE_FINDING, content_outside(content, analysis->urls.texts[i]));
    for (size_t i = 0; i < analysis->diagnosis.count; i++) {
        const struct finding *finding = &analysis->diagnosis.findings[i];
        bool is_doubt = finding->kind >= FINDING_CLIENT_SATURATED;
        content_add_sentence(content, is_doubt ? SENTENCE_DOUBT : SENTENCE_FINDING,
                             content_outside(content, finding->sentence));
    }
    add_client_notes(content, &analysis->stats);
    add_notes(content, run, validity);
}
