#include "client_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client_usage.h"
#include "conc_bench/base/child.h"
#include "conc_bench/base/io.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/process.h"
#include "conc_bench/run/resources.h"

/* The time a process that was asked to end (SIGTERM) has before it is killed. */
#define PATIENCE (250 * NANOSECONDS_PER_MILLISECOND)

/* Processes that the command started and left may take this long to end by themselves: some libraries have helpers that
 * do so as soon as they notice. */
#define AFTERMATH (200 * NANOSECONDS_PER_MILLISECOND)

/* Killed processes may take this long to be gone: one that waits for a disk that does not answer never is. */
#define LONGEST_DEATH (3 * NANOSECONDS_PER_SECOND)

/* A stopped table and a lost parent are noticed that soon. */
#define TICK (20 * NANOSECONDS_PER_MILLISECOND)

enum { OUT, ERR, STREAMS };
enum { READ_END, WRITE_END };

struct watching {
    const struct client_command *command;
    struct client_trial *trial;
    pid_t pid;
    int streams[STREAMS]; /* the ends to read from; -1: closed by everybody */
    struct client_usage usage;
    bool has_main_ended;
    bool has_children;
    nanoseconds asked; /* the instant at which all were asked to end; 0: they were not */
};

/* The command's process */

/* Signals do what they do in a program that a shell starts. */
static void reset_signals(void)
{
    static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGCHLD, SIGCONT};
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&action.sa_mask);
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
        sigaction(handled[i], &action, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All other descriptors are closed on exec. */
static _Noreturn void become(const struct client_command *command, const int *streams, int failure)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setsid();
    process_end_with_parent();
    reset_signals();
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(streams[OUT], STDOUT_FILENO) >= 0 &&
        dup2(streams[ERR], STDERR_FILENO) >= 0) {
        if (command->is_searched) {
            environ = (char **)command->environment; /* this process has no further use for its own */
            execvp(command->words[0], command->words);
        } else {
            execve(command->words[0], command->words, command->environment);
        }
    }
    int number = errno;
    ssize_t written = write(failure, &number, sizeof(number));
    (void)written;
    child_leave(127);
}

/* Waits until the program runs in place of the fork. 0, or an errno(3): it does not. */
static int wait_for_exec(int failure)
{
    int number = 0;
    ssize_t count;
    do {
        count = read(failure, &number, sizeof(number));
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof(number) ? number : 0;
}

static int start(struct watching *watching, struct error *error)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1}, failure[2] = {-1, -1};
    int status = 0;
    if (descriptor_pipe(out) != 0 || descriptor_pipe(err) != 0 || descriptor_pipe(failure) != 0)
        status = error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make a pipe");
    watching->trial->began = clock_now();
    watching->pid = status == 0 ? fork() : -1;
    if (watching->pid == 0)
        become(watching->command, (int[]){[OUT] = out[WRITE_END], [ERR] = err[WRITE_END]}, failure[WRITE_END]);
    if (status == 0 && watching->pid < 0)
        status = error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot fork a client");
    io_close(&out[WRITE_END]);
    io_close(&err[WRITE_END]);
    io_close(&failure[WRITE_END]);
    int number = status == 0 ? wait_for_exec(failure[READ_END]) : 0;
    if (number != 0)
        status =
            error_set_system(error, ERROR_ENVIRONMENT, number, "\"%s\" cannot be started", watching->command->words[0]);
    io_close(&failure[READ_END]);
    watching->streams[OUT] = out[READ_END];
    watching->streams[ERR] = err[READ_END];
    for (int i = 0; i < STREAMS && watching->streams[i] >= 0; i++)
        fcntl(watching->streams[i], F_SETFL, O_NONBLOCK);
    return status;
}

/* The client's output */

static void keep_output(struct client_output *output, const char *bytes, size_t count)
{
    size_t room = output->bytes < CLIENT_HEAD_BYTES ? CLIENT_HEAD_BYTES - (size_t)output->bytes : 0;
    memcpy(output->head + CLIENT_HEAD_BYTES - room, bytes, count < room ? count : room);
    /* Only the last bytes of a large piece are kept. */
    for (size_t i = count > CLIENT_TAIL_BYTES ? count - CLIENT_TAIL_BYTES : 0; i < count; i++)
        output->tail[(output->bytes + i) % CLIENT_TAIL_BYTES] = bytes[i];
    output->bytes += count;
}

/* Whether more can be shown without waiting: whoever reads standard error may have stopped to. */
static bool can_show(const struct watching *watching)
{
    struct pollfd entry = {.fd = STDERR_FILENO, .events = POLLOUT};
    return !watching->command->shows_output || poll(&entry, 1, 0) > 0;
}

/* Takes what is there; of what is shown, as much as a pipe is sure to take. */
static void take_output(struct watching *watching, int stream)
{
    char bytes[1 << 16];
    size_t most = watching->command->shows_output ? PIPE_BUF : sizeof(bytes);
    if (watching->streams[stream] < 0 || !can_show(watching))
        return;
    ssize_t count = read(watching->streams[stream], bytes, most);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
        io_close(&watching->streams[stream]);
    if (count <= 0)
        return;
    keep_output(stream == OUT ? &watching->trial->out : &watching->trial->err, bytes, (size_t)count);
    if (watching->command->shows_output) {
        ssize_t written = write(STDERR_FILENO, bytes, (size_t)count);
        (void)written;
    }
}

/* Its end */

static void note_end(struct watching *watching, int status)
{
    struct client_trial *trial = watching->trial;
    bool is_signal = WIFSIGNALED(status);
    watching->has_main_ended = true;
    trial->code = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    if (trial->end == CLIENT_NOT_STARTED)
        trial->end = is_signal ? CLIENT_SIGNALLED : CLIENT_EXITED;
}

/* Reaps every process that has ended, the adopted included. */
static void reap(struct watching *watching)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (watching->asked == 0)
            watching->trial->ended = clock_now();
        if (pid == watching->pid)
            note_end(watching, status);
    }
    watching->has_children = pid == 0;
}

/* Signals all descendants of this process, as they are now. One that forks faster than it is killed is met again at the
 * next look. Returns their number. */
static uint32_t signal_all(const struct watching *watching, int number)
{
    struct process_tree tree = {0};
    uint32_t count = 0;
    process_find_tree("", getpid(), &tree);
    if (!watching->has_main_ended)
        kill(-watching->pid, number);
    for (size_t i = 1; i < tree.count; i++)
        count += kill(tree.pids[i], number) == 0;
    process_tree_release(&tree);
    return count;
}

/* Sleeps until a child ends, something is printed, or the time is over. */
static void doze(const struct watching *watching, nanoseconds longest)
{
    struct pollfd entries[STREAMS] = {{.fd = watching->streams[OUT], .events = POLLIN},
                                      {.fd = watching->streams[ERR], .events = POLLIN}};
    bool is_blocked = !can_show(watching);
    struct timespec limit = clock_timespec(longest > 0 ? longest : 0);
    sigset_t none;
    sigemptyset(&none);
    descriptor_poll(entries, is_blocked ? 0 : STREAMS, &limit, &none);
}

static void turn(struct watching *watching, nanoseconds longest)
{
    doze(watching, longest);
    for (int i = 0; i < STREAMS; i++)
        take_output(watching, i);
    reap(watching);
}

/* Asks all to end, kills those that do not, and reaps them. */
static void end_all(struct watching *watching, bool is_asked_first)
{
    nanoseconds began = clock_now();
    watching->asked = began;
    if (is_asked_first)
        signal_all(watching, SIGTERM);
    while (watching->has_children && is_asked_first && clock_now() < began + PATIENCE)
        turn(watching, TICK / 4);
    while (watching->has_children && clock_now() < began + PATIENCE + LONGEST_DEATH) {
        signal_all(watching, SIGKILL);
        turn(watching, TICK / 4);
    }
}

/* Whether it is to be ended, and why. */
static enum client_end find_reason(const struct watching *watching)
{
    const struct client_command *command = watching->command;
    if (sample_table_is_stopped(command->table) || getppid() != command->parent)
        return CLIENT_STOPPED;
    return clock_now() >= command->deadline ? CLIENT_HUNG : CLIENT_NOT_STARTED;
}

static void watch(struct watching *watching)
{
    watching->has_children = true;
    while (!watching->has_main_ended && watching->trial->end == CLIENT_NOT_STARTED) {
        turn(watching, TICK);
        client_usage_look(&watching->usage, &watching->trial->resources);
        if (!watching->has_main_ended)
            watching->trial->end = find_reason(watching);
    }
    if (!watching->has_main_ended) {
        watching->trial->ended = clock_now();
        end_all(watching, true);
        return;
    }
    /* The processes that are left may be about to end, or write to a pipe that is still read. */
    nanoseconds ended = watching->trial->ended;
    while (watching->has_children && clock_now() < ended + AFTERMATH)
        turn(watching, TICK / 4);
    if (!watching->has_children)
        return;
    watching->trial->ended = ended;
    watching->trial->left_behind = signal_all(watching, 0);
    end_all(watching, true);
}

static void on_child(int number)
{
    (void)number; /* being interrupted is all it is for */
}

/* SIGCHLD is let in while this process waits, and only then, so that none is missed. */
static void catch_children(void)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;
    sigemptyset(&action.sa_mask);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_BLOCK, &child, NULL);
}

int client_process_run(const struct client_command *command, struct client_trial *trial, struct error *error)
{
    struct watching watching = {.command = command, .trial = trial, .streams = {-1, -1}};
    catch_children();
    int status = start(&watching, error);
    if (status == 0)
        watch(&watching);
    else if (watching.pid > 0)
        waitpid(watching.pid, NULL, 0);
    /* Reads what is left in the pipes: all processes that could write to them have ended. */
    for (int i = 0; i < STREAMS; i++) {
        for (int left = 64; left > 0 && watching.streams[i] >= 0; left--)
            take_output(&watching, i);
        io_close(&watching.streams[i]);
    }
    struct rusage usage;
    struct trial_resources peaks = trial->resources;
    getrusage(RUSAGE_CHILDREN, &usage);
    resources_from_usage(&usage, &trial->resources);
    trial->resources.peak_memory_bytes = peaks.peak_memory_bytes;
    return status;
}
