#include "conc_bench/report/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conc_bench/base/text.h"
#include "conc_bench/base/text_buffer.h"
#include "conc_bench/report/stream.h"
#include "live_table.h"

#define REDRAW_EVERY (100 * NANOSECONDS_PER_MILLISECOND)
#define WRITE_EVERY  (10 * NANOSECONDS_PER_SECOND)

/* ECHO_COLUMNS are left free at the end of a line: for "^C" as the terminal shows it, and since some terminals go to
 * the next line when the last column is written to. */
enum { WIDTH_DEFAULT = 80, HEIGHT_DEFAULT = 24, LINE_BYTES = 512, ECHO_COLUMNS = 3, ECHO_WIDTH = 20 };

/* Ctrl-Z: the signal handler takes what is drawn off the screen, so the shell's prompt does not come behind it. These
 * are written by the process that draws, and read by the handler in it. */
static struct {
    pid_t owner; /* children inherit the handler, and have nothing on the screen */
    int descriptor;
    char erase[32];               /* the sequence that erases all of it */
    volatile sig_atomic_t length; /* of that; 0: nothing is on the screen */
    volatile sig_atomic_t was_stopped;
    bool is_installed;
    struct sigaction before;
} screen;

static void on_stop(int number)
{
    int failure = errno;
    struct sigaction own, usual = {.sa_handler = SIG_DFL};
    sigset_t stop;
    if (getpid() == screen.owner && screen.length > 0) {
        ssize_t written = write(screen.descriptor, screen.erase, (size_t)screen.length);
        (void)written; /* nobody is left to tell */
        screen.length = 0;
        screen.was_stopped = 1;
    }
    sigaction(number, &usual, &own);
    sigemptyset(&stop);
    sigaddset(&stop, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops, until somebody continues it */
    sigaction(number, &own, NULL);
    errno = failure;
}

/* A stop signal that is ignored, as in a shell without job control, stays so. Children stop at the same time, and the
 * SIGCHLD of that would interrupt what the handler writes: other signals wait for it. */
static void handle_stop(int descriptor)
{
    struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    screen.owner = getpid();
    screen.descriptor = descriptor;
    if (screen.is_installed || sigaction(SIGTSTP, NULL, &screen.before) != 0 || screen.before.sa_handler == SIG_IGN)
        return;
    screen.is_installed = sigaction(SIGTSTP, &action, NULL) == 0;
}

/* Ctrl-Z waits while the screen changes: its handler would find half a table, which nothing takes away, or erase what
 * is erased already, and with it the lines above. */
static void hold_stop(sigset_t *before)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigprocmask(SIG_BLOCK, &stop, before);
}

static void let_stop_in(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}

static void restore_stop(void)
{
    if (screen.is_installed)
        sigaction(SIGTSTP, &screen.before, NULL);
    screen.is_installed = false;
    screen.length = 0;
}

/* The shell has the screen while the program is in the background. */
static bool is_in_background(const struct progress *progress)
{
    pid_t foreground = tcgetpgrp(fileno(progress->stream));
    return foreground > 0 && foreground != getpgrp();
}

static struct winsize terminal_size(FILE *stream)
{
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = WIDTH_DEFAULT;
    if (size.ws_row == 0)
        size.ws_row = HEIGHT_DEFAULT;
    return size;
}

void progress_init(struct progress *progress, FILE *stream, bool wanted)
{
    nanoseconds now = clock_now();
    *progress = (struct progress){.stream = wanted ? stream : NULL, .began = now};
    if (!wanted)
        return;
    progress->is_terminal = stream_is_screen(stream);
    progress->every = progress->is_terminal ? REDRAW_EVERY : WRITE_EVERY;
    progress->drawn = progress->is_terminal ? 0 : now;
}

void progress_begin_trial(struct progress *progress, const struct format *format, const char *reference,
                          const char *mode, uint32_t workers, double rate)
{
    if (progress->stream == NULL)
        return;
    if (progress->table == NULL)
        progress->table = live_table_create(format, reference);
    if (progress->table != NULL)
        live_table_begin(progress->table, mode, workers, rate);
}

void progress_end_trial(struct progress *progress, const struct trial *trial)
{
    if (progress->table == NULL)
        return;
    live_table_end(progress->table, trial);
    progress->is_table_new = true;
}

/* Cuts the text between characters, so that it stays on one line and can be drawn over. */
static void cut(char *text, size_t columns)
{
    for (size_t length = strlen(text); length > 0 && text_columns(text) > columns;)
        text[--length] = '\0';
}

static size_t room_of(unsigned width)
{
    return width > ECHO_WIDTH ? width - ECHO_COLUMNS : width - 1;
}

static void write_estimate(const struct progress *progress, double fraction, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (fraction <= 0)
        return;
    double elapsed = (double)(clock_now() - progress->began);
    /* Whole seconds, rounded up: an estimate with decimals would promise more than it knows. */
    nanoseconds left = (nanoseconds)(elapsed * (1 - fraction) / fraction);
    long seconds = (long)((left + NANOSECONDS_PER_SECOND - 1) / NANOSECONDS_PER_SECOND);
    if (seconds >= 60)
        snprintf(buffer, size, ", %ld min %ld s left", seconds / 60, seconds % 60);
    else
        snprintf(buffer, size, ", %ld s left", seconds);
}

/* Rows of the screen from the first line that is drawn to the cursor, less one. A terminal that became narrower since
 * has broken what no longer fits, as nearly all of them do. */
static size_t rows_above(const struct progress *progress, unsigned width)
{
    size_t rows = 0;
    for (size_t i = 0; i <= progress->line_count; i++)
        rows += progress->columns[i] > width ? (progress->columns[i] + width - 1) / width : 1;
    return rows - 1;
}

/* Makes the sequence that erases everything on the screen, in a terminal of that width. The terminal writes ^Z or ^C
 * itself, at any place in between: the return comes late, so that nothing but those may stay. */
static size_t make_erase(const struct progress *progress, unsigned width, char *buffer, size_t size)
{
    size_t rows = rows_above(progress, width);
    int length = rows > 0 ? snprintf(buffer, size, "\033[%zuA\r\033[J", rows) : snprintf(buffer, size, "\r\033[K");
    return (size_t)length;
}

static void draw_line(struct progress *progress, struct text_buffer *frame, const char *line)
{
    text_buffer_add(frame, "\r%s\033[K", line);
    progress->columns[progress->line_count] = (unsigned)text_columns(line);
}

/* Begins where the cursor is, at the start of a line. A table that would not fit is left out. */
static void draw_table(struct progress *progress, struct text_buffer *frame, const struct winsize *size)
{
    char *text = progress->table != NULL ? live_table_draw(progress->table, room_of(size->ws_col)) : NULL;
    size_t lines = 0;
    progress->line_count = 0;
    progress->is_table_new = false;
    for (const char *at = text; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    for (char *line = text;
         line != NULL && *line != '\0' && lines + 2 <= size->ws_row && lines <= PROGRESS_LINES_MAX;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        cut(line, room_of(size->ws_col));
        draw_line(progress, frame, line);
        text_buffer_add(frame, "\n");
        progress->line_count++;
        line = end + 1;
    }
    free(text);
}

/* Draws the whole frame by one write, so that nobody sees it half done. */
static void draw_frame(struct progress *progress, const struct winsize *size, const char *line)
{
    struct text_buffer frame = {0};
    char erase[sizeof(screen.erase)] = "";
    bool is_erased = !progress->is_visible || screen.was_stopped != 0;
    bool is_all_new = is_erased || progress->is_table_new || size->ws_col != progress->width;
    if (is_all_new && !is_erased)
        make_erase(progress, size->ws_col, erase, sizeof(erase));
    if (is_all_new)
        draw_table(progress, &frame, size);
    draw_line(progress, &frame, line);
    bool is_whole = !frame.has_failed; /* else there is no memory, and nothing is shown */
    handle_stop(fileno(progress->stream));
    fprintf(progress->stream, "%s%s", erase, is_whole ? text_buffer_text(&frame) : "");
    fflush(progress->stream);
    text_buffer_release(&frame);
    progress->width = size->ws_col;
    progress->is_visible = is_whole;
    screen.was_stopped = 0;
    screen.length = 0;
    if (is_whole)
        screen.length = (sig_atomic_t)make_erase(progress, size->ws_col, screen.erase, sizeof(screen.erase));
}

static void draw(struct progress *progress, char *line)
{
    sigset_t before;
    hold_stop(&before);
    if (!is_in_background(progress)) {
        struct winsize size = terminal_size(progress->stream);
        cut(line, room_of(size.ws_col));
        draw_frame(progress, &size, line);
    }
    let_stop_in(&before);
}

static void write_line(struct progress *progress, const char *line)
{
    char fastest[96] = "";
    if (progress->table != NULL)
        live_table_fastest(progress->table, fastest, sizeof(fastest));
    fprintf(progress->stream, "%s%s%s\n", line, fastest[0] != '\0' ? "; fastest so far: " : "", fastest);
    fflush(progress->stream);
}

void progress_show(struct progress *progress, double fraction, const char *format, ...)
{
    if (progress->stream == NULL)
        return;
    nanoseconds now = clock_now();
    if ((progress->is_visible || !progress->is_terminal) && now - progress->drawn < progress->every)
        return;
    char line[LINE_BYTES];
    char estimate[64];
    line[0] = '\0';
    if (fraction >= 0)
        text_append(line, sizeof(line), "[%3.0f %%] ", 100 * fraction);
    size_t length = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + length, sizeof(line) - length, format, arguments);
    va_end(arguments);
    write_estimate(progress, fraction, estimate, sizeof(estimate));
    text_append(line, sizeof(line), "%s", estimate);
    if (progress->is_terminal)
        draw(progress, line);
    else
        write_line(progress, line);
    progress->drawn = now;
}

void progress_clear(struct progress *progress)
{
    char erase[sizeof(screen.erase)];
    sigset_t before;
    if (progress->stream == NULL || !progress->is_visible)
        return;
    hold_stop(&before);
    make_erase(progress, terminal_size(progress->stream).ws_col, erase, sizeof(erase));
    if (screen.was_stopped == 0 && !is_in_background(progress))
        fputs(erase, progress->stream);
    fflush(progress->stream);
    screen.length = 0;
    progress->is_visible = false;
    let_stop_in(&before);
}

void progress_release(struct progress *progress)
{
    progress_clear(progress);
    live_table_release(progress->table);
    progress->table = NULL;
    restore_stop();
}

void progress_note(struct progress *progress, FILE *stream, const char *format, ...)
{
    progress_clear(progress);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stream, format, arguments);
    va_end(arguments);
    fputc('\n', stream);
}
