/* sink_semihosting: in frames, out a file of the machine that debugs or emulates (Cortex-M, RISC-V). Each write stops the processor for the debugger. */
#ifndef TARGET_SINK_SEMIHOSTING_H
#define TARGET_SINK_SEMIHOSTING_H

#include <heaptracer/heaptracer.h>

struct ht_semihosting {
    intptr_t file;
    struct ht_sink sink;
};
/* NULL: the file cannot be made. Without a debugger the processor faults here. */
const struct ht_sink *ht_semihosting_begin(struct ht_semihosting *semihosting, const char *path);

#endif
