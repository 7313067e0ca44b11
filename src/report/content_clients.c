#include <inttypes.h>
#include <string.h>

#include "content.h"

/* Sentences about clients, besides their figures. */

/* Sums over the trials of a cell, warm-ups left out. */
struct client_summary {
    bool is_client;
    bool has_ended_well; /* a trial is complete */
    enum client_proof proof;
    bool has_own_times;
    uint32_t most_in_flight; /* as the origin saw them */
    uint32_t left_behind;    /* at most */
    bool is_http10;
};

static struct client_summary sum_up(const struct run_cell *cell)
{
    struct client_summary summary = {0};
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        uint32_t in_flight = trial->origin_counts.is_present ? trial->origin_counts.peak_in_flight : 0;
        summary.is_client |= trial->client.is_present;
        if (trial->client.left_behind > summary.left_behind)
            summary.left_behind = trial->client.left_behind;
        if (trial->status != TRIAL_COMPLETE)
            continue;
        summary.has_ended_well = true;
        summary.proof = trial->client.proof;
        summary.has_own_times |= trial->client.has_own_times;
        summary.is_http10 |= trial->client.http10 > 0;
        summary.most_in_flight = in_flight > summary.most_in_flight ? in_flight : summary.most_in_flight;
    }
    return summary;
}

static void add(struct content_client_sentences *sentences, const char *text)
{
    if (sentences->count < CONTENT_CLIENT_SENTENCES)
        sentences->texts[sentences->count++] = text;
}

/* Names behind each other, each once: cells of one client follow one another. */
static const char *add_name(struct content *content, const char *names, const struct run_cell *cell)
{
    size_t length = strlen(names);
    size_t own = strlen(cell->mode);
    if (length >= own && strcmp(names + length - own, cell->mode) == 0)
        return names;
    return content_text(content, "%s%s%s", names, length > 0 ? ", " : "", cell->mode);
}

static void tell_of_one(struct content *content, const struct run_cell *cell, const struct client_summary *summary,
                        struct content_client_sentences *sentences)
{
    if (summary->most_in_flight > cell->workers)
        add(sentences, content_text(content, "%s had %" PRIu32 " downloads in flight, %" PRIu32 " asked for",
                                    content_name(content, cell), summary->most_in_flight, cell->workers));
    if (summary->is_http10)
        add(sentences, content_text(content, "%s asks in HTTP/1.0", content_name(content, cell)));
    if (summary->left_behind > 0)
        add(sentences, content_text(content, "%s left %" PRIu32 " process%s behind, which %s killed",
                                    content_name(content, cell), summary->left_behind,
                                    summary->left_behind == 1 ? "" : "es", summary->left_behind == 1 ? "was" : "were"));
}

void content_tell_clients(struct content *content, const struct run_stats *stats,
                          struct content_client_sentences *sentences)
{
    const char *unproven = "", *reported = "", *seen = "", *own_times = "";
    *sentences = (struct content_client_sentences){0};
    for (size_t i = 0; i < stats->run->cell_count; i++) {
        const struct run_cell *cell = &stats->run->cells[i];
        const struct client_summary summary = sum_up(cell);
        if (!summary.is_client)
            continue;
        if (summary.has_ended_well && summary.proof == CLIENT_UNPROVEN)
            unproven = add_name(content, unproven, cell);
        else if (summary.has_ended_well && summary.proof == CLIENT_REPORTED)
            reported = add_name(content, reported, cell);
        else if (summary.has_ended_well && summary.has_own_times)
            own_times = add_name(content, own_times, cell);
        else if (summary.has_ended_well)
            seen = add_name(content, seen, cell);
        tell_of_one(content, cell, &summary, sentences);
    }
    if (unproven[0] != '\0')
        add(sentences, content_text(content,
                                    "Unproven, and not ranked, since nobody saw its downloads: %s; use --origin, or "
                                    "have it report them (CONC_BENCH_REPORT)",
                                    unproven));
    if (reported[0] != '\0')
        add(sentences, content_text(content, "Work and service times by the client's own word: %s", reported));
    if (own_times[0] != '\0')
        add(sentences, content_text(content, "Service times as the client reported them: %s", own_times));
    if (seen[0] != '\0')
        add(sentences, content_text(content, "Service times as the origin saw them, without connecting: %s", seen));
}
