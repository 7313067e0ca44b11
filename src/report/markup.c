#include "markup.h"

#include <stdlib.h>
#include <string.h>

#include "conc_bench/base/text.h"

void markup_write(FILE *stream, const char *text)
{
    size_t length = strlen(text);
    size_t size = length * strlen("\\xNN") + 1;
    char brief[1024];
    char *escaped = size <= sizeof(brief) ? brief : malloc(size);
    if (escaped == NULL) { /* no report may be lost over its longest URL */
        escaped = brief;
        size = sizeof(brief);
    }
    text_escape(escaped, size, text, length);
    for (const char *letter = escaped; *letter != '\0'; letter++) {
        switch (*letter) {
        case '&':
            fputs("&amp;", stream);
            break;
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        case '\'':
            fputs("&#39;", stream);
            break;
        default:
            fputc(*letter, stream);
        }
    }
    if (escaped != brief)
        free(escaped);
}
