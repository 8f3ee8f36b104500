/* read_trace: in a trace, out the stacks that held most at the peak, with names. What any tool of your own would begin with:
 *   cc read_trace.c $(pkg-config --cflags --libs heaptracer-read) && ./a.out app.htrc */
#include <heaptracer/error.h>
#include <heaptracer/pipeline.h>
#include <heaptracer/symbol.h>
#include <stdio.h>

static void see(void *symbols, const struct event *event)
{
    symbols_see(symbols, event);
}

static void print_stack(struct symbols *symbols, uint32_t stack)
{
    for (; stack; stack = symbols_parent(symbols, stack)) {
        const struct frame_text *texts;
        size_t count = symbols_frame(symbols, stack, &texts);
        for (size_t i = 0; i < count; i++)
            printf("    %s (%s:%u)\n", texts[i].function, texts[i].file ? texts[i].file : texts[i].module, texts[i].line);
    }
}

static void print_table(const struct table *table, struct symbols *symbols)
{
    int bytes = table_find_column(table, "bytes"), stack = table_find_column(table, "stack");
    for (size_t row = 0; row < table->row_count; row++) {
        printf("%llu bytes\n", (unsigned long long)table_at(table, row)[bytes].u);
        print_stack(symbols, (uint32_t)table_at(table, row)[stack].u);
    }
}

int main(int count, char **words)
{
    struct error error = {0};
    struct trace_reader *reader = count == 2 ? trace_open(words[1], &error) : NULL;
    if (!reader)
        return fprintf(stderr, "%s\n", count == 2 ? error.text : "usage: read_trace FILE"), 2;
    struct symbols *symbols = symbols_new(NULL);
    struct pipeline_options options = {.tables = (const char *const[]){"peak", NULL}, .limit = 3, .define = see, .context = symbols};
    struct pipeline *pipeline = pipeline_new(&options, trace_get_header(reader), &error);
    bool whole = pipeline_read(pipeline, reader, &error);
    struct table table;
    pipeline_answer(pipeline, 0, &table);
    print_table(&table, symbols);
    if (!whole)
        fprintf(stderr, "%s\n", error.text);
    table_done(&table);
    pipeline_free(pipeline);
    symbols_free(symbols);
    trace_close(reader);
    return whole ? 0 : 3;
}
