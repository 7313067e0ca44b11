#ifndef CONC_BENCH_WORKLOAD_FILE_BUNDLE_H
#define CONC_BENCH_WORKLOAD_FILE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "conc_bench/base/error.h"

/*
 * The files that options name, with what they hold, so that another process of the same program needs none of them. One
 * process collects each file as it reads it; the other one is given what was collected, and opens no file.
 */

struct file_bundle;

/* Begins to collect. NULL: no memory. */
struct file_bundle *file_bundle_create(struct error *error);

/* Makes a bundle of what file_bundle_bytes() had, which is copied. NULL: it is something else, or there is no memory.
 */
struct file_bundle *file_bundle_read(const char *bytes, size_t length, struct error *error);

/* The bytes of all files; valid as long as nothing is added. */
const char *file_bundle_bytes(const struct file_bundle *bundle, size_t *length);

/* Whether files are to be taken from it rather than opened. */
bool file_bundle_is_given(const struct file_bundle *bundle);

/* Adds what the file of an option (without dashes) holds, unless that is known. -1: no memory. */
int file_bundle_add(struct file_bundle *bundle, const char *option, const char *path, const char *bytes, size_t length);

/* Finds it again; borrowed. NULL: the bundle does not have that file. */
const char *file_bundle_find(const struct file_bundle *bundle, const char *option, const char *path, size_t *length);

/* Wipes and frees it; NULL is allowed. */
void file_bundle_release(struct file_bundle *bundle);

#endif
