/* tracked: TRACKED_MALLOC and TRACKED_FREE, by the names that an older tool gave them. They are on where HEAP_TRACKER_ENABLED is defined, else the plain calls. */
#ifndef HEAPTRACER_TRACKED_H
#define HEAPTRACER_TRACKED_H

#if defined(HEAP_TRACKER_ENABLED) && (!defined(HT_ENABLED) || HT_ENABLED)
#include "heaptracer.h"
#define TRACKED_MALLOC(size) HT_MALLOC(not given, size)
#define TRACKED_FREE(ptr) HT_FREE(ptr)
#else
#define TRACKED_MALLOC(size) malloc(size)
#define TRACKED_FREE(ptr) free(ptr)
#endif

#endif
