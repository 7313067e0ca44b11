#include "conc_bench/workload/header.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/unicode.h"

size_t header_name_length(const char *header)
{
    size_t length = 0;
    /* In some locales other bytes than those of ASCII are letters. */
    while (isascii((unsigned char)header[length]) &&
           (isalnum((unsigned char)header[length]) ||
            (header[length] != '\0' && strchr("!#$%&'*+-.^_`|~", header[length]) != NULL)))
        length++;
    return length;
}

bool header_has_name(const char *header, const char *name)
{
    size_t length = header_name_length(header);
    return length == strlen(name) && strncasecmp(header, name, length) == 0;
}

/* The code of the character at `place` if nobody sees it; otherwise 0. */
static uint32_t invisible_at(const char *place)
{
    uint32_t code = 0;
    size_t length = strlen(place);
    return length > 0 && unicode_decode(place, length, &code) > 0 && unicode_is_invisible(code) ? code : 0;
}

/* Refuses invisible characters at either end of a value, or in a name: they were copied by mistake, and would change a
 * secret. Within a value they may be meant. */
static int check_visible(const char *text, const char *place, struct error *error)
{
    size_t length = header_name_length(text);
    const char *value = text + length;
    value += strspn(value, ": \t");
    const char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    for (bool is_inside = true; is_inside && end > value; is_inside = ((unsigned char)*end & 0xc0) == 0x80)
        end--;
    uint32_t first = invisible_at(value);
    uint32_t last = invisible_at(end);
    if (first != 0 && text[length] != ':')
        return error_set(error, ERROR_USAGE, "%s: the name of the header has an invisible character (U+%04" PRIX32 ")",
                         place, first);
    if (first != 0 || last != 0)
        return error_set(error, ERROR_USAGE,
                         "%s: the value of the header %.*s %s an invisible character (U+%04" PRIX32 ")", place,
                         (int)length, text, first != 0 ? "begins with" : "ends in", first != 0 ? first : last);
    return 0;
}

int header_check(const char *text, const char *place, struct error *error)
{
    size_t length = header_name_length(text);
    if (strpbrk(text, "\r\n") != NULL)
        return error_set(error, ERROR_USAGE, "%s: the header %.*s has a line break in it: a header is one line", place,
                         (int)length, text);
    if (check_visible(text, place, error) != 0)
        return -1;
    const char *value = text + length;
    bool is_empty = value[0] == ';' && value[strspn(value, "; \t")] == '\0';
    if (length == 0 || (value[0] != ':' && !is_empty))
        return error_set(error, ERROR_USAGE,
                         "%s: not a header: write 'Name: value', 'Name:' to leave one out, or 'Name;' to send an "
                         "empty one",
                         place);
    for (; *value != '\0'; value++) {
        if (iscntrl((unsigned char)*value) && *value != '\t')
            return error_set(error, ERROR_USAGE, "%s: the header %.*s has a control character in its value", place,
                             (int)length, text);
    }
    return 0;
}

/* A word of a name, such as "Api" and "Key" in "X-Api-Key". */
struct word {
    const char *text;
    size_t length;
};

static bool has_part(const struct word *word, const char *part)
{
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= word->length; i++) {
        if (strncasecmp(word->text + i, part, length) == 0)
            return true;
    }
    return false;
}

/* Whether the name ends in `end` where the word ends; `end` may begin in front of the word. */
static bool has_end(const char *name, const struct word *word, const char *end)
{
    const char *behind = word->text + word->length;
    return (size_t)(behind - name) >= strlen(end) && strncasecmp(behind - strlen(end), end, strlen(end)) == 0;
}

/* "X-Auth-User", "Authorization", "OAuth", but not "Author" and "Authority". */
static bool has_authentication(const struct word *word)
{
    bool is_of_authors = has_part(word, "author") && !has_part(word, "authoriz") && !has_part(word, "authoris");
    return has_part(word, "auth") && !is_of_authors;
}

/* "Key" and "APIKEY", but not what makes a request single, what caches, queues and stores find things by, and what a
 * handshake of WebSocket holds. */
static bool has_key(const char *name, const struct word *word)
{
    static const char *const harmless[] = {"idempotency-key", "cache-key",    "surrogate-key",
                                           "partition-key",   "partitionkey", "routing-key",
                                           "shard-key",       "sort-key",     "websocket-key"};
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (has_end(name, word, harmless[i]))
            return false;
    }
    return has_end(word->text, word, "key") || has_end(word->text, word, "keys");
}

static bool is_word_secret(const char *name, const struct word *word)
{
    static const char *const parts[] = {"token",  "secret",     "passwd",  "password", "passphrase",
                                        "cookie", "credential", "session", "bearer",   "jwt"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (has_part(word, parts[i]))
            return true;
    }
    return has_authentication(word) || has_key(name, word);
}

bool header_name_is_secret(const char *name, size_t length)
{
    struct word word = {.text = name};
    for (size_t i = 0; i <= length; i++) {
        if (i < length && isalnum((unsigned char)name[i])) {
            word.length++;
            continue;
        }
        if (is_word_secret(name, &word))
            return true;
        word = (struct word){.text = name + i + 1};
    }
    return false;
}

bool header_is_secret(const char *header)
{
    size_t length = header_name_length(header);
    const char *value = header + length;
    /* Without a value there is nothing to hide. */
    if (value[0] != ':' || value[1 + strspn(value + 1, " \t")] == '\0')
        return false;
    return header_name_is_secret(header, length);
}

bool header_is_open(const char *header)
{
    static const char *const names[] = {
        "Accept",     "Accept-Charset",    "Accept-Encoding",  "Accept-Language",  "Cache-Control",
        "Connection", "Content-Type",      "Content-Encoding", "Content-Language", "Expect",
        "Host",       "If-Modified-Since", "If-None-Match",    "Pragma",           "Range",
        "User-Agent"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (header_has_name(header, names[i]))
            return true;
    }
    return false;
}

/* RFC 4648, section 4; `encoded` has room for 4 letters for every 3 bytes begun. */
static void encode_base64(const char *text, size_t length, char *encoded)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        unsigned long bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < length ? (unsigned char)text[i + j] : 0U);
        for (size_t j = 0; j < 4; j++)
            *encoded++ = i + j <= length ? letters[bits >> (18 - 6 * j) & 63] : '=';
    }
    *encoded = '\0';
}

char *header_of_credentials(const char *credentials)
{
    static const char name[] = "Authorization: Basic ";
    size_t length = strlen(credentials);
    char *header = malloc(sizeof(name) + (length + 2) / 3 * 4);
    if (header == NULL)
        return NULL;
    memcpy(header, name, sizeof(name) - 1);
    encode_base64(credentials, length, header + sizeof(name) - 1);
    return header;
}
