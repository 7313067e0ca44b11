#ifndef CONC_BENCH_REPORT_CONTENT_H
#define CONC_BENCH_REPORT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/analysis/analysis.h"
#include "conc_bench/base/error.h"
#include "conc_bench/report/format.h"
#include "conc_bench/run/run.h"
#include "paint.h"

/*
 * The content of a report for people, built once from a run and its analysis: facts about the run, tables, sentences.
 * The terminal, Markdown and the page only lay it out, so that what one of them says, all say. Texts from outside are
 * escaped already, as text_escape() does; what else a format takes for its own is for it to escape. Sentences and facts
 * have no full stop at their end. Private to src/report.
 */

struct content_cell {
    const char *text;
    enum paint paint;
    double value; /* in the table of URLs: what it is sorted by; NAN: nothing */
};

struct content_column {
    const char *head;  /* where room is short, unit included: "CPU ms" */
    const char *title; /* where there is room: "CPU/download [ms]" */
    bool is_words;     /* aligned to the left */
    bool is_extra;     /* where there is room for all only */
    const char *mode;  /* that it is about; NULL: several */
    int drop;          /* where there is no room for all, those with the highest leave first; 0: never */
};

struct content_row {
    const char *mode; /* of the cell that it is about; NULL: of several */
    size_t count;     /* of its cells; columns behind them are empty */
    bool is_chosen;   /* in the table of URLs: shown where there is room for a few */
    size_t number;    /* there: place in the list, from 1 */
};

struct content_table {
    struct content_column *columns;
    size_t column_count;
    struct content_row *rows;
    size_t row_count;
    struct content_cell *cells; /* column_count for each row */
};

enum section_kind {
    SECTION_SUMMARY, /* the one table that stands first, or */
    SECTION_GRID,    /* that of a sweep, mode by workers, or */
    SECTION_CAUSES,  /* why nothing was downloaded, by host */
    SECTION_RANKING,
    SECTION_DOWNLOADS,
    SECTION_ASSERTIONS,
    SECTION_TIMES,     /* of every round: the numbers of a chart */
    SECTION_LATENCIES, /* percentiles of service times: the numbers of a chart */
    SECTION_RATES,     /* response times at each of several rates: the numbers of a chart */
    SECTION_MACHINES,  /* of a run of several: what each did */
    SECTION_RATE,      /* what became of downloads that were due at a rate */
    SECTION_HTTP2,
    SECTION_PHASES,
    SECTION_COSTS,
    SECTION_GAINS,
    SECTION_SWEEP, /* one for each mode whose workers were swept */
    SECTION_URLS,
    SECTION_FAILURES,
    SECTION_MISMATCHES,
    SECTION_COUNT,
};

/* A table and what is said about it. */
struct section {
    enum section_kind kind;
    const char *title;
    struct content_table table;
    const char *note;  /* how to read it; "": nothing is to be said */
    const char *key;   /* the same under short heads, whose abbreviations it explains; "": the note serves */
    const char *place; /* of the table of URLs: which of them are shown where a few are */
};

/* The purpose of a sentence, which also gives the order of all sentences. */
enum sentence_kind {
    SENTENCE_VERDICT, /* the answer; this and the next four make up the summary that every report begins with */
    SENTENCE_ADVICE,  /* what to use or to do */
    SENTENCE_CAVEAT,  /* changes what to believe of the answer */
    SENTENCE_WHY,
    SENTENCE_HOW,
    SENTENCE_FLAW,    /* the result as a whole is not to be believed */
    SENTENCE_ENDING,  /* what failed or broke off */
    SENTENCE_ANSWER,  /* who is fastest, and what to use */
    SENTENCE_FINDING, /* why */
    SENTENCE_DOUBT,   /* a finding that is a reason for distrust */
    SENTENCE_NOTE,    /* what else changes what to believe */
};

struct sentence {
    enum sentence_kind kind;
    const char *text;
    size_t lead; /* bytes up to the colon, "Noisy host" of "Noisy host: ..."; 0: there is none */
};

/* Facts about the run. Those that share a line in reports stand one after the other. */
enum fact_kind {
    FACT_WORKLOAD, /* one or more: what was downloaded, by whom it was served, what was done with it */
    FACT_POLICY,   /* how it was asked for */
    FACT_METHOD,   /* rounds, seed */
    FACT_TOOL,     /* program, libraries, machine */
    FACT_STARTED,  /* date and time of day; none where it is not known */
};

struct fact {
    enum fact_kind kind;
    const char *text;
};

struct content {
    struct fact *facts;
    size_t fact_count;
    struct section *sections;
    size_t section_count;
    struct sentence *sentences;
    size_t sentence_count;
    char **texts; /* owned: what all of the above is made of */
    size_t text_count;
    bool has_failed; /* for want of memory */
};

/* -1: no memory. Result and verdict must outlive it. */
int content_build(const struct run *run, const struct analysis *analysis, const struct format *format,
                  struct content *content, struct error *error);
void content_release(struct content *content);

/* Makes a text that lives as long as the content, for the builders of the content; "" and a note of the failure without
 * memory. */
const char *content_text(struct content *content, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text from outside, escaped. */
const char *content_outside(struct content *content, const char *text);

/* " (connection refused)": why downloads failed, by the code of a struct url_failure; "": the class says it all. */
const char *content_cause(struct content *content, const struct run *run, unsigned code);

/* Adds a section, which is valid until the next one is added, and to its table a column, a row, or a cell to the row
 * added last. `mode` may be NULL. All columns come first. */
struct section *content_add_section(struct content *content, enum section_kind kind, const char *title);
void content_add_column(struct content *content, struct section *section, const char *head, const char *title,
                        bool is_words);
void content_add_row(struct content *content, struct section *section, const char *mode);
void content_add_cell(struct content *content, struct section *section, enum paint paint, const char *text);

/* Adds a column of figures. Where there is no room, columns are dropped, the highest `drop` first; 0: never. */
void content_add_figures(struct content *content, struct section *section, const char *head, const char *title,
                         int drop);

/* The same for figures with a unit: "p50 ms", and where there is room "response p50 [ms]". */
void content_add_figures_in(struct content *content, struct section *section, const char *head, const char *title,
                            const char *unit, int drop);

/* Adds a row that begins with a mode and its number of workers. False: it has `ending` (not NULL) in place of figures.
 */
bool content_add_mode(struct content *content, struct section *section, const char *mode, uint32_t workers,
                      bool is_first, const char *ending);

/* Adds a cell with the digits of a value that matter and with what stands behind them; "-": the value is no number. */
void content_add_digits(struct content *content, struct section *section, double value, const char *suffix);

void content_add_sentence(struct content *content, enum sentence_kind kind, const char *text);

/* The tables: content_tables.c. */
void content_add_tables(struct content *content, const struct run *run, const struct analysis *analysis,
                        const struct format *format);

/* The table of URLs, for a run that has figures of them: content_urls.c. */
void content_add_urls(struct content *content, const struct run_stats *stats, const struct format *format);

/* Writes the URL of a row of that table in so many columns, at least 16: where it is too long without its middle, and
 * where that makes it look like another one that is chosen, with its number behind. */
enum { CONTENT_LABEL_COLUMNS = 100, CONTENT_LABEL_BYTES = 4 * CONTENT_LABEL_COLUMNS + 16 };
void content_label_url(const struct content_table *table, size_t row, size_t columns, char label[CONTENT_LABEL_BYTES]);

/* Whether cells of the run differ by how many of its machines run them. */
bool content_has_machine_numbers(const struct run *run);

/* Adds what each machine of a run of several did, and how evenly: content_machines.c. */
void content_add_machines(struct content *content, const struct run *run);
const char *content_tell_balance(struct content *content, const struct run *run); /* NULL: nothing is known of it */
const char *content_on_machines(struct content *content, const struct run *run);  /* " on 3 machines", or "" */
const char *content_tell_origin(struct content *content, const struct run *run);  /* which of them the origin burdens */

/* Adds what stands first: content_summary.c. */
void content_add_summary(struct content *content, const struct run *run, const struct analysis *analysis,
                         const struct format *format);

/* The sentences: content_sentences.c. */
void content_add_sentences(struct content *content, const struct run *run, const struct analysis *analysis);

/* Why a cell has no time: "not run", "hung". */
const char *content_ending(const struct cell_stats *cell);

/* "sync/1: hung after 12 of 160 downloads: ...", of a trial that is not complete. */
const char *content_describe_ending(struct content *content, const struct run_cell *cell, const struct trial *trial);

/* Whether tables of that kind are laid out one after the other in the details, in every format. */
bool content_is_detail(enum section_kind kind);

/* The first section of a kind; NULL: there is none. */
const struct section *content_find(const struct content *content, enum section_kind kind);

/* The sentences about clients besides their figures, each without a full stop. */
enum { CONTENT_CLIENT_SENTENCES = 32 };
struct content_client_sentences {
    const char *texts[CONTENT_CLIENT_SENTENCES];
    size_t count;
};
void content_tell_clients(struct content *content, const struct run_stats *stats,
                          struct content_client_sentences *sentences);

/* "threads/8". */
const char *content_name(struct content *content, const struct run_cell *cell);

#endif
