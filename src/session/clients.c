#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/client/client_settle.h"
#include "session_state.h"

/* What clients are given, and what they say: a folder of their own, with a file for each. Real files rather than
 * descriptors, since not every program opens what is in no folder. */

bool session_has_clients(const struct options *options)
{
    return options->client_count > 0;
}

static char *join(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) >= 0 ? path : NULL;
}

static int make_folder(struct clients *clients, struct error *error)
{
    const char *parent = getenv("TMPDIR");
    clients->folder = join(parent != NULL && parent[0] == '/' ? parent : "/tmp", "conc-bench.XXXXXX");
    if (clients->folder == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the folder of clients");
    if (mkdtemp(clients->folder) == NULL) {
        error_set_system(error, ERROR_ENVIRONMENT, errno,
                         "cannot make the folder %s for the list of clients, so set TMPDIR to another place",
                         clients->folder);
        free(clients->folder);
        clients->folder = NULL;
        return -1;
    }
    clients->list = join(clients->folder, "list");
    clients->report = join(clients->folder, "report");
    if (clients->list == NULL || clients->report == NULL)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the files of clients");
    return 0;
}

static int write_all(int file, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0 && errno != EINTR)
            return -1;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* The URL of each unit, in their order. */
static int write_urls(const struct session *session, int file)
{
    enum { PIECE = 1 << 16 };
    struct text_buffer piece = {0};
    int status = 0;
    for (uint32_t unit = 0; unit < session->plan.unit_count && status == 0; unit++) {
        text_buffer_add(&piece, "%s\n", url_text(&session->urls, session->plan.unit_urls[unit]));
        bool is_last = unit + 1 == session->plan.unit_count;
        if (piece.has_failed) {
            errno = ENOMEM;
            status = -1;
        } else if (piece.length >= PIECE || is_last) {
            status = write_all(file, text_buffer_text(&piece), piece.length);
            text_buffer_release(&piece);
        }
    }
    text_buffer_release(&piece);
    return status;
}

static int write_list(const struct session *session, const struct clients *clients, struct error *error)
{
    int file = open(clients->list, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make the list of clients, %s", clients->list);
    int status = write_urls(session, file);
    if (status != 0)
        error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the list of clients, %s", clients->list);
    if (close(file) != 0 && status == 0)
        status =
            error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the list of clients, %s", clients->list);
    return status;
}

int setup_clients(struct session *session, struct error *error)
{
    struct clients *clients = &session->clients;
    if (!session_has_clients(session->options))
        return 0;
    if (make_folder(clients, error) != 0 || write_list(session, clients, error) != 0)
        return -1;
    clients->setting = (struct client_setting){
        .list = clients->list,
        .report = clients->report,
        .cpu_work = session->options->cpu_work,
        .shows_output = session->options->show_output,
    };
    return 0;
}

/* The folder goes only where clients have left nothing else in it. */
void clients_release(struct clients *clients)
{
    if (clients->list != NULL)
        unlink(clients->list);
    if (clients->report != NULL)
        unlink(clients->report);
    if (clients->folder != NULL)
        rmdir(clients->folder);
    free(clients->list);
    free(clients->report);
    free(clients->folder);
    *clients = (struct clients){0};
}

int clients_settle(void *context, const struct client_trial *did, struct trial *trial, struct error *error)
{
    struct session *session = context;
    const struct client_evidence evidence = {
        .did = did,
        .report = session->clients.report,
        .urls = session->run.urls,
        .unit_urls = session->plan.unit_urls,
    };
    return client_settle(&evidence, trial, error);
}
