#include "visitors.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>

static void take_out(struct visitors *visitors, struct visitor *visitor)
{
    *(visitor->older != NULL ? &visitor->older->newer : &visitors->oldest) = visitor->newer;
    *(visitor->newer != NULL ? &visitor->newer->older : &visitors->newest) = visitor->older;
    visitor->older = visitor->newer = NULL;
    visitor->is_unknown = false;
}

struct visitor *visitors_enter(struct visitors *visitors, struct MHD_Connection *connection)
{
    visitors->open++;
    struct visitor *visitor = malloc(sizeof(*visitor));
    if (visitor == NULL)
        return NULL;
    *visitor =
        (struct visitor){.connection = connection, .unit = NO_UNIT, .older = visitors->newest, .is_unknown = true};
    *(visitors->newest != NULL ? &visitors->newest->newer : &visitors->oldest) = visitor;
    visitors->newest = visitor;
    return visitor;
}

bool visitors_know(struct visitors *visitors, struct visitor *visitor)
{
    if (visitor == NULL || !visitor->is_unknown)
        return false;
    take_out(visitors, visitor);
    return true;
}

void visitors_leave(struct visitors *visitors, struct visitor *visitor)
{
    visitors->open--;
    visitors_know(visitors, visitor);
    free(visitor);
}

void visitors_end_oldest(struct visitors *visitors)
{
    struct visitor *visitor = visitors->oldest;
    if (visitor == NULL)
        return;
    take_out(visitors, visitor);
    /* libmicrohttpd sees the end of its input, and closes it. */
    shutdown(MHD_get_connection_info(visitor->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, SHUT_RDWR);
}
