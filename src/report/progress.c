#include "conc_bench/report/progress.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conc_bench/base/text.h"

#define REDRAW_EVERY (100 * NANOSECONDS_PER_MILLISECOND)

enum { WIDTH_DEFAULT = 80, LINE_BYTES = 512 };

static bool is_terminal(FILE *stream)
{
    const char *kind = getenv("TERM");
    bool is_dumb = kind != NULL && strcmp(kind, "dumb") == 0;
    return isatty(fileno(stream)) == 1 && !is_dumb;
}

static unsigned terminal_width(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return WIDTH_DEFAULT;
}

void progress_init(struct progress *progress, FILE *stream, bool wanted)
{
    *progress = (struct progress){.stream = wanted && is_terminal(stream) ? stream : NULL, .began = clock_now()};
}

/* Cuts the text between characters, so that it stays on one line and can be drawn over. */
static void cut(char *text, size_t columns)
{
    for (size_t length = strlen(text); length > 0 && text_columns(text) > columns;)
        text[--length] = '\0';
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

void progress_show(struct progress *progress, double fraction, const char *format, ...)
{
    if (progress->stream == NULL)
        return;
    nanoseconds now = clock_now();
    if (progress->is_visible && now - progress->drawn < REDRAW_EVERY)
        return;
    char line[LINE_BYTES];
    char estimate[64];
    size_t length = 0;
    line[0] = '\0';
    if (fraction >= 0)
        length = (size_t)snprintf(line, sizeof(line), "[%3.0f %%] ", 100 * fraction);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + length, sizeof(line) - length, format, arguments);
    va_end(arguments);
    write_estimate(progress, fraction, estimate, sizeof(estimate));
    length = strlen(line);
    snprintf(line + length, sizeof(line) - length, "%s", estimate);
    cut(line, terminal_width(progress->stream) - 1);
    fprintf(progress->stream, "\r%s\033[K", line);
    fflush(progress->stream);
    progress->drawn = now;
    progress->is_visible = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->stream == NULL || !progress->is_visible)
        return;
    fputs("\r\033[K", progress->stream);
    fflush(progress->stream);
    progress->is_visible = false;
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
