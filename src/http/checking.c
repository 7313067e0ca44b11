#include "checking.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

/* The search of one check in an answer. */
struct search {
    bool is_wanted; /* the check is of the URL */
    bool is_found;
    char *tail;         /* the last bytes of the body, in which the text may have begun */
    size_t tail_length; /* less than the text has */
};

struct checking {
    const struct check_list *checks;
    gnutls_hash_hd_t hash; /* NULL: no check is by SHA-256 */
    bool is_hashed;        /* some check of this URL is */
    struct search searches[];
};

static bool has_sha256(const struct check_list *checks)
{
    for (size_t i = 0; i < checks->count; i++) {
        if (checks->items[i].kind == CHECK_SHA256)
            return true;
    }
    return false;
}

struct checking *checking_create(const struct check_list *checks)
{
    struct checking *checking = calloc(1, sizeof(*checking) + checks->count * sizeof(checking->searches[0]));
    if (checking == NULL)
        return NULL;
    checking->checks = checks;
    bool is_made = !has_sha256(checks) || gnutls_hash_init(&checking->hash, GNUTLS_DIG_SHA256) == 0;
    for (size_t i = 0; i < checks->count && is_made; i++) {
        if (checks->items[i].kind == CHECK_CONTAINS)
            is_made = (checking->searches[i].tail = malloc(checks->items[i].length)) != NULL;
    }
    if (is_made)
        return checking;
    checking_release(checking);
    return NULL;
}

void checking_release(struct checking *checking)
{
    if (checking == NULL)
        return;
    for (size_t i = 0; i < checking->checks->count; i++)
        free(checking->searches[i].tail);
    if (checking->hash != NULL)
        gnutls_hash_deinit(checking->hash, NULL);
    free(checking);
}

void checking_begin(struct checking *checking, struct check_subject subject)
{
    /* Drops what a download left that was given up. */
    if (checking->is_hashed) {
        uint8_t unused[CHECK_SHA256_BYTES];
        gnutls_hash_output(checking->hash, unused);
    }
    checking->is_hashed = false;
    for (size_t i = 0; i < checking->checks->count; i++) {
        const struct check *check = &checking->checks->items[i];
        struct search *search = &checking->searches[i];
        search->is_wanted = check_is_of(check, subject);
        search->is_found = false;
        search->tail_length = 0;
        checking->is_hashed |= search->is_wanted && check->kind == CHECK_SHA256;
    }
}

/* Keeps the end of what came, less than the text has, and room for no more. */
static void keep_tail(struct search *search, const struct check *check, const char *data, size_t length)
{
    size_t most = check->length - 1;
    if (length >= most) {
        search->tail_length = most;
        memcpy(search->tail, data + length - most, most);
        return;
    }
    size_t kept = search->tail_length + length > most ? most - length : search->tail_length;
    memmove(search->tail, search->tail + search->tail_length - kept, kept);
    memcpy(search->tail + kept, data, length);
    search->tail_length = kept + length;
}

/* Whether the text begins in the tail and ends in the piece. */
static bool spans_pieces(const struct search *search, const struct check *check, const char *data, size_t length)
{
    for (size_t start = 0; start < search->tail_length; start++) {
        size_t before = search->tail_length - start;
        if (length >= check->length - before && memcmp(search->tail + start, check->bytes, before) == 0 &&
            memcmp(data, check->bytes + before, check->length - before) == 0)
            return true;
    }
    return false;
}

static void look_for(struct search *search, const struct check *check, const char *data, size_t length)
{
    if (spans_pieces(search, check, data, length) || memmem(data, length, check->bytes, check->length) != NULL)
        search->is_found = true;
    else
        keep_tail(search, check, data, length);
}

void checking_add(struct checking *checking, const char *data, size_t length)
{
    if (checking->is_hashed)
        gnutls_hash(checking->hash, data, length);
    for (size_t i = 0; i < checking->checks->count; i++) {
        const struct check *check = &checking->checks->items[i];
        struct search *search = &checking->searches[i];
        if (check->kind == CHECK_CONTAINS && search->is_wanted && !search->is_found)
            look_for(search, check, data, length);
    }
}

const struct check *checking_end(struct checking *checking, unsigned status)
{
    uint8_t sha256[CHECK_SHA256_BYTES] = {0};
    if (checking->is_hashed)
        gnutls_hash_output(checking->hash, sha256);
    checking->is_hashed = false;
    for (size_t i = 0; i < checking->checks->count; i++) {
        const struct check *check = &checking->checks->items[i];
        bool holds = check->kind == CHECK_STATUS     ? check->status == status
                     : check->kind == CHECK_CONTAINS ? checking->searches[i].is_found
                                                     : memcmp(sha256, check->sha256, sizeof(sha256)) == 0;
        if (checking->searches[i].is_wanted && holds == check->is_negated)
            return check;
    }
    return NULL;
}
