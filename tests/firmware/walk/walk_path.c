/* walk_path: a firmware that calls itself through functions of all frame shapes; each notes the return address that it was called with, and at the bottom a
 * hook's walk must tell the same; and so must a stack that is known again without a walk. Says how many walks there were, how many were cut, how many stacks were
 * known again, and each that was wrong; its status is their number. */
#include <heaptracer/here.h>

#include "walk_board.h"

enum { DEPTH_MOST = 24, HERE_MOST = 32, AGAIN_MOST = 4 };

static ht_pc truth[DEPTH_MOST + 8];
static unsigned depth, walks, cuts, frames_told, wrong, agains, not_again;
static uint32_t seed = 1;
static volatile unsigned sink;
static unsigned bottom; /* of truth: where the stack that runs begins */

static unsigned random_below(unsigned most)
{
    seed = seed * 1664525u + 1013904223u;
    return (unsigned)((seed >> 16) * most >> 16);
}

#define ENTER() (truth[depth++] = BOARD_RETURN_ADDRESS())
#define LEAVE() (depth--)

static unsigned descend(unsigned left);

#ifdef BOARD_TELL
/* The host finds out whether it is true. */
static __attribute__((noinline)) void tracer_inner(const void *here)
{
    BOARD_TELL(here, truth + bottom, depth - bottom);
    walks++;
}
#else
static void __attribute__((noinline)) say_walk(const ht_pc *frames, unsigned count)
{
    board_text("wrong:");
    for (unsigned i = 0; i < count; i++)
        board_number(frames[i]), board_text(frames[i] == truth[depth - 1 - i] ? "=" : "!"), board_number(truth[depth - 1 - i]);
    board_text("\n");
}

/* What was told must be true, to the last frame; beyond main there is only what started it. */
static void check(const ht_pc *frames, unsigned told, unsigned most)
{
    unsigned count = told & (HT_WALK_CUT - 1), same = 0, deep = depth - bottom;
    while (same < count && same < deep && frames[same] == truth[depth - 1 - same])
        same++;
    bool good = count && count <= most && (same == count || (same == deep && !bottom && count <= deep + 2)) && (told & HT_WALK_CUT || same == deep);
    walks++;
    frames_told += count;
    if (told & HT_WALK_CUT && same < deep && same < most)
        cuts++;
    if (!good) {
        wrong++;
        if (wrong < 6)
            say_walk(frames, count < deep ? count : deep);
    }
}

static struct {
    ht_pc frames[AGAIN_MOST];
    uint8_t offsets[AGAIN_MOST];
    unsigned told; /* 0: nothing */
} known[BOARD_AGAIN];

static void check_again(const void *here)
{
    ht_pc frames[AGAIN_MOST];
    unsigned key = again_key(here) % BOARD_AGAIN, told = BOARD_WALK(here, frames, AGAIN_MOST), was = known[key].told;
    bool is_same = was == told && !__builtin_memcmp(known[key].frames, frames, (told & (HT_WALK_CUT - 1)) * sizeof *frames);
    bool is_again = was && again_is(here, known[key].frames, was, known[key].offsets);
    if (is_again)
        check(known[key].frames, was, AGAIN_MOST);
    agains += is_again;
    not_again += is_same && !is_again;
    __builtin_memcpy(known[key].frames, frames, sizeof frames);
    known[key].told = again_learn(frames, told, known[key].offsets) ? told : 0;
}

static __attribute__((noinline)) void tracer_inner(const void *here)
{
    ht_pc frames[HERE_MOST];
    check_again(here);
    unsigned most = random_below(4) ? HERE_MOST : 1 + random_below(HERE_MOST);
    check(frames, BOARD_WALK(here, frames, most), most);
}
#endif

static __attribute__((noinline)) void tracer(const void *here)
{
    volatile unsigned keep = walks;
    tracer_inner(here);
    sink = keep;
}

HT_HOOK void hook(unsigned bytes)
{
    ENTER();
    tracer(HT_HERE);
    sink = bytes;
    LEAVE();
}

#define SHAPE __attribute__((noinline)) unsigned
static SHAPE shape_plain(unsigned left)
{
    ENTER();
    unsigned result = descend(left) + 1;
    LEAVE();
    return result;
}

static SHAPE shape_array(unsigned left)
{
    volatile unsigned char bytes[90];
    ENTER();
    bytes[left] = 1;
    unsigned result = descend(left) + bytes[left];
    LEAVE();
    return result;
}

static SHAPE shape_large(unsigned left)
{
    volatile unsigned words[BOARD_LARGE_WORDS];
    ENTER();
    words[left] = left;
    unsigned result = descend(left) + words[left];
    LEAVE();
    return result;
}

static SHAPE shape_changing(unsigned left)
{
    ENTER();
    volatile unsigned char bytes[8 + random_below(40)];
    bytes[0] = (unsigned char)left;
    unsigned result = descend(left) + bytes[0];
    LEAVE();
    return result;
}

static SHAPE shape_registers(unsigned left)
{
    ENTER();
    unsigned a = sink, b = sink, c = sink, d = sink, e = sink, f = sink, g = sink, h = sink;
    unsigned result = descend(left);
    sink = a, sink = b, sink = c, sink = d, sink = e, sink = f, sink = g, sink = h;
    LEAVE();
    return result + a + b + c;
}

static SHAPE shape_arguments(unsigned left, unsigned b, unsigned c, unsigned d, unsigned long e, unsigned long f, unsigned long g, unsigned long h, unsigned i)
{
    ENTER();
    unsigned result = descend(left) + b + c + d + (unsigned)(e + f + g + h) + i;
    LEAVE();
    return result;
}

static SHAPE shape_variadic(unsigned left, ...)
{
    __builtin_va_list list;
    ENTER();
    __builtin_va_start(list, left);
    unsigned result = descend(left) + __builtin_va_arg(list, unsigned);
    __builtin_va_end(list);
    LEAVE();
    return result;
}

static SHAPE shape_float(unsigned left, BOARD_REAL value)
{
    ENTER();
    BOARD_REAL kept = value + (BOARD_REAL)sink;
    unsigned result = descend(left);
    sink = (unsigned)(kept + (BOARD_REAL)result > 0);
    LEAVE();
    return result;
}

/* Where the compiler makes its call a jump it has no frame. */
static SHAPE shape_tail(unsigned left)
{
#if !BOARD_TAIL_JUMPS
    ENTER();
#endif
    unsigned result = descend(left);
#if !BOARD_TAIL_JUMPS
    LEAVE();
#endif
    return result;
}

static unsigned (*volatile pointer)(unsigned) = shape_plain;

/* Always inlined: what its callers call is in their own frames. */
static inline __attribute__((always_inline)) unsigned descend_inline(unsigned left)
{
    switch (random_below(9)) {
    case 0: return shape_plain(left) + 1;
    case 1: return shape_array(left) + 1;
    case 2: return shape_large(left) + 1;
    case 3: return BOARD_ALLOCA ? shape_changing(left) + 1 : shape_plain(left);
    case 4: return shape_registers(left) + 1;
    case 5: return shape_arguments(left, 1, 2, 3, 4, 5, 6, 7, 8) + 1;
    case 6: return shape_variadic(left, 7u, 8u, 9u) + 1;
    case 7: return shape_float(left, 3) + 1;
    default: return random_below(2) ? shape_tail(left) : pointer(left) + 1;
    }
}

static __attribute__((noinline)) unsigned descend(unsigned left)
{
    ENTER();
    unsigned result = 0;
    if (!left || depth >= DEPTH_MOST)
        hook(left);
    else
        result = descend_inline(left - 1);
    LEAVE();
    return result + 1;
}

#ifdef BOARD_HANDLER
/* A handler's stack ends with it, and is whole. */
void BOARD_HANDLER(void);
void BOARD_HANDLER(void)
{
    unsigned before = bottom, cuts_before = cuts;
    bottom = depth;
    sink = descend(random_below(6));
    bottom = before;
    wrong += cuts != cuts_before;
}
#endif

int main(void)
{
    board_begin();
    ENTER();
#ifdef BOARD_HANDLER
    for (unsigned round = 0; round < 50; round++)
        __asm__ volatile("svc 0");
#endif
    for (unsigned round = 0; round < BOARD_ROUNDS; round++)
        sink = descend(random_below(BOARD_DEPTH));
    board_text("walks ");
    board_number(walks);
    board_text(" cut ");
    board_number(cuts);
    board_text(" frames ");
    board_number(frames_told);
    board_text(" again ");
    board_number(agains);
    board_text(" not ");
    board_number(not_again);
    board_text(wrong || (BOARD_CONSTANT_FRAMES && !agains) || not_again > agains ? " !" : " ");
    board_text("wrong ");
    board_number(wrong);
    board_text("\n");
    board_end(wrong ? 1 : 0);
    return 0;
}
