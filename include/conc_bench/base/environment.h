#ifndef CONC_BENCH_BASE_ENVIRONMENT_H
#define CONC_BENCH_BASE_ENVIRONMENT_H

/*
 * The environment is no input of a run: what is asked, and of whom, stands on the command line and in the report.
 */

/* Takes those variables out of this process's environment by which libraries would write secrets to a file, trust other
 * certificates, load other code, encode names otherwise, or ask another host than the one that is named. Before any
 * library is used, and while there is one thread. */
void environment_clear(void);

/* Makes text UTF-8 for the libraries of this process, whatever locale the user has: libcurl and libidn2 read the names
 * of international hosts in the encoding of LC_CTYPE, and would ask another host in another one. Where the system has
 * no locale with UTF-8, the encoding is that of "C", in which they refuse such names. While there is one thread. */
void environment_use_utf8(void);

#endif
