#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/environment.h"
#include "conc_bench/base/error.h"
#include "conc_bench/base/init_process.h"
#include "conc_bench/cli/options.h"
#include "conc_bench/fleet/fleet.h"
#include "conc_bench/http/transfer.h"
#include "conc_bench/report/stream.h"
#include "conc_bench/session/session.h"

static int print_error(const struct error *error)
{
    fprintf(stderr, "conc-bench: %s\n", error->message);
    if (error->excerpt[0] != '\0')
        fprintf(stderr, "    %s\n    %*s^\n", error->excerpt, (int)error->column, "");
    if (error->kind == ERROR_USAGE)
        fputs("Try 'conc-bench --help'.\n", stderr);
    return (int)error->kind;
}

/* An error that all processes of a run share is printed by the leader alone. */
static int tell(const struct error *error)
{
    return fleet_rank() == 0 ? print_error(error) : (int)error->kind;
}

static int print_version(void)
{
    const char *built_against = transfer_library_built_against();
    printf("conc-bench %s\n%s\n", CONC_BENCH_VERSION, transfer_library_version());
    if (built_against != NULL)
        printf("built against libcurl/%s\n", built_against);
    return 0;
}

/* Opens standard streams that are closed: otherwise the next file or socket to be opened would receive what is
 * printed. */
static void keep_standard_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        /* The other way round, so that what is read or written there fails as it did. */
        if (fcntl(stream, F_GETFD) < 0)
            open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

/* Output that nobody reads, or that may not grow, is an error to tell, and leaves nothing half written. */
static void survive_broken_output(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

/* Does what the command line asks for. */
static int run_command(const struct options *options, struct error *error)
{
    int status = 0;
    if (options->show_help)
        options_print_help(stdout);
    else if (options->show_version)
        print_version();
    else if (options->show_completion)
        options_print_completion(stdout, options->shell);
    else {
        survive_broken_output();
        status = options->import_json != NULL ? session_import(options, error) : session_run(options, error);
    }
    return status;
}

/* A report that was cut off by a full disk must not look like a success. */
static int check_output(int status)
{
    int failure = stream_settle(stdout);
    if (failure == 0)
        return status;
    fprintf(stderr, "conc-bench: cannot write to standard output: %s\n", strerror(failure));
    return ERROR_ENVIRONMENT;
}

static int run(int argc, char **argv)
{
    struct options options = {0};
    struct error error = {0};
    struct file_bundle *files = NULL;
    int status = 0;
    /* The other machines have no files. */
    if (fleet_size() > 1)
        status = (files = file_bundle_create(&error)) != NULL ? 0 : -1;
    options.request.files = files;
    if (status == 0)
        status = options_parse(argc, argv, session_check_files, &options, &error);
    if (status == 0)
        status = run_command(&options, &error);
    options_release(&options);
    file_bundle_release(files);
    return status >= 0 ? check_output(status) : print_error(&error);
}

/* Runs this process as a machine of a run that it does not lead. */
static int follow(void)
{
    struct error error = {0};
    int status = 0;
    if (session_follow(&status, &error) == 0)
        return status;
    fprintf(stderr, "conc-bench: on %s: %s\n", fleet_name(fleet_rank()), error.message);
    return (int)error.kind;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    int ended = 0;
    if (init_process_stand_by(&ended))
        return ended;
    environment_clear();
    keep_standard_streams();
    environment_use_utf8();
    int status = 0;
    if (fleet_start(&error) != 0)
        status = tell(&error);
    else
        status = fleet_rank() == 0 ? run(argc, argv) : follow();
    fleet_end(status);
    return status;
}
