#include "conc_bench/session/session.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/analysis/stats.h"
#include "conc_bench/base/clock.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/fleet/reach.h"
#include "conc_bench/http/preflight.h"
#include "conc_bench/platform/machine.h"
#include "conc_bench/platform/memory.h"
#include "conc_bench/workload/cookies.h"
#include "conc_bench/workload/url_wire.h"
#include "session_state.h"

/* All machines have this long to hear what is to be run, and to get ready for it: names are looked up, too. */
#define LONGEST_BRIEFING (300 * NANOSECONDS_PER_SECOND)

/* Clocks that may be wrong by more than this share of a trial say too little of who was last. */
static const double clock_error_borne = 0.01;

/* Machines of which other processes take shares that differ by more than this are not equally fast. */
static const double foreign_borne = 0.2;

/* Hosts up to which it is seen whether machines ask at the same addresses. */
enum { ROUTES_MOST = 10000 };

/* The leader's message that says what to run. Behind it are the arguments of the leader's command line, each with its
 * zero byte, the list (url_wire.h), for each of its hosts a line with the address that the leader asks it at, if it was
 * looked up, and the files that options name (file_bundle.h). All machines run the same program, so that it stands in
 * messages as it does in memory. */
struct plan_message {
    char version[32];
    uint64_t seed;
    uint64_t cpu_work; /* iterations: what takes as long as that on the leader's processor */
    uint64_t digest;
    uint32_t unit_count;
    uint32_t connections_kept;
    uint32_t argument_count;
    uint64_t argument_bytes;
    uint64_t list_bytes;
    uint64_t route_bytes;
    uint64_t file_bytes;
    struct origin_place place;
};

/* The most warnings of a machine, and of all machines, that are passed on. */
enum { WARNINGS_EACH = 3, WARNINGS_MAX = 10 };

/* Hosts that a machine asks at other addresses than the leader. */
struct other_routes {
    uint32_t count;
    char host[128]; /* the first */
    char address[64];
    char leaders[64];
};

/* The answer of a machine. */
struct machine_report {
    enum error_kind failure; /* ERROR_NONE: it is ready */
    char message[1024];
    char warnings[WARNINGS_EACH][512]; /* empty ones: there are no more */
    uint32_t most_workers;             /* that a search of their number may try */
    struct run_machine machine;
    struct other_routes routes;
    uint32_t cores_online;
};

/* The limits of a run of several machines */

static int check_numbers(const struct options *options, struct error *error)
{
    uint32_t most = 0;
    for (size_t i = 0; i < options->machine_count; i++)
        most = options->machines[i] > most ? options->machines[i] : most;
    if (most <= fleet_size())
        return 0;
    if (fleet_size() == 1)
        return error_set(error, ERROR_USAGE,
                         "--machines %" PRIu32
                         " takes a launcher that starts the program on as many: mpirun -n %" PRIu32
                         " --host NAMES conc-bench ...",
                         most, most);
    return error_set(error, ERROR_USAGE,
                     "--machines goes up to %" PRIu32 ", and the launcher has started %" PRIu32
                     ": have it start as many (-n %" PRIu32 "), or use lower numbers",
                     most, fleet_size(), most);
}

int machines_check(const struct session *session, struct error *error)
{
    const struct options *options = session->options;
    if (check_numbers(options, error) != 0)
        return -1;
    if (fleet_size() == 1 && options->origin.address[0] != '\0')
        return error_set(error, ERROR_USAGE,
                         "--origin: address is for runs of several machines, and one asks itself at 127.0.0.1: leave "
                         "it out");
    if (fleet_size() == 1 || session->plan_message != NULL)
        return 0;
    if (options->client_count > 0)
        return error_set(error, ERROR_USAGE,
                         "--client does not go with several machines: start one process of this program");
    if (!options->isolate)
        return error_set(error, ERROR_USAGE,
                         "--no-isolate does not go with several machines: trials are made in processes that do not "
                         "talk to each other");
    if (options->workers_auto && options->machine_count > 1)
        return error_set(error, ERROR_USAGE,
                         "--workers auto does not go with several numbers of --machines: give one number, or numbers "
                         "of workers, such as --workers 1,4,16,64");
    if (options->rate_auto)
        return error_set(error, ERROR_USAGE,
                         "--rate auto does not go with several machines yet: name rates, such as --rate 100/s..3200/s");
    if (options->split == SPLIT_NONE && options->rate_count > 0)
        return error_set(error, ERROR_USAGE,
                         "--split none does not go with --rate, which is that of all machines together: leave it out");
    if (options->request.proxy_from_environment)
        return error_set(error, ERROR_USAGE,
                         "--proxy-from-env does not go with several machines, each of which has an environment of its "
                         "own: name the proxy with --proxy");
    if (options->request.ca_folder != NULL)
        return error_set(error, ERROR_USAGE,
                         "--capath does not go with several machines, which are sent files and no folders: give the "
                         "certificates to --cacert, all in one file");
    return 0;
}

static int check_shares(const struct session *session, struct error *error)
{
    uint32_t machines = fleet_size();
    uint32_t units = session->plan.unit_count;
    if (units < machines)
        return error_set(error, ERROR_USAGE,
                         "%" PRIu32 " download%s cannot be shared out to %" PRIu32
                         " machines: use fewer of them, a longer list, --repeat, or --split none",
                         units, units == 1 ? "" : "s", machines);
    if (sample_table_bytes(units / machines + 1) > INT_MAX)
        return error_set(error, ERROR_USAGE,
                         "a machine can have %zu downloads at most in a run of several: use more machines",
                         (size_t)INT_MAX / sizeof(struct sample) - 1);
    return 0;
}

/* The leader's side */

static void describe_machine(const struct run *run, uint32_t rank, struct run_machine *machine)
{
    *machine = (struct run_machine){.cores = run->cores, .cpu_quota = run->cpu_quota};
    snprintf(machine->name, sizeof(machine->name), "%s", fleet_name(rank));
    snprintf(machine->system, sizeof(machine->system), "%s", run->machine_system);
    snprintf(machine->cpu, sizeof(machine->cpu), "%s", run->machine_cpu);
    snprintf(machine->libcurl, sizeof(machine->libcurl), "%s", run->libcurl_version);
}

/* The address that a host was pinned to and is asked at first, of "host:port:address,address". Returns its length; 0:
 * nobody knows it. */
static size_t first_address(const struct resolutions *resolutions, size_t host, const char **address)
{
    const char *pin = resolutions->hosts != NULL ? resolutions->hosts[host].pin : NULL;
    const char *port = pin != NULL ? strchr(pin, ':') : NULL;
    const char *list = port != NULL ? strchr(port + 1, ':') : NULL;
    *address = list != NULL ? list + 1 : "";
    return strcspn(*address, ",");
}

/* A line for each host. */
static void write_routes(const struct session *session, struct text_buffer *routes)
{
    for (size_t i = 0; i < session->resolutions.host_count && i < ROUTES_MOST; i++) {
        const char *address;
        int length = (int)first_address(&session->resolutions, i, &address);
        text_buffer_add(routes, "%.*s\n", length, address);
    }
}

void machines_add_bytes(char **next, const void *bytes, size_t size)
{
    memcpy(*next, bytes, size);
    *next += size;
}

/* Options, files, requests and the origin's word may be secret: whoever has no more use for it wipes it. */
static char *write_plan_message(const struct session *session, size_t *size, struct error *error)
{
    const struct options *options = session->options;
    size_t list_bytes = 0, file_bytes = 0;
    const char *files = file_bundle_bytes(options->request.files, &file_bytes);
    char *list = url_wire_write(&session->urls, &list_bytes);
    struct text_buffer routes = {0};
    write_routes(session, &routes);
    struct plan_message plan_message = {
        .version = CONC_BENCH_VERSION,
        .seed = session->plan.request.seed,
        .cpu_work = session->plan.request.cpu_work,
        .digest = url_list_digest(&session->urls),
        .unit_count = session->plan.unit_count,
        .connections_kept = session->policy.connections_kept,
        .argument_count = (uint32_t)options->argument_count,
        .list_bytes = list_bytes,
        .route_bytes = routes.length,
        .file_bytes = file_bytes,
        .place = session->place,
    };
    for (int i = 0; i < options->argument_count; i++)
        plan_message.argument_bytes += strlen(options->arguments[i]) + 1;
    *size = sizeof(plan_message) + (size_t)plan_message.argument_bytes + list_bytes + routes.length + file_bytes;
    char *bytes = list != NULL && !routes.has_failed ? malloc(*size) : NULL;
    if (bytes != NULL) {
        char *next = bytes;
        machines_add_bytes(&next, &plan_message, sizeof(plan_message));
        for (int i = 0; i < options->argument_count; i++)
            machines_add_bytes(&next, options->arguments[i], strlen(options->arguments[i]) + 1);
        machines_add_bytes(&next, list, list_bytes);
        machines_add_bytes(&next, text_buffer_text(&routes), routes.length);
        machines_add_bytes(&next, files, file_bytes);
    } else {
        error_set(error, ERROR_ENVIRONMENT, "no memory to tell other machines what is to be run");
    }
    if (list != NULL)
        memory_wipe(list, list_bytes);
    free(list);
    text_buffer_release(&routes);
    return bytes;
}

/* Warns where a machine has other libraries or another processor: times would then compare those, too. */
static void warn_of_differences(struct run *run)
{
    for (size_t rank = 1; rank < run->machine_count; rank++) {
        const struct run_machine *machine = &run->machines[rank];
        if (strcmp(machine->libcurl, run->machines[0].libcurl) != 0)
            run_warn(run, "%s has another libcurl than %s: %s", machine->name, run->machines[0].name, machine->libcurl);
        if (strcmp(machine->cpu, run->machines[0].cpu) != 0 || machine->cores != run->machines[0].cores)
            run_warn(run, "%s has another processor than %s: %" PRIu32 " core%s of %s", machine->name,
                     run->machines[0].name, machine->cores, machine->cores == 1 ? "" : "s",
                     machine->cpu[0] != '\0' ? machine->cpu : "unknown make");
    }
}

static bool has_warning(const struct run *run, const char *sentence)
{
    for (size_t i = 0; i < run->warning_count; i++) {
        if (strcmp(run->warnings[i], sentence) == 0)
            return true;
    }
    return false;
}

/* A warning that the leader has, too, is no warning about that machine. */
static void pass_warnings_on(struct run *run, uint32_t rank, struct machine_report *report)
{
    for (size_t i = 0; i < WARNINGS_EACH && report->warnings[i][0] != '\0'; i++) {
        report->warnings[i][sizeof(report->warnings[i]) - 1] = '\0';
        if (run->warning_count < WARNINGS_MAX && !has_warning(run, report->warnings[i]))
            run_warn(run, "On %s %s", fleet_name(rank), report->warnings[i]);
    }
}

/* Names that lead elsewhere from there: other servers may answer, or by another way. */
static void warn_of_routes(struct run *run, uint32_t rank, const struct other_routes *routes)
{
    char more[48] = "";
    if (routes->count == 0 || run->warning_count >= WARNINGS_MAX)
        return;
    if (routes->count > 1)
        snprintf(more, sizeof(more), ", as with %" PRIu32 " more host%s", routes->count - 1,
                 routes->count > 2 ? "s" : "");
    run_warn(run, "%s asks %.127s at %.63s, and %s at %.63s%s", fleet_name(rank), routes->host, routes->address,
             fleet_name(0), routes->leaders, more);
}

/* Launchers like to bind processes to cores, each of which then stands for a whole machine here. The first machine is
 * told. */
static void note_binding(const struct run_machine *machine, uint32_t online, bool *is_noted, struct run *run)
{
    if (*is_noted || machine->cores >= online)
        return;
    *is_noted = true;
    run_warn(run,
             "%s may use %" PRIu32 " of its %" PRIu32
             " cores: if that is the launcher's choice, let it bind nothing (mpirun --bind-to none, srun "
             "--cpus-per-task with the number of cores)",
             machine->name, machine->cores, online);
}

/* Hears a machine's answer. The run lacks what any one machine lacks. */
static int hear_machine(struct session *session, uint32_t rank, bool *has_bound, const struct fleet_limit *limit,
                        struct error *error)
{
    struct run *run = &session->run;
    struct machine_report report;
    if (fleet_receive_exactly(rank, FLEET_MACHINE, &report, sizeof(report), limit, error) != 0)
        return -1;
    report.message[sizeof(report.message) - 1] = '\0';
    if (report.failure != ERROR_NONE)
        return error_set(error, report.failure, "on %s: %s", fleet_name(rank), report.message);
    pass_warnings_on(run, rank, &report);
    warn_of_routes(run, rank, &report.routes);
    if (report.most_workers < session->most_workers)
        session->most_workers = report.most_workers;
    run->machines[rank] = report.machine;
    snprintf(run->machines[rank].name, sizeof(run->machines[rank].name), "%s", fleet_name(rank));
    note_binding(&run->machines[rank], report.cores_online, has_bound, run);
    return 0;
}

int machines_send_plan(struct session *session, struct error *error)
{
    struct run *run = &session->run;
    uint32_t machines = fleet_size();
    size_t size;
    if (machines == 1)
        return 0;
    if (check_shares(session, error) != 0)
        return -1;
    char *plan_message = write_plan_message(session, &size, error);
    if (plan_message == NULL)
        return -1;
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_BRIEFING};
    progress_show(&session->progress, -1, "telling %" PRIu32 " other machines what is to be run", machines - 1);
    int status = fleet_broadcast(FLEET_PLAN, plan_message, size, &limit, error);
    memory_wipe(plan_message, size);
    free(plan_message);
    if (status != 0)
        return -1;
    run->machines = calloc(machines, sizeof(run->machines[0]));
    if (run->machines == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %" PRIu32 " machines", machines);
    run->machine_count = machines;
    describe_machine(run, 0, &run->machines[0]);
    bool has_bound = false;
    note_binding(&run->machines[0], machine_cores_online(), &has_bound, run);
    for (uint32_t rank = 1; rank < machines; rank++) {
        if (hear_machine(session, rank, &has_bound, &limit, error) != 0)
            return -1;
    }
    warn_of_differences(run);
    return 0;
}

void machines_add_up(struct session *session)
{
    struct run *run = &session->run;
    double usable = 0;
    bool has_quota = false;
    if (run->machine_count == 0)
        return;
    run->cores = 0;
    for (size_t rank = 0; rank < run->machine_count; rank++) {
        const struct run_machine *machine = &run->machines[rank];
        bool is_limited = machine->cpu_quota > 0 && machine->cpu_quota < machine->cores;
        has_quota |= is_limited;
        usable += is_limited ? machine->cpu_quota : machine->cores;
        run->cores += machine->cores;
    }
    run->cpu_quota = has_quota ? usable : 0;
}

/* The trial whose clocks say least, for its length. */
static const struct trial *find_doubtful(const struct run *run, double *share)
{
    const struct trial *doubtful = NULL;
    *share = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct trial *trial = &cell->trials[j];
            for (size_t rank = 1; rank < trial->machine_count && trial->run > 0; rank++) {
                double own = (double)trial->machines[rank].clock_error / (double)trial->run;
                if (own > *share) {
                    *share = own;
                    doubtful = trial;
                }
            }
        }
    }
    return doubtful;
}

/* The share of a machine's cores that other processes kept busy: the median of all trials, for which `values` has
 * room. */
static double foreign_share(const struct run *run, size_t rank, double *values)
{
    size_t count = 0;
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++) {
            const struct trial *trial = &cell->trials[j];
            if (rank < trial->machine_count && isfinite(trial->machines[rank].foreign_cores))
                values[count++] = trial->machines[rank].foreign_cores;
        }
    }
    stats_sort(values, count);
    return count > 0 ? stats_median(values, count) / run->machines[rank].cores : 0;
}

/* Warns of load on single machines. Where all are as busy, none of them holds the others up. */
static void warn_of_load(struct run *run)
{
    size_t trials = 0;
    size_t busiest = 0;
    double most = 0;
    double least = 1;
    for (size_t i = 0; i < run->cell_count; i++)
        trials += run->cells[i].trial_count;
    double *values = calloc(trials + 1, sizeof(values[0]));
    for (size_t rank = 0; rank < run->machine_count && values != NULL; rank++) {
        double share = foreign_share(run, rank, values);
        least = share < least ? share : least;
        busiest = share > most ? rank : busiest;
        most = share > most ? share : most;
    }
    free(values);
    if (most - least > foreign_borne)
        run_warn(run, "On %s other processes kept %s %% of the cores busy, and %s %% where they took least",
                 run->machines[busiest].name, NUMBER(2, 100 * most), NUMBER(2, 100 * least));
}

void machines_warn(struct session *session)
{
    struct run *run = &session->run;
    double share;
    warn_of_load(run);
    const struct trial *doubtful = find_doubtful(run, &share);
    if (doubtful != NULL && share > clock_error_borne)
        run_warn(run,
                 "The clocks of the machines are known to within %s %% of a trial of %s s, which its time may be "
                 "wrong by: use a longer list, or --repeat",
                 NUMBER(2, 100 * share), NUMBER(3, clock_seconds(doubtful->run)));
    for (uint32_t rank = 1; rank < fleet_size(); rank++) {
        if (fleet_is_lost(rank))
            run_warn(run, "%s was lost, and the run ended with that: what was measured before stands",
                     fleet_name(rank));
    }
}

/* A follower's side */

static const char *text_behind(const struct session *session, size_t offset)
{
    return (const char *)session->plan_message->bytes + sizeof(struct plan_message) + offset;
}

int machines_load_list(struct session *session, struct error *error)
{
    const struct plan_message *plan_message = session->plan_message->bytes;
    /* All of it was received, so that its parts fit into memory. */
    if (url_wire_read(&session->urls, "the list", text_behind(session, (size_t)plan_message->argument_bytes),
                      (size_t)plan_message->list_bytes, error) != 0)
        return -1;
    if (url_list_digest(&session->urls) == plan_message->digest)
        return 0;
    return error_set(error, ERROR_ENVIRONMENT, "the list is not the leader's when it is read here");
}

int machines_take_room(struct session *session, struct error *error)
{
    const struct plan_message *plan_message = session->plan_message->bytes;
    if (session->policy.connections_kept < plan_message->connections_kept)
        return error_set(error, ERROR_ENVIRONMENT,
                         "the limit of open descriptors leaves each worker %" PRIu32
                         " idle connections, and on the leader's machine %" PRIu32 ": raise it (ulimit -n)",
                         session->policy.connections_kept, plan_message->connections_kept);
    session->policy.connections_kept = plan_message->connections_kept;
    return 0;
}

void machines_take_place(struct session *session)
{
    const struct plan_message *plan_message = session->plan_message->bytes;
    session->place = plan_message->place;
}

/* The leader's arguments, in an array that the caller frees; they stay where they are. NULL: no memory. */
static char **list_arguments(const struct fleet_message *message)
{
    const struct plan_message *plan_message = message->bytes;
    char **arguments = calloc((size_t)plan_message->argument_count + 1, sizeof(arguments[0]));
    char *next = (char *)message->bytes + sizeof(*plan_message);
    for (uint32_t i = 0; i < plan_message->argument_count && arguments != NULL; i++) {
        arguments[i] = next;
        next += strlen(next) + 1;
    }
    return arguments;
}

static bool is_plan_message(const struct fleet_message *message)
{
    const struct plan_message *plan_message = message->bytes;
    return message->kind == FLEET_PLAN && message->size >= sizeof(*plan_message) &&
           message->size - sizeof(*plan_message) == plan_message->argument_bytes + plan_message->list_bytes +
                                                        plan_message->route_bytes + plan_message->file_bytes;
}

/* The leader has looked at them. */
static int trust_files(const struct options *options, struct error *error)
{
    (void)options, (void)error;
    return 0;
}

/* The files that the leader's options name. NULL: there is no memory, or they are not all there. */
static struct file_bundle *read_files(const struct fleet_message *message, struct error *error)
{
    const struct plan_message *plan_message = message->bytes;
    const char *end = (const char *)message->bytes + message->size;
    return file_bundle_read(end - plan_message->file_bytes, (size_t)plan_message->file_bytes, error);
}

/* The caller frees the arguments and releases the files, of which there may be none. */
static int read_options(const struct fleet_message *message, char ***arguments, struct file_bundle **files,
                        struct options *options, struct error *error)
{
    const struct plan_message *plan_message = message->bytes;
    if (strcmp(plan_message->version, CONC_BENCH_VERSION) != 0)
        return error_set(error, ERROR_USAGE, "the program is version %s here, and not the leader's %.31s",
                         CONC_BENCH_VERSION, plan_message->version);
    if ((*files = read_files(message, error)) == NULL)
        return -1;
    if ((*arguments = list_arguments(message)) == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the command line");
    options->request.files = *files;
    if (options_parse((int)plan_message->argument_count, *arguments, trust_files, options, error) != 0)
        return -1;
    options->seed = plan_message->seed;
    options->has_seed = true;
    return 0;
}

static int prepare_follower(struct session *session, struct error *error)
{
    const struct plan_message *plan_message = session->plan_message->bytes;
    if (request_load(&session->options->request, &session->request, error) != 0 ||
        preflight_check_library(&session->request, error) != 0)
        return -1;
    if (setup_list(session, error) != 0 || setup_room(session, error) != 0 || setup_names(session, error) != 0 ||
        setup_origin(session, error) != 0 || setup_plan(session, error) != 0 || setup_targets(session, error) != 0)
        return -1;
    session->plan.request.cpu_work = plan_message->cpu_work;
    if (trials_rehearse(session, error) != 0 || setup_warm_urls(session, error) != 0)
        return -1;
    if (session->plan.unit_count != plan_message->unit_count)
        return error_set(error, ERROR_ENVIRONMENT, "the plan is not the leader's when it is made here");
    return description_fill(session, error);
}

static void compare_routes(const struct session *session, struct other_routes *routes)
{
    const struct plan_message *plan_message = session->plan_message->bytes;
    const char *leaders = text_behind(session, (size_t)(plan_message->argument_bytes + plan_message->list_bytes));
    const char *end = leaders + plan_message->route_bytes;
    for (size_t i = 0; i < session->resolutions.host_count && leaders < end; i++) {
        const char *address;
        size_t length = first_address(&session->resolutions, i, &address);
        size_t leaders_length = strcspn(leaders, "\n");
        bool is_same = length == leaders_length && memcmp(address, leaders, length) == 0;
        if (!is_same && length > 0 && leaders_length > 0 && routes->count++ == 0) {
            const struct url_host *host = &session->urls.hosts[i];
            snprintf(routes->host, sizeof(routes->host), "%.*s", (int)host->name_length, host->name);
            snprintf(routes->address, sizeof(routes->address), "%.*s", (int)length, address);
            snprintf(routes->leaders, sizeof(routes->leaders), "%.*s", (int)leaders_length, leaders);
        }
        leaders += leaders_length + 1;
    }
}

static int report_machine(const struct session *session, int status, const struct error *failure, struct error *error)
{
    const struct fleet_limit limit = {.until = clock_now() + LONGEST_BRIEFING};
    struct machine_report report = {.failure = status == 0 ? ERROR_NONE : failure->kind};
    snprintf(report.message, sizeof(report.message), "%s", status == 0 ? "" : failure->message);
    for (size_t i = 0; i < WARNINGS_EACH && i < session->run.warning_count; i++)
        snprintf(report.warnings[i], sizeof(report.warnings[i]), "%s", session->run.warnings[i]);
    report.most_workers = session->most_workers;
    describe_machine(&session->run, fleet_rank(), &report.machine);
    if (status == 0)
        compare_routes(session, &report.routes);
    return fleet_send(0, FLEET_MACHINE, &report, sizeof(report), &limit, error);
}

/* Waits for the end: a follower that does not end with the run ends when the leader says that it is over. */
static int wait_for_end(int *status, struct error *error)
{
    const struct fleet_limit limit = {.until = INT64_MAX};
    return fleet_receive_exactly(0, FLEET_END, status, sizeof(*status), &limit, error);
}

static int take_part(const struct fleet_message *message, int *status, struct error *error)
{
    struct options options = {0};
    struct error failure = {0};
    struct session session;
    struct file_bundle *files = NULL;
    char **arguments = NULL;
    int result = read_options(message, &arguments, &files, &options, &failure);
    session_init(&session, &options);
    session.plan_message = message;
    if (result == 0)
        result = prepare_follower(&session, &failure);
    bool is_ready = result == 0;
    result = report_machine(&session, result, &failure, error);
    if (result == 0)
        result = is_ready ? trials_follow(&session, status, error) : wait_for_end(status, error);
    session_release(&session);
    options_release(&options);
    file_bundle_release(files);
    free(arguments);
    return result;
}

int session_follow(int *status, struct error *error)
{
    const struct fleet_limit limit = {.until = INT64_MAX};
    struct fleet_message message;
    int result = fleet_receive(0, &message, &limit, error);
    while (result == 0 && message.kind == FLEET_REACH) {
        result = reach_answer(&message, error);
        free(message.bytes);
        if (result == 0)
            result = fleet_receive(0, &message, &limit, error);
    }
    if (result != 0)
        return -1;
    if (message.kind == FLEET_END && message.size == sizeof(*status))
        memcpy(status, message.bytes, sizeof(*status));
    else if (is_plan_message(&message))
        result = take_part(&message, status, error);
    else
        result = error_set(error, ERROR_ENVIRONMENT, "the leader did not say what is to be run");
    memory_wipe(message.bytes, message.size);
    free(message.bytes);
    /* A follower that cannot go on ends the run for all. */
    if (result != 0)
        fleet_lose(0);
    return result;
}
