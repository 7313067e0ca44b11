#include "conc_bench/base/subprocess.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "conc_bench/base/io.h"
#include "conc_bench/platform/descriptor.h"

/* The message of the child. */
struct subprocess_message {
    int status;
    struct error error;
};

_Noreturn static void run_child(int (*function)(void *context, struct error *error), void *context, int line)
{
    struct subprocess_message message = {0};
    message.status = function(context, &message.error);
    child_leave(io_write_all(line, &message, sizeof(message)) == 0 ? 0 : 1);
}

/* Reads up to the end of the child, which closes the line. */
static size_t read_message(int line, struct subprocess_message *message)
{
    size_t length = 0;
    while (length < sizeof(*message)) {
        ssize_t count = read(line, (char *)message + length, sizeof(*message) - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    return length;
}

int subprocess_run(int (*function)(void *context, struct error *error), void *context, struct error *error)
{
    int line[2];
    int ended = 0;
    pid_t parent = getpid();
    if (descriptor_pipe(line) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        child_enter(parent);
        close(line[0]);
        run_child(function, context, line[1]);
    }
    int number = errno;
    close(line[1]);
    struct subprocess_message message = {0};
    size_t length = child > 0 ? read_message(line[0], &message) : 0;
    close(line[0]);
    if (child < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, number, "cannot make a process");
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        ;
    if (length < sizeof(message) || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
        return error_set(error, ERROR_ENVIRONMENT, "a process that was to try the options crashed");
    if (message.status != 0)
        *error = message.error;
    return message.status;
}
