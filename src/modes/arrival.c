#include "arrival.h"

#include "conc_bench/run/sample.h"

nanoseconds arrival_due(const struct mode_job *job, uint32_t unit)
{
    /* Relaxed: written before the gate opened, which orders it before all that its workers do. */
    return atomic_load_explicit(&job->table->gate, memory_order_relaxed) + job->due[unit];
}

bool arrival_drop(const struct mode_job *job, uint32_t unit, struct sample *sample, nanoseconds instant)
{
    nanoseconds waited = instant - arrival_due(job, unit);
    bool is_late = job->max_late > 0 && waited > job->max_late;
    /* Workers that are behind by all the time in which downloads fall due do not keep up: no more is to be learned, and
     * one worker at a rate for a hundred would go on for a hundred times as long. The parent may have seen it
     * before. */
    if (waited > job->due[job->table->unit_count - 1])
        sample_table_give_up(job->table);
    bool is_hopeless = sample_table_is_given_up(job->table);
    if (!is_late && !is_hopeless)
        return false;
    /* No download waits before it is due. */
    sample->start = sample->end = sample->settled = waited > 0 ? instant : instant - waited;
    sample->outcome = is_late ? OUTCOME_LATE : OUTCOME_GIVEN_UP;
    sample_settle(job->table, sample);
    return true;
}

struct sample *arrival_begin(const struct mode_job *job, uint32_t worker, uint32_t unit)
{
    struct sample *sample = sample_begin(job->table, worker, unit);
    return arrival_drop(job, unit, sample, sample->start) ? NULL : sample;
}

/* Sleeps until a download is due, or returns at once where the rest was given up. False: the table was stopped. No
 * signal wakes a worker, so it looks for itself. */
static bool sleep_until(const struct mode_job *job, nanoseconds due)
{
    nanoseconds now = clock_now();
    if (now >= due)
        return true;
    while (now < due && !sample_table_is_stopped(job->table) && !sample_table_is_given_up(job->table)) {
        clock_sleep_until(due - now > ARRIVAL_LONGEST_WAIT ? now + ARRIVAL_LONGEST_WAIT : due);
        now = clock_now();
    }
    if (now < due)
        return sample_table_is_given_up(job->table);
    delays_note(&job->table->late, now - due);
    return true;
}

struct sample *arrival_claim(const struct mode_job *job, uint32_t worker, uint32_t *unit)
{
    while (sample_reserve(job->table, unit) && sleep_until(job, arrival_due(job, *unit))) {
        struct sample *sample = arrival_begin(job, worker, *unit);
        if (sample != NULL)
            return sample;
    }
    return NULL;
}
