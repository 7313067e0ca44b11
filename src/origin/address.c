#include "address.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Whether a character stands for itself in a path and in a query, and means nothing to a shell's word splitting, to
 * xargs(1) or to curl's globbing. */
static bool is_plain(char character)
{
    static const char others[] = "-._~!$&()*+,;=:@/?";
    bool is_letter = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    bool is_digit = character >= '0' && character <= '9';
    return is_letter || is_digit || (character != '\0' && strchr(others, character) != NULL);
}

static bool is_hex(char character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f') ||
           (character >= 'A' && character <= 'F');
}

/* The bytes of a character, as itself or encoded; 0: it is another. */
static size_t length_of(const char *text, const char *end, char character, const char *encoded)
{
    if (text < end && *text == character)
        return 1;
    return end - text >= 3 && strncasecmp(text, encoded, 3) == 0 ? 3 : 0;
}

/* Whether a part of a path ends here, or is taken to end by some. */
static bool is_separator(const char *text, const char *end)
{
    return length_of(text, end, '/', "%2f") > 0 || length_of(text, end, '\\', "%5c") > 0;
}

static char *write_character(char *to, char character)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_plain(character)) {
        *to++ = character;
        return to;
    }
    *to++ = '%';
    *to++ = digits[(unsigned char)character >> 4];
    *to++ = digits[(unsigned char)character & 0xf];
    return to;
}

/* Copies a character. One that is encoded already stays so. */
static const char *copy_character(char **to, const char *from, const char *end)
{
    if (*from == '%' && end - from >= 3 && is_hex(from[1]) && is_hex(from[2])) {
        memcpy(*to, from, 3);
        *to += 3;
        return from + 3;
    }
    *to = write_character(*to, *from);
    return from + 1;
}

/* A part of a path that begins with no dot is none that leads upwards, or nowhere, however it is read. */
static char *write_url(char *to, const struct journal_url *url)
{
    const char *end = url->text + url->length;
    bool is_query = false;
    bool begins_part = true;
    for (const char *from = url->text; from < end;) {
        size_t dot = begins_part && !is_query ? length_of(from, end, '.', "%2e") : 0;
        if (dot > 0) {
            *to++ = '_';
            from += dot;
            continue;
        }
        begins_part = is_separator(from, end);
        is_query = is_query || *from == '?';
        from = copy_character(&to, from, end);
    }
    return to;
}

size_t address_write(char *buffer, const char *token, uint32_t trial, uint32_t number, const struct journal_url *url)
{
    int length = snprintf(buffer, ADDRESS_HEAD_BYTES, "/%s/%u/%u/%s/", token, (unsigned)trial, (unsigned)number,
                          url->is_tls ? "https" : "http");
    char *end = write_url(buffer + length, url);
    *end = '\0';
    return (size_t)(end - buffer);
}

/* The number that `text` begins with, without leading zeros; false: it begins with none. */
static bool read_number(const char **text, uint32_t *number)
{
    uint64_t value = 0;
    const char *digit = *text;
    for (; *digit >= '0' && *digit <= '9' && value <= UINT32_MAX; digit++)
        value = 10 * value + (uint64_t)(*digit - '0');
    if (digit == *text || value > UINT32_MAX || (**text == '0' && digit - *text > 1))
        return false;
    *number = (uint32_t)value;
    *text = digit;
    return true;
}

/* The target behind scheme and host, if there are any. */
static const char *skip_origin(const char *target)
{
    if (target[0] == '/')
        return target;
    const char *host = strstr(target, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    return path != NULL ? path : "";
}

enum address_kind address_read(const char *target, const char *token, uint32_t *trial, uint32_t *number)
{
    size_t length = strlen(token);
    const char *rest = skip_origin(target);
    if (rest[0] != '/' || strncmp(rest + 1, token, length) != 0 || rest[1 + length] != '/')
        return ADDRESS_FOREIGN;
    rest += 1 + length + 1;
    if (!read_number(&rest, trial) || *rest++ != '/' || !read_number(&rest, number) || *rest != '/')
        return ADDRESS_WRONG;
    return ADDRESS_RIGHT;
}
