/* esp_idf: in ESP-IDF's own settings and heaps, out a tracer that runs. */
#include <heaptracer/port.h>

#include <esp_heap_caps.h>
#include <esp_memory_utils.h>
#include <esp_private/cache_utils.h>
#include <esp_rom_sys.h>
#include <esp_timer.h>
#include <freertos/freertos_debug.h>
#include <soc/soc.h>

#include "target/sink/sink_text.h"
#include <heaptracer/leak_tracker.h>

#include "target/os/calls/calls.h"

#include "esp_idf.h"
#include "esp_system_facts.h"

#ifndef CONFIG_HEAPTRACER_PSRAM
#define CONFIG_HEAPTRACER_PSRAM 0
#endif
#ifndef CONFIG_HEAPTRACER_OWN_TASK
#define CONFIG_HEAPTRACER_OWN_TASK 0
#endif

#if defined(SOC_EXTRAM_LOW) && !defined(SOC_EXTRAM_DATA_LOW) /* the names of newer chips */
#define SOC_EXTRAM_DATA_LOW SOC_EXTRAM_LOW
#define SOC_EXTRAM_DATA_HIGH SOC_EXTRAM_HIGH
#endif

portMUX_TYPE ht__esp_lock = portMUX_INITIALIZER_UNLOCKED;
static volatile uint32_t lost;
static uint8_t external; /* the tracer's number of PSRAM */

uint32_t ht_port_now(void)
{
    return (uint32_t)esp_timer_get_time();
}

const void *ht__call_who(void)
{
    return xPortInIsrContext() ? (const void *)(uintptr_t)(1 + xPortGetCoreID()) : xTaskGetCurrentTaskHandle();
}

const void *ht__esp_block(const void *block)
{
    bool is_alias = esp_ptr_in_diram_iram(block) && !esp_ptr_in_diram_dram(block);
    return is_alias ? (const void *)((const uintptr_t *)block)[-1] : block;
}

uint8_t ht__esp_heap(const void *block)
{
    return esp_ptr_external_ram(block) ? external : 0;
}

bool ht__esp_cache_is_on(void)
{
    return spi_flash_cache_enabled();
}

bool ht__esp_memory_is_off(void)
{
    if (!CONFIG_HEAPTRACER_PSRAM || ht__esp_cache_is_on())
        return false;
    lost++;
    return true;
}

uint32_t ht_esp_lost(void)
{
    return lost;
}

/* There is no hook for a task's birth: it is told when it first allocates. */
void ht__esp_task_meet(void)
{
    TaskHandle_t task = xPortInIsrContext() ? NULL : xTaskGetCurrentTaskHandle();
    TaskSnapshot_t limits;
    if (!task || ht_task_of(task) || !ht__esp_cache_is_on() || vTaskGetSnapshot(task, &limits) != pdTRUE)
        return;
    uint8_t *stack = (uint8_t *)xTaskGetStackStart(task);
    uint8_t number = ht_task_begin(task, pcTaskGetName(task), stack, (size_t)((uint8_t *)limits.pxEndOfStack - stack), (uint8_t)uxTaskPriorityGet(task));
    if (number)
        ht_stack_watch(number, true);
}

uint8_t ht_port_task(void)
{
    return xPortInIsrContext() ? 0 : ht_task_of(xTaskGetCurrentTaskHandle());
}

void __real_vTaskDelete(TaskHandle_t task);
void __wrap_vTaskDelete(TaskHandle_t task);

void __wrap_vTaskDelete(TaskHandle_t task)
{
    TaskHandle_t ends = task ? task : xTaskGetCurrentTaskHandle();
    uint8_t number = ht_task_of(ends);
    if (number) {
        ht_stack_check(number);
        ht_task_end(number);
    }
    ht__call_forget(ends);
    __real_vTaskDelete(task);
}

/* For the tracer's own tables PSRAM is best, where there is some that it may use. */
static uint32_t caps_for(uint32_t caps)
{
    if (caps == HT_CAPS_TRACKER)
        return CONFIG_HEAPTRACER_PSRAM ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT;
    return caps ? caps : MALLOC_CAP_DEFAULT;
}

/* HT_MALLOC and its like: the core tells them, so the hooks are silent. */
void *ht_port_malloc(size_t bytes, uint32_t caps)
{
    struct ht_call call;
    ht__call_silence(&call, NULL);
    void *block = heap_caps_malloc(bytes, caps_for(caps));
    ht__call_speak(&call);
    return block;
}

void *ht_port_realloc(void *block, size_t bytes, uint32_t caps)
{
    struct ht_call call;
    ht__call_silence(&call, NULL);
    block = heap_caps_realloc(block, bytes, caps_for(caps));
    ht__call_speak(&call);
    return block;
}

void ht_port_free(void *block)
{
    struct ht_call call;
    ht__call_silence(&call, NULL);
    heap_caps_free(block);
    ht__call_speak(&call);
}

__attribute__((weak)) void ht_port_led(enum ht_light light)
{
    (void)light;
}

void ht_port_print(char letter)
{
    esp_rom_printf("%c", letter);
}

/* IDF's linker script. What the image tool writes into stands before them, and code cannot be read by bytes on every chip. */
extern const uint8_t _flash_rodata_start[], _rodata_end[];

/* The end of the constants, for the tables of constructors in it change with the code. */
struct ht_image ht_port_image(void)
{
    size_t bytes = (size_t)(_rodata_end - _flash_rodata_start), most = 4096;
    return (struct ht_image){bytes > most ? _rodata_end - most : _flash_rodata_start, bytes < most ? bytes : most};
}

static void refused(size_t bytes, uint32_t caps, const char *function)
{
    const struct ht_call *call = ht__call_now();
    struct ht_site site = {call ? call->here : NULL, NULL, caps};
    (void)function;
    if (site.here && !call->is_silent && !ht__esp_memory_is_off())
        ht_on_refuse_from(&site, caps & MALLOC_CAP_SPIRAM ? external : 0, bytes);
}

static bool heap_use(void *context, struct ht_heap_use *use)
{
    multi_heap_info_t info;
    heap_caps_get_info(&info, (uint32_t)(uintptr_t)context);
    *use = (struct ht_heap_use){
        .used = info.total_allocated_bytes,
        .free = info.total_free_bytes,
        .largest_free = info.largest_free_block,
        .least_free = info.minimum_free_bytes,
        .blocks = (uint32_t)info.allocated_blocks,
    };
    return true;
}

static void heaps_begin(void)
{
    ht_heap_watch(0, heap_use, (void *)(uintptr_t)MALLOC_CAP_INTERNAL);
#if CONFIG_SPIRAM
    if (!heap_caps_get_total_size(MALLOC_CAP_SPIRAM))
        return;
    external = ht_heap_add("PSRAM", (const void *)SOC_EXTRAM_DATA_LOW, SOC_EXTRAM_DATA_HIGH - SOC_EXTRAM_DATA_LOW, HT_MEMORY_EXTERNAL);
    ht_heap_watch(external, heap_use, (void *)(uintptr_t)MALLOC_CAP_SPIRAM);
#endif
}

void ht_esp_pump(void *unused)
{
    (void)unused;
    for (;;) {
        while (ht_pump() > 0)
            taskYIELD();
        vTaskDelay(1);
    }
}

/* Lines among the log's, which `idf.py monitor` shows and `heaptracer decode` reads. */
static void console_print(void *context, const char *letters, size_t count)
{
    (void)context;
    esp_rom_printf("%.*s", (int)count, letters);
}

int ht_esp_start(const struct ht_config *config)
{
    static struct ht_text console = {.print = console_print};
    struct ht_config all = config ? *config : (struct ht_config){0};
    if (!all.memory) {
        all.memory_bytes = CONFIG_HEAPTRACER_MEMORY_BYTES;
        all.memory = heap_caps_malloc(all.memory_bytes, CONFIG_HEAPTRACER_PSRAM ? MALLOC_CAP_SPIRAM : MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
    }
    if (!all.memory)
        return HT_TOO_SMALL;
    if (!all.sink)
        all.sink = ht_text_begin(&console);
    ht__walk_stack = (struct ht_walk_stack){SOC_DRAM_LOW, SOC_DRAM_HIGH};
    heaps_begin();
    heap_caps_register_failed_alloc_callback(refused);
    int result = ht_start(&all);
    if (!result && CONFIG_HEAPTRACER_OWN_TASK)
        xTaskCreate(ht_esp_pump, "heaptracer", 3072, NULL, tskIDLE_PRIORITY + 1, NULL);
    return result;
}
