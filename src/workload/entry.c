#include "entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"
#include "conc_bench/base/unicode.h"
#include "conc_bench/workload/urls.h"

/* "URL xN": the largest N. */
enum { REPEAT_MAX = 1000000000 };

/* The most bytes of a line that a message quotes. */
enum { QUOTE_MAX = 100 };

static bool contains(const char *text, size_t length, const char *part)
{
    return memmem(text, length, part, strlen(part)) != NULL;
}

/* Escaped and full-width at signs become real ones. */
bool entry_has_at_sign(const char *text, size_t length)
{
    static const char *const at_signs[] = {"@", "%40", "\xef\xbc\xa0", "\xef\xb9\xab"};
    for (size_t i = 0; i < sizeof(at_signs) / sizeof(at_signs[0]); i++) {
        if (contains(text, length, at_signs[i]))
            return true;
    }
    return false;
}

/* Whether the text can hold a password, also in places where a URL has none: messages about broken lines must not show
 * what would be one, had the line not been broken. */
static bool may_hold_credentials(const char *text, size_t length)
{
    if (entry_has_at_sign(text, length))
        return true;
    /* "http://me:secret" may be the first half of a line broken before its '@': a colon may go before a port only. */
    const char *end = text + length;
    const char *colon = memchr(text, ':', length);
    if (colon != NULL && colon + 1 < end && colon[1] == '/') {
        for (text = colon + 1; text < end && *text == '/';)
            text++;
    }
    if (text < end && *text == '[') {
        const char *bracket = memchr(text, ']', (size_t)(end - text));
        text = bracket == NULL ? text : bracket;
    }
    while (text < end && strchr(":/?#", *text) == NULL)
        text++;
    if (text == end || *text != ':')
        return false;
    for (text++; text < end && *text >= '0' && *text <= '9';)
        text++;
    return text < end && strchr("/?# \t", *text) == NULL;
}

const char *entry_abridge(char *buffer, size_t most, const char *text, size_t length)
{
    bool is_long = length > most;
    if (is_long) {
        for (length = most; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
            length--;
    }
    for (size_t i = 0; i < length; i++)
        buffer[i] = (char)(text[i] == '\0' ? ' ' : text[i]);
    memcpy(buffer + length, is_long ? "..." : "", is_long ? 4 : 1);
    return buffer;
}

int entry_refuse(const struct entry *entry, enum quoting quoting, struct error *error, const char *format, ...)
{
    char reason[384];
    char text[QUOTE_MAX + 4] = "";
    char file[ENTRY_PATH_MAX + 4];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    if (quoting == QUOTE && !may_hold_credentials(entry->text, entry->length))
        entry_abridge(text, QUOTE_MAX, entry->text, entry->length);
    if (entry->file == NULL && text[0] != '\0')
        return error_set(error, ERROR_USAGE, "argument \"%s\": %s", text, reason);
    if (entry->file == NULL)
        return error_set(error, ERROR_USAGE, "argument: %s", reason);
    entry_abridge(file, ENTRY_PATH_MAX, entry->file, strlen(entry->file));
    if (text[0] != '\0')
        return error_set(error, ERROR_USAGE, "%s:%zu: %s: \"%s\"", file, entry->number, reason, text);
    return error_set(error, ERROR_USAGE, "%s:%zu: %s", file, entry->number, reason);
}

int entry_check_bytes(const struct entry *entry, struct error *error)
{
    if (entry->length > URL_LINE_MAX_BYTES)
        return entry_refuse(entry, DO_NOT_QUOTE, error,
                            "%zu bytes are too long for a URL: at most %d (8 KiB) are allowed", entry->length,
                            URL_LINE_MAX_BYTES);
    if (memchr(entry->text, '\0', entry->length) != NULL)
        return entry_refuse(entry, DO_NOT_QUOTE, error, "there is a NUL byte: is this a text file?");
    return 0;
}

/* URLs that differ in what nobody sees only are told apart by servers, and mostly come of careless copying. */
static int check_visible(const struct entry *entry, struct error *error)
{
    struct unicode_fault fault;
    char description[UNICODE_DESCRIPTION_BYTES];
    if (!unicode_find_fault(entry->text, entry->length, &fault))
        return 0;
    fault.character += entry->indent;
    unicode_describe_fault(&fault, description);
    if (fault.is_invalid)
        return entry_refuse(entry, DO_NOT_QUOTE, error,
                            "%s: save the list as UTF-8, or write the byte as %%%02X if the URL has it", description,
                            (unsigned)fault.code);
    char escapes[4 * 3 + 1] = "";
    do {
        unsigned byte = (unsigned char)entry->text[fault.offset++];
        text_append(escapes, sizeof(escapes), "%%%02X", byte);
    } while (fault.offset < entry->length && ((unsigned char)entry->text[fault.offset] & 0xc0) == 0x80);
    return entry_refuse(entry, DO_NOT_QUOTE, error, "%s: take it out, or write it as %s if the URL has it", description,
                        escapes);
}

/* Whether all are ASCII and printed, eight at a time: of millions of lines hardly any is looked at twice. */
static bool is_printed(const char *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t found = 0;
    uint64_t word;
    for (; length >= sizeof(word); length -= sizeof(word), text += sizeof(word)) {
        memcpy(&word, text, sizeof(word));
        found |= word | (word - ones * 0x20) | (word + ones);
    }
    word = ones * 'x';
    memcpy(&word, text, length);
    found |= word | (word - ones * 0x20) | (word + ones);
    return (found & ones * 0x80) == 0;
}

int entry_check_characters(const struct entry *entry, struct error *error)
{
    if (is_printed(entry->text, entry->length))
        return 0;
    bool is_ascii = true;
    for (size_t i = 0; i < entry->length; i++) {
        unsigned char byte = (unsigned char)entry->text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return entry_refuse(entry, DO_NOT_QUOTE, error, "there is a control character (byte 0x%02x)", byte);
        is_ascii &= byte < 0x80;
    }
    return is_ascii ? 0 : check_visible(entry, error);
}

/* Parses what follows a URL on its line: "xN". */
static int parse_repetition(const struct entry *entry, const char *text, size_t length, uint32_t *count,
                            struct error *error)
{
    enum { DIGITS_MAX = 20 };
    char digits[DIGITS_MAX + 1] = "";
    uint64_t value = 0;
    if (*text != 'x')
        return entry_refuse(entry, QUOTE, error,
                            "nothing but xN may follow a URL, and a space within it has to be written %%20");
    if (length - 1 <= DIGITS_MAX)
        memcpy(digits, text + 1, length - 1);
    if (number_parse_count(digits, &value) != 0 || value < 1 || value > REPEAT_MAX)
        return entry_refuse(entry, QUOTE, error, "xN behind a URL must be a whole number from 1 to 1,000,000,000");
    *count = (uint32_t)value;
    return 0;
}

int entry_split(const struct entry *entry, const char *text, size_t length, size_t *url_length, uint32_t *count,
                struct error *error)
{
    size_t url = 0;
    while (url < length && (unsigned char)text[url] > ' ')
        url++;
    size_t rest = url;
    while (rest < length && entry_is_blank(text[rest]))
        rest++;
    *url_length = url;
    *count = 1;
    return rest < length ? parse_repetition(entry, text + rest, length - rest, count, error) : 0;
}
