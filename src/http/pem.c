#include "pem.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conc_bench/platform/memory.h"

struct pem pem_look(const char *path)
{
    struct pem pem = {0};
    struct stat status;
    char line[256];
    pem.is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    FILE *file = pem.is_folder ? NULL : fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        bool is_first = strncmp(line, "-----BEGIN ", strlen("-----BEGIN ")) == 0;
        pem.has_certificate |= is_first && strstr(line, "CERTIFICATE-----") != NULL;
        pem.has_key |= is_first && strstr(line, "PRIVATE KEY-----") != NULL;
        pem.is_locked |= is_first && strstr(line, "ENCRYPTED PRIVATE KEY-----") != NULL;
        pem.is_locked |= strncmp(line, "Proc-Type: 4,ENCRYPTED", strlen("Proc-Type: 4,ENCRYPTED")) == 0;
    }
    /* A line of a key may be left here. */
    memory_wipe(line, sizeof(line));
    if (file != NULL)
        fclose(file);
    return pem;
}
