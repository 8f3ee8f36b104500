/* weight: in a sampled block's size and the mean sampling distance R, out what the sample stands for: 1 / p blocks with p = 1 - exp(-size / R). */
#ifndef HOST_MODEL_WEIGHT_H
#define HOST_MODEL_WEIGHT_H

#include <heaptracer/model.h>

double weight_probability(uint64_t size, uint64_t sample_bytes);
struct tally weight_tally(uint64_t size, uint64_t sample_bytes);
void weight_spread_add(struct spread *spread, uint64_t size, uint64_t sample_bytes);
void weight_spread_remove(struct spread *spread, uint64_t size, uint64_t sample_bytes);

#endif
