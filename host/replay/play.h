/* play: in a list of requests and a model of an allocator, out where each block would lie and what that costs: peak, overhead, fragmentation over time,
 * what is refused first and to whom.
 * Thread safety: one play belongs to one thread at a time; many may play the same list. */
#ifndef HOST_REPLAY_PLAY_H
#define HOST_REPLAY_PLAY_H

#include "guards.h"
#include "host/sim/simulator.h"
#include "requests.h"

enum { PLAY_SAMPLES = 512, PLAY_REGIONS_MOST = 16 };

/* What one heap of the trace gets. */
struct play_arena {
    struct arena_region regions[PLAY_REGIONS_MOST];
    size_t region_count;
};

struct play_sample {
    uint64_t request, time_ns; /* behind that request */
    uint64_t asked, taken, blocks;
    struct arena_use use;
    double fragmentation; /* 1 - largest / free; 0 if nothing is free */
};

struct play_refusal {
    bool is_there;
    uint64_t request, time_ns, size, align, asked; /* asked: bytes that lived then */
    uint32_t stack;
    bool is_resize;
    struct arena_use use; /* then */
};

/* Who was refused, in all. */
struct play_loser {
    uint32_t stack;
    uint64_t refusals, bytes, largest, first_request;
};

/* Neutral: for tables, checks and advice. */
struct play_result {
    uint32_t heap;             /* number among those of the requests */
    struct play_arena arena;
    uint64_t requests;
    uint64_t peak_asked, peak_taken; /* highest sums, of bytes asked for and of what these blocks take with headers and padding */
    uint64_t peak_asked_request;
    uint64_t peak_total;       /* most that the allocator managed: of one that grows what it took from the system */
    uint64_t reach;            /* behind the last byte that a block ever took, from the start of its region; of one that grows: peak_total */
    double fragmentation_worst, fragmentation_at_peak, fragmentation_end;
    uint64_t worst_request;
    uint64_t refusals, refused_bytes, resizes_refused;
    uint64_t granted;          /* that the recorded program was refused */
    uint64_t skipped;          /* frees and reallocs of blocks that were refused before */
    uint64_t moves, moved_bytes; /* reallocs that moved their block */
    struct play_refusal first;
    struct arena_use end;
    VEC(struct play_sample) samples;
    VEC(struct play_loser) losers; /* the most refused bytes first */
    uint64_t cpu_ns; /* that it took here */
};
void play_result_done(struct play_result *result);

struct play_config {
    const struct simulator *simulator;
    const char *options;       /* of the allocator; NULL: none */
    uint32_t pointer_bytes, align_bytes;
    uint64_t unit_bytes;
    struct guards guards;      /* that the program has round its blocks, of this heap too */
    bool stops_at_refusal;     /* that of a request that the recorded program was granted */
    bool is_bare;              /* no samples, only whether all is granted and `reach` */
};

struct play;
/* A heap of the list in its arena. NULL and `error` when the arena cannot be. */
struct play *play_new(const struct requests *requests, uint32_t heap, const struct play_arena *arena, const struct play_config *config, struct error *error);
/* Request `number` of the list, which is of this heap. The address of its block, 0: refused or skipped. */
uint64_t play_step(struct play *play, uint64_t number);
/* Of a block that was given; `usable` 0: not known. */
uint64_t play_address(const struct play *play, uint32_t block);
uint64_t play_usable(const struct play *play, uint32_t block);
/* Bytes of the aligned room that a system placed and in which the model chose this address; 0: all of it is the model's choice. */
uint64_t play_room(const struct play *play, uint64_t address);
const struct arena_use *play_use(struct play *play);
/* The latest sample, if more than *seen were taken; NULL: none is new. */
const struct play_sample *play_sample_new(const struct play *play, size_t *seen);
/* All of the heap's requests. False: it stopped at a refusal. */
bool play_all(struct play *play);
/* Moves what was found out; the play goes on to live until play_free. */
void play_finish(struct play *play, struct play_result *result);
void play_free(struct play *play);

/* All at once. */
bool play_run(const struct requests *requests, uint32_t heap, const struct play_arena *arena, const struct play_config *config, struct play_result *result, struct error *error);

#endif
