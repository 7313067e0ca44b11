#include "conc_bench/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* Written by the handler, read by the parent's only thread. The handlers run within interrupt_wait() and
 * interrupt_signal() alone, since the signals are blocked elsewhere. */
static volatile sig_atomic_t arrived_signal;
static struct sample_table *_Atomic watched_table;

static void on_interrupt(int number)
{
    arrived_signal = number;
    struct sample_table *table = watched_table;
    if (table != NULL)
        sample_table_stop(table);
}

static void on_child(int number)
{
    (void)number; /* being interrupted is all it is for */
}

static int install(int number, void (*handler)(int), int flags, struct error *error)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, NULL) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot handle signal %d", number);
    return 0;
}

static void set_blocked(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(how, &signals, NULL);
}

int interrupt_install(struct error *error)
{
    /* SA_RESETHAND: whoever presses Ctrl-C twice means it. */
    if (install(SIGINT, on_interrupt, (int)SA_RESETHAND, error) != 0 ||
        install(SIGTERM, on_interrupt, (int)SA_RESETHAND, error) != 0 || install(SIGCHLD, on_child, 0, error) != 0 ||
        install(SIGPIPE, SIG_IGN, 0, error) != 0)
        return -1;
    set_blocked(SIG_BLOCK);
    return 0;
}

void interrupt_let_in(bool is_let_in)
{
    set_blocked(is_let_in ? SIG_UNBLOCK : SIG_BLOCK);
}

void interrupt_restore(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGCHLD};
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigemptyset(&normal.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &normal, NULL);
    set_blocked(SIG_UNBLOCK);
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
    struct timespec limit = {.tv_sec = timeout / NANOSECONDS_PER_SECOND, .tv_nsec = timeout % NANOSECONDS_PER_SECOND};
    sigset_t none;
    sigemptyset(&none);
    return ppoll(&entry, descriptor >= 0 ? 1 : 0, &limit, &none) > 0;
}
