#include "conc_bench/run/sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "trial_summary.h"

#include "conc_bench/platform/memory.h"

static const struct {
    const char *name;
    const char *words;
} outcomes[OUTCOME_COUNT] = {
    [OUTCOME_NONE] = {"none", "not begun"},
    [OUTCOME_OK] = {"ok", "succeeded"},
    [OUTCOME_HTTP_4XX] = {"http_4xx", "answered with status 4xx"},
    [OUTCOME_HTTP_5XX] = {"http_5xx", "answered with status 5xx"},
    [OUTCOME_DNS] = {"dns", "could not resolve the host"},
    [OUTCOME_CONNECT] = {"connect", "could not connect"},
    [OUTCOME_TLS] = {"tls", "failed in TLS"},
    [OUTCOME_TIMEOUT_DNS] = {"timeout_dns", "timed out resolving the host"},
    [OUTCOME_TIMEOUT_CONNECT] = {"timeout_connect", "timed out connecting"},
    [OUTCOME_TIMEOUT_TLS] = {"timeout_tls", "timed out in the TLS handshake"},
    [OUTCOME_TIMEOUT_WAIT] = {"timeout_wait", "timed out waiting for an answer"},
    [OUTCOME_TIMEOUT_RECEIVE] = {"timeout_receive", "timed out receiving"},
    [OUTCOME_RESET] = {"reset", "lost the connection"},
    [OUTCOME_EMPTY_REPLY] = {"empty_reply", "got an empty reply"},
    [OUTCOME_PARTIAL] = {"partial", "got fewer bytes than announced"},
    [OUTCOME_INCOMPLETE_HEADERS] = {"incomplete_headers", "got incomplete headers"},
    [OUTCOME_PROTOCOL] = {"protocol", "got no valid HTTP"},
    [OUTCOME_REDIRECT] = {"redirect", "were redirected too often or elsewhere"},
    [OUTCOME_BODY_LIMIT] = {"body_limit", "were longer than --max-filesize"},
    [OUTCOME_CHECK] = {"check", "failed a check"},
    [OUTCOME_CLIENT_RESOURCE] = {"client_resource", "ran out of resources of this machine"},
    [OUTCOME_CANCELLED] = {"cancelled", "given up when the trial ended"},
    [OUTCOME_LATE] = {"late", "waited longer than --max-late"},
    [OUTCOME_GIVEN_UP] = {"given_up", "were not begun, the rate being far too high"},
    [OUTCOME_INTERNAL] = {"internal", "failed inside libcurl"},
    [OUTCOME_LOST] = {"lost", "lost with their worker"},
};

/* Workers in several processes rely on these being plain instructions; a lock would live in one process only. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_CHAR_LOCK_FREE == 2,
               "atomics are lock-free");

const char *outcome_name(enum outcome outcome)
{
    return outcome < OUTCOME_COUNT ? outcomes[outcome].name : "unknown";
}

const char *outcome_words(enum outcome outcome)
{
    return outcome < OUTCOME_COUNT ? outcomes[outcome].words : "ended in an unknown way";
}

uint64_t sample_table_bytes(uint64_t unit_count)
{
    return offsetof(struct sample_table, samples) + unit_count * sizeof(struct sample);
}

/* The size of an existing table, which therefore fits into memory. */
static size_t bytes_of(const struct sample_table *table)
{
    return (size_t)sample_table_bytes(table->unit_count);
}

static void *no_memory(uint32_t unit_count, struct error *error)
{
    error_set_system(error, ERROR_ENVIRONMENT, ENOMEM,
                     "no memory for the samples of %" PRIu32 " downloads (%" PRIu64 " bytes)", unit_count,
                     sample_table_bytes(unit_count));
    return NULL;
}

struct sample_table *sample_table_create(uint32_t unit_count, struct error *error)
{
    uint64_t bytes = sample_table_bytes(unit_count);
    /* Shared even where nobody forks: one way for all modes. Untouched pages cost nothing, and shared mappings are not
     * copied when a cell is forked, so that keeping the tables of all rounds does not slow later forks down. */
    void *memory = bytes <= SIZE_MAX
                       ? mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
                       : MAP_FAILED;
    if (memory == MAP_FAILED)
        return no_memory(unit_count, error);
    struct sample_table *table = memory;
    table->unit_count = unit_count;
    return table;
}

void sample_table_populate(struct sample_table *table)
{
    memory_populate(table, bytes_of(table));
}

void sample_table_clear(struct sample_table *table)
{
    uint32_t unit_count = table->unit_count;
    bool is_private = table->is_private;
    memset(table, 0, bytes_of(table));
    table->unit_count = unit_count;
    table->is_private = is_private;
}

struct sample_table *sample_table_create_private(uint32_t unit_count, struct error *error)
{
    size_t alignment = _Alignof(struct sample_table);
    uint64_t bytes = (sample_table_bytes(unit_count) + alignment - 1) / alignment * alignment;
    struct sample_table *table = bytes <= SIZE_MAX ? aligned_alloc(alignment, (size_t)bytes) : NULL;
    if (table == NULL)
        return no_memory(unit_count, error);
    memset(table, 0, (size_t)bytes);
    table->unit_count = unit_count;
    table->is_private = true;
    return table;
}

void sample_table_release(struct sample_table *table)
{
    if (table != NULL && table->is_private)
        free(table);
    else if (table != NULL)
        munmap(table, bytes_of(table));
}

bool sample_reserve(struct sample_table *table, uint32_t *unit)
{
    if (sample_table_is_stopped(table))
        return false;
    /* Relaxed: the cursor orders nothing but itself. It may run past the end by one for each worker, never wrap. */
    uint64_t reserved = atomic_fetch_add_explicit(&table->cursor, 1, memory_order_relaxed);
    *unit = (uint32_t)reserved;
    return reserved < table->unit_count;
}

struct sample *sample_begin(struct sample_table *table, uint32_t worker, uint32_t unit)
{
    struct sample *sample = &table->samples[unit];
    sample->worker = worker;
    sample->start = clock_now();
    atomic_store_explicit(&sample->state, SAMPLE_CLAIMED, memory_order_relaxed);
    return sample;
}

struct sample *sample_claim(struct sample_table *table, uint32_t worker, uint32_t *unit)
{
    return sample_reserve(table, unit) ? sample_begin(table, worker, *unit) : NULL;
}

void sample_settle(struct sample_table *table, struct sample *sample)
{
    if (sample->settled == 0)
        sample->settled = clock_now();
    uint8_t before = atomic_exchange_explicit(&sample->state, SAMPLE_SETTLED, memory_order_release);
    if (before == SAMPLE_SETTLED)
        atomic_fetch_add_explicit(&table->settled_twice, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&table->settled_count_hint, 1, memory_order_relaxed);
}

uint32_t sample_table_waiting(const struct sample_table *table, const nanoseconds *due)
{
    nanoseconds gate = atomic_load_explicit(&table->gate, memory_order_relaxed);
    uint64_t taken = atomic_load_explicit(&table->cursor, memory_order_relaxed);
    nanoseconds now = clock_now() - gate;
    uint32_t first = 0;
    uint32_t behind = gate != 0 ? table->unit_count : 0; /* of those from here on none is due */
    while (first < behind) {
        uint32_t middle = first + (behind - first) / 2;
        if (due[middle] <= now)
            first = middle + 1;
        else
            behind = middle;
    }
    return first > taken ? first - (uint32_t)taken : 0;
}

void sample_table_stop(struct sample_table *table)
{
    atomic_store_explicit(&table->is_stopped, 1, memory_order_relaxed);
}

static unsigned bucket_of(nanoseconds delay)
{
    if (delay < 4)
        return delay > 0 ? (unsigned)delay : 0;
    unsigned octave = 63 - (unsigned)__builtin_clzll((unsigned long long)delay);
    unsigned quarter = (unsigned)(delay >> (octave - 2)) & 3;
    unsigned bucket = 4 * (octave - 1) + quarter;
    return bucket < DELAY_BUCKETS ? bucket : DELAY_BUCKETS - 1;
}

static nanoseconds upper_end(unsigned bucket)
{
    if (bucket < 4)
        return bucket;
    return ((nanoseconds)(bucket % 4 + 5) << (bucket / 4 - 1)) - 1;
}

void delays_note(struct delays *delays, nanoseconds delay)
{
    atomic_fetch_add_explicit(&delays->counts[bucket_of(delay)], 1, memory_order_relaxed);
    nanoseconds longest = atomic_load_explicit(&delays->longest, memory_order_relaxed);
    while (delay > longest && !atomic_compare_exchange_weak_explicit(&delays->longest, &longest, delay,
                                                                     memory_order_relaxed, memory_order_relaxed)) {}
}

nanoseconds delays_percentile(const struct delays *delays, double percent)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < DELAY_BUCKETS; i++)
        total += atomic_load_explicit(&delays->counts[i], memory_order_relaxed);
    nanoseconds longest = atomic_load_explicit(&delays->longest, memory_order_relaxed);
    uint64_t below = 0;
    for (unsigned i = 0; i < DELAY_BUCKETS; i++) {
        below += atomic_load_explicit(&delays->counts[i], memory_order_relaxed);
        if (below > 0 && (double)below * 100 >= percent * (double)total)
            return upper_end(i) < longest ? upper_end(i) : longest;
    }
    return longest;
}

void sample_table_note_streams(struct sample_table *table, uint32_t streams)
{
    uint32_t most = atomic_load_explicit(&table->most_streams, memory_order_relaxed);
    while (streams > most && !atomic_compare_exchange_weak_explicit(&table->most_streams, &most, streams,
                                                                    memory_order_relaxed, memory_order_relaxed)) {}
}

void sample_table_note_warm(struct sample_table *table, const struct sample *sample)
{
    if (sample->http_version == 20)
        atomic_fetch_add_explicit(&table->warm_connects, sample->connects, memory_order_relaxed);
}

struct sample_account sample_table_account(const struct sample_table *table)
{
    struct sample_account account = {.settled_twice = atomic_load(&table->settled_twice)};
    for (uint32_t unit = 0; unit < table->unit_count; unit++) {
        const struct sample *sample = &table->samples[unit];
        enum outcome outcome = sample_outcome(sample);
        account.outcomes[outcome]++;
        bool is_settled = outcome != OUTCOME_NONE && outcome != OUTCOME_LOST && outcome != OUTCOME_GIVEN_UP;
        if (is_settled && sample->settled > account.last_settled)
            account.last_settled = sample->settled;
    }
    account.claimed = table->unit_count - account.outcomes[OUTCOME_NONE];
    account.lost = account.outcomes[OUTCOME_LOST];
    account.settled = account.claimed - account.lost;
    return account;
}

uint64_t sample_policy_most(enum sample_policy policy)
{
    switch (policy) {
    case SAMPLES_ALL:
        return UINT64_MAX;
    case SAMPLES_NONE:
        return 0;
    default:
        return SAMPLES_AUTO_MAX;
    }
}

uint64_t sample_memory(uint64_t units, uint64_t trials, uint64_t most)
{
    uint64_t bytes;
    if (units > UINT32_MAX)
        return UINT64_MAX;
    uint64_t each = trial_latencies_bytes((uint32_t)units) + (units <= most ? sample_table_bytes(units) : 0);
    return __builtin_mul_overflow(trials, each, &bytes) ? UINT64_MAX : bytes + sample_table_bytes(units);
}
