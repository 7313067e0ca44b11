#include "certificates.h"

#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A run may take days; and the clock be set back a little meanwhile. */
enum { HOUR_SECONDS = 3600, VALID_SECONDS = 7 * 24 * HOUR_SECONDS };

/* Certificates made before anybody asks, so that no download waits for its host's; of longer lists the rest are made
 * when first asked for, which makes that handshake some 15 % longer. */
enum { MADE_AT_START = 10000 };

enum { KEY_ID_BYTES = 20, SERIAL_BYTES = 16, NAME_MAX_BYTES = 256 };

struct site {
    const char *name;
    size_t length;
    gnutls_datum_t encoded;      /* DER; size 0: not yet made */
    gnutls_pcert_st certificate; /* points to it, and to the public key */
};

struct certificates {
    gnutls_privkey_t authority_key;
    gnutls_x509_crt_t authority;
    gnutls_datum_t authority_text; /* PEM */
    unsigned char authority_id[KEY_ID_BYTES];
    gnutls_privkey_t key; /* of every site */
    gnutls_pubkey_t public_key;
    gnutls_datum_t ticket_key;
    const struct origin_host *hosts;
    size_t host_count;
    size_t address_count; /* of the hosts, those that are addresses */
    struct site *sites;   /* of names, sorted by them */
    size_t site_count;
    struct site nameless; /* for all addresses */
};

/* Names */

/* A name in a handshake never ends with a root dot, though one in the list may. */
static size_t measure_name(const char *name, size_t length)
{
    return length > 1 && name[length - 1] == '.' ? length - 1 : length;
}

static int compare_sites(const void *a, const void *b)
{
    const struct site *one = a;
    const struct site *other = b;
    int order = strncasecmp(one->name, other->name, one->length < other->length ? one->length : other->length);
    return order != 0 ? order : (one->length > other->length) - (one->length < other->length);
}

/* The list's names, each once. -1: no memory. */
static int list_sites(struct certificates *certificates)
{
    struct site *sites = calloc(certificates->host_count + 1, sizeof(sites[0]));
    if (sites == NULL)
        return -1;
    size_t count = 0;
    for (size_t i = 0; i < certificates->host_count; i++) {
        const struct origin_host *host = &certificates->hosts[i];
        if (!host->is_address)
            sites[count++] = (struct site){.name = host->name, .length = measure_name(host->name, host->length)};
    }
    qsort(sites, count, sizeof(sites[0]), compare_sites);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare_sites(&sites[kept - 1], &sites[i]) != 0)
            sites[kept++] = sites[i];
    }
    certificates->sites = sites;
    certificates->site_count = kept;
    return 0;
}

/* Certificates. Functions here return what GnuTLS does: below 0 on failure. */

static int make_key(gnutls_privkey_t *key)
{
    int code = gnutls_privkey_init(key);
    if (code < 0)
        return code;
    return gnutls_privkey_generate(*key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
}

/* Fields that the authority and the sites share. */
static int begin_certificate(gnutls_x509_crt_t certificate, gnutls_pubkey_t key, const char *name)
{
    unsigned char serial[SERIAL_BYTES];
    time_t now = time(NULL);
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of full length */
    if (code < 0 || (code = gnutls_x509_crt_set_version(certificate, 3)) < 0 ||
        (code = gnutls_x509_crt_set_serial(certificate, serial, sizeof(serial))) < 0 ||
        (code = gnutls_x509_crt_set_activation_time(certificate, now - HOUR_SECONDS)) < 0 ||
        (code = gnutls_x509_crt_set_expiration_time(certificate, now + VALID_SECONDS)) < 0 ||
        (code = gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                              (unsigned)strlen(name))) < 0)
        return code;
    return gnutls_x509_crt_set_pubkey(certificate, key);
}

static int fill_authority(struct certificates *certificates, gnutls_pubkey_t key)
{
    gnutls_x509_crt_t authority = certificates->authority;
    size_t length = sizeof(certificates->authority_id);
    int code = begin_certificate(authority, key, "conc-bench origin authority");
    if (code < 0 || (code = gnutls_pubkey_get_key_id(key, 0, certificates->authority_id, &length)) < 0 ||
        (code = gnutls_x509_crt_set_subject_key_id(authority, certificates->authority_id, length)) < 0 ||
        (code = gnutls_x509_crt_set_basic_constraints(authority, 1, 0)) < 0 ||
        (code = gnutls_x509_crt_set_key_usage(authority, GNUTLS_KEY_KEY_CERT_SIGN)) < 0 ||
        (code = gnutls_x509_crt_privkey_sign(authority, authority, certificates->authority_key, GNUTLS_DIG_SHA256, 0)) <
            0)
        return code;
    return gnutls_x509_crt_export2(authority, GNUTLS_X509_FMT_PEM, &certificates->authority_text);
}

static int make_authority(struct certificates *certificates)
{
    gnutls_pubkey_t key = NULL;
    int code = make_key(&certificates->authority_key);
    if (code < 0 || (code = gnutls_x509_crt_init(&certificates->authority)) < 0 ||
        (code = gnutls_pubkey_init(&key)) < 0)
        return code;
    code = gnutls_pubkey_import_privkey(key, certificates->authority_key, 0, 0);
    if (code >= 0)
        code = fill_authority(certificates, key);
    gnutls_pubkey_deinit(key);
    return code;
}

static int make_site_key(struct certificates *certificates)
{
    int code = make_key(&certificates->key);
    if (code < 0 || (code = gnutls_pubkey_init(&certificates->public_key)) < 0)
        return code;
    return gnutls_pubkey_import_privkey(certificates->public_key, certificates->key, 0, 0);
}

/* Adds an address, unless it is none. */
static int add_address(gnutls_subject_alt_names_t names, const struct origin_host *host)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *zone = memchr(host->name, '%', host->length); /* behind an IPv6 address, and no part of it */
    size_t length = zone != NULL ? (size_t)(zone - host->name) : host->length;
    if (length >= sizeof(text))
        return 0;
    memcpy(text, host->name, length);
    text[length] = '\0';
    gnutls_datum_t address = {.data = bytes, .size = sizeof(struct in_addr)};
    if (inet_pton(AF_INET, text, bytes) != 1) {
        address.size = sizeof(struct in6_addr);
        if (inet_pton(AF_INET6, text, bytes) != 1)
            return 0;
    }
    return gnutls_subject_alt_names_set(names, GNUTLS_SAN_IPADDRESS, &address, NULL);
}

/* Names all addresses at once: gnutls_x509_crt_set_subject_alt_name() parses all of them again for each, 3.7 s for
 * 1,000. */
static int name_addresses(const struct certificates *certificates, gnutls_x509_crt_t certificate)
{
    gnutls_subject_alt_names_t names;
    gnutls_datum_t extension = {0};
    int code = gnutls_subject_alt_names_init(&names);
    if (code < 0)
        return code;
    for (size_t i = 0; i < certificates->host_count && code >= 0; i++) {
        if (certificates->hosts[i].is_address)
            code = add_address(names, &certificates->hosts[i]);
    }
    if (code >= 0 && (code = gnutls_x509_ext_export_subject_alt_names(names, &extension)) >= 0)
        code = gnutls_x509_crt_set_extension_by_oid(certificate, GNUTLS_X509EXT_OID_SAN, extension.data, extension.size,
                                                    0);
    gnutls_free(extension.data);
    gnutls_subject_alt_names_deinit(names);
    return code;
}

/* Names the host, or the addresses, that the certificate is for. */
static int name_site(const struct certificates *certificates, gnutls_x509_crt_t certificate, const struct site *site)
{
    if (site == &certificates->nameless)
        return certificates->address_count > 0 ? name_addresses(certificates, certificate) : 0;
    return gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, site->name, (unsigned)site->length,
                                                GNUTLS_FSAN_SET);
}

static int fill_site(const struct certificates *certificates, gnutls_x509_crt_t certificate, const struct site *site)
{
    int code = begin_certificate(certificate, certificates->public_key, "conc-bench origin");
    if (code < 0 ||
        (code = gnutls_x509_crt_set_authority_key_id(certificate, certificates->authority_id, KEY_ID_BYTES)) < 0 ||
        (code = gnutls_x509_crt_set_basic_constraints(certificate, 0, -1)) < 0 ||
        (code = gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
        (code = gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0 ||
        (code = name_site(certificates, certificate, site)) < 0)
        return code;
    return gnutls_x509_crt_privkey_sign(certificate, certificates->authority, certificates->authority_key,
                                        GNUTLS_DIG_SHA256, 0);
}

static int make_site(const struct certificates *certificates, struct site *site)
{
    gnutls_x509_crt_t certificate;
    if (site->encoded.size > 0)
        return 0;
    int code = gnutls_x509_crt_init(&certificate);
    if (code < 0)
        return code;
    code = fill_site(certificates, certificate, site);
    if (code >= 0)
        code = gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, &site->encoded);
    gnutls_x509_crt_deinit(certificate);
    if (code >= 0)
        site->certificate =
            (gnutls_pcert_st){.pubkey = certificates->public_key, .cert = site->encoded, .type = GNUTLS_CRT_X509};
    return code;
}

static int make_all(struct certificates *certificates)
{
    int code = make_authority(certificates);
    if (code < 0 || (code = make_site_key(certificates)) < 0 ||
        (code = gnutls_session_ticket_key_generate(&certificates->ticket_key)) < 0)
        return code;
    code = make_site(certificates, &certificates->nameless);
    for (size_t i = 0; i < certificates->site_count && i < MADE_AT_START && code >= 0; i++)
        code = make_site(certificates, &certificates->sites[i]);
    return code;
}

/* Public functions */

static struct certificates *create(const struct origin_host *hosts, size_t count)
{
    struct certificates *certificates = calloc(1, sizeof(*certificates));
    if (certificates == NULL)
        return NULL;
    certificates->hosts = hosts;
    certificates->host_count = count;
    for (size_t i = 0; i < count; i++)
        certificates->address_count += hosts[i].is_address;
    if (list_sites(certificates) == 0)
        return certificates;
    free(certificates);
    return NULL;
}

struct certificates *certificates_create(const struct origin_host *hosts, size_t count, struct error *error)
{
    int code;
    struct certificates *certificates = create(hosts, count);
    if (certificates == NULL)
        error_set(error, ERROR_ENVIRONMENT, "--origin=tls: no memory for the certificates of %zu hosts", count);
    else if (certificates->address_count > CERTIFICATES_ADDRESSES_MAX)
        error_set(error, ERROR_USAGE,
                  "--origin=tls: https URLs name %zu addresses, more than the %d that one certificate is made for: use "
                  "names, or leave tls out",
                  certificates->address_count, CERTIFICATES_ADDRESSES_MAX);
    else if ((code = make_all(certificates)) < 0)
        error_set(error, ERROR_ENVIRONMENT, "--origin=tls: cannot make certificates: %s", gnutls_strerror(code));
    else
        return certificates;
    certificates_release(certificates);
    return NULL;
}

const char *certificates_authority(const struct certificates *certificates)
{
    return (const char *)certificates->authority_text.data;
}

void certificates_serve(struct certificates *certificates, gnutls_session_t session)
{
    /* libmicrohttpd has set a pointer of its own, which it reads for pre-shared keys only. */
    gnutls_session_set_ptr(session, certificates);
    /* If that fails, there are no tickets, and a whole handshake every time. */
    gnutls_session_ticket_enable_server(session, &certificates->ticket_key);
}

static struct site *find_site(struct certificates *certificates, gnutls_session_t session)
{
    char name[NAME_MAX_BYTES];
    size_t length = sizeof(name);
    unsigned type;
    if (gnutls_server_name_get(session, name, &length, &type, 0) < 0 || type != GNUTLS_NAME_DNS)
        return &certificates->nameless;
    const struct site key = {.name = name, .length = strlen(name)};
    struct site *site =
        bsearch(&key, certificates->sites, certificates->site_count, sizeof(certificates->sites[0]), compare_sites);
    return site != NULL ? site : &certificates->nameless;
}

int certificates_choose(gnutls_session_t session, const gnutls_datum_t *issuers, int issuer_count,
                        const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                        unsigned int *chain_length, gnutls_privkey_t *key)
{
    (void)issuers, (void)issuer_count, (void)algorithms, (void)algorithm_count;
    struct certificates *certificates = gnutls_session_get_ptr(session);
    struct site *site = find_site(certificates, session);
    if (make_site(certificates, site) < 0)
        return -1;
    *chain = &site->certificate;
    *chain_length = 1;
    *key = certificates->key;
    return 0;
}

void certificates_release(struct certificates *certificates)
{
    if (certificates == NULL)
        return;
    for (size_t i = 0; i < certificates->site_count; i++)
        gnutls_free(certificates->sites[i].encoded.data);
    gnutls_free(certificates->nameless.encoded.data);
    free(certificates->sites);
    /* GnuTLS wipes private keys when they go; what tickets are sealed with it handed over. */
    if (certificates->ticket_key.data != NULL)
        gnutls_memset(certificates->ticket_key.data, 0, certificates->ticket_key.size);
    gnutls_free(certificates->ticket_key.data);
    gnutls_free(certificates->authority_text.data);
    if (certificates->authority != NULL)
        gnutls_x509_crt_deinit(certificates->authority);
    gnutls_pubkey_deinit(certificates->public_key);
    gnutls_privkey_deinit(certificates->key);
    gnutls_privkey_deinit(certificates->authority_key);
    free(certificates);
}
