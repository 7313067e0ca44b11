#include "conc_bench/metric.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/text.h"

static const struct metric_description descriptions[METRIC_COUNT] = {
    [METRIC_TIME] = {"time", "", UNIT_DURATION, false, "startup and run of all downloads together"},
    [METRIC_T95] = {"t95", "", UNIT_DURATION, false, "time until 95 % of the downloads are done"},
    [METRIC_STARTUP] = {"startup", "", UNIT_DURATION, false, "time to make handles, threads and processes"},
    [METRIC_THROUGHPUT] = {"throughput", "", UNIT_RATE, false, "downloads per second"},
    [METRIC_P50] = {"p50", "", UNIT_DURATION, false, "service time that half of the downloads keep to"},
    [METRIC_P90] = {"p90", "", UNIT_DURATION, false, "service time that 90 % of the downloads keep to"},
    [METRIC_P95] = {"p95", "", UNIT_DURATION, false, "service time that 95 % of the downloads keep to"},
    [METRIC_P99] = {"p99", "", UNIT_DURATION, false, "service time that 99 % of the downloads keep to"},
    [METRIC_MAX] = {"max", "", UNIT_DURATION, false, "service time of the slowest download"},
    [METRIC_BYTES] = {"bytes", "", UNIT_BYTES, true, "bytes of all bodies"},
    [METRIC_FAILURES] = {"failures", "errors", UNIT_COUNT, true, "downloads that failed"},
    [METRIC_CONNECTS] = {"connects", "", UNIT_COUNT, true, "connections made"},
    [METRIC_CPU] = {"cpu", "", UNIT_DURATION, false, "CPU time, user and system"},
    [METRIC_MEMORY] = {"memory", "rss", UNIT_BYTES, false, "peak memory, of all processes of the mode"},
    [METRIC_VOLUNTARY] = {"voluntary", "", UNIT_COUNT, false, "context switches to wait for something"},
    [METRIC_INVOLUNTARY] = {"involuntary", "", UNIT_COUNT, false, "context switches because others were to run"},
};

enum metric metric_find(const char *name)
{
    enum metric metric = 0;
    while (metric < METRIC_COUNT && strcmp(descriptions[metric].name, name) != 0 &&
           !text_list_has(descriptions[metric].aliases, name))
        metric++;
    return metric;
}

const struct metric_description *metric_describe(enum metric metric)
{
    assert(metric < METRIC_COUNT);
    return &descriptions[metric];
}

char *metric_names(char *buffer, size_t size)
{
    size_t length = 0;
    buffer[0] = '\0';
    for (enum metric metric = 0; metric < METRIC_COUNT && length < size; metric++)
        length +=
            (size_t)snprintf(buffer + length, size - length, "%s%s", length > 0 ? ", " : "", descriptions[metric].name);
    return buffer;
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
