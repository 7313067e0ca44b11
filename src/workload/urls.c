#include "conc_bench/workload/urls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conc_bench/base/hash.h"
#include "conc_bench/base/hash_map.h"
#include "conc_bench/base/number.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/base/unicode.h"
#include "conc_bench/platform/memory.h"
#include "conc_bench/workload/host_name.h"
#include "entry.h"
#include "form.h"

/* Memory that texts live in until the list is released: a whole file, or many small copies. */
struct block {
    struct block *next;
    char bytes[];
};

/* The start of a URL that libcurl has parsed, "http://host:port", and the host it found there. */
struct known_origin {
    const char *text; /* NULL: none */
    uint32_t length;
    uint32_t host;
};

/* As many origins as fit a page. */
enum { ORIGIN_BITS = 8 };

/* "POST http://a.test/", and how many requests have it. */
struct request_name {
    const char *text;
    uint32_t count;
};

struct url_storage {
    struct block *blocks;
    char *room; /* free space within the newest block of copies */
    size_t room_left;
    size_t line_capacity; /* of `lines`, `texts` and `url_hosts`: there are never more URLs than lines */
    size_t host_capacity;
    struct hash_map url_map;
    struct hash_map host_map;
    struct request_name *request_names;
    size_t request_name_count;
    size_t request_name_capacity;
    struct hash_map request_name_map;
    struct known_origin origins[1 << ORIGIN_BITS]; /* the latest of those whose hash ends alike */
    CURLU *parser;
};

/* Messages */

static int fail_memory(struct error *error)
{
    return error_set(error, ERROR_ENVIRONMENT, "no memory for the list of URLs");
}

/* Memory */

/* A block of `size` bytes, or `block` made that large, not yet known to the list. */
static struct block *block_resize(struct block *block, size_t size)
{
    return size > PTRDIFF_MAX - sizeof(*block) ? NULL : realloc(block, sizeof(*block) + size);
}

static void keep_block(struct url_storage *storage, struct block *block)
{
    block->next = storage->blocks;
    storage->blocks = block;
}

/* A copy that lives as long as the list; NULL: out of memory. */
static char *keep_copy(struct url_storage *storage, const char *text, size_t length)
{
    enum { BLOCK_SIZE = 64 * 1024 };
    if (length + 1 > storage->room_left) {
        size_t size = length + 1 > BLOCK_SIZE ? length + 1 : BLOCK_SIZE;
        struct block *block = block_resize(NULL, size);
        if (block == NULL)
            return NULL;
        keep_block(storage, block);
        storage->room = block->bytes;
        storage->room_left = size;
    }
    char *copy = storage->room;
    memcpy(copy, text, length);
    copy[length] = '\0';
    storage->room += length + 1;
    storage->room_left -= length + 1;
    return copy;
}

/* Memory not yet written to is address space only, so that room to spare costs nothing. */
static void *resize_array(void *items, size_t count, size_t item_size)
{
    return count > PTRDIFF_MAX / item_size ? NULL : realloc(items, count * item_size);
}

static int open_storage(struct url_list *list, struct error *error)
{
    if (list->storage == NULL)
        list->storage = calloc(1, sizeof(*list->storage));
    if (list->storage == NULL)
        return fail_memory(error);
    if (list->storage->parser == NULL)
        list->storage->parser = curl_url();
    return list->storage->parser == NULL ? fail_memory(error) : 0;
}

/* Hosts */

static uint64_t hash_host(const void *hosts, size_t number)
{
    const struct url_host *host = (const struct url_host *)hosts + number;
    return hash_spread(hash_text(host->name, host->name_length) ^ host->port);
}

/* The name's place in the URL, or a copy if it is spelt differently there. */
static const char *place_host_name(struct url_storage *storage, const char *url, const char *name, size_t length)
{
    const char *place = strchr(url, ':') + 1;
    place += strspn(place, "/");
    place += *place == '[';
    return strncmp(place, name, length) == 0 ? place : keep_copy(storage, name, length);
}

static int grow_hosts(struct url_list *list)
{
    struct url_storage *storage = list->storage;
    if (list->host_count == storage->host_capacity) {
        size_t capacity = storage->host_capacity + storage->host_capacity / 2 + 16;
        struct url_host *hosts = resize_array(list->hosts, capacity, sizeof(list->hosts[0]));
        if (hosts == NULL)
            return -1;
        list->hosts = hosts;
        storage->host_capacity = capacity;
    }
    return hash_map_reserve(&storage->host_map, list->host_count + 1, list->host_count, hash_host, list->hosts);
}

/* A host that is looked for in a list. */
struct wanted_host {
    const struct url_list *list;
    const struct url_host *host;
};

static bool is_host(const void *key, size_t number)
{
    const struct wanted_host *wanted = key;
    const struct url_host *known = &wanted->list->hosts[number];
    return known->port == wanted->host->port && known->name_length == wanted->host->name_length &&
           memcmp(known->name, wanted->host->name, known->name_length) == 0;
}

/* The number of the host, which is taken in if it is new; its name is replaced by one that lasts. -1: out of memory. */
static int find_host(struct url_list *list, const char *url, struct url_host host, uint32_t *number)
{
    struct url_storage *storage = list->storage;
    if (grow_hosts(list) != 0)
        return -1;
    size_t place;
    uint64_t hash = hash_host(&host, 0);
    const struct wanted_host wanted = {.list = list, .host = &host};
    size_t known = hash_map_find(&storage->host_map, hash, is_host, &wanted, &place);
    *number = (uint32_t)(known != HASH_MAP_NONE ? known : list->host_count);
    if (known != HASH_MAP_NONE)
        return 0;
    host.name = place_host_name(storage, url, host.name, host.name_length);
    if (host.name == NULL)
        return -1;
    hash_map_put(&storage->host_map, hash, place, list->host_count);
    list->hosts[list->host_count++] = host;
    return 0;
}

static struct url_host describe_host(const char *name, uint16_t port)
{
    struct in_addr address;
    size_t length = strlen(name);
    bool is_ipv6 = name[0] == '[' && name[length - 1] == ']';
    bool is_ipv4 = inet_pton(AF_INET, name, &address) == 1;
    return (struct url_host){
        .name = is_ipv6 ? name + 1 : name,
        .name_length = (uint16_t)(is_ipv6 ? length - 2 : length),
        .port = port,
        .is_literal = is_ipv6 || is_ipv4,
    };
}

/* URLs */

static int refuse_credentials(const struct entry *entry, struct error *error)
{
    return entry_refuse(entry, DO_NOT_QUOTE, error, "the URL holds credentials (user or password): take them out");
}

static int refuse_unparsed(const struct entry *entry, CURLUcode code, struct error *error)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        return fail_memory(error);
    if (code == CURLUE_USER_NOT_ALLOWED)
        return refuse_credentials(entry, error);
    return entry_refuse(entry, QUOTE, error, "not a URL that libcurl can use (%s)", curl_url_strerror(code));
}

static int refuse_host(const struct entry *entry, enum host_name_result run, const char *name, struct error *error)
{
    char reason[HOST_NAME_REASON_BYTES];
    if (run == HOST_NAME_NOT_ENCODED)
        return entry_refuse(entry, QUOTE, error, "%s", host_name_explain(name, reason));
    return refuse_unparsed(entry, run == HOST_NAME_BROKEN ? CURLUE_BAD_HOSTNAME : CURLUE_OUT_OF_MEMORY, error);
}

/* Checks that GnuTLS, which the origin uses, takes a name in a handshake; a dot at the end is left out there. */
static int check_tls_name(const struct entry *entry, const struct url_host *host, struct error *error)
{
    enum { LONGEST = 255 };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    static const char others[] = "0123456789-.";
    size_t taken = 0;
    if (host->is_literal)
        return 0;
    while (taken < host->name_length && (memchr(letters, host->name[taken], sizeof(letters) - 1) != NULL ||
                                         memchr(others, host->name[taken], sizeof(others) - 1) != NULL))
        taken++;
    if (taken < host->name_length)
        return entry_refuse(
            entry, QUOTE, error,
            "--origin=tls cannot serve a host with '%c' in its name, only with letters, digits, '-' and '.'",
            host->name[taken]);
    if (host->name_length > LONGEST)
        return entry_refuse(entry, QUOTE, error, "--origin=tls cannot serve a host whose name is longer than %d bytes",
                            LONGEST);
    size_t length = host->name_length;
    bool ends_in_dot = length > 0 && host->name[length - 1] == '.';
    if (ends_in_dot && (length == 1 || host->name[length - 2] == '.'))
        return entry_refuse(entry, QUOTE, error,
                            "--origin=tls cannot serve a host whose name has nothing before its last dot");
    return 0;
}

static int keep_host(struct url_list *list, const struct entry *entry, const char *url, struct url_host host,
                     uint32_t *number, struct error *error)
{
    if (list->is_for_tls_origin && strncasecmp(url, "https:", strlen("https:")) == 0 &&
        check_tls_name(entry, &host, error) != 0)
        return -1;
    return find_host(list, url, host, number) == 0 ? 0 : fail_memory(error);
}

/* Reads the host out of the URL that the parser holds. */
static int take_host(struct url_list *list, const struct entry *entry, const char *url, uint32_t *number,
                     struct error *error)
{
    char *name;
    char *port = NULL;
    uint64_t port_number = 0;
    int status;
    enum host_name_result run = host_name_take(list->storage->parser, &name);
    if (run != HOST_NAME_TAKEN)
        status = refuse_host(entry, run, name, error);
    else if (curl_url_get(list->storage->parser, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        status = fail_memory(error);
    else if (name[0] == '\0' || strlen(name) > UINT16_MAX)
        status = entry_refuse(entry, QUOTE, error, "the URL names no host");
    else if (number_parse_count(port, &port_number) != 0 || port_number == 0 || port_number > UINT16_MAX)
        status = entry_refuse(entry, QUOTE, error, "the port is not one from 1 to 65535");
    else
        status = keep_host(list, entry, url, describe_host(name, (uint16_t)port_number), number, error);
    curl_free(name);
    curl_free(port);
    return status;
}

static bool has_user(const char *url)
{
    const char *authority = strchr(url, ':') + 1;
    authority += strspn(authority, "/");
    return entry_has_at_sign(authority, strcspn(authority, "/?#"));
}

/* The length of "http://host:port" or "https://host:port" at the start of the URL; 0: it is spelt in another way. */
static size_t origin_length(const char *url)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    size_t host = scheme > 0 ? strcspn(url + scheme, "/?#") : 0;
    return host > 0 ? scheme + host : 0;
}

/* Characters that libcurl takes behind any host that it takes: letters, digits, and of RFC 3986's others what needs no
 * second look. In ASCII many of them are neighbours. */
static bool is_plain(char c)
{
    return (c >= '&' && c <= ';') || (c >= '?' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '=' || c == '_' ||
           c == '~' || c == '!' || c == '$';
}

static bool is_plain_path(const char *text)
{
    while (is_plain(*text))
        text++;
    return *text == '\0';
}

static int parse_by_libcurl(struct url_list *list, const struct entry *entry, const char *url, uint32_t *host,
                            struct error *error)
{
    /* Ahead of libcurl, which names the first of several defects and would drop an empty user without a word. */
    if (has_user(url))
        return refuse_credentials(entry, error);
    CURLUcode code = curl_url_set(list->storage->parser, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (code != CURLUE_OK)
        return refuse_unparsed(entry, code, error);
    return take_host(list, entry, url, host, error);
}

/* Parses a URL. The part before the path decides about the host, and libcurl need not parse it again for every path. */
static int parse_url(struct url_list *list, const struct entry *entry, const char *url, uint32_t *host,
                     struct error *error)
{
    size_t length = origin_length(url);
    if (length == 0 || !is_plain_path(url + length))
        return parse_by_libcurl(list, entry, url, host, error);
    struct known_origin *known = &list->storage->origins[hash_text(url, length) >> (64 - ORIGIN_BITS)];
    if (known->length == length && memcmp(known->text, url, length) == 0) {
        *host = known->host;
        return 0;
    }
    if (parse_by_libcurl(list, entry, url, host, error) != 0)
        return -1;
    *known = (struct known_origin){.text = url, .length = (uint32_t)length, .host = *host};
    return 0;
}

static int resize_messages(struct url_list *list, size_t capacity)
{
    uint32_t *url_messages = resize_array(list->url_messages, capacity, sizeof(list->url_messages[0]));
    if (url_messages == NULL)
        return -1;
    list->url_messages = url_messages;
    const char **names = resize_array(list->names, capacity, sizeof(list->names[0]));
    if (names == NULL)
        return -1;
    list->names = names;
    return 0;
}

static int resize_lines(struct url_list *list, size_t capacity)
{
    const char **texts = resize_array(list->texts, capacity, sizeof(list->texts[0]));
    if (texts == NULL)
        return -1;
    list->texts = texts;
    uint32_t *url_hosts = resize_array(list->url_hosts, capacity, sizeof(list->url_hosts[0]));
    if (url_hosts == NULL)
        return -1;
    list->url_hosts = url_hosts;
    struct url_line *lines = resize_array(list->lines, capacity, sizeof(list->lines[0]));
    if (lines == NULL)
        return -1;
    list->lines = lines;
    if (list->url_messages != NULL && resize_messages(list, capacity) != 0)
        return -1;
    list->storage->line_capacity = capacity;
    return 0;
}

static uint64_t hash_request(const char *text, size_t length, uint32_t message)
{
    uint64_t hash = hash_text(text, length);
    return message == MESSAGE_NONE ? hash : hash_spread(hash ^ message);
}

static uint32_t message_of(const struct url_list *list, size_t url)
{
    return list->url_messages != NULL ? list->url_messages[url] : MESSAGE_NONE;
}

static uint64_t hash_url(const void *list, size_t number)
{
    const char *text = ((const struct url_list *)list)->texts[number];
    return hash_request(text, strlen(text), message_of(list, number));
}

/* Makes room for so many more lines, all at once: nothing is copied while they are added. */
static int reserve_lines(struct url_list *list, size_t more)
{
    struct url_storage *storage = list->storage;
    size_t needed = list->line_count + more;
    size_t half_more = storage->line_capacity + storage->line_capacity / 2;
    if (needed > storage->line_capacity && resize_lines(list, needed > half_more ? needed : half_more) != 0)
        return -1;
    return hash_map_reserve(&storage->url_map, list->url_count + more, list->url_count, hash_url, list);
}

/* A URL that is looked for in a list. */
struct wanted_url {
    const struct url_list *list;
    const char *text;
    uint32_t message;
};

static bool is_url(const void *key, size_t number)
{
    const struct wanted_url *wanted = key;
    return strcmp(wanted->list->texts[number], wanted->text) == 0 &&
           message_of(wanted->list, number) == wanted->message;
}

/* Names of requests */

static uint64_t hash_request_name(const void *names, size_t number)
{
    const char *text = ((const struct request_name *)names)[number].text;
    return hash_text(text, strlen(text));
}

/* A name that is looked for. */
struct wanted_name {
    const struct url_storage *storage;
    const char *text;
};

static bool is_request_name(const void *key, size_t number)
{
    const struct wanted_name *wanted = key;
    return strcmp(wanted->storage->request_names[number].text, wanted->text) == 0;
}

static int grow_request_names(struct url_storage *storage)
{
    if (storage->request_name_count == storage->request_name_capacity) {
        size_t capacity = storage->request_name_capacity + storage->request_name_capacity / 2 + 16;
        struct request_name *names = resize_array(storage->request_names, capacity, sizeof(names[0]));
        if (names == NULL)
            return -1;
        storage->request_names = names;
        storage->request_name_capacity = capacity;
    }
    return hash_map_reserve(&storage->request_name_map, storage->request_name_count + 1, storage->request_name_count,
                            hash_request_name, storage->request_names);
}

/* Counts the requests that have that name, this one included; the text must last. 0: no memory. */
static uint32_t count_request_name(struct url_storage *storage, const char *text)
{
    const struct wanted_name wanted = {.storage = storage, .text = text};
    uint64_t hash = hash_text(text, strlen(text));
    size_t place;
    if (grow_request_names(storage) != 0)
        return 0;
    size_t known = hash_map_find(&storage->request_name_map, hash, is_request_name, &wanted, &place);
    if (known != HASH_MAP_NONE)
        return ++storage->request_names[known].count;
    hash_map_put(&storage->request_name_map, hash, place, storage->request_name_count);
    storage->request_names[storage->request_name_count++] = (struct request_name){.text = text, .count = 1};
    return 1;
}

/* NULL: no memory. */
static const char *make_request_name(struct url_list *list, const char *url, uint32_t message)
{
    struct text_buffer name = {0};
    text_buffer_add(&name, "%s %s", message_method(&list->messages.items[message]), url);
    const char *kept = name.has_failed ? NULL : keep_copy(list->storage, name.text, name.length);
    uint32_t count = kept != NULL ? count_request_name(list->storage, kept) : 0;
    if (count > 1) {
        text_buffer_add(&name, " #%" PRIu32, count);
        kept = name.has_failed ? NULL : keep_copy(list->storage, name.text, name.length);
    }
    text_buffer_release(&name);
    return count > 0 ? kept : NULL;
}

/* Records the message and the name of the next URL. -1: no memory. */
static int note_message(struct url_list *list, const char *url, uint32_t message)
{
    size_t number = list->url_count;
    if (list->url_messages == NULL && message == MESSAGE_NONE)
        return 0;
    list->names[number] = message == MESSAGE_NONE ? url : make_request_name(list, url, message);
    list->url_messages[number] = message;
    return list->names[number] != NULL ? 0 : -1;
}

/* The number of the URL, which is parsed and taken in if it is new. Its text must last. */
static int find_url(struct url_list *list, const struct entry *entry, const char *url, size_t length, uint32_t message,
                    uint32_t *number, struct error *error)
{
    struct url_storage *storage = list->storage;
    size_t place;
    uint64_t hash = hash_request(url, length, message);
    const struct wanted_url wanted = {.list = list, .text = url, .message = message};
    size_t known = hash_map_find(&storage->url_map, hash, is_url, &wanted, &place);
    *number = (uint32_t)(known != HASH_MAP_NONE ? known : list->url_count);
    if (known != HASH_MAP_NONE)
        return 0;
    if (parse_url(list, entry, url, &list->url_hosts[list->url_count], error) != 0)
        return -1;
    if (note_message(list, url, message) != 0)
        return fail_memory(error);
    hash_map_put(&storage->url_map, hash, place, list->url_count);
    list->texts[list->url_count++] = url;
    return 0;
}

/* The caller has made room for one more line. */
static int add_downloads(struct url_list *list, const struct entry *entry, const char *url, size_t length,
                         uint32_t count, uint32_t message, struct error *error)
{
    uint32_t number = 0;
    assert(list->line_count < list->storage->line_capacity);
    if (list->downloads + count > URL_DOWNLOADS_MAX)
        return entry_refuse(entry, DO_NOT_QUOTE, error, "the list comes to more than 4,000,000,000 downloads");
    if (find_url(list, entry, url, length, message, &number, error) != 0)
        return -1;
    list->downloads += count;
    /* Lines that follow each other are one, so that it does not matter how a repetition was written. */
    if (list->line_count > 0 && list->lines[list->line_count - 1].url == number)
        list->lines[list->line_count - 1].count += count;
    else
        list->lines[list->line_count++] = (struct url_line){.url = number, .count = count};
    return 0;
}

/* Lines */

/* Refuses a line that is no URL, in a list of URLs or where no line tells what the list is of. */
static int refuse_scheme(const struct entry *entry, struct error *error)
{
    if (entry->file != NULL && entry->text[0] == '{')
        return entry_refuse(entry, DO_NOT_QUOTE, error,
                            "JSON is not read as a list: write URLs, requests (POST URL), or options of curl");
    if (entry->file != NULL && form_is_request_line(entry->text))
        return entry_refuse(entry, QUOTE, error,
                            "a list has either URLs alone or requests: write GET in front of each URL");
    return entry_refuse(entry, QUOTE, error, "not an http or https URL");
}

static int check_scheme(const struct entry *entry, struct error *error)
{
    return form_is_url(entry->text) ? 0 : refuse_scheme(entry, error);
}

/* Adds the line, unless it is blank or a comment. The URL's end is marked in the text. */
static int add_line(struct url_list *list, struct entry *entry, char *text, size_t length, struct error *error)
{
    *entry = (struct entry){.file = entry->file, .number = entry->number, .text = text, .length = length};
    if (entry_check_bytes(entry, error) != 0)
        return -1;
    while (length > 0 && entry_is_blank(text[length - 1]))
        length--;
    for (; length > 0 && entry_is_blank(*text); length--)
        text++;
    entry->indent = (size_t)(text - entry->text);
    entry->text = text;
    entry->length = length;
    if (length == 0 || *text == '#')
        return 0;
    if (entry_check_characters(entry, error) != 0 || check_scheme(entry, error) != 0)
        return -1;
    size_t url_length;
    uint32_t count;
    if (entry_split(entry, text, length, &url_length, &count, error) != 0)
        return -1;
    text[url_length] = '\0';
    return add_downloads(list, entry, text, url_length, count, MESSAGE_NONE, error);
}

static bool starts_with(const char *text, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

static size_t count_lines(const char *text, size_t length)
{
    size_t lines = 1;
    const char *end = text + length;
    while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        text++;
        lines++;
    }
    return lines;
}

/* Requests, from a text that is wiped and gone before the list is released */

struct taking {
    struct url_list *list;
    const char *file;
};

/* Makes the list keep, from now on, the message of each URL. */
static int begin_messages(struct url_list *list)
{
    if (list->url_messages != NULL)
        return 0;
    if (resize_messages(list, list->storage->line_capacity > 0 ? list->storage->line_capacity : 1) != 0)
        return -1;
    for (size_t i = 0; i < list->url_count; i++) {
        list->url_messages[i] = MESSAGE_NONE;
        list->names[i] = list->texts[i];
    }
    return 0;
}

int url_list_add_message(struct url_list *list, struct message *message, uint32_t *number, struct error *error)
{
    if (open_storage(list, error) != 0) {
        message_release(message);
        return -1;
    }
    if (message_list_add(&list->messages, message, number) != 0 || begin_messages(list) != 0)
        return fail_memory(error);
    return 0;
}

static int take_message(void *context, struct message *message, uint32_t *number, struct error *error)
{
    return url_list_add_message(((struct taking *)context)->list, message, number, error);
}

static int take_url(void *context, const struct entry *entry, const char *url, size_t length, uint32_t count,
                    uint32_t message, struct error *error)
{
    const struct taking *taking = context;
    struct url_list *list = taking->list;
    if (!form_is_url(url))
        return entry_refuse(entry, QUOTE, error, "not an http or https URL");
    const char *copy = keep_copy(list->storage, url, length);
    if (copy == NULL || reserve_lines(list, 1) != 0)
        return fail_memory(error);
    if (add_downloads(list, entry, copy, length, count, message, error) != 0)
        return -1;
    if (message != MESSAGE_NONE && list->first_request.file == NULL) {
        list->first_request.file = taking->file;
        list->first_request.line = entry->number;
    }
    return 0;
}

int url_list_add_request(struct url_list *list, const char *file, size_t line, const struct url_request *request,
                         struct error *error)
{
    struct taking taking = {.list = list, .file = file};
    const struct entry entry = {.file = file, .number = line, .text = request->url, .length = strlen(request->url)};
    if (open_storage(list, error) != 0 || entry_check_bytes(&entry, error) != 0)
        return -1;
    return take_url(&taking, &entry, request->url, entry.length, request->count, request->message, error);
}

static int add_requests(struct url_list *list, enum form form, const char *name, char *text, size_t length,
                        struct error *error)
{
    struct taking taking = {.list = list, .file = name};
    const struct form_taker taker = {.context = &taking, .take_message = take_message, .take_url = take_url};
    return form == FORM_HTTP ? form_read_http(name, text, length, &taker, error)
                             : form_read_curl(name, text, length, &taker, error);
}

static int add_lines(struct url_list *list, const char *name, char *text, size_t length, struct error *error)
{
    if (reserve_lines(list, count_lines(text, length)) != 0)
        return fail_memory(error);
    struct entry entry = {.file = name};
    char *end = text + length;
    text += unicode_mark_length(text, length);
    while (text < end) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *line_end = newline == NULL ? end : newline;
        size_t line_length = (size_t)(line_end - text);
        if (line_length > 0 && text[line_length - 1] == '\r')
            line_length--;
        entry.number++;
        if (add_line(list, &entry, text, line_length, error) != 0)
            return -1;
        text = line_end + 1;
    }
    return 0;
}

/* Adds a whole file, whose text ends in a NUL that its length does not count. `*is_needed` is whether the list goes on
 * using the text. */
static int add_text(struct url_list *list, const char *name, char *text, size_t length, bool *is_needed,
                    struct error *error)
{
    char quoted[ENTRY_PATH_MAX + 4];
    entry_abridge(quoted, ENTRY_PATH_MAX, name, strlen(name));
    *is_needed = true;
    if (starts_with(text, length, "\xff\xfe") || starts_with(text, length, "\xfe\xff"))
        return error_set(error, ERROR_USAGE, "\"%s\" is not UTF-8 but UTF-16 text: save it as UTF-8", quoted);
    uint64_t downloads_before = list->downloads;
    enum form form = form_of(text, length);
    *is_needed = form == FORM_URLS;
    int status = form == FORM_URLS ? add_lines(list, name, text, length, error)
                                   : add_requests(list, form, name, text, length, error);
    if (status == 0 && list->downloads == downloads_before)
        return error_set(error, ERROR_USAGE,
                         "\"%s\" holds no URL: write one on each line, such as https://example.org/", quoted);
    return status;
}

/* Files */

/* Whether what has been read ends in a line so long that the file is refused, whatever follows: an endless one, such as
 * /dev/zero, would otherwise be read until memory is used up. */
static bool ends_in_overlong_line(const char *text, size_t length)
{
    enum { TAIL = URL_LINE_MAX_BYTES + 2 };
    return length >= TAIL && memchr(text + length - TAIL, '\n', TAIL) == NULL;
}

/* Twice as large. What holds requests may be secret, and realloc() leaves behind what it moves, unless it is so large
 * that its pages are. NULL: no memory, and the block is gone. */
static struct block *grow_block(struct block *block, size_t capacity)
{
    enum { MOVED_BY_PAGES = 32 * 1024 * 1024 };
    bool is_by_pages = capacity >= MOVED_BY_PAGES;
    struct block *larger = block_resize(is_by_pages ? block : NULL, 2 * capacity);
    if (larger != NULL && !is_by_pages)
        memcpy(larger->bytes, block->bytes, capacity);
    if (larger == NULL || !is_by_pages) {
        memory_wipe(block->bytes, capacity);
        free(block);
    }
    return larger;
}

/* Reads to the end, or as far as it matters, and puts a NUL behind it. NULL: errno says why. */
static struct block *read_block(int file, size_t *length)
{
    enum { UNKNOWN_SIZE = 64 * 1024 };
    struct stat status;
    size_t capacity = UNKNOWN_SIZE;
    /* One byte more to see the end without growing, and one to spare. */
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        capacity = (size_t)status.st_size + 2;
    struct block *block = block_resize(NULL, capacity);
    *length = 0;
    while (block != NULL) {
        ssize_t count = read(file, block->bytes + *length, capacity - 1 - *length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            int failure = errno;
            free(block);
            errno = failure;
            return NULL;
        }
        *length += (size_t)count;
        if (count == 0 || ends_in_overlong_line(block->bytes, *length)) {
            block->bytes[*length] = '\0';
            return block;
        }
        if (*length == capacity - 1) {
            block = grow_block(block, capacity);
            capacity *= 2;
        }
    }
    errno = ENOMEM;
    return NULL;
}

/* "example.com", "localhost:8080/a": what looks like a host rather than a file that is not there. */
static bool is_like_host(const char *path)
{
    static const char *const endings[] = {".txt", ".list", ".lst", ".csv", ".json", ".urls", ".log", ".md", ".html"};
    size_t length = strcspn(path, "/");
    size_t name = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    bool has_port =
        path[name] == ':' && name + 1 < length && strspn(path + name + 1, "0123456789") == length - name - 1;
    if (name == 0 || path[0] == '.' || path[0] == '-' || (name != length && !has_port))
        return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strncmp(path + length - ending, endings[i], ending) == 0)
            return false;
    }
    return has_port || (memchr(path, '.', name) != NULL && path[name - 1] != '.') || strcmp(path, "localhost") == 0;
}

static int refuse_file(const char *path, int failure, struct error *error)
{
    char quoted[ENTRY_PATH_MAX + 4];
    const char *at = strrchr(path, '@');
    if (failure == ENOMEM)
        return fail_memory(error);
    /* An argument without "://" is taken for a file, also "me:secret@host" and "http:/me:secret@host". */
    if (at != NULL && memchr(path, ':', (size_t)(at - path)) != NULL)
        return error_set_system(error, ERROR_USAGE, failure,
                                "cannot read a file whose name is not shown, since it may hold a password");
    if (failure == ENOENT && is_like_host(path))
        return error_set(error, ERROR_USAGE, "there is no file \"%s\"; if it is a URL, write %s%s",
                         entry_abridge(quoted, ENTRY_PATH_MAX, path, strlen(path)),
                         strchr(path, ':') != NULL || strncmp(path, "localhost", strlen("localhost")) == 0 ? "http://"
                                                                                                           : "https://",
                         quoted);
    return error_set_system(error, ERROR_USAGE, failure, "cannot read \"%s\"",
                            entry_abridge(quoted, ENTRY_PATH_MAX, path, strlen(path)));
}

void url_list_init(struct url_list *list)
{
    *list = (struct url_list){0};
}

/* Takes over the block. */
static int add_block(struct url_list *list, const char *name, struct block *block, size_t length, struct error *error)
{
    bool is_needed;
    int status = add_text(list, name, block->bytes, length, &is_needed, error);
    if (is_needed) {
        keep_block(list->storage, block);
    } else {
        memory_wipe(block->bytes, length);
        free(block);
    }
    return status;
}

int url_list_add_file(struct url_list *list, const char *path, struct error *error)
{
    bool is_standard_input = strcmp(path, "-") == 0;
    const char *name = is_standard_input ? "standard input" : path;
    size_t length;
    if (open_storage(list, error) != 0)
        return -1;
    int file = is_standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return refuse_file(path, errno, error);
    struct block *block = read_block(file, &length);
    int failure = errno;
    if (!is_standard_input)
        close(file);
    if (block == NULL)
        return refuse_file(name, failure, error);
    return add_block(list, name, block, length, error);
}

int url_list_add_text(struct url_list *list, const char *name, const char *text, size_t length, struct error *error)
{
    if (open_storage(list, error) != 0)
        return -1;
    struct block *block = block_resize(NULL, length + 1);
    if (block == NULL)
        return fail_memory(error);
    memcpy(block->bytes, text, length);
    block->bytes[length] = '\0';
    return add_block(list, name, block, length, error);
}

int url_list_add_url(struct url_list *list, const char *url, struct error *error)
{
    const struct entry entry = {.text = url, .length = strlen(url)};
    if (open_storage(list, error) != 0)
        return -1;
    if (entry_check_bytes(&entry, error) != 0 || entry_check_characters(&entry, error) != 0 ||
        check_scheme(&entry, error) != 0)
        return -1;
    if (strpbrk(url, " \t") != NULL)
        return entry_refuse(&entry, QUOTE, error, "a URL holds no blanks: a space has to be written %%20");
    const char *copy = keep_copy(list->storage, url, entry.length);
    if (copy == NULL || reserve_lines(list, 1) != 0)
        return fail_memory(error);
    return add_downloads(list, &entry, copy, entry.length, 1, MESSAGE_NONE, error);
}

const char *url_text(const struct url_list *list, uint32_t url)
{
    return list->texts[url];
}

const char *url_name(const struct url_list *list, uint32_t url)
{
    return list->names != NULL ? list->names[url] : list->texts[url];
}

const struct message *url_message(const struct url_list *list, uint32_t url)
{
    uint32_t message = message_of(list, url);
    return message != MESSAGE_NONE ? &list->messages.items[message] : NULL;
}

/* Numbers go in by their bytes from the lowest, so that the digest is the same on every machine. */
static uint64_t summary_count(uint64_t digest, uint32_t count)
{
    const unsigned char bytes[] = {(unsigned char)count, (unsigned char)(count >> 8), (unsigned char)(count >> 16),
                                   (unsigned char)(count >> 24)};
    return hash_bytes(digest, bytes, sizeof(bytes));
}

uint64_t url_list_digest(const struct url_list *list)
{
    uint64_t digest = HASH_START;
    for (size_t i = 0; i < list->line_count; i++) {
        const char *text = list->texts[list->lines[i].url];
        const struct message *message = url_message(list, list->lines[i].url);
        digest = hash_bytes(digest, text, strlen(text) + 1);
        if (message != NULL)
            digest = message_digest(message, digest);
        digest = summary_count(digest, list->lines[i].count);
    }
    return digest;
}

void url_list_release(struct url_list *list)
{
    struct url_storage *storage = list->storage;
    if (storage != NULL) {
        while (storage->blocks != NULL) {
            struct block *next = storage->blocks->next;
            free(storage->blocks);
            storage->blocks = next;
        }
        hash_map_release(&storage->url_map);
        hash_map_release(&storage->host_map);
        hash_map_release(&storage->request_name_map);
        free(storage->request_names);
        curl_url_cleanup(storage->parser);
        free(storage);
    }
    free(list->texts);
    free(list->url_hosts);
    free(list->hosts);
    free(list->lines);
    free(list->url_messages);
    free(list->names);
    message_list_release(&list->messages);
    *list = (struct url_list){0};
}
