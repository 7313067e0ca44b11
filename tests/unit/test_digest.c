#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/run/sample.h"
#include "http/digest.h"

static uint32_t digest_in_pieces(struct digest *digest, const char *body, size_t length, size_t piece)
{
    digest_begin(digest);
    for (size_t done = 0; done < length; done += piece) {
        size_t next = length - done < piece ? length - done : piece;
        assert_true(digest_add(digest, body + done, next, false));
    }
    return digest_end(digest);
}

static void test_a_body_has_one_digest_however_it_comes(void **state)
{
    (void)state;
    enum { LONGEST = 5000 };
    char body[LONGEST];
    struct digest digest = {0};
    for (size_t i = 0; i < LONGEST; i++)
        body[i] = (char)(i * i);
    for (size_t length = 1; length < LONGEST; length += 1 + length / 4) {
        digest_begin(&digest);
        assert_true(digest_add(&digest, body, length, true));
        uint32_t whole = digest_end(&digest);
        assert_true(whole > DIGEST_VARIED);
        assert_int_equal(digest_in_pieces(&digest, body, length, 1), whole);
        assert_int_equal(digest_in_pieces(&digest, body, length, 7), whole);
        assert_int_equal(digest_in_pieces(&digest, body, length, 1000), whole);
        body[length - 1] ^= 1;
        assert_int_not_equal(digest_in_pieces(&digest, body, length, 1000), whole);
        body[length - 1] ^= 1;
    }
    digest_release(&digest);
}

static void test_the_last_body_is_forgotten(void **state)
{
    (void)state;
    struct digest digest = {0};
    assert_true(digest_add(&digest, "abc", 3, false));
    digest_begin(&digest);
    assert_int_equal(digest_end(&digest), DIGEST_NONE);
    assert_true(digest_add(&digest, "abc", 3, true));
    digest_begin(&digest);
    assert_int_equal(digest_end(&digest), DIGEST_NONE);
    digest_release(&digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_has_one_digest_however_it_comes),
        cmocka_unit_test(test_the_last_body_is_forgotten),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
