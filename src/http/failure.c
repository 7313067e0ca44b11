#include <curl/curl.h>
#include <stdio.h>

#include "conc_bench/base/clock.h"
#include "conc_bench/base/number.h"
#include "conc_bench/http/transfer.h"

/* Nobody was connected to. */
static void describe_connect(unsigned failure, const char *host, char *buffer, size_t size)
{
    if (failure == CONNECT_REFUSED)
        snprintf(buffer, size, "connection refused by %s", host);
    else if (failure == CONNECT_NO_ROUTE)
        snprintf(buffer, size, "no route to %s", host);
    else if (failure == CONNECT_NO_NETWORK)
        snprintf(buffer, size, "the network of %s is unreachable", host);
    else if (failure == CONNECT_RESET)
        snprintf(buffer, size, "connection reset by %s", host);
    else if (failure == CONNECT_BY_PROXY)
        snprintf(buffer, size, "the proxy would not connect to %s", host);
    else
        snprintf(buffer, size, "could not connect to %s", host);
}

static void describe_other(const struct sample *sample, const char *host, char *buffer, size_t size)
{
    enum outcome outcome = sample_outcome(sample);
    if (outcome == OUTCOME_TLS)
        snprintf(buffer, size, "no TLS with %s: %s", host, curl_easy_strerror((CURLcode)sample->transfer_code));
    else if (outcome == OUTCOME_HTTP_4XX || outcome == OUTCOME_HTTP_5XX)
        snprintf(buffer, size, "%s answered with status %u", host, (unsigned)sample->status);
    else if (outcome == OUTCOME_RESET)
        snprintf(buffer, size, "connection reset by %s", host);
    else if (outcome == OUTCOME_EMPTY_REPLY)
        snprintf(buffer, size, "empty reply from %s", host);
    else if (outcome == OUTCOME_PROTOCOL)
        snprintf(buffer, size, "%s sent no valid HTTP", host);
    else if (outcome == OUTCOME_PARTIAL)
        snprintf(buffer, size, "%s sent fewer bytes than it announced", host);
    else if (outcome == OUTCOME_INCOMPLETE_HEADERS)
        snprintf(buffer, size, "%s sent incomplete headers", host);
    else if (outcome == OUTCOME_BODY_LIMIT)
        snprintf(buffer, size, "%s sent bodies longer than --max-filesize", host);
    else
        snprintf(buffer, size, "downloads from %s %s", host, outcome_words(outcome));
}

char *transfer_describe_failure(const struct sample *sample, const struct transfer_plan *plan, const char *host,
                                char *buffer, size_t size)
{
    const struct transfer_policy *policy = plan->policy;
    switch (sample_outcome(sample)) {
    case OUTCOME_DNS:
        snprintf(buffer, size, "could not resolve host: %s", host);
        break;
    case OUTCOME_CONNECT:
        describe_connect(sample->connect_failure, host, buffer, size);
        break;
    case OUTCOME_TIMEOUT_DNS:
    case OUTCOME_TIMEOUT_CONNECT:
    case OUTCOME_TIMEOUT_TLS:
        snprintf(buffer, size, "no connection to %s within %s s (--connect-timeout)", host,
                 NUMBER(3, clock_seconds(policy->connect_timeout < policy->max_time ? policy->connect_timeout
                                                                                    : policy->max_time)));
        break;
    case OUTCOME_TIMEOUT_WAIT:
    case OUTCOME_TIMEOUT_RECEIVE:
        snprintf(buffer, size, "no %s from %s within %s s (--max-time)",
                 sample_outcome(sample) == OUTCOME_TIMEOUT_WAIT ? "answer" : "complete answer", host,
                 NUMBER(3, clock_seconds(policy->max_time)));
        break;
    case OUTCOME_CHECK:
        snprintf(buffer, size, "%s did not answer as --check wants: %s", host,
                 plan->checks->items[sample->failed_check].text);
        break;
    default:
        describe_other(sample, host, buffer, size);
        break;
    }
    return buffer;
}
