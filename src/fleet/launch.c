#include "launch.h"

#include <stddef.h>
#include <stdlib.h>

#include "conc_bench/base/number.h"

#define OTHER_LAUNCHER "use the launcher that belongs to that library"

/* The step of Slurm, and not the job: a script of sbatch runs once, whatever is started in it. PMIX_RANK comes last,
 * since it tells no number of processes. */
static const struct {
    const char *launcher;
    const char *size;
    const char *rank;
    const char *advice;
} launchers[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", OTHER_LAUNCHER},
    {"mpirun or srun", "PMI_SIZE", "PMI_RANK", OTHER_LAUNCHER},
    {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "use srun --mpi=pmix with Open MPI, and --mpi=pmi2 with MPICH"},
    {"a launcher with PMIx", NULL, "PMIX_RANK", OTHER_LAUNCHER},
};

/* -1: there is no such number. */
static int read_count(const char *name, uint32_t *count)
{
    const char *text = name != NULL ? getenv(name) : NULL;
    uint64_t value;
    if (text == NULL || number_parse_count(text, &value) != 0 || value > UINT32_MAX)
        return -1;
    *count = (uint32_t)value;
    return 0;
}

struct launch launch_look(void)
{
    struct launch launch = {.size = 1};
    for (size_t i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++) {
        uint32_t size = 0;
        uint32_t rank = 0;
        bool has_size = read_count(launchers[i].size, &size) == 0;
        bool has_rank = read_count(launchers[i].rank, &rank) == 0;
        if (launchers[i].size != NULL && !has_size)
            continue;
        if (!has_rank && !has_size)
            continue;
        if (has_size && size <= 1)
            return launch;
        return (struct launch){
            .launcher = launchers[i].launcher, .advice = launchers[i].advice, .rank = rank, .size = size};
    }
    return launch;
}
