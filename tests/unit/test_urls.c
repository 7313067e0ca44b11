#include "unit.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conc_bench/base/random.h"
#include "conc_bench/workload/urls.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each test works in a folder of its own, so that messages show short file names. */
static char folder[] = "/tmp/test_urls.XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    (void)state;
    unlink("list.txt");
    unlink("other.txt");
    return chdir("/") != 0 || rmdir(folder) != 0 ? -1 : 0;
}

static void write_file(const char *name, const char *text, size_t length)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static int add_text(struct url_list *list, const char *text, struct error *error)
{
    write_file("list.txt", text, strlen(text));
    return url_list_add_file(list, "list.txt", error);
}

static void load(struct url_list *list, const char *text)
{
    struct error error = {0};
    url_list_init(list);
    if (add_text(list, text, &error) != 0)
        fail_msg("%s", error.message);
}

static void expect_refusal(const char *text, size_t length, const char *message)
{
    struct url_list list = {0};
    struct error error = {0};
    write_file("list.txt", text, length);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), -1);
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message, message);
    url_list_release(&list);
}

static void test_lines_become_distinct_urls_and_counts(void **state)
{
    (void)state;
    struct url_list list;
    load(&list, "# a comment\n\nhttp://a.test/\n \thttp://b.test/x?y=z#frag \t\n  # http://c.test/\n"
                "http://a.test/ x3\nhttp://a.test/\r\nHTTP://a.test/\n\t\r\nhttps://a.test/\tx0002 \r\nhttp://a.test");
    static const char *const texts[] = {"http://a.test/", "http://b.test/x?y=z#frag", "HTTP://a.test/",
                                        "https://a.test/", "http://a.test"};
    static const struct url_line lines[] = {{0, 1}, {1, 1}, {0, 4}, {2, 1}, {3, 2}, {4, 1}};
    assert_int_equal(list.url_count, COUNT(texts));
    for (uint32_t i = 0; i < COUNT(texts); i++)
        assert_string_equal(url_text(&list, i), texts[i]);
    assert_int_equal(list.line_count, COUNT(lines));
    for (size_t i = 0; i < COUNT(lines); i++) {
        assert_int_equal(list.lines[i].url, lines[i].url);
        assert_int_equal(list.lines[i].count, lines[i].count);
    }
    assert_int_equal(list.downloads, 10);
    assert_int_equal(list.host_count, 3);
    url_list_release(&list);
    assert_null(list.lines);
}

static void test_hosts_are_what_libcurl_will_look_up(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *name;
        uint16_t port;
        bool is_literal;
    } cases[] = {
        {"http://a.test/", "a.test", 80, false},
        {"https://a.test", "a.test", 443, false},
        {"http://a.test:8080?q", "a.test", 8080, false},
        {"http://A.Test:/", "a.test", 80, false},
        {"HTTPS://a.test:00443#f", "a.test", 443, false},
        {"http://a.test./", "a.test.", 80, false},
        {"http:/a.test/", "a.test", 80, false},
        {"http://%61.test/", "a.test", 80, false},
        {"http://127.0.0.1/", "127.0.0.1", 80, true},
        {"http://127.1:81/", "127.0.0.1", 81, true},
        {"http://[::1]/", "::1", 80, true},
        {"http://[0:0:0:0:0:0:0:1]:8443/", "::1", 8443, true},
        {"http://[FE80::1%25eth0]/", "fe80::1", 80, true},
        {"http://a.test/@b", "a.test", 80, false},
        {"http://a.test?u=me@b", "a.test", 80, false},
        {"http://a.test#me@b", "a.test", 80, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct url_list list = {0};
        struct error error = {0};
        if (url_list_add_url(&list, cases[i].url, &error) != 0)
            fail_msg("%s", error.message);
        assert_string_equal(url_text(&list, 0), cases[i].url);
        assert_int_equal(list.url_hosts[0], 0);
        assert_int_equal(list.host_count, 1);
        assert_int_equal(list.hosts[0].name_length, strlen(cases[i].name));
        assert_memory_equal(list.hosts[0].name, cases[i].name, strlen(cases[i].name));
        assert_int_equal(list.hosts[0].port, cases[i].port);
        assert_int_equal(list.hosts[0].is_literal, cases[i].is_literal);
        url_list_release(&list);
    }
}

static void test_international_names_are_encoded(void **state)
{
    (void)state;
    static const char encoded[] = "xn--bcher-kva.example";
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    struct url_list list = {0};
    struct error error = {0};
    assert_int_equal(url_list_add_url(&list,
                                      "http://b\xc3\xbc"
                                      "cher.example/",
                                      &error),
                     0);
    assert_int_equal(url_list_add_url(&list,
                                      "http://B\xc3\x9c"
                                      "CHER.example/x",
                                      &error),
                     0);
    assert_int_equal(url_list_add_url(&list, "http://xn--bcher-kva.example/", &error), 0);
    setlocale(LC_CTYPE, "C");
    assert_int_equal(list.url_count, 3);
    assert_int_equal(list.host_count, 1);
    assert_int_equal(list.hosts[0].name_length, sizeof(encoded) - 1);
    assert_memory_equal(list.hosts[0].name, encoded, sizeof(encoded) - 1);
    url_list_release(&list);
}

/* Full-width characters stand for plain ones, which would take a name apart: in a list of addresses, the port is what
 * follows the first colon. */
static void test_names_that_encoding_breaks_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://a\xef\xbc\x9a"
        "b.localhost/",
        "http://a\xef\xbc\x8f"
        "b.test/",
        "http://a\xe2\x84\x80.test/",
        "http://a%E3%80%80.test/",
        "http://a\xef\xbc\x8c.test/",
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct url_list list = {0};
        struct error error = {0};
        if (url_list_add_url(&list, urls[i], &error) == 0)
            fail_msg("%s was taken, with the host %.*s", urls[i], (int)list.hosts[0].name_length, list.hosts[0].name);
        assert_non_null(strstr(error.message, "not a URL that libcurl can use"));
        url_list_release(&list);
    }
    setlocale(LC_CTYPE, "C");
}

static void expect_refused_url(const char *url, const char *reason)
{
    struct url_list list = {0};
    struct error error = {0};
    if (url_list_add_url(&list, url, &error) == 0)
        fail_msg("%s was taken, with the host %.*s", url, (int)list.hosts[0].name_length, list.hosts[0].name);
    if (strstr(error.message, reason) == NULL)
        fail_msg("%s: not for \"%s\" but: %s", url, reason, error.message);
    assert_int_equal(error.kind, ERROR_USAGE);
    url_list_release(&list);
}

#define TEN_UMLAUTS    "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
#define TWENTY_UMLAUTS TEN_UMLAUTS TEN_UMLAUTS
#define THIRTY_UMLAUTS TWENTY_UMLAUTS TEN_UMLAUTS

static void test_names_that_have_no_ascii_form_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *reason;
    } cases[] = {
        {"http://a%FF.example/", "in the host's name, character 2 is not UTF-8 (byte 0xff)"},
        {"http://\xe2\x92\x88.example/",
         "part 1 of the host's name has a character that is allowed in no name (U+2488)"},
        {"http://a.\xcc\x81x.example/", "part 2 of the host's name begins with a mark that belongs behind a letter"},
        {"http://ab--\xc3\xbc/", "part 1 of the host's name has hyphens in its third and fourth place"},
        {"http://" THIRTY_UMLAUTS THIRTY_UMLAUTS "/", "part 1 of the host's name takes more than 63 characters"},
        {"http://x\xe3\x80\x82" THIRTY_UMLAUTS THIRTY_UMLAUTS TEN_UMLAUTS, "part 2 of the host's name takes more than"},
        {"http://" THIRTY_UMLAUTS "." THIRTY_UMLAUTS "." THIRTY_UMLAUTS "." THIRTY_UMLAUTS "." THIRTY_UMLAUTS
         "." THIRTY_UMLAUTS "." THIRTY_UMLAUTS "/",
         "the host's name has no ASCII form of at most 253 characters"},
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_refused_url(cases[i].url, cases[i].reason);
    setlocale(LC_CTYPE, "C");
    /* Without UTF-8 nothing can be encoded, and nothing is asked under another name. */
    expect_refused_url("http://b\xc3\xbc"
                       "cher.example/",
                       "this system has no locale C.UTF-8: write the host's name in its ASCII form (xn--...)");
}

/* As curl encodes them where the locale is UTF-8. */
static void test_names_have_the_ascii_form_that_curl_gives_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"fa\xc3\x9f.example", "xn--fa-hia.example"},
        {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.example", "xn--nxasmm1c.example"},
        {"b\x75\xcc\x88\x63her.example", "xn--bcher-kva.example"},
        {"b\xc3\xbc\x63her\xe3\x80\x82\x65xample", "xn--bcher-kva.example"},
        {"\xef\xbd\x81.example", "a.example"},
        {"\xe2\x98\xba.example", "xn--74h.example"},
        {"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", "127.0.0.1"},
        {"\xd7\x90.example", "xn--4db.example"},
    };
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++) {
        char url[100];
        struct url_list list = {0};
        snprintf(url, sizeof(url), "http://%s/", cases[i][0]);
        assert_int_equal(url_list_add_url(&list, url, &(struct error){0}), 0);
        if (list.hosts[0].name_length != strlen(cases[i][1]) ||
            memcmp(list.hosts[0].name, cases[i][1], list.hosts[0].name_length) != 0)
            fail_msg("%s: %.*s", cases[i][0], (int)list.hosts[0].name_length, list.hosts[0].name);
        url_list_release(&list);
    }
    setlocale(LC_CTYPE, "C");
}

static void test_what_nobody_sees_is_refused_by_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://a.test/x\nhttp://a.test/x\xc2\xa0\n", "list.txt:2: character 16 is invisible (U+00A0, no-break "
                                                       "space): take it out, or write it as %C2%A0 if the URL "
                                                       "has it"},
        {" \thttp://a.test/\xe2\x80\x8b\n", "list.txt:1: character 17 is invisible (U+200B, zero width space): take it "
                                            "out, or write it as %E2%80%8B if the "
                                            "URL has it"},
        {"http://a.\xc2\xadtest/",
         "list.txt:1: character 10 is invisible (U+00AD, soft hyphen): take it out, or write it "
         "as %C2%AD if the URL has it"},
        {"http://\xc3\xbc.test/\xe2\x81\xa0",
         "list.txt:1: character 15 is invisible (U+2060, word joiner): take it out, "
         "or write it as %E2%81%A0 if the URL has it"},
        {"http://a.test/ x2\xc2\xa0", "list.txt:1: character 18 is invisible (U+00A0, no-break space): take it out, or "
                                      "write it as %C2%A0 if the URL has it"},
        {"\xc2\xa0\n",
         "list.txt:1: character 1 is invisible (U+00A0, no-break space): take it out, or write it as %C2%A0 "
         "if the URL has it"},
        {"http://a.test/\xc2\x85",
         "list.txt:1: character 15 is invisible (U+0085, next line): take it out, or write it "
         "as %C2%85 if the URL has it"},
        {"http://a.test/\xf3\xa0\x80\xa0",
         "list.txt:1: character 15 is invisible (U+E0020): take it out, or write it as "
         "%F3%A0%80%A0 if the URL has it"},
        {"http://a.test/\xa0",
         "list.txt:1: character 15 is not UTF-8 (byte 0xa0): save the list as UTF-8, or write the "
         "byte as %A0 if the URL has it"},
        {"http://me:secret@a.test/\xc2\xa0", "list.txt:1: character 25 is invisible (U+00A0, no-break space): take it "
                                             "out, or write it as %C2%A0 if the URL has it"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_refusal(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    expect_refused_url("http://a.test/\xe2\x80\x8e",
                       "argument: character 15 is invisible (U+200E, left-to-right mark)");
    /* Characters that are encoded can be seen, and a comment is for people. */
    struct url_list list;
    load(&list, "# a\xc2\xa0list\nhttp://a.test/%C2%A0\nhttp://a.test/\xc3\xbc\xf0\x9f\x98\x80\n");
    assert_int_equal(list.url_count, 2);
    url_list_release(&list);
}

static void test_byte_order_mark_only_at_the_start_of_a_file(void **state)
{
    (void)state;
    struct url_list list;
    load(&list, "\xef\xbb\xbfhttp://a.test/\n");
    assert_string_equal(url_text(&list, 0), "http://a.test/");
    url_list_release(&list);
    load(&list, "\xef\xbb\xbf# comment\nhttp://a.test/");
    assert_int_equal(list.downloads, 1);
    url_list_release(&list);
    static const char second[] = "http://a.test/\n\xef\xbb\xbfhttp://a.test/\n";
    expect_refusal(second, strlen(second),
                   "list.txt:2: character 1 is invisible (U+FEFF, byte order mark): take it out, or write it as "
                   "%EF%BB%BF if the URL has it");
}

static void test_bad_lines(void **state)
{
    (void)state;
    char no_host[200];
    snprintf(no_host, sizeof(no_host), "list.txt:1: not a URL that libcurl can use (%s): \"http://\"",
             curl_url_strerror(CURLUE_NO_HOST));
    const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"ftp://x", "list.txt:1: not an http or https URL: \"ftp://x\""},
        {"http://a.test/\n\n# c\nfile:///etc/passwd", "list.txt:4: not an http or https URL: \"file:///etc/passwd\""},
        {"hello world", "list.txt:1: not an http or https URL: \"hello world\""},
        {"example.org:80/x", "list.txt:1: not an http or https URL: \"example.org:80/x\""},
        {"httpx://a.test/", "list.txt:1: not an http or https URL: \"httpx://a.test/\""},
        {"http", "list.txt:1: not an http or https URL: \"http\""},
        {"http://", no_host},
        {"http://a.test:99999/", "list.txt:1: not a URL that libcurl can use (Port number was not a decimal number "
                                 "between 0 and 65535): \"http://a.test:99999/\""},
        {"http://a.test:0/", "list.txt:1: the port is not one from 1 to 65535: \"http://a.test:0/\""},
        {"http://a.test/ x0", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                              "\"http://a.test/ x0\""},
        {"http://a.test/ x-1", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                               "\"http://a.test/ x-1\""},
        {"http://a.test/ xabc", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                                "\"http://a.test/ xabc\""},
        {"http://a.test/ x", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                             "\"http://a.test/ x\""},
        {"http://a.test/ x1000000001", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                                       "\"http://a.test/ x1000000001\""},
        {"http://a.test/ x18446744073709551617",
         "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
         "\"http://a.test/ x18446744073709551617\""},
        {"http://a.test/ x3 y", "list.txt:1: xN behind a URL must be a whole number from 1 to 1,000,000,000: "
                                "\"http://a.test/ x3 y\""},
        {"http://a.test/ 3", "list.txt:1: nothing but xN may follow a URL, and a space within it has to be written "
                             "%20: \"http://a.test/ 3\""},
        {"http://a.test/\x1b[31m", "list.txt:1: there is a control character (byte 0x1b)"},
        {"http://a.test/\x7f", "list.txt:1: there is a control character (byte 0x7f)"},
        {"http://a.test/\r\r\n", "list.txt:1: there is a control character (byte 0x0d)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_refusal(cases[i].text, strlen(cases[i].text), cases[i].message);
}

static void test_nul_bytes_and_utf16(void **state)
{
    (void)state;
    static const char nul[] = "http://a.test/\nhttp://a\0b.test/\n";
    static const char comment[] = "# \0\n";
    static const char little[] = "\xff\xfeh\0t\0t\0p\0";
    static const char big[] = "\xfe\xff\0h\0t\0t\0p";
    expect_refusal(nul, sizeof(nul) - 1, "list.txt:2: there is a NUL byte: is this a text file?");
    expect_refusal(comment, sizeof(comment) - 1, "list.txt:1: there is a NUL byte: is this a text file?");
    expect_refusal(little, sizeof(little) - 1, "\"list.txt\" is not UTF-8 but UTF-16 text: save it as UTF-8");
    expect_refusal(big, sizeof(big) - 1, "\"list.txt\" is not UTF-8 but UTF-16 text: save it as UTF-8");
}

/* No part of a user or password may appear in any message; each of these is "secret". */
static void test_credentials_are_refused_and_never_echoed(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is_named; /* the message says that there are credentials, not only that the line is bad */
    } cases[] = {
        {"http://me:secret@a.test/", true},
        {"https://secret@a.test/", true},
        {"http://:secret@a.test/", true},
        {"http://secret@", true},
        {"http://user:secret@", true},
        {"https://u:secret@h:99999/", true},
        {"http://secret:secret@[::1", true},
        {"http://a@secret@b/", true},
        {"http:/u:secret@h", true},
        {"http:///u:secret@h", true},
        {"http:////u:secret@h", true},
        {"http:u:secret@h", true},
        {"http://secret\\@h/", true},
        {"ftp://u:secret@h/", false},
        {"u:secret@h", false},
        {"secret@h", false},
        {"//u:secret@h/", false},
        {"http://u:se/secret@h/", false},
        {"http://u:x?secret@h/", false},
        {"http://u:x#secret@h/", false},
        {"http://u:secret word@h/", false},
        {"http://u xsecret@h/", false},
        {"http://h/ http://u:secret@h/", false},
        {"http://u:secret%40h/", true},
        {"http://u:secret\xef\xbc\xa0h/", true},
        {"http://secret\xef\xbc\xa0h/", true},
        {"http://secret\xef\xb9\xabh/", true},
        {"http://u\xef\xbc\x9asecret\xef\xbc\xa0h/", true},
        {"http://u:secret", false},
        {"http://[::1]:secret", false},
        {"http://[u:secret", false},
        {"u:secret", false},
        {"ftp://u:secret", false},
        {"http://u:secret x0", false},
        {"http://u:secret@h/\x1b", false},
    };
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        const char *line = cases[i / 2].line;
        struct url_list list = {0};
        struct error error = {0};
        int status = i % 2 == 0 ? add_text(&list, line, &error) : url_list_add_url(&list, line, &error);
        assert_int_equal(status, -1);
        if (strstr(error.message, "secret") != NULL)
            fail_msg("%s shows %s", error.message, line);
        assert_non_null(strstr(error.message, i % 2 == 0 ? "list.txt:1: " : "argument: "));
        if (cases[i / 2].is_named)
            assert_non_null(strstr(error.message, "the URL holds credentials (user or password): take them out"));
        url_list_release(&list);
    }
}

static void test_mistaken_for_a_file_credentials_are_not_echoed_either(void **state)
{
    (void)state;
    static const char *const paths[] = {"http:/me:secret@h", "me:secret@h", "me:x@secret@h/"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct url_list list = {0};
        struct error error = {0};
        assert_int_equal(url_list_add_file(&list, paths[i], &error), -1);
        assert_null(strstr(error.message, "secret"));
        assert_non_null(strstr(error.message, "No such file"));
        url_list_release(&list);
    }
}

static void test_long_lines(void **state)
{
    (void)state;
    static char text[URL_LINE_MAX_BYTES + 64];
    struct url_list list = {0};
    struct error error = {0};
    memset(text, 'a', sizeof(text));
    memcpy(text, "http://a.test/", 14);
    memcpy(text + URL_LINE_MAX_BYTES, "\r\n", 2);
    write_file("list.txt", text, URL_LINE_MAX_BYTES + 2);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), 0);
    assert_int_equal(strlen(url_text(&list, 0)), URL_LINE_MAX_BYTES);
    url_list_release(&list);
    memcpy(text + URL_LINE_MAX_BYTES, "a\n", 2);
    expect_refusal(text, URL_LINE_MAX_BYTES + 2,
                   "list.txt:1: 8193 bytes are too long for a URL: at most 8192 (8 KiB) are allowed");
}

static void test_long_texts_are_abridged_between_characters(void **state)
{
    (void)state;
    char text[300];
    char message[300];
    char euros[60 * 3 + 1] = "";
    for (size_t i = 0; i + 1 < sizeof(euros); i++)
        euros[i] = "\xe2\x82\xac"[i % 3];
    snprintf(text, sizeof(text), "ftp://%s", euros);
    /* 6 bytes and 31 times 3 are 99: one more character would be 102. */
    snprintf(message, sizeof(message), "list.txt:1: not an http or https URL: \"ftp://%.93s...\"", euros);
    expect_refusal(text, strlen(text), message);
}

static void test_files_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *message;
    } cases[] = {
        {"nosuch.txt", "cannot read \"nosuch.txt\": No such file or directory"},
        {".", "cannot read \".\": Is a directory"},
        {"no\033such", "cannot read \"no\\x1bsuch\": No such file or directory"},
        {"list@home.txt", "cannot read \"list@home.txt\": No such file or directory"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct url_list list = {0};
        struct error error = {0};
        assert_int_equal(url_list_add_file(&list, cases[i].path, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
        url_list_release(&list);
    }
    if (geteuid() == 0)
        return; /* may read everything */
    struct url_list list = {0};
    struct error error = {0};
    write_file("other.txt", "http://a.test/", 14);
    assert_int_equal(chmod("other.txt", 0), 0);
    assert_int_equal(url_list_add_file(&list, "other.txt", &error), -1);
    assert_string_equal(error.message, "cannot read \"other.txt\": Permission denied");
    url_list_release(&list);
}

static void test_a_file_without_a_url_is_an_error(void **state)
{
    (void)state;
    static const char message[] = "\"list.txt\" holds no URL: write one on each line, such as https://example.org/";
    static const char *const texts[] = {"", "\n", "# only\n\n \t\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_refusal(texts[i], strlen(texts[i]), message);
    struct url_list list = {0};
    struct error error = {0};
    assert_int_equal(url_list_add_url(&list, "http://a.test/", &error), 0);
    assert_int_equal(add_text(&list, "#\n", &error), -1);
    assert_string_equal(error.message, message);
    url_list_release(&list);
}

/* Replaces standard input while `text` is read; the real one is put back. */
static int add_standard_input(struct url_list *list, const char *text, struct error *error)
{
    int ends[2];
    int saved = dup(STDIN_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(ends[0]), 0);
    int status = url_list_add_file(list, "-", error);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(saved), 0);
    return status;
}

static void test_standard_input(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct error error = {0};
    assert_int_equal(add_standard_input(&list, "http://a.test/\nhttp://b.test/", &error), 0);
    assert_int_equal(list.downloads, 2);
    assert_int_equal(add_standard_input(&list, "http://a.test/\nx\n", &error), -1);
    assert_string_equal(error.message, "standard input:2: not an http or https URL: \"x\"");
    url_list_release(&list);
    assert_int_equal(add_standard_input(&list, "", &error), -1);
    assert_non_null(strstr(error.message, "\"standard input\" holds no URL"));
    url_list_release(&list);
}

static void test_endless_files_are_given_up(void **state)
{
    (void)state;
    struct url_list list = {0};
    struct error error = {0};
    assert_int_equal(url_list_add_file(&list, "/dev/zero", &error), -1);
    assert_non_null(strstr(error.message, "/dev/zero:1: "));
    url_list_release(&list);
}

static void test_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *message;
    } cases[] = {
        {"ftp://x/", "argument \"ftp://x/\": not an http or https URL"},
        {"http://a.test/ x3", "argument \"http://a.test/ x3\": a URL holds no blanks: a space has to be written %20"},
        {" http://a.test/", "argument \" http://a.test/\": not an http or https URL"},
        {"http://a.test/\n", "argument: there is a control character (byte 0x0a)"},
        {"", "argument: not an http or https URL"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct url_list list = {0};
        struct error error = {0};
        assert_int_equal(url_list_add_url(&list, cases[i].url, &error), -1);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].message);
        url_list_release(&list);
    }
}

static void test_too_many_downloads(void **state)
{
    (void)state;
    struct url_list list;
    struct error error = {0};
    load(&list, "http://a.test/ x1000000000\nhttp://a.test/ x1000000000\nhttp://b.test/ x1000000000\n"
                "http://a.test/ x1000000000\n");
    assert_true(list.downloads == URL_DOWNLOADS_MAX);
    assert_int_equal(url_list_add_url(&list, "http://a.test/", &error), -1);
    assert_string_equal(error.message, "argument: the list comes to more than 4,000,000,000 downloads");
    url_list_release(&list);
}

static void test_sources_are_joined(void **state)
{
    (void)state;
    struct url_list list;
    struct error error = {0};
    load(&list, "http://a.test/1\nhttp://b.test/\n");
    assert_int_equal(url_list_add_url(&list, "http://a.test/2", &error), 0);
    assert_int_equal(add_text(&list, "http://a.test/2 x2\nhttp://a.test/1\n", &error), 0);
    static const struct url_line lines[] = {{0, 1}, {1, 1}, {2, 3}, {0, 1}};
    assert_int_equal(list.url_count, 3);
    assert_int_equal(list.host_count, 2);
    assert_int_equal(list.line_count, COUNT(lines));
    for (size_t i = 0; i < COUNT(lines); i++) {
        assert_int_equal(list.lines[i].url, lines[i].url);
        assert_int_equal(list.lines[i].count, lines[i].count);
    }
    assert_int_equal(list.url_hosts[2], list.url_hosts[0]);
    url_list_release(&list);
}

static uint64_t summary_of(const char *text)
{
    struct url_list list;
    load(&list, text);
    uint64_t digest = url_list_digest(&list);
    url_list_release(&list);
    return digest;
}

static void test_digests_tell_lists_apart_but_not_spellings_of_one(void **state)
{
    (void)state;
    uint64_t digest = summary_of("http://a/\nhttp://a/\nhttp://b/\n");
    assert_true(digest == summary_of("# c\n http://a/ x2\r\n\r\nhttp://b/"));
    assert_true(digest != summary_of("http://a/\nhttp://b/\n"));
    assert_true(digest != summary_of("http://b/\nhttp://a/ x2\n"));
    assert_true(digest != summary_of("http://a/\nhttp://b/\nhttp://a/\n"));
    assert_true(digest != summary_of("http://a/ x2\nhttp://b/?\n"));
    struct url_list list;
    struct error error = {0};
    load(&list, "http://a/\n");
    assert_int_equal(url_list_add_url(&list, "http://a/", &error), 0);
    assert_int_equal(url_list_add_url(&list, "http://b/", &error), 0);
    assert_true(digest == url_list_digest(&list));
    url_list_release(&list);
    /* FNV-1a, 64 bits, of "http://a/", NUL and 1 as four bytes, worked out by hand: the same on every machine. */
    assert_true(summary_of("http://a/") == UINT64_C(0xadcc1aba2637ef8));
}

/* The names of a list, one a line, with the numbers of downloads of its lines behind them. */
static char *names_of(const char *const *texts, size_t count)
{
    struct url_list list = {0};
    struct error error = {0};
    char *names = NULL;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        if (add_text(&list, texts[i], &error) != 0)
            fail_msg("%s", error.message);
    }
    FILE *stream = open_memstream(&names, &length);
    assert_non_null(stream);
    for (uint32_t i = 0; i < list.url_count; i++) {
        const struct message *message = url_message(&list, i);
        fprintf(stream, "%s%s\n", url_name(&list, i), message == NULL ? " -" : "");
        assert_true(message == NULL || !message_is_plain(message));
    }
    for (size_t i = 0; i < list.line_count; i++)
        fprintf(stream, "%" PRIu32 "x%" PRIu32 " ", list.lines[i].url, list.lines[i].count);
    fclose(stream);
    url_list_release(&list);
    return names;
}

static void test_requests_of_one_url_are_told_apart(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "http://a/ x2\n",
        "# vegeta's\nGET http://a/\nPOST http://a/\nX: 1\n\nPOST http://a/ x3\nGET http://a/\nX: 1\nHEAD http://a/\n",
        "http://b/\n",
        "url = http://a/\nnext\nurl = http://a/\nrequest = POST\nheader = \"X: 1\"\nnext\n--url http://b/\nurl "
        "http://a/\n-d x\n",
    };
    char *names = names_of(texts, COUNT(texts));
    assert_string_equal(names, "http://a/ -\nPOST http://a/\nPOST http://a/ #2\nGET http://a/\nHEAD http://a/\n"
                               "http://b/ -\nPOST http://a/ #3\nPOST http://b/\nPOST http://a/ #4\n"
                               "0x3 1x1 2x3 3x1 4x1 5x1 0x1 6x1 7x1 8x1 ");
    free(names);
    /* Requests that are no more than URLs are a list of these. */
    assert_true(summary_of("http://a/\nhttp://b/ x2\n") == summary_of("GET http://a/\nGET http://b/ x2\n"));
    assert_true(summary_of("http://a/\nhttp://b/\n") == summary_of("-s\nurl=http://a/\nurl=http://b/\n"));
    assert_true(summary_of("http://a/\n") != summary_of("HEAD http://a/\n"));
}

static void test_many_requests(void **state)
{
    (void)state;
    enum { REQUESTS = 5000 };
    FILE *file = fopen("list.txt", "w");
    struct url_list list = {0};
    struct error error = {0};
    char name[64];
    for (int i = 0; i < REQUESTS; i++)
        fprintf(file, "PUT http://a/%d\nX: %d\n\nGET http://a/%d\n", i / 2, i, i / 2);
    fclose(file);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), 0);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), 0);
    assert_int_equal(list.url_count, REQUESTS + REQUESTS / 2);
    assert_int_equal(list.messages.count, REQUESTS);
    assert_int_equal(list.downloads, 4 * REQUESTS);
    for (uint32_t i = 0; i < REQUESTS / 2; i++) {
        snprintf(name, sizeof(name), "PUT http://a/%" PRIu32, i);
        assert_string_equal(url_name(&list, 3 * i), name);
        snprintf(name, sizeof(name), "PUT http://a/%" PRIu32 " #2", i);
        assert_string_equal(url_name(&list, 3 * i + 2), name);
        assert_ptr_equal(url_name(&list, 3 * i + 1), url_text(&list, 3 * i + 1));
    }
    assert_string_equal(list.first_request.file, "list.txt");
    assert_int_equal(list.first_request.line, 1);
    url_list_release(&list);
    assert_null(list.names);
}

/* Eight bytes are looked at in one go: each place and each byte is one that tells. */
static void test_characters_are_seen_at_every_place(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        bool is_taken = byte > ' ' && byte < 0x7f && strchr("#?@:\\[]{}|^`\"<>%", byte) == NULL;
        for (size_t place = 0; place < 17; place++) {
            char url[64] = "http://a.test/0123456789abcdefg";
            struct url_list list = {0};
            struct error error = {0};
            url[strlen("http://a.test/") + place] = (char)byte;
            int status = url_list_add_url(&list, url, &error);
            if (is_taken && status != 0)
                fail_msg("%02x at %zu: %s", (unsigned)byte, place, error.message);
            if ((byte <= ' ' || byte >= 0x7f) && status == 0)
                fail_msg("%02x at %zu is taken", (unsigned)byte, place);
            url_list_release(&list);
        }
    }
}

/* Larger than every first size of a table; each URL and each host has to be found again. */
static void test_many_urls_and_hosts(void **state)
{
    (void)state;
    enum { URLS = 20000, HOSTS = 5000 };
    FILE *file = fopen("list.txt", "w");
    assert_non_null(file);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < URLS; i++)
            fprintf(file, "http://%s%d.test:%d/%d\n", i % 2 == 0 ? "h" : "H", i % HOSTS, 1000 + i % 2, i);
    }
    assert_int_equal(fclose(file), 0);
    struct url_list list = {0};
    struct error error = {0};
    assert_int_equal(url_list_add_url(&list, "http://first.test/", &error), 0);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), 0);
    assert_int_equal(url_list_add_file(&list, "list.txt", &error), 0);
    assert_int_equal(list.url_count, URLS + 1);
    assert_int_equal(list.host_count, HOSTS + 1);
    assert_int_equal(list.downloads, 4 * URLS + 1);
    for (uint32_t i = 0; i < URLS; i++) {
        char expected[64];
        const struct url_host *host = &list.hosts[list.url_hosts[i + 1]];
        assert_int_equal(list.lines[1 + 3 * URLS + i].url, i + 1);
        snprintf(expected, sizeof(expected), "http://%s%d.test:%d/%d", i % 2 == 0 ? "h" : "H", (int)i % HOSTS,
                 1000 + (int)i % 2, (int)i);
        assert_string_equal(url_text(&list, i + 1), expected);
        snprintf(expected, sizeof(expected), "h%d.test", (int)i % HOSTS);
        assert_int_equal(host->name_length, strlen(expected));
        assert_memory_equal(host->name, expected, host->name_length);
        assert_int_equal(host->port, 1000 + i % 2);
    }
    url_list_release(&list);
}

/* The outcome of adding the URL: an error message, or the host. */
static void add_and_describe(struct url_list *list, const char *url, char *run, size_t size)
{
    struct error error = {0};
    if (url_list_add_url(list, url, &error) != 0) {
        snprintf(run, size, "%s", error.message);
        return;
    }
    const struct url_host *host = &list->hosts[list->url_hosts[list->url_count - 1]];
    snprintf(run, size, "%.*s:%d, literal %d", (int)host->name_length, host->name, host->port, host->is_literal);
}

/* Behind a host that is known libcurl is not asked about every path: whatever stands there, the answer is the same. */
static void test_known_hosts_make_no_difference(void **state)
{
    (void)state;
    enum { CASES = 30000, TAIL_MAX = 12 };
    static const char *const origins[] = {
        "http://a.test",       "https://a.test",  "http://A.Test:8080",
        "https://127.1:00443", "http://[::1]:81", "http://b%61.test",
    };
    static const char characters[] = "/?#:@.%[]\\^|\"<>`{}~!$&'()*+,;=_-019azAZ \x7f\xc3\xa9\xff";
    struct random random = random_stream(7, 0);
    for (int i = 0; i < CASES; i++) {
        char url[64];
        char alone[sizeof(((struct error *)0)->message)];
        char behind[sizeof(((struct error *)0)->message)];
        const char *origin = origins[random_below(&random, COUNT(origins))];
        int length = snprintf(url, sizeof(url), "%s", origin);
        for (uint64_t left = random_below(&random, TAIL_MAX); left > 0; left--)
            url[length++] = characters[random_below(&random, sizeof(characters) - 1)];
        url[length] = '\0';
        struct url_list list = {0};
        add_and_describe(&list, url, alone, sizeof(alone));
        url_list_release(&list);
        assert_int_equal(url_list_add_url(&list, origin, &(struct error){0}), 0);
        add_and_describe(&list, url, behind, sizeof(behind));
        url_list_release(&list);
        if (strcmp(alone, behind) != 0)
            fail_msg("%s: alone %s, behind its host %s", url, alone, behind);
    }
}

static void test_release_of_nothing(void **state)
{
    (void)state;
    struct url_list list;
    url_list_init(&list);
    assert_true(url_list_digest(&list) == UINT64_C(0xcbf29ce484222325));
    url_list_release(&list);
    url_list_release(&list);
    assert_null(list.storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_become_distinct_urls_and_counts),
        cmocka_unit_test(test_hosts_are_what_libcurl_will_look_up),
        cmocka_unit_test(test_international_names_are_encoded),
        cmocka_unit_test(test_names_that_encoding_breaks_are_refused),
        cmocka_unit_test(test_names_that_have_no_ascii_form_are_refused_with_the_reason),
        cmocka_unit_test(test_names_have_the_ascii_form_that_curl_gives_them),
        cmocka_unit_test(test_what_nobody_sees_is_refused_by_place),
        cmocka_unit_test(test_byte_order_mark_only_at_the_start_of_a_file),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_nul_bytes_and_utf16),
        cmocka_unit_test(test_credentials_are_refused_and_never_echoed),
        cmocka_unit_test(test_mistaken_for_a_file_credentials_are_not_echoed_either),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_long_texts_are_abridged_between_characters),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_a_file_without_a_url_is_an_error),
        cmocka_unit_test(test_standard_input),
        cmocka_unit_test(test_endless_files_are_given_up),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_too_many_downloads),
        cmocka_unit_test(test_sources_are_joined),
        cmocka_unit_test(test_digests_tell_lists_apart_but_not_spellings_of_one),
        cmocka_unit_test(test_requests_of_one_url_are_told_apart),
        cmocka_unit_test(test_many_requests),
        cmocka_unit_test(test_characters_are_seen_at_every_place),
        cmocka_unit_test(test_many_urls_and_hosts),
        cmocka_unit_test(test_known_hosts_make_no_difference),
        cmocka_unit_test(test_release_of_nothing),
    };
    return cmocka_run_group_tests_name("urls", tests, enter_folder, leave_folder);
}
