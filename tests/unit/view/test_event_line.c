/* event_line: every kind of event as text and as JSON, also when a damaged trace leaves out its definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <heaptracer/firmware.h>

#include "host/view/event_line.h"
#include "wire/api.h"
#include "wire/device.h"

static void assert_lines(const struct event *event, const char *text, const char *json)
{
    char *line = NULL;
    size_t count;
    FILE *out = open_memstream(&line, &count);
    event_line_text(out, event);
    event_line_json(out, event);
    fclose(out);
    char right[2048];
    snprintf(right, sizeof right, "%s\n%s\n", text, json);
    assert_string_equal(line, right);
    free(line);
}

static void what_is_known_is_named(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_ALLOC,
                          .api = HT_API_NEW,
                          .flags = EVENT_TRUNCATED,
                          .alignment_log2 = 6,
                          .process = 1,
                          .thread = 2,
                          .time_ns = 1500000000,
                          .index = 7,
                          .address = 0x7f00,
                          .size = 64,
                          .usable = 72,
                          .stack = 5};
    assert_lines(
        &event, "7 1.500000000 1/2 alloc api='operator new' address=0x7f00 size=64 usable=72 alignment=64 stack=5 truncated=yes",
        "{\"index\": 7, \"time_ns\": 1500000000, \"process\": 1, \"thread\": 2, \"kind\": \"alloc\", \"api\": \"operator new\", \"address\": \"0x7f00\", "
        "\"size\": 64, \"usable\": 72, \"alignment\": 64, \"stack\": 5, \"truncated\": true}");
    event = (struct event){.kind = EVENT_PROCESS_END, .process = 1, .flags = 1};
    assert_lines(&event, "0 0.000000000 1/0 process_end status=?",
                 "{\"index\": 0, \"time_ns\": 0, \"process\": 1, \"thread\": 0, \"kind\": \"process_end\", \"status\": \"?\"}");
    event = (struct event){.kind = EVENT_MARK, .define = "a\033[2Jb"};
    assert_lines(&event, "0 0.000000000 0/0 mark label=a?[2Jb",
                 "{\"index\": 0, \"time_ns\": 0, \"process\": 0, \"thread\": 0, \"kind\": \"mark\", \"label\": \"a\\u001b[2Jb\"}");
}

static void firmware_tells_in_words(void **state)
{
    (void)state;
    struct fault_definition fault = {HT_FAULT_OVERFLOW, HT_FOUND_FREE, HT_GUESS_TERMINATOR, 0x2000, 20, -4, 1, 3, 0, "00beba"};
    struct event event = {.kind = EVENT_FAULT, .flags = EVENT_INTERRUPT, .process = 1, .thread = 2, .address = 0x2000, .stack = 4, .define = &fault};
    assert_lines(&event,
                 "0 0.000000000 1/2 fault fault=overflow found_by=free address=0x2000 block=0x2000 block_bytes=20 first_bad=-4 bad_bytes=1 "
                 "guess='string terminator' stack=4 alloc_stack=3 around=00beba interrupt=yes",
                 "{\"index\": 0, \"time_ns\": 0, \"process\": 1, \"thread\": 2, \"kind\": \"fault\", \"fault\": \"overflow\", \"found_by\": \"free\", "
                 "\"address\": \"0x2000\", \"block\": \"0x2000\", \"block_bytes\": 20, \"first_bad\": -4, \"bad_bytes\": 1, \"guess\": \"string terminator\", "
                 "\"stack\": 4, \"alloc_stack\": 3, \"around\": \"00beba\", \"interrupt\": true}");
    struct source_definition source = {1, 45, "main.c", "setup", "leds", HT_CAP_DMA | HT_CAP_INTERNAL, HT_API_CALLOC};
    event = (struct event){.kind = EVENT_SOURCE, .define = &source};
    assert_lines(&event, "0 0.000000000 0/0 source id=1 file=main.c line=45 function=setup variable=leds caps=dma+internal api=calloc",
                 "{\"index\": 0, \"time_ns\": 0, \"process\": 0, \"thread\": 0, \"kind\": \"source\", \"id\": 1, \"file\": \"main.c\", \"line\": 45, "
                 "\"function\": \"setup\", \"variable\": \"leds\", \"caps\": \"dma+internal\", \"api\": \"calloc\"}");
}

static void no_kind_needs_its_definition(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        struct event event = {.kind = (uint8_t)kind, .api = (uint8_t)kind, .alignment_log2 = (uint8_t)kind};
        char *line = NULL;
        size_t count;
        FILE *out = open_memstream(&line, &count);
        event_line_text(out, &event);
        event_line_json(out, &event);
        fclose(out);
        assert_non_null(strstr(line, event_line_kind(kind)));
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_known_is_named), cmocka_unit_test(firmware_tells_in_words),
                                       cmocka_unit_test(no_kind_needs_its_definition)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
