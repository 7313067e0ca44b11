#include "settings.h"

#include <string.h>

long settings_http_version(const struct request *request, bool is_http1)
{
    /* HTTP/2 must be asked for: over it, a multi handle shares one connection among all workers, and an easy handle
     * cannot. */
    static const long versions[] = {[HTTP_VERSION_ANY] = CURL_HTTP_VERSION_1_1,
                                    [HTTP_VERSION_1_1] = CURL_HTTP_VERSION_1_1,
                                    [HTTP_VERSION_2] = CURL_HTTP_VERSION_2TLS,
                                    [HTTP_VERSION_2_KNOWN] = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
                                    [HTTP_VERSION_3] = CURL_HTTP_VERSION_3ONLY};
    return versions[is_http1 ? HTTP_VERSION_1_1 : request->options->http_version];
}

void settings_set_message(CURL *easy, const struct request *request, const char **failure, CURLcode *code)
{
    const struct request_options *options = request->options;
    if (request->body != NULL) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        SET(CURLOPT_POSTFIELDS, request->body);
    }
    if (options->is_head)
        SET(CURLOPT_NOBODY, 1L);
    if (options->method != NULL)
        SET(CURLOPT_CUSTOMREQUEST, options->method);
    if (options->accepts_compressed)
        SET(CURLOPT_ACCEPT_ENCODING, "");
    if (request->cookie_data != NULL)
        SET(CURLOPT_COOKIE, request->cookie_data);
    /* The name is empty, since libcurl would read a file again for each download (7.88), over the cookies that servers
     * have set. */
    if (request->has_jar)
        SET(CURLOPT_COOKIEFILE, "");
}

void settings_fill_jar(CURL *easy, const struct request *request, const char **failure, CURLcode *code)
{
    for (size_t i = 0; i < request->cookie_count; i++)
        SET(CURLOPT_COOKIELIST, request->cookies[i]);
}

void settings_set_own_message(CURL *easy, const struct message *message, struct curl_slist *headers,
                              const char **failure, CURLcode *code)
{
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_HTTPGET, 1L); /* no longer a form, nor HEAD */
    SET(CURLOPT_CUSTOMREQUEST, message != NULL ? message->custom_method : NULL);
    if (message != NULL && message->is_head)
        SET(CURLOPT_NOBODY, 1L);
    if (message == NULL || message->body == NULL)
        return;
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->body_bytes);
    SET(CURLOPT_POSTFIELDS, message->body);
}

static long tls_range(const struct request_options *options)
{
    static const long least[] = {
        [TLS_VERSION_ANY] = CURL_SSLVERSION_DEFAULT, [TLS_VERSION_1_0] = CURL_SSLVERSION_TLSv1_0,
        [TLS_VERSION_1_1] = CURL_SSLVERSION_TLSv1_1, [TLS_VERSION_1_2] = CURL_SSLVERSION_TLSv1_2,
        [TLS_VERSION_1_3] = CURL_SSLVERSION_TLSv1_3,
    };
    static const long most[] = {
        [TLS_VERSION_ANY] = CURL_SSLVERSION_MAX_DEFAULT, [TLS_VERSION_1_0] = CURL_SSLVERSION_MAX_TLSv1_0,
        [TLS_VERSION_1_1] = CURL_SSLVERSION_MAX_TLSv1_1, [TLS_VERSION_1_2] = CURL_SSLVERSION_MAX_TLSv1_2,
        [TLS_VERSION_1_3] = CURL_SSLVERSION_MAX_TLSv1_3,
    };
    return least[options->tls_min] | (options->tls_max != TLS_VERSION_ANY ? most[options->tls_max] : 0);
}

void settings_set_tls(CURL *easy, const struct request *request, const char **failure, CURLcode *code)
{
    const struct request_options *options = request->options;
    SET(CURLOPT_SSL_VERIFYPEER, options->is_unverified ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, options->is_unverified ? 0L : 2L);
    if (options->ca_file != NULL)
        SET(CURLOPT_CAINFO, request->ca_file);
    /* A CApath keeps libcurl from caching the parsed CA bundle, 46 ms against 2 ms a connection with Debian's; the
     * bundle file holds the same certificates. */
    SET(CURLOPT_CAPATH, options->ca_folder);
    if (options->certificate != NULL)
        SET(CURLOPT_SSLCERT, request->certificate);
    if (options->key != NULL)
        SET(CURLOPT_SSLKEY, request->key);
    /* Without a password, the TLS library would ask for one at the terminal, for each connection. */
    if (options->certificate != NULL)
        SET(CURLOPT_KEYPASSWD, request->key_password != NULL ? request->key_password : "");
    SET(CURLOPT_SSLVERSION, tls_range(options));
    /* Versions of libcurl cache sessions in different places, so that modes resume only if asked to. With 7.88 the
     * cache is in each handle, which is one worker's in every mode. */
    SET(CURLOPT_SSL_SESSIONID_CACHE, options->resumes_tls ? 1L : 0L);
}

void settings_set_authority(CURL *easy, const char *authority, const char **failure, CURLcode *code)
{
    struct curl_blob blob = {.data = (void *)authority, .len = strlen(authority), .flags = CURL_BLOB_NOCOPY};
    SET(CURLOPT_CAINFO_BLOB, &blob);
}

void settings_set_way(CURL *easy, const struct request *request, const char **failure, CURLcode *code)
{
    const struct request_options *options = request->options;
    static const long families[] = {[IP_VERSION_ANY] = CURL_IPRESOLVE_WHATEVER,
                                    [IP_VERSION_4] = CURL_IPRESOLVE_V4,
                                    [IP_VERSION_6] = CURL_IPRESOLVE_V6};
    /* Environment proxies would make requests differ between machines; fixed, they need no getenv() either. */
    if (!options->proxy_from_environment)
        SET(CURLOPT_PROXY, request->proxy_count > 0 ? request->proxies[0] : "");
    if (request->proxy_count == 0 && !options->proxy_from_environment)
        SET(CURLOPT_NOPROXY, "*");
    else if (options->no_proxy != NULL || !options->proxy_from_environment)
        SET(CURLOPT_NOPROXY, options->no_proxy != NULL ? options->no_proxy : "");
    if (request->proxy_user != NULL)
        SET(CURLOPT_PROXYUSERPWD, request->proxy_user);
    /* libcurl would also use the tickets that the user happens to have (GSSAPI). */
    if (request->proxy_count > 0)
        SET(CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
    if (options->unix_socket != NULL)
        SET(CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
    if (options->interface != NULL)
        SET(CURLOPT_INTERFACE, options->interface);
    SET(CURLOPT_IPRESOLVE, families[options->ip_version]);
}
