#include <ctype.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/modes/mode.h"
#include "option_table.h"

/* The kinds of values that may follow an option. */
enum value_kind {
    VALUE_NONE,
    VALUE_FILE,
    VALUE_WORD,  /* one of print_words() */
    VALUE_WORDS, /* several of them, comma-separated */
    VALUE_FREE,
};

static bool takes_mode(const struct option_row *row)
{
    return strcmp(row->placeholder, "MODE") == 0 || row == &option_rows[OPTION_MODE];
}

static enum value_kind kind_of(const struct option_row *row)
{
    if (!option_needs_value(row))
        return VALUE_NONE; /* an optional value stands behind "=", where no shell looks */
    if (strcmp(row->placeholder, "FILE") == 0)
        return VALUE_FILE;
    if (row == &option_rows[OPTION_MODE])
        return VALUE_WORDS;
    bool has_words = takes_mode(row) || row == &option_rows[OPTION_ASSERT] || strchr(row->placeholder, '|') != NULL;
    return has_words ? VALUE_WORD : VALUE_FREE;
}

static bool is_shown(const struct option_row *row)
{
    return row->group != GROUP_HIDDEN;
}

/* "sync threads ...". */
static void print_modes(FILE *stream)
{
    const char *before = "";
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) != 0)
            continue;
        fprintf(stream, "%s%s", before, mode_registry[i]->name);
        before = " ";
    }
}

/* "sync.time sync.t95 ...": what assertions are about. */
static void print_operands(FILE *stream)
{
    const char *before = "";
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
            if ((mode_registry[i]->traits & MODE_HIDDEN) != 0)
                continue;
            fprintf(stream, "%s%s.%s", before, mode_registry[i]->name, metric_row(metric)->assertion);
            before = " ";
        }
    }
}

/* The words of "reuse|fresh|warm"; a number, N, is not one. */
static void print_choices(FILE *stream, const char *placeholder)
{
    const char *before = "";
    while (*placeholder != '\0') {
        size_t length = strcspn(placeholder, "|");
        if (islower((unsigned char)placeholder[0])) {
            fprintf(stream, "%s%.*s", before, (int)length, placeholder);
            before = " ";
        }
        placeholder += length + (placeholder[length] == '|');
    }
}

/* Prints the words that an option takes, with spaces between. */
static void print_words(FILE *stream, const struct option_row *row)
{
    if (row == &option_rows[OPTION_MODE])
        fputs("all ", stream);
    if (takes_mode(row))
        print_modes(stream);
    else if (row == &option_rows[OPTION_ASSERT])
        print_operands(stream);
    else
        print_choices(stream, row->placeholder);
}

/* Bash */

/* "--mode | -m", a pattern. */
static void print_bash_pattern(FILE *stream, const struct option_row *row)
{
    fprintf(stream, "--%s", row->name);
    if (row->letter != 0)
        fprintf(stream, " | -%c", row->letter);
}

static void print_bash_words(FILE *stream, const struct option_row *row)
{
    bool is_list = kind_of(row) == VALUE_WORDS;
    fputs("        ", stream);
    print_bash_pattern(stream, row);
    fputs(")\n", stream);
    if (is_list)
        fputs("            [[ $word == *,* ]] && list=${word%,*},\n"
              "            compopt -o nospace\n",
              stream);
    fprintf(stream, "            mapfile -t COMPREPLY < <(compgen %s-W \"", is_list ? "-P \"$list\" " : "");
    print_words(stream, row);
    fprintf(stream, "\" -- \"%s\")\n            return ;;\n", is_list ? "${word##*,}" : "$word");
}

static void print_bash(FILE *stream)
{
    const char *before = "        ";
    fputs("# bash completion for conc-bench\n"
          "_conc_bench()\n"
          "{\n"
          "    local word=$2 before=$3 list=\n"
          "    COMPREPLY=()\n"
          /* bash takes "--name=value" for three words, or for two up to the "=" */
          "    if [[ $before == = ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
          "        [[ $before == --origin ]] && return\n"
          "    elif [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then\n"
          "        word=\n"
          "        [[ $before == --origin ]] && return\n"
          "    fi\n"
          "    case $before in\n",
          stream);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        enum value_kind kind = kind_of(&option_rows[i]);
        if (is_shown(&option_rows[i]) && (kind == VALUE_WORD || kind == VALUE_WORDS))
            print_bash_words(stream, &option_rows[i]);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!is_shown(&option_rows[i]) || kind_of(&option_rows[i]) != VALUE_FREE)
            continue;
        fputs(before, stream);
        print_bash_pattern(stream, &option_rows[i]);
        before = " | ";
    }
    fputs(")\n"
          "            return ;;\n"
          "    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"",
          stream);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (is_shown(&option_rows[i]))
            fprintf(stream, "%s--%s", i > 0 ? " " : "", option_rows[i].name);
    }
    fputs("\" -- \"$word\")\n"
          "    else\n"
          "        compopt -o filenames\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "    fi\n"
          "}\n"
          "complete -F _conc_bench conc-bench\n",
          stream);
}

/* Text between single quotes: within brackets for zsh, which wants those and colons escaped. */
static void print_quoted(FILE *stream, const char *text, const char *escaped)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stream);
        else if (strchr(escaped, *text) != NULL)
            fprintf(stream, "\\%c", *text);
        else
            fputc(*text, stream);
    }
}

/* Zsh */

static void print_zsh_value(FILE *stream, const struct option_row *row)
{
    switch (kind_of(row)) {
    case VALUE_NONE:
        return;
    case VALUE_FILE:
        fputs(":file:_files", stream);
        return;
    case VALUE_WORD:
        fprintf(stream, ":%s:(", row->name);
        print_words(stream, row);
        fputc(')', stream);
        return;
    case VALUE_WORDS:
        fprintf(stream, ":%s:_sequence compadd - ", row->name);
        print_words(stream, row);
        return;
    case VALUE_FREE:
        fputc(':', stream);
        print_quoted(stream, row->placeholder, ":");
        fputs(": ", stream);
        return;
    }
}

static void print_zsh(FILE *stream)
{
    fputs("#compdef conc-bench\n\n_arguments -s \\\n", stream);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if (!is_shown(row))
            continue;
        const char *repeat = (row->flags & OPTION_ADDS_UP) != 0 ? "*" : "";
        const char *equals = option_needs_value(row) ? "=" : option_takes_value(row) ? "=-" : "";
        if (row->letter != 0)
            fprintf(stream, "    '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                    option_needs_value(row) ? "+" : "", row->name, equals);
        else
            fprintf(stream, "    '%s--%s%s[", repeat, row->name, equals);
        print_quoted(stream, row->help, "[]:");
        fputc(']', stream);
        if (option_takes_value(row) && !option_needs_value(row))
            fputs("::settings: ", stream);
        print_zsh_value(stream, row);
        fputs("' \\\n", stream);
    }
    fputs("    '*:list or URL:_files'\n", stream);
}

/* Fish */

static void print_fish(FILE *stream)
{
    fputs("# fish completion for conc-bench\n", stream);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        enum value_kind kind = kind_of(row);
        if (!is_shown(row))
            continue;
        fprintf(stream, "complete -c conc-bench -l %s", row->name);
        if (row->letter != 0)
            fprintf(stream, " -s %c", row->letter);
        if (kind == VALUE_FILE)
            fputs(" -r -F", stream);
        else if (kind != VALUE_NONE)
            fputs(" -x", stream);
        if (kind == VALUE_WORD || kind == VALUE_WORDS) {
            fputs(" -a '", stream);
            print_words(stream, row);
            fputc('\'', stream);
        }
        fputs(" -d '", stream);
        /* Within single quotes fish knows \' and \\, and nothing else. */
        for (const char *text = row->help; *text != '\0'; text++)
            fprintf(stream, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
        fputs("'\n", stream);
    }
}

void options_print_completion(FILE *stream, enum shell shell)
{
    static void (*const printers[])(FILE * stream) = {
        [SHELL_BASH] = print_bash, [SHELL_ZSH] = print_zsh, [SHELL_FISH] = print_fish};
    printers[shell](stream);
}
