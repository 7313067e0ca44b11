#include "http2.h"

#include <stddef.h>

#define VERSION(major, minor, patch) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(patch))

/* Both ends belong to it. From curl's own reports of the versions named there; what only meets transfers that are
 * paused (8.16) or unencrypted (7.88) is not among them, since conc-bench has neither. */
static const struct {
    uint32_t first;
    uint32_t last;
    const char *what;
} flaws[] = {
    {VERSION(8, 1, 0), VERSION(8, 1, 2),
     "downloads hang when the server closes an HTTP/2 connection: use 8.4 or later"},
    {VERSION(8, 2, 0), VERSION(8, 2, 0), "requests over HTTP/2 can hang: use 8.4 or later"},
    {VERSION(8, 2, 1), VERSION(8, 3, 0),
     "downloads fail when the server has had enough of an HTTP/2 connection (GOAWAY): use 8.4 or later"},
};

const char *http2_flaw(uint32_t version)
{
    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        if (version >= flaws[i].first && version <= flaws[i].last)
            return flaws[i].what;
    }
    return NULL;
}
