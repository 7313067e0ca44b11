#ifndef CONC_BENCH_RUN_RATES_H
#define CONC_BENCH_RUN_RATES_H

#include <stdbool.h>

#include "experiment_state.h"

/*
 * Experiments over rates: which trials tell up to which rate a mode keeps up.
 */

/* Whether a trial shows beyond doubt that its workers do less than what falls due: it began less than nine tenths of
 * it. */
bool rate_is_clearly_missed(const struct trial *trial, double rate);

/* Runs the plan's cells in rounds, whose first goes upwards and leaves out what is at twice a rate that was clearly
 * missed. -1: the environment failed, or no server answers. */
int rates_sweep(struct experiment_state *state, struct error *error);

/* Searches for the highest rate at which each of the plan's cells holds the run's objective, and confirms it. -1: as
 * above. */
int rates_search(struct experiment_state *state, struct error *error);

/* Called during a trial that finds out how much is done when nothing falls due: the first ends it once that is enough,
 * the second reads it. */
void rate_probe_watch(struct experiment_state *state, struct sample_table *table);
void rate_probe_measure(struct experiment_state *state, const struct trial *trial);

#endif
