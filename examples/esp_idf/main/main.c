/* main: a task that forgets every tenth reading. The stream leaves in lines of text among the log: idf.py monitor | tee log.txt, then
 * heaptracer decode log.txt --elf build/heaptracer_example.elf */
#include <stdlib.h>

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

#include "target/os/esp_idf/esp_idf.h"

void app_main(void)
{
    ht_esp_start(NULL);
    for (unsigned round = 0;; round++) {
        void *reading = malloc(64);
        vTaskDelay(pdMS_TO_TICKS(10));
        if (round % 10)
            free(reading);
    }
}
