/* csv: in texts, out fields of CSV (RFC 4180). */
#include "csv.h"

#include <string.h>

void csv_put(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_put_quoted(out, text);
    else
        fputs(text, out);
}

void csv_put_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}
