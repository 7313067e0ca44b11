/* Stands before libcurl (LD_PRELOAD), and lets it be another one in what a program can ask of it.
 *
 *     LIBCURL_VERSION       its version: "7.74.0"
 *     LIBCURL_WITHOUT       bits of CURL_VERSION_*, a number, that it was built without
 *     LIBCURL_UNKNOWN       a CURLoption, a number, that it does not know */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef curl_easy_setopt

curl_version_info_data *curl_version_info(CURLversion age)
{
    static curl_version_info_data data;
    curl_version_info_data *(*real)(CURLversion);
    void *found = dlsym(RTLD_NEXT, "curl_version_info");
    const char *version = getenv("LIBCURL_VERSION");
    const char *without = getenv("LIBCURL_WITHOUT");
    unsigned major, minor, patch;
    memcpy(&real, &found, sizeof(real));
    data = *real(age);
    if (version != NULL && sscanf(version, "%u.%u.%u", &major, &minor, &patch) == 3) {
        data.version = version;
        data.version_num = major << 16 | minor << 8 | patch;
    }
    if (without != NULL)
        data.features &= ~atoi(without);
    return &data;
}

/* Each option takes one argument, a long, a pointer or a curl_off_t: of one size wherever this is run. */
CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
    CURLcode (*real)(CURL *, CURLoption, ...);
    void *found = dlsym(RTLD_NEXT, "curl_easy_setopt");
    const char *unknown = getenv("LIBCURL_UNKNOWN");
    va_list arguments;
    memcpy(&real, &found, sizeof(real));
    va_start(arguments, option);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (unknown != NULL && atoi(unknown) == (int)option)
        return CURLE_UNKNOWN_OPTION;
    return real(handle, option, argument);
}
