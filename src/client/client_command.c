#include "client_command.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"

static const char *const names[] = {"list", "workers", "downloads"};
enum { LIST, WORKERS, DOWNLOADS, NAMES };

/* Finds the placeholder that begins at `text`, and its length; NAMES: there is none. */
static size_t find_placeholder(const char *text, size_t *length)
{
    for (size_t i = 0; i < NAMES && text[0] == '{'; i++) {
        *length = strlen(names[i]);
        if (strncmp(text + 1, names[i], *length) == 0 && text[*length + 1] == '}') {
            *length += 2;
            return i;
        }
    }
    return NAMES;
}

/* A word of lower-case letters in braces, which is not the shell's. */
static bool is_braced_word(const char *text, const char *start, size_t *length)
{
    *length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
    bool is_shells = text > start && text[-1] == '$';
    return !is_shells && *length > 0 && text[*length + 1] == '}';
}

int client_command_check(const char *name, const char *command, struct error *error)
{
    for (const char *text = strchr(command, '{'); text != NULL; text = strchr(text + 1, '{')) {
        size_t length;
        char word[32];
        if (find_placeholder(text, &length) < NAMES || !is_braced_word(text, command, &length) ||
            length >= sizeof(word))
            continue;
        memcpy(word, text + 1, length);
        word[length] = '\0';
        struct text_guess guess = {.word = word};
        for (size_t i = 0; i < NAMES; i++)
            text_guess_consider(&guess, names[i]);
        text_guess_consider(&guess, "urls,file,jobs,count");
        if (guess.best[0] != '\0')
            return error_set(error, ERROR_USAGE,
                             "--client %s: \"{%s}\" is replaced by nothing: known are {list}, {workers} and "
                             "{downloads}",
                             name, word);
    }
    return 0;
}

/* Shell */

static bool needs_quotes(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+:@%")] != '\0';
}

static void add_quoted(struct text_buffer *buffer, const char *text)
{
    if (!needs_quotes(text)) {
        text_buffer_add(buffer, "%s", text);
        return;
    }
    text_buffer_add(buffer, "'");
    for (; *text != '\0'; text++)
        text_buffer_add(buffer, *text == '\'' ? "'\\''" : "%c", *text);
    text_buffer_add(buffer, "'");
}

static void add_value(struct text_buffer *buffer, size_t placeholder, const struct client_values *values,
                      bool is_for_shell)
{
    if (placeholder == WORKERS)
        text_buffer_add(buffer, "%" PRIu32, values->workers);
    else if (placeholder == DOWNLOADS)
        text_buffer_add(buffer, "%" PRIu32, values->downloads);
    else if (is_for_shell)
        add_quoted(buffer, values->list);
    else
        text_buffer_add(buffer, "%s", values->list);
}

char *client_command_fill(const char *command, const struct client_values *values)
{
    struct text_buffer buffer = {0};
    for (const char *text = command; *text != '\0';) {
        size_t length = 1;
        bool is_shells = text > command && text[-1] == '$';
        size_t placeholder = is_shells ? NAMES : find_placeholder(text, &length);
        if (placeholder < NAMES) {
            add_value(&buffer, placeholder, values, true);
        } else {
            length = 1 + strcspn(text + 1, "{");
            text_buffer_add(&buffer, "%.*s", (int)length, text);
        }
        text += length;
    }
    char *filled = text_buffer_take(&buffer);
    text_buffer_release(&buffer);
    return filled;
}

/* No shell */

/* The state of reading a command, and its words so far, one behind the other. */
struct splitting {
    const char *next;
    const struct client_values *values;
    struct text_buffer text;
    size_t *ends; /* of each word, in `text`; owned */
    size_t count;
    bool has_word;   /* one has begun */
    bool has_failed; /* no memory */
};

static void add_character(struct splitting *splitting, char character)
{
    text_buffer_add(&splitting->text, "%c", character);
    splitting->has_word = true;
}

/* Takes a placeholder, or one character. */
static void take_one(struct splitting *splitting)
{
    size_t length = 1;
    size_t placeholder = find_placeholder(splitting->next, &length);
    if (placeholder < NAMES && splitting->values != NULL)
        add_value(&splitting->text, placeholder, splitting->values, false);
    else
        add_character(splitting, *splitting->next);
    splitting->has_word = true;
    splitting->next += placeholder < NAMES ? length : 1;
}

/* Takes the text behind an opening quote. False: the quote is not closed. */
static bool take_quoted(struct splitting *splitting, char quote)
{
    while (*splitting->next != quote && *splitting->next != '\0') {
        bool is_escaped = quote == '"' && splitting->next[0] == '\\' && splitting->next[1] != '\0' &&
                          strchr("\"\\$`", splitting->next[1]) != NULL;
        splitting->next += is_escaped;
        if (is_escaped)
            add_character(splitting, *splitting->next++);
        else
            take_one(splitting);
    }
    splitting->has_word = true;
    return *splitting->next++ == quote;
}

static void end_word(struct splitting *splitting)
{
    if (!splitting->has_word)
        return;
    size_t *longer = realloc(splitting->ends, (splitting->count + 1) * sizeof(*longer));
    splitting->has_failed |= longer == NULL;
    if (longer == NULL)
        return;
    splitting->ends = longer;
    longer[splitting->count++] = splitting->text.length;
    splitting->has_word = false;
}

/* 0: all of it is read; -1: a quote is not closed; otherwise the character that only a shell understands. */
static int read_words(struct splitting *splitting)
{
    while (*splitting->next != '\0') {
        char next = *splitting->next;
        if (next == '\'' || next == '"') {
            splitting->next++;
            if (!take_quoted(splitting, next))
                return -1;
        } else if (next == '\\' && splitting->next[1] != '\0') {
            splitting->next++;
            add_character(splitting, *splitting->next++);
        } else if (strchr(" \t\n", next) != NULL) {
            splitting->next++;
            end_word(splitting);
        } else if (strchr("|&;<>()$`", next) != NULL) {
            return next;
        } else {
            take_one(splitting);
        }
    }
    end_word(splitting);
    return 0;
}

/* Pointers in front of the text they point into, in one block. */
static char **lay_out(const struct splitting *splitting)
{
    size_t room = (splitting->count + 1) * sizeof(char *);
    bool has_failed = splitting->has_failed || splitting->text.has_failed;
    char **words = has_failed ? NULL : malloc(room + splitting->text.length + splitting->count);
    if (words == NULL)
        return NULL;
    char *text = (char *)words + room;
    size_t start = 0;
    for (size_t i = 0; i < splitting->count; i++) {
        size_t length = splitting->ends[i] - start;
        words[i] = text;
        memcpy(text, text_buffer_text(&splitting->text) + start, length);
        text[length] = '\0';
        text += length + 1;
        start = splitting->ends[i];
    }
    words[splitting->count] = NULL;
    return words;
}

int client_command_split(const char *name, const char *command, const struct client_values *values, char ***words,
                         struct error *error)
{
    struct splitting splitting = {.next = command, .values = values};
    int end = read_words(&splitting);
    int status = 0;
    *words = NULL;
    if (end == -1)
        status = error_set(error, ERROR_USAGE, "--client %s: a quote in the command is not closed", name);
    else if (end != 0)
        status = error_set(error, ERROR_USAGE,
                           "--client %s: \"%c\" is for a shell, and --client-shell none has none: quote it, or leave "
                           "--client-shell out",
                           name, end);
    else if (splitting.count == 0)
        status = error_set(error, ERROR_USAGE, "--client %s: the command is empty", name);
    else if (values != NULL && (*words = lay_out(&splitting)) == NULL)
        status = error_set(error, ERROR_ENVIRONMENT, "no memory for the command of client %s", name);
    text_buffer_release(&splitting.text);
    free(splitting.ends);
    return status;
}
