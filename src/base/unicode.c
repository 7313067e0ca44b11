#include "conc_bench/base/unicode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t unicode_decode(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char lead = bytes[0];
    *code = lead;
    if (lead < 0x80)
        return 1;
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || wanted > length)
        return 0;
    uint32_t value = lead & (0x7fU >> wanted);
    for (size_t i = 1; i < wanted; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[wanted] || is_surrogate || value > 0x10ffff)
        return 0;
    *code = value;
    return wanted;
}

size_t unicode_mark_length(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Ranges in ascending order. A name of NULL: characters that are too rare to have a name here. */
static const struct {
    uint32_t first;
    uint32_t last;
    const char *name;
} invisible[] = {
    {0x80, 0x84, "a control character"},
    {0x85, 0x85, "next line"},
    {0x86, 0x9f, "a control character"},
    {0xa0, 0xa0, "no-break space"},
    {0xad, 0xad, "soft hyphen"},
    {0x34f, 0x34f, NULL},
    {0x61c, 0x61c, "Arabic letter mark"},
    {0x115f, 0x1160, NULL},
    {0x1680, 0x1680, NULL},
    {0x17b4, 0x17b5, NULL},
    {0x180b, 0x180f, NULL},
    {0x2000, 0x200a, "a space"},
    {0x200b, 0x200b, "zero width space"},
    {0x200c, 0x200c, "zero width non-joiner"},
    {0x200d, 0x200d, "zero width joiner"},
    {0x200e, 0x200e, "left-to-right mark"},
    {0x200f, 0x200f, "right-to-left mark"},
    {0x2028, 0x2028, "line separator"},
    {0x2029, 0x2029, "paragraph separator"},
    {0x202a, 0x202e, "a mark that turns the direction of text"},
    {0x202f, 0x202f, "narrow no-break space"},
    {0x205f, 0x205f, "a space"},
    {0x2060, 0x2060, "word joiner"},
    {0x2061, 0x2065, NULL},
    {0x2066, 0x2069, "a mark that turns the direction of text"},
    {0x206a, 0x206f, NULL},
    {0x2800, 0x2800, NULL},
    {0x3000, 0x3000, "ideographic space"},
    {0x3164, 0x3164, NULL},
    {0xfe00, 0xfe0f, "variation selector"},
    {0xfeff, 0xfeff, "byte order mark"},
    {0xffa0, 0xffa0, NULL},
    {0xfff0, 0xfffb, NULL},
    {0x1bca0, 0x1bca3, NULL},
    {0x1d173, 0x1d17a, NULL},
    {0xe0000, 0xe0fff, NULL},
};
enum { INVISIBLE_RANGES = sizeof(invisible) / sizeof(invisible[0]) };

/* The range that holds a character, or INVISIBLE_RANGES. */
static size_t find_range(uint32_t code)
{
    size_t i = 0;
    while (i < INVISIBLE_RANGES && code > invisible[i].last)
        i++;
    return i < INVISIBLE_RANGES && code >= invisible[i].first ? i : INVISIBLE_RANGES;
}

bool unicode_is_invisible(uint32_t code)
{
    return find_range(code) < INVISIBLE_RANGES;
}

bool unicode_find_fault(const char *text, size_t length, struct unicode_fault *fault)
{
    *fault = (struct unicode_fault){.character = 1};
    while (fault->offset < length) {
        size_t taken = unicode_decode(text + fault->offset, length - fault->offset, &fault->code);
        fault->is_invalid = taken == 0;
        if (taken == 0 || (fault->code >= 0x80 && unicode_is_invisible(fault->code)))
            return true;
        fault->offset += taken;
        fault->character++;
    }
    return false;
}

const char *unicode_describe_fault(const struct unicode_fault *fault, char text[UNICODE_DESCRIPTION_BYTES])
{
    size_t range = find_range(fault->code);
    const char *name = range < INVISIBLE_RANGES ? invisible[range].name : NULL;
    if (fault->is_invalid)
        snprintf(text, UNICODE_DESCRIPTION_BYTES, "character %zu is not UTF-8 (byte 0x%02" PRIx32 ")", fault->character,
                 fault->code);
    else
        snprintf(text, UNICODE_DESCRIPTION_BYTES, "character %zu is invisible (U+%04" PRIX32 "%s%s)", fault->character,
                 fault->code, name != NULL ? ", " : "", name != NULL ? name : "");
    return text;
}
