#include "conc_bench/workload/file_bundle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "secret_text.h"

/* Files behind each other: of each its length, the option and the path with their zero bytes, and the content. */
struct file_bundle {
    struct secret_text files;
    bool is_given;
};

/* One of them. */
struct bundled_file {
    const char *option;
    const char *path;
    const char *content;
    uint64_t length;
};

/* NULL: no text ends there. */
static const char *take_text(const char **next, size_t *left)
{
    const char *text = *next;
    const char *end = *left > 0 ? memchr(text, '\0', *left) : NULL;
    if (end == NULL)
        return NULL;
    *left -= (size_t)(end + 1 - text);
    *next = end + 1;
    return text;
}

/* Takes the file at `*next`. False: there is none, or a part of one. */
static bool take_file(const char **next, size_t *left, struct bundled_file *file)
{
    if (*left < sizeof(file->length))
        return false;
    memcpy(&file->length, *next, sizeof(file->length));
    *next += sizeof(file->length);
    *left -= sizeof(file->length);
    file->option = take_text(next, left);
    file->path = file->option != NULL ? take_text(next, left) : NULL;
    file->content = *next;
    if (file->path == NULL || file->length > *left)
        return false;
    *next += file->length;
    *left -= (size_t)file->length;
    return true;
}

static struct file_bundle *fail_memory(struct file_bundle *bundle, struct error *error)
{
    file_bundle_release(bundle);
    error_set(error, ERROR_ENVIRONMENT, "no memory for the files of options");
    return NULL;
}

struct file_bundle *file_bundle_create(struct error *error)
{
    struct file_bundle *bundle = calloc(1, sizeof(*bundle));
    if (bundle == NULL || secret_text_append(&bundle->files, "", 0) != 0)
        return fail_memory(bundle, error);
    return bundle;
}

struct file_bundle *file_bundle_read(const char *bytes, size_t length, struct error *error)
{
    struct bundled_file file;
    struct file_bundle *bundle = file_bundle_create(error);
    if (bundle == NULL)
        return NULL;
    if (secret_text_append(&bundle->files, bytes, length) != 0)
        return fail_memory(bundle, error);
    const char *next = bundle->files.bytes;
    size_t left = length;
    while (left > 0) {
        if (take_file(&next, &left, &file))
            continue;
        file_bundle_release(bundle);
        error_set(error, ERROR_ENVIRONMENT, "the files of options have not arrived as they were sent");
        return NULL;
    }
    bundle->is_given = true;
    return bundle;
}

const char *file_bundle_bytes(const struct file_bundle *bundle, size_t *length)
{
    *length = bundle->files.length;
    return bundle->files.bytes;
}

bool file_bundle_is_given(const struct file_bundle *bundle)
{
    return bundle != NULL && bundle->is_given;
}

int file_bundle_add(struct file_bundle *bundle, const char *option, const char *path, const char *bytes, size_t length)
{
    const uint64_t content_length = length;
    struct secret_text *files = &bundle->files;
    size_t known;
    if (file_bundle_find(bundle, option, path, &known) != NULL)
        return 0;
    if (secret_text_append(files, (const char *)&content_length, sizeof(content_length)) != 0 ||
        secret_text_append(files, option, strlen(option) + 1) != 0 ||
        secret_text_append(files, path, strlen(path) + 1) != 0)
        return -1;
    return length > 0 ? secret_text_append(files, bytes, length) : 0;
}

const char *file_bundle_find(const struct file_bundle *bundle, const char *option, const char *path, size_t *length)
{
    struct bundled_file file;
    const char *next = bundle->files.bytes;
    size_t left = bundle->files.length;
    while (take_file(&next, &left, &file)) {
        if (strcmp(file.option, option) == 0 && strcmp(file.path, path) == 0) {
            *length = (size_t)file.length;
            return file.content;
        }
    }
    return NULL;
}

void file_bundle_release(struct file_bundle *bundle)
{
    if (bundle != NULL)
        secret_text_wipe(&bundle->files);
    free(bundle);
}
