#include "body.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum {
    LARGEST_WHOLE = 1024 * 1024, /* bodies up to here lie in memory, and leave in one system call with the headers */
    READER_BLOCK = 256 * 1024,
};

void body_fill(char *buffer, size_t length)
{
    memset(buffer, 'x', length);
}

static ssize_t read_body(void *context, uint64_t position, char *buffer, size_t length)
{
    (void)context;
    (void)position;
    body_fill(buffer, length);
    return (ssize_t)length;
}

static struct MHD_Response *create_whole(size_t bytes)
{
    char *content = malloc(bytes + 1);
    if (content == NULL)
        return NULL;
    body_fill(content, bytes);
    struct MHD_Response *response = MHD_create_response_from_buffer(bytes, content, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(content);
    return response;
}

struct MHD_Response *body_create(uint64_t bytes)
{
    if (bytes <= LARGEST_WHOLE)
        return create_whole((size_t)bytes);
    /* One reader for all connections: libmicrohttpd keeps each one's position, and asks again where its buffer was
     * filled for another. */
    return MHD_create_response_from_callback(bytes, READER_BLOCK, read_body, NULL, NULL);
}

struct MHD_Response *body_create_refusal(void)
{
    static char content[] = "503: this request was drawn to fail.\n";
    _Static_assert(sizeof(content) - 1 == BODY_REFUSAL_BYTES, "the journal tells its size");
    return MHD_create_response_from_buffer(sizeof(content) - 1, content, MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *body_create_dismissal(void)
{
    static char content[] = "403: this server answers the run it was started for, and nobody else.\n";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof(content) - 1, content, MHD_RESPMEM_PERSISTENT);
    if (response == NULL || MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

struct MHD_Response *body_create_absence(void)
{
    static char content[] = "404: this address stands for no download of the run.\n";
    return MHD_create_response_from_buffer(sizeof(content) - 1, content, MHD_RESPMEM_PERSISTENT);
}
