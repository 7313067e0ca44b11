#include "conc_bench/base/init_process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/platform/process.h"

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { PASSED_ON = sizeof(passed_on) / sizeof(passed_on[0]) };

/* A signal that a terminal sends on Ctrl-C or Ctrl-\ has reached the child, too, and twice would mean something else.
 * SIGHUP goes to the first process alone when a terminal is closed. */
static bool has_reached_all(const siginfo_t *signal)
{
#ifdef SI_KERNEL
    return signal->si_code == SI_KERNEL && signal->si_signo != SIGHUP;
#else
    (void)signal;
    return false;
#endif
}

/* Waits for every process that has ended. True: the child was among them. */
static bool reap(pid_t child, int *status)
{
    bool has_ended = false;
    int ended;
    for (pid_t pid; (pid = waitpid(-1, &ended, WNOHANG)) > 0;) {
        if (pid != child)
            continue;
        has_ended = true;
        *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    }
    return has_ended;
}

static void stand_by(pid_t child, const sigset_t *awaited, int *status)
{
    while (!reap(child, status)) {
        siginfo_t signal = {0};
        int number = process_await_signal(awaited, &signal);
        if (number > 0 && number != SIGCHLD && !has_reached_all(&signal))
            kill(child, number);
    }
}

bool init_process_stand_by(int *status)
{
    if (getpid() != 1)
        return false;
    /* Blocked, so that none is lost: only those are kept for the first process. The child has its own effects of them
     * back before anything can be passed on to it. */
    sigset_t awaited, before;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    for (int i = 0; i < PASSED_ON; i++)
        sigaddset(&awaited, passed_on[i]);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    /* If SIGCHLD were ignored, as some parents leave it, no child could be waited for. */
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigemptyset(&usual.sa_mask);
    sigaction(SIGCHLD, &usual, NULL);
    pid_t child = fork();
    if (child <= 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        return false;
    }
    stand_by(child, &awaited, status);
    return true;
}
