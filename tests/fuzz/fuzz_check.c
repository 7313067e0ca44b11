/* libFuzzer target: no text crashes the parser of checks; what it takes can be held to a body, which has one answer
 * however it comes in pieces; what it refuses has a sentence that fits its excerpt. */
#include <string.h>

#include "conc_bench/base/text.h"
#include "conc_bench/workload/check.h"
#include "fuzz.h"
#include "http/checking.h"

static bool holds(struct checking *checking, const char *url, const char *body, size_t length, size_t piece)
{
    checking_begin(checking, (struct check_subject){url, url});
    for (size_t done = 0; done < length; done += piece)
        checking_add(checking, body + done, length - done < piece ? length - done : piece);
    return checking_end(checking, 200) == NULL;
}

/* The text itself is the body: it holds what it contains. */
static void hold(const struct check_list *checks, const char *body)
{
    const struct check *check = &checks->items[0];
    const char *url = check->target != NULL ? check->target : "http://a.test/";
    size_t length = strlen(body);
    struct checking *checking = checking_create(checks);
    require(checking != NULL);
    bool is_held = holds(checking, url, body, length, length + 1);
    if (check->kind == CHECK_CONTAINS)
        require(is_held == ((memmem(body, length, check->bytes, check->length) != NULL) != check->is_negated));
    for (size_t piece = 1; piece <= 7; piece++)
        require(holds(checking, url, body, length, piece) == is_held);
    checking_release(checking);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct check_list checks = {0};
    struct error error = {0};
    /* Just as large as the text, so that the address sanitizer sees a byte too many. */
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    if (check_list_add(&checks, text, &error) == 0) {
        require(checks.count == 1);
        hold(&checks, text);
    } else {
        require(checks.count == 0 && error.kind == ERROR_USAGE && error.message[0] != '\0');
        require(text_columns(error.excerpt) <= ERROR_EXCERPT_COLUMNS);
        require(error.column <= text_columns(error.excerpt));
    }
    check_list_release(&checks);
    free(text);
    return 0;
}
