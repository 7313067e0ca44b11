#ifndef CONC_BENCH_ORIGIN_JOURNAL_SERVER_H
#define CONC_BENCH_ORIGIN_JOURNAL_SERVER_H

#include "conc_bench/origin/journal.h"

/*
 * The journal as the origin uses it, on both of its sides.
 */

/* Forgets what was seen of the units. Called in the parent, while no server writes. */
void journal_clear(struct journal *journal);

uint32_t journal_unit_count(const struct journal *journal);

/* NULL: there is no such URL, or unit. */
const struct journal_url *journal_url(const struct journal *journal, uint32_t url);
const struct journal_url *journal_unit_url(const struct journal *journal, uint32_t unit);

/* Called in the server, for units that exist. */

struct journal_request {
    nanoseconds arrived;
    uint32_t connection;
    uint8_t http_version;
    bool is_get;
    bool is_tls;
};

void journal_note_request(struct journal *journal, uint32_t unit, const struct journal_request *request);
void journal_note_status(struct journal *journal, uint32_t unit, uint16_t status);
/* Called once for each request. */
void journal_note_end(struct journal *journal, uint32_t unit, nanoseconds end, bool is_whole, int64_t body_bytes);
/* Corrects an entry that was complete: its response was not read after all. */
void journal_note_broken(struct journal *journal, uint32_t unit);

#endif
