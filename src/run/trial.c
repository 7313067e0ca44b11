#include "trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "conc_bench/client/client.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/process.h"
#include "conc_bench/run/interrupt.h"
#include "conc_bench/run/resources.h"
#include "host_load.h"

/* After a signal, transfers in flight get this long to give up by themselves; then the child is killed. Settled samples
 * stand in shared memory either way. */
#define GRACE (400 * NANOSECONDS_PER_MILLISECOND)

/* The time that a finished run may take to join, reap and free. */
#define LONGEST_TEARDOWN (60 * NANOSECONDS_PER_SECOND)

/* The last part of the way to an instant is not slept: who sleeps is woken late. */
#define WATCHFUL (200 * NANOSECONDS_PER_MICROSECOND)

/* The parent looks at the running trial this often. */
#define TICK (100 * NANOSECONDS_PER_MILLISECOND)

/* The child's report to its parent, in memory they share. Written by the child alone; read once it has ended. */
struct trial_report {
    nanoseconds gate;
    nanoseconds startup;
    nanoseconds warm;
    nanoseconds teardown;
    nanoseconds opens_at; /* written by the parent where other machines begin with it: an instant; 0: it does not */
    bool was_prepared;
    bool has_ended; /* got through everything, whatever came of it */
    struct error error;
    struct client_trial client; /* of a client */
};

/* The child process of a running trial, as its parent sees it. */
struct trial_process {
    pid_t pid;
    /* The socket to the child, which writes a byte when it is to meet others and when it has run, and waits for one
     * each time. */
    int line;
    struct trial_report *report;
    const struct trial_options *options;
    nanoseconds deadline; /* an instant */
    nanoseconds grace;
    nanoseconds kill_at; /* an instant; 0: no signal has arrived */
    bool was_killed_for_deadline;
    bool was_killed_for_signal;
    bool has_met; /* options->meet was called */
};

/* Calls between the steps of a mode. */
struct intervals {
    bool (*meet)(void *context,
                 struct trial_report *report); /* before the gate opens; NULL: it may. false: it may not */
    void (*pause)(void *context);              /* between run and teardown, when the workers are idle but alive */
    void *context;
};

static void run_mode(const struct mode *mode, const struct mode_job *job, struct trial_report *report,
                     const struct intervals *intervals)
{
    void *run = NULL;
    nanoseconds begin = clock_now();
    report->was_prepared = mode->prepare(job, &run, &report->error) == 0;
    nanoseconds prepared = clock_now();
    report->startup = prepared - begin;
    bool is_ready = report->was_prepared;
    if (is_ready && job->warm_url_count > 0)
        is_ready = mode->warm(run, &report->error) == 0;
    report->gate = clock_now();
    report->warm = job->warm_url_count > 0 ? report->gate - prepared : 0;
    if (is_ready && intervals->meet != NULL)
        is_ready = intervals->meet(intervals->context, report);
    if (job->due != NULL)
        atomic_store_explicit(&job->table->gate, report->gate, memory_order_relaxed);
    if (is_ready)
        mode->run(run, &report->error);
    intervals->pause(intervals->context);
    begin = clock_now();
    mode->release(run);
    report->teardown = clock_now() - begin;
    report->has_ended = true;
}

/* The bytes that the child writes to its parent. */
static const char is_prepared = 'p', has_run = 'r';

static void tell_and_wait(int line, char what)
{
    ssize_t count;
    if (write(line, &what, 1) != 1)
        return; /* nobody is there to look */
    do {
        count = read(line, &what, 1);
    } while (count < 0 && errno == EINTR);
}

static void tell_end(void *context)
{
    tell_and_wait(*(const int *)context, has_run);
}

/* The time that other machines took since does not matter here: the gate opened at the instant that was agreed on. */
static bool meet_others(void *context, struct trial_report *report)
{
    tell_and_wait(*(const int *)context, is_prepared);
    if (report->opens_at == 0)
        return false;
    report->gate = report->opens_at;
    while (clock_now() < report->gate - WATCHFUL)
        clock_sleep_until(report->gate - WATCHFUL);
    while (clock_now() < report->gate) {}
    return true;
}

static _Noreturn void run_in_child(const struct trial_process *child, const struct mode *mode,
                                   const struct mode_job *job, int line, pid_t parent)
{
    const struct intervals intervals = {
        .meet = child->options->meet != NULL ? meet_others : NULL,
        .pause = tell_end,
        .context = &line,
    };
    child_enter(parent);
    /* Linux shares the cores out between sessions (sched(7), "The autogroup feature"): beside a client, which has one
     * of its own, a mode in that of a busy shell would get less. */
    if (job->setting != NULL)
        setsid();
    sample_table_populate(job->table);
    if (job->due != NULL)
        process_be_punctual();  /* and whatever it forks or starts */
    (void)process_reset_peak(); /* otherwise the peak includes inherited pages */
    process_be_killed_first();  /* a trial that is killed is reported; the parent could not say anything any more */
    run_mode(mode, job, child->report, &intervals);
    child_leave(0);
}

static int start(struct trial_process *child, const struct mode *mode, const struct mode_job *job, struct error *error)
{
    int lines[2];
    if (descriptor_socket_pair(lines) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make a line to the process of a trial");
    pid_t parent = getpid();
    fflush(NULL); /* or the child would hold the same unwritten text */
    child->pid = fork();
    if (child->pid == 0) {
        close(lines[0]);
        run_in_child(child, mode, job, lines[1], parent);
    }
    int failure = errno;
    close(lines[1]);
    child->line = lines[0];
    if (child->pid < 0) {
        close(lines[0]);
        return error_set_system(error, ERROR_ENVIRONMENT, failure, "cannot fork the process of a trial");
    }
    return 0;
}

static void let_go_on(struct trial_process *child)
{
    ssize_t written = descriptor_send(child->line, "g", 1);
    (void)written;
}

static void let_meet(struct trial_process *child)
{
    const struct trial_options *options = child->options;
    nanoseconds instant = 0;
    child->has_met = true;
    bool is_open = options->meet(options->context, true, child->report->startup, &instant) == 0;
    child->report->opens_at = is_open ? instant : 0;
    /* The others had time of their own to get ready. */
    child->deadline = (instant > clock_now() ? instant : clock_now()) + options->deadline;
    let_go_on(child);
}

/* The child has run: its workers are idle, and reading what they hold disturbs nothing that is timed. */
static void look_and_let_go(struct trial_process *child, struct trial *trial)
{
    /* A client has ended by now, and was looked at before. */
    if (!trial->client.is_present)
        resources_of_tree("", child->pid, &trial->resources);
    /* Whole, whatever of it this process has mapped, too. */
    if (trial->resources.peak_memory_bytes > 0)
        trial->resources.peak_memory_bytes += (int64_t)sample_table_bytes(trial->table->unit_count);
    /* The deadline was for the run, and what was just read took its time. */
    child->deadline = clock_now() + LONGEST_TEARDOWN;
    let_go_on(child);
}

static void receive_message(struct trial_process *child, struct trial *trial)
{
    char what;
    if (read(child->line, &what, 1) != 1) {
        /* It died; wait4() will say how. Nothing more will come over the line. */
        close(child->line);
        child->line = -1;
    } else if (what == is_prepared) {
        let_meet(child);
    } else {
        look_and_let_go(child, trial);
    }
}

static void kill_when_due(struct trial_process *child)
{
    nanoseconds now = clock_now();
    if (interrupt_signal() != 0 && child->kill_at == 0)
        child->kill_at = now + child->grace;
    bool is_late_for_signal = child->kill_at != 0 && now >= child->kill_at;
    if (!is_late_for_signal && now < child->deadline)
        return;
    if (is_late_for_signal)
        child->was_killed_for_signal = true;
    else
        child->was_killed_for_deadline = true;
    /* Its worker processes die with it. */
    kill(child->pid, SIGKILL);
}

/* Watches the child until it has ended, and reaps it. */
static int watch(struct trial_process *child, const struct mode_job *job, struct trial *trial, struct rusage *usage)
{
    for (;;) {
        if (interrupt_wait(child->line, TICK))
            receive_message(child, trial);
        int status;
        pid_t reaped = wait4(child->pid, &status, WNOHANG, usage);
        if (reaped == child->pid)
            return status;
        kill_when_due(child);
        if (child->options->tick != NULL)
            child->options->tick(child->options->context, job->table);
    }
}

static void set_status(struct trial *trial, enum trial_status status, const char *reason)
{
    trial->status = status;
    snprintf(trial->reason, sizeof(trial->reason), "%.*s", (int)sizeof(trial->reason) - 1, reason);
}

static void judge(struct trial *trial, const struct trial_report *report, const struct sample_account *account)
{
    const char *reason = report->error.kind != ERROR_NONE ? report->error.message : "";
    /* Downloads that were aborted by a signal do not show how the run would have ended. */
    bool is_done = account->settled == trial->table->unit_count && account->outcomes[OUTCOME_CANCELLED] == 0;
    if (interrupt_signal() != 0 && !is_done)
        set_status(trial, TRIAL_INTERRUPTED, "interrupted");
    else if (!report->was_prepared)
        set_status(trial, TRIAL_FAILED, reason);
    else if (report->error.kind != ERROR_NONE)
        set_status(trial, TRIAL_CRASHED, reason);
    else if (account->settled < trial->table->unit_count)
        set_status(trial, TRIAL_CRASHED, "it ended before its work was done");
    else
        set_status(trial, TRIAL_COMPLETE, "");
}

static void judge_client(struct trial *trial, const struct trial_report *report)
{
    const struct client_trial *did = &report->client;
    char unequal[sizeof(trial->reason)];
    if (did->end == CLIENT_STOPPED)
        set_status(trial, TRIAL_INTERRUPTED, "interrupted");
    else if (!report->was_prepared)
        set_status(trial, TRIAL_FAILED, report->error.message);
    else if (did->end == CLIENT_HUNG)
        set_status(trial, TRIAL_HUNG, report->error.message);
    else if (report->error.kind != ERROR_NONE)
        set_status(trial, TRIAL_CRASHED, report->error.message);
    else if (trial->status == TRIAL_UNEQUAL) {
        snprintf(unequal, sizeof(unequal), "%s", trial->reason);
        set_status(trial, TRIAL_UNEQUAL, unequal);
    } else
        set_status(trial, TRIAL_COMPLETE, "");
}

static void judge_end(struct trial *trial, const struct trial_process *child, const struct sample_account *account,
                      int status)
{
    char reason[256];
    if (child->was_killed_for_signal) {
        set_status(trial, TRIAL_INTERRUPTED, "interrupted");
    } else if (child->was_killed_for_deadline) {
        snprintf(reason, sizeof(reason), "not done after %.1f s: %lu of %lu downloads were settled",
                 clock_seconds(child->options->deadline), (unsigned long)account->settled,
                 (unsigned long)trial->table->unit_count);
        set_status(trial, TRIAL_HUNG, reason);
    } else if (WIFSIGNALED(status)) {
        char end[96];
        child_describe_signal(WTERMSIG(status), end, sizeof(end));
        snprintf(reason, sizeof(reason), "its process %s", end);
        set_status(trial, TRIAL_CRASHED, reason);
    } else if (!child->report->has_ended || WEXITSTATUS(status) != 0) {
        snprintf(reason, sizeof(reason), "its process ended with status %d", WEXITSTATUS(status));
        set_status(trial, TRIAL_CRASHED, reason);
    } else if (trial->client.is_present) {
        judge_client(trial, child->report);
    } else if (child->has_met && child->report->opens_at == 0 && interrupt_signal() == 0) {
        set_status(trial, TRIAL_FAILED, "not all machines could begin");
    } else {
        judge(trial, child->report, account);
    }
}

/* The time until a client's first request is its own startup; it has no teardown, since it has ended. */
static void take_client_times(struct trial *trial, const struct client_trial *did)
{
    trial->startup = trial->client.first_request;
    trial->gate = did->began + trial->startup;
    trial->run = did->ended > trial->gate ? did->ended - trial->gate : 0;
}

static void take_times(struct trial *trial, const struct mode_job *job, const struct trial_report *report,
                       const struct sample_account *account)
{
    if (trial->client.is_present) {
        take_client_times(trial, &report->client);
        return;
    }
    trial->gate = report->gate;
    trial->startup = report->startup;
    trial->warm = report->warm;
    trial->teardown = report->teardown;
    if ((job->mode->traits & MODE_SCRIPTED) != 0) {
        if (job->due == NULL)
            trial->gate = trial->table->samples[0].start;
        trial->startup = 0;
        trial->teardown = 0;
    }
    trial->run = account->last_settled > trial->gate ? account->last_settled - trial->gate : 0;
    trial->lag.p99 = delays_percentile(&trial->table->lag, 99);
    trial->lag.longest = delays_percentile(&trial->table->lag, 100);
    trial->late.p50 = delays_percentile(&trial->table->late, 50);
    trial->late.p99 = delays_percentile(&trial->table->late, 99);
    trial->late.longest = delays_percentile(&trial->table->late, 100);
    trial->http2.warm_connects = atomic_load(&trial->table->warm_connects);
    trial->http2.most_streams = atomic_load(&trial->table->most_streams);
}

static void do_nothing(void *context)
{
    (void)context;
}

static void subtract_usage(struct trial_resources *resources, const struct trial_resources *before)
{
    resources->cpu_user -= before->cpu_user;
    resources->cpu_system -= before->cpu_system;
    resources->voluntary_switches -= before->voluntary_switches;
    resources->involuntary_switches -= before->involuntary_switches;
}

static void read_own_usage(struct trial_resources *resources)
{
    struct rusage self, children;
    struct trial_resources reaped = {0};
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    resources_from_usage(&self, resources);
    resources_from_usage(&children, &reaped);
    resources->cpu_user += reaped.cpu_user;
    resources->cpu_system += reaped.cpu_system;
    resources->voluntary_switches += reaped.voluntary_switches;
    resources->involuntary_switches += reaped.involuntary_switches;
}

/* Costs are those of the whole process and what it has reaped, so far as they grew. What is alive at the end of the run
 * is not told: some of it, such as the origin, belongs to nobody's trial. */
static void run_in_place(const struct mode *mode, const struct mode_job *job, struct trial_report *report,
                         struct trial *trial, struct sample_account *account)
{
    const struct intervals intervals = {.pause = do_nothing};
    struct trial_resources before = {0};
    read_own_usage(&before);
    interrupt_let_in(true);
    run_mode(mode, job, report, &intervals);
    interrupt_let_in(false);
    read_own_usage(&trial->resources);
    subtract_usage(&trial->resources, &before);
    *account = sample_table_account(trial->table);
    judge(trial, report, account);
}

/* The CPU time of the process that watched it is not the client's. */
static int settle_client(const struct trial_options *options, const struct trial_report *report, struct trial *trial,
                         struct error *error)
{
    trial->resources = report->client.resources;
    trial->client.left_behind = report->client.left_behind;
    return options->settle != NULL ? options->settle(options->context, &report->client, trial, error) : 0;
}

static int run_isolated(const struct mode *mode, const struct mode_job *job, const struct trial_options *options,
                        struct trial_report *report, struct trial *trial, struct sample_account *account,
                        struct error *error)
{
    bool is_client = trial->client.is_present;
    struct trial_process child = {
        .report = report,
        .options = options,
        .deadline = clock_now() + options->deadline + (is_client ? CLIENT_LONGEST_END : 0),
        .grace = is_client ? CLIENT_LONGEST_END : GRACE,
    };
    if (start(&child, mode, job, error) != 0)
        return -1;
    struct rusage usage;
    int status = watch(&child, job, trial, &usage);
    if (child.line >= 0)
        close(child.line);
    nanoseconds never = 0;
    if (options->meet != NULL && !child.has_met)
        options->meet(options->context, false, report->startup, &never);
    resources_from_usage(&usage, &trial->resources);
    if (is_client && settle_client(options, report, trial, error) != 0)
        return -1;
    *account = sample_table_account(trial->table);
    judge_end(trial, &child, account, status);
    return 0;
}

int trial_run(const struct mode *mode, const struct mode_job *job, const struct trial_options *options,
              struct trial *trial, struct error *error)
{
    struct trial_report *report =
        mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "no memory for a child");
    struct mode_job own = *job;
    own.mode = mode;
    own.client = &report->client;
    own.deadline = options->deadline;
    trial->table = job->table;
    trial->warm_requests = job->workers * job->warm_url_count;
    trial->client.is_present = client_of(mode) != NULL;
    struct sample_account account;
    struct host_reading before;
    host_load_read("", &before);
    interrupt_watch(job->table);
    int result = 0;
    if (options->isolate)
        result = run_isolated(mode, &own, options, report, trial, &account, error);
    else
        run_in_place(mode, &own, report, trial, &account);
    interrupt_watch(NULL);
    if (result == 0) {
        struct host_reading after;
        host_load_read("", &after);
        take_times(trial, &own, report, &account);
        host_load_between(&before, &after, trial->resources.cpu_user + trial->resources.cpu_system, &trial->host);
    }
    munmap(report, sizeof(*report));
    return result;
}
