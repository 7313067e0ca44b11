/* libFuzzer target: no text crashes the readers of what requests are made of (configuration files, headers, --resolve,
 * --connect-to, proxies); what they take lies within it and has what they promise; what they refuse has a sentence. */
#include <string.h>

#include "conc_bench/workload/config.h"
#include "conc_bench/workload/header.h"
#include "conc_bench/workload/request.h"
#include "conc_bench/workload/route.h"
#include "fuzz.h"

static void check_within(const char *text, size_t size, const char *part, size_t length)
{
    require(part >= text && part + length <= text + size);
}

static void check_config(const char *text, size_t size)
{
    char *copy = strndup(text, size);
    char *rest = copy;
    size_t last = 0;
    struct config_line line = {0};
    while (copy != NULL && config_next(&rest, &line) != NULL) {
        require(line.number > last);
        last = line.number;
        if (line.name == NULL)
            continue;
        check_within(copy, size, line.name, strlen(line.name));
        require(line.value[0] == '\0' || (line.value > line.name && line.value + strlen(line.value) <= copy + size));
        require(strchr(line.name, '\n') == NULL);
    }
    free(copy);
}

static void check_refusal(const struct error *error)
{
    require(error->kind == ERROR_USAGE && error->message[0] != '\0');
}

static void check_header(const char *text)
{
    struct error error = {0};
    if (header_check(text, "here", &error) != 0)
        check_refusal(&error);
    else
        require(strpbrk(text, "\r\n") == NULL && strpbrk(text, ":;") != NULL && strpbrk(text, ":;") != text);
    header_is_secret(text);
}

static void check_routes(const char *text, size_t size)
{
    struct route_pin pin;
    struct route_detour detour;
    struct route_proxy proxy;
    struct error error = {0};
    if (route_parse_pin(text, &pin, &error) != 0) {
        check_refusal(&error);
    } else {
        check_within(text, size, pin.from.text, pin.from.length);
        check_within(text, size, pin.addresses, strlen(pin.addresses));
        require(pin.from.port != 0 && pin.addresses[strspn(pin.addresses, "0123456789abcdefABCDEF:.,[]")] == '\0');
        require(route_matches(&pin.from, pin.from.text, pin.from.length, pin.from.port));
    }
    if (route_parse_detour(text, &detour, &error) != 0) {
        check_refusal(&error);
    } else {
        check_within(text, size, detour.from.text, detour.from.length);
        check_within(text, size, detour.to.text, detour.to.length);
    }
    if (route_parse_proxy(text, "here", &proxy, &error) != 0) {
        check_refusal(&error);
    } else {
        check_within(text, size, proxy.name.text, proxy.name.length);
        require(proxy.name.length > 0 && proxy.name.port != 0);
        require(proxy.has_credentials == (memchr(text, '@', size) != NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Just as large as the text, so that the address sanitizer sees a byte too many. */
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    size = strlen(text);
    check_config(text, size);
    check_header(text);
    check_routes(text, size);
    free(text);
    return 0;
}
