/* Writes what documents say of things that the sources describe: "describe metrics" the rows of docs/json.md. */
#include <stdio.h>
#include <string.h>

#include "conc_bench/metrics.h"

static void write_metrics(void)
{
    static const char *const units[] = {[UNIT_DURATION] = "s",
                                        [UNIT_BYTES] = "bytes",
                                        [UNIT_COUNT] = "count",
                                        [UNIT_RATE] = "per s",
                                        [UNIT_PLAIN] = "ratio"};
    puts("| Field | In `--assert` | Unit | Meaning |\n|---|---|---|---|");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        printf("| `%s` | `%s`", row->name, row->claim);
        if (row->aliases[0] != '\0')
            printf(", `%s`", row->aliases);
        printf(" | %s | %s%s |\n", units[row->unit], row->meaning,
               (row->traits & METRIC_HAS_INTERVAL) != 0 ? ": `value`, `low`, `high`, `confidence`" : "");
    }
}

int main(int count, char **arguments)
{
    if (count != 2 || strcmp(arguments[1], "metrics") != 0) {
        fputs("usage: describe metrics\n", stderr);
        return 2;
    }
    write_metrics();
    return 0;
}
