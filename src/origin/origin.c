#include "conc_bench/origin/origin.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "address_list.h"
#include "conc_bench/base/child.h"
#include "conc_bench/platform/descriptor.h"
#include "conc_bench/platform/entropy.h"
#include "journal_server.h"
#include "server.h"
#include "wire.h"

/* The parent's side: starts the server's process, asks it, ends it. */

/* A server that is silent for so long hangs; and once a signal has arrived, whoever sent it should not have to wait.
 * Before it first speaks it may have 10,000 certificates to make: seconds, and many on a machine that does much else.
 */
#define START_WITHIN               (120 * NANOSECONDS_PER_SECOND)
#define ANSWER_WITHIN              (10 * NANOSECONDS_PER_SECOND)
#define ANSWER_WITHIN_AFTER_SIGNAL (500 * NANOSECONDS_PER_MILLISECOND)

/* Waiting for an answer looks for a signal this often. */
enum { LOOK_EVERY_MILLISECONDS = 50 };

#if defined(__SANITIZE_ADDRESS__)
enum { LEAVE_WITHIN_MILLISECONDS = 30000 }; /* it looks for leaks first */
#else
enum { LEAVE_WITHIN_MILLISECONDS = 500 };
#endif

struct origin {
    pid_t process;
    int control;
    uint16_t port;
    uint16_t tls_port;
    char *authority;         /* PEM; NULL: no TLS */
    struct journal *journal; /* borrowed; NULL: there is none */
    char token[ORIGIN_TOKEN_SIZE];
    uint32_t trial;              /* of the journal; the one that was opened last */
    bool is_lost;                /* it did not answer, and is not asked again */
    int (*signal_arrived)(void); /* NULL: nobody wants to end a wait early */
};

static _Noreturn void be_server(const struct origin_options *options, const struct origin_demand *demand, pid_t parent,
                                const int control[2])
{
    child_enter(parent);
    /* The parent's end would never read as closed if it were still open here. */
    close(control[0]);
    server_run(options, demand, control[1]);
    close(control[1]);
    child_leave(0);
}

static int fork_server(struct origin *origin, const struct origin_options *options, const struct origin_demand *demand,
                       struct error *error)
{
    int control[2];
    if (descriptor_socket_pair(control) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: cannot make a socket pair");
    pid_t parent = getpid();
    fflush(NULL); /* otherwise both processes would write what lies in buffers */
    origin->process = fork();
    if (origin->process == 0)
        be_server(options, demand, parent, control);
    int number = errno;
    close(control[1]);
    origin->control = control[0];
    if (origin->process < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, number, "--origin: cannot fork the server");
    return 0;
}

/* Waits until the server has said something or `end` has come; a signal brings the end nearer. */
static void wait_for_word(const struct origin *origin, nanoseconds *end)
{
    struct pollfd ready = {.fd = origin->control, .events = POLLIN};
    nanoseconds soon = clock_now() + ANSWER_WITHIN_AFTER_SIGNAL;
    if (origin->signal_arrived != NULL && origin->signal_arrived() != 0 && *end > soon)
        *end = soon;
    poll(&ready, 1, LOOK_EVERY_MILLISECONDS);
}

/* Like wire_receive(), but for no longer than the server is given. */
static int receive(const struct origin *origin, void *data, size_t length, nanoseconds within)
{
    char *rest = data;
    nanoseconds end = clock_now() + within;
    while (length > 0) {
        ssize_t received = recv(origin->control, rest, length, MSG_DONTWAIT);
        if (received > 0) {
            rest += received;
            length -= (size_t)received;
            continue;
        }
        if (received == 0)
            errno = EPIPE;
        else if (errno == EAGAIN && clock_now() >= end)
            errno = ETIMEDOUT;
        if (received == 0 || (errno != EAGAIN && errno != EINTR))
            return -1;
        wait_for_word(origin, &end);
    }
    return 0;
}

/* Says why receive() or wire_send() failed. */
static int fail(struct error *error, int number)
{
    if (number == EPIPE || number == ECONNRESET)
        return error_set(error, ERROR_ENVIRONMENT, "--origin: the server's process has ended");
    return error_set_system(error, ERROR_ENVIRONMENT, number, "--origin: the server does not answer");
}

static int read_greeting(struct origin *origin, struct error *error)
{
    struct wire_greeting greeting;
    if (receive(origin, &greeting, sizeof(greeting), START_WITHIN) != 0) {
        origin->is_lost = true;
        return fail(error, errno);
    }
    if (greeting.port == 0)
        return error_set(error, greeting.error.kind, "%s", greeting.error.message);
    origin->port = greeting.port;
    origin->tls_port = greeting.tls_port;
    if (greeting.tls_port != 0 && (origin->authority = strdup(greeting.authority)) == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "--origin: no memory");
    return 0;
}

int origin_draw_token(char token[ORIGIN_TOKEN_SIZE], struct error *error)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[ORIGIN_TOKEN_SIZE - 1];
    if (!entropy_read(bytes, sizeof(bytes)))
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "--origin: the system gives no random numbers");
    for (size_t i = 0; i < sizeof(bytes); i++)
        token[i] = characters[bytes[i] % (sizeof(characters) - 1)];
    token[sizeof(bytes)] = '\0';
    return 0;
}

struct origin *origin_start(const struct origin_options *options, const struct origin_demand *demand,
                            struct error *error)
{
    struct origin *origin = malloc(sizeof(*origin));
    if (origin == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "--origin: no memory");
        return NULL;
    }
    *origin = (struct origin){.process = -1, .control = -1, .journal = demand->journal};
    if (demand->token != NULL)
        snprintf(origin->token, sizeof(origin->token), "%s", demand->token);
    if (fork_server(origin, options, demand, error) != 0 || read_greeting(origin, error) != 0) {
        origin_stop(origin);
        return NULL;
    }
    return origin;
}

uint16_t origin_port(const struct origin *origin)
{
    return origin->port;
}

uint16_t origin_tls_port(const struct origin *origin)
{
    return origin->tls_port;
}

const char *origin_authority(const struct origin *origin)
{
    return origin->authority;
}

/* Sends a command and receives the answer into memory that the caller frees; NULL: failed. */
static char *ask(struct origin *origin, const void *command, size_t command_length, size_t *length, struct error *error)
{
    struct wire_reply_header header;
    char *answer = NULL;
    if (origin->is_lost) {
        fail(error, ETIMEDOUT);
        return NULL;
    }
    /* A late answer would be taken for that to the next command. */
    origin->is_lost = true;
    if (wire_send(origin->control, command, command_length) != 0 ||
        receive(origin, &header, sizeof(header), ANSWER_WITHIN) != 0)
        fail(error, errno); /* NOLINT(bugprone-branch-clone): the second answer may fail as the first */
    else if ((answer = malloc((size_t)header.bytes + 1)) == NULL)
        error_set(error, ERROR_ENVIRONMENT, "--origin: no memory for the server's answer");
    else if (receive(origin, answer, (size_t)header.bytes, ANSWER_WITHIN) != 0)
        fail(error, errno);
    else
        origin->is_lost = false;
    if (origin->is_lost) {
        free(answer);
        return NULL;
    }
    *length = (size_t)header.bytes;
    return answer;
}

void origin_set_interrupt(struct origin *origin, int (*signal_arrived)(void))
{
    origin->signal_arrived = signal_arrived;
}

/* Sends a command with a value behind it, and waits for its empty answer. */
static int order(struct origin *origin, enum wire_command what, const void *value, size_t size, struct error *error)
{
    char command[1 + sizeof(uint64_t)] = {(char)what};
    size_t length;
    memcpy(command + 1, value, size);
    char *answer = ask(origin, command, 1 + size, &length, error);
    free(answer);
    return answer == NULL ? -1 : 0;
}

static int reset(struct origin *origin, uint32_t trial, struct error *error)
{
    return order(origin, WIRE_RESET, &trial, sizeof(trial), error);
}

int origin_reset(struct origin *origin, struct error *error)
{
    return reset(origin, 0, error);
}

int origin_open_trial(struct origin *origin, struct error *error)
{
    if (reset(origin, ++origin->trial, error) != 0)
        return -1;
    /* Nobody has been told the new addresses yet. */
    journal_clear(origin->journal);
    return 0;
}

int origin_set_latency(struct origin *origin, nanoseconds latency, struct error *error)
{
    return order(origin, WIRE_LATENCY, &latency, sizeof(latency), error);
}

static struct address_base address_base(const struct origin *origin, uint32_t trial)
{
    return (struct address_base){
        .token = origin->token, .port = origin->port, .tls_port = origin->tls_port, .trial = trial};
}

int origin_write_list(const struct origin *origin, int file, const char *name, struct error *error)
{
    const struct address_base base = address_base(origin, origin->trial);
    if (address_list_write(&base, origin->journal, file) == 0)
        return 0;
    return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the list for programs, %s", name);
}

char *origin_address(const struct origin *origin, uint32_t url)
{
    const struct address_base base = address_base(origin, 0);
    return address_make(&base, url, journal_url(origin->journal, url));
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct origin_path_count *)a)->url, ((const struct origin_path_count *)b)->url);
}

/* The array and, behind it, the texts its entries point to: one allocation. `data` is what follows the counts. */
static struct origin_path_count *unpack_paths(const char *data, size_t length, uint32_t count)
{
    /* A text here takes a NUL more, and a wire_path less, than in `data`. */
    struct origin_path_count *paths = malloc(count * sizeof(paths[0]) + length + 1);
    if (paths == NULL)
        return NULL;
    char *text = (char *)(paths + count);
    for (uint32_t i = 0; i < count; i++) {
        struct wire_path path;
        memcpy(&path, data, sizeof(path));
        data += sizeof(path);
        memcpy(text, data, (size_t)path.length);
        text[path.length] = '\0';
        data += path.length;
        paths[i] = (struct origin_path_count){.url = text, .requests = path.requests};
        text += path.length + 1;
    }
    qsort(paths, count, sizeof(paths[0]), compare_paths);
    return paths;
}

int origin_read_counts(struct origin *origin, struct origin_totals *counts, struct origin_path_count **paths,
                       struct error *error)
{
    size_t length;
    const char command = paths == NULL ? WIRE_COUNTS : WIRE_PATHS;
    char *answer = ask(origin, &command, 1, &length, error);
    if (answer == NULL)
        return -1;
    memcpy(counts, answer, sizeof(*counts));
    int status = 0;
    if (paths != NULL) {
        *paths = unpack_paths(answer + sizeof(*counts), length - sizeof(*counts), counts->paths);
        if (*paths == NULL)
            status = error_set(error, ERROR_ENVIRONMENT, "--origin: no memory for the counts");
    }
    free(answer);
    return status;
}

void origin_path_counts_release(struct origin_path_count *paths, uint32_t count)
{
    (void)count; /* the texts lie in the same block as the array */
    free(paths);
}

/* Lets the server end by itself, and reads what it still says, so that it can. False: it did not end in time. */
static bool wait_for_end(const struct origin *origin, int *status)
{
    char rest[256];
    struct pollfd ready = {.fd = origin->control, .events = POLLIN};
    nanoseconds end = clock_now() + LEAVE_WITHIN_MILLISECONDS * NANOSECONDS_PER_MILLISECOND;
    bool has_said_all = false; /* and is about to end */
    while (clock_now() < end) {
        if (waitpid(origin->process, status, WNOHANG) != 0)
            return true;
        if (poll(&ready, has_said_all ? 0 : 1, 1) > 0)
            has_said_all = recv(origin->control, rest, sizeof(rest), MSG_DONTWAIT) <= 0;
    }
    return false;
}

static void end_server(const struct origin *origin)
{
    int status = 0;
    /* shutdown(2) rather than close(2): a process forked in between may hold the same end. */
    shutdown(origin->control, SHUT_WR);
    if (origin->is_lost || !wait_for_end(origin, &status)) {
        kill(origin->process, SIGKILL);
        while (waitpid(origin->process, &status, 0) < 0 && errno == EINTR)
            continue;
    }
#if defined(__SANITIZE_ADDRESS__)
    /* The sanitizers have said on stderr what was wrong; here it is made to count. */
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        abort();
#endif
}

void origin_stop(struct origin *origin)
{
    if (origin == NULL)
        return;
    if (origin->process > 0)
        end_server(origin);
    if (origin->control >= 0)
        close(origin->control);
    free(origin->authority);
    free(origin);
}
