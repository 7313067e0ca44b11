/* Writes what documents say of things that the sources describe: "describe metrics" the table of docs/json.md,
 * "describe schema" what docs/conc-bench-1.schema.json has of them, "describe quirks" the table of
 * docs/reliability.md. */
#include <stdio.h>
#include <string.h>

#include "conc_bench/analysis/metrics.h"
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

/* The part of the JSON Schema that is about metrics. A figure that does not exist is null. */
static void write_schema(void)
{
    puts("{\"properties\": {");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_row *row = metric_row(metric);
        printf("%s\"%s\": ", metric > 0 ? ",\n" : "", row->name);
        if ((row->traits & METRIC_HAS_INTERVAL) != 0)
            printf("{\"$ref\": \"#/$defs/estimate\"}");
        else
            printf("{\"type\": [\"%s\", \"null\"], \"minimum\": 0}",
                   (row->traits & METRIC_WHOLE) != 0 ? "integer" : "number");
    }
    puts("}, \"required\": [");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++)
        printf("%s\"%s\"", metric > 0 ? ", " : "", metric_row(metric)->name);
    puts("]}");
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
        else
            printf("all");
        printf(" | %s | `%s` | `%s` (*%s*) |\n", row->symptom, row->place, row->suite, row->test);
    }
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "metrics") == 0) {
        write_metrics();
        return 0;
    }
    if (count == 2 && strcmp(arguments[1], "schema") == 0) {
        write_schema();
        return 0;
    }
    if (count == 2 && strcmp(arguments[1], "quirks") == 0) {
        write_quirks();
        return 0;
    }
    fputs("usage: describe metrics|schema|quirks\n", stderr);
    return 2;
}
