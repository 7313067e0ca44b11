#include "conc_bench/workload/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/reading.h"

enum { STATUS_LEAST = 200, STATUS_MOST = 599 };

/* The length of the word in front, up to a space or the end. */
static size_t word_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0' && !reading_is_space(text[length]))
        length++;
    return length;
}

/* Takes a word, as far as it consists of letters and digits, and the spaces behind it, if it is next. */
static bool take_word(struct reading *reading, const char *word)
{
    size_t length = strspn(reading->next, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (length != strlen(word) || strncmp(reading->next, word, length) != 0)
        return false;
    reading->next += length;
    reading_skip_spaces(reading);
    return true;
}

static int no_memory(const struct reading *reading)
{
    return error_set(reading->error, ERROR_ENVIRONMENT, "no memory for the value of --check");
}

/* "POST", as reports name requests. */
static size_t method_length(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    return text[length] == ' ' ? length : 0;
}

/* "#2", behind a URL. */
static size_t number_length(const char *text)
{
    size_t length = text[0] == '#' ? 1 + strspn(text + 1, "0123456789") : 0;
    return length > 1 && reading_is_space(text[length]) ? length : 0;
}

static bool is_url(const char *text)
{
    const char *scheme = strstr(text, "://");
    return scheme != NULL && scheme < text + word_length(text) && memchr("\"'", text[0], 2) == NULL;
}

static int read_target(struct reading *reading, struct check *check)
{
    const char *method = reading->next;
    const size_t method_bytes = method_length(method);
    const char *url = method + method_bytes + strspn(method + method_bytes, " ");
    if (!is_url(url))
        return 0;
    size_t length = word_length(url);
    const char *number = url + length + strspn(url + length, " ");
    const size_t number_bytes = method_bytes > 0 ? number_length(number) : 0;
    check->is_of_many = url[length - 1] == '*';
    reading->next = number_bytes > 0 ? number + number_bytes : url + length;
    reading_skip_spaces(reading);
    length -= check->is_of_many;
    size_t size = method_bytes + 1 + length + 1 + number_bytes + 1;
    check->target = malloc(size);
    if (check->target == NULL)
        return no_memory(reading);
    snprintf(check->target, size, "%.*s%s%.*s%s%.*s", (int)method_bytes, method, method_bytes > 0 ? " " : "",
             (int)length, url, number_bytes > 0 ? " " : "", (int)number_bytes, number);
    return 0;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* Reads the letter behind a backslash. -1: it stands for nothing. */
static int read_escape(struct reading *reading)
{
    static const char names[] = "\"'\\nrt";
    static const char bytes[] = "\"'\\\n\r\t";
    const char *found = *reading->next != '\0' ? strchr(names, *reading->next) : NULL;
    if (found != NULL) {
        reading->next++;
        return (unsigned char)bytes[found - names];
    }
    if (*reading->next != 'x' || hex_value(reading->next[1]) < 0 || hex_value(reading->next[2]) < 0)
        return -1;
    reading->next += 3;
    return hex_value(reading->next[-2]) * 16 + hex_value(reading->next[-1]);
}

static int read_bytes(struct reading *reading, struct check *check)
{
    const char *start = reading->next;
    const char quote = *reading->next++;
    while (*reading->next != quote) {
        int byte = (unsigned char)*reading->next++;
        if (byte == '\0')
            return reading_refuse(reading, start, "the text of a check has no %c at its end", quote);
        if (byte == '\\' && (byte = read_escape(reading)) < 0)
            return reading_refuse(
                reading, reading->next - 1,
                "behind \\ a check has one of \" ' \\ n r t, or x and two hexadecimal digits: \\\\ is a backslash");
        check->bytes[check->length++] = (char)byte;
    }
    reading->next++;
    if (check->length > 0)
        return 0;
    return reading_refuse(reading, start, "every answer contains an empty text: write some between the quotes");
}

static int read_contained(struct reading *reading, struct check *check)
{
    check->kind = CHECK_CONTAINS;
    if (*reading->next != '"' && *reading->next != '\'')
        return reading_refuse(reading, reading->next, "a text stands in quotes here, such as contains \"Welcome\"");
    check->bytes = malloc(strlen(reading->next));
    return check->bytes != NULL ? read_bytes(reading, check) : no_memory(reading);
}

static int read_equals(struct reading *reading, const char *example)
{
    if (strncmp(reading->next, "==", 2) != 0)
        return reading_refuse(reading, reading->next,
                              "only == stands here, such as %s; \"not\" in front of a check turns it round", example);
    reading->next += 2;
    reading_skip_spaces(reading);
    return 0;
}

static int read_status(struct reading *reading, struct check *check)
{
    char digits[8] = "";
    uint64_t status;
    size_t length = word_length(reading->next);
    check->kind = CHECK_STATUS;
    if (length < sizeof(digits))
        memcpy(digits, reading->next, length);
    if (number_parse_count(digits, &status) != 0 || status < STATUS_LEAST || status > STATUS_MOST)
        return reading_refuse(reading, reading->next, "the status of an answer is a number from %d to %d, such as 200",
                              STATUS_LEAST, STATUS_MOST);
    check->status = (unsigned)status;
    reading->next += length;
    return 0;
}

static int read_sha256(struct reading *reading, struct check *check)
{
    check->kind = CHECK_SHA256;
    for (size_t i = 0; i < 2 * CHECK_SHA256_BYTES; i++) {
        int value = hex_value(reading->next[i]);
        if (value < 0)
            return reading_refuse(reading, reading->next + i,
                                  "a SHA-256 is %d hexadecimal digits, as sha256sum prints them (got %zu)",
                                  2 * CHECK_SHA256_BYTES, i);
        check->sha256[i / 2] = (uint8_t)(check->sha256[i / 2] * 16 + value);
    }
    reading->next += 2 * CHECK_SHA256_BYTES;
    return 0;
}

static int read_check(struct reading *reading, struct check *check)
{
    reading_skip_spaces(reading);
    if (read_target(reading, check) != 0)
        return -1;
    check->is_negated = take_word(reading, "not");
    if (take_word(reading, "contains"))
        return read_contained(reading, check);
    if (take_word(reading, "status"))
        return read_equals(reading, "status == 200") == 0 ? read_status(reading, check) : -1;
    if (take_word(reading, "sha256"))
        return read_equals(reading, "sha256 == 9f86d081...") == 0 ? read_sha256(reading, check) : -1;
    return reading_refuse(
        reading, reading->next,
        "a check is contains \"TEXT\", status == N or sha256 == HEX, behind a URL or a request such as POST "
        "http://host/path where it is of that one only");
}

static void release(struct check *check)
{
    free(check->target);
    free(check->bytes);
}

int check_list_add(struct check_list *list, const char *text, struct error *error)
{
    struct reading reading = {.text = text, .next = text, .error = error};
    struct check check = {.text = text};
    if (list->count == CHECKS_MAX)
        return error_set(error, ERROR_USAGE, "--check is given more than %d times: leave some out", CHECKS_MAX);
    struct check *longer = realloc(list->items, (list->count + 1) * sizeof(check));
    if (longer == NULL)
        return no_memory(&reading);
    list->items = longer;
    int status = read_check(&reading, &check);
    if (status == 0)
        reading_skip_spaces(&reading);
    if (status == 0 && *reading.next != '\0')
        status = reading_refuse(&reading, reading.next, "a check ends here: give --check once for each");
    if (status == 0)
        list->items[list->count++] = check;
    else
        release(&check);
    return status;
}

void check_list_release(struct check_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        release(&list->items[i]);
    free(list->items);
    *list = (struct check_list){0};
}

static bool is_text(const struct check *check, const char *target, const char *text)
{
    return check->is_of_many ? strncmp(text, target, strlen(target)) == 0 : strcmp(text, target) == 0;
}

static bool is_target(const struct check *check, const char *text)
{
    return is_text(check, check->target, text);
}

bool check_is_of(const struct check *check, struct check_subject subject)
{
    static const char plain[] = "GET ";
    if (check->target == NULL || is_target(check, subject.url))
        return true;
    if (subject.name != subject.url)
        return is_target(check, subject.name);
    /* A plain download has no method in its name. */
    size_t length = strlen(plain);
    return strncmp(check->target, plain, length) == 0 && is_text(check, check->target + length, subject.url);
}

bool check_list_wants(const struct check_list *list, struct check_subject subject, unsigned status)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct check *check = &list->items[i];
        if (check->kind == CHECK_STATUS && !check->is_negated && check->status == status && check_is_of(check, subject))
            return true;
    }
    return false;
}
