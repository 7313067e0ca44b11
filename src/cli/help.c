#include <string.h>

#include "conc_bench/analysis/metrics.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/modes/mode.h"
#include "option_table.h"

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_WORKLOAD] = "Workload", [GROUP_EXPERIMENT] = "Experiment", [GROUP_REQUEST] = "Request",
    [GROUP_ORIGIN] = "Origin",     [GROUP_RESULTS] = "Results",       [GROUP_VERDICT] = "Verdict",
    [GROUP_OTHER] = "Other",
};

enum { HELP_WIDTH = 79, HELP_COLUMN = 30, MODES_COLUMN = 14 };

/* Writes words from `column` on, where the cursor already is, and breaks lines so that they stay in that column. */
static void print_wrapped(FILE *stream, int column, const char *text)
{
    int used = column;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (used > column && used + 1 + length > HELP_WIDTH) {
            fprintf(stream, "\n%*s", column, "");
            used = column;
        }
        used += fprintf(stream, "%s%.*s", used > column ? " " : "", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', stream);
}

static void print_option(FILE *stream, const struct option_row *row)
{
    char left[64], help[256];
    const char *separator = option_needs_value(row) ? " " : "";
    const char *placeholder = option_takes_value(row) ? row->placeholder : "";
    int width = row->letter != 0
                    ? snprintf(left, sizeof(left), "  -%c, --%s%s%s", row->letter, row->name, separator, placeholder)
                    : snprintf(left, sizeof(left), "      --%s%s%s", row->name, separator, placeholder);
    bool has_room = width + 2 <= HELP_COLUMN;
    fprintf(stream, "%s%s%*s", left, has_room ? "" : "\n", has_room ? HELP_COLUMN - width : HELP_COLUMN, "");
    snprintf(help, sizeof(help), "%s", row->help);
    if (row->fallback != NULL)
        snprintf(help, sizeof(help), "%s (default %s)", row->help, row->fallback);
    print_wrapped(stream, HELP_COLUMN, help);
}

static void print_mode(FILE *stream, const struct mode *mode)
{
    char aliases[64] = "", text[256];
    if (mode->aliases[0] != '\0')
        snprintf(aliases, sizeof(aliases), " (or: %s)", mode->aliases);
    fprintf(stream, "  %-*s", MODES_COLUMN - 2, mode->name);
    snprintf(text, sizeof(text), "%s%s", mode->summary, aliases);
    print_wrapped(stream, MODES_COLUMN, text);
}

void options_print_help(FILE *stream)
{
    fputs("Usage: conc-bench [OPTION]... [FILE|URL]...\n"
          "Download a list of URLs in several concurrency models, the same work in each,\n"
          "and say which is fastest, by how much, and what each costs.\n\n"
          "FILE has one URL a line; \"URL xN\" stands for N lines; - is standard input.\n"
          "Or it has requests: vegeta's (POST URL, headers, @FILE) or curl's (url = URL).\n",
          stream);
    for (enum option_group group = 0; group < GROUP_COUNT; group++) {
        fprintf(stream, "\n%s:\n", group_titles[group]);
        for (size_t i = 0; i < OPTION_COUNT; i++) {
            if (option_rows[i].group == group)
                print_option(stream, &option_rows[i]);
        }
    }
    fputs("\nModes:\n", stream);
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) == 0)
            print_mode(stream, mode_registry[i]);
    }
    struct text_buffer metrics = {0};
    metric_add_names(&metrics);
    fputs("\nMetrics of --assert:\n  ", stream);
    print_wrapped(stream, 2, text_buffer_text(&metrics));
    text_buffer_release(&metrics);
    fputs("\nExamples:\n"
          "  conc-bench --origin\n"
          "  conc-bench --origin=latency=50ms,jitter=5ms,limit=100/s,errors=1%\n"
          "  conc-bench --mode threads --workers 8 sites.txt\n"
          "  conc-bench --mode sync,event-loop -c 1..32 --export-json r.json sites.txt\n"
          "  conc-bench --assert 'threads.time / sync.time < 0.5' sites.txt\n"
          "\n"
          "Exit status: 0 done; 1 an assertion failed; 2 usage or input; 3 the measurement\n"
          "is invalid; 4 an assertion could not be judged; 5 the environment failed;\n"
          "130, 143 interrupted.\n",
          stream);
}
