#ifndef CONC_BENCH_HTTP_FRAMES_H
#define CONC_BENCH_HTTP_FRAMES_H

#include <stdbool.h>

#include "conc_bench/run/sample.h"

/*
 * What nghttp2, which reads HTTP/2 frames for libcurl, knows and libcurl does not tell. To libcurl 7.88 a stream that
 * was given up without an error (RST_STREAM, NO_ERROR), or whose connection broke HTTP/2 and was left, has ended, and
 * its download is a success. And it leaves the others on that connection waiting.
 *
 * So this program stands between the two: it defines three functions of nghttp2, which the dynamic linker then gives to
 * libcurl, notes what passes, and calls nghttp2's own. Where libcurl and nghttp2 are linked statically, nobody passes:
 * then frames_are_seen() says so, and all is as libcurl tells it.
 */

/* Once in each process, before its first thread. */
void frames_init(void);

/* Whether anything that is not noted did not happen. */
bool frames_are_seen(void);

/* Whether libcurl can speak HTTP/2 only through here: then what has no frames is not HTTP/2. */
bool frames_would_be_seen(void);

#endif
