#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "content.h"

/* Totals of a machine over all complete rounds of the ranked cells. */
struct machine_total {
    uint64_t settled, failed;
    uint32_t last; /* rounds in which it was the last one to have work */
    double behind; /* shares of these rounds for which it alone had some, added up */
    double idle;   /* shares of rounds in which it had none left, added up */
    double cpu;    /* seconds */
    double clock_error;
};

static void add_trial(const struct trial *trial, size_t machine, struct machine_total *total)
{
    const struct trial_machine *own = &trial->machines[machine];
    nanoseconds longest = 0, others = 0;
    for (size_t i = 0; i < trial->machine_count; i++) {
        longest = trial->machines[i].run > longest ? trial->machines[i].run : longest;
        if (i != machine && trial->machines[i].run > others)
            others = trial->machines[i].run;
    }
    total->settled += own->settled;
    total->failed += own->failed;
    bool is_last = own->run == longest && trial->machine_count > 1;
    total->last += is_last;
    total->behind += is_last && longest > 0 ? 1 - clock_seconds(others) / clock_seconds(longest) : 0;
    total->idle += longest > 0 ? 1 - clock_seconds(own->run) / clock_seconds(longest) : 0;
    total->cpu += clock_seconds(own->cpu);
    total->clock_error = fmax(total->clock_error, clock_seconds(own->clock_error));
}

/* Returns the number of rounds. */
static uint32_t add_up(const struct run *run, size_t machine, struct machine_total *total)
{
    uint32_t rounds = 0;
    *total = (struct machine_total){0};
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        for (size_t j = 0; j < cell->trial_count && cell->stage == STAGE_MAIN; j++) {
            const struct trial *trial = &cell->trials[j];
            if (trial->status != TRIAL_COMPLETE || machine >= trial->machine_count)
                continue;
            add_trial(trial, machine, total);
            rounds++;
        }
    }
    return rounds;
}

static void add_words(struct content *content, struct section *section, const char *head)
{
    content_add_column(content, section, head, head, true);
}

static void add_row(struct content *content, struct section *section, const struct run_machine *machine,
                    const struct machine_total *total, uint32_t rounds)
{
    content_add_row(content, section, NULL);
    content_add_cell(content, section, PAINT_NONE, content_outside(content, machine->name));
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%" PRIu32, machine->cores));
    if (rounds == 0)
        return;
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%" PRIu64, total->settled));
    content_add_cell(content, section, total->failed > 0 ? PAINT_BAD : PAINT_NONE,
                     content_text(content, "%" PRIu64, total->failed));
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%" PRIu32, total->last));
    content_add_cell(content, section, PAINT_NONE, content_text(content, "%.1f", 100 * total->idle / rounds));
    content_add_digits(content, section, total->cpu, "");
    content_add_digits(content, section, 1e6 * total->clock_error, "");
}

/* Finds the machine that was the last to finish most often. Sums the idle shares of all machines over all trials into
 * `idle`. */
static size_t find_latest(const struct run *run, struct machine_total *latest, double *idle, uint32_t *rounds,
                          uint32_t *parts)
{
    size_t found = 0;
    *latest = (struct machine_total){0};
    *idle = 0;
    *parts = 0;
    for (size_t i = 0; i < run->machine_count; i++) {
        struct machine_total total;
        uint32_t taken = add_up(run, i, &total);
        /* The leader takes part in every trial, others in those of enough machines. */
        *rounds = i == 0 ? taken : *rounds;
        *parts += taken;
        *idle += total.idle;
        if (total.last > latest->last) {
            *latest = total;
            found = i;
        }
    }
    return found;
}

const char *content_tell_balance(struct content *content, const struct run *run)
{
    struct machine_total latest;
    double idle;
    uint32_t rounds = 0, parts;
    size_t machine = find_latest(run, &latest, &idle, &rounds, &parts);
    if (latest.last == 0)
        return NULL;
    return content_text(content,
                        "Balance: %s was the last to finish in %" PRIu32 " of %" PRIu32
                        " trials, on average %.1f %% of a trial behind the machine before it; a machine had nothing "
                        "left to do for %.1f %% of a trial, on average",
                        content_outside(content, run->machines[machine].name), latest.last, rounds,
                        100 * latest.behind / latest.last, 100 * idle / parts);
}

bool content_has_machine_numbers(const struct run *run)
{
    for (size_t i = 1; i < run->cell_count; i++) {
        if (cell_machines(&run->cells[i]) != cell_machines(&run->cells[0]))
            return true;
    }
    return false;
}

const char *content_on_machines(struct content *content, const struct run *run)
{
    return run->machine_count < 2 ? ""
                                  : content_text(content, " on %s%zu machines",
                                                 content_has_machine_numbers(run) ? "up to " : "", run->machine_count);
}

const char *content_tell_origin(struct content *content, const struct run *run)
{
    if (strstr(run->origin, RUN_ORIGIN_EACH) != NULL)
        return "The server of each machine runs on the same cores as its downloads, which no network slows down";
    return content_text(content,
                        "The server runs on %s, on the same cores as the downloads of that machine, which no network "
                        "slows down",
                        content_outside(content, run->machines[0].name));
}

void content_add_machines(struct content *content, const struct run *run)
{
    if (run->machine_count < 2)
        return;
    struct section *section = content_add_section(content, SECTION_MACHINES, "Machines");
    add_words(content, section, "machine");
    content_add_figures(content, section, "cores", "cores", 0);
    content_add_figures(content, section, "downloads", "downloads", 0);
    content_add_figures(content, section, "failed", "failed", 0);
    content_add_figures(content, section, "last", "finished last", 0);
    content_add_figures(content, section, "idle %", "idle at the end [%]", 0);
    content_add_figures(content, section, "CPU s", "CPU [s]", 0);
    content_add_figures(content, section, "clock us", "clock within [us]", 0);
    for (size_t i = 0; i < run->machine_count; i++) {
        struct machine_total total;
        uint32_t rounds = add_up(run, i, &total);
        add_row(content, section, &run->machines[i], &total, rounds);
    }
    section->note = "Sums over all complete trials of what is ranked. Last: trials in which the machine was the last "
                    "one to finish. Idle: the share of a trial for which it had nothing left to do. Clock: how well "
                    "its clock is known.";
}
