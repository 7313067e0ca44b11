#include "conc_bench/report/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conc_bench/base/number.h"
#include "conc_bench/base/text.h"

struct format format_default(void)
{
    return (struct format){.percentiles = {50, 95}, .percentile_count = 2};
}

static const struct time_scale scales[] = {
    [TIME_UNIT_SECONDS] = {"s", 1},
    [TIME_UNIT_MILLISECONDS] = {"ms", 1e3},
    [TIME_UNIT_MICROSECONDS] = {"µs", 1e6},
};

struct time_scale format_run_scale(const struct format *format)
{
    return scales[format->time_unit == TIME_UNIT_AUTO ? TIME_UNIT_SECONDS : format->time_unit];
}

struct time_scale format_service_scale(const struct format *format)
{
    return scales[format->time_unit == TIME_UNIT_AUTO ? TIME_UNIT_MILLISECONDS : format->time_unit];
}

const char *format_http(const char *http_version)
{
    if (strcmp(http_version, "HTTP/2 known") == 0)
        return "HTTP/2, without TLS from the start";
    return strcmp(http_version, "HTTP/2") == 0 ? "HTTP/2 where servers agree" : http_version;
}

const char *format_names(const char *dns)
{
    static const struct {
        const char *dns;
        const char *text;
    } texts[] = {
        {"pinned", "names resolved beforehand"},
        {"none", "no names to resolve"},
        {"proxy", "names resolved by the proxy"},
        {"pinned,proxy", "names resolved beforehand, or by the proxy"},
        {"live,proxy", "names resolved live, or by the proxy"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(dns, texts[i].dns) == 0)
            return texts[i].text;
    }
    return "names resolved live";
}

const char *format_neighbours(bool is_server_local, bool is_proxy_local)
{
    if (is_server_local && is_proxy_local)
        return "The server and the proxy run on this machine, on the same cores as the downloads";
    if (is_server_local)
        return "The server runs on this machine, on the same cores as the downloads";
    return is_proxy_local ? "The proxy runs on this machine, on the same cores as the downloads" : NULL;
}

const char *format_failure(unsigned code)
{
    static const struct {
        unsigned code;
        const char *text;
    } texts[] = {
        {CONNECT_REFUSED, " (connection refused)"},
        {CONNECT_NO_ROUTE, " (no route to the host)"},
        {CONNECT_NO_NETWORK, " (network unreachable)"},
        {CONNECT_RESET, " (connection reset)"},
        {CONNECT_BY_PROXY, " (refused by the proxy)"},
        {35, " (the handshake failed)"},
        {58, " (the client's certificate cannot be used)"},
        {59, " (no cipher in common)"},
        {60, " (the server's certificate is not trusted, or of another host)"},
        {77, " (the file of authorities cannot be used)"},
        {83, " (the certificate has another issuer)"},
        {91, " (the certificate's status is not valid)"},
        {98, " (the server requires a client certificate)"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].code == code)
            return texts[i].text;
    }
    return "";
}

int format_decimals(double value)
{
    return value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 || value == 0 ? 2 : value >= 0.09995 ? 3 : 4;
}

char *format_digits(char *buffer, double value)
{
    if (isfinite(value))
        snprintf(buffer, FORMAT_DIGITS_BYTES, "%.*f", format_decimals(value), value);
    else
        snprintf(buffer, FORMAT_DIGITS_BYTES, "-");
    return buffer;
}

char *format_percentile(char *buffer, size_t size, double percent)
{
    if (percent == 100)
        snprintf(buffer, size, "max");
    else
        snprintf(buffer, size, "p%s", NUMBER(6, percent));
    return buffer;
}

char *format_sparks(char *buffer, const double *values, size_t count)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    enum { BARS = sizeof(bars) / sizeof(bars[0]) };
    size_t sparks = count < FORMAT_SPARKS ? count : FORMAT_SPARKS;
    double means[FORMAT_SPARKS];
    double lowest = INFINITY;
    double highest = -INFINITY;
    buffer[0] = '\0';
    for (size_t i = 0; i < sparks; i++) {
        size_t first = i * count / sparks;
        size_t end = (i + 1) * count / sparks;
        means[i] = 0;
        for (size_t j = first; j < end; j++)
            means[i] += values[j] / (double)(end - first);
        lowest = fmin(lowest, means[i]);
        highest = fmax(highest, means[i]);
    }
    for (size_t i = 0; i < sparks; i++) {
        double height = highest > lowest ? (means[i] - lowest) / (highest - lowest) : 0;
        text_append(buffer, FORMAT_SPARKS_BYTES, "%s", bars[(size_t)(height * (BARS - 1) + 0.5)]);
    }
    return buffer;
}
