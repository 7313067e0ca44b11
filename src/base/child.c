#include "conc_bench/base/child.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/platform/process.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

static void set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL); /* fails for bad numbers only */
}

void child_enter(pid_t parent)
{
    set_handler(SIGINT, SIG_IGN);
    set_handler(SIGTERM, SIG_IGN);
    set_handler(SIGHUP, SIG_IGN);
    set_handler(SIGCHLD, SIG_DFL);
    set_handler(SIGCONT, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    process_end_with_parent();
    /* The parent may have died before the line above took effect. */
    if (getppid() != parent)
        _exit(1);
}

void child_leave(int status)
{
#if defined(__SANITIZE_ADDRESS__)
    __lsan_do_leak_check();
#endif
    _exit(status);
}

void child_describe_signal(int number, char *buffer, size_t size)
{
    const char *reason = number == SIGKILL ? ", as the kernel does where memory runs out" : "";
    snprintf(buffer, size, "was killed by signal %d (%s)%s", number, strsignal(number), reason);
}
