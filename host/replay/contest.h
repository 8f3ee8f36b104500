/* contest: in allocators and a list of requests, out a result for each allocator and heap; they are played side by side on the computer's cores. */
#ifndef HOST_REPLAY_CONTEST_H
#define HOST_REPLAY_CONTEST_H

#include "arena_text.h"
#include "fit.h"
#include "play.h"

/* One model in one heap of the trace. */
struct replay_entry {
    struct play_config config;
    char *name;         /* what people asked for, with its options */
    uint32_t heap;
    struct play_result result;
    struct fit fit;     /* runs 0: not searched for */
    bool is_fitted;     /* nobody said how large the arena is: it is the smallest that holds all */
    bool is_open;       /* nobody said, and it asks a system for memory: as much as it wants */
    bool is_done;
    struct error error; /* why it is not */
};

struct contest {
    const struct requests *requests;
    const struct arena_wishes *wishes;
    VEC(struct replay_entry) entries;
    VEC(char *) options;       /* owned */
    struct guards guards;      /* of the recorded run; all zero: it is replayed without them */
    bool fits;                 /* search for the smallest arena of each */
    uint64_t most_fit_requests; /* for each; 0: any number */
    unsigned threads;          /* 0: as many as there are cores */
};

/* "NAME[:OPTION,...]". Of every allocator these options are known: pointer=BYTES, align=BYTES, unit=BYTES. `*options` is what config->options points to, to be freed. */
bool contest_config(const char *text, struct play_config *config, char **options, struct error *error);
/* The same, for each heap of the requests. */
bool contest_add(struct contest *contest, const char *text, struct error *error);
void contest_add_all(struct contest *contest);
void contest_run(struct contest *contest);
void contest_done(struct contest *contest);

#endif
