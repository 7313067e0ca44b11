#include "csv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "conc_bench/analysis/per_url.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

/* A field of text: quoted, and never a formula to whatever opens it (a leading sign or "@" is set off by a quote mark,
 * as OWASP's "CSV Injection" has it). */
static void write_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    if (text[0] != '\0' && strchr("=+-@", text[0]) != NULL)
        fputc('\'', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void write_outside(FILE *stream, const char *text)
{
    char escaped[8192];
    write_text(stream, text_escape(escaped, sizeof(escaped), text, strlen(text)));
}

/* Writes nothing for a value that is no number. */
static void write_number(FILE *stream, double value)
{
    fputc(',', stream);
    if (isfinite(value))
        fprintf(stream, "%.15g", value);
}

static void write_rank(FILE *stream, uint32_t rank)
{
    fputc(',', stream);
    if (rank > 0)
        fprintf(stream, "%" PRIu32, rank);
}

/* Fields about the whole result are repeated in every row, as a table has no other place for them. They end the row. */
static const char policy_heads[] = ",tolerate,is_verified\n";

static void write_policy(FILE *stream, const struct run *run)
{
    char tolerance[32];
    fprintf(stream, ",%s,%s\n", tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance)),
            run->is_unverified ? "false" : "true");
}

static void write_estimate(FILE *stream, const struct estimate *estimate)
{
    write_number(stream, estimate->value);
    write_number(stream, estimate->low);
    write_number(stream, estimate->high);
}

/* A median over rounds, and its interval where the document has it, too. */
static void write_metric(FILE *stream, enum metric metric, const struct estimate *median)
{
    const struct metric_row *row = metric_row(metric);
    write_number(stream, (row->traits & METRIC_WHOLE) != 0 ? ceil(median->value) : median->value);
    if ((row->traits & METRIC_HAS_INTERVAL) != 0) {
        write_number(stream, median->low);
        write_number(stream, median->high);
    }
}

static void write_metric_heads(FILE *stream)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        size_t base = strlen(row->name) - strlen("_s");
        fprintf(stream, ",%s", row->name);
        if ((row->traits & METRIC_HAS_INTERVAL) != 0)
            fprintf(stream, ",%.*s_low_s,%.*s_high_s", (int)base, row->name, (int)base, row->name);
    }
}

static void write_cell(FILE *stream, const struct run *run, const struct cell_stats *cell)
{
    write_text(stream, cell->cell->mode);
    fprintf(stream, ",%" PRIu32, cell->cell->workers);
    write_number(stream, cell->cell->rate > 0 ? cell->cell->rate : NAN);
    fprintf(stream, ",%s", cell->cell->stage == STAGE_MAIN ? "main" : "sweep");
    write_rank(stream, cell->rank_low);
    write_rank(stream, cell->rank_high);
    fprintf(stream, ",%zu", cell->rounds);
    write_number(stream, cell->mean);
    write_number(stream, cell->standard_deviation);
    write_number(stream, cell->minimum);
    write_number(stream, cell->maximum);
    write_estimate(stream, &cell->speedup);
    write_number(stream, cell->service_p50);
    write_number(stream, cell->service_p90);
    write_number(stream, cell->service_p95);
    write_number(stream, cell->service_p99);
    write_number(stream, cell->service_max);
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        write_metric(stream, metric, &cell->metrics[metric]);
    write_policy(stream, run);
}

int csv_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
              struct error *error)
{
    (void)format, (void)error;
    fputs("mode,workers,rate_per_s,stage,rank_low,rank_high,rounds,mean_s,stddev_s,min_s,max_s,"
          "speedup,speedup_low,speedup_high,service_p50_s,service_p90_s,service_p95_s,service_p99_s,service_max_s",
          stream);
    write_metric_heads(stream);
    fputs(policy_heads, stream);
    for (size_t i = 0; i < analysis->stats.cell_count; i++)
        write_cell(stream, run, &analysis->stats.cells[i]);
    return 0;
}

/* Requests */

static void write_seconds(FILE *stream, nanoseconds duration)
{
    char buffer[NUMBER_SECONDS_BYTES];
    fputc(',', stream);
    fputs(number_format_seconds(buffer, duration), stream);
}

static void write_request(FILE *stream, const struct run *run, const struct run_cell *cell, const struct trial *trial,
                          uint32_t slot)
{
    const struct sample *sample = &trial->table->samples[slot];
    uint32_t unit = trial_unit(trial, slot);
    const uint32_t phases[] = {sample->name_lookup_us, sample->connect_us, sample->tls_us, sample->first_byte_us};
    write_text(stream, cell->mode);
    fprintf(stream, ",%" PRIu32, cell->workers);
    write_number(stream, cell->rate > 0 ? cell->rate : NAN);
    fprintf(stream, ",%s,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",", cell->stage == STAGE_MAIN ? "main" : "sweep",
            trial->round, unit, sample->worker);
    write_outside(stream, run->urls[run->unit_urls[unit]]);
    if (cell->due != NULL) {
        write_seconds(stream, cell->due[unit]);
        write_seconds(stream, cell_wait(cell, trial, slot));
    } else {
        fputs(",,", stream);
    }
    write_seconds(stream, sample->start - trial->gate);
    write_seconds(stream, sample->end - sample->start);
    write_seconds(stream, sample->settled - trial->gate);
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
        write_seconds(stream, phases[i] * NANOSECONDS_PER_MICROSECOND);
    fprintf(stream, ",%" PRId64 ",%u,%u,%u,%s,%u,%u,%u,%" PRIu32, sample->body_bytes, (unsigned)sample->status,
            (unsigned)sample->connects, (unsigned)sample->redirects, outcome_name(sample_outcome(sample)),
            (unsigned)sample->http_version, (unsigned)sample_transfer_code(sample), (unsigned)sample->retries,
            sample_digest(sample));
    write_policy(stream, run);
}

int csv_write_requests(FILE *stream, const struct run *run, const struct analysis *analysis,
                       const struct format *format, struct error *error)
{
    (void)analysis, (void)format, (void)error;
    fputs("mode,workers,rate_per_s,stage,round,unit,worker,url,due_s,wait_s,start_s,service_s,settled_s,name_lookup_s,"
          "connect_s,"
          "tls_s,"
          "first_byte_s,body_bytes,status,connects,redirects,outcome,http_version,curl_code,retries,body_digest",
          stream);
    fputs(policy_heads, stream);
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            const struct trial *trial = &run->cells[i].trials[j];
            for (uint32_t slot = 0; trial->table != NULL && slot < trial->table->unit_count; slot++) {
                if (atomic_load(&trial->table->samples[slot].state) == SAMPLE_SETTLED)
                    write_request(stream, run, &run->cells[i], trial, slot);
            }
        }
    }
    return 0;
}

/* URLs */

/* "dns=2;reset=1". */
static void write_classes(FILE *stream, const struct url_figure *figure)
{
    const char *separator = "";
    for (int outcome = OUTCOME_OK + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (figure->failures[outcome] == 0)
            continue;
        fprintf(stream, "%s%s=%" PRIu32, separator, outcome_name((enum outcome)outcome), figure->failures[outcome]);
        separator = ";";
    }
}

int csv_write_urls(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                   struct error *error)
{
    (void)format, (void)error;
    const struct per_url *per_url = analysis->stats.per_url;
    fputs("url,mode,workers,count,service_p50_s,body_p50_bytes,failures,failure_classes", stream);
    fputs(policy_heads, stream);
    for (size_t row = 0; per_url != NULL && row < per_url->count; row++) {
        for (size_t i = 0; i < per_url->cell_count; i++) {
            const struct run_cell *cell = &run->cells[per_url->cells[i]];
            const struct url_figure *figure = per_url_figure(per_url, row, i);
            write_outside(stream, run->urls[per_url->urls[row]]);
            fputc(',', stream);
            write_text(stream, cell->mode);
            fprintf(stream, ",%" PRIu32 ",%" PRIu32, cell->workers, figure->count);
            if (figure->count > 0) {
                write_seconds(stream, figure->service);
                fprintf(stream, ",%" PRId64, figure->body_bytes);
            } else {
                fputs(",,", stream);
            }
            fprintf(stream, ",%" PRIu64 ",", url_figure_failures(figure));
            write_classes(stream, figure);
            write_policy(stream, run);
        }
    }
    return 0;
}
