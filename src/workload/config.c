#include "conc_bench/workload/config.h"

#include <string.h>

static const char blanks[] = " \t\r";

static char unescape(char letter)
{
    switch (letter) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'v':
        return '\v';
    default:
        return letter;
    }
}

/* Reads what stands in quotes, in its place. NULL: they do not end. Otherwise what is behind them. */
static char *take_quoted(char *text, const char **value)
{
    char *to = text;
    char *from = text + 1;
    *value = text;
    while (*from != '\0' && *from != '"') {
        if (*from == '\\' && from[1] != '\0')
            *to++ = unescape(*++from);
        else
            *to++ = *from;
        from++;
    }
    if (*from == '\0')
        return NULL;
    *to = '\0';
    return from + 1;
}

static char *take_word(char *text, const char **value)
{
    char *end = text + strcspn(text, blanks);
    char *behind = end + (*end != '\0');
    *value = text;
    *end = '\0';
    return behind;
}

/* Splits "name = value". */
static void split(char *text, struct config_line *line)
{
    const char *separators = *text == '-' ? blanks : " \t\r=:";
    char *end = text + strcspn(text, separators);
    char *behind = end + strspn(end, separators);
    line->name = text + strspn(text, "-");
    line->value = "";
    *end = '\0';
    if (*behind == '\0' || *behind == '#')
        return;
    behind = *behind == '"' ? take_quoted(behind, &line->value) : take_word(behind, &line->value);
    const char *more = behind != NULL ? behind + strspn(behind, blanks) : NULL;
    if (more == NULL || (*more != '\0' && *more != '#'))
        line->name = NULL;
}

const struct config_line *config_next(char **rest, struct config_line *line)
{
    while (*rest != NULL) {
        char *text = *rest + strspn(*rest, blanks);
        char *end = strchr(*rest, '\n');
        *rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        line->number++;
        if (*text == '\0' || *text == '#' || *text == '\n')
            continue;
        split(text, line);
        return line;
    }
    return NULL;
}
