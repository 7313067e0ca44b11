#include "conc_bench/analysis/metrics.h"

#include <assert.h>
#include <string.h>

#include "conc_bench/base/text.h"

#define MILLI 1e3
#define MEBI  (1.0 / (1 << 20))

/* Keeps the formatter from giving each member of a row a line of its own. */
#define COLUMN(...)                                                                                                    \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

/* Service times are those from taking a unit to having its response, by exact nearest rank. */
static const struct metric_row rows[METRIC_COUNT] = {
    [METRIC_TIME] = {"time_s", "time", "", UNIT_DURATION, METRIC_HAS_INTERVAL,
                     "startup and run of all downloads together"},
    [METRIC_T95] = {"t95_s", "t95", "", UNIT_DURATION, 0, "time until 95 % of the downloads are done"},
    [METRIC_STARTUP] = {"startup_s", "startup", "", UNIT_DURATION, 0,
                        "time to make handles, threads and processes; of a client, until its first request",
                        COLUMN(METRIC_TABLE_COSTS, MILLI, "start ms", "startup", "ms")},
    [METRIC_RUN] = {"run_s", "run", "", UNIT_DURATION, 0,
                    "time from the opened gate to the last download that is settled"},
    [METRIC_TEARDOWN] = {"teardown_s", "teardown", "", UNIT_DURATION, 0,
                         "time to end threads and processes and free memory"},
    [METRIC_P50] = {"p50_s", "p50", "", UNIT_DURATION, 0, "service time that half of the downloads keep to"},
    [METRIC_P90] = {"p90_s", "p90", "", UNIT_DURATION, 0, "service time that 90 % of the downloads keep to"},
    [METRIC_P95] = {"p95_s", "p95", "", UNIT_DURATION, 0, "service time that 95 % of the downloads keep to"},
    [METRIC_P99] = {"p99_s", "p99", "", UNIT_DURATION, 0, "service time that 99 % of the downloads keep to"},
    [METRIC_MAX] = {"slowest_s", "max", "", UNIT_DURATION, 0, "service time of the slowest download"},
    [METRIC_MEAN] = {"service_mean_s", "mean", "", UNIT_DURATION, 0, "mean service time",
                     COLUMN(METRIC_TABLE_PHASES, 0, "service", "service", "")},
    [METRIC_OF_PHASE(PHASE_NAME)] = {"name_lookup_s", "name_lookup", "", UNIT_DURATION, 0,
                                     "mean time of a download to look its host's name up",
                                     COLUMN(METRIC_TABLE_PHASES, 0, "look up name", "look up name", "")},
    [METRIC_OF_PHASE(PHASE_CONNECT)] = {"connect_s", "connect", "", UNIT_DURATION, 0,
                                        "mean time of a download to connect by TCP",
                                        COLUMN(METRIC_TABLE_PHASES, 0, "connect", "connect", "")},
    [METRIC_OF_PHASE(PHASE_TLS)] = {"tls_s", "tls", "", UNIT_DURATION, 0,
                                    "mean time of a download for its TLS handshake",
                                    COLUMN(METRIC_TABLE_PHASES, 0, "TLS handshake", "TLS handshake", "")},
    [METRIC_OF_PHASE(PHASE_WAIT)] = {"wait_s", "wait", "", UNIT_DURATION, 0,
                                     "mean time of a download from the request to the first byte",
                                     COLUMN(METRIC_TABLE_PHASES, 0, "wait", "wait", "")},
    [METRIC_OF_PHASE(PHASE_RECEIVE)] = {"receive_s", "receive", "", UNIT_DURATION, 0,
                                        "mean time of a download from the first byte to the last",
                                        COLUMN(METRIC_TABLE_PHASES, 0, "receive", "receive", "")},
    [METRIC_OF_PHASE(PHASE_WORK)] = {"work_s", "work", "", UNIT_DURATION, 0, "mean time of a download for --cpu-work",
                                     COLUMN(METRIC_TABLE_PHASES, 0, "work", "work", "")},
    [METRIC_HANDSHAKE] = {"tls_handshake_s", "handshake", "", UNIT_DURATION, 0,
                          "mean time of those downloads that had a TLS handshake for it",
                          COLUMN(METRIC_TABLE_PHASES, 0, "each handshake", "each handshake", "")},
    [METRIC_THROUGHPUT] = {"downloads_per_s", "throughput", "", UNIT_RATE, 0, "downloads per second"},
    [METRIC_BANDWIDTH] = {"body_bytes_per_s", "bandwidth", "", UNIT_RATE, 0, "bytes of bodies per second"},
    [METRIC_DOWNLOADS] = {"downloads", "downloads", "", UNIT_COUNT, METRIC_WHOLE | METRIC_EXACT,
                          "downloads that are settled"},
    [METRIC_FAILURES] = {"failures", "failures", "errors", UNIT_COUNT, METRIC_WHOLE | METRIC_EXACT,
                         "downloads that failed"},
    [METRIC_BYTES] = {"body_bytes", "bytes", "", UNIT_BYTES, METRIC_WHOLE | METRIC_EXACT, "bytes of all bodies"},
    [METRIC_CONNECTS] = {"connects", "connects", "", UNIT_COUNT, METRIC_WHOLE | METRIC_EXACT, "connections made",
                         COLUMN(METRIC_TABLE_COSTS, 1, "connects", "connections", "")},
    [METRIC_TLS_HANDSHAKES] = {"tls_handshakes", "tls_handshakes", "", UNIT_COUNT, METRIC_WHOLE | METRIC_EXACT,
                               "connections made with a TLS handshake, also one that failed"},
    [METRIC_HTTP2] = {"http2_downloads", "http2", "", UNIT_COUNT, METRIC_WHOLE | METRIC_EXACT,
                      "downloads answered over HTTP/2", COLUMN(METRIC_TABLE_HTTP2, 1, "HTTP/2", "over HTTP/2", "")},
    [METRIC_HTTP2_CONNECTIONS] = {"http2_connections", "http2_connections", "", UNIT_COUNT, METRIC_WHOLE,
                                  "connections that HTTP/2 was spoken over, those opened beforehand too",
                                  COLUMN(METRIC_TABLE_HTTP2, 1, "connections", "connections", "")},
    [METRIC_HTTP2_SHARE] = {"http2_downloads_per_connection", "http2_share", "", UNIT_PLAIN, 0,
                            "downloads on each connection of HTTP/2",
                            COLUMN(METRIC_TABLE_HTTP2, 1, "downloads each", "downloads on each", "")},
    [METRIC_STREAMS] = {"http2_most_streams", "streams", "", UNIT_COUNT, METRIC_WHOLE,
                        "the most downloads under way at once on one connection of HTTP/2",
                        COLUMN(METRIC_TABLE_HTTP2, 1, "at once", "most at once on one", "")},
    [METRIC_RETRIES] = {"retries", "retries", "", UNIT_COUNT, METRIC_WHOLE,
                        "how often downloads were begun again after failures (--retry)"},
    [METRIC_PEAK_IN_FLIGHT] = {"peak_in_flight", "in_flight", "", UNIT_COUNT, METRIC_WHOLE,
                               "the most downloads under way at once"},
    [METRIC_CPU] = {"cpu_s", "cpu", "", UNIT_DURATION, METRIC_PER_DOWNLOAD, "CPU time, user and system",
                    COLUMN(METRIC_TABLE_COSTS, MILLI, "CPU ms", "CPU/download", "ms")},
    [METRIC_CPU_USER] = {"cpu_user_s", "cpu_user", "", UNIT_DURATION, 0, "CPU time in user mode"},
    [METRIC_CPU_SYSTEM] = {"cpu_system_s", "cpu_system", "", UNIT_DURATION, 0, "CPU time in the kernel"},
    [METRIC_CORES] = {"cores_used", "cores", "", UNIT_PLAIN, 0,
                      "cores kept busy on average, from startup to the end of the run",
                      COLUMN(METRIC_TABLE_COSTS, 1, "cores", "cores", "")},
    [METRIC_VOLUNTARY] = {"voluntary_switches", "voluntary", "", UNIT_COUNT, METRIC_PER_DOWNLOAD,
                          "context switches to wait for something",
                          COLUMN(METRIC_TABLE_COSTS, 1, "yields", "voluntary switches", "")},
    [METRIC_INVOLUNTARY] = {"involuntary_switches", "involuntary", "", UNIT_COUNT, METRIC_PER_DOWNLOAD,
                            "context switches because others were to run",
                            COLUMN(METRIC_TABLE_COSTS, 1, "forced", "involuntary switches", "")},
    [METRIC_RUN_QUEUE_WAIT] = {"run_queue_wait_s", "queue", "", UNIT_DURATION, METRIC_PER_DOWNLOAD,
                               "time in which threads could have run and no core was free, all together",
                               COLUMN(METRIC_TABLE_COSTS, MILLI, "queue ms", "queued for a core", "ms")},
    [METRIC_LAG_P99] = {"loop_lag_p99_s", "lag", "", UNIT_DURATION, 0,
                        "time that event loops are busy between two waits, 99 % of the time at most",
                        COLUMN(METRIC_TABLE_COSTS, MILLI, "loop ms", "loop delay p99", "ms")},
    [METRIC_LAG_MAX] = {"loop_lag_max_s", "lag_max", "", UNIT_DURATION, 0,
                        "the longest time that an event loop is busy between two waits",
                        COLUMN(METRIC_TABLE_COSTS, MILLI, "max", "loop delay max", "ms")},
    [METRIC_MEMORY] = {"peak_memory_bytes", "memory", "rss", UNIT_BYTES, METRIC_WHOLE,
                       "peak memory, of all processes of the mode",
                       COLUMN(METRIC_TABLE_COSTS, MEBI, "MiB", "peak memory", "MiB")},
    [METRIC_PROCESSES] = {"processes", "process_count", "", UNIT_COUNT, METRIC_WHOLE,
                          "processes at the end of the run; of a client, the most at once",
                          COLUMN(METRIC_TABLE_COSTS, 1, "proc", "processes", "")},
    [METRIC_THREADS] = {"threads", "thread_count", "", UNIT_COUNT, METRIC_WHOLE,
                        "threads of all processes at the end of the run; of a client, the most at once",
                        COLUMN(METRIC_TABLE_COSTS, 1, "thr", "threads", "")},
    [METRIC_DESCRIPTORS] = {"descriptors", "descriptors", "", UNIT_COUNT, METRIC_WHOLE,
                            "open descriptors of all processes at the end of the run; of a client, the most at once",
                            COLUMN(METRIC_TABLE_COSTS, 1, "fds", "descriptors", "")},
    [METRIC_KEPT_UP] = {"kept_up", "kept_up", "", UNIT_COUNT, METRIC_WHOLE,
                        "1 where workers kept up with the rate, or else 0 (--rate)",
                        COLUMN(METRIC_TABLE_RATE, 1, "kept up", "kept up", "")},
    [METRIC_RESPONSE_MEAN] = {"response_mean_s", "response", "response_mean", UNIT_DURATION, METRIC_HAS_INTERVAL,
                              "mean time of a download from being due to being done (--rate)",
                              COLUMN(METRIC_TABLE_RATE, 0, "response", "response, mean", "")},
    [METRIC_RESPONSE_P50] = {"response_p50_s", "response_p50", "", UNIT_DURATION, 0,
                             "response time that half of the downloads keep to (--rate)",
                             COLUMN(METRIC_TABLE_RATE, 0, "p50", "p50", "")},
    [METRIC_RESPONSE_P95] = {"response_p95_s", "response_p95", "", UNIT_DURATION, 0,
                             "response time that 95 % of the downloads keep to (--rate)",
                             COLUMN(METRIC_TABLE_RATE, 0, "p95", "p95", "")},
    [METRIC_RESPONSE_P99] = {"response_p99_s", "response_p99", "", UNIT_DURATION, 0,
                             "response time that 99 % of the downloads keep to (--rate)",
                             COLUMN(METRIC_TABLE_RATE, 0, "p99", "p99", "")},
    [METRIC_RESPONSE_MAX] = {"response_max_s", "response_max", "", UNIT_DURATION, 0,
                             "the longest response time (--rate)", COLUMN(METRIC_TABLE_RATE, 0, "max", "max", "")},
    [METRIC_WAIT_MEAN] = {"wait_mean_s", "wait_mean", "", UNIT_DURATION, 0,
                          "mean time of a download from being due to being begun (--rate)",
                          COLUMN(METRIC_TABLE_RATE, 0, "wait", "wait, mean", "")},
    [METRIC_WAIT_P50] = {"wait_p50_s", "wait_p50", "", UNIT_DURATION, 0,
                         "time that half of the downloads wait at most until they are begun (--rate)"},
    [METRIC_WAIT_P95] = {"wait_p95_s", "wait_p95", "", UNIT_DURATION, 0,
                         "time that 95 % of the downloads wait at most until they are begun (--rate)",
                         COLUMN(METRIC_TABLE_RATE, 0, "p95", "p95", "")},
    [METRIC_WAIT_P99] = {"wait_p99_s", "wait_p99", "", UNIT_DURATION, 0,
                         "time that 99 % of the downloads wait at most until they are begun (--rate)",
                         COLUMN(METRIC_TABLE_RATE, 0, "p99", "p99", "")},
    [METRIC_WAIT_MAX] = {"wait_max_s", "wait_max", "", UNIT_DURATION, 0,
                         "the longest time that a download waits until it is begun (--rate)",
                         COLUMN(METRIC_TABLE_RATE, 0, "max", "max", "")},
    [METRIC_RATE] = {"achieved_rate_per_s", "rate", "", UNIT_RATE, 0,
                     "downloads begun per second, from the first to the last of them (--rate)",
                     COLUMN(METRIC_TABLE_RATE, 1, "begun/s", "begun", "/s")},
    [METRIC_BEHIND] =
        {"behind_s", "behind", "", UNIT_DURATION, 0,
         "mean wait of the last tenth of the downloads, or of those until the trial was given up (--rate)"},
    [METRIC_LATE_P50] = {"late_p50_s", "late_p50", "", UNIT_DURATION, 0,
                         "time after a download is due that a worker which waits for it wakes up, half of the time at "
                         "most (--rate)"},
    [METRIC_LATE_P99] = {"late_p99_s", "late", "late_p99", UNIT_DURATION, 0, "the same, 99 % of the time at most",
                         COLUMN(METRIC_TABLE_RATE, MILLI, "late ms", "woken late p99", "ms")},
    [METRIC_LATE_MAX] = {"late_max_s", "late_max", "", UNIT_DURATION, 0, "the same, the longest"},
    [METRIC_HIGHEST_RATE] = {"highest_rate_per_s", "highest_rate", "", UNIT_RATE, 0,
                             "the highest rate that the mode keeps up with (several rates) or holds (--rate auto), the "
                             "same for all rates of a mode and number of workers"},
    [METRIC_DRAIN] = {"drain_share", "drain", "", UNIT_PLAIN, 0, "share of the run after the last download was begun"},
    [METRIC_OCCUPANCY] = {"occupancy_share", "occupancy", "", UNIT_PLAIN, 0,
                          "share of the workers' time spent on downloads"},
};

enum metric metric_find(const char *assertion)
{
    enum metric metric = 0;
    while (metric < METRIC_COUNT && strcmp(rows[metric].assertion, assertion) != 0 &&
           !text_list_has(rows[metric].aliases, assertion))
        metric++;
    return metric;
}

const struct metric_row *metric_row(enum metric metric)
{
    assert(metric < METRIC_COUNT);
    return &rows[metric];
}

void metric_add_names(struct text_buffer *names)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        text_buffer_add(names, "%s%s", metric > 0 ? ", " : "", rows[metric].assertion);
}

const struct metric_unit_description *metric_unit_describe(enum metric_unit unit)
{
    static const struct metric_unit_description units[] = {
        [UNIT_DURATION] = {"a duration", "1.5s or 120ms"},
        [UNIT_BYTES] = {"a size", "64MiB or 512kB"},
        [UNIT_COUNT] = {"a whole number", "0 or 160"},
        [UNIT_RATE] = {"a rate above 0", "100/s"},
        [UNIT_PLAIN] = {"a number or a percentage", "0.25 or 25%"},
    };
    return &units[unit];
}
