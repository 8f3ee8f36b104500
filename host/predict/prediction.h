/* prediction: in the requests of a trace and a target, out what the same run would ask of that target's heap, and whether it would be granted. */
#ifndef HOST_PREDICT_PREDICTION_H
#define HOST_PREDICT_PREDICTION_H

#include "host/base/str.h"
#include "host/replay/play.h"
#include "site_size.h"
#include "target_profile.h"

/* A site and what becomes of it. */
struct predicted_site {
    uint32_t stack;
    struct site_size size;
    uint64_t allocations, allocated_bytes; /* host */
    uint64_t live_host;
    struct estimate live; /* while the run is walked */
    uint64_t peak_host;   /* at the likely peak of all */
    struct estimate peak;
    VEC(uint64_t) sizes; /* distinct ones that were seen, up to SITE_SIZES_MOST */
};

enum verdict { VERDICT_NO_LIMIT, VERDICT_FITS, VERDICT_LIKELY, VERDICT_DOUBTFUL, VERDICT_FAILS, VERDICT_UNKNOWN };

/* By one of the three sizes. */
struct predicted_run {
    bool is_done;
    uint64_t taken, reach, total, refusals;
    struct play_refusal first;
};

struct prediction {
    const struct target_profile *profile;
    uint64_t arena_bytes;
    uint64_t host_peak, host_requests;
    struct estimate peak;             /* bytes asked for */
    struct estimate taken;            /* with what the allocator adds */
    uint64_t known_bytes, peak_bytes; /* host bytes at the likely peak: of sites whose type is known, of all */
    double overhead;                  /* of the taken bytes, at the likely peak */
    struct predicted_run runs[3];     /* low, likely, high */
    bool is_simulated;                /* there is a model of the allocator */
    enum verdict verdict;
    uint64_t too_large;               /* requests that size_t there cannot hold */
    VEC(struct predicted_site) sites; /* the most bytes at the peak first */
    struct str warnings;              /* sentences, each ended by a newline */
    struct error problem;             /* why the arena cannot be */
};

struct prediction_input {
    const struct requests *requests;
    uint32_t heap;
    struct stack_book *book;
    struct source_texts *texts;
    const struct data_model *host;
    const struct size_hints *hints;
    uint64_t arena_bytes; /* 0: the profile's */
    bool ignores_debug;
};

void prediction_make(struct prediction *prediction, const struct prediction_input *input, const struct target_profile *profile);
const char *verdict_word(enum verdict verdict);
void prediction_done(struct prediction *prediction);

#endif
