#ifndef CONC_BENCH_HTTP_HTTP2_H
#define CONC_BENCH_HTTP_HTTP2_H

#include <stdint.h>

/*
 * Which libcurl can be trusted with HTTP/2. Newer ones than are known here are taken to be right.
 */

/* What goes wrong over HTTP/2 in a version of libcurl, given as curl_version_info(3) has it in version_num (0x075801 is
 * 7.88.1), so that downloads would fail or hang that HTTP/1.1 delivers: the end of a sentence. NULL: nothing known. */
const char *http2_flaw(uint32_t version);

#endif
