/* told_log: the core's calls, only written down. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "told_log.h"

static char text[4096], taken[4096];
static const void *names[26];
static const void *tasks[8];
struct ht_walk_stack ht__walk_stack;

void log_name(const void *address, char letter)
{
    names[letter - 'A'] = address;
}

static char name_of(const void *address)
{
    for (unsigned at = 0; at < 26; at++) {
        if (address && names[at] == address)
            return (char)('A' + at);
    }
    return '?';
}

void log_say(const char *format, ...)
{
    va_list words;
    va_start(words, format);
    size_t used = strlen(text);
    vsnprintf(text + used, sizeof text - used, format, words);
    va_end(words);
}

const char *log_take(void)
{
    memcpy(taken, text, sizeof taken);
    text[0] = 0;
    return taken;
}

void ht_on_alloc_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes, size_t taken_bytes)
{
    log_say("alloc %c %u of %u%s%s\n", name_of(block), (unsigned)bytes, heap, site->here ? "" : " nowhere", taken_bytes ? " taken" : "");
}

void ht_on_free_from(const struct ht_site *site, ht_heap_id heap, const void *block)
{
    log_say("free %c of %u%s\n", name_of(block), heap, site->here ? "" : " nowhere");
}

void ht_on_resize_from(const struct ht_site *site, ht_heap_id heap, const void *from, const void *to, size_t bytes, size_t taken_bytes)
{
    (void)taken_bytes;
    log_say("resize %c %c %u of %u%s\n", name_of(from), name_of(to), (unsigned)bytes, heap, site->here ? "" : " nowhere");
}

void ht_on_resize_failed_from(const struct ht_site *site, ht_heap_id heap, const void *block, size_t bytes)
{
    log_say("failed %c %u of %u%s\n", name_of(block), (unsigned)bytes, heap, site->here ? "" : " nowhere");
}

void ht_on_refuse_from(const struct ht_site *site, ht_heap_id heap, size_t bytes)
{
    log_say("refuse %u of %u%s\n", (unsigned)bytes, heap, site->here ? "" : " nowhere");
}

void *ht_malloc_from(const struct ht_site *site, size_t bytes)
{
    log_say("malloc %u%s\n", (unsigned)bytes, site->here ? "" : " nowhere");
    return ht_port_malloc(bytes, 0);
}

void *ht_calloc_from(const struct ht_site *site, size_t count, size_t bytes)
{
    return ht_malloc_from(site, count * bytes);
}

void ht_free_from(const struct ht_site *site, void *block)
{
    log_say("ht_free %c%s\n", name_of(block), site->here ? "" : " nowhere");
    ht_port_free(block);
}

uint8_t ht_task_begin(const void *handle, const char *name, void *stack, size_t bytes, uint8_t priority)
{
    (void)stack;
    for (uint8_t number = 1; number < 8; number++) {
        if (tasks[number])
            continue;
        tasks[number] = handle;
        log_say("task %u %s %u %u\n", number, name, (unsigned)bytes, priority);
        return number;
    }
    return 0;
}

void ht_task_end(uint8_t task)
{
    log_say("end %u\n", task);
    tasks[task] = NULL;
}

uint8_t ht_task_of(const void *handle)
{
    for (uint8_t number = 1; number < 8; number++) {
        if (tasks[number] == handle)
            return number;
    }
    return 0;
}

void ht_stack_watch(uint8_t task, bool painted)
{
    (void)task, (void)painted;
}

void ht_stack_main(void *stack, size_t bytes)
{
    (void)stack, (void)bytes;
}

size_t ht_stack_check(uint8_t task)
{
    log_say("stack %u\n", task);
    return 0;
}

void ht_stack_at(uint8_t task, const void *stack_pointer)
{
    (void)stack_pointer;
    log_say("out %u\n", task);
}

ht_heap_id ht_heap_add(const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    static uint8_t heaps;
    (void)base, (void)kind;
    log_say("heap %u %s %u\n", ++heaps, name, (unsigned)bytes);
    return heaps;
}

void ht_heap_main(const char *name, const void *base, size_t bytes, enum ht_memory kind)
{
    (void)base, (void)kind;
    log_say("heap 0 %s %u\n", name, (unsigned)bytes);
}

void ht_heap_watch(ht_heap_id heap, bool (*use)(void *context, struct ht_heap_use *use), void *context)
{
    struct ht_heap_use now = {0};
    if (use(context, &now))
        log_say("use of %u: %u %u %u\n", heap, (unsigned)now.used, (unsigned)now.free, (unsigned)now.largest_free);
}

int ht_start(const struct ht_config *config)
{
    log_say("start %u%s\n", (unsigned)config->memory_bytes, config->sink ? "" : " no sink");
    return 0;
}

int ht_pump(void)
{
    return 0;
}

unsigned ht__walk_caller(const void *here, ht_pc *frames, unsigned most)
{
    (void)here, (void)frames;
    return most;
}
