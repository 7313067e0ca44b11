#include <locale.h>
#include <stdio.h>

#include "conc_bench/error.h"
#include "conc_bench/options.h"
#include "conc_bench/session.h"
#include "conc_bench/transfer.h"

static int print_error(const struct error *error)
{
    fprintf(stderr, "conc-bench: %s\n", error->message);
    if (error->excerpt[0] != '\0')
        fprintf(stderr, "    %s\n    %*s^\n", error->excerpt, (int)error->column, "");
    if (error->kind == ERROR_USAGE)
        fputs("Try 'conc-bench --help'.\n", stderr);
    return (int)error->kind;
}

static int print_version(void)
{
    printf("conc-bench %s\n%s\n", CONC_BENCH_VERSION, transfer_library_version());
    return 0;
}

/* A report that was cut off by a full disk must not look like a success. */
static int check_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("conc-bench: cannot write to standard output");
    return ERROR_ENVIRONMENT;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct error error = {0};
    /* International host names are read in the user's encoding. Numbers stay in the C locale: they are for machines
     * too. */
    setlocale(LC_CTYPE, "");
    int status = options_parse(argc, argv, &options, &error);
    if (status == 0 && options.show_help)
        options_print_help(stdout);
    else if (status == 0 && options.show_version)
        print_version();
    else if (status == 0 && options.show_completion)
        options_print_completion(stdout, options.shell);
    else if (status == 0 && options.import_json != NULL)
        status = session_import(&options, &error);
    else if (status == 0)
        status = session_run(&options, &error);
    options_release(&options);
    return check_output(status >= 0 ? status : print_error(&error));
}
