#ifndef CONC_BENCH_ORIGIN_BODY_H
#define CONC_BENCH_ORIGIN_BODY_H

#include <stddef.h>
#include <stdint.h>

struct MHD_Response;

/* The content of every body, whatever its size. */
void body_fill(char *buffer, size_t length);

/* A response with `bytes` of it that any number of connections may send at once, each as fast as it goes. Takes at
 * most 1 MiB. Destroy with MHD_destroy_response(). NULL: out of memory. */
struct MHD_Response *body_create(uint64_t bytes);

enum { BODY_REFUSAL_BYTES = 37 };

/* The short one that goes with an error, of that many bytes. */
struct MHD_Response *body_create_refusal(void);

/* The one for requests that are not of the run; the connection is closed behind it. */
struct MHD_Response *body_create_dismissal(void);

/* The one for addresses that stand for nothing. */
struct MHD_Response *body_create_absence(void);

#endif
