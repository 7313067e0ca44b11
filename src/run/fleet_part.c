#include "fleet_part.h"

#include <stdlib.h>

/* A quarter of what a trial may take, but never as little as a busy machine may be silent. */
#define LONGEST_SILENCE  (30 * NANOSECONDS_PER_SECOND)
#define SHORTEST_SILENCE (5 * NANOSECONDS_PER_SECOND)

nanoseconds fleet_longest_silence(nanoseconds deadline)
{
    nanoseconds silence = deadline / 4;
    if (silence > LONGEST_SILENCE)
        return LONGEST_SILENCE;
    return silence < SHORTEST_SILENCE ? SHORTEST_SILENCE : silence;
}

struct fleet_part *fleet_part_create(const struct plan *plan, struct error *error)
{
    struct fleet_part *part = calloc(1, sizeof(*part));
    if (part != NULL) {
        part->plan = plan;
        part->rank = fleet_rank();
        part->followers = calloc(fleet_size(), sizeof(part->followers[0]));
    }
    if (part == NULL || part->followers == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for this machine's part of the plan");
        fleet_part_release(part);
        return NULL;
    }
    return part;
}

void fleet_part_release(struct fleet_part *part)
{
    if (part == NULL)
        return;
    sample_table_release(part->table);
    free(part->unit_urls);
    free(part->due);
    free(part->followers);
    fleet_answers_release(part->answers);
    free(part);
}

/* Copies the instants of the plan: the units of a part are due when they are in the plan. */
static int set_due(struct fleet_part *part, const nanoseconds *due, struct error *error)
{
    free(part->due);
    part->due = NULL;
    if (due == NULL)
        return 0;
    part->due = calloc((size_t)part->unit_count + 1, sizeof(part->due[0]));
    if (part->due == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the instants at which downloads are due");
    for (uint32_t own = 0; own < part->unit_count; own++)
        part->due[own] = due[share_unit(&part->share, part->rank, own)];
    return 0;
}

/* The URLs stay as they are from one trial to the next, unless other machines take part. */
static int set_share(struct fleet_part *part, uint32_t machines, struct error *error)
{
    if (part->unit_urls != NULL && part->share.machines == machines)
        return 0;
    part->share = plan_share(part->plan, machines);
    uint32_t count = share_count(&part->share, part->rank);
    free(part->unit_urls);
    part->unit_urls = calloc((size_t)count + 1, sizeof(part->unit_urls[0]));
    if (part->unit_urls == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for this machine's part of the plan");
    for (uint32_t own = 0; own < count; own++)
        part->unit_urls[own] = part->plan->unit_urls[share_unit(&part->share, part->rank, own)];
    return 0;
}

int fleet_part_set(struct fleet_part *part, uint32_t machines, uint32_t units, const nanoseconds *due,
                   struct error *error)
{
    if (set_share(part, machines, error) != 0)
        return -1;
    part->share.unit_count = units;
    part->unit_count = share_count(&part->share, part->rank);
    if (set_due(part, due, error) != 0)
        return -1;
    if (part->table != NULL && part->table->unit_count == part->unit_count)
        return 0;
    sample_table_release(part->table);
    part->table = sample_table_create(part->unit_count, error);
    if (part->table == NULL)
        return -1;
    sample_table_populate(part->table);
    return 0;
}

/* Workers of a trial that broke off may still be dying and write to it. */
void fleet_part_reuse_table(struct fleet_part *part, enum trial_status status)
{
    if (status == TRIAL_COMPLETE) {
        sample_table_clear(part->table);
        return;
    }
    sample_table_release(part->table);
    part->table = NULL;
}
