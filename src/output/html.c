#include "conc_bench/html.h"

int html_write(FILE *stream, const struct result *result, const struct verdict *verdict, const struct format *format,
               struct error *error)
{
    (void)stream, (void)result, (void)verdict, (void)format, (void)error;
    return 0;
}
