/* libFuzzer target: no bytes crash the reader of documents; what it takes can be judged and written in every format,
 * and the document written of it is read back into the very same document; what it refuses has a sentence. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conc_bench/document/import.h"
#include "conc_bench/document/json.h"
#include "fuzz.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/terminal.h"
#include "report/trace.h"

/* Reads a text as a file. -1: refused. */
static int read_text(const void *text, size_t size, struct import *import, struct error *error)
{
    char path[64];
    int file = memfd_create("document", 0);
    require(file >= 0 && write(file, text, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    int status = import_read(path, true, import, error);
    close(file);
    return status;
}

/* Writes everything; the text of the document is returned, to be freed. */
static char *write_all(struct import *import, size_t *length)
{
    const struct analysis_request request = {.assertion_results = import->assertion_results,
                                             .assertion_result_count = import->assertion_result_count};
    const struct format format = format_default();
    const struct format narrow = {.is_coloured = true, .width = 30};
    struct analysis analysis;
    struct error error = {0};
    char *text = NULL;
    char *other = NULL;
    size_t other_length = 0;
    require(analysis_make(&import->run, &import->totals, &request, &analysis, &error) == 0);
    FILE *stream = open_memstream(&text, length);
    require(json_write(stream, &import->run, &analysis, &format, &error) == 0);
    fclose(stream);
    stream = open_memstream(&other, &other_length);
    require(terminal_write_details(stream, &import->run, &analysis, &format, &error) == 0);
    require(terminal_write_details(stream, &import->run, &analysis, &narrow, &error) == 0);
    require(terminal_write_verdict(stream, &import->run, &analysis, &format, &error) == 0);
    require(csv_write(stream, &import->run, &analysis, &format, &error) == 0);
    require(csv_write_urls(stream, &import->run, &analysis, &format, &error) == 0);
    require(csv_write_requests(stream, &import->run, &analysis, &format, &error) == 0);
    require(markdown_write(stream, &import->run, &analysis, &format, &error) == 0);
    require(junit_write(stream, &import->run, &analysis, &format, &error) == 0);
    require(trace_write(stream, &import->run, &analysis, &format, &error) == 0);
    fflush(stream);
    for (size_t i = 0; i < other_length; i++) {
        bool is_ours = other[i] == '\n' || other[i] == '\033'; /* of the coloured table */
        require(is_ours || (unsigned char)other[i] >= ' ');
    }
    require(html_write(stream, &import->run, &analysis, &format, &error) == 0);
    fclose(stream);
    free(other);
    analysis_release(&analysis);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import first;
    struct import second;
    struct error error = {0};
    if (read_text(data, size, &first, &error) != 0) {
        require(error.message[0] != '\0');
        return 0;
    }
    size_t length;
    size_t again_length;
    char *text = write_all(&first, &length);
    require(read_text(text, length, &second, &error) == 0);
    char *again = write_all(&second, &again_length);
    require(length == again_length && memcmp(text, again, length) == 0);
    free(text);
    free(again);
    import_release(&first);
    import_release(&second);
    return 0;
}
