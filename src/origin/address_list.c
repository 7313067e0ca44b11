#include "address_list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "conc_bench/base/io.h"
#include "journal_server.h"

enum {
    SERVER_BYTES = 32,       /* "https://127.0.0.1:65535" */
    BLOCK_BYTES = 64 * 1024, /* written at once */
};

static size_t most_bytes(const struct journal_url *url)
{
    return SERVER_BYTES + ADDRESS_HEAD_BYTES + (size_t)ADDRESS_CHARACTER_BYTES * url->length + sizeof("\n");
}

static size_t write_whole(char *buffer, const struct address_base *base, uint32_t number, const struct journal_url *url)
{
    bool is_tls = url->is_tls && base->tls_port != 0;
    int length = snprintf(buffer, SERVER_BYTES, "%s://127.0.0.1:%u", is_tls ? "https" : "http",
                          (unsigned)(is_tls ? base->tls_port : base->port));
    return (size_t)length + address_write(buffer + length, base->token, base->trial, number, url);
}

char *address_make(const struct address_base *base, uint32_t number, const struct journal_url *url)
{
    char *address = malloc(most_bytes(url));
    if (address != NULL)
        write_whole(address, base, number, url);
    return address;
}

struct address_block {
    int file;
    char *bytes;
    size_t length;
    size_t capacity;
};

static int flush(struct address_block *block)
{
    if (io_write_all(block->file, block->bytes, block->length) != 0)
        return -1;
    block->length = 0;
    return 0;
}

static int make_room(struct address_block *block, size_t bytes)
{
    if (block->capacity - block->length >= bytes)
        return 0;
    if (flush(block) != 0)
        return -1;
    if (block->capacity >= bytes)
        return 0;
    size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    char *larger = realloc(block->bytes, capacity);
    if (larger == NULL)
        return -1;
    block->bytes = larger;
    block->capacity = capacity;
    return 0;
}

int address_list_write(const struct address_base *base, const struct journal *journal, int file)
{
    struct address_block block = {.file = file};
    int status = 0;
    for (uint32_t unit = 0; unit < journal_unit_count(journal) && status == 0; unit++) {
        const struct journal_url *url = journal_unit_url(journal, unit);
        status = make_room(&block, most_bytes(url));
        if (status != 0)
            break;
        block.length += write_whole(block.bytes + block.length, base, unit, url);
        block.bytes[block.length++] = '\n';
    }
    if (status == 0)
        status = flush(&block);
    int number = errno;
    free(block.bytes);
    errno = number;
    return status;
}
