#include "conc_bench/run/interrupt.h"
#include "conc_bench/platform/descriptor.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* Written by the handler, read by the parent's only thread. The handlers run within interrupt_wait() and
 * interrupt_signal() alone, since the signals are blocked elsewhere. */
static volatile sig_atomic_t arrived_signal;
static volatile sig_atomic_t continuations;
static struct sample_table *_Atomic watched_table;

/* The first one is the reason, whatever comes behind it. */
static void on_interrupt(int number)
{
    if (arrived_signal == 0)
        arrived_signal = number;
    struct sample_table *table = watched_table;
    if (table != NULL)
        sample_table_stop(table);
}

static void on_child(int number)
{
    (void)number; /* being interrupted is all it is for */
}

static void on_continuation(int number)
{
    (void)number;
    continuations = continuations + 1;
}

/* The signals that are handled, and how. SA_RESETHAND: whoever presses Ctrl-C twice means it; but a terminal that is
 * closed may send SIGHUP twice, by the system and by the shell. */
static const struct {
    int number;
    void (*handler)(int);
    int flags;
    bool is_ending;
} handled[] = {
    {SIGINT, on_interrupt, (int)SA_RESETHAND, true},
    {SIGTERM, on_interrupt, (int)SA_RESETHAND, true},
    {SIGHUP, on_interrupt, 0, true},
    {SIGCHLD, on_child, 0, false},
    {SIGCONT, on_continuation, SA_RESTART, false},
    {SIGPIPE, SIG_IGN, 0, false},
};
enum { HANDLED = sizeof(handled) / sizeof(handled[0]) };

static struct sigaction earlier[HANDLED];

static void set_blocked(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < HANDLED; i++) {
        if (handled[i].is_ending || handled[i].number == SIGCHLD)
            sigaddset(&signals, handled[i].number);
    }
    sigprocmask(how, &signals, NULL);
}

int interrupt_install(struct error *error)
{
    for (size_t i = 0; i < HANDLED; i++) {
        struct sigaction action = {.sa_handler = handled[i].handler, .sa_flags = handled[i].flags};
        sigemptyset(&action.sa_mask);
        if (sigaction(handled[i].number, NULL, &earlier[i]) != 0)
            return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot ask for signal %d", handled[i].number);
        /* The parent asked to ignore this signal: nohup(1), or a shell with a background job. */
        if (handled[i].is_ending && earlier[i].sa_handler == SIG_IGN)
            continue;
        if (sigaction(handled[i].number, &action, NULL) != 0)
            return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot handle signal %d", handled[i].number);
    }
    set_blocked(SIG_BLOCK);
    return 0;
}

void interrupt_let_in(bool is_let_in)
{
    set_blocked(is_let_in ? SIG_UNBLOCK : SIG_BLOCK);
}

void interrupt_restore(void)
{
    for (size_t i = 0; i < HANDLED; i++) {
        if (handled[i].number == SIGPIPE)
            continue;
        struct sigaction action = earlier[i];
        /* One that came behind the signal that ended the run, as service managers send it, would take the report. */
        if (handled[i].number == SIGHUP && arrived_signal != 0)
            action.sa_handler = SIG_IGN;
        sigaction(handled[i].number, &action, NULL);
    }
    set_blocked(SIG_UNBLOCK);
}

int interrupt_continuations(void)
{
    return continuations;
}

void interrupt_watch(struct sample_table *table)
{
    watched_table = table;
    if (table != NULL && interrupt_signal() != 0)
        sample_table_stop(table);
}

int interrupt_signal(void)
{
    interrupt_wait(-1, 0);
    return arrived_signal;
}

bool interrupt_wait(int descriptor, nanoseconds timeout)
{
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    struct timespec limit = clock_timespec(timeout);
    sigset_t none;
    sigemptyset(&none);
    return descriptor_poll(&entry, descriptor >= 0 ? 1 : 0, &limit, &none) > 0;
}
