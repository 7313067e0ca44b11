#include "conc_bench/document/json.h"

#include "records.h"

int json_write(FILE *stream, const struct run *run, const struct analysis *analysis, const struct format *format,
               struct error *error)
{
    (void)format;
    struct record_writer writer = {
        .json = {.stream = stream}, .run = run, .analysis = analysis, .began = run_began(run)};
    /* Rows lead to what is read as well as written; here nothing is changed. */
    const struct document document = {.run = (struct run *)run,
                                      .analysis = analysis,
                                      .validity = (struct validity *)&analysis->stats.validity,
                                      .per_url = analysis->stats.per_url,
                                      .assertion_results = analysis->assertion_results,
                                      .assertion_result_count = analysis->assertion_result_count};
    record_write(&writer, &record_document_all, &document);
    fputc('\n', stream);
    if (writer.json.has_failed)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the JSON document");
    return 0;
}
