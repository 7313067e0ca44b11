#ifndef CONC_BENCH_ORIGIN_CERTIFICATES_H
#define CONC_BENCH_ORIGIN_CERTIFICATES_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stddef.h>

#include "conc_bench/base/error.h"
#include "conc_bench/origin/origin.h"

/*
 * The certificates that the origin shows over TLS: an authority of its own, made at start, and below it a certificate
 * for each host, chosen by the name a client asks for (SNI), so that a handshake costs the same however long the list
 * is. Those who name no host, because they ask for an address, or one that is not in the list, get a certificate for
 * the addresses of the list alone.
 *
 * All keys are ECDSA over P-256 and live in this process's memory until certificates_release(), which wipes them; none
 * is written anywhere. One thread only.
 */
struct certificates;

/* More addresses would make the certificate that holds all of them a burden on every handshake that shows it. */
enum { CERTIFICATES_ADDRESSES_MAX = 1000 };

/* `hosts` is borrowed. NULL: ERROR_USAGE where there are too many addresses, or ERROR_ENVIRONMENT. */
struct certificates *certificates_create(const struct origin_host *hosts, size_t count, struct error *error);

/* The certificate of the authority to trust, PEM. */
const char *certificates_authority(const struct certificates *certificates);

/* Call it before a session's handshake. Lets the session show these certificates, through certificates_choose(), and
 * hand out tickets by which a client may resume it, as servers usually do. */
void certificates_serve(struct certificates *certificates, gnutls_session_t session);

/* A gnutls_certificate_retrieve_function2, for sessions that certificates_serve() was given. */
int certificates_choose(gnutls_session_t session, const gnutls_datum_t *issuers, int issuer_count,
                        const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                        unsigned int *chain_length, gnutls_privkey_t *key);

void certificates_release(struct certificates *certificates); /* NULL is allowed */

#endif
