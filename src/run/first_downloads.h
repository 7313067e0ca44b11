#ifndef CONC_BENCH_RUN_FIRST_DOWNLOADS_H
#define CONC_BENCH_RUN_FIRST_DOWNLOADS_H

#include <stdbool.h>

#include "conc_bench/base/error.h"
#include "conc_bench/modes/mode.h"
#include "conc_bench/run/run.h"
#include "conc_bench/workload/plan.h"

/*
 * Whether any server answers at all. A run in which every download fails tells nobody anything, and takes as long as
 * all its timeouts: so the first trial is watched, and ended when its first downloads all fail without an answer.
 */
struct first_downloads {
    const struct plan *plan;
    const struct mode_job *job;
    bool is_watched;   /* the first trial is still to be judged */
    bool has_answer;   /* one was seen in it */
    bool has_given_up; /* the trial under way was ended, since nothing came of its first downloads */
    void (*note)(void *context, const char *sentence); /* NULL: nobody wants to know */
    void *context;
};

/* Ends a trial that is hopeless; called while it runs. */
void first_downloads_watch(struct first_downloads *first, struct sample_table *table);

/* Judges the first trial, once it is over: no server answers (-1 with ERROR_SERVERS, and the causes); some do, which is
 * noted with what is wrong with the others; or all do. Asks hosts that the trial did not come to for one download each.
 * `is_void`: the trial was ended although there are servers that answer, and is to be run again. */
int first_downloads_judge(struct first_downloads *first, struct trial *trial, bool *is_void, struct error *error);

#endif
