#ifndef CONC_BENCH_PLATFORM_PROC_FILE_H
#define CONC_BENCH_PLATFORM_PROC_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Files of proc(5) whose lines are of the kind "Name:   123 kB".
 */

struct proc_field {
    const char *name;
    int64_t value; /* as it stands there, in whatever unit; -1: there is no such line */
};

/* Reads all fields at once, since the kernel may make the file anew each time it is opened. Returns 0, or -1 where the
 * file cannot be opened; errno says why, and all values are -1. */
int proc_file_read(const char *path, struct proc_field *fields, size_t count);

#endif
