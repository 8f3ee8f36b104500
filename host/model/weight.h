/* weight: in a sampled block's size and the mean sampling distance, out how sure a sum of such blocks is. */
#ifndef HOST_MODEL_WEIGHT_H
#define HOST_MODEL_WEIGHT_H

#include <heaptracer/model.h>

void weight_spread_add(struct spread *spread, uint64_t size, uint64_t sample_bytes);
void weight_spread_remove(struct spread *spread, uint64_t size, uint64_t sample_bytes);

#endif
