#include "client_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

/* Seconds since 1970 fit, and their sum with any duration of a run. */
#define SECONDS_MOST UINT64_C(4000000000)

/* Takes what stands before the next blank, or the end, into `word`. False: nothing does, or too much. */
static bool take_word(const char **next, char *word, size_t size)
{
    size_t length = strcspn(*next, " ");
    if (length == 0 || length >= size)
        return false;
    memcpy(word, *next, length);
    word[length] = '\0';
    *next += length;
    *next += **next == ' ';
    return true;
}

static bool take_count(const char **next, uint64_t most, uint64_t *count)
{
    char word[24];
    return take_word(next, word, sizeof(word)) && number_parse_count(word, count) == 0 && *count <= most;
}

/* "1764343000.123456": digits, with at most nine behind a point. */
static bool take_seconds(const char **next, nanoseconds *instant)
{
    char word[32];
    uint64_t whole, fraction = 0;
    if (!take_word(next, word, sizeof(word)))
        return false;
    char *point = strchr(word, '.');
    size_t decimals = point != NULL ? strlen(point + 1) : 0;
    if (point != NULL)
        *point = '\0';
    if (number_parse_count(word, &whole) != 0 || whole > SECONDS_MOST || decimals > 9 ||
        (point != NULL && number_parse_count(point + 1, &fraction) != 0))
        return false;
    for (; decimals < 9; decimals++)
        fraction *= 10;
    *instant = (nanoseconds)whole * NANOSECONDS_PER_SECOND + (nanoseconds)fraction;
    return true;
}

/* Returns false. */
__attribute__((format(printf, 3, 4))) static bool refuse(struct client_report *report, uint32_t number,
                                                         const char *format, ...)
{
    va_list arguments;
    char what[sizeof(report->problem) - 48];
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    snprintf(report->problem, sizeof(report->problem), "line %" PRIu32 " of its report %s", number, what);
    return false;
}

static bool read_line(struct client_report *report, const char *text, uint32_t number, uint32_t unit_count)
{
    uint64_t unit, status, bytes;
    struct client_line line = {.number = number};
    const char *next = text;
    char shown[48];
    bool is_read = take_count(&next, UINT32_MAX, &unit) && take_count(&next, 599, &status) &&
                   take_count(&next, INT64_MAX, &bytes) && take_seconds(&next, &line.start) &&
                   take_seconds(&next, &line.end) && *next == '\0';
    if (!is_read || (status > 0 && status < 100) || text[strlen(text) - 1] == ' ')
        return refuse(report, number, "is not \"unit status bytes start end\": \"%s\"",
                      text_escape(shown, sizeof(shown), text, strlen(text)));
    if (unit >= unit_count)
        return refuse(report, number, "is of unit %" PRIu64 ", and the last one is %" PRIu32, unit, unit_count - 1);
    if (report->units[unit].number > 0)
        return refuse(report, number, "is of unit %" PRIu64 ", as line %" PRIu32 " is", unit,
                      report->units[unit].number);
    if (line.end < line.start)
        return refuse(report, number, "has an end before its start");
    line.status = (uint16_t)status;
    line.bytes = (int64_t)bytes;
    report->units[unit] = line;
    report->count++;
    return true;
}

int client_report_read(const char *path, uint32_t unit_count, struct client_report *report)
{
    *report = (struct client_report){.units = calloc((size_t)unit_count + 1, sizeof(report->units[0]))};
    if (report->units == NULL)
        return -1;
    struct stat status;
    if (stat(path, &status) != 0)
        return 0;
    if (!S_ISREG(status.st_mode)) {
        snprintf(report->problem, sizeof(report->problem), "its report is no file");
        return 0;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        snprintf(report->problem, sizeof(report->problem), "its report cannot be read: %s", strerror(errno));
        return 0;
    }
    char text[256]; /* no line that is right is as long */
    uint32_t number = 0;
    bool goes_on = true;
    while (goes_on && fgets(text, sizeof(text), file) != NULL) {
        size_t length = strlen(text);
        bool is_whole = length > 0 && text[length - 1] == '\n';
        number++;
        if (is_whole)
            text[length - 1] = '\0';
        if (!is_whole)
            goes_on = refuse(report, number, "does not end");
        else if (length == 1)
            goes_on = refuse(report, number, "is empty");
        else
            goes_on = read_line(report, text, number, unit_count);
    }
    fclose(file);
    return 0;
}

void client_report_release(struct client_report *report)
{
    free(report->units);
    *report = (struct client_report){0};
}
