#include "conc_bench/base/environment.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* SSLKEYLOGFILE: libcurl and GnuTLS write the secrets of TLS sessions there. SSL_CERT_*, SSL_DIR: authorities of
 * OpenSSL and NSS, which some builds of libcurl fall back to. QLOGDIR, OSSL_QFILTER, CTLOG_FILE: logs and their lists.
 * KRB5*: tickets and a log of Kerberos. HOSTALIASES, LOCALDOMAIN: glibc's resolver takes another host for the one that
 * is named, resolv.conf(5), hostname(7). RES_OPTIONS stays: it says how the resolver asks, not for whom. LOCPATH,
 * GCONV_PATH: a locale or converter from there could encode international names otherwise, and ask another host. */
static const char *const names[] = {
    "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_DIR",    "QLOGDIR",     "OSSL_QFILTER",
    "CTLOG_FILE",    "KRB5_CONFIG",   "KRB5_TRACE",   "KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME",
    "HOSTALIASES",   "LOCALDOMAIN",   "LOCPATH",      "GCONV_PATH",
};

/* OpenSSL's configuration, modules and engines; libcurl's choice of a TLS library, and what its debug builds read. */
static const char *const prefixes[] = {"CURL_", "GNUTLS_", "OPENSSL_"};

/* Whether `variable`, "NAME=value", is one of them. */
static bool is_unwanted(const char *variable)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]);
        if (strncmp(variable, names[i], length) == 0 && variable[length] == '=')
            return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

/* Clears the environment in place, since unsetenv() would need a copy of each name. */
void environment_clear(void)
{
    char **kept = environ;
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        if (!is_unwanted(*variable))
            *kept++ = *variable;
    }
    if (kept != NULL)
        *kept = NULL;
}

void environment_use_utf8(void)
{
    static const char *const locales[] = {"C.UTF-8", "en_US.UTF-8", ""};
    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++) {
        if (setlocale(LC_CTYPE, locales[i]) != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
            return;
    }
    setlocale(LC_CTYPE, "C");
}
