#include "proc_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int proc_file_read(const char *path, struct proc_field *fields, size_t count)
{
    char line[256];
    for (size_t i = 0; i < count; i++)
        fields[i].value = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL) {
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(fields[i].name);
            if (strncmp(line, fields[i].name, length) == 0 && line[length] == ':')
                fields[i].value = strtoll(line + length + 1, NULL, 10);
        }
    }
    fclose(file);
    return 0;
}
