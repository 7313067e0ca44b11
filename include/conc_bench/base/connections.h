#ifndef CONC_BENCH_BASE_CONNECTIONS_H
#define CONC_BENCH_BASE_CONNECTIONS_H

/*
 * The use of a connection once its download is done; cells differ by it as they do by the mode.
 */
enum connection_policy {
    CONNECTIONS_REUSE, /* no connection at the start, kept and reused within the run */
    CONNECTIONS_FRESH, /* a new connection for every download */
    CONNECTIONS_WARM,  /* open to every host before the clock starts, then reused */
    CONNECTION_POLICY_COUNT,
};

/* "reuse", "fresh", "warm", by policy, and NULL behind them: as they stand in options and reports. */
extern const char *const connection_policy_names[CONNECTION_POLICY_COUNT + 1];

#endif
