#include "unit.h"

#include <stdlib.h>

#include "conc_bench/base/environment.h"

static void what_libraries_would_obey_is_gone(void **state)
{
    (void)state;
    static const char *const names[] = {"SSLKEYLOGFILE", "OPENSSL_CONF", "OPENSSL_MODULES",  "OPENSSL_ENGINES",
                                        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_SSL_BACKEND", "CURL_CA_BUNDLE",
                                        "QLOGDIR",       "HOSTALIASES",  "LOCALDOMAIN",      "GNUTLS_DEBUG_LEVEL",
                                        "KRB5CCNAME",    "KRB5_TRACE",   "LOCPATH",          "GCONV_PATH"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(setenv(names[i], "x", 1), 0);
    environment_clear();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (getenv(names[i]) != NULL)
            fail_msg("still there: %s", names[i]);
    }
}

static void everything_else_stays(void **state)
{
    (void)state;
    static const char *const names[] = {"A_FIRST", "SSLKEYLOGFILE_", "SSLKEYLOGFIL", "http_proxy", "NO_COLOR",
                                        "TERM",    "RES_OPTIONS",    "MY_CURL_X",    "CURL",       "Z_LAST"};
    assert_int_equal(setenv("SSLKEYLOGFILE", "x", 1), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(setenv(names[i], "x", 1), 0);
    environment_clear();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (getenv(names[i]) == NULL)
            fail_msg("is gone: %s", names[i]);
    }
}

static void an_empty_environment_is_fine(void **state)
{
    (void)state;
    assert_int_equal(clearenv(), 0);
    environment_clear();
    assert_null(getenv("PATH"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libraries_would_obey_is_gone),
        cmocka_unit_test(everything_else_stays),
        cmocka_unit_test(an_empty_environment_is_fine),
    };
    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
