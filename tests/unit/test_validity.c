#include "run_fixture.h"

#include "conc_bench/analysis/validity.h"

static struct validity judge(struct run *run)
{
    struct validity validity;
    struct error error = {0};
    fixture_end(run);
    assert_int_equal(validity_judge(run, &validity, &error), 0);
    return validity;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* Asserts that a round is dropped, for that reason. */
static void assert_drops(struct run *run, uint32_t round, const char *part)
{
    struct validity validity = judge(run);
    assert_int_equal(validity.dropped_count, 1);
    assert_int_equal(validity.dropped[0].round, round);
    assert_says(validity.dropped[0].reason, part);
    assert_false(validity.is_work_equal);
    for (size_t i = 0; i < run->cell_count; i++) {
        const struct run_cell *cell = &run->cells[i];
        for (size_t j = 0; j < cell->trial_count; j++)
            assert_int_equal(validity_counts(&validity, cell, &cell->trials[j]),
                             cell->trials[j].round != round || cell->group != validity.dropped[0].group);
    }
    validity_release(&validity);
}

/* Asserts that nothing may be ranked, for that reason. */
static void assert_invalid(struct run *run, const char *part)
{
    struct validity validity = judge(run);
    assert_false(validity.is_valid);
    assert_says(validity.reason, part);
    validity_release(&validity);
}

static void assert_fine(struct run *run)
{
    struct validity validity = judge(run);
    assert_true(validity.is_valid);
    assert_true(validity.is_work_equal);
    assert_int_equal(validity.dropped_count, 0);
    validity_release(&validity);
}

static void test_answers_are_held_to_what_was_learned(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct sample *sample = &run.cells[1].trials[1].table->samples[3];
    assert_fine(&run);
    sample->body_bytes = 999;
    struct validity validity = judge(&run);
    assert_int_equal(validity.mismatches, 1);
    assert_int_equal(validity.mismatched_url_count, 1);
    assert_int_equal(validity.mismatched_urls[0].cell, 1);
    assert_string_equal(run.urls[validity.mismatched_urls[0].url], "http://b.test/page");
    assert_int_equal(validity.mismatched_urls[0].count, 1);
    assert_int_equal(validity.failures, 0);
    validity_release(&validity);
    assert_drops(&run, 1,
                 "threads/2 in round 2 had http://b.test/page answered with status 200 and 999 bytes instead of status "
                 "200 and 1000");
    /* A failure is told as a failure. */
    sample->outcome = OUTCOME_TIMEOUT_WAIT;
    validity = judge(&run);
    assert_int_equal(validity.mismatches, 0);
    assert_int_equal(validity.dropped_count, 0);
    assert_int_equal(validity.failures, 1);
    validity_release(&validity);
    sample->outcome = OUTCOME_OK;
    sample->body_bytes = 1000;
    sample->status = 201;
    assert_drops(&run, 1, "status 201");
    sample->status = 200;
    sample->http_version = 10;
    assert_drops(&run, 1, "by HTTP 1.0 instead of 1.1");
    sample->http_version = 20;
    assert_drops(&run, 1, "by HTTP 2.0 instead of 1.1");
    run_release(&run);
}

/* Gives the first download of a trial, which is of URL 0, another size. */
static void set_bytes(struct run *run, size_t cell, size_t trial, int64_t bytes)
{
    run->cells[cell].trials[trial].table->samples[0].body_bytes = bytes;
}

/* `rounds` rounds of sync and threads/2. */
static struct run with_rounds(int rounds)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (size_t i = 0; i < run.cell_count; i++) {
        for (int round = 0; round < rounds; round++)
            fixture_trial(&run.cells[i], FIXTURE_MS);
    }
    return run;
}

/* Makes the first round the warm-up. */
static void warm_up(struct run *run)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        struct run_cell *cell = &run->cells[i];
        cell->warmups = calloc(1, sizeof(cell->warmups[0]));
        cell->warmups[cell->warmup_count++] = cell->trials[0];
        cell->trial_count--;
        memmove(&cell->trials[0], &cell->trials[1], cell->trial_count * sizeof(cell->trials[0]));
        for (size_t j = 0; j < cell->trial_count; j++)
            cell->trials[j].round--;
    }
}

static void test_a_url_that_varies_while_it_is_learned_may_vary(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    set_bytes(&run, 0, 0, 1);
    set_bytes(&run, 1, 0, 5);
    set_bytes(&run, 1, 1, 77);
    struct validity validity = judge(&run);
    assert_true(validity.is_valid);
    assert_int_equal(validity.dropped_count, 0);
    assert_int_equal(validity.varying_urls, 1);
    assert_int_equal(validity.varying_url, 0);
    validity_release(&validity);
    /* Its status may not. */
    run.cells[1].trials[1].table->samples[0].status = 204;
    assert_drops(&run, 1, "status 204");
    run_release(&run);
}

static void test_a_size_that_depends_on_the_mode_does_not_vary(void **state)
{
    (void)state;
    struct run run = with_rounds(11);
    for (size_t round = 0; round < 11; round++) {
        for (int unit = 0; unit < FIXTURE_UNITS; unit += 2)
            run.cells[1].trials[round].table->samples[unit].body_bytes = 999;
    }
    warm_up(&run);
    struct validity validity = judge(&run);
    assert_int_equal(validity.varying_urls, 0);
    assert_int_equal(validity.dropped_count, 10);
    validity_release(&validity);
    assert_invalid(&run, "in 10 of 10 rounds the work was not equal");
    run_release(&run);
}

static void test_a_url_that_varies_only_later_may_not(void **state)
{
    (void)state;
    struct run run = with_rounds(11);
    warm_up(&run);
    for (size_t round = 0; round < 10; round += 2) {
        set_bytes(&run, 0, round, 900 + (int64_t)round);
        set_bytes(&run, 1, round + 1, 800 + (int64_t)round);
    }
    struct validity validity = judge(&run);
    assert_int_equal(validity.varying_urls, 0);
    assert_int_equal(validity.dropped_count, 10);
    validity_release(&validity);
    run_release(&run);
}

/* Wherever it comes, even in the warm-up, that all others are then held against. */
static void test_one_odd_answer_drops_its_round_at_most(void **state)
{
    (void)state;
    for (size_t round = 0; round < 11; round++) {
        for (size_t cell = 0; cell < 2; cell++) {
            struct run run = with_rounds(11);
            set_bytes(&run, cell, round, 1001);
            warm_up(&run);
            struct validity validity = judge(&run);
            assert_true(validity.is_valid);
            assert_int_equal(validity.varying_urls, 0);
            assert_int_equal(validity.dropped_count, round > 0);
            assert_int_equal(validity.mismatches, round > 0);
            if (round > 0)
                assert_int_equal(validity.dropped[0].round, round - 1);
            validity_release(&validity);
            run_release(&run);
        }
    }
}

static void test_one_odd_answer_to_a_single_mode_is_no_variation(void **state)
{
    (void)state;
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    for (int round = 0; round < 5; round++)
        fixture_trial(&run.cells[0], FIXTURE_MS);
    set_bytes(&run, 0, 0, 1001);
    warm_up(&run);
    struct validity validity = judge(&run);
    assert_int_equal(validity.varying_urls, 0);
    assert_int_equal(validity.dropped_count, 0);
    validity_release(&validity);
    run_release(&run);
}

/* A server that was not ready yet: all of the first trial of the warm-up, or all of the warm-up, is another page. */
static void test_what_most_answers_say_is_expected(void **state)
{
    (void)state;
    for (size_t cells = 1; cells <= 2; cells++) {
        struct run run = with_rounds(11);
        for (size_t i = 0; i < cells; i++) {
            for (int unit = 0; unit < FIXTURE_UNITS; unit++) {
                struct sample *sample = &run.cells[i].trials[0].table->samples[unit];
                sample->body_bytes = 5000;
                sample->status = 203;
                sample->http_version = 10;
            }
        }
        warm_up(&run);
        assert_fine(&run);
        run_release(&run);
    }
}

static void test_a_single_round_and_no_warm_up(void **state)
{
    (void)state;
    struct run run = with_rounds(1);
    assert_fine(&run);
    set_bytes(&run, 1, 0, 1001);
    assert_invalid(&run, "in 1 of 1 rounds the work was not equal: threads/2 in round 1 had http://a.test/ answered "
                         "with status 200 and 1001 bytes");
    run_release(&run);
    run = with_rounds(10);
    set_bytes(&run, 1, 0, 1001);
    assert_drops(&run, 0, "1001 bytes instead of status 200 and 1000");
    run_release(&run);
}

static void test_a_tolerance_bears_sizes_and_counts_them(void **state)
{
    (void)state;
    struct run run = with_rounds(11);
    run.tolerance.share = 0.05;
    set_bytes(&run, 0, 0, 3000); /* which makes no difference: what varies in the warm-up is held to 5 %, too */
    set_bytes(&run, 1, 0, 10);
    warm_up(&run);
    set_bytes(&run, 0, 3, 1050);
    set_bytes(&run, 1, 4, 950);
    struct validity validity = judge(&run);
    assert_true(validity.is_valid);
    assert_int_equal(validity.dropped_count, 0);
    assert_int_equal(validity.mismatches, 0);
    assert_int_equal(validity.varying_urls, 0);
    assert_int_equal(validity.varied, 2);
    assert_int_equal(validity.furthest_url, 0);
    assert_int_equal(validity.furthest_bytes, 1050);
    assert_int_equal(validity.furthest_usual, 1000);
    assert_int_equal(validity.variation_count, 2);
    assert_int_equal(validity.variations[1].cell, 1);
    assert_int_equal(validity.variations[1].count, 1);
    assert_int_equal(validity.variations[1].bytes, 10 * FIXTURE_UNITS * 1000 - 50);
    assert_int_equal(validity.variations[1].usual_bytes, 10 * FIXTURE_UNITS * 1000);
    validity_release(&validity);
    set_bytes(&run, 0, 3, 1051);
    assert_drops(&run, 3, "1051 bytes instead of status 200 and 1000");
    set_bytes(&run, 0, 3, 949);
    assert_drops(&run, 3, "949 bytes");
    run.tolerance = (struct tolerance){.is_status_only = true};
    set_bytes(&run, 0, 3, 0);
    validity = judge(&run);
    assert_int_equal(validity.dropped_count, 0);
    assert_int_equal(validity.varied, 2);
    assert_int_equal(validity.furthest_bytes, 0);
    validity_release(&validity);
    run.cells[0].trials[3].table->samples[0].status = 206;
    assert_drops(&run, 3, "status 206");
    run_release(&run);
}

/* Gives all downloads of the run a content, and those of URL 0 in a trial another. */
static void set_contents(struct run *run, uint32_t digest)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        for (size_t j = 0; j < run->cells[i].trial_count; j++) {
            for (int unit = 0; unit < FIXTURE_UNITS; unit++)
                run->cells[i].trials[j].table->samples[unit].body_digest = digest;
        }
    }
}

static void set_content(struct run *run, size_t cell, size_t trial, uint32_t digest)
{
    run->cells[cell].trials[trial].table->samples[0].body_digest = digest;
    run->cells[cell].trials[trial].table->samples[2].body_digest = digest;
}

static void test_other_content_of_one_size_drops_its_round(void **state)
{
    (void)state;
    struct run run = with_rounds(11);
    set_contents(&run, 1001);
    assert_fine(&run);
    set_content(&run, 1, 4, 1002);
    assert_drops(&run, 4,
                 "threads/2 in round 5 had http://a.test/ answered with other content of the same size (1000 "
                 "bytes)");
    struct validity validity = judge(&run);
    assert_int_equal(validity.mismatches, 2);
    assert_int_equal(validity.mismatched_urls[0].url, 0);
    assert_int_equal(validity.changing_urls, 0);
    validity_release(&validity);
    /* A download whose content nobody knows, such as a client's, is held to its size. */
    set_content(&run, 1, 4, DIGEST_NONE);
    assert_fine(&run);
    /* A tolerance of sizes is one of contents, too. */
    set_content(&run, 1, 4, 1002);
    run.tolerance.share = 0.01;
    assert_fine(&run);
    run_release(&run);
}

static void test_content_that_depends_on_the_mode_does_not_change_by_itself(void **state)
{
    (void)state;
    struct run run = with_rounds(11);
    set_contents(&run, 1001);
    for (size_t round = 0; round < 11; round++)
        set_content(&run, 1, round, 1002);
    warm_up(&run);
    struct validity validity = judge(&run);
    assert_int_equal(validity.changing_urls, 0);
    assert_int_equal(validity.dropped_count, 10);
    validity_release(&validity);
    assert_invalid(&run, "in 10 of 10 rounds the work was not equal");
    run_release(&run);
}

/* Each time, or once in the middle of the run: all modes see it. */
static void test_content_may_change_by_itself(void **state)
{
    (void)state;
    for (int is_once = 0; is_once <= 1; is_once++) {
        struct run run = with_rounds(10);
        set_contents(&run, 1001);
        for (uint32_t round = 0; round < 10; round++) {
            for (uint32_t cell = 0; cell < 2; cell++)
                set_content(&run, cell, round, is_once ? 2000 + (round > 4) : 2000 + 2 * round + cell);
        }
        struct validity validity = judge(&run);
        assert_true(validity.is_valid);
        assert_int_equal(validity.dropped_count, 0);
        assert_int_equal(validity.varying_urls, 0);
        assert_int_equal(validity.changing_urls, 1);
        assert_int_equal(validity.changing_url, 0);
        validity_release(&validity);
        /* Its size may not. */
        set_bytes(&run, 1, 3, 1001);
        assert_drops(&run, 3, "1001 bytes instead of status 200 and 1000");
        run_release(&run);
    }
}

/* A single answer to each of two modes leaves open whether the page changes or the mode decides; of four, three alike
 * do not. */
static void test_content_of_a_single_answer_to_each_mode(void **state)
{
    (void)state;
    struct run run = fixture_run();
    static const char *const modes[] = {"sync", "threads", "processes", "hybrid"};
    for (int i = 0; i < 4; i++)
        fixture_trial(fixture_cell(&run, modes[i], 1), FIXTURE_MS);
    set_contents(&run, 1001);
    for (size_t cell = 0; cell < 4; cell++)
        run.cells[cell].trials[0].table->samples[2].outcome = OUTCOME_TIMEOUT_WAIT;
    set_content(&run, 0, 0, 1002);
    set_content(&run, 1, 0, 1003);
    assert_fine(&run);
    set_content(&run, 1, 0, 1001);
    assert_invalid(&run, "sync/1 in round 1 had http://a.test/ answered with other content of the same size");
    run_release(&run);
}

/* A page that differs each time does not fill the memory with answers. */
static void test_many_contents_are_kept_as_one(void **state)
{
    (void)state;
    enum { UNITS = 1000 };
    struct run run = fixture_run();
    static const uint32_t urls[UNITS];
    const uint32_t *unit_urls = run.unit_urls;
    run.unit_urls = urls;
    struct trial *trial = fixture_trial(fixture_cell(&run, "sync", 1), FIXTURE_MS);
    sample_table_release(trial->table);
    trial->table = sample_table_create(UNITS, NULL);
    for (uint32_t i = 0; i < UNITS; i++) {
        trial->table->samples[i] = (struct sample){
            .start = trial->gate, .end = trial->gate, .settled = trial->gate, .body_bytes = 5, .body_digest = 2 + i};
        trial->table->samples[i].outcome = OUTCOME_OK;
        atomic_store(&trial->table->samples[i].state, SAMPLE_SETTLED);
    }
    fixture_end(&run);
    const struct trial_latencies *latencies = trial->summary.latencies;
    assert_in_range(latencies->answer_count, 2, 20);
    uint32_t count = 0;
    for (size_t i = 0; i < latencies->answer_count; i++)
        count += latencies->answers[i].count;
    assert_int_equal(count, UNITS);
    assert_int_equal(latencies->answers[latencies->answer_count - 1].digest, DIGEST_VARIED);
    struct validity validity = judge(&run);
    assert_int_equal(validity.changing_urls, 1);
    assert_int_equal(validity.mismatches, 0);
    validity_release(&validity);
    run.unit_urls = unit_urls;
    run_release(&run);
}

static bool is_lost(struct run *run, uint32_t rounds_in_group, uint32_t rounds_behind)
{
    const struct rounds_to_come to_come = {rounds_in_group, rounds_behind};
    struct validity validity, complete;
    fixture_end(run);
    assert_int_equal(validity_look(run, &to_come, &validity, NULL), 0);
    assert_int_equal(validity_judge(run, &complete, NULL), 0);
    bool is_lost = validity.is_lost;
    /* Otherwise it is the same judgement. */
    assert_false(complete.is_lost);
    assert_int_equal(validity.is_valid, complete.is_valid);
    assert_string_equal(validity.reason, complete.reason);
    assert_int_equal(validity.failures, complete.failures);
    validity_release(&validity);
    validity_release(&complete);
    return is_lost;
}

static void test_only_what_is_certain_is_foreseen(void **state)
{
    (void)state;
    struct run run = with_rounds(3);
    warm_up(&run);
    assert_false(is_lost(&run, 0, 0));
    /* One dropped round is borne by any number of rounds that leaves another. */
    set_bytes(&run, 1, 0, 1001);
    assert_false(is_lost(&run, 8, 0));
    assert_false(is_lost(&run, 0, 0));
    /* Two are by 40, in this group or in all. */
    set_bytes(&run, 0, 1, 999);
    assert_true(is_lost(&run, 8, 0));
    assert_true(is_lost(&run, 37, 0));
    assert_false(is_lost(&run, 38, 0));
    assert_true(is_lost(&run, 0, 38)); /* a group that has no round left */
    assert_false(is_lost(&run, 1, 37));
    set_bytes(&run, 0, 1, 1000);
    /* Nothing makes up for a broken promise of the tool itself. */
    run.cells[1].trials[1].table->settled_twice = 1;
    assert_true(is_lost(&run, 1000, 1000));
    run_release(&run);
}

static void test_what_is_usual_is_not_certain_before_the_end(void **state)
{
    (void)state;
    /* All cells got one answer in one round, and another in the next: which of them is usual, rounds to come will tell.
     */
    struct run run = with_rounds(3);
    warm_up(&run);
    for (size_t cell = 0; cell < 2; cell++) {
        for (size_t round = 0; round < 2; round++) {
            for (int unit = 0; unit < FIXTURE_UNITS; unit++)
                run.cells[cell].trials[round].table->samples[unit].body_bytes = 2000 + (int64_t)round;
        }
    }
    assert_false(is_lost(&run, 8, 0));
    /* It may show later that a URL varies by itself. */
    for (size_t cell = 0; cell < 2; cell++)
        run.cells[cell].warmups[0].table->samples[0].body_bytes = 10 + (int64_t)cell;
    set_bytes(&run, 0, 0, 1);
    set_bytes(&run, 0, 1, 1);
    assert_false(is_lost(&run, 8, 0));
    run_release(&run);
}

static void test_what_is_tolerated_may_become_usual(void **state)
{
    (void)state;
    struct run run = with_rounds(3);
    warm_up(&run);
    run.tolerance.share = 0.05;
    /* 1000 and 1105 both fit if 1052 becomes usual, and 1106 does not fit any more, whatever does. */
    for (size_t round = 0; round < 2; round++)
        set_bytes(&run, 1, round, 1105);
    assert_false(is_lost(&run, 8, 0));
    for (size_t round = 0; round < 2; round++)
        set_bytes(&run, 1, round, 1106);
    assert_true(is_lost(&run, 8, 0));
    run.tolerance = (struct tolerance){.is_status_only = true};
    assert_false(is_lost(&run, 8, 0));
    run_release(&run);
}

static void test_no_group_may_lose_all_of_its_rounds(void **state)
{
    (void)state;
    struct run run = with_rounds(2);
    warm_up(&run);
    struct run_cell *main = fixture_cell(&run, "sync", 1);
    main->group = 1;
    for (int round = 0; round < 10; round++)
        fixture_trial(main, FIXTURE_MS);
    assert_fine(&run);
    set_bytes(&run, 1, 0, 1001);
    assert_invalid(&run, "in 1 of 1 rounds the work was not equal");
    assert_true(is_lost(&run, 100, 100));
    set_bytes(&run, 1, 0, 1000);
    set_bytes(&run, 2, 0, 1001);
    assert_drops(&run, 0, "sync/1 in round 1");
    run_release(&run);
}

static void test_exactly_once_is_held_to_without_tolerance(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct sample_table *table = run.cells[1].trials[1].table;
    table->settled_twice = 1;
    assert_invalid(&run, "threads/2 in round 2 settled 1 downloads more than once");
    table->settled_twice = 0;
    table->samples[3].state = SAMPLE_CLAIMED;
    assert_invalid(&run, "3 of 4");
    run_release(&run);
}

static void test_impossible_times_are_found(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    struct trial *trial = &run.cells[1].trials[1];
    struct sample *sample = &trial->table->samples[3];
    nanoseconds start = sample->start;
    sample->start = trial->gate - 1;
    assert_invalid(&run, "outside its run");
    sample->start = sample->end + 1;
    assert_invalid(&run, "outside its run");
    /* All four at once, with two workers. */
    sample->start = start;
    for (int i = 0; i < FIXTURE_UNITS; i++)
        trial->table->samples[i].start = trial->gate;
    for (int i = 0; i < FIXTURE_UNITS; i++)
        trial->table->samples[i].end = trial->table->samples[i].settled = trial->gate + trial->run;
    assert_invalid(&run, "threads/2 in round 2 had 4.00 downloads under way");
    run_release(&run);
}

static void test_the_origin_attests(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (size_t i = 0; i < 2; i++) {
        fixture_origin_counts(&run.cells[i].trials[0]);
        fixture_origin_counts(&run.cells[i].trials[1]);
    }
    assert_fine(&run);
    struct trial *trial = &run.cells[1].trials[1];
    trial->origin_counts.requests = 5;
    assert_drops(&run, 1, "the origin saw 5 requests");
    /* Requests that opened connections beforehand are no downloads. */
    trial->warm_requests = 1;
    assert_fine(&run);
    trial->warm_requests = 0;
    /* Redirects add requests: then nothing follows from their number. */
    trial->table->samples[3].redirects = 1;
    assert_fine(&run);
    trial->table->samples[3].redirects = 0;
    trial->origin_counts.requests = 4;
    trial->origin_counts.url_requests[0] = 3;
    assert_drops(&run, 1, "not asked for the same URLs by sync/1 in round 1 and threads/2 in round 2");
    trial->origin_counts.url_requests[0] = 2;
    trial->origin_counts.urls[1][0] = 'c';
    assert_drops(&run, 1, "not asked for the same URLs");
    trial->origin_counts.urls[1][0] = 'b';
    /* The requests of most trials are right, not those of the first. */
    run.cells[0].trials[0].origin_counts.url_requests[0] = 3;
    run.cells[0].trials[0].origin_counts.url_requests[1] = 1;
    assert_drops(&run, 0, "not asked for the same URLs by threads/2 in round 1 and sync/1 in round 1");
    run_release(&run);
}

static void test_fresh_connections_are_counted(void **state)
{
    (void)state;
    struct run run = fixture_two_modes();
    for (size_t i = 0; i < 2; i++) {
        run.cells[i].connections = CONNECTIONS_FRESH;
        for (size_t j = 0; j < 2; j++) {
            for (int unit = 0; unit < FIXTURE_UNITS; unit++)
                run.cells[i].trials[j].table->samples[unit].connects = 1;
        }
    }
    assert_fine(&run);
    run.cells[0].trials[1].table->samples[2].connects = 0;
    assert_drops(&run, 1, "sync/1 in round 2 made a download (number 3) over a connection that was not fresh");
    run.cells[0].connections = CONNECTIONS_REUSE; /* which need not be */
    assert_fine(&run);
    run.cells[0].connections = run.cells[1].connections = CONNECTIONS_WARM;
    struct validity validity = judge(&run);
    assert_int_equal(validity.cold_connects, 15);
    assert_true(validity.is_valid);
    validity_release(&validity);
    run_release(&run);
}

/* Twenty rounds of which the first `bad` have a wrong body. */
static struct run with_bad_rounds(int bad)
{
    struct run run = fixture_run();
    fixture_cell(&run, "sync", 1);
    for (int round = 0; round < 20; round++)
        fixture_trial(&run.cells[0], FIXTURE_MS);
    for (int round = 0; round < bad; round++)
        run.cells[0].trials[19 - round].table->samples[0].status = 206;
    return run;
}

static void test_one_bad_round_is_borne_and_two_of_twenty_are_not(void **state)
{
    (void)state;
    struct run run = with_bad_rounds(1);
    struct validity validity = judge(&run);
    assert_true(validity.is_valid);
    validity_release(&validity);
    run_release(&run);
    run = with_bad_rounds(2);
    assert_invalid(&run, "in 2 of 20 rounds the work was not equal");
    run_release(&run);
}

/* 40 trials of 4 downloads a cell, of which every n-th download fails. */
static struct run failing(unsigned first_every, unsigned second_every)
{
    struct run run = fixture_run();
    const unsigned every[2] = {first_every, second_every};
    fixture_cell(&run, "sync", 1);
    fixture_cell(&run, "threads", 2);
    for (size_t i = 0; i < 2; i++) {
        for (unsigned round = 0; round < 40; round++) {
            struct trial *trial = fixture_trial(&run.cells[i], FIXTURE_MS);
            for (unsigned unit = 0; unit < FIXTURE_UNITS; unit++) {
                if ((round * FIXTURE_UNITS + unit) % every[i] == 0)
                    trial->table->samples[unit].outcome = OUTCOME_TIMEOUT_WAIT;
            }
        }
    }
    return run;
}

static void test_modes_that_fail_differently_are_not_ranked(void **state)
{
    (void)state;
    struct run run = failing(10, 9);
    struct validity validity = judge(&run);
    assert_true(validity.is_valid);
    assert_int_equal(validity.failures, 16 + 18);
    validity_release(&validity);
    run_release(&run);
    run = failing(80, 4);
    validity = judge(&run);
    assert_true(validity.differs_in_failures);
    validity_release(&validity);
    assert_invalid(&run, "sync/1 failed in 1.25 % of its downloads and the others in 25 %");
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_are_held_to_what_was_learned),
        cmocka_unit_test(test_a_url_that_varies_while_it_is_learned_may_vary),
        cmocka_unit_test(test_a_size_that_depends_on_the_mode_does_not_vary),
        cmocka_unit_test(test_a_url_that_varies_only_later_may_not),
        cmocka_unit_test(test_one_odd_answer_drops_its_round_at_most),
        cmocka_unit_test(test_one_odd_answer_to_a_single_mode_is_no_variation),
        cmocka_unit_test(test_what_most_answers_say_is_expected),
        cmocka_unit_test(test_a_single_round_and_no_warm_up),
        cmocka_unit_test(test_a_tolerance_bears_sizes_and_counts_them),
        cmocka_unit_test(test_what_is_tolerated_may_become_usual),
        cmocka_unit_test(test_other_content_of_one_size_drops_its_round),
        cmocka_unit_test(test_content_that_depends_on_the_mode_does_not_change_by_itself),
        cmocka_unit_test(test_content_may_change_by_itself),
        cmocka_unit_test(test_content_of_a_single_answer_to_each_mode),
        cmocka_unit_test(test_many_contents_are_kept_as_one),
        cmocka_unit_test(test_only_what_is_certain_is_foreseen),
        cmocka_unit_test(test_what_is_usual_is_not_certain_before_the_end),
        cmocka_unit_test(test_no_group_may_lose_all_of_its_rounds),
        cmocka_unit_test(test_exactly_once_is_held_to_without_tolerance),
        cmocka_unit_test(test_impossible_times_are_found),
        cmocka_unit_test(test_the_origin_attests),
        cmocka_unit_test(test_fresh_connections_are_counted),
        cmocka_unit_test(test_one_bad_round_is_borne_and_two_of_twenty_are_not),
        cmocka_unit_test(test_modes_that_fail_differently_are_not_ranked),
    };
    return cmocka_run_group_tests_name("validity", tests, NULL, NULL);
}
