#include "conc_bench/modes/mode.h"

#include <stdio.h>
#include <string.h>

#include "conc_bench/base/text.h"
#include "modes.h"

const struct mode *const mode_registry[] = {
    &mode_sync, &mode_threads, &mode_event_loop, &mode_processes, &mode_hybrid, &mode_null, NULL,
};

const struct mode *mode_find(const char *name)
{
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if (strcmp(mode_registry[i]->name, name) == 0 || text_list_has(mode_registry[i]->aliases, name))
            return mode_registry[i];
    }
    return NULL;
}

char *mode_names(char *buffer, size_t size)
{
    buffer[0] = '\0';
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) == 0)
            text_append(buffer, size, "%s%s", buffer[0] != '\0' ? ", " : "", mode_registry[i]->name);
    }
    return buffer;
}

uint32_t mode_workers(const struct mode *mode, uint32_t workers)
{
    return (mode->traits & MODE_ONE_WORKER) != 0 ? 1 : workers;
}
