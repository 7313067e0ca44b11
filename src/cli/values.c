#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text_buffer.h"
#include "option_table.h"

#define HOUR (3600 * NANOSECONDS_PER_SECOND)

int store_flag(const struct value *value)
{
    *(bool *)value->field = true;
    return 0;
}

int store_flag_off(const struct value *value)
{
    *(bool *)value->field = false;
    return 0;
}

int store_nothing(const struct value *value)
{
    (void)value;
    return 0;
}

int option_read_count(const struct value *value, uint64_t low, uint64_t high, uint64_t *count)
{
    if (number_parse_count(value->text, count) == 0 && *count >= low && *count <= high)
        return 0;
    return error_set(value->error, ERROR_USAGE,
                     "--%s must be a whole number from %" PRIu64 " to %" PRIu64 " (got \"%s\")", value->name, low, high,
                     value->text);
}

int store_count(const struct value *value)
{
    uint64_t count;
    if (option_read_count(value, (uint64_t)value->row->low, (uint64_t)value->row->high, &count) != 0)
        return -1;
    *(uint32_t *)value->field = (uint32_t)count;
    return 0;
}

/* If only the unit is missing, the message suggests it. */
static int refuse_time(const struct value *value)
{
    enum { LONGEST = 6 };
    char meant[64] = "";
    uint64_t number;
    if (number_parse_count(value->text, &number) == 0 && number > 0 && strlen(value->text) <= LONGEST)
        snprintf(meant, sizeof(meant), ": %.6ss or %.6sms?", value->text, value->text);
    return error_set(
        value->error, ERROR_USAGE,
        "--%s must be a duration with its unit, such as 500ms or 1.5s, %s and at most %" PRId64 "h (got \"%s\")%s",
        value->name, value->row->low > 0 ? "above 0" : "from 0", value->row->high / HOUR, value->text, meant);
}

int store_time(const struct value *value)
{
    nanoseconds duration;
    nanoseconds low = value->row->low, high = value->row->high;
    if (number_parse_duration(value->text, false, &duration) != 0 || duration < low || duration > high)
        return refuse_time(value);
    *(nanoseconds *)value->field = duration;
    return 0;
}

int store_timeout(const struct value *value)
{
    nanoseconds duration;
    if (number_parse_duration(value->text, true, &duration) != 0 || duration <= 0 || duration > OPTION_DURATION_MAX)
        return error_set(value->error, ERROR_USAGE,
                         "--%s must be seconds or a duration, such as 30 or 500ms, above 0 and at most %" PRId64
                         "h (got \"%s\")",
                         value->name, OPTION_DURATION_MAX / HOUR, value->text);
    *(nanoseconds *)value->field = duration;
    return 0;
}

int store_size(const struct value *value)
{
    enum { PETABYTE_IN_TB = 1000 };
    uint64_t bytes;
    if (number_parse_size(value->text, &bytes) != 0 || bytes == 0 || bytes > PETABYTE_IN_TB * UINT64_C(1000000000000))
        return error_set(value->error, ERROR_USAGE,
                         "--%s must be a size such as 10MB or 1GiB, above 0 and at most 1 PB (got \"%s\")", value->name,
                         value->text);
    *(int64_t *)value->field = (int64_t)bytes;
    return 0;
}

int store_share(const struct value *value)
{
    double share;
    if (number_parse_ratio(value->text, &share) != 0 || share > (double)value->row->high / 100)
        return error_set(value->error, ERROR_USAGE,
                         "--%s must be a share such as 5%%, from 0 to %" PRId64 "%% (got \"%s\")", value->name,
                         value->row->high, value->text);
    *(double *)value->field = share;
    return 0;
}

int option_read_name(const struct value *value, const char *const *names)
{
    struct text_buffer known = {0};
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(value->text, names[i]) == 0)
            return i;
    }
    for (int i = 0; names[i] != NULL; i++)
        text_buffer_add(&known, "%s%s", i == 0 ? "" : names[i + 1] == NULL ? " or " : ", ", names[i]);
    error_set(value->error, ERROR_USAGE, "--%s must be %s (got \"%s\")", value->name, text_buffer_text(&known),
              value->text);
    text_buffer_release(&known);
    return -1;
}

int store_choice(const struct value *value)
{
    int choice = option_read_name(value, value->row->names);
    if (choice < 0)
        return -1;
    *(unsigned *)value->field = (unsigned)choice; /* enumerations are of this size */
    return 0;
}

int store_choice_flag(const struct value *value)
{
    int choice = option_read_name(value, value->row->names);
    *(bool *)value->field = choice == 1;
    return choice >= 0 ? 0 : -1;
}

int store_text(const struct value *value)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s needs a value, not an empty one", value->name);
    *(const char **)value->field = value->text;
    return 0;
}

int store_file(const struct value *value)
{
    if (value->text[0] == '\0')
        return error_set(value->error, ERROR_USAGE, "--%s must be a file, or - for standard %s, not an empty name",
                         value->name, strcmp(value->name, "import-json") == 0 ? "input" : "output");
    *(const char **)value->field = value->text;
    return 0;
}

int option_read_items(const struct value *list, int (*read_item)(const struct value *item))
{
    char *copy = strdup(list->text);
    if (copy == NULL)
        return error_set(list->error, ERROR_ENVIRONMENT, "no memory for the value of --%s", list->name);
    int status = 0;
    char *rest = copy;
    while (status == 0 && rest != NULL) {
        struct value item = *list;
        item.text = rest;
        rest = strchr(rest, ',');
        if (rest != NULL)
            *rest++ = '\0';
        status = read_item(&item);
    }
    free(copy);
    return status;
}
