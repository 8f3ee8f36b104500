/* leak_pattern: reachability tells most; age, growth and whose blocks they are add to what it leaves open. */
#include "leak_pattern.h"

enum { FEW = 8 };
static const double STEADY = 0.75;

double leak_pattern_steadiness(const struct survivors *survivors)
{
    int first = 0, filled = 0;
    while (first < PATTERN_SLOTS && !survivors->births[first])
        first++;
    for (int i = first; i < PATTERN_SLOTS; i++)
        filled += survivors->births[i] != 0;
    bool is_late = first > PATTERN_SLOTS / 2;
    return survivors->count < FEW || is_late ? 0 : (double)filled / (PATTERN_SLOTS - first);
}

static bool is_orphaned(const struct survivors *survivors)
{
    return survivors && survivors->count && survivors->ended_threads == survivors->count;
}

static struct leak_pattern find_lost(const struct leak_evidence *evidence, bool grows)
{
    const char *name = evidence->cycle ? "circular reference" : is_orphaned(evidence->survivors) ? "thread leak" : grows ? "growing" : "orphaned";
    if (evidence->class == CLASS_INDIRECT)
        return (struct leak_pattern){evidence->cycle ? "circular reference" : "goes with its owner", 0.85};
    return (struct leak_pattern){name, grows ? 0.99 : 0.95};
}

struct leak_pattern leak_pattern_find(const struct leak_evidence *evidence)
{
    bool grows = evidence->survivors && leak_pattern_steadiness(evidence->survivors) >= STEADY;
    bool orphaned = is_orphaned(evidence->survivors);
    if (evidence->class == CLASS_DIRECT || evidence->class == CLASS_INDIRECT)
        return find_lost(evidence, grows);
    double confidence = (evidence->class == CLASS_POSSIBLE ? 0.4 : 0.1) + (grows ? 0.45 : 0) + (orphaned ? 0.15 : 0) + (evidence->has_outlived ? 0.3 : 0);
    const char *name = grows ? "growing" : evidence->has_outlived ? "outlived its mark" : orphaned ? "thread leak" : "";
    return (struct leak_pattern){name, confidence < 0.95 ? confidence : 0.95};
}
