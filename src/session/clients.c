#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conc_bench/base/io.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/client/client_settle.h"
#include "conc_bench/run/interrupt.h"
#include "conc_bench/workload/target.h"
#include "session_state.h"

/* Requests to the origin about clients */

/* "www.jython.org:8080/dice?x=1": the host as a Host header has it. The caller frees it. */
static char *describe_url(const struct session *session, uint32_t url, bool is_tls)
{
    const struct url_host *host = &session->urls.hosts[session->urls.url_hosts[url]];
    bool has_colon = memchr(host->name, ':', host->name_length) != NULL;
    char port[8] = "";
    char *request = target_request(url_text(&session->urls, url));
    char *text = NULL;
    if (host->port != (is_tls ? 443 : 80))
        snprintf(port, sizeof(port), ":%u", (unsigned)host->port);
    if (request == NULL || asprintf(&text, "%s%.*s%s%s%s", has_colon ? "[" : "", (int)host->name_length, host->name,
                                    has_colon ? "]" : "", port, request) < 0)
        text = NULL;
    free(request);
    return text;
}

static uint64_t count_units(const struct session *session)
{
    return session->urls.downloads * session->options->repeat * (session->is_list_embedded ? EMBEDDED_REPEAT : 1);
}

int clients_make_journal(struct session *session, struct error *error)
{
    struct clients *clients = &session->clients;
    uint32_t count = (uint32_t)session->urls.url_count;
    if (session->options->client_count == 0)
        return 0;
    clients->urls = calloc((size_t)count + 1, sizeof(clients->urls[0]));
    bool has_memory = clients->urls != NULL;
    for (uint32_t i = 0; i < count && has_memory; i++) {
        bool is_https = target_is_tls(url_text(&session->urls, i));
        char *text = describe_url(session, i, is_https);
        has_memory = text != NULL;
        clients->urls[i] = (struct journal_url){.text = text,
                                                .length = has_memory ? (uint32_t)strlen(text) : 0,
                                                .is_tls = is_https && session->options->origin.has_tls};
    }
    /* A plan of more is refused afterwards. */
    uint64_t units = count_units(session);
    if (!has_memory)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for %" PRIu32 " URLs", count);
    clients->journal = journal_create(clients->urls, count, units < UINT32_MAX ? (uint32_t)units : 0, error);
    return clients->journal != NULL ? 0 : -1;
}

const char *const *clients_list_addresses(struct session *session, struct error *error)
{
    struct clients *clients = &session->clients;
    size_t count = session->urls.url_count;
    clients->addresses = calloc(count + 1, sizeof(clients->addresses[0]));
    bool has_memory = clients->addresses != NULL;
    for (size_t i = 0; i < count && has_memory; i++) {
        clients->addresses[i] = origin_address(session->origin, (uint32_t)i);
        has_memory = clients->addresses[i] != NULL;
    }
    if (has_memory)
        return (const char *const *)clients->addresses;
    error_set(error, ERROR_ENVIRONMENT, "no memory for the addresses of %zu URLs", count);
    return NULL;
}

int clients_open_trial(struct session *session, struct error *error)
{
    int file = session->clients.list_file;
    if (origin_open_trial(session->origin, error) != 0)
        return -1;
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the list of clients, %s",
                                session->clients.list);
    return origin_write_list(session->origin, file, session->clients.list, error);
}

/* Files */

/* The input of clients and their reports stand in a folder of their own, with a file for each. They are real files
 * rather than descriptors, since some programs open only what stands in a folder. */

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
            status = io_write_all(file, text_buffer_text(&piece), piece.length);
            text_buffer_release(&piece);
        }
    }
    text_buffer_release(&piece);
    return status;
}

/* It stays open: with the origin, each trial has other addresses. */
static int make_list(struct session *session, struct error *error)
{
    struct clients *clients = &session->clients;
    clients->list_file = open(clients->list, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (clients->list_file < 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot make the list of clients, %s", clients->list);
    if (clients->journal == NULL && write_urls(session, clients->list_file) != 0)
        return error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the list of clients, %s", clients->list);
    return 0;
}

/* The authority of the origin, where common programs look for one: OpenSSL and what is built on it, curl, Python's
 * requests, and Node. */
static int make_authority(struct session *session, struct error *error)
{
    static const char *const names[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"};
    struct clients *clients = &session->clients;
    const char *text = session->origin != NULL ? origin_authority(session->origin) : NULL;
    if (text == NULL)
        return 0;
    clients->authority = join(clients->folder, "authority.pem");
    bool has_memory = clients->authority != NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && has_memory; i++)
        has_memory = asprintf(&clients->variables[i], "%s=%s", names[i], clients->authority) >= 0;
    if (!has_memory)
        return error_set(error, ERROR_ENVIRONMENT, "no memory for the authority of clients");
    int file = open(clients->authority, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int status = file >= 0 ? io_write_all(file, text, strlen(text)) : -1;
    if (status != 0)
        error_set_system(error, ERROR_ENVIRONMENT, errno, "cannot write the authority of clients, %s",
                         clients->authority);
    if (file >= 0)
        close(file);
    return status;
}

/* A sweep, or a search, of a client that may not know of it. */
static void tell_of_workers(struct session *session)
{
    const struct options *options = session->options;
    bool has_several = options->worker_count > 1 || options->workers_auto;
    for (size_t i = 0; i < options->client_count && has_several; i++) {
        if (!client_has_placeholder(&options->clients[i], "workers"))
            run_warn(&session->run,
                     "the command of %s has no {workers}: unless it reads CONC_BENCH_WORKERS, every number is the same "
                     "to it",
                     options->clients[i].name);
    }
}

/* Options of requests, which the list of those that the run describes has without secrets. */
static void tell_of_options(struct session *session)
{
    const struct run *run = &session->run;
    struct text_buffer list = {0};
    for (size_t i = 0; i < run->asked_count; i++)
        text_buffer_add(&list, "%s%s", i > 0 ? ", " : "", run->asked[i]);
    if (session->options->connection_count > 1 || session->options->connections[0] != CONNECTIONS_REUSE)
        text_buffer_add(&list, "%s--connections", list.length > 0 ? ", " : "");
    if (list.length > 0)
        run_warn(&session->run, "options that do not reach clients, which have to do the same by themselves: %s",
                 text_buffer_text(&list));
    text_buffer_release(&list);
    if (session->options->cpu_work > 0)
        run_warn(&session->run, "--cpu-work reaches clients by CONC_BENCH_CPU_WORK alone: those that do not read it do "
                                "less work");
}

void clients_tell_limits(struct session *session)
{
    if (session->options->client_count == 0)
        return;
    tell_of_workers(session);
    if (session->options->mode_count > session->options->client_count)
        tell_of_options(session);
}

int clients_open(struct session *session, struct error *error)
{
    struct clients *clients = &session->clients;
    if (session->options->client_count == 0)
        return 0;
    clients->list_file = -1;
    if (clients->journal != NULL)
        journal_set_units(clients->journal, session->plan.unit_urls, session->plan.unit_count);
    if (make_folder(clients, error) != 0 || make_list(session, error) != 0 || make_authority(session, error) != 0)
        return -1;
    clients->setting = (struct client_setting){
        .list = clients->list,
        .report = clients->report,
        .cpu_work = session->options->cpu_work,
        .shows_output = session->options->show_output,
        .environment = (const char *const *)clients->variables,
    };
    return 0;
}

static void remove_file(char *path)
{
    if (path != NULL)
        unlink(path);
    free(path);
}

/* The folder goes only where clients have left nothing else in it. */
static void release_files(struct clients *clients)
{
    if (clients->list_file >= 0)
        close(clients->list_file);
    remove_file(clients->list);
    remove_file(clients->report);
    remove_file(clients->authority);
    rmdir(clients->folder);
    free(clients->folder);
    clients->folder = clients->list = clients->report = clients->authority = NULL;
}

void clients_close(struct session *session)
{
    if (session->clients.folder != NULL)
        release_files(&session->clients);
}

void clients_release(struct session *session)
{
    struct clients *clients = &session->clients;
    for (size_t i = 0; clients->variables[i] != NULL; i++)
        free(clients->variables[i]);
    journal_release(clients->journal);
    for (size_t i = 0; clients->urls != NULL && i < session->urls.url_count; i++)
        free((char *)clients->urls[i].text);
    free(clients->urls);
    for (size_t i = 0; clients->addresses != NULL && i < session->urls.url_count; i++)
        free(clients->addresses[i]);
    free(clients->addresses);
    *clients = (struct clients){0};
}

int clients_settle(void *context, const struct client_trial *did, struct trial *trial, struct error *error)
{
    struct session *session = context;
    struct origin_totals totals = {0};
    const struct journal *journal = session->clients.journal;
    /* Without an origin, what an interrupted trial has done is not known. */
    if (journal != NULL && origin_read_counts(session->origin, &totals, NULL, error) != 0) {
        if (interrupt_signal() == 0)
            return -1;
        journal = NULL;
    }
    const struct client_settle_input input = {
        .did = did,
        .seen = journal != NULL ? journal_units(journal) : NULL,
        .strays = totals.strays,
        .handshakes = totals.handshakes,
        .report = session->clients.report,
        .urls = session->run.urls,
        .unit_urls = session->plan.unit_urls,
    };
    return client_settle(&input, trial, error);
}
