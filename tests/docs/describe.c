/* Writes what documents say of things that the sources describe: "describe metrics" the table of metrics, "describe
 * schema" the JSON Schema, "describe quirks" the table of docs/reliability.md, and "describe RECORD" the table of that
 * record of the JSON document. */
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"
#include "document/schema.h"
#include "http/quirks.h"

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
        printf("| `%s` | `%s`", row->name, row->assertion);
        if (row->aliases[0] != '\0')
            printf(", `%s`", row->aliases);
        printf(" | %s | %s%s |\n", units[row->unit], row->meaning,
               (row->traits & METRIC_HAS_INTERVAL) != 0 ? ": `value`, `low`, `high`, `confidence`" : "");
    }
}

static void write_version(const char *before, uint32_t version)
{
    printf("%s%u.%u", before, (unsigned)(version >> 16), (unsigned)(version >> 8 & 0xff));
}

static void write_quirks(void)
{
    puts("| Quirk | libcurl | What it does | Way around | Test |\n|---|---|---|---|---|");
    for (enum quirk quirk = 0; quirk < QUIRK_COUNT; quirk++) {
        const struct quirk_row *row = quirk_row(quirk);
        printf("| `%s` | ", row->name);
        if (row->first != 0)
            write_version("from ", row->first);
        if (row->fixed != 0)
            write_version(row->first != 0 ? ", before " : "before ", row->fixed);
        else if (row->first == 0)
            printf("all");
        printf(" | %s | `%s` | `%s` (*%s*) |\n", row->symptom, row->place, row->suite, row->test);
    }
}

int main(int count, char **arguments)
{
    const char *what = count == 2 ? arguments[1] : "";
    if (strcmp(what, "metrics") == 0)
        write_metrics();
    else if (strcmp(what, "schema") == 0)
        schema_write(stdout);
    else if (strcmp(what, "quirks") == 0)
        write_quirks();
    else if (schema_write_table(stdout, what) != 0)
        return fputs("usage: describe metrics|schema|quirks|RECORD\n", stderr), 2;
    return 0;
}
