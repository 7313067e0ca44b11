#include "unit.h"

#include <curl/curl.h>
#include <stdio.h>

#include "http/transfer_state.h"

/* Failures that newer libcurls tell, and that of Debian 12 never does. */

/* A transfer with TLS that sent its request over HTTP/1.1, and that libcurl described by `message`. */
struct fixture {
    struct sample sample;
    struct transfer transfer;
};

static void set_up(struct fixture *fixture, const char *message)
{
    *fixture = (struct fixture){.sample = {.http_version = 11}};
    fixture->transfer.sample = &fixture->sample;
    fixture->transfer.easy = curl_easy_init();
    fixture->transfer.is_tls = true;
    fixture->transfer.requests = 1;
    snprintf(fixture->transfer.message, sizeof(fixture->transfer.message), "%s", message);
    assert_non_null(fixture->transfer.easy);
}

static void tear_down(struct fixture *fixture)
{
    curl_easy_cleanup(fixture->transfer.easy);
}

static enum outcome outcome_at(const char *message, uint8_t version, enum answer_place place, bool headers_ended)
{
    struct fixture fixture;
    set_up(&fixture, message);
    fixture.sample.http_version = version;
    fixture.transfer.place = place;
    fixture.transfer.headers_ended = headers_ended;
    enum outcome outcome = transfer_outcome_of_failure(&fixture.transfer, CURLE_RECV_ERROR, 200);
    tear_down(&fixture);
    return outcome;
}

static void an_end_without_a_word_of_tls_is_judged_by_how_far_the_answer_had_come(void **state)
{
    (void)state;
    static const char end[] =
        "OpenSSL SSL_read: OpenSSL/3.5.1: error:0A000126:SSL routines::unexpected eof while reading, errno 0";
    assert_int_equal(outcome_at(end, 11, PLACE_STATUS, false), OUTCOME_EMPTY_REPLY);
    assert_int_equal(outcome_at(end, 11, PLACE_FIRST_FIELD, false), OUTCOME_INCOMPLETE_HEADERS);
    assert_int_equal(outcome_at(end, 11, PLACE_FIELDS, false), OUTCOME_INCOMPLETE_HEADERS);
    assert_int_equal(outcome_at(end, 11, PLACE_BEHIND_FIELDS, true), OUTCOME_PARTIAL);
    /* Over HTTP/2 the connection broke for all that were on it. */
    assert_int_equal(outcome_at(end, 20, PLACE_STATUS, false), OUTCOME_RESET);
    assert_int_equal(outcome_at(end, 20, PLACE_BEHIND_FIELDS, true), OUTCOME_RESET);
}

static void other_words_of_tls_are_no_end(void **state)
{
    (void)state;
    assert_int_equal(outcome_at("OpenSSL SSL_read: error:0A0003FC:SSL routines::sslv3 alert bad record mac", 11,
                                PLACE_BEHIND_FIELDS, true),
                     OUTCOME_PROTOCOL);
    assert_int_equal(outcome_at("Recv failure: Connection reset by peer", 11, PLACE_BEHIND_FIELDS, true),
                     OUTCOME_RESET);
    assert_int_equal(outcome_at("Malformed answer: unexpected eof while reading", 11, PLACE_BEHIND_FIELDS, true),
                     OUTCOME_PROTOCOL);
}

static void a_proxy_that_refuses_is_named_as_what_failed(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, "");
    assert_int_equal(transfer_connect_failure(&fixture.transfer, CURLE_PROXY), CONNECT_BY_PROXY);
    assert_int_equal(transfer_connect_failure(&fixture.transfer, CURLE_RECV_ERROR), CONNECT_BY_PROXY);
    assert_int_equal(transfer_connect_failure(&fixture.transfer, CURLE_COULDNT_CONNECT), CONNECT_UNKNOWN);
    fixture.transfer.refused = OUTCOME_CONNECT;
    assert_int_equal(transfer_connect_failure(&fixture.transfer, CURLE_WRITE_ERROR), CONNECT_BY_PROXY);
    tear_down(&fixture);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_end_without_a_word_of_tls_is_judged_by_how_far_the_answer_had_come),
    cmocka_unit_test(other_words_of_tls_are_no_end),
    cmocka_unit_test(a_proxy_that_refuses_is_named_as_what_failed),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
