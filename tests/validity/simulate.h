#ifndef SIMULATE_H
#define SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conc_bench/base/random.h"

/*
 * The parts that all simulations share: the table they print, and series of rounds with a known truth.
 */
enum { MOST_CELLS = 7, MOST_ROUNDS = 20, MOST_SERIES = 20000, SEED = 20260101 };

struct simulation {
    size_t series;
    uint64_t scenarios; /* so far: each has a stream of its own */
    size_t checked;
    size_t missed;
};

/* The stream of the next scenario. */
struct random next_scenario(struct simulation *simulation);

/* One row. `least` or `most` is NAN where there is no such limit. Figures are shares, printed as percentages. */
void report(struct simulation *simulation, const char *assertion, const char *noise, size_t rounds, double observed,
            double least, double most);

/* The limit that the shares of so many rows, of events of at most this probability, all stay at or below in 39 of 40
 * simulations. */
double limit_of(double probability, size_t series, double rows);

/* Ends the program: a simulation without memory has no figures. */
void need(int status);

/* How trials are off, in logarithms of times; a round runs every cell once in a fresh order, as the runner does. Zeros:
 * that kind of noise is not there. */
struct noise {
    const char *name;
    double normal;      /* standard deviation */
    double spike_share; /* of trials, which take longer by an exponential share of `spike_size` on average */
    double spike_size;
    double step_share; /* of trials, which take exp(`step`) times as long */
    double step;
    double uniform;        /* standard deviation */
    double laplace;        /* standard deviation: long tails on both sides */
    double skew;           /* mean and standard deviation of an exponential part */
    double heavy;          /* scale of Student's t with 2 degrees of freedom, whose variance is infinite */
    double wander;         /* of what all trials share from one to the next: autoregressive, 0.95 from trial to trial */
    double first_in_round; /* by how much the trial takes longer that begins a round */
    double drift;          /* by how much the last round takes longer than the first, in every cell */
    double own_wander;     /* the same as `wander`, of each cell by itself, from round to round */
    double offset;         /* standard deviation of what a cell takes longer or shorter in all of a series */
    double noisy_cell;     /* standard deviation, normal, of the first cell alone, besides */
    bool is_unshared;      /* the first cell does not wander */
};

extern const struct noise quiet, spiky, unshared;
double normal(struct random *random);

/* log_times[cell * rounds + round] about the given centers. */
void make_series(struct random *random, const struct noise *noise, const double *centers, size_t cells, size_t rounds,
                 double *log_times);

/* The whole of a run: settling, leaving, ranking. */
void check_procedure(struct simulation *simulation);

/* Runs held to a history of earlier ones. */
void check_history(struct simulation *simulation);

#endif
