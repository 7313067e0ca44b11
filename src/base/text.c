#include "conc_bench/base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conc_bench/base/unicode.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the character at the start of the text; 0: there is none. */
static size_t character_length(const unsigned char *text, size_t length)
{
    uint32_t code;
    return unicode_decode((const char *)text, length, &code);
}

/* Characters that change the direction of the text around them, so that it reads otherwise than it is (Unicode Standard
 * Annex 9, section 2), and those that end a line (U+2028, U+2029). */
static bool is_layout_control(const unsigned char *text, size_t character)
{
    if (character == 2)
        return memcmp(text, "\xd8\x9c", 2) == 0;
    if (character != 3)
        return false;
    bool is_mark = memcmp(text, "\xe2\x80", 2) == 0 && (text[2] == 0x8e || text[2] == 0x8f);
    bool is_line_end_or_embedding = memcmp(text, "\xe2\x80", 2) == 0 && text[2] >= 0xa8 && text[2] <= 0xae;
    bool is_isolate = memcmp(text, "\xe2\x81", 2) == 0 && text[2] >= 0xa6 && text[2] <= 0xa9;
    return is_mark || is_line_end_or_embedding || is_isolate;
}

/* Bytes to show as they stand at the start of the text; 0: the first byte is to be escaped. */
static size_t printable_length(const unsigned char *text, size_t length)
{
    size_t character = character_length(text, length);
    bool is_ascii_control = text[0] < 0x20 || text[0] == 0x7f;
    bool is_c1_control = character == 2 && text[0] == 0xc2 && text[1] < 0xa0;
    bool is_control = is_ascii_control || is_c1_control || is_layout_control(text, character);
    return is_control ? 0 : character;
}

/* A character, or an escaped byte, as a terminal is shown it. */
struct piece {
    char shown[8];  /* NUL-terminated */
    size_t length;  /* of `shown`, bytes */
    size_t columns; /* of `shown` */
    size_t taken;   /* bytes it stands for */
};

/* The piece at the start of the text, which is not empty. */
static struct piece take_piece(const char *text, size_t length)
{
    struct piece piece = {.taken = printable_length((const unsigned char *)text, length), .columns = 1};
    if (piece.taken > 0) {
        piece.length = piece.taken;
        memcpy(piece.shown, text, piece.taken);
        return piece;
    }
    piece.taken = 1;
    piece.length = (size_t)snprintf(piece.shown, sizeof(piece.shown), "\\x%02x", (unsigned char)text[0]);
    piece.columns = piece.length;
    return piece;
}

/* Adds a piece to a NUL-terminated buffer that has `used` bytes; false if it has no room. */
static bool add_piece(char *buffer, size_t size, size_t *used, const struct piece *piece)
{
    if (piece->length >= size - *used)
        return false;
    memcpy(buffer + *used, piece->shown, piece->length + 1);
    *used += piece->length;
    return true;
}

char *text_append(char *buffer, size_t size, const char *format, ...)
{
    size_t used = strlen(buffer);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer + used, size - used, format, arguments);
    va_end(arguments);
    return buffer;
}

char *text_escape(char *buffer, size_t size, const char *text, size_t length)
{
    size_t used = 0;
    size_t i = 0;
    if (size == 0)
        return buffer;
    buffer[0] = '\0';
    while (i < length) {
        struct piece piece = take_piece(text + i, length - i);
        if (!add_piece(buffer, size, &used, &piece))
            break;
        i += piece.taken;
    }
    return buffer;
}

/* Columns of the whole text, escaped, and those in front of what stands at `offset`. */
static size_t measure(const char *text, size_t length, size_t offset, size_t *before)
{
    size_t columns = 0;
    *before = 0;
    for (size_t i = 0; i < length;) {
        struct piece piece = take_piece(text + i, length - i);
        i += piece.taken;
        columns += piece.columns;
        if (i <= offset)
            *before = columns;
    }
    return columns;
}

size_t text_excerpt(char *buffer, size_t size, const char *text, size_t offset, size_t columns)
{
    static const struct piece gap = {.shown = "...", .length = 3, .columns = 3};
    size_t length = strlen(text);
    size_t place;
    size_t total = measure(text, length, offset, &place);
    /* The window has the place in its middle, but for the ends of the text: so the place is never in a gap. */
    size_t first = place > columns / 2 ? place - columns / 2 : 0;
    if (total <= columns)
        first = 0;
    else if (first > total - columns)
        first = total - columns;
    bool has_gap_behind = first + columns < total;
    size_t end = has_gap_behind ? first + columns - gap.columns : total;
    size_t begin = first > 0 ? first + gap.columns : 0;
    size_t used = 0;
    size_t shown = 0;
    size_t column = 0; /* in the whole text */
    size_t marked = 0;
    if (size == 0)
        return 0;
    buffer[0] = '\0';
    if (first > 0 && add_piece(buffer, size, &used, &gap))
        shown = gap.columns;
    for (size_t i = 0; i < length;) {
        struct piece piece = take_piece(text + i, length - i);
        bool is_inside = column >= begin && column + piece.columns <= end;
        if (column == place)
            marked = shown;
        if (is_inside && add_piece(buffer, size, &used, &piece))
            shown += piece.columns;
        column += piece.columns;
        i += piece.taken;
    }
    if (has_gap_behind)
        add_piece(buffer, size, &used, &gap);
    return column == place ? shown : marked;
}

bool text_shorten(char *buffer, size_t size, const char *text, size_t columns)
{
    static const struct piece gap = {.shown = "...", .length = 3, .columns = 3};
    size_t length = strlen(text);
    size_t before;
    size_t total = measure(text, length, 0, &before);
    if (total <= columns || size == 0) {
        text_escape(buffer, size, text, length);
        return false;
    }
    size_t head = (columns - gap.columns) / 3;
    size_t tail = total - (columns - gap.columns - head);
    size_t used = 0;
    size_t column = 0;
    bool has_gap = false;
    buffer[0] = '\0';
    for (size_t i = 0; i < length;) {
        struct piece piece = take_piece(text + i, length - i);
        bool is_shown = column + piece.columns <= head || column >= tail;
        if (!is_shown && !has_gap)
            has_gap = add_piece(buffer, size, &used, &gap);
        if (is_shown)
            add_piece(buffer, size, &used, &piece);
        column += piece.columns;
        i += piece.taken;
    }
    return true;
}

size_t text_columns(const char *text)
{
    size_t columns = 0;
    for (; *text != '\0'; text++)
        columns += !is_continuation((unsigned char)*text);
    return columns;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Lowrance and Wagner's extension of the string-to-string correction problem (1975): unlike the simpler and more common
 * algorithm it may also edit between two swapped letters, and so finds what is really the smallest number. Row and
 * column 0 of `distances` are a border that nothing can be reached through. */
size_t text_distance(const char *a, const char *b)
{
    size_t distances[TEXT_DISTANCE_MAX_BYTES + 2][TEXT_DISTANCE_MAX_BYTES + 2];
    size_t last_row[256] = {0}; /* where each byte was last seen in `a` */
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    size_t border = rows + columns;
    if (rows > TEXT_DISTANCE_MAX_BYTES || columns > TEXT_DISTANCE_MAX_BYTES)
        return rows > columns ? rows : columns;
    for (size_t i = 0; i <= rows + 1; i++) {
        distances[i][0] = border;
        distances[i][1] = i == 0 ? border : i - 1;
    }
    for (size_t j = 1; j <= columns + 1; j++) {
        distances[0][j] = border;
        distances[1][j] = j - 1;
    }
    for (size_t i = 1; i <= rows; i++) {
        size_t last_column = 0; /* where this byte of `a` was last seen in `b` */
        for (size_t j = 1; j <= columns; j++) {
            size_t row = last_row[(unsigned char)b[j - 1]];
            size_t column = last_column;
            bool is_same = a[i - 1] == b[j - 1];
            if (is_same)
                last_column = j;
            size_t replaced = distances[i][j] + !is_same;
            size_t added_or_left_out = smaller(distances[i + 1][j], distances[i][j + 1]) + 1;
            size_t swapped = distances[row][column] + (i - row - 1) + 1 + (j - column - 1);
            distances[i + 1][j + 1] = smaller(smaller(replaced, added_or_left_out), swapped);
        }
        last_row[(unsigned char)a[i - 1]] = i;
    }
    return distances[rows + 1][columns + 1];
}

/* Takes the next word off a list; its length, 0 at the end of the list. */
static size_t take_word(const char **list, const char **word)
{
    *list += **list == ',';
    *word = *list;
    size_t length = strcspn(*list, ",");
    *list += length;
    return length;
}

const char *text_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

bool text_list_has(const char *list, const char *word)
{
    size_t wanted = strlen(word);
    const char *candidate;
    for (size_t length; (length = take_word(&list, &candidate)) > 0;) {
        if (length == wanted && memcmp(candidate, word, length) == 0)
            return true;
    }
    return false;
}

/* More edits than this make another word of it. */
enum { GUESS_DISTANCE_MAX = 2 };

static void consider(struct text_guess *guess, const char *candidate, size_t length)
{
    char copy[sizeof(guess->best)];
    /* Two texts are not alike where every letter would have to change; and the distance of a long text costs its
     * square. */
    size_t word_length = strlen(guess->word);
    if (length >= sizeof(copy) || word_length >= sizeof(copy))
        return;
    snprintf(copy, sizeof(copy), "%.*s", (int)length, candidate);
    /* Upper case is no edit: otherwise P95 would be as near to t95 as to p95. */
    size_t distance = strcasecmp(guess->word, copy) == 0 ? 0 : text_distance(guess->word, copy);
    if (distance > GUESS_DISTANCE_MAX || distance >= word_length)
        return;
    if (guess->best[0] == '\0' || distance < guess->distance) {
        memcpy(guess->best, copy, sizeof(copy));
        guess->distance = distance;
    }
}

void text_guess_consider(struct text_guess *guess, const char *list)
{
    const char *candidate;
    for (size_t length; (length = take_word(&list, &candidate)) > 0;)
        consider(guess, candidate, length);
}
