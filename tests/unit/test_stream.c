#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "conc_bench/report/stream.h"

static char buffer[4096];

static FILE *open_stream(const char *path)
{
    FILE *stream = fdopen(open(path, O_WRONLY), "w");
    assert_non_null(stream);
    setvbuf(stream, buffer, _IOFBF, sizeof(buffer));
    return stream;
}

static void write_bytes(FILE *stream, int count)
{
    for (int i = 0; i < count; i++)
        fprintf(stream, "x");
}

static void test_what_can_be_written_is(void **state)
{
    (void)state;
    FILE *stream = open_stream("/dev/null");
    write_bytes(stream, (int)sizeof(buffer) + 1);
    assert_int_equal(stream_settle(stream), 0);
    fclose(stream);
}

/* The failure is told whatever is left in the buffer at the last write, also where nothing is. */
static void test_why_it_failed_is_told_wherever_it_ends(void **state)
{
    (void)state;
    for (int count = (int)sizeof(buffer) - 2; count <= 2 * (int)sizeof(buffer) + 2; count++) {
        FILE *stream = open_stream("/dev/full");
        write_bytes(stream, count);
        errno = 0;
        assert_int_equal(stream_settle(stream), ENOSPC);
        fclose(stream);
    }
}

/* In one piece that does not fit into the buffer, the way a line of text is written. */
static void test_nor_is_it_forgotten_if_the_last_piece_failed(void **state)
{
    (void)state;
    FILE *stream = open_stream("/dev/null");
    int unwritable = open("/dev/null", O_RDONLY);
    dup2(unwritable, fileno(stream));
    close(unwritable);
    write_bytes(stream, (int)sizeof(buffer) - 10);
    fprintf(stream, "%s", "longer than what is left");
    errno = 0;
    assert_int_equal(stream_settle(stream), EBADF);
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_written_is),
        cmocka_unit_test(test_why_it_failed_is_told_wherever_it_ends),
        cmocka_unit_test(test_nor_is_it_forgotten_if_the_last_piece_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
