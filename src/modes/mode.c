#include "conc_bench/modes/mode.h"

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

void mode_add_names(struct text_buffer *names)
{
    const char *separator = "";
    for (size_t i = 0; mode_registry[i] != NULL; i++) {
        if ((mode_registry[i]->traits & MODE_HIDDEN) != 0)
            continue;
        text_buffer_add(names, "%s%s", separator, mode_registry[i]->name);
        separator = ", ";
    }
}

uint32_t mode_workers(const struct mode *mode, uint32_t workers)
{
    return (mode->traits & MODE_ONE_WORKER) != 0 ? 1 : workers;
}
