/* esp_calls: in calls of ESP-IDF's heap on their way, out who made them: the hooks that the heap calls deep inside learn it here. In IRAM.
 *
 * A call is known by its task, or in an interrupt by its core. */
#ifndef TARGET_OS_ESP_IDF_ESP_CALLS_H
#define TARGET_OS_ESP_IDF_ESP_CALLS_H

#include <heaptracer/heaptracer.h>

struct ht_esp_call {
    struct ht_esp_call *next, *outer;
    const void *who;
    const void *here; /* HT_HERE of the outermost hook */
    bool was_silent;
    bool is_silent;   /* what the heap's hooks say is part of a call that is told as a whole */
};

/* `call` is on the caller's stack. Within another call of the same task nothing is begun, and false is answered. */
bool ht__esp_call_begin(struct ht_esp_call *call, const void *here, bool is_silent);
void ht__esp_call_end(struct ht_esp_call *call);
/* From here to `speak` the hooks of this task say nothing, for the call is told as a whole; or not at all, if `was_silent` is set. */
void ht__esp_call_silence(struct ht_esp_call *call, const void *here);
void ht__esp_call_speak(struct ht_esp_call *call);
/* Of the task that runs; NULL: none. */
struct ht_esp_call *ht__esp_call_now(void);
/* The records are in PSRAM, which is off: the event is lost, and counted (ht_esp_lost). */
bool ht__esp_memory_is_off(void);

#endif
