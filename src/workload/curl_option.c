#include "curl_option.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *name;
    const char *letter; /* NULL: none */
    enum curl_option option;
} names[] = {
    {"url", NULL, CURL_OPTION_URL},
    {"request", "X", CURL_OPTION_REQUEST},
    {"header", "H", CURL_OPTION_HEADER},
    {"data", "d", CURL_OPTION_DATA},
    {"data-ascii", NULL, CURL_OPTION_DATA},
    {"data-raw", NULL, CURL_OPTION_DATA_RAW},
    {"data-binary", NULL, CURL_OPTION_DATA_BINARY},
    {"json", NULL, CURL_OPTION_JSON},
    {"head", "I", CURL_OPTION_HEAD},
    {"user", "u", CURL_OPTION_USER},
    {"user-agent", "A", CURL_OPTION_AGENT},
    {"globoff", "g", CURL_OPTION_GLOBOFF},
    {"next", ":", CURL_OPTION_NEXT},
    {"silent", "s", CURL_OPTION_UNSENT},
    {"show-error", "S", CURL_OPTION_UNSENT},
    {"output", "o", CURL_OPTION_UNSENT},
    {"remote-name", "O", CURL_OPTION_UNSENT},
    {"write-out", "w", CURL_OPTION_UNSENT},
    {"fail", "f", CURL_OPTION_UNSENT},
    {"include", "i", CURL_OPTION_UNSENT},
    {"dump-header", "D", CURL_OPTION_UNSENT},
    {"verbose", "v", CURL_OPTION_UNSENT},
    {"no-buffer", "N", CURL_OPTION_UNSENT},
    {"progress-bar", NULL, CURL_OPTION_UNSENT},
    {"no-progress-meter", NULL, CURL_OPTION_UNSENT},
    {"location", "L", CURL_OPTION_UNSENT},
    {"parallel", "Z", CURL_OPTION_UNSENT},
};

enum curl_option curl_option_named(const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i].name) == 0 || (names[i].letter != NULL && strcmp(name, names[i].letter) == 0))
            return names[i].option;
    }
    return CURL_OPTION_UNKNOWN;
}

bool curl_option_begins(const char *line)
{
    if (line[0] == '-')
        return isalpha((unsigned char)line[1]) || line[1] == '-' || line[1] == ':';
    size_t length = strcspn(line, " \t\r\n=:");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == length && strncmp(line, names[i].name, length) == 0)
            return true;
    }
    return false;
}
