#include "retry.h"

static bool is_transient(const struct sample *sample)
{
    switch (sample->outcome) {
    case OUTCOME_DNS:
    case OUTCOME_TIMEOUT_DNS:
    case OUTCOME_TIMEOUT_CONNECT:
    case OUTCOME_TIMEOUT_TLS:
    case OUTCOME_TIMEOUT_WAIT:
    case OUTCOME_TIMEOUT_RECEIVE:
        return true;
    case OUTCOME_HTTP_4XX:
        return sample->status == 408 || sample->status == 429;
    case OUTCOME_HTTP_5XX:
        return sample->status == 500 || (sample->status >= 502 && sample->status <= 504);
    default:
        return false;
    }
}

/* A second, doubled each time, up to ten minutes; or what was asked for. */
static nanoseconds pause_behind(const struct transfer_policy *policy, unsigned retries)
{
    if (policy->retry_delay > 0)
        return policy->retry_delay;
    nanoseconds pause = NANOSECONDS_PER_SECOND << (retries < 10 ? retries : 10);
    return pause < TRANSFER_LONGEST_PAUSE ? pause : TRANSFER_LONGEST_PAUSE;
}

bool retry_is_due(struct transfer *transfer)
{
    const struct transfer_policy *policy = transfer->plan->policy;
    const struct sample *sample = transfer->sample;
    if (sample->retries >= policy->retries || !is_transient(sample) || sample_table_is_stopped(transfer->plan->table))
        return false;
    nanoseconds passed = sample->end - sample->start;
    nanoseconds pause = pause_behind(policy, sample->retries);
    if (passed >= policy->retry_max_time)
        return false;
    bool is_answer = sample->outcome == OUTCOME_HTTP_4XX || sample->outcome == OUTCOME_HTTP_5XX;
    nanoseconds asked = is_answer ? transfer_retry_after(transfer) * NANOSECONDS_PER_SECOND : 0;
    if (asked > 0 && passed + asked > policy->retry_max_time)
        return false;
    transfer->retry_at = sample->end + (asked > 0 ? asked : pause);
    return true;
}

bool retry_wait(const struct transfer *transfer)
{
    /* Nobody sends a signal to a worker, so that it looks for itself. */
    const nanoseconds longest = 250 * NANOSECONDS_PER_MILLISECOND;
    nanoseconds now = clock_now();
    while (now < transfer->retry_at && !sample_table_is_stopped(transfer->plan->table)) {
        clock_sleep_until(transfer->retry_at - now > longest ? now + longest : transfer->retry_at);
        now = clock_now();
    }
    return now >= transfer->retry_at;
}
