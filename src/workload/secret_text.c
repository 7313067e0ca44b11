#include "secret_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/platform/memory.h"

void secret_text_wipe(struct secret_text *content)
{
    if (content->bytes != NULL)
        memory_wipe(content->bytes, content->capacity);
    free(content->bytes);
    *content = (struct secret_text){0};
}

/* Does not call realloc(), which would leave a copy of the secret behind. */
static int grow(struct secret_text *content, size_t capacity)
{
    struct secret_text larger = {.bytes = malloc(capacity), .length = content->length, .capacity = capacity};
    if (larger.bytes == NULL)
        return -1;
    if (content->length > 0)
        memcpy(larger.bytes, content->bytes, content->length);
    secret_text_wipe(content);
    *content = larger;
    return 0;
}

int secret_text_append(struct secret_text *content, const char *bytes, size_t length)
{
    size_t needed = content->length + length + 1;
    if (needed > content->capacity && grow(content, 2 * needed) != 0)
        return -1;
    memcpy(content->bytes + content->length, bytes, length);
    content->length += length;
    content->bytes[content->length] = '\0';
    return 0;
}

int secret_text_read(struct secret_text *content, FILE *file, const char *place, const char *path, size_t limit,
                     struct error *error)
{
    char block[16384];
    size_t count;
    int status = 0;
    errno = 0;
    while (status == 0 && (count = fread(block, 1, sizeof(block), file)) > 0) {
        if (content->length + count > limit)
            status = error_set(error, ERROR_USAGE, "%s: %s is longer than %zu bytes", place, path, limit);
        else if (secret_text_append(content, block, count) != 0)
            status = error_set(error, ERROR_ENVIRONMENT, "no memory for the value of %s", place);
    }
    if (status == 0 && ferror(file))
        status = error_set_system(error, ERROR_USAGE, errno, "%s: cannot read %s", place, path);
    memory_wipe(block, sizeof(block));
    return status;
}

void secret_text_drop_line_ends(struct secret_text *content)
{
    size_t kept = 0;
    for (size_t i = 0; i < content->length; i++) {
        if (strchr("\r\n", content->bytes[i]) == NULL) /* finds the NUL as well */
            content->bytes[kept++] = content->bytes[i];
    }
    content->length = kept;
    if (content->bytes != NULL)
        content->bytes[kept] = '\0';
}
