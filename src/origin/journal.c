#include "journal_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The memory that both processes share: what the parent tells the server, and what the server writes down. */
struct shared {
    uint32_t unit_count; /* written by the parent, while no trial is open */
    struct journal_unit units[];
};

struct journal {
    const struct journal_url *urls; /* the server's are a copy, from when it was forked */
    uint32_t url_count;
    uint32_t room;
    size_t bytes;          /* of the mapping */
    struct shared *shared; /* and behind its units: */
    uint32_t *unit_urls;   /* written as unit_count is */
};

struct journal *journal_create(const struct journal_url *urls, uint32_t url_count, uint32_t units, struct error *error)
{
    struct journal *journal = malloc(sizeof(*journal));
    size_t unit_bytes = sizeof(struct shared) + (size_t)units * sizeof(struct journal_unit);
    size_t bytes = unit_bytes + (size_t)units * sizeof(uint32_t);
    void *memory =
        journal == NULL ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        error_set_system(error, ERROR_ENVIRONMENT, ENOMEM, "--origin: no memory for a journal of %u downloads", units);
        free(journal);
        return NULL;
    }
    *journal = (struct journal){.urls = urls,
                                .url_count = url_count,
                                .room = units,
                                .bytes = bytes,
                                .shared = memory,
                                .unit_urls = (uint32_t *)((char *)memory + unit_bytes)};
    return journal;
}

void journal_set_units(struct journal *journal, const uint32_t *unit_urls, uint32_t unit_count)
{
    uint32_t count = unit_count < journal->room ? unit_count : journal->room;
    memcpy(journal->unit_urls, unit_urls, count * sizeof(unit_urls[0]));
    journal->shared->unit_count = count;
}

const struct journal_unit *journal_units(const struct journal *journal)
{
    return journal->shared->units;
}

void journal_release(struct journal *journal)
{
    if (journal == NULL)
        return;
    munmap(journal->shared, journal->bytes);
    free(journal);
}

void journal_clear(struct journal *journal)
{
    memset(journal->shared->units, 0, journal->shared->unit_count * sizeof(journal->shared->units[0]));
}

uint32_t journal_unit_count(const struct journal *journal)
{
    return journal->shared->unit_count;
}

const struct journal_url *journal_url(const struct journal *journal, uint32_t url)
{
    return url < journal->url_count ? &journal->urls[url] : NULL;
}

const struct journal_url *journal_unit_url(const struct journal *journal, uint32_t unit)
{
    return unit < journal->shared->unit_count ? journal_url(journal, journal->unit_urls[unit]) : NULL;
}

void journal_note_request(struct journal *journal, uint32_t unit, const struct journal_request *request)
{
    struct journal_unit *entry = &journal->shared->units[unit];
    if (entry->requests++ == 0)
        *entry = (struct journal_unit){.requests = 1, .start = request->arrived, .is_whole = true, .is_get = true};
    entry->status = 0;
    entry->body_bytes = 0;
    entry->connection = request->connection;
    entry->http_version = request->http_version;
    entry->is_get = entry->is_get && request->is_get;
    entry->is_tls = request->is_tls;
}

void journal_note_status(struct journal *journal, uint32_t unit, uint16_t status)
{
    journal->shared->units[unit].status = status;
}

void journal_note_end(struct journal *journal, uint32_t unit, nanoseconds end, bool is_whole, int64_t body_bytes)
{
    struct journal_unit *entry = &journal->shared->units[unit];
    entry->end = end;
    entry->is_whole = entry->is_whole && is_whole;
    entry->body_bytes = is_whole ? body_bytes : 0;
}

void journal_note_broken(struct journal *journal, uint32_t unit)
{
    journal->shared->units[unit].is_whole = false;
}
