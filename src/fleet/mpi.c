#include <limits.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "transport.h"

/* The kind of a message is its tag. */
static MPI_Request request = MPI_REQUEST_NULL;

/* "Open MPI v4.1.4", without the rest of what the library says of itself. */
static void describe_library(char text[MPI_MAX_LIBRARY_VERSION_STRING])
{
    int length = 0;
    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS)
        length = 0;
    text[length] = '\0';
    text[strcspn(text, ",\n")] = '\0';
    for (char *tab = strchr(text, '\t'); tab != NULL; tab = strchr(tab, '\t'))
        *tab = ' ';
}

int transport_start(const struct launch *launch, uint32_t *rank, uint32_t *size, struct error *error)
{
    int level, own = 0, count = 1;
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    *rank = launch->rank;
    *size = 1;
    /* One thread calls MPI. That the library may have others of its own is why cells are forked and never call it. */
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return error_set(error, ERROR_ENVIRONMENT, "the MPI library cannot be started");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &own);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    if (count < 2) {
        describe_library(library);
        MPI_Finalize();
        return error_set(error, ERROR_USAGE,
                         "%s has started several processes, but %s, which this program was built with, does not find "
                         "them, so that each would be a run of its own: %s",
                         launch->launcher, library, launch->advice);
    }
    *rank = (uint32_t)own;
    *size = (uint32_t)count;
    return 0;
}

int transport_begin_send(uint32_t rank, int kind, const void *bytes, size_t size)
{
    int result = MPI_Isend(bytes, (int)size, MPI_BYTE, (int)rank, kind, MPI_COMM_WORLD, &request);
    return result == MPI_SUCCESS ? 0 : -1;
}

int transport_begin_receive(uint32_t rank, int kind, void *bytes, size_t size)
{
    int result = MPI_Irecv(bytes, (int)size, MPI_BYTE, (int)rank, kind, MPI_COMM_WORLD, &request);
    return result == MPI_SUCCESS ? 0 : -1;
}

int transport_test(void)
{
    int is_over = 0;
    if (MPI_Test(&request, &is_over, MPI_STATUS_IGNORE) != MPI_SUCCESS)
        return -1;
    return is_over != 0;
}

void transport_drop(void)
{
    if (request != MPI_REQUEST_NULL && MPI_Cancel(&request) == MPI_SUCCESS)
        MPI_Request_free(&request);
    request = MPI_REQUEST_NULL;
}

int transport_look(uint32_t rank, int *kind, size_t *size)
{
    int is_there = 0, count = 0;
    MPI_Status status;
    if (MPI_Iprobe((int)rank, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there, &status) != MPI_SUCCESS)
        return -1;
    if (!is_there)
        return 0;
    if (MPI_Get_count(&status, MPI_BYTE, &count) != MPI_SUCCESS || count < 0)
        return -1;
    *kind = status.MPI_TAG;
    *size = (size_t)count;
    return 1;
}

size_t transport_most(void)
{
    return INT_MAX;
}

/* Neither way to end MPI has a limit of its own. MPICH 4.0 does not come back from MPI_Finalize() in half of all runs
 * over TCP; its launcher accepts processes that leave without it, and that of Open MPI takes them for failed. On a
 * machine that is cut off from the launcher MPI_Abort() may wait for ever. */
#ifdef MPICH_VERSION
enum { LONGEST_END = 1 /* s */ };
#else
enum { LONGEST_END = 20 /* s */ };
#endif
enum { LONGEST_ABORT = 10 /* s */ };

static volatile sig_atomic_t end_status;

static void leave(int number)
{
    (void)number;
    child_leave(end_status);
}

static void leave_after(unsigned seconds, int status)
{
    struct sigaction action = {.sa_handler = leave};
    sigemptyset(&action.sa_mask);
    end_status = status;
    fflush(NULL);
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

void transport_end(int status)
{
    leave_after(LONGEST_END, status);
    MPI_Finalize();
    alarm(0);
}

void transport_abort(int status)
{
    leave_after(LONGEST_ABORT, status);
    MPI_Abort(MPI_COMM_WORLD, status);
}
