/* view_markdown: in a table, out its rows as a table of Markdown. */
#include "view_markdown.h"

#include <stdlib.h>
#include <string.h>

#include "cell.h"

enum { STACK_ROOM = 160 };

/* What would begin or end something, in text that strangers chose. */
static void text_put(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*_{}[]<>#&~!", *text))
            fprintf(out, "&#%d;", *text);
        else
            putc(*text == '\n' ? ' ' : *text, out);
    }
}

static void stack_put(FILE *out, const struct view *view, uint32_t stack)
{
    struct view plain = *view;
    char *text = NULL;
    size_t count;
    FILE *memory = open_memstream(&text, &count);
    plain.has_colour = false;
    cell_put_stack(memory, &plain, stack, STACK_ROOM);
    fclose(memory);
    text_put(out, text);
    free(text);
}

void view_markdown(FILE *out, const struct view *view, const struct table *table)
{
    struct str text = {0};
    for (size_t i = 0; i < table->column_count; i++)
        fprintf(out, "%s %s |", i ? "" : "|", table->columns[i].title);
    putc('\n', out);
    for (size_t i = 0; i < table->column_count; i++)
        fprintf(out, "%s---%s|", i ? "" : "|", cell_is_right(table->columns + i) ? ":" : "");
    putc('\n', out);
    for (size_t row = 0; row < table->row_count; row++) {
        for (size_t i = 0; i < table->column_count; i++) {
            fputs(i ? " " : "| ", out);
            if (table->columns[i].kind == COLUMN_STACK) {
                stack_put(out, view, (uint32_t)table_at(table, row)[i].u);
            } else {
                cell_text(&text, view, table->columns + i, table_at(table, row)[i]);
                text_put(out, str_text(&text));
            }
            fputs(" |", out);
        }
        putc('\n', out);
    }
    str_done(&text);
}
