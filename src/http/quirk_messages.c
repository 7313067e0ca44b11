#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "quirks.h"
#include "transfer_state.h"

/* QUIRK_FIRST_MESSAGE: libcurl keeps its first message only, which then is of an earlier request of this transfer, sent
 * in vain; or of a kept connection of some other download that it found dead when it looked for one. What it says of
 * this request it tells a listener, which takes time: there is none otherwise. */

#define OUT_OF_RETRIES_TEXT "Connection died, tried"

/* The beginnings of texts that tell failures of one code apart. */
static const char *const broken_texts[] = {"Recv failure", "Send failure", OUT_OF_RETRIES_TEXT};
static const char stream_text[] = "HTTP/2 stream";
static const char tls_text[] = "OpenSSL SSL_read";
static const char end_text[] = "unexpected eof while reading";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool quirk_tells_of_break(const char *text)
{
    for (size_t i = 0; i < sizeof(broken_texts) / sizeof(broken_texts[0]); i++) {
        if (begins(text, broken_texts[i]))
            return true;
    }
    return false;
}

bool quirk_tells_of_retries(const char *text)
{
    return begins(text, OUT_OF_RETRIES_TEXT);
}

bool quirk_tells_of_end(const char *text)
{
    return begins(text, tls_text) && strstr(text, end_text) != NULL;
}

/* Keeps the first that tells something, as libcurl does. */
static int on_text(CURL *easy, curl_infotype type, char *text, size_t length, void *context)
{
    (void)easy;
    struct transfer *transfer = context;
    char line[CURL_ERROR_SIZE];
    if (type != CURLINFO_TEXT || transfer->message[0] != '\0')
        return 0;
    snprintf(line, sizeof(line), "%.*s", length < sizeof(line) ? (int)length : (int)sizeof(line) - 1, text);
    if (quirk_tells_of_break(line) || quirk_tells_of_end(line) || begins(line, stream_text))
        memcpy(transfer->message, line, sizeof(line));
    return 0;
}

void quirk_forget_message(struct transfer *transfer)
{
    if ((transfer->message[0] == '\0' && !transfer->listens) || !quirk_applies(QUIRK_FIRST_MESSAGE))
        return;
    transfer->message[0] = '\0';
    transfer->listens = curl_easy_setopt(transfer->easy, CURLOPT_DEBUGFUNCTION, on_text) == CURLE_OK &&
                        curl_easy_setopt(transfer->easy, CURLOPT_DEBUGDATA, transfer) == CURLE_OK &&
                        curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L) == CURLE_OK;
}

void quirk_end_listening(struct transfer *transfer)
{
    if (transfer->listens)
        curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 0L);
    transfer->listens = false;
}
