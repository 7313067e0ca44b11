#include <stdio.h>
#include <stdlib.h>

#include "conc_bench/base/place.h"
#include "conc_bench/session/session.h"
#include "conc_bench/workload/cookies.h"

/* One place that the run reads from or writes to. */
struct use {
    char what[64];    /* "--cacert", "the list of URLs" */
    const char *path; /* as it was written */
    struct place place;
};

struct uses {
    struct use *items;
    size_t count;
};

/* Room for all that the options can name: one of each kind, and those that may be given several times. */
static size_t count_most(const struct options *options)
{
    enum { SINGLE = 6 };
    return EXPORT_COUNT + options->input_count + options->request.headers.count + options->request.data.count +
           options->baseline_count + SINGLE;
}

static void add_input(struct uses *uses, const char *what, const char *path)
{
    if (path == NULL)
        return;
    struct use *use = &uses->items[uses->count++];
    snprintf(use->what, sizeof(use->what), "%s", what);
    use->path = path;
    place_find_input(path, &use->place);
}

static void add_files_of(struct uses *uses, const char *what, const struct request_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (texts->items[i].text[0] == '@')
            add_input(uses, what, texts->items[i].text + 1);
    }
}

static void add_inputs(struct uses *uses, const struct options *options)
{
    const struct request_options *request = &options->request;
    for (size_t i = 0; i < options->input_count; i++) {
        if (!options_is_url(options->inputs[i]))
            add_input(uses, "the list of URLs", options->inputs[i]);
    }
    add_files_of(uses, "--header", &request->headers);
    add_files_of(uses, "--data", &request->data);
    add_input(uses, "--config", request->config);
    add_input(uses, "--cookie",
              request->cookies != NULL && !cookies_are_data(request->cookies) ? request->cookies : NULL);
    add_input(uses, "--cacert", request->ca_file);
    add_input(uses, "--cert", request->certificate);
    add_input(uses, "--key", request->key);
    for (size_t i = 0; i < options->baseline_count; i++)
        add_input(uses, "--baseline", options->baselines[i]);
    add_input(uses, "--import-json", options->import_json);
}

/* A report that cannot be written at all is told by report_check(). */
static void add_exports(struct uses *uses, const struct options *options)
{
    for (size_t i = 0; i < EXPORT_COUNT; i++) {
        struct use *use = &uses->items[uses->count];
        if (options->exports[i] == NULL || place_find_output(options->exports[i], &use->place, NULL) != 0)
            continue;
        snprintf(use->what, sizeof(use->what), "--%s", options_name_export((enum export_format)i));
        use->path = options->exports[i];
        uses->count++;
    }
}

/* Refuses two readers of an input that can be read only once: the second would get nothing. */
static int check_readers(const struct uses *inputs, struct error *error)
{
    for (size_t i = 0; i < inputs->count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct use *one = &inputs->items[j];
            const struct use *other = &inputs->items[i];
            bool is_same = one->place.is_there && other->place.is_there &&
                           one->place.status.st_dev == other->place.status.st_dev &&
                           one->place.status.st_ino == other->place.status.st_ino;
            if (is_same && place_is_read_once(&one->place))
                return error_set(error, ERROR_USAGE,
                                 "%s and %s both read \"%s\", which can be read only once: give one of them a file",
                                 one->what, other->what, other->path);
        }
    }
    return 0;
}

static int check_writers(const struct uses *inputs, const struct uses *exports, struct error *error)
{
    for (size_t i = 0; i < exports->count; i++) {
        const struct use *export = &exports->items[i];
        for (size_t j = 0; j < inputs->count; j++) {
            if (place_is_same(&inputs->items[j].place, &export->place))
                return error_set(error, ERROR_USAGE,
                                 "%s \"%s\" would write over what %s reads: choose another name for the report",
                                 export->what, export->path, inputs->items[j].what);
        }
        for (size_t j = 0; j < i; j++) {
            if (place_is_same(&exports->items[j].place, &export->place))
                return error_set(error, ERROR_USAGE,
                                 "%s \"%s\" and %s \"%s\" are the same place: choose another for one of them",
                                 exports->items[j].what, exports->items[j].path, export->what, export->path);
        }
    }
    return 0;
}

/* The table, and what goes wrong, may go to a file as well, which a report by its name would replace. */
static int check_streams(const struct uses *exports, struct error *error)
{
    static const char *const names[] = {"", "standard output", "standard error"};
    for (int stream = 1; stream <= 2; stream++) {
        struct place place;
        place_find_descriptor(stream, &place);
        for (size_t i = 0; i < exports->count; i++) {
            const struct use *export = &exports->items[i];
            if (export->place.kind != PLACE_DESCRIPTOR && place_is_same(&place, &export->place))
                return error_set(error, ERROR_USAGE,
                                 "%s \"%s\" is where %s goes: choose another name, or - for the report", export->what,
                                 export->path, names[stream]);
        }
    }
    return 0;
}

static void release(struct uses *uses)
{
    for (size_t i = 0; i < uses->count; i++)
        place_release(&uses->items[i].place);
    free(uses->items);
}

int session_check_files(const struct options *options, struct error *error)
{
    size_t most = count_most(options);
    struct uses inputs = {.items = calloc(most, sizeof(inputs.items[0]))};
    struct uses exports = {.items = calloc(most, sizeof(exports.items[0]))};
    int status = -1;
    if (inputs.items == NULL || exports.items == NULL) {
        error_set(error, ERROR_ENVIRONMENT, "no memory for the names of files");
    } else {
        add_inputs(&inputs, options);
        add_exports(&exports, options);
        status = check_readers(&inputs, error);
        if (status == 0)
            status = check_writers(&inputs, &exports, error);
        if (status == 0)
            status = check_streams(&exports, error);
    }
    release(&inputs);
    release(&exports);
    return status;
}
