#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "conc_bench/run/phases.h"

/* Points of a counter in one trial: more than any screen has. */
enum { COUNTER_POINTS = 4000 };

struct tracer {
    FILE *stream;
    const struct run *run;
    nanoseconds began; /* the first gate of all */
    size_t cell;
    size_t machine; /* by rank; 0 where there is but one */
    const char *separator;
};

/* The number of processes of the cell in the trace. A document may say that more machines run a cell than it
 * describes. */
static size_t count_machines(const struct tracer *tracer)
{
    uint32_t machines = cell_machines(&tracer->run->cells[tracer->cell]);
    size_t described = tracer->run->machine_count > 0 ? tracer->run->machine_count : 1;
    return machines < described ? machines : described;
}

/* Workers are numbered throughout, those of the first machine first. */
static size_t machine_of(const struct tracer *tracer, uint32_t worker)
{
    size_t machine = worker / tracer->run->cells[tracer->cell].workers;
    size_t last = count_machines(tracer) - 1;
    return machine < last ? machine : last;
}

/* The number of a worker on its machine, from 1. */
static uint32_t own_number(const struct tracer *tracer, uint32_t worker)
{
    return worker - (uint32_t)machine_of(tracer, worker) * tracer->run->cells[tracer->cell].workers + 1;
}

/* The place of the cell's process on the machine, from 0. */
static size_t process_place(const struct tracer *tracer)
{
    size_t machines = tracer->run->machine_count > 0 ? tracer->run->machine_count : 1;
    return tracer->cell * machines + tracer->machine;
}

/* Text from outside, within quotation marks. What is too long for a label is cut off. */
static void write_text(FILE *stream, const char *text)
{
    enum { LABEL_BYTES = 4096 };
    char escaped[LABEL_BYTES];
    text_escape(escaped, sizeof(escaped), text, strlen(text));
    for (const char *letter = escaped; *letter != '\0'; letter++) {
        if (*letter == '"' || *letter == '\\')
            putc('\\', stream);
        putc(*letter, stream);
    }
}

/* Microseconds, in which the format counts. */
static void write_time(struct tracer *tracer, const char *key, nanoseconds time)
{
    fprintf(tracer->stream, ",\"%s\":%" PRId64 ".%03d", key, time / 1000, (int)(time % 1000));
}

static void begin_event(struct tracer *tracer, char kind, const char *name, uint32_t thread)
{
    fprintf(tracer->stream, "%s\n{\"ph\":\"%c\",\"pid\":%zu,\"tid\":%" PRIu32 ",\"name\":\"", tracer->separator, kind,
            process_place(tracer) + 1, thread);
    write_text(tracer->stream, name);
    putc('"', tracer->stream);
    tracer->separator = ",";
}

static void write_slice(struct tracer *tracer, uint32_t worker, const char *name, nanoseconds start, nanoseconds end)
{
    begin_event(tracer, 'X', name, own_number(tracer, worker));
    write_time(tracer, "ts", start - tracer->began);
    write_time(tracer, "dur", end - start);
}

/* Writes the wait from being due to being begun: meanwhile the worker was busy with other downloads, so that the wait
 * stands apart from the workers. */
static void write_wait(struct tracer *tracer, const struct trial *trial, uint32_t slot)
{
    nanoseconds start = trial->table->samples[slot].start;
    nanoseconds wait = cell_wait(&tracer->run->cells[tracer->cell], trial, slot);
    for (int is_end = 0; is_end <= 1; is_end++) {
        begin_event(tracer, is_end ? 'e' : 'b', "waiting for a worker", 0);
        write_time(tracer, "ts", (is_end ? start : start - wait) - tracer->began);
        fprintf(tracer->stream, ",\"cat\":\"wait\",\"id\":\"%" PRIu32 ".%" PRIu32 "\"}", trial->round + 1,
                trial_unit(trial, slot));
    }
}

static void write_download(struct tracer *tracer, const struct trial *trial, uint32_t slot)
{
    const struct sample *sample = &trial->table->samples[slot];
    uint32_t unit = trial_unit(trial, slot);
    nanoseconds ends[PHASE_COUNT];
    nanoseconds last = 0;
    tracer->machine = machine_of(tracer, sample->worker);
    write_slice(tracer, sample->worker, tracer->run->urls[tracer->run->unit_urls[unit]], sample->start,
                sample->settled);
    fprintf(tracer->stream,
            ",\"args\":{\"outcome\":\"%s\",\"status\":%u,\"body_bytes\":%" PRId64 ",\"connects\":%u,\"round\":%" PRIu32
            ",\"unit\":%" PRIu32 "}}",
            outcome_name(sample_outcome(sample)), (unsigned)sample->status, sample->body_bytes,
            (unsigned)sample->connects, trial->round + 1, unit);
    if (tracer->run->cells[tracer->cell].due != NULL)
        write_wait(tracer, trial, slot);
    phases_of(sample, ends);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        if (ends[phase] > last && (phase != PHASE_WORK || tracer->run->cpu_work > 0)) {
            write_slice(tracer, sample->worker, phase_name((enum phase)phase), sample->start + last,
                        sample->start + ends[phase]);
            fputc('}', tracer->stream);
        }
        last = ends[phase];
    }
}

/* Downloads in flight */

static void write_counter(struct tracer *tracer, const char *name, nanoseconds time, size_t downloads)
{
    begin_event(tracer, 'C', name, 0);
    write_time(tracer, "ts", time - tracer->began);
    fprintf(tracer->stream, ",\"args\":{\"downloads\":%zu}}", downloads);
}

/* Takes starts and ends sorted; at equal instants ends come first. */
static void write_counters(struct tracer *tracer, const char *name, const struct trial *trial,
                           const nanoseconds *starts, const nanoseconds *ends, size_t count)
{
    nanoseconds step = trial->run / COUNTER_POINTS;
    nanoseconds written = trial->gate - step;
    for (size_t started = 0, ended = 0; ended < count;) {
        bool is_end = started == count || ends[ended] <= starts[started];
        nanoseconds time = is_end ? ends[ended++] : starts[started++];
        if (time - written < step && ended < count)
            continue;
        /* A download that took no time ends before it starts. */
        write_counter(tracer, name, time, started > ended ? started - ended : 0);
        written = time;
    }
}

/* Writes how many downloads of a kind the machine had at any time: between being begun and having ended, or between
 * being due and being begun. */
static int write_counts(struct tracer *tracer, const char *name, const struct trial *trial, bool is_of_waits,
                        struct error *error)
{
    uint32_t units = trial->table->unit_count;
    nanoseconds *times = malloc((2 * (size_t)units + 1) * sizeof(*times));
    size_t count = 0;
    if (times == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the trace");
    for (uint32_t slot = 0; slot < units; slot++) {
        const struct sample *sample = &trial->table->samples[slot];
        if (atomic_load(&sample->state) != SAMPLE_SETTLED || machine_of(tracer, sample->worker) != tracer->machine)
            continue;
        times[count] =
            is_of_waits ? sample->start - cell_wait(&tracer->run->cells[tracer->cell], trial, slot) : sample->start;
        times[units + count++] = is_of_waits ? sample->start : sample->end;
    }
    qsort(times, count, sizeof(*times), clock_compare);
    qsort(times + units, count, sizeof(*times), clock_compare);
    write_counters(tracer, name, trial, times, times + units, count);
    free(times);
    return 0;
}

/* The whole */

/* One more than the highest number of a worker that has a sample: a client may have had more downloads under way than
 * it was asked for. */
static uint32_t count_workers(const struct run_cell *cell)
{
    uint32_t workers = 0;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct sample_table *table = cell->trials[i].table;
        for (uint32_t slot = 0; table != NULL && slot < table->unit_count; slot++) {
            if (table->samples[slot].worker >= workers)
                workers = table->samples[slot].worker + 1;
        }
    }
    return workers;
}

/* Finds the workers that have samples; a document may hold fewer than it says. NULL: no memory. */
static bool *find_workers(const struct run_cell *cell, uint32_t workers)
{
    bool *has_samples = calloc((size_t)workers + 1, sizeof(*has_samples));
    for (size_t i = 0; has_samples != NULL && i < cell->trial_count; i++) {
        const struct sample_table *table = cell->trials[i].table;
        for (uint32_t slot = 0; table != NULL && slot < table->unit_count; slot++) {
            const struct sample *sample = &table->samples[slot];
            if (atomic_load(&sample->state) == SAMPLE_SETTLED && sample->worker < workers)
                has_samples[sample->worker] = true;
        }
    }
    return has_samples;
}

static void write_process(struct tracer *tracer, const struct run_cell *cell)
{
    begin_event(tracer, 'M', "process_name", 0);
    fputs(",\"args\":{\"name\":\"", tracer->stream);
    write_text(tracer->stream, cell->mode); /* of a document that somebody else may have written */
    fprintf(tracer->stream, "/%" PRIu32 "%s", cell->workers, cell->stage == STAGE_SWEEP ? " (sweep)" : "");
    if (tracer->run->machine_count > 0) {
        fputs(" on ", tracer->stream);
        write_text(tracer->stream, tracer->run->machines[tracer->machine].name);
    }
    fputs("\"}}", tracer->stream);
    begin_event(tracer, 'M', "process_sort_index", 0);
    fprintf(tracer->stream, ",\"args\":{\"sort_index\":%zu}}", process_place(tracer));
}

static int write_names(struct tracer *tracer, const struct run_cell *cell, struct error *error)
{
    uint32_t workers = count_workers(cell);
    bool *has_samples = find_workers(cell, workers);
    if (has_samples == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the trace");
    for (tracer->machine = 0; tracer->machine < count_machines(tracer); tracer->machine++)
        write_process(tracer, cell);
    for (uint32_t worker = 0; worker < workers; worker++) {
        if (!has_samples[worker])
            continue;
        uint32_t number = own_number(tracer, worker);
        tracer->machine = machine_of(tracer, worker);
        begin_event(tracer, 'M', "thread_name", number);
        fprintf(tracer->stream, ",\"args\":{\"name\":\"worker %" PRIu32 "\"}}", number);
    }
    free(has_samples);
    return 0;
}

static int write_counters_of_trial(struct tracer *tracer, const struct trial *trial, struct error *error)
{
    bool has_waits = tracer->run->cells[tracer->cell].due != NULL;
    for (tracer->machine = 0; tracer->machine < count_machines(tracer); tracer->machine++) {
        if (write_counts(tracer, "in flight", trial, false, error) != 0)
            return -1;
        if (has_waits && write_counts(tracer, "waiting", trial, true, error) != 0)
            return -1;
    }
    return 0;
}

static int write_cell(struct tracer *tracer, const struct run_cell *cell, struct error *error)
{
    bool has_samples = false;
    for (size_t i = 0; i < cell->trial_count; i++) {
        const struct trial *trial = &cell->trials[i];
        if (trial->table == NULL)
            continue;
        if (!has_samples && write_names(tracer, cell, error) != 0)
            return -1;
        has_samples = true;
        for (uint32_t slot = 0; slot < trial->table->unit_count; slot++) {
            if (atomic_load(&trial->table->samples[slot].state) == SAMPLE_SETTLED)
                write_download(tracer, trial, slot);
        }
        if (write_counters_of_trial(tracer, trial, error) != 0)
            return -1;
    }
    return 0;
}

static void write_policy(FILE *stream, const struct run *run)
{
    char tolerance[32];
    tolerance_describe(&run->tolerance, tolerance, sizeof(tolerance));
    if (!run->is_unverified && tolerance[0] == '\0')
        return;
    fputs("\"otherData\":{", stream);
    if (run->is_unverified)
        fprintf(stream, "\"TLS\":\"not verified (--insecure)\"%s", tolerance[0] != '\0' ? "," : "");
    if (tolerance[0] != '\0')
        fprintf(stream, "\"tolerate\":\"%s\"", tolerance);
    fputs("},", stream);
}

int trace_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
                struct error *error)
{
    (void)analysis, (void)format;
    struct tracer tracer = {.stream = stream, .run = run, .began = run_began(run), .separator = ""};
    int status = 0;
    fputs("{\"displayTimeUnit\":\"ms\",", stream);
    write_policy(stream, run);
    fputs("\"traceEvents\":[", stream);
    for (; tracer.cell < run->cell_count && status == 0; tracer.cell++)
        status = write_cell(&tracer, &run->cells[tracer.cell], error);
    fputs("\n]}\n", stream);
    return status;
}
