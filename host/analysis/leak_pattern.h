/* leak_pattern: in what is known of the blocks of one stack and class, out what kind of leak they are, how sure that is, and by which evidence. Each rule has a
 * confidence of its own; together they are sure by 1 - (1 - class) (1 - rule) (1 - rule) ... */
#ifndef HOST_ANALYSIS_LEAK_PATTERN_H
#define HOST_ANALYSIS_LEAK_PATTERN_H

#include <heaptracer/model.h>

#include "host/base/str.h"
#include "leak_story.h"

/* What several looks at a process found of one stack and class, in order of time. */
enum { PATTERN_LOOKS = 16 };
struct leak_looks {
    double bytes[PATTERN_LOOKS]; /* of the latest looks; 0 where it was not found */
    unsigned count;
    unsigned seen; /* the last look and those right before it that found it */
};

struct leak_evidence {
    enum block_class class;
    uint32_t cycle;
    const struct leak_story *story; /* NULL: nothing is known */
    const double *course;           /* live bytes at equal distances, up to the end */
    size_t course_count;
    unsigned windows_active, windows_left;
    struct leak_looks looks;
};

struct leak_pattern {
    const char *name; /* of the rule that says most; "": none */
    double confidence; /* above 0.8: a leak; above 0.5: worth watching */
};

/* `said` (may be NULL) gets the evidence of the rules that hold, parted by "; ". */
struct leak_pattern leak_pattern_find(const struct leak_evidence *evidence, struct str *said);

#endif
