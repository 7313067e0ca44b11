/* libFuzzer target: no text crashes the parser of assertions; what it takes has a canonical text that is taken for the
 * same assertion; what it refuses has a sentence that fits its excerpt. */
#include <string.h>

#include "conc_bench/analysis/assertion.h"
#include "conc_bench/base/text.h"
#include "fuzz.h"

static bool is_same_operand(const struct assertion_operand *a, const struct assertion_operand *b)
{
    return strcmp(a->mode, b->mode) == 0 && a->workers == b->workers && a->metric == b->metric;
}

/* But for the offsets, which are places in different texts. */
static bool is_same_assertion(const struct assertion *a, const struct assertion *b)
{
    bool has_same_operands = a->operand_count == b->operand_count;
    for (size_t i = 0; has_same_operands && i < a->operand_count; i++)
        has_same_operands = is_same_operand(&a->operands[i], &b->operands[i]);
    return has_same_operands && a->comparison == b->comparison && a->unit == b->unit && a->is_exact == b->is_exact &&
           memcmp(&a->limit, &b->limit, sizeof(a->limit)) == 0 && strcmp(a->limit_text, b->limit_text) == 0;
}

static void check_assertion(const struct assertion *assertion, size_t length)
{
    char canonical[ASSERTION_TEXT_MAX];
    char again[ASSERTION_TEXT_MAX];
    struct assertion copy;
    for (size_t i = 0; i < assertion->operand_count; i++)
        require(assertion->operands[i].offset < length && assertion->operands[i].metric < METRIC_COUNT);
    require(assertion->limit >= 0);
    assertion_format(canonical, sizeof(canonical), assertion);
    require(strlen(canonical) + 1 < sizeof(canonical));
    require(assertion_parse(canonical, &copy, NULL) == 0 && is_same_assertion(assertion, &copy));
    require(strcmp(assertion_format(again, sizeof(again), &copy), canonical) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assertion assertion;
    struct error error = {0};
    /* Just as large as the text, so that the address sanitizer sees a byte too many. */
    char *text = strndup((const char *)data, size);
    if (text == NULL)
        return 0;
    if (assertion_parse(text, &assertion, &error) == 0) {
        check_assertion(&assertion, strlen(text));
    } else {
        require(error.kind == ERROR_USAGE && error.message[0] != '\0');
        require(text_columns(error.excerpt) <= ERROR_EXCERPT_COLUMNS);
        require(error.column <= text_columns(error.excerpt));
    }
    free(text);
    return 0;
}
