#include "junit.h"

#include <inttypes.h>

#include "conc_bench/base/number.h"
#include "markup.h"

static void open_case(FILE *stream, const char *class, const char *name, double seconds)
{
    fputs("    <testcase classname=\"", stream);
    markup_write(stream, class);
    fputs("\" name=\"", stream);
    markup_write(stream, name);
    fprintf(stream, "\" time=\"%.6f\"", seconds);
}

/* GitLab shows the text of the element, others its message. */
static void close_with(FILE *stream, const char *element, const char *message)
{
    fprintf(stream, ">\n      <%s message=\"", element);
    markup_write(stream, message);
    if (element[0] == 's') { /* skipped */
        fputs("\"/>\n    </testcase>\n", stream);
        return;
    }
    fputs("\" type=\"conc-bench\">", stream);
    markup_write(stream, message);
    fprintf(stream, "</%s>\n    </testcase>\n", element);
}

static void close_passed(FILE *stream, const char *text)
{
    fputs(">\n      <system-out>", stream);
    markup_write(stream, text);
    fputs("</system-out>\n    </testcase>\n", stream);
}

/* Tells what is wrong with the measurement as a whole. `buffer` is for a sentence made here; "": nothing is. */
static const char *find_flaw(const struct run *run, const struct validity *validity, char *buffer, size_t size)
{
    buffer[0] = '\0';
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            const struct trial *trial = &run->cells[i].trials[j];
            if (trial->status == TRIAL_COMPLETE || trial->status == TRIAL_INTERRUPTED)
                continue;
            snprintf(buffer, size, "%s/%" PRIu32 " %s: %s", run->cells[i].mode, run->cells[i].workers,
                     trial_status_name(trial->status), trial->reason);
            return buffer;
        }
    }
    if (!validity->is_valid)
        return validity->reason;
    if (run->is_partial)
        snprintf(buffer, size, "interrupted: this is a partial result");
    else if (validity->failures > 0)
        snprintf(buffer, size, "%" PRIu64 " downloads failed", validity->failures);
    return buffer;
}

/* A client whose work nobody knows; NULL: there is none. */
static const struct run_cell *find_unproven(const struct run_stats *stats)
{
    for (size_t i = 0; i < stats->cell_count; i++) {
        if (stats->cells[i].is_unproven)
            return stats->cells[i].cell;
    }
    return NULL;
}

/* The time that all measured rounds took together. */
static double total_time(const struct run *run)
{
    double total = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++)
            total += clock_seconds(trial_time(&run->cells[i].trials[j]));
    }
    return total;
}

static void write_measurement(FILE *stream, const struct run *run, const struct analysis *analysis)
{
    char buffer[700];
    const char *flaw = find_flaw(run, &analysis->stats.validity, buffer, sizeof(buffer));
    open_case(stream, "conc-bench.measurement", "the work was equal in all modes, and no download failed",
              total_time(run));
    const struct run_cell *unproven = find_unproven(&analysis->stats);
    if (flaw[0] != '\0') {
        close_with(stream, "failure", flaw);
    } else if (unproven != NULL) {
        snprintf(buffer, sizeof(buffer), "nobody saw what %s downloaded", unproven->mode);
        close_with(stream, "skipped", buffer);
    } else
        close_passed(stream, analysis->sentence_count > 0 ? analysis->sentences[0] : analysis->headline.sentence);
}

/* Tells at which rate downloads fell due, and which modes kept up with it. */
static void write_rate(FILE *stream, const struct run *run, const struct run_stats *stats)
{
    char label[CELL_LABEL_BYTES];
    fprintf(stream, "      <property name=\"rate\" value=\"%s/s (%s)\"/>\n", NUMBER(6, run->arrivals.rate),
            arrival_process_names[run->arrivals.process]);
    for (size_t i = 0; i < stats->main_count; i++) {
        const struct cell_stats *cell = &stats->cells[i];
        if (!cell->has_times)
            continue;
        fputs("      <property name=\"", stream);
        markup_write(stream, cell_label(cell->cell, label));
        fprintf(stream, "\" value=\"%s, %s/s\"/>\n", cell->is_overrun ? "did not keep up" : "kept up",
                NUMBER(3, cell->metrics[METRIC_RATE].value));
    }
}

/* Properties of a run that readers need even if all test cases pass. */
static void write_properties(FILE *stream, const struct run *run, const struct run_stats *stats)
{
    const struct validity *validity = &stats->validity;
    char tolerance[32];
    tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance));
    if (!run->is_unverified && tolerance[0] == '\0' && validity->varied == 0 && run->arrivals.rate == 0)
        return;
    fputs("    <properties>\n", stream);
    if (run->is_unverified)
        fputs("      <property name=\"tls\" value=\"not verified (--insecure)\"/>\n", stream);
    if (tolerance[0] != '\0')
        fprintf(stream, "      <property name=\"tolerate\" value=\"%s\"/>\n", tolerance);
    if (validity->varied > 0)
        fprintf(stream, "      <property name=\"bodies of another size\" value=\"%" PRIu64 "\"/>\n", validity->varied);
    if (run->arrivals.rate > 0)
        write_rate(stream, run, stats);
    fputs("    </properties>\n", stream);
}

static void write_assertion_result(FILE *stream, const struct assertion_result *assertion_result)
{
    open_case(stream, "conc-bench.assertions", assertion_result->assertion, 0);
    if (assertion_result->verdict == VERDICT_PASS)
        close_passed(stream, assertion_result->sentence);
    else
        close_with(stream, assertion_result->verdict == VERDICT_FAIL ? "failure" : "skipped",
                   assertion_result->sentence);
}

int junit_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error)
{
    (void)format, (void)error;
    char buffer[700];
    size_t failures = find_flaw(run, &analysis->stats.validity, buffer, sizeof(buffer))[0] != '\0';
    size_t skipped = 0;
    size_t tests = 1 + analysis->assertion_result_count;
    double seconds = total_time(run);
    for (size_t i = 0; i < analysis->assertion_result_count; i++) {
        enum assertion_verdict verdict = analysis->assertion_results[i].verdict;
        failures += verdict == VERDICT_FAIL;
        skipped += verdict != VERDICT_FAIL && verdict != VERDICT_PASS;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", stream);
    fprintf(stream, "<testsuites name=\"conc-bench\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"%.6f\">\n",
            tests, failures, seconds);
    fprintf(
        stream,
        "  <testsuite name=\"conc-bench\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\"",
        tests, failures, skipped, seconds);
    /* The time without a zone, as most readers want it; it is UTC. */
    if (run->started_at[0] != '\0') {
        char instant[sizeof(run->started_at)];
        snprintf(instant, sizeof(instant), "%.19s", run->started_at);
        fputs(" timestamp=\"", stream);
        markup_write(stream, instant);
        fputc('"', stream);
    }
    fputs(">\n", stream);
    write_properties(stream, run, &analysis->stats);
    write_measurement(stream, run, analysis);
    for (size_t i = 0; i < analysis->assertion_result_count; i++)
        write_assertion_result(stream, &analysis->assertion_results[i]);
    fputs("  </testsuite>\n</testsuites>\n", stream);
    return 0;
}
