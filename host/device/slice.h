/* slice: in a SLICE record of a device, some words of a stack, out the stack's return addresses, by the firmware's ELF file. What a word is missing for is not known:
 * the stack ends there, cut. */
#ifndef HOST_DEVICE_SLICE_H
#define HOST_DEVICE_SLICE_H

#include "caller_walk.h"
#include "wire/device_get.h"

/* all_code: the device looked for return addresses in all of the code. False: the record makes no sense. */
bool slice_unwind(const struct caller_walk *walk, const struct ht_heard *heard, bool all_code, struct callers *callers);

#endif
