#include "unit.h"

#include "http/streams.h"

static const char one[1], other[1];

static struct streams *create(void)
{
    struct error error = {0};
    struct streams *streams = streams_create(&error);
    assert_non_null(streams);
    return streams;
}

static void connections_count_while_they_carry_downloads(void **state)
{
    (void)state;
    struct streams *streams = create();
    assert_int_equal(streams_connections(streams), 0);
    streams_enter(streams, one);
    streams_enter(streams, one);
    assert_int_equal(streams_connections(streams), 1);
    streams_enter(streams, other);
    assert_int_equal(streams_connections(streams), 2);
    streams_leave(streams, one);
    assert_int_equal(streams_connections(streams), 2);
    streams_leave(streams, one);
    assert_int_equal(streams_connections(streams), 1);
    streams_leave(streams, other);
    assert_int_equal(streams_connections(streams), 0);
    streams_release(streams);
}

static void leaving_what_is_not_known_changes_nothing(void **state)
{
    (void)state;
    struct streams *streams = create();
    streams_leave(streams, NULL);
    streams_leave(streams, one);
    streams_enter(streams, other);
    streams_leave(streams, one);
    assert_int_equal(streams_connections(streams), 1);
    streams_release(streams);
    streams_release(NULL);
}

static void the_most_on_one_connection_is_noted_while_watched(void **state)
{
    (void)state;
    struct error error = {0};
    struct sample_table *table = sample_table_create(1, &error);
    struct streams *streams = create();
    for (int i = 0; i < 5; i++)
        streams_enter(streams, one);
    assert_int_equal(table->most_streams, 0);
    streams_watch(streams, table);
    streams_leave(streams, one);
    streams_leave(streams, one);
    streams_enter(streams, other);
    assert_int_equal(table->most_streams, 1);
    streams_enter(streams, one);
    assert_int_equal(table->most_streams, 4);
    streams_leave(streams, one);
    streams_enter(streams, one);
    assert_int_equal(table->most_streams, 4);
    streams_watch(streams, NULL);
    streams_enter(streams, one);
    assert_int_equal(table->most_streams, 4);
    streams_release(streams);
    sample_table_release(table);
}

static void many_connections_come_and_go(void **state)
{
    (void)state;
    static const char connections[1000];
    struct error error = {0};
    struct sample_table *table = sample_table_create(1, &error);
    struct streams *streams = create();
    for (size_t i = 0; i < sizeof(connections); i++)
        streams_enter(streams, &connections[i]);
    for (size_t i = 0; i < sizeof(connections); i += 2)
        streams_leave(streams, &connections[i]);
    assert_int_equal(streams_connections(streams), sizeof(connections) / 2);
    /* The one that did not leave is still there. */
    streams_watch(streams, table);
    for (size_t i = 0; i < sizeof(connections); i += 2)
        streams_enter(streams, &connections[i]);
    assert_int_equal(table->most_streams, 1);
    streams_enter(streams, &connections[1]);
    assert_int_equal(table->most_streams, 2);
    streams_release(streams);
    sample_table_release(table);
}

static void what_was_spoken_is_kept(void **state)
{
    (void)state;
    struct streams *streams = create();
    assert_int_equal(streams_spoken(streams), 0);
    streams_note_spoken(streams, SPOKEN_HTTP2);
    assert_int_equal(streams_spoken(streams), SPOKEN_HTTP2);
    streams_note_spoken(streams, SPOKEN_HTTP1);
    assert_int_equal(streams_spoken(streams), SPOKEN_HTTP1 | SPOKEN_HTTP2);
    streams_note_spoken(streams, SPOKEN_HTTP2);
    assert_int_equal(streams_spoken(streams), SPOKEN_HTTP1 | SPOKEN_HTTP2);
    streams_release(streams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_count_while_they_carry_downloads),
        cmocka_unit_test(leaving_what_is_not_known_changes_nothing),
        cmocka_unit_test(the_most_on_one_connection_is_noted_while_watched),
        cmocka_unit_test(many_connections_come_and_go),
        cmocka_unit_test(what_was_spoken_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
