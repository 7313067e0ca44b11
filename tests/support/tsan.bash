# The settings of the thread sanitizer, for the files beside this one.

# OpenSSL later than 3.0 has tables that are read without a lock: what is written there is published by an atomic operation. The
# thread sanitizer, for which distributions do not build it, sees the C library's copies and comparisons within them and not
# that operation, and takes them for races. With such a one it is to look at what code that was built for it reads and writes.
heed_lockless_tables() {
    [[ "$("$CONC_BENCH" --version)" == *OpenSSL/3.0.* ]] || export TSAN_OPTIONS=ignore_noninstrumented_modules=1
}
