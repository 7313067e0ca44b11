#include "conc_bench/http/pool.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "quirks.h"
#include "transfer_state.h"

/* Connections made, beyond those kept, until a pool begins anew: so many, or so many times those kept. Each leaves at
 * most one empty entry behind, which costs some 50 instructions a download. What is lost by beginning anew, connections
 * that were still good, is more where a pool is large and its hosts are not many more. */
enum { WORN_BY_LEAST = 128, WORN_BY_ALONE = 8, WORN_BY_TOGETHER = 1 };

/* Names that libcurl knows at a time, besides those in use. Up to these it takes less to find one than to tell it of
 * one, and of hosts that no pool is large enough for, the name is seldom there. */
enum { NAMES_ALONE = 64, NAMES_TOGETHER = 512 };

/* A transfer uses the name it asks for, and the one it was sent on to. */
enum { NAMES_IN_USE = 2 };

#define NOWHERE UINT32_MAX

/* An entry libcurl has been told of. */
struct known_name {
    uint32_t pin;   /* PIN_NONE: none */
    uint32_t users; /* transfers under way, or last */
    uint32_t next;  /* of those that begin alike; NOWHERE: none */
    bool is_sure;   /* that libcurl knows it; otherwise it may not have come to that */
};

/* The state that is kept until the pool begins anew. */
struct store {
    CURLSH *share;
    uint32_t users;  /* transfers */
    uint32_t opened; /* connections */
    uint32_t name_count;
    uint32_t oldest;   /* where to look for a name to forget */
    uint32_t row_mask; /* of rows, which are a power of two */
    uint32_t *rows;    /* by the last bits of the pin */
    struct known_name *names;
};

struct pool {
    uint32_t names;    /* to be known at a time; 0: libcurl keeps them by itself */
    uint32_t wears_at; /* connections opened; 0: it does not wear out */
    struct store *store;
};

bool pool_wears_out(const struct transfer_policy *policy, enum transfer_driver driver)
{
    if (policy->connections == CONNECTIONS_FRESH || !quirk_applies(QUIRK_EMPTY_HOSTS))
        return false;
    /* The connections of a multi handle are enough for all hosts, unless there are too many hosts for any pool. */
    return driver == TRANSFER_ALONE ? policy->host_count > policy->connections_kept : policy->has_too_many_hosts;
}

/* Stores */

static void release_store(struct store *store)
{
    if (store->share != NULL)
        curl_share_cleanup(store->share);
    free(store->rows);
    free(store->names);
    free(store);
}

/* NULL: no memory. */
static struct store *create_store(const struct pool *pool)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return NULL;
    store->share = curl_share_init();
    bool is_made = store->share != NULL;
    if (is_made && pool->wears_at > 0)
        is_made = curl_share_setopt(store->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) == CURLSHE_OK;
    if (is_made && pool->names > 0) {
        is_made = curl_share_setopt(store->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK;
        uint32_t rows = 1;
        while (rows < pool->names)
            rows *= 2;
        store->row_mask = rows - 1;
        store->name_count = pool->names;
        store->rows = malloc(rows * sizeof(store->rows[0]));
        store->names = malloc(pool->names * sizeof(store->names[0]));
        is_made = is_made && store->rows != NULL && store->names != NULL;
        for (uint32_t i = 0; is_made && i < rows; i++)
            store->rows[i] = NOWHERE;
        for (uint32_t i = 0; is_made && i < pool->names; i++)
            store->names[i] = (struct known_name){.pin = PIN_NONE, .next = NOWHERE};
    }
    if (is_made)
        return store;
    release_store(store);
    return NULL;
}

static uint32_t count_until_worn(const struct transfer_policy *policy, bool is_alone, uint32_t transfers)
{
    uint32_t kept = transfers * policy->connections_kept;
    uint32_t more = kept * (is_alone ? WORN_BY_ALONE : WORN_BY_TOGETHER);
    return kept + (more > WORN_BY_LEAST ? more : WORN_BY_LEAST);
}

int pool_create(const struct transfer_plan *plan, enum transfer_driver driver, uint32_t transfers, struct pool **run,
                struct error *error)
{
    bool is_alone = driver == TRANSFER_ALONE;
    bool wears_out = pool_wears_out(plan->policy, driver);
    *run = NULL;
    if (!wears_out && !pins_are_many(plan->pins))
        return 0;
    struct pool *pool = calloc(1, sizeof(*pool));
    if (pool != NULL) {
        if (pins_are_many(plan->pins))
            pool->names = (is_alone || plan->policy->has_too_many_hosts ? NAMES_ALONE : NAMES_TOGETHER) +
                          NAMES_IN_USE * transfers;
        if (wears_out)
            pool->wears_at = count_until_worn(plan->policy, is_alone, transfers);
        pool->store = create_store(pool);
    }
    if (pool == NULL || pool->store == NULL) {
        free(pool);
        return error_set(error, ERROR_ENVIRONMENT, "no memory for a pool of connections and names");
    }
    *run = pool;
    return 0;
}

void pool_release(struct pool *pool)
{
    if (pool == NULL)
        return;
    release_store(pool->store);
    free(pool);
}

/* Names. Only where there is a table of them. */

static void let_go(struct transfer *transfer, uint32_t *held)
{
    if (*held != NOWHERE)
        transfer->store->names[*held].users--;
    *held = NOWHERE;
}

static void forget(struct store *store, uint32_t number)
{
    uint32_t *place = &store->rows[store->names[number].pin & store->row_mask];
    while (*place != number)
        place = &store->names[*place].next;
    *place = store->names[number].next;
}

/* Finds or makes the entry for the name of a pin, perhaps in the place of one that is not used, which `*forgotten` then
 * is. */
static uint32_t hold(struct store *store, uint32_t pin, uint32_t *forgotten)
{
    uint32_t *row = &store->rows[pin & store->row_mask];
    uint32_t number = *row;
    *forgotten = PIN_NONE;
    while (number != NOWHERE && store->names[number].pin != pin)
        number = store->names[number].next;
    if (number == NOWHERE) {
        while (store->names[store->oldest].users > 0)
            store->oldest = (store->oldest + 1) % store->name_count;
        number = store->oldest;
        store->oldest = (store->oldest + 1) % store->name_count;
        *forgotten = store->names[number].pin;
        if (*forgotten != PIN_NONE)
            forget(store, number);
        store->names[number] = (struct known_name){.pin = pin, .next = *row};
        *row = number;
    }
    store->names[number].users++;
    return number;
}

/* Lists what libcurl has to be told before it knows the name of a pin. Only the text that forgets a name is ours. */
static struct curl_slist *list_changes(struct pool_use *use, const struct pins *pins, uint32_t pin, uint32_t forgotten,
                                       struct curl_slist *others)
{
    struct curl_slist *list = &use->changes[0];
    use->changes[0] = (struct curl_slist){.data = (char *)(uintptr_t)pins->texts[pin], .next = others};
    if (forgotten == PIN_NONE)
        return list;
    const char *name;
    size_t length = pin_measure_name(pins->texts[forgotten], &name);
    snprintf(use->forgotten, sizeof(use->forgotten), "-%.*s", (int)length, name);
    use->changes[1] = (struct curl_slist){.data = use->forgotten, .next = list};
    return &use->changes[1];
}

/* Transfers */

static void leave(struct transfer *transfer)
{
    struct store *store = transfer->store;
    for (int i = 0; store->names != NULL && i < NAMES_IN_USE; i++)
        let_go(transfer, &transfer->use.held[i]);
    transfer->store = NULL;
    if (--store->users == 0 && store != transfer->pool->store)
        release_store(store);
}

/* A transfer that enters tells libcurl of what all know with the first name it needs. */
static bool enter(struct transfer *transfer)
{
    struct store *store = transfer->pool->store;
    transfer->store = store;
    store->users++;
    transfer->use = (struct pool_use){.held = {NOWHERE, NOWHERE}, .is_new = true};
    return curl_easy_setopt(transfer->easy, CURLOPT_SHARE, store->share) == CURLE_OK;
}

void transfer_use_pool(struct transfer *transfer, struct pool *pool)
{
    transfer->pool = pool;
    if (pool != NULL)
        enter(transfer);
}

void pool_leave(struct transfer *transfer)
{
    if (transfer->pool != NULL)
        leave(transfer);
    if (transfer->owns_pool)
        pool_release(transfer->pool);
}

void pool_note_opened(struct transfer *transfer)
{
    if (transfer->store != NULL)
        transfer->store->opened++;
}

/* The next store, for who begins now; others follow, and the last has the old one closed. Without memory for another
 * the old one will do. */
static void renew(struct pool *pool)
{
    struct store *next = create_store(pool);
    if (next == NULL)
        return;
    if (pool->store->users == 0)
        release_store(pool->store);
    pool->store = next;
}

/* Settles which names libcurl knows: after a transfer that sent a request, it knows all that it was told before. */
static void settle_names(struct transfer *transfer, bool has_asked)
{
    uint32_t *held = transfer->use.held;
    if (held[0] != NOWHERE && has_asked)
        transfer->store->names[held[0]].is_sure = true;
    transfer->use.is_new |= !has_asked;
    for (int i = 0; i < NAMES_IN_USE; i++)
        let_go(transfer, &held[i]);
}

static bool tell_names(struct transfer *transfer)
{
    struct store *store = transfer->store;
    const struct pins *pins = transfer->plan->pins;
    uint32_t pin = pins_of_url(pins, transfer->url);
    uint32_t forgotten = PIN_NONE;
    struct curl_slist *list = transfer->names;
    bool is_told = !transfer->use.is_new;
    if (pin != PIN_NONE) {
        uint32_t number = hold(store, pin, &forgotten);
        transfer->use.held[0] = number;
        /* The fixed ones follow again: libcurl looks only at the last list for one that stands for any host. */
        if (!store->names[number].is_sure) {
            list = list_changes(&transfer->use, pins, pin, forgotten, list);
            is_told = false;
        }
    }
    transfer->use.is_new = false;
    return is_told || curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, list) == CURLE_OK;
}

bool pool_begin(struct transfer *transfer, bool has_asked)
{
    struct pool *pool = transfer->pool;
    bool is_there = true;
    if (pool->names > 0)
        settle_names(transfer, has_asked);
    if (pool->wears_at > 0 && pool->store->opened >= pool->wears_at)
        renew(pool);
    if (transfer->store != pool->store) {
        curl_easy_setopt(transfer->easy, CURLOPT_SHARE, NULL);
        leave(transfer);
        is_there = enter(transfer);
    }
    return is_there && (pool->names == 0 || tell_names(transfer));
}

/* Redirects */

/* Tells libcurl of a name by a handle of its own: that of the transfer reads none while it is under way. */
static bool tell_at_once(const struct store *store, struct curl_slist *list)
{
    CURL *easy = curl_easy_init();
    bool is_told = easy != NULL && curl_easy_setopt(easy, CURLOPT_SHARE, store->share) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, quirk_names_kept()) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_RESOLVE, list) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_URL, "file:///") == CURLE_OK;
    if (is_told)
        curl_easy_perform(easy); /* ends behind the names, with a failure that is meant */
    curl_easy_cleanup(easy);
    return is_told;
}

/* The pin of where a URL leads; PIN_NONE: none. */
static uint32_t find_pin(const struct pins *pins, CURLU *url)
{
#ifdef CURLU_PUNYCODE
    const unsigned as_looked_up = CURLU_PUNYCODE;
#else
    const unsigned as_looked_up = 0;
#endif
    char *host = NULL;
    char *port = NULL;
    uint32_t pin = PIN_NONE;
    if (curl_url_get(url, CURLUPART_HOST, &host, as_looked_up) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        pin = pins_find(pins, host, strlen(host), (uint16_t)strtoul(port, NULL, 10));
    curl_free(host);
    curl_free(port);
    return pin;
}

static void follow_to(struct transfer *transfer, uint32_t pin)
{
    struct store *store = transfer->store;
    struct pool_use use; /* that of the transfer may still be read */
    uint32_t forgotten;
    uint32_t number = hold(store, pin, &forgotten);
    let_go(transfer, &transfer->use.held[1]);
    transfer->use.held[1] = number;
    if (!store->names[number].is_sure)
        store->names[number].is_sure =
            tell_at_once(store, list_changes(&use, transfer->plan->pins, pin, forgotten, NULL));
}

/* A target without a host leads to the one that was asked. */
static void note_location(struct transfer *transfer, const char *target, size_t length)
{
    bool has_scheme = length < 2 || memcmp(target, "//", 2) != 0;
    char *scheme = NULL;
    char *text = NULL;
    CURLU *url = curl_url();
    curl_easy_getinfo(transfer->easy, CURLINFO_SCHEME, &scheme);
    bool is_made = url != NULL && asprintf(&text, "%s%s%.*s", has_scheme || scheme == NULL ? "" : scheme,
                                           has_scheme ? "" : ":", (int)length, target) >= 0;
    if (is_made && curl_url_set(url, CURLUPART_URL, text, CURLU_URLENCODE | CURLU_ALLOW_SPACE) == CURLUE_OK) {
        uint32_t pin = find_pin(transfer->plan->pins, url);
        if (pin != PIN_NONE)
            follow_to(transfer, pin);
    }
    curl_url_cleanup(url);
    if (is_made)
        free(text);
}

void pool_note_header(struct transfer *transfer, const char *line, size_t length)
{
    static const char name[] = "location:";
    size_t start = sizeof(name) - 1;
    if (transfer->pool == NULL || transfer->pool->names == 0 || length <= start ||
        strncasecmp(line, name, start) != 0 || transfer_info_number(transfer, CURLINFO_RESPONSE_CODE) / 100 != 3)
        return;
    while (start < length && strchr(" \t", line[start]) != NULL)
        start++;
    while (length > start && strchr(" \t\r\n", line[length - 1]) != NULL)
        length--;
    note_location(transfer, line + start, length - start);
}
