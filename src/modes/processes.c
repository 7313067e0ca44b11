#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "conc_bench/base/io.h"
#include "conc_bench/modes/mode.h"
#include "modes.h"
#include "worker.h"

/* A pool of processes, each with a libcurl of its own. They claim from the same cursor and write into the same table as
 * threads would, in shared memory, so that nothing is sent between them but "ready", "go" and "done". */

/* The reports of a worker. One is smaller than PIPE_BUF, so that it arrives whole however many workers write at
 * once. */
enum worker_news { NEWS_READY, NEWS_FAILED, NEWS_DONE };
struct report {
    uint32_t worker;
    enum worker_news news;
    enum error_kind kind;
    char message[256];
};
_Static_assert(sizeof(struct report) <= 512, "POSIX promises that a pipe takes 512 bytes at once");

enum worker_state { WORKER_RUNNING, WORKER_REPORTED, WORKER_GONE };
struct worker {
    pid_t pid;
    enum worker_state state;
};

/* Ends of a pipe, as pipe(2) orders them. */
enum { READ_END, WRITE_END };

struct processes_run {
    const struct mode_job *job;
    int warm[2];    /* a byte for each worker lets it open connections beforehand */
    int gate[2];    /* a byte for each worker opens it; its end without a byte means the cell is gone */
    int release[2]; /* its end lets workers leave */
    int reports[2];
    uint32_t worker_count; /* processes forked */
    struct worker workers[];
};

/* Reads one byte; false at the end of the pipe. */
static bool wait_for_byte(int descriptor)
{
    char byte;
    ssize_t count;
    do {
        count = read(descriptor, &byte, 1);
    } while (count < 0 && errno == EINTR);
    return count == 1;
}

static void tell(const struct processes_run *run, uint32_t worker, enum worker_news news, const struct error *error)
{
    struct report report = {.worker = worker, .news = news};
    if (error != NULL) {
        report.kind = error->kind;
        snprintf(report.message, sizeof(report.message), "%.*s", (int)sizeof(report.message) - 1, error->message);
    }
    /* A worker that cannot report must end, or the cell would wait for it. */
    if (write(run->reports[WRITE_END], &report, sizeof(report)) != (ssize_t)sizeof(report))
        child_leave(1);
}

/* The whole life of a worker process. Its libcurl starts here, after the fork: handles made before would be shared. */
static _Noreturn void run_worker(struct processes_run *run, uint32_t number, pid_t parent)
{
    child_enter(parent);
    io_close(&run->warm[WRITE_END]);
    io_close(&run->gate[WRITE_END]);
    io_close(&run->release[WRITE_END]);
    io_close(&run->reports[READ_END]);
    struct error error = {0};
    struct transfer *transfer = NULL;
    bool has_library = transfer_library_init(&error) == 0;
    if (has_library)
        transfer = transfer_create(run->job->transfer, TRANSFER_ALONE, NULL, &error);
    if (transfer == NULL) {
        tell(run, number, NEWS_FAILED, &error);
    } else {
        tell(run, number, NEWS_READY, NULL);
        if (run->job->warm_url_count > 0 && wait_for_byte(run->warm[READ_END])) {
            worker_warm(run->job, transfer);
            tell(run, number, NEWS_DONE, NULL);
        }
        if (wait_for_byte(run->gate[READ_END])) {
            worker_run(run->job, number, transfer);
            tell(run, number, NEWS_DONE, NULL);
            wait_for_byte(run->release[READ_END]);
        }
    }
    transfer_release(transfer);
    if (has_library)
        transfer_library_cleanup();
    free(run); /* this process's copy */
    child_leave(0);
}

static void describe_end(int status, char *buffer, size_t size)
{
    if (WIFSIGNALED(status))
        child_describe_signal(WTERMSIG(status), buffer, size);
    else
        snprintf(buffer, size, "ended early with status %d", WEXITSTATUS(status));
}

static bool read_report(int descriptor, struct report *report)
{
    ssize_t count;
    do {
        count = read(descriptor, report, sizeof(*report));
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof(*report);
}

/* The messages of workers in this phase, and the number of workers that will never send one. */
struct collection {
    uint32_t told;
    uint32_t gone;
    bool has_failed;
};

/* Takes one report, waiting `timeout` milliseconds for it. False: there was none. */
static bool take_report(struct processes_run *run, int timeout, struct collection *collection, struct error *error)
{
    struct pollfd entry = {.fd = run->reports[READ_END], .events = POLLIN};
    struct report report;
    if (poll(&entry, 1, timeout) <= 0 || !read_report(entry.fd, &report))
        return false;
    run->workers[report.worker].state = WORKER_REPORTED;
    collection->told++;
    if (report.news == NEWS_FAILED && !collection->has_failed) {
        collection->has_failed = true;
        error_set(error, report.kind, "worker process %lu: %s", (unsigned long)report.worker, report.message);
    }
    return true;
}

/* Workers leave when they are released, and never before: whoever is dead now has failed, whatever it told. */
static void reap_dead(struct processes_run *run, struct collection *collection, struct error *error)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        struct worker *worker = &run->workers[i];
        int status;
        if (worker->state == WORKER_GONE || waitpid(worker->pid, &status, WNOHANG) != worker->pid)
            continue;
        /* The messages of a dead worker are in the pipe already. */
        while (take_report(run, 0, collection, error)) {}
        collection->gone += worker->state == WORKER_RUNNING;
        worker->state = WORKER_GONE;
        char end[96];
        describe_end(status, end, sizeof(end));
        if (!collection->has_failed)
            error_set(error, ERROR_ENVIRONMENT, "worker process %lu %s", (unsigned long)i, end);
        collection->has_failed = true;
    }
}

/* Waits until every living worker has told something. -1: a worker failed or died. */
static int collect(struct processes_run *run, struct error *error)
{
    enum { LOOK_FOR_DEAD_EVERY_MS = 100 };
    struct collection collection = {0};
    for (uint32_t i = 0; i < run->worker_count; i++) {
        if (run->workers[i].state == WORKER_REPORTED)
            run->workers[i].state = WORKER_RUNNING;
        else
            collection.gone += run->workers[i].state == WORKER_GONE;
    }
    while (collection.told + collection.gone < run->worker_count) {
        if (!take_report(run, LOOK_FOR_DEAD_EVERY_MS, &collection, error))
            reap_dead(run, &collection, error);
    }
    return collection.has_failed ? -1 : 0;
}

static void processes_release(void *context)
{
    struct processes_run *run = context;
    if (run == NULL)
        return;
    io_close(&run->warm[WRITE_END]);
    io_close(&run->gate[WRITE_END]);
    io_close(&run->release[WRITE_END]);
    /* Workers that are still telling something to a pipe that nobody empties would never leave. */
    io_close(&run->reports[READ_END]);
    for (uint32_t i = 0; i < run->worker_count; i++) {
        if (run->workers[i].state != WORKER_GONE)
            while (waitpid(run->workers[i].pid, NULL, 0) < 0 && errno == EINTR) {}
    }
    io_close(&run->warm[READ_END]);
    io_close(&run->gate[READ_END]);
    io_close(&run->release[READ_END]);
    io_close(&run->reports[WRITE_END]);
    free(run);
}

static int fork_workers(struct processes_run *run, struct error *error)
{
    pid_t parent = getpid();
    for (uint32_t i = 0; i < run->job->workers; i++) {
        pid_t pid = fork();
        if (pid == 0)
            run_worker(run, i, parent);
        if (pid < 0)
            return error_set_system(error, ERROR_ENVIRONMENT, errno,
                                    "cannot fork worker process %lu of %lu, so ask for fewer workers",
                                    (unsigned long)i + 1, (unsigned long)run->job->workers);
        run->workers[run->worker_count++].pid = pid;
    }
    return 0;
}

static int processes_prepare(const struct mode_job *job, void **result, struct error *error)
{
    *result = NULL;
    struct processes_run *run = calloc(1, sizeof(*run) + job->workers * sizeof(run->workers[0]));
    if (run == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for mode processes");
    run->job = job;
    for (int end = READ_END; end <= WRITE_END; end++)
        run->warm[end] = run->gate[end] = run->release[end] = run->reports[end] = -1;
    int status = 0;
    if (pipe(run->warm) != 0 || pipe(run->gate) != 0 || pipe(run->release) != 0 || pipe(run->reports) != 0)
        status = error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make a pipe");
    if (status == 0)
        status = fork_workers(run, error);
    if (status == 0)
        status = collect(run, error);
    if (status != 0)
        processes_release(run);
    else
        *result = run;
    return status;
}

/* A byte for each worker, and what they tell when they have done what it lets them do. */
static int let_all(struct processes_run *run, int pipe_end, struct error *error)
{
    char bytes[512];
    memset(bytes, 'g', sizeof(bytes));
    for (size_t left = run->worker_count; left > 0;) {
        ssize_t written = write(pipe_end, bytes, left < sizeof(bytes) ? left : sizeof(bytes));
        if (written > 0)
            left -= (size_t)written;
        else if (errno != EINTR)
            return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot let the worker processes go");
    }
    return collect(run, error);
}

static int processes_warm(void *context, struct error *error)
{
    struct processes_run *run = context;
    return let_all(run, run->warm[WRITE_END], error);
}

static int processes_run(void *context, struct error *error)
{
    struct processes_run *run = context;
    return let_all(run, run->gate[WRITE_END], error);
}

/* Counts those of the cell's process, which holds the pipes; each worker has its own table of descriptors, where few
 * are open. */
static uint64_t processes_descriptors(uint32_t workers, const struct transfer_policy *policy)
{
    enum { PIPES = 8 };
    (void)workers;
    return PIPES + worker_descriptors(policy);
}

const struct mode mode_processes = {
    .name = "processes",
    .aliases = "fork,multiprocess",
    .summary = "a pool of forked processes",
    .traits = MODE_OWN_PROCESSES | MODE_ALL_CORES,
    .descriptors = processes_descriptors,
    .prepare = processes_prepare,
    .warm = processes_warm,
    .run = processes_run,
    .release = processes_release,
};
