#include "conc_bench/workload/host_name.h"

#include <curl/curl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/unicode.h"

/* The longest label of DNS. */
enum { LABEL_MAX_BYTES = 63 };

bool host_name_is_ascii(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] >= 0x80)
            return false;
    }
    return true;
}

static void make_lower(char *name)
{
    for (; *name != '\0'; name++)
        *name = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
}

/* The encoded name of the host of the parser's URL; NULL: it has none. */
static char *encode(CURLU *parser)
{
    char *encoded = NULL;
#ifdef CURLU_PUNYCODE
    char *url = NULL;
    /* The whole URL first: asked for a host that it cannot encode, libcurl 7.88.1 loses the memory of its answer. */
    if (curl_url_get(parser, CURLUPART_URL, &url, CURLU_PUNYCODE) != CURLUE_OK ||
        curl_url_get(parser, CURLUPART_HOST, &encoded, CURLU_PUNYCODE) != CURLUE_OK)
        encoded = NULL;
    curl_free(url);
#else
    (void)parser;
#endif
    return encoded;
}

enum host_name_result host_name_take(void *parser, char **name)
{
    *name = NULL;
    if (curl_url_get(parser, CURLUPART_HOST, name, 0) != CURLUE_OK)
        return HOST_NAME_NO_MEMORY;
    if (!host_name_is_ascii(*name, strlen(*name))) {
        char *encoded = encode(parser);
        if (encoded == NULL)
            return HOST_NAME_NOT_ENCODED;
        /* libcurl refuses a colon in a name as it is written, but not one that encoding makes of a full-width colon. */
        if (encoded[0] != '\0' && curl_url_set(parser, CURLUPART_HOST, encoded, 0) != CURLUE_OK) {
            curl_free(encoded);
            return HOST_NAME_BROKEN;
        }
        curl_free(*name);
        *name = encoded;
    }
    make_lower(*name);
    return HOST_NAME_TAKEN;
}

bool host_name_encode(const char *name, size_t length, char ascii[HOST_NAME_MAX_BYTES + 1])
{
    char *text = strndup(name, length);
    char *taken = NULL;
    CURLU *parser = curl_url();
    bool is_done = text != NULL && parser != NULL && curl_url_set(parser, CURLUPART_SCHEME, "http", 0) == CURLUE_OK &&
                   curl_url_set(parser, CURLUPART_HOST, text, 0) == CURLUE_OK &&
                   host_name_take(parser, &taken) == HOST_NAME_TAKEN && taken[0] != '\0' &&
                   strlen(taken) <= HOST_NAME_MAX_BYTES;
    if (is_done)
        snprintf(ascii, HOST_NAME_MAX_BYTES + 1, "%s", taken);
    curl_free(taken);
    curl_url_cleanup(parser);
    free(text);
    return is_done;
}

static bool can_encode(const char *name, size_t length)
{
    char ascii[HOST_NAME_MAX_BYTES + 1];
    return host_name_encode(name, length, ascii);
}

/* A label up to a full stop, which has three more forms (IDNA 2003, RFC 3490, section 3.1). */
static size_t label_length(const char *name)
{
    static const char *const full_stops[] = {".", "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof(full_stops) / sizeof(full_stops[0]); i++) {
        const char *stop = strstr(name, full_stops[i]);
        if (stop != NULL && (size_t)(stop - name) < length)
            length = (size_t)(stop - name);
    }
    return length;
}

/* A character that is allowed neither alone, which marks are not, nor between others. 0: there is none. */
static uint32_t find_disallowed(const char *label, size_t length)
{
    for (size_t i = 0; i < length;) {
        char between[8];
        uint32_t code;
        size_t taken = unicode_decode(label + i, length - i, &code);
        int bytes = snprintf(between, sizeof(between), "a%.*sa", (int)taken, label + i);
        if (code >= 0x80 && !can_encode(label + i, taken) && !can_encode(between, (size_t)bytes))
            return code;
        i += taken;
    }
    return 0;
}

/* Whether only its length keeps a label, whose characters are all allowed, from being encoded. */
static bool is_too_long(const char *label, size_t length)
{
    /* A character more takes four bytes more at most, as those that are far from each other in Unicode do. */
    enum { NEARLY = LABEL_MAX_BYTES - 4 };
    char ascii[HOST_NAME_MAX_BYTES + 1] = "";
    do
        length--;
    while (length > 0 && (((unsigned char)label[length] & 0xc0) == 0x80 || !host_name_encode(label, length, ascii)));
    return length > 0 && strlen(ascii) >= NEARLY;
}

static bool begins_with_mark(const char *label, size_t length)
{
    char behind_letter[4 * LABEL_MAX_BYTES + 2];
    int bytes = snprintf(behind_letter, sizeof(behind_letter), "a%.*s", (int)length, label);
    return can_encode(behind_letter, (size_t)bytes);
}

static void explain_label(const char *label, size_t length, size_t number, char reason[HOST_NAME_REASON_BYTES])
{
    size_t characters = 0;
    for (size_t i = 0; i < length; i++)
        characters += ((unsigned char)label[i] & 0xc0) != 0x80;
    uint32_t code = characters > LABEL_MAX_BYTES ? 0 : find_disallowed(label, length);
    if (code != 0)
        snprintf(reason, HOST_NAME_REASON_BYTES,
                 "part %zu of the host's name has a character that is allowed in no name (U+%04X)", number,
                 (unsigned)code);
    else if (characters > LABEL_MAX_BYTES || is_too_long(label, length))
        snprintf(reason, HOST_NAME_REASON_BYTES,
                 "part %zu of the host's name takes more than %d characters in its ASCII form", number,
                 LABEL_MAX_BYTES);
    else if (length > 4 && label[2] == '-' && label[3] == '-')
        snprintf(reason, HOST_NAME_REASON_BYTES,
                 "part %zu of the host's name has hyphens in its third and fourth place, which only ASCII forms have",
                 number);
    else if (begins_with_mark(label, length))
        snprintf(reason, HOST_NAME_REASON_BYTES,
                 "part %zu of the host's name begins with a mark that belongs behind a letter", number);
    else
        snprintf(reason, HOST_NAME_REASON_BYTES,
                 "the characters of part %zu of the host's name may not stand together (IDNA 2008)", number);
}

const char *host_name_explain(const char *name, char reason[HOST_NAME_REASON_BYTES])
{
    struct unicode_fault fault;
    char description[UNICODE_DESCRIPTION_BYTES];
    if (unicode_find_fault(name, strlen(name), &fault)) {
        snprintf(reason, HOST_NAME_REASON_BYTES, "in the host's name, %s", unicode_describe_fault(&fault, description));
        return reason;
    }
    if (!can_encode("\xc3\xbc", 2)) {
        snprintf(reason, HOST_NAME_REASON_BYTES, "%s: write the host's name in its ASCII form (xn--...)",
                 strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "this libcurl encodes no international names"
                                                            : "this system has no locale C.UTF-8");
        return reason;
    }
    size_t number = 1;
    for (const char *label = name; *label != '\0'; number++) {
        size_t length = label_length(label);
        if (length > 0 && !can_encode(label, length)) {
            explain_label(label, length, number, reason);
            return reason;
        }
        label += length;
        label += *label == '\0' ? 0 : *label == '.' ? 1 : 3;
    }
    snprintf(reason, HOST_NAME_REASON_BYTES, "the host's name has no ASCII form of at most %d characters",
             HOST_NAME_MAX_BYTES);
    return reason;
}
