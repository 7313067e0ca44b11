/* The leader of a run of many machines: the real one, over a transport on which the others are made up. */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conc_bench/base/child.h"
#include "conc_bench/platform/process.h"
#include "conc_bench/run/interrupt.h"
#include "fleet/transport.h"
#include "run/fleet_part.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true /* memory is then not what the program takes */
#else
#define IS_SANITIZED false
#endif

enum {
    UNITS = 16000,
    URLS = 100,
    MACHINES_MOST = 1000,
    WORKERS = 4,
    TRIALS = 3,
    BODY_BYTES = 1000,
};

/* The test's counts of a leader, in memory that they share. */
struct count {
    uint64_t messages; /* that followers sent and were sent, but for clocks, of which there are as many as it takes */
    uint64_t clock_messages;
    uint64_t sample_bytes;
    uint64_t result_bytes;
    uint64_t other_bytes;
    uint64_t memory; /* bytes of the leader at most, beyond what it began with */
    nanoseconds cpu;
    uint32_t settled;    /* of the last trial */
    uint32_t right;      /* samples that stand where they belong */
    uint32_t unequal;    /* machines whose own count differs from their share */
    nanoseconds own_end; /* of the leader's own part */
    bool is_successful;
};

static struct count *count;

/* The followers: each has one message to give at a time. Those that go on until they are stopped show meanwhile that
 * they are alive. */
static struct {
    uint32_t size;
    bool go_on;
    nanoseconds beat[MACHINES_MOST]; /* the last one */
    int kind[MACHINES_MOST];         /* -1: none */
    struct fleet_order order;
    struct share share;
} made_up;

/* A body's length tells the unit, so that samples that stand in another one's place are found. */
static int64_t body_of(uint32_t unit)
{
    return BODY_BYTES + unit;
}

static size_t size_of(uint32_t rank, int kind)
{
    switch (kind) {
    case FLEET_PREPARED:
        return sizeof(struct fleet_prepared);
    case FLEET_RESULT:
        return sizeof(struct trial);
    case FLEET_BEAT:
        return sizeof(uint32_t);
    case FLEET_SAMPLES:
        return (size_t)sample_table_bytes(share_count(&made_up.share, rank));
    default:
        return kind == FLEET_SIGN && made_up.order.machines > 0 ? sizeof(nanoseconds) : 0;
    }
}

static void write_samples(uint32_t rank, struct sample_table *table, nanoseconds gate)
{
    memset(table, 0, (size_t)sample_table_bytes(share_count(&made_up.share, rank)));
    table->unit_count = share_count(&made_up.share, rank);
    for (uint32_t own = 0; own < table->unit_count; own++) {
        struct sample *sample = &table->samples[own];
        sample->worker = own % WORKERS;
        sample->start = gate;
        sample->end = sample->settled = gate + NANOSECONDS_PER_MILLISECOND;
        sample->body_bytes = body_of(share_unit(&made_up.share, rank, own));
        sample->status = 200;
        sample->outcome = OUTCOME_OK;
        atomic_store(&sample->state, SAMPLE_SETTLED);
    }
}

/* Their clocks are the leader's. */
static nanoseconds gate;

static void write_message(uint32_t rank, int kind, void *bytes)
{
    nanoseconds now = clock_now();
    struct fleet_prepared prepared = {.is_ready = true, .startup = 1};
    struct trial trial = {.status = TRIAL_COMPLETE, .gate = gate, .run = NANOSECONDS_PER_MILLISECOND};
    switch (kind) {
    case FLEET_PREPARED:
        memcpy(bytes, &prepared, sizeof(prepared));
        break;
    case FLEET_RESULT:
        memcpy(bytes, &trial, sizeof(trial));
        break;
    case FLEET_SAMPLES:
        write_samples(rank, bytes, gate);
        break;
    case FLEET_BEAT:
        memset(bytes, 0, sizeof(uint32_t));
        break;
    default:
        if (size_of(rank, kind) > 0)
            memcpy(bytes, &now, sizeof(now));
    }
}

static void note(int kind, size_t size)
{
    bool is_clock = kind == FLEET_CLOCK || kind == FLEET_SIGN;
    count->messages += !is_clock;
    count->clock_messages += is_clock;
    if (kind == FLEET_SAMPLES)
        count->sample_bytes += size;
    else if (kind == FLEET_RESULT)
        count->result_bytes += size;
    else if (!is_clock)
        count->other_bytes += size;
}

int transport_start(const struct launch *launch, uint32_t *rank, uint32_t *size, struct error *error)
{
    (void)launch, (void)error;
    *rank = 0;
    *size = made_up.size;
    for (uint32_t i = 0; i < made_up.size; i++)
        made_up.kind[i] = FLEET_SIGN;
    return 0;
}

int transport_begin_send(uint32_t rank, int kind, const void *bytes, size_t size)
{
    const struct {
        int asked, told;
    } answers[] = {{FLEET_TRIAL, FLEET_PREPARED},
                   {FLEET_CLOCK, FLEET_SIGN},
                   {made_up.go_on ? FLEET_STOP : FLEET_OPEN, FLEET_RESULT},
                   {FLEET_COLLECT, FLEET_SAMPLES}};
    note(kind, size);
    if (kind == FLEET_TRIAL && size == sizeof(made_up.order))
        memcpy(&made_up.order, bytes, size);
    if (kind == FLEET_OPEN && size == sizeof(gate))
        memcpy(&gate, bytes, size);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (answers[i].asked == kind)
            made_up.kind[rank] = answers[i].told;
    }
    return 0;
}

/* As followers do, and somebody who interrupts the leader once its own part has long been over. */
static void go_on(uint32_t rank)
{
    nanoseconds now = clock_now();
    if (made_up.kind[rank] < 0 && now - made_up.beat[rank] > FLEET_BEAT_EVERY) {
        made_up.beat[rank] = now;
        made_up.kind[rank] = FLEET_BEAT;
    }
    if (count->own_end > 0 && now - count->own_end > 100 * NANOSECONDS_PER_MILLISECOND) {
        count->own_end = INT64_MAX;
        raise(SIGTERM);
    }
}

int transport_look(uint32_t rank, int *kind, size_t *size)
{
    if (made_up.go_on)
        go_on(rank);
    *kind = made_up.kind[rank];
    *size = size_of(rank, *kind);
    return *kind >= 0;
}

int transport_begin_receive(uint32_t rank, int kind, void *bytes, size_t size)
{
    note(kind, size);
    write_message(rank, kind, bytes);
    made_up.kind[rank] = -1;
    return 0;
}

int transport_test(void)
{
    return 1;
}

void transport_drop(void)
{
}

size_t transport_most(void)
{
    return INT32_MAX;
}

void transport_end(int status)
{
    (void)status;
}

void transport_abort(int status)
{
    (void)status;
}

/* The leader's own cell. */

static int prepare(const struct mode_job *job, void **run, struct error *error)
{
    (void)error;
    *run = (void *)(uintptr_t)job;
    return 0;
}

static int run_own(void *run, struct error *error)
{
    const struct mode_job *job = run;
    uint32_t unit;
    (void)error;
    for (struct sample *sample; (sample = sample_claim(job->table, 0, &unit)) != NULL;) {
        sample->end = clock_now();
        sample->body_bytes = body_of(share_unit(&made_up.share, 0, unit));
        sample->status = 200;
        sample->outcome = OUTCOME_OK;
        sample_settle(job->table, sample);
    }
    count->own_end = clock_now();
    return 0;
}

static void release(void *run)
{
    (void)run;
}

static const struct mode mode = {.name = "made-up", .prepare = prepare, .run = run_own, .release = release};

static uint64_t peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)process_peak_bytes(&usage);
}

static void look_at(const struct trial *trial)
{
    count->settled = sample_table_account(trial->table).settled;
    for (uint32_t unit = 0; unit < UNITS; unit++)
        count->right += trial->table->samples[unit].body_bytes == body_of(unit);
    for (uint32_t rank = 0; rank < trial->machine_count; rank++)
        count->unequal += trial->machines[rank].settled != share_count(&made_up.share, rank);
}

/* As the runner does, which uses one table for all trials, or where samples are kept, a new one for each. */
static int lead_trials(struct fleet_part *part, bool is_kept)
{
    static const struct transfer_plan transfer;
    const struct plan_cell cell = {.mode = &mode, .workers = WORKERS, .machines = made_up.size};
    const struct trial_options options = {.deadline = 100 * NANOSECONDS_PER_SECOND, .isolate = true};
    struct error error = {0};
    struct sample_table *table = NULL;
    for (int i = 0; i < TRIALS; i++) {
        struct trial trial = {0};
        if (table == NULL || is_kept)
            table = sample_table_create(UNITS, &error);
        else
            sample_table_clear(table);
        struct mode_job job = {.mode = &mode, .transfer = &transfer, .table = table, .workers = WORKERS, .cores = 1};
        if (fleet_trial_lead(part, &cell, &job, &options, &trial, &error) != 0 || trial.status != TRIAL_COMPLETE) {
            print_message("%s%s\n", error.message, trial.reason);
            return -1;
        }
        if (i == TRIALS - 1)
            look_at(&trial);
        free(trial.machines);
    }
    return 0;
}

static void lead(uint32_t machines, bool is_kept)
{
    static uint32_t unit_urls[UNITS];
    struct error error = {0};
    struct plan plan = {.unit_urls = unit_urls, .unit_count = UNITS, .request = {.machines = machines, .seed = 7}};
    for (uint32_t unit = 0; unit < UNITS; unit++)
        unit_urls[unit] = unit % URLS;
    made_up.size = machines;
    uint64_t before = peak_bytes();
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    if (fleet_start(&error) != 0)
        return;
    count->clock_messages = 0; /* those were names */
    made_up.share = plan_share(&plan, machines);
    struct fleet_part *part = fleet_part_create(&plan, &error);
    part->answers = fleet_answers_create(URLS, &error);
    count->is_successful = lead_trials(part, is_kept) == 0;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    count->cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NANOSECONDS_PER_SECOND +
                 (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
    count->memory = peak_bytes() - before;
    fleet_part_release(part);
}

/* In a process of its own, whose memory is nobody else's. */
static struct count measure(uint32_t machines, bool is_kept)
{
    int status = 0;
    memset(count, 0, sizeof(*count));
    pid_t child = fork();
    if (child == 0) {
        lead(machines, is_kept);
        child_leave(0);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_true(count->is_successful);
    /* However many there are, each download is there once, in its place. */
    assert_int_equal(count->settled, UNITS);
    assert_int_equal(count->right, UNITS);
    assert_int_equal(count->unequal, 0);
    print_message(
        "%4u machines, samples %s: %llu messages a trial and %llu of clocks; a machine sends and is sent %llu "
        "bytes and its samples, which of all are %llu; %llu KiB at most; %.1f ms of CPU time a trial\n",
        machines, is_kept ? "kept" : "not kept", (unsigned long long)count->messages / TRIALS,
        (unsigned long long)count->clock_messages / TRIALS,
        (unsigned long long)(count->result_bytes + count->other_bytes) / TRIALS / (machines - 1),
        (unsigned long long)count->sample_bytes / TRIALS, (unsigned long long)count->memory / 1024,
        (double)count->cpu / 1e6 / TRIALS);
    return *count;
}

/* How the leader's costs grow with the machines, for one list. */
static void test_what_a_thousand_machines_cost_the_leader(void **state)
{
    (void)state;
    const struct count ten = measure(10, false);
    const struct count hundred = measure(100, false);
    const struct count thousand = measure(MACHINES_MOST, false);
    const struct count kept = measure(MACHINES_MOST, true);

    /* Six messages of each machine, and the beats of a leader that takes long, which have no bytes. */
    assert_in_range(thousand.messages, 6 * 999 * TRIALS, 12 * 999 * TRIALS);
    uint64_t of_ten = (ten.result_bytes + ten.other_bytes) / 9;
    uint64_t of_thousand = (thousand.result_bytes + thousand.other_bytes) / 999;
    assert_int_equal(of_thousand, of_ten);
    assert_true(of_thousand / TRIALS < 2000);
    /* All samples together are those of the list, and a head for each machine. */
    assert_true(thousand.sample_bytes < TRIALS * (UNITS * sizeof(struct sample) + 1000 * sample_table_bytes(0)));

    if (IS_SANITIZED)
        return;
    /* From a hundred to a thousand machines, so much for each. */
    assert_true(thousand.memory < hundred.memory + 900 * 4096);
    assert_true(thousand.memory < (8 << 20));
    /* The samples of the further trials are kept, however many machines there are. */
    assert_in_range(kept.memory - thousand.memory, (TRIALS - 1) * UNITS * sizeof(struct sample) * 7 / 10,
                    (TRIALS - 1) * UNITS * sizeof(struct sample) * 15 / 10);
}

/* 0: as it should be. */
static int lead_to_signal(void)
{
    enum { MACHINES = 3 };
    static const struct transfer_plan transfer;
    static uint32_t unit_urls[UNITS];
    const struct trial_options options = {.deadline = 100 * NANOSECONDS_PER_SECOND, .isolate = true};
    const struct plan plan = {
        .unit_urls = unit_urls, .unit_count = UNITS, .request = {.machines = MACHINES, .seed = 7}};
    const struct plan_cell cell = {.mode = &mode, .workers = WORKERS, .machines = MACHINES};
    struct trial trial = {0};
    struct error error = {0};
    made_up.size = MACHINES;
    made_up.go_on = true;
    setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    if (fleet_start(&error) != 0 || interrupt_install(&error) != 0)
        return 2;
    made_up.share = plan_share(&plan, MACHINES);
    struct fleet_part *part = fleet_part_create(&plan, &error);
    part->answers = fleet_answers_create(URLS, &error);
    struct sample_table *table = sample_table_create(UNITS, &error);
    struct mode_job job = {.mode = &mode, .transfer = &transfer, .table = table, .workers = WORKERS, .cores = 1};
    int result = fleet_trial_lead(part, &cell, &job, &options, &trial, &error);
    print_message("%d, %s%s\n", result, error.message, trial.reason);
    trial_release(&trial); /* its table, too */
    fleet_part_release(part);
    return result == 0 && !fleet_has_lost_any() ? 0 : 1;
}

static void test_a_signal_to_the_leader_alone_stops_the_others_and_loses_nobody(void **state)
{
    (void)state;
    int status = 0;
    memset(count, 0, sizeof(*count));
    pid_t child = fork();
    if (child == 0)
        child_leave(lead_to_signal());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_thousand_machines_cost_the_leader),
        cmocka_unit_test(test_a_signal_to_the_leader_alone_stops_the_others_and_loses_nobody),
    };
    count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
