/* FreeRTOS: a kernel of V11 as its config and portable layers leave it: the heap's calls, its statistics, the tick, the mask of interrupts. */
#ifndef STUB_FREERTOS_FREERTOS_H
#define STUB_FREERTOS_FREERTOS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t xAvailableHeapSpaceInBytes, xSizeOfLargestFreeBlockInBytes, xSizeOfSmallestFreeBlockInBytes, xNumberOfFreeBlocks, xMinimumEverFreeBytesRemaining,
        xNumberOfSuccessfulAllocations, xNumberOfSuccessfulFrees;
} HeapStats_t;
#define configTOTAL_HEAP_SIZE 1000
#define configTICK_RATE_HZ 1000
#define configRECORD_STACK_HIGH_ADDRESS 1
void *pvPortMalloc(size_t bytes);
void vPortFree(void *block);
void vPortGetHeapStats(HeapStats_t *stats);

#endif
