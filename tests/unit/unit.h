#ifndef UNIT_H
#define UNIT_H

/* cmocka wants these before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* No test calls cmocka's stop(), and some have a stop() of their own. */
#undef stop

/* cmocka 2 has another name for signed numbers, as all ranges here can be. */
#ifdef assert_int_in_range
#undef assert_in_range
#define assert_in_range(value, least, most) assert_int_in_range((intmax_t)(value), (intmax_t)(least), (intmax_t)(most))
#endif

#endif
