#include "run_fixture.h"

#include <math.h>

#include "conc_bench/analysis/diagnosis.h"
#include "conc_bench/base/random.h"

/* Six rounds of sync and of threads with two workers. */
static struct run make_rounds(nanoseconds alone, nanoseconds together)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (int round = 0; round < 6; round++) {
        fixture_trial(&run.cells[0], alone + 3 * round % 4 * NANOSECONDS_PER_MICROSECOND);
        fixture_trial(&run.cells[1], together + 5 * round % 4 * NANOSECONDS_PER_MICROSECOND);
        /* Each place in a round goes to both equally often. */
        run.cells[0].trials[round].position = round % 2 == 0 ? 0 : 1;
        run.cells[1].trials[round].position = round % 2 == 0 ? 1 : 0;
    }
    return run;
}

/* The sentence of a finding, or "" if there is none. Static memory. */
static const char *sentence_of(struct run *run, enum finding_kind kind)
{
    static struct diagnosis diagnosis;
    struct run_stats stats;
    struct error error = {0};
    stats = fixture_stats(run);
    assert_int_equal(diagnosis_make(&stats, &diagnosis, &error), 0);
    cell_stats_release(&stats);
    for (size_t i = 0; i < diagnosis.count; i++) {
        if (diagnosis.findings[i].kind == kind)
            return diagnosis.findings[i].sentence;
    }
    return "";
}

static void assert_found(struct run *run, enum finding_kind kind, const char *part)
{
    const char *sentence = sentence_of(run, kind);
    if (sentence[0] == '\0' || strstr(sentence, part) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", finding_name(kind), sentence, part);
}

static void assert_not_found(struct run *run, enum finding_kind kind)
{
    const char *sentence = sentence_of(run, kind);
    if (sentence[0] != '\0')
        fail_msg("%s: %s", finding_name(kind), sentence);
}

typedef void change(struct trial *trial);

static void change_cell(struct run *run, size_t cell, change *apply)
{
    for (size_t i = 0; i < run->cells[cell].trial_count; i++)
        apply(&run->cells[cell].trials[i]);
}

static void compute_all_the_time(struct trial *trial)
{
    trial->resources.on_cpu = trial_time(trial) * 19 / 20;
}

static void queue_long(struct trial *trial)
{
    trial->resources.run_queue_wait = trial_time(trial) / 2;
}

static void queue_never(struct trial *trial)
{
    trial->resources.run_queue_wait = 0;
}

static void test_waiting_and_computing(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_found(&run, FINDING_IO_BOUND, "threads/2, sync/1");
    assert_not_found(&run, FINDING_CPU_BOUND);
    /* 4 ms of CPU time for 4 downloads of 10 ms: ten at once would keep a core busy. */
    assert_found(
        &run, FINDING_CROSSING,
        "about so many at once would keep one core busy: 10 with threads (1.00 ms each), and 2 times as many all "
        "2, where the mode can; beyond that it is CPU-bound");
    /* Half of the time was for want of a core: a download waits 3.9 ms for the server, and computes 1 ms. */
    change_cell(&run, 0, queue_long);
    assert_found(&run, FINDING_CROSSING, "about so many at once would keep one core busy: 5 with threads");
    change_cell(&run, 0, queue_never);
    change_cell(&run, 0, compute_all_the_time);
    assert_found(&run, FINDING_CPU_BOUND, "sync/1 computed for 95 %");
    /* 95 % of one core are 47 % of the two that threads can use. */
    change_cell(&run, 1, compute_all_the_time);
    assert_found(&run, FINDING_IO_BOUND, "threads/2 computed for 4");
    run_release(&run);
}

static void test_who_computes_alone_is_named_and_has_cores(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    for (int round = 0; round < 6; round++)
        run.cells[0].trials[round].resources.cpu_user = 30 * FIXTURE_MS;
    assert_found(&run, FINDING_CROSSING, "One at a time, a download waits ");
    assert_found(&run, FINDING_CROSSING, "work for the cores, which more workers than cores can only share");
    run.cores = 1;
    assert_found(&run, FINDING_CROSSING, "work for the core, which more workers can only share");
    snprintf(run.cells[0].mode, sizeof(run.cells[0].mode), "sync:reuse");
    assert_found(&run, FINDING_CROSSING, "One at a time (sync:reuse/1), a download waits ");
    run_release(&run);
}

static void lag_long(struct trial *trial)
{
    trial->lag.p99 = trial->lag.longest = 5 * FIXTURE_MS;
}

static void test_a_client_that_keeps_downloads_waiting(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_not_found(&run, FINDING_CLIENT_SATURATED);
    change_cell(&run, 1, queue_long);
    assert_found(&run, FINDING_CLIENT_SATURATED, "threads/2 were ready to run but waited for a core for 25 %");
    run.cells[1].traits = MODE_COOPERATIVE;
    change_cell(&run, 1, lag_long);
    /* A loop that has no core for half of the time is as good as busy. */
    assert_found(&run, FINDING_CLIENT_SATURATED, "was busy for up to 5.00 ms");
    change_cell(&run, 1, queue_never);
    assert_not_found(&run, FINDING_CLIENT_SATURATED); /* it waits most of the time */
    change_cell(&run, 1, compute_all_the_time);
    assert_found(&run, FINDING_CLIENT_SATURATED, "was busy for up to 5.00 ms");
    run_release(&run);
}

static void queue_longer(struct trial *trial)
{
    trial->resources.run_queue_wait = trial_time(trial) * 9 / 10;
}

static void test_who_waits_for_a_core_has_no_time_to_spare(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    assert_found(&run, FINDING_IO_BOUND, "of the time they had and waited for the rest");
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    change_cell(&run, 1, queue_long);
    assert_found(&run, FINDING_CLIENT_SATURATED, "threads/2");
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    assert_found(&run, FINDING_IO_BOUND, "and waited for the rest, for the network or for a core");
    /* 47 % of the cores it can use, and a quarter of the time in want of one. */
    change_cell(&run, 1, compute_all_the_time);
    assert_found(&run, FINDING_IO_BOUND, "sync/1 computed for 9.8 % of the time it had and waited for the rest");
    assert_found(&run, FINDING_MIXED,
                 "Between I/O-bound and CPU-bound: threads/2 computed for 48 % of the time it had and waited for the "
                 "rest, for the network or for a core");
    /* With 45 % of the time in want of one nothing is left to wait for the network. */
    change_cell(&run, 1, queue_longer);
    assert_not_found(&run, FINDING_MIXED);
    assert_found(
        &run, FINDING_CPU_BOUND,
        "CPU-bound (short of cores): threads/2 computed for 48 % of the time it had on the cores it can use, and "
        "for most of the rest had work but no core; more workers do not help");
    run_release(&run);
}

static void test_a_loop_that_lags_has_no_time_to_spare(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    run.cells[1].traits = MODE_COOPERATIVE;
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    change_cell(&run, 1, lag_long);
    change_cell(&run, 1, queue_longer);
    assert_found(&run, FINDING_CLIENT_SATURATED, "was busy for up to 5.00 ms");
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    run_release(&run);
}

static void refuse_one(struct trial *trial)
{
    trial->table->samples[1].status = 503;
    trial->table->samples[1].outcome = OUTCOME_HTTP_5XX;
}

/* Moves a download: it is taken so many milliseconds after the gate. */
static void move(struct trial *trial, uint32_t unit, nanoseconds start, nanoseconds end)
{
    struct sample *sample = &trial->table->samples[unit];
    sample->start = trial->gate + start * FIXTURE_MS;
    sample->end = sample->settled = trial->gate + end * FIXTURE_MS;
    trial->run = sample->settled - trial->gate;
}

/* Until the last download there is one to begin: 26.5 ms each on average. */
static void go_on(struct trial *trial)
{
    move(trial, 0, 0, 18);
    move(trial, 1, 0, 36);
    move(trial, 2, 18, 54);
    move(trial, 3, 54, 70);
}

static void test_limits_on_the_other_side(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2 a download took 1.8 times as long as one at a time, on");
    assert_not_found(&run, FINDING_RATE_LIMITED);
    /* Two cells with the very same rate, but only because half of the run is the last downloads. */
    struct run_cell *cell = fixture_cell(&run, "hybrid", 2);
    for (int round = 0; round < 6; round++)
        fixture_trial(cell, 18 * FIXTURE_MS + 5 * round % 4 * NANOSECONDS_PER_MICROSECOND);
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    assert_not_found(&run, FINDING_RATE_LIMITED);
    change_cell(&run, 1, go_on);
    change_cell(&run, 2, go_on);
    assert_found(&run, FINDING_RATE_LIMITED, "a download took 2.6 times as long as one at a time, on average");
    assert_found(&run, FINDING_RATE_LIMITED, "a limit on the other side");
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    change_cell(&run, 0, refuse_one);
    assert_found(&run, FINDING_RATE_LIMITED, "25 % of the downloads of sync/1 were answered with status 429 or 503");
    run_release(&run);
}

/* Every download makes a connection, which takes 15 of its 18 ms. */
static void connect_for_long(struct trial *trial)
{
    for (uint32_t i = 0; i < FIXTURE_UNITS; i++) {
        trial->table->samples[i].connects = 1;
        trial->table->samples[i].connect_us = 15000;
    }
}

static void alone_with_slow_ones(struct trial *trial)
{
    move(trial, 0, 0, 1);
    move(trial, 1, 1, 41);
    move(trial, 2, 41, 42);
    move(trial, 3, 42, 43);
}

/* The same times, and half of the quick ones beside the slow one a little slower. */
static void together_with_slow_ones(struct trial *trial)
{
    move(trial, 0, 0, 3);
    move(trial, 2, 3, 6);
    move(trial, 3, 6, 9);
    move(trial, 1, 0, 40);
}

static void test_connecting_and_slow_urls_are_no_saturated_server(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    change_cell(&run, 1, connect_for_long);
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    run_release(&run);
    /* The median is three times as long, the mean hardly: 10.8 and 12.3 ms. */
    run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    change_cell(&run, 0, alone_with_slow_ones);
    change_cell(&run, 1, together_with_slow_ones);
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    assert_not_found(&run, FINDING_RATE_LIMITED);
    run_release(&run);
}

static void straggle(struct trial *trial)
{
    trial->table->samples[3].end = trial->table->samples[3].settled = trial->table->samples[3].start + 90 * FIXTURE_MS;
    trial->run = trial->table->samples[3].settled - trial->gate;
}

static void test_a_tail_names_its_download(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    run.urls[1] = "http://b.test/\033[31mslow";
    change_cell(&run, 1, straggle);
    assert_found(&run, FINDING_TAIL_BOUND, "one download is 90 % of the run of threads/2 (http://b.test/\\x1b[31mslow");
    /* 95 % of four downloads are all of them, and of twenty not. */
    assert_null(strstr(sentence_of(&run, FINDING_TAIL_BOUND), "95 %"));
    run.downloads = 20;
    assert_found(&run, FINDING_TAIL_BOUND, "more workers cannot make it shorter: compare the times until 95 % were");
    run_release(&run);
}

static void idle(struct trial *trial)
{
    trial->gate -= 30 * FIXTURE_MS;
    trial->run += 30 * FIXTURE_MS;
    trial->table->samples[3].start += 9 * FIXTURE_MS;
}

static void test_idle_workers(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_not_found(&run, FINDING_WORKERS_IDLE);
    change_cell(&run, 1, idle);
    assert_found(&run, FINDING_WORKERS_IDLE, "threads/2");
    run_release(&run);
}

static void steal(struct trial *trial)
{
    trial->host.steal_share = 0.05;
}

static void disturb(struct trial *trial)
{
    trial->host.foreign_cores = 0.9;
}

static void throttle(struct trial *trial)
{
    trial->host.throttled = 0.2;
}

static void know_nothing(struct trial *trial)
{
    trial->host.steal_share = trial->host.foreign_cores = trial->host.throttled = NAN;
    trial->resources.on_cpu = trial->resources.run_queue_wait = 0;
    trial->resources.peak_memory_bytes = 0;
}

static void stop_long(struct trial *trial)
{
    trial->host.throttled = clock_seconds(trial_time(trial)) / 2;
}

static void stop_never(struct trial *trial)
{
    trial->host.throttled = 0;
}

static void compute_a_third_of_the_time(struct trial *trial)
{
    trial->resources.on_cpu = trial_time(trial) / 3;
}

/* Cores are what the quota leaves of them where it was a limit. */
static void test_a_quota_that_leaves_less_than_the_cores(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    for (int i = 0; i < 2; i++)
        change_cell(&run, (size_t)i, compute_a_third_of_the_time);
    assert_found(&run, FINDING_IO_BOUND, "threads/2, sync/1");
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    run.cpu_quota = 0.35;
    /* It stopped nobody: short runs use up what was saved before. */
    assert_found(&run, FINDING_IO_BOUND, "threads/2, sync/1");
    assert_not_found(&run, FINDING_CPU_BOUND);
    for (int i = 0; i < 2; i++)
        change_cell(&run, (size_t)i, stop_long);
    assert_not_found(&run, FINDING_IO_BOUND);
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    assert_not_found(&run, FINDING_CROSSING);
    assert_found(
        &run, FINDING_CPU_BOUND,
        "threads/2, sync/1 computed for 95 % of the time they had on what the CPU quota of 0.35 cores leaves of "
        "the cores they can use");
    assert_found(&run, FINDING_NOISY_HOST, "a container's limit of 0.35 cores");
    /* A quota that cannot be seen, as one above what a container shows: nobody knows what they waited for. */
    run.cpu_quota = 0;
    assert_not_found(&run, FINDING_IO_BOUND);
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    assert_not_found(&run, FINDING_CROSSING);
    assert_found(&run, FINDING_NOISY_HOST, "a container's limit, not the modes");
    /* A quota above the number of cores is no limit. */
    run.cpu_quota = 3;
    for (int i = 0; i < 2; i++)
        change_cell(&run, (size_t)i, stop_never);
    assert_found(&run, FINDING_IO_BOUND, "threads/2, sync/1");
    run_release(&run);
}

static void test_how_many_use_up_a_quota(void **state)
{
    (void)state;
    /* 4 ms of CPU time for 4 downloads of 10 ms: ten at once would keep a core busy. */
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_found(&run, FINDING_CROSSING,
                 "keep one core busy: 10 with threads (1.00 ms each), and 2 times as many all 2, where the mode can;");
    run.cpu_quota = 1.5;
    assert_found(&run, FINDING_CROSSING,
                 "keep one core busy: 10 with threads (1.00 ms each), and 1.5 times as many use up "
                 "the CPU quota of 1.5 cores, where the mode can;");
    run.cpu_quota = 0.5;
    assert_found(&run, FINDING_CROSSING,
                 "about so many at once would use up the CPU quota of 0.5 cores: 5 with threads (1.00 ms each);");
    run.cpu_quota = 0.1;
    assert_found(&run, FINDING_CROSSING, "work for the CPU quota of 0.1 cores, which more workers can only share");
    run.cpu_quota = 2;
    assert_found(&run, FINDING_CROSSING, "and 2 times as many all 2, where the mode can;");
    run_release(&run);
}

/* An event loop computes a quarter of what one at a time computes for a download: four times as many fill a core. */
static void test_how_many_fill_a_core_is_up_to_the_mode(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    fixture_cell(&run, "event-loop", 2);
    run.cells[2].traits = MODE_COOPERATIVE;
    for (int round = 0; round < 6; round++) {
        struct trial *trial = fixture_trial(&run.cells[2], 12 * FIXTURE_MS);
        trial->resources.cpu_user = 0;
        trial->resources.cpu_system = FIXTURE_MS;
    }
    /* (9 + 1) / 1, and (9 + 0.25) / 0.25. */
    assert_found(&run, FINDING_CROSSING, "10 with threads (1.00 ms each), 37 with event-loop (250 µs)");
    run_release(&run);
    /* Nothing but one at a time: by that. */
    run = fixture_run();
    fixture_cell(&run, "sync", 1);
    for (int round = 0; round < 6; round++)
        fixture_trial(&run.cells[0], 20 * FIXTURE_MS);
    assert_found(&run, FINDING_CROSSING, "keep one core busy: 20 with sync (1.00 ms each)");
    run_release(&run);
}

/* The one line of a diagnosis. Static memory. */
static const char *brief_of(struct run *run)
{
    static struct diagnosis diagnosis;
    struct error error = {0};
    struct run_stats stats = fixture_stats(run);
    assert_int_equal(diagnosis_make(&stats, &diagnosis, &error), 0);
    cell_stats_release(&stats);
    return diagnosis.brief;
}

/* More workers help as long as downloads take together what they take alone, and nobody tried whether they do. */
static void test_what_more_workers_would_do(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_non_null(strstr(brief_of(&run), "more workers would help, up to about 10 with threads"));
    fixture_cell(&run, "threads", 4)->stage = STAGE_SWEEP;
    for (int round = 0; round < 6; round++)
        fixture_trial(&run.cells[2], 20 * FIXTURE_MS);
    assert_null(strstr(brief_of(&run), "more workers"));
    run_release(&run);
    run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    assert_null(strstr(brief_of(&run), "more workers"));
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2 a download took");
    run_release(&run);
}

/* Where nobody knows how long threads waited for a core, little CPU time may mean that. Much of it means the same as
 * ever. */
static void test_nothing_follows_from_what_is_not_known(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    assert_found(&run, FINDING_IO_BOUND, "threads/2, sync/1");
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    change_cell(&run, 1, know_nothing);
    assert_found(&run, FINDING_IO_BOUND, "I/O-bound: sync/1 computed for");
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    assert_not_found(&run, FINDING_CLIENT_SATURATED);
    change_cell(&run, 0, know_nothing);
    assert_not_found(&run, FINDING_IO_BOUND);
    assert_not_found(&run, FINDING_MIXED);
    assert_not_found(&run, FINDING_CROSSING);
    for (int round = 0; round < 6; round++)
        run.cells[0].trials[round].resources.cpu_user = trial_time(&run.cells[0].trials[round]);
    assert_found(&run, FINDING_CPU_BOUND, "sync/1 computed for");
    for (int round = 0; round < 6; round++)
        run.cells[0].trials[round].resources.cpu_user = trial_time(&run.cells[0].trials[round]) * 6 / 10;
    assert_found(&run, FINDING_MIXED, "sync/1 computed for");
    run_release(&run);
}

static void test_noisy_hosts(void **state)
{
    (void)state;
    static const struct {
        change *apply;
        const char *part;
    } cases[] = {{steal, "the hypervisor gave 5 %"}, {disturb, "0.9 of 2 cores"}, {throttle, "a CPU quota stopped"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
        assert_not_found(&run, FINDING_NOISY_HOST);
        change_cell(&run, 0, cases[i].apply);
        change_cell(&run, 1, cases[i].apply);
        assert_found(&run, FINDING_NOISY_HOST, cases[i].part);
        run_release(&run);
    }
    /* A server on this machine is part of the experiment. */
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    change_cell(&run, 0, disturb);
    change_cell(&run, 1, disturb);
    run.is_proxy_local = true;
    assert_not_found(&run, FINDING_NOISY_HOST);
    run.is_proxy_local = false;
    run.is_server_local = true;
    assert_not_found(&run, FINDING_NOISY_HOST);
    /* But for the embedded origin, which is not among the others. */
    snprintf(run.origin, sizeof(run.origin), "latency=1ms");
    assert_found(&run, FINDING_NOISY_HOST, "0.9 of 2 cores");
    run.is_proxy_local = true;
    assert_not_found(&run, FINDING_NOISY_HOST);
    run.is_proxy_local = false;
    change_cell(&run, 0, know_nothing);
    change_cell(&run, 1, know_nothing);
    assert_not_found(&run, FINDING_NOISY_HOST);
    run_release(&run);
}

static void test_series_that_drift_or_stand_out(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_not_found(&run, FINDING_DRIFTING);
    assert_not_found(&run, FINDING_OUTLIERS);
    run_release(&run);
    run = fixture_run();
    fixture_cell(&run, "sync", 1);
    for (int round = 0; round < 8; round++)
        fixture_trial(&run.cells[0], (10 + round) * FIXTURE_MS);
    assert_found(&run, FINDING_DRIFTING, "1 of 1 cells rise or fall");
    fixture_trial(&run.cells[0], 100 * FIXTURE_MS);
    assert_not_found(&run, FINDING_OUTLIERS); /* it decides nothing */
    run_release(&run);
}

/* Two cells of which the second takes 5 % longer in all rounds but the first, where one of both takes three times its
 * usual time. */
static struct run make_outlier(size_t cell)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 1);
    for (int round = 0; round < 6; round++) {
        nanoseconds off = round * 10 * NANOSECONDS_PER_MICROSECOND;
        fixture_trial(&run.cells[0], (round == 0 && cell == 0 ? 30 : 10) * FIXTURE_MS + off);
        fixture_trial(&run.cells[1], (round == 0 && cell == 1 ? 31500 : 10500) * NANOSECONDS_PER_MICROSECOND + off);
        run.cells[0].trials[round].position = (uint32_t)round % 2;
        run.cells[1].trials[round].position = 1 - (uint32_t)round % 2;
    }
    return run;
}

static void test_outliers_are_told_where_they_decide(void **state)
{
    (void)state;
    struct run run = make_outlier(0);
    assert_found(&run, FINDING_OUTLIERS, "Outliers decide: 1 trial of sync/1 lies far");
    run_release(&run);
    /* The slower one was slower still: that makes no difference. */
    run = make_outlier(1);
    assert_not_found(&run, FINDING_OUTLIERS);
    run_release(&run);
}

/* Three cells in twelve rounds, with noise of 10 %, and something on top for the first place of a round. */
static struct run make_places(uint64_t stream, double first_in_round)
{
    static const char *const modes[] = {"sync", "threads", "processes"};
    struct random random = random_stream(11, stream);
    struct run run = fixture_run();
    for (size_t i = 0; i < 3; i++)
        fixture_cell(&run, modes[i], 1);
    for (uint32_t round = 0; round < 12; round++) {
        uint32_t order[] = {0, 1, 2};
        random_shuffle(&random, order, 3);
        for (uint32_t place = 0; place < 3; place++) {
            double off = (random_fraction(&random) + random_fraction(&random) - 1) * 0.25;
            double time = exp(off) * (place == 0 ? 1 + first_in_round : 1);
            struct trial *trial = fixture_trial(&run.cells[order[place]], (nanoseconds)(time * 10 * FIXTURE_MS));
            trial->position = place;
        }
    }
    return run;
}

/* The medians of places differ by more than 2 % in nearly all of these, by chance alone. */
static void test_a_place_is_told_by_a_test(void **state)
{
    (void)state;
    size_t without = 0;
    size_t with = 0;
    for (uint64_t stream = 0; stream < 100; stream++) {
        struct run run = make_places(stream, 0);
        without += sentence_of(&run, FINDING_POSITION)[0] != '\0';
        run_release(&run);
        run = make_places(stream, 0.2);
        with += sentence_of(&run, FINDING_POSITION)[0] != '\0';
        run_release(&run);
    }
    /* 1 expected at most. */
    assert_in_range(without, 0, 5);
    assert_in_range(with, 60, 100);
}

static void share(struct trial *trial)
{
    fixture_http2(trial, 1, 2);
}

static void do_not_share(struct trial *trial)
{
    fixture_http2(trial, 2, 0);
}

static void warm_up(struct trial *trial)
{
    fixture_http2(trial, 0, 2);
    trial->http2.warm_connects = 1;
}

static void answer_one_over_http1(struct trial *trial)
{
    trial->table->samples[3].http_version = 11;
}

static void test_connections_that_some_share(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    struct run_cell *cell = fixture_cell(&run, "event-loop", 2);
    for (int round = 0; round < 6; round++)
        fixture_trial(cell, 10 * FIXTURE_MS);
    assert_not_found(&run, FINDING_MULTIPLEXED);
    for (size_t i = 0; i < 3; i++)
        change_cell(&run, i, do_not_share);
    assert_not_found(&run, FINDING_MULTIPLEXED); /* as with fresh connections */
    change_cell(&run, 2, share);
    assert_found(&run, FINDING_MULTIPLEXED,
                 "event-loop/2 had 2 downloads at once on one HTTP/2 connection at the peak, and 4 on each in all; "
                 "threads/2 could not share any, and had 2 on each, one at a time");
    change_cell(&run, 2, warm_up);
    assert_found(&run, FINDING_MULTIPLEXED, "event-loop/2 had 2 downloads at once");
    change_cell(&run, 1, share);
    assert_found(&run, FINDING_MULTIPLEXED, "event-loop/2, threads/2 had 2 downloads at once");
    assert_null(strstr(sentence_of(&run, FINDING_MULTIPLEXED), "could not"));
    run_release(&run);
}

/* All but the first are given up, and nobody knows over what. */
static void give_up(struct trial *trial)
{
    for (uint32_t i = 0; i < FIXTURE_UNITS; i++) {
        trial->table->samples[i].http_version = i == 0 ? 20 : 0;
        trial->table->samples[i].outcome = i == 0 ? OUTCOME_OK : OUTCOME_CANCELLED;
    }
}

static void answer_again(struct trial *trial)
{
    for (uint32_t i = 0; i < FIXTURE_UNITS; i++)
        trial->table->samples[i].outcome = OUTCOME_OK;
}

static void test_who_waits_for_a_shared_connection_waits_for_no_server(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 18 * FIXTURE_MS);
    change_cell(&run, 0, do_not_share);
    change_cell(&run, 1, do_not_share);
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    change_cell(&run, 1, share);
    assert_not_found(&run, FINDING_SERVER_SATURATED);
    change_cell(&run, 1, warm_up);
    assert_found(&run, FINDING_SERVER_SATURATED, "threads/2");
    run_release(&run);
}

static void test_servers_that_do_not_agree_to_http2(void **state)
{
    (void)state;
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    assert_not_found(&run, FINDING_HTTP2_DECLINED); /* nobody asked for it */
    snprintf(run.http_version, sizeof(run.http_version), "HTTP/2");
    assert_found(&run, FINDING_HTTP2_DECLINED, "all that was answered was answered over HTTP/1.1");
    change_cell(&run, 0, give_up);
    change_cell(&run, 1, give_up);
    assert_not_found(&run, FINDING_HTTP2_DECLINED);
    change_cell(&run, 0, answer_again);
    change_cell(&run, 1, answer_again);
    change_cell(&run, 0, share);
    change_cell(&run, 1, share);
    assert_not_found(&run, FINDING_HTTP2_DECLINED);
    change_cell(&run, 0, answer_one_over_http1);
    change_cell(&run, 1, answer_one_over_http1);
    assert_found(&run, FINDING_HTTP2_DECLINED, "25 % of the answers came over HTTP/1.1");
    run_release(&run);
}

/* The same at a rate: all four downloads fall due when the gate opens. */
static struct run make_rounds_at_a_rate(void)
{
    static const nanoseconds due[FIXTURE_UNITS] = {0};
    struct run run = make_rounds(10 * FIXTURE_MS, 10 * FIXTURE_MS);
    run.arrivals.rate = 100;
    for (size_t i = 0; i < run.cell_count; i++)
        run.cells[i].due = due;
    return run;
}

static void fall_behind(struct trial *trial)
{
    trial->table->samples[FIXTURE_UNITS - 1].outcome = OUTCOME_GIVEN_UP;
}

static void compute_all_its_life(struct trial *trial)
{
    trial->resources.on_cpu = trial->resources.run_queue_wait = 0;
    trial->resources.cpu_user = trial_time(trial) + trial->teardown;
}

static void test_who_falls_behind_for_want_of_cores(void **state)
{
    (void)state;
    struct run run = make_rounds_at_a_rate();
    change_cell(&run, 0, compute_all_the_time);
    assert_not_found(&run, FINDING_CPU_BOUND);
    /* One of both waits for its server, and may do more with more workers. */
    change_cell(&run, 0, fall_behind);
    change_cell(&run, 1, fall_behind);
    assert_found(&run, FINDING_CPU_BOUND, "CPU-bound: sync/1 fell behind, and computed or waited for a core for 95 %");
    change_cell(&run, 0, queue_long);
    assert_found(&run, FINDING_CPU_BOUND, "for 100 % of the time");
    /* Where the system does not tell of waiting for a core. */
    change_cell(&run, 0, compute_all_its_life);
    assert_found(&run, FINDING_CPU_BOUND, "sync/1 fell behind");
    run_release(&run);
}

static void wake_late(struct trial *trial)
{
    trial->late = (struct trial_late){.p50 = FIXTURE_MS / 20, .p99 = 2 * FIXTURE_MS, .longest = 3 * FIXTURE_MS};
}

static void wake_soon(struct trial *trial)
{
    trial->late = (struct trial_late){.p50 = FIXTURE_MS / 20, .p99 = FIXTURE_MS / 2, .longest = 3 * FIXTURE_MS};
}

static void wake_often_late(struct trial *trial)
{
    /* The median response time is 10 or 20 ms. */
    trial->late = (struct trial_late){.p50 = FIXTURE_MS * 19 / 20, .p99 = FIXTURE_MS, .longest = FIXTURE_MS};
}

static void test_whoever_is_woken_late_is_told(void **state)
{
    (void)state;
    struct run run = make_rounds_at_a_rate();
    assert_not_found(&run, FINDING_WOKEN_LATE);
    change_cell(&run, 0, wake_soon);
    assert_not_found(&run, FINDING_WOKEN_LATE);
    change_cell(&run, 1, wake_late);
    assert_found(&run, FINDING_WOKEN_LATE, "idle workers of threads/2 begin up to 2 ms after");
    change_cell(&run, 1, wake_often_late);
    assert_found(&run, FINDING_WOKEN_LATE, "threads/2");
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_and_computing),
        cmocka_unit_test(test_who_computes_alone_is_named_and_has_cores),
        cmocka_unit_test(test_a_client_that_keeps_downloads_waiting),
        cmocka_unit_test(test_who_waits_for_a_core_has_no_time_to_spare),
        cmocka_unit_test(test_a_loop_that_lags_has_no_time_to_spare),
        cmocka_unit_test(test_limits_on_the_other_side),
        cmocka_unit_test(test_connecting_and_slow_urls_are_no_saturated_server),
        cmocka_unit_test(test_a_tail_names_its_download),
        cmocka_unit_test(test_idle_workers),
        cmocka_unit_test(test_noisy_hosts),
        cmocka_unit_test(test_a_quota_that_leaves_less_than_the_cores),
        cmocka_unit_test(test_how_many_use_up_a_quota),
        cmocka_unit_test(test_how_many_fill_a_core_is_up_to_the_mode),
        cmocka_unit_test(test_what_more_workers_would_do),
        cmocka_unit_test(test_nothing_follows_from_what_is_not_known),
        cmocka_unit_test(test_series_that_drift_or_stand_out),
        cmocka_unit_test(test_outliers_are_told_where_they_decide),
        cmocka_unit_test(test_a_place_is_told_by_a_test),
        cmocka_unit_test(test_connections_that_some_share),
        cmocka_unit_test(test_who_waits_for_a_shared_connection_waits_for_no_server),
        cmocka_unit_test(test_servers_that_do_not_agree_to_http2),
        cmocka_unit_test(test_who_falls_behind_for_want_of_cores),
        cmocka_unit_test(test_whoever_is_woken_late_is_told),
    };
    return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
