#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/report/progress.h"

#define ERASE "\033[K"

/* A pseudo-terminal: what is written to `stream` comes out of `screen`. */
struct terminal {
    int screen;
    FILE *stream;
};

static void set_columns(const struct terminal *terminal, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(ioctl(terminal->screen, TIOCSWINSZ, &size), 0);
}

static int open_terminal(void **state)
{
    static struct terminal terminal;
    setenv("TERM", "xterm", 1);
    terminal.screen = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal.screen < 0 || grantpt(terminal.screen) != 0 || unlockpt(terminal.screen) != 0)
        return -1;
    int other_end = open(ptsname(terminal.screen), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (other_end < 0)
        return -1;
    terminal.stream = fdopen(other_end, "w");
    set_columns(&terminal, 80);
    *state = &terminal;
    return terminal.stream != NULL ? 0 : -1;
}

static int close_terminal(void **state)
{
    struct terminal *terminal = *state;
    fclose(terminal->stream);
    close(terminal->screen);
    return 0;
}

/* Reads what has been written and not read yet, up to a mark: bytes may take their time through a pseudo-terminal. */
static const char *drawn(const struct terminal *terminal)
{
    enum { MARK = '\1', PATIENCE_MS = 20000 };
    static char text[65536];
    size_t length = 0;
    struct pollfd ready = {.fd = terminal->screen, .events = POLLIN};
    fputc(MARK, terminal->stream);
    fflush(terminal->stream);
    while (length == 0 || text[length - 1] != MARK) {
        assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
        ssize_t count = read(terminal->screen, text + length, sizeof(text) - length);
        assert_true(count > 0);
        length += (size_t)count;
    }
    text[length - 1] = '\0';
    return text;
}

static size_t count_drawings(const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(text, ERASE); at != NULL; at = strstr(at + 1, ERASE))
        count++;
    return count;
}

static void pause_for(nanoseconds duration)
{
    const struct timespec time = clock_timespec(duration);
    nanosleep(&time, NULL);
}

static void test_a_terminal_gets_one_line(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    assert_string_equal(drawn(terminal), "");
    progress_show(&progress, -1, "resolving names, %d of %d", 1, 2);
    assert_string_equal(drawn(terminal), "\rresolving names, 1 of 2" ERASE);
}

static void test_how_far_it_is_and_how_long_the_rest_takes(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    progress_show(&progress, 0, "round 1"); /* nothing done: no estimate */
    assert_string_equal(drawn(terminal), "\r[  0 %] round 1" ERASE);

    /* A quarter of 112.1 s, rounded up, is 29 s, even if the test itself should take seconds. */
    progress_init(&progress, terminal->stream, true);
    progress.began -= 112100 * NANOSECONDS_PER_MILLISECOND;
    progress_show(&progress, 0.8, "round 2");
    assert_string_equal(drawn(terminal), "\r[ 80 %] round 2, 29 s left" ERASE);

    progress_init(&progress, terminal->stream, true);
    progress.began -= 256100 * NANOSECONDS_PER_MILLISECOND;
    progress_show(&progress, 0.8, "round 3");
    assert_string_equal(drawn(terminal), "\r[ 80 %] round 3, 1 min 5 s left" ERASE);

    progress_init(&progress, terminal->stream, true);
    progress_show(&progress, 1, "round 4");
    assert_string_equal(drawn(terminal), "\r[100 %] round 4, 0 s left" ERASE);
}

static void test_at_most_ten_a_second(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    nanoseconds began = clock_now();
    for (int i = 0; clock_now() - began < 350 * NANOSECONDS_PER_MILLISECOND; i++) {
        progress_show(&progress, -1, "%d", i);
        pause_for(NANOSECONDS_PER_MILLISECOND);
    }
    progress_show(&progress, -1, "last"); /* should all of that have been one pause */
    /* However slow the machine is: one to begin with, and one for each tenth of a second gone by. */
    size_t most = 1 + (size_t)((clock_now() - began) / (100 * NANOSECONDS_PER_MILLISECOND));
    size_t count = count_drawings(drawn(terminal));
    assert_in_range(count, 2, most);
}

static void test_it_is_drawn_again_when_its_time_has_come(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    progress_show(&progress, -1, "first");
    progress.drawn = clock_now() + 10 * NANOSECONDS_PER_SECOND; /* as if drawn just now, however slow the machine */
    progress_show(&progress, -1, "second");
    assert_string_equal(drawn(terminal), "\rfirst" ERASE);
    progress.drawn = clock_now() - 100 * NANOSECONDS_PER_MILLISECOND;
    progress_show(&progress, -1, "third");
    assert_string_equal(drawn(terminal), "\rthird" ERASE);
}

static void test_clearing_leaves_a_blank_line(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    progress_clear(&progress); /* nothing to take away */
    assert_string_equal(drawn(terminal), "");
    progress_show(&progress, -1, "text");
    assert_string_equal(drawn(terminal), "\rtext" ERASE);
    progress_clear(&progress);
    assert_string_equal(drawn(terminal), "\r" ERASE);
    progress_clear(&progress);
    assert_string_equal(drawn(terminal), "");
    progress_show(&progress, -1, "again");
    assert_string_equal(drawn(terminal), "\ragain" ERASE);
}

/* The drawing must leave the last column free: some terminals go to the next line when it is written to. */
static void assert_drawn_within(const struct terminal *terminal, unsigned short columns, const char *text)
{
    struct progress progress;
    char line[1024];
    set_columns(terminal, columns);
    progress_init(&progress, terminal->stream, true);
    progress.began -= NANOSECONDS_PER_SECOND;
    progress_show(&progress, 0.5, "%s", text);
    const char *screen = drawn(terminal);
    size_t length = strlen(screen);
    assert_true(length > strlen("\r" ERASE) && length < sizeof(line));
    assert_int_equal(screen[0], '\r');
    assert_string_equal(screen + length - strlen(ERASE), ERASE);
    snprintf(line, sizeof(line), "%.*s", (int)(length - strlen("\r" ERASE)), screen + 1);
    size_t room = columns > 20 ? columns - 3U : columns - 1U; /* "^C" may come behind it */
    assert_in_range(text_columns(line), room > 60 ? 60 : room, room);
    char escaped[4096]; /* cut between characters: still valid UTF-8, without anything to escape */
    assert_string_equal(text_escape(escaped, sizeof(escaped), line, strlen(line)), line);
}

static void test_a_long_text_stays_on_its_line(void **state)
{
    const struct terminal *terminal = *state;
    char letters[901];
    char characters[901];
    for (size_t i = 0; i < 300; i++) {
        memcpy(letters + 3 * i, "abc", 3);
        memcpy(characters + 3 * i, "\xe2\x82\xac", 3); /* the euro sign: three bytes, one column */
    }
    letters[900] = characters[900] = '\0';
    static const unsigned short widths[] = {2, 10, 20, 21, 79, 80, 120};
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        assert_drawn_within(terminal, widths[i], letters);
        assert_drawn_within(terminal, widths[i], characters);
    }
}

static void test_a_terminal_that_does_not_know_its_width_has_80_columns(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    set_columns(terminal, 0);
    progress_init(&progress, terminal->stream, true);
    progress_show(&progress, -1, "%0200d", 1);
    assert_int_equal(strlen(drawn(terminal)), strlen("\r" ERASE) + 77);
}

static void test_silence(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, false); /* not wanted */
    progress_show(&progress, 0.5, "text");
    progress_clear(&progress);
    assert_string_equal(drawn(terminal), "");

    setenv("TERM", "dumb", 1);
    progress_init(&progress, terminal->stream, true);
    progress_show(&progress, 0.5, "text");
    progress_clear(&progress);
    assert_string_equal(drawn(terminal), "");
}

/* The output into a pipe of a progress that began `ago`, shown twice with a trial behind it. */
static char *write_into_pipe(nanoseconds ago, bool is_at_rate)
{
    static char text[1024];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    FILE *stream = fdopen(ends[1], "w");
    assert_non_null(stream);
    struct progress progress;
    const struct format format = format_default();
    const struct trial trial = {.run = 412 * NANOSECONDS_PER_MILLISECOND,
                                .summary = {.arrivals = {.is_present = is_at_rate}}};
    progress_init(&progress, stream, true);
    progress.began -= ago;
    progress.drawn -= ago;
    progress_begin_trial(&progress, &format, "sync", "threads", 8, is_at_rate ? 100 : 0);
    progress_end_trial(&progress, &trial);
    progress_show(&progress, 0.5, "round 2");
    progress_show(&progress, 0.5, "round 3");
    progress_release(&progress);
    fclose(stream);
    ssize_t length = read(ends[0], text, sizeof(text) - 1);
    assert_true(length >= 0);
    text[length] = '\0';
    close(ends[0]);
    return text;
}

static void test_a_pipe_gets_a_line_every_ten_seconds(void **state)
{
    (void)state;
    assert_string_equal(write_into_pipe(0, false), "");
    const nanoseconds ago = 1000 * NANOSECONDS_PER_SECOND + NANOSECONDS_PER_SECOND / 2;
    assert_string_equal(write_into_pipe(ago, false),
                        "[ 50 %] round 2, 16 min 41 s left; fastest so far: threads/8, 0.412 s\n");
    assert_string_equal(write_into_pipe(ago, true), "[ 50 %] round 2, 16 min 41 s left\n");
}

static void add_trial(struct progress *progress, const char *mode, uint32_t workers, nanoseconds run)
{
    const struct format format = format_default();
    const struct trial trial = {.run = run,
                                .summary = {.settled = 4, .outcomes = {[OUTCOME_OK] = 3, [OUTCOME_DNS] = 1}}};
    progress_begin_trial(progress, &format, "sync", mode, workers, 0);
    if (run > 0)
        progress_end_trial(progress, &trial);
}

static void test_the_table_fills_in(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    add_trial(&progress, "sync", 1, 3 * NANOSECONDS_PER_SECOND);
    add_trial(&progress, "threads", 8, 0);
    progress_show(&progress, -1, "runs");
    const char *screen = drawn(terminal);
    assert_non_null(strstr(screen, "\rmode     workers  time s  vs sync "));
    assert_non_null(strstr(screen, "\rsync           1    3.00    1.00x "));
    assert_non_null(strstr(screen, "\rthreads        8     ..." ERASE "\r\n\rruns" ERASE));

    progress.drawn = 0;
    add_trial(&progress, "threads", 8, NANOSECONDS_PER_SECOND);
    progress_show(&progress, -1, "runs");
    screen = drawn(terminal);
    /* The earlier table is erased, and the fastest comes first. */
    assert_int_equal(strncmp(screen, "\033[3A\r\033[J", 8), 0);
    const char *threads = strstr(screen, "\rthreads        8    1.00    3.00x ");
    assert_non_null(threads);
    assert_non_null(strstr(threads, "\rsync "));

    progress_release(&progress);
    assert_string_equal(drawn(terminal), "\033[3A\r\033[J");
}

static void test_the_table_of_a_rate_has_response_times_and_who_keeps_up(void **state)
{
    const struct terminal *terminal = *state;
    const struct format format = format_default();
    struct progress progress;
    struct trial trial = {
        .run = 2 * NANOSECONDS_PER_SECOND,
        .summary = {.settled = 200,
                    .outcomes = {[OUTCOME_OK] = 150, [OUTCOME_GIVEN_UP] = 50},
                    .arrivals = {.is_present = true,
                                 .begun = 101,
                                 .begun_in = NANOSECONDS_PER_SECOND,
                                 .response_sum = NANOSECONDS_PER_SECOND,
                                 .response_p50 = 30 * NANOSECONDS_PER_MILLISECOND}},
    };
    progress_init(&progress, terminal->stream, true);
    progress_begin_trial(&progress, &format, "sync", "sync", 1, 100);
    /* From the first trial on. */
    progress_show(&progress, -1, "runs");
    assert_non_null(strstr(drawn(terminal), "workers  per s  kept  p50 ms "));
    progress.drawn = 0;
    progress_end_trial(&progress, &trial);
    /* Slower, but it keeps up. */
    trial.summary.arrivals.is_kept_up = true;
    trial.summary.arrivals.response_sum *= 2;
    progress_begin_trial(&progress, &format, "sync", "threads", 8, 100);
    progress_end_trial(&progress, &trial);
    progress_show(&progress, -1, "runs");
    const char *screen = drawn(terminal);
    assert_non_null(strstr(screen, "\rmode     workers  per s  kept  p50 ms "));
    const char *threads = strstr(screen, "\rthreads        8    100   yes    30.0 ");
    assert_non_null(threads);
    /* A mode that falls behind has no percentiles. */
    assert_non_null(strstr(threads, "\rsync           1    100    no       - "));
    /* At another rate, what was at this one says nothing. */
    trial.summary.arrivals.begun = 201;
    progress.drawn = 0;
    progress_begin_trial(&progress, &format, "sync", "threads", 8, 200);
    progress_end_trial(&progress, &trial);
    progress_show(&progress, -1, "runs");
    assert_non_null(strstr(drawn(terminal), "\rthreads        8    200   yes "));
    progress_release(&progress);
}

/* Lines that a narrower terminal has broken since take more of its rows. */
static void test_a_terminal_that_became_narrower_is_left_clean(void **state)
{
    const struct terminal *terminal = *state;
    struct progress progress;
    progress_init(&progress, terminal->stream, true);
    add_trial(&progress, "sync", 1, 3 * NANOSECONDS_PER_SECOND);
    progress_show(&progress, -1, "this line takes 29 columns...");
    const char *screen = drawn(terminal);
    const char *row = strstr(screen, "\rsync");
    assert_non_null(row);
    size_t columns = strcspn(row + 1, "\033");
    assert_in_range(columns, 41, 60);
    set_columns(terminal, 20);
    progress_release(&progress);
    assert_string_equal(drawn(terminal), "\033[7A\r\033[J"); /* two rows of three, one of two, less the last */
}

static void test_a_table_that_does_not_fit_is_left_out(void **state)
{
    const struct terminal *terminal = *state;
    struct winsize size = {.ws_row = 3, .ws_col = 80};
    struct progress progress;
    assert_int_equal(ioctl(terminal->screen, TIOCSWINSZ, &size), 0);
    progress_init(&progress, terminal->stream, true);
    add_trial(&progress, "sync", 1, 3 * NANOSECONDS_PER_SECOND);
    add_trial(&progress, "threads", 8, 0);
    progress_show(&progress, -1, "runs");
    assert_string_equal(drawn(terminal), "\rruns" ERASE);
    progress_release(&progress);
}

static void on_signal(int number)
{
    (void)number;
}

/* Draws new tables, one after the other, until somebody ends it. As in a run, signals come while it waits in between.
 */
static void draw_every(nanoseconds pause, const struct terminal *terminal)
{
    const struct sigaction action = {.sa_handler = on_signal};
    const struct timespec time = clock_timespec(pause);
    struct progress progress;
    sigset_t interrupting;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&interrupting);
    sigaddset(&interrupting, SIGUSR1);
    sigprocmask(SIG_BLOCK, &interrupting, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setpgid(0, 0); /* a terminal does not stop whom no shell watches */
    progress_init(&progress, terminal->stream, true);
    for (;;) {
        add_trial(&progress, "sync", 1, 3 * NANOSECONDS_PER_SECOND);
        progress.drawn = 0;
        progress_show(&progress, -1, "runs");
        ppoll(NULL, 0, &time, &none);
    }
}

/* The end of what was drawn. */
struct tail {
    char text[4096];
    size_t length;
};

static void keep_tail(struct tail *tail, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (tail->length == sizeof(tail->text) - 1) {
            const size_t half = sizeof(tail->text) / 2;
            tail->length -= half;
            memmove(tail->text, tail->text + half, tail->length);
        }
        tail->text[tail->length++] = text[i];
    }
    tail->text[tail->length] = '\0';
}

/* Reads what is drawn from the terminal until the process stands still. */
static bool wait_until_stopped(const struct terminal *terminal, pid_t process, struct tail *tail)
{
    char text[4096];
    struct pollfd ready = {.fd = terminal->screen, .events = POLLIN};
    int status = 0;
    tail->length = 0;
    while (waitpid(process, &status, WUNTRACED | WNOHANG) == 0) {
        ssize_t length = poll(&ready, 1, 1) == 1 ? read(terminal->screen, text, sizeof(text)) : 0;
        keep_tail(tail, text, length > 0 ? (size_t)length : 0);
    }
    const char *rest = drawn(terminal);
    keep_tail(tail, rest, strlen(rest));
    return WIFSTOPPED(status);
}

/* The terminal takes nothing for a while, during which other signals come. */
static void hold_up(const struct terminal *terminal, pid_t process)
{
    tcflow(fileno(terminal->stream), TCOOFF);
    kill(process, SIGTSTP);
    for (int i = 0; i < 20; i++) {
        pause_for(NANOSECONDS_PER_MILLISECOND);
        kill(process, SIGUSR1);
    }
    tcflow(fileno(terminal->stream), TCOON);
}

/* Stops somebody who draws, again and again: each time all that was drawn is to be taken away, once. */
static void stop_and_look(const struct terminal *terminal, nanoseconds pause, bool is_held_up, int times)
{
    const char *line = "\rruns" ERASE "\033[2A\r\033[J";
    static struct tail tail;
    pid_t process = fork();
    assert_true(process >= 0);
    if (process == 0)
        draw_every(pause, terminal);
    bool is_clean = true;
    struct pollfd ready = {.fd = terminal->screen, .events = POLLIN};
    for (int i = 0; i < times && is_clean; i++) {
        is_clean = poll(&ready, 1, 20000) == 1;
        if (is_held_up)
            hold_up(terminal, process);
        else
            kill(process, SIGTSTP);
        is_clean = is_clean && wait_until_stopped(terminal, process, &tail) && tail.length > strlen(line) &&
                   strcmp(tail.text + tail.length - strlen(line), line) == 0;
        kill(process, SIGCONT);
    }
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    if (!is_clean)
        fail_msg("where it was stopped: %s", tail.text + tail.length - (tail.length < 200 ? tail.length : 200));
}

static void test_stopped_at_any_instant_it_leaves_the_screen_clean(void **state)
{
    stop_and_look(*state, NANOSECONDS_PER_MILLISECOND / 20, false, 40);
}

/* Children that stop too send SIGCHLD. */
static void test_nothing_interrupts_whoever_takes_it_off_the_screen(void **state)
{
    stop_and_look(*state, 20 * NANOSECONDS_PER_SECOND, true, 5);
}

#define ON_TERMINAL(name) cmocka_unit_test_setup_teardown(name, open_terminal, close_terminal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TERMINAL(test_a_terminal_gets_one_line),
        ON_TERMINAL(test_how_far_it_is_and_how_long_the_rest_takes),
        ON_TERMINAL(test_at_most_ten_a_second),
        ON_TERMINAL(test_it_is_drawn_again_when_its_time_has_come),
        ON_TERMINAL(test_clearing_leaves_a_blank_line),
        ON_TERMINAL(test_a_long_text_stays_on_its_line),
        ON_TERMINAL(test_a_terminal_that_does_not_know_its_width_has_80_columns),
        ON_TERMINAL(test_silence),
        ON_TERMINAL(test_the_table_fills_in),
        ON_TERMINAL(test_the_table_of_a_rate_has_response_times_and_who_keeps_up),
        ON_TERMINAL(test_a_terminal_that_became_narrower_is_left_clean),
        ON_TERMINAL(test_a_table_that_does_not_fit_is_left_out),
        ON_TERMINAL(test_stopped_at_any_instant_it_leaves_the_screen_clean),
        ON_TERMINAL(test_nothing_interrupts_whoever_takes_it_off_the_screen),
        cmocka_unit_test(test_a_pipe_gets_a_line_every_ten_seconds),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
