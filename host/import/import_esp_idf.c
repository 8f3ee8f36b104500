/* import_esp_idf: in a text that has what ESP-IDF's heap_trace_dump() printed (a log of a serial port), out its records. Addresses are the true ones; when a
 * block was freed is not known but for that it was before its address was given out again. */
#include "import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <heaptracer/heaptracer.h>

enum { CALLERS_MOST = 64 };
enum esp_heap { ESP_NOT_KNOWN, ESP_INTERNAL, ESP_EXTERNAL };

struct record {
    uint64_t size, address;
    uint32_t heap;
    bool is_freed;
};

struct esp_idf {
    struct import *import;
    struct error *error;
    struct map places; /* of an address: the place of its last record in `records` + 1 */
    VEC(struct record) records;
    uint32_t module;
    uint64_t told_bytes, told_count, leaked_bytes, leaked_count; /* told: by the dump's own last lines */
    bool has_told;
};

static bool wrong(const struct esp_idf *esp, const char *what)
{
    return lines_wrong(esp->import->lines, esp->error, "%s", what);
}

static bool trace_begin(struct esp_idf *esp)
{
    struct builder_start start = {.tool = "ESP-IDF heap_trace",
                                  .source = lines_name(esp->import->lines),
                                  .command = esp->import->elf,
                                  .about = "imported from ESP-IDF's heap_trace_dump(): times and threads are not known, and of blocks that were freed not when",
                                  .pointer_bytes = 4};
    if (!builder_begin(&esp->import->builder, &start, esp->error))
        return false;
    builder_heap(&esp->import->builder, ESP_INTERNAL, HT_MEMORY_INTERNAL, "internal RAM");
    builder_heap(&esp->import->builder, ESP_EXTERNAL, HT_MEMORY_EXTERNAL, "PSRAM");
    if (esp->import->elf)
        esp->module = builder_module(&esp->import->builder, esp->import->elf, 0, UINT32_MAX, 0);
    return true;
}

/* "0x400d1ad6:0x400d2b12", innermost first, at *text, which moves behind them. */
static bool callers_take(struct esp_idf *esp, const char *text, uint32_t *stack)
{
    uint64_t callers[CALLERS_MOST];
    size_t count = 0;
    char *end;
    for (; !strncmp(text, "0x", 2) && count < CALLERS_MOST; text = end + (*end == ':')) {
        callers[count] = strtoull(text, &end, 16);
        if (end == text)
            break;
        count += callers[count] != 0;
    }
    for (*stack = 0; count > 0; count--) {
        *stack = builder_frame(&esp->import->builder, *stack, &(struct builder_place){.offset = callers[count - 1], .module = esp->module});
        if (!*stack)
            return wrong(esp, "too many frames");
    }
    return true;
}

static void record_end(struct esp_idf *esp, struct record *record)
{
    builder_put(&esp->import->builder, (struct event){.kind = EVENT_FREE, .address = record->address, .heap = record->heap});
    record->address = 0;
}

static bool number_behind(const char *line, const char *word, int base, uint64_t *number)
{
    const char *found = strstr(line, word);
    char *end;
    if (!found)
        return false;
    found += strlen(word);
    *number = strtoull(found, &end, base);
    return end != found;
}

/* The number that stands before `found`, which is in `line`. */
static bool number_before(const char *line, const char *found, uint64_t *number)
{
    const char *from = found;
    while (from > line && from[-1] >= '0' && from[-1] <= '9')
        from--;
    *number = strtoull(from, NULL, 10);
    return from != found;
}

/* "    36 bytes (@ 0x3ffb0c7c, Internal) allocated CPU 0 ccount 0x13c8c6c4 caller 0x400d1ad6:0x400d1af0" */
static bool record_take(struct esp_idf *esp, const char *line, const char *found)
{
    struct record record = {0};
    uint32_t stack;
    bool is_new;
    const char *callers = strstr(found, " caller ");
    if (!number_before(line, found, &record.size) || !number_behind(found, "(@ ", 16, &record.address) || !callers)
        return wrong(esp, "a record without size, address or caller: the log lost some of it");
    if (record.size > UINT32_MAX || !record.address || record.address > UINT32_MAX)
        return wrong(esp, "a record with a size or address that no such chip has");
    if (esp->records.count >= BUILDER_LIVE_MOST)
        return wrong(esp, "too many records");
    record.heap = strstr(found, ", Internal)") ? ESP_INTERNAL : strstr(found, "RAM)") ? ESP_EXTERNAL : ESP_NOT_KNOWN;
    if (!callers_take(esp, callers + strlen(" caller "), &stack))
        return false;
    uint64_t *place = map_put(&esp->places, record.address, &is_new);
    if (*place && esp->records.at[*place - 1].address) {
        esp->leaked_bytes -= esp->records.at[*place - 1].is_freed ? 0 : esp->records.at[*place - 1].size;
        esp->leaked_count -= !esp->records.at[*place - 1].is_freed;
        record_end(esp, esp->records.at + *place - 1);
    }
    vec_push(&esp->records, record);
    *place = esp->records.count;
    esp->leaked_bytes += record.size;
    esp->leaked_count++;
    builder_put(&esp->import->builder, (struct event){.kind = EVENT_ALLOC, .address = record.address, .size = record.size, .stack = stack, .heap = record.heap});
    return true;
}

static bool freed_take(struct esp_idf *esp)
{
    struct record *record = esp->records.count ? esp->records.at + esp->records.count - 1 : NULL;
    if (!record || record->is_freed)
        return wrong(esp, "'freed by' without a record before it");
    record->is_freed = true;
    esp->leaked_bytes -= record->size;
    esp->leaked_count--;
    return true;
}

/* "1234 bytes 'leaked' in trace (12 allocations)", "1234 bytes alive in trace (12/40 allocations)" */
static void sum_take(struct esp_idf *esp, const char *line, const char *found)
{
    esp->has_told = number_before(line, found, &esp->told_bytes) && number_behind(found, "in trace (", 10, &esp->told_count);
}

static bool line_take(struct esp_idf *esp, const char *line)
{
    const char *found;
    if ((found = strstr(line, " bytes (@ ")))
        return (esp->import->builder.has_begun || trace_begin(esp)) && record_take(esp, line, found);
    if (strstr(line, "freed by 0x"))
        return freed_take(esp);
    if ((found = strstr(line, " bytes 'leaked' in trace")) || (found = strstr(line, " bytes alive in trace")))
        sum_take(esp, line, found);
    else if (strstr(line, "Buffer has overflowed") || strstr(line, "buffer overflowed"))
        str_add(&esp->import->note, "the dump says that its buffer overflowed: records are missing\n");
    return true;
}

static void sums_compare(struct esp_idf *esp)
{
    if (!esp->has_told)
        str_add(&esp->import->note, "the dump's last lines are missing: it may be cut\n");
    else if (esp->told_bytes != esp->leaked_bytes || esp->told_count != esp->leaked_count)
        str_add_format(&esp->import->note, "the dump says that %" PRIu64 " bytes in %" PRIu64 " blocks live, but its records have %" PRIu64 " in %" PRIu64 "\n",
                       esp->told_bytes, esp->told_count, esp->leaked_bytes, esp->leaked_count);
}

static bool esp_idf_read(struct import *import, struct error *error)
{
    struct esp_idf esp = {.import = import, .error = error};
    bool is_good = true;
    for (char *line; is_good && (line = lines_next(import->lines, error));)
        is_good = line_take(&esp, line);
    is_good = is_good && !error->kind && (import->builder.has_begun || wrong(&esp, "there is no record of heap_trace_dump() in it"));
    for (size_t i = 0; i < esp.records.count; i++)
        if (esp.records.at[i].is_freed && esp.records.at[i].address)
            record_end(&esp, esp.records.at + i);
    if (is_good)
        sums_compare(&esp);
    if (is_good && !import->elf)
        str_add(&import->note, "addresses are not named: say which firmware it was with --elf FILE\n");
    map_done(&esp.places);
    vec_done(&esp.records);
    return is_good;
}

/* A log may have anything in front: the dump's own head line must be in the first bytes, or a record. */
static bool esp_idf_detects(const char *head)
{
    return strstr(head, "====== Heap Trace: ") || strstr(head, " allocations trace (") || (strstr(head, " bytes (@ 0x") && strstr(head, " ccount 0x"));
}

const struct import_format import_esp_idf = {
    .name = "esp_idf",
    .about = "what ESP-IDF's heap_trace_dump() prints, also inside a log",
    .detects = esp_idf_detects,
    .read = esp_idf_read,
};
