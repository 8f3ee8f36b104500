/* leak_scan: in the table of live blocks, and the memory in which the program keeps its pointers, out which blocks nothing leads to any more.
 *
 * Words that may be pointers are looked up in the table, in slices and without recursion: a block that is found is marked, and looked at in a later sweep over the table.
 * The program goes on between two slices and may move a pointer to where the scan has been: a block that two such scans did not find is only perhaps lost. A scan that
 * runs at once is certain, and what is lost stays so. A word that only looks like a pointer, and one in a dead part of a stack, keeps a block. */
#include "live_table.h"
#include "leak_scan.h"

#if HT_WITH_ROOTS

#if !HT_WITH_TABLE
#error "HT_WITH_ROOTS needs the table of live blocks: HT_WITH_TABLE"
#endif

enum { SEEN = 1, DONE = 2, MISSED = 4, MAYBE = 8, LOST = 16, KEPT = MISSED | MAYBE | LOST };
enum { SURE = 2 };
enum phase { BEGIN, ROOTS, STACKS, BLOCKS, SETTLE };
#ifdef __AVR__
enum { STEP = 1 }; /* a pointer may stand anywhere */
#else
enum { STEP = sizeof(uintptr_t) };
#endif

static struct leak_scan {
    uintptr_t at, end;    /* memory that is being looked at */
    uintptr_t low, high;  /* where blocks are */
    uint32_t born;        /* the youngest block when the scan began; the state of younger ones is not known */
    uint16_t cell;
    uint8_t phase, root;
    uint8_t scans;        /* that ended since the start; SURE: enough to tell */
    bool again;           /* a block was marked whose cell the sweep has passed */
} scan;
static struct root {
    uintptr_t base;
    size_t bytes;
} roots[HT_ROOTS];
static uint8_t root_count;
static uint8_t *marks; /* one for each cell of the table */

void ht__leak_open(uint8_t *bytes)
{
    scan = (struct leak_scan){0};
    marks = bytes;
    for (uint16_t i = 0; i < ht__core.live.count; i++)
        marks[i] = 0;
}

bool ht_root_add(const void *base, size_t bytes)
{
    ht_lock before = ht_port_lock();
    bool room = root_count < HT_ROOTS && bytes <= UINTPTR_MAX - (uintptr_t)base;
    if (room)
        roots[root_count++] = (struct root){(uintptr_t)base, bytes};
    ht_port_unlock(before);
    return room;
}

static bool is_known(uint16_t cell)
{
    return ht__core.live.cells[cell].address && (int32_t)(ht__core.live.cells[cell].id - scan.born) <= 0;
}

static void mark(uint16_t cell)
{
    scan.again |= !(marks[cell] & SEEN) && cell < scan.cell;
    marks[cell] |= SEEN;
}

/* Under the lock, for one block. True: the word leads into it. */
static bool mark_inside(uint16_t cell, uintptr_t word)
{
    ht_lock before = ht_port_lock();
    const struct ht_live *block = &ht__core.live.cells[cell];
    bool inside = block->address && word - block->address < block->size;
    if (inside)
        mark(cell);
    ht_port_unlock(before);
    return inside;
}

/* Most words that lead to a block lead to its start. */
static void word_take(uintptr_t word)
{
    if (word - scan.low >= scan.high - scan.low)
        return;
    ht_lock before = ht_port_lock();
    const struct ht_live *block = ht__live_find(word);
    if (block)
        mark((uint16_t)(block - ht__core.live.cells));
    ht_port_unlock(before);
    for (uint16_t cell = 0; !block && cell < ht__core.live.count; cell++)
        if (mark_inside(cell, word))
            return;
}

/* The tracer's own memory has the addresses of all blocks. */
static uintptr_t own_end(uintptr_t at)
{
    const struct ht_live_table *live = &ht__core.live;
    if (at - (uintptr_t)live->cells < live->count * sizeof *live->cells)
        return (uintptr_t)(live->cells + live->count);
    if (at - (uintptr_t)&ht__core < sizeof ht__core)
        return (uintptr_t)(&ht__core + 1);
    return at - (uintptr_t)&scan < sizeof scan ? (uintptr_t)(&scan + 1) : 0;
}

/* At most so many words; how many are left of them. */
static unsigned memory_look(unsigned most)
{
    while (most && scan.end - scan.at >= sizeof(uintptr_t) && scan.at < scan.end) {
        uintptr_t word, own = own_end(scan.at);
        if (own) {
            scan.at = (own + STEP - 1) / STEP * STEP;
            continue;
        }
        __builtin_memcpy(&word, (const void *)scan.at, sizeof word);
        scan.at += STEP;
        most--;
        word_take(word);
    }
    return most;
}

static void memory_set(uintptr_t base, size_t bytes)
{
    scan.at = (base + STEP - 1) / STEP * STEP;
    scan.end = base + bytes;
}

static void begin(void)
{
    scan.low = UINTPTR_MAX;
    scan.high = 0;
    uint32_t born_before = scan.born;
    ht_lock before = ht_port_lock();
    scan.born = ht__core.counters.allocations;
    ht_port_unlock(before);
    for (uint16_t cell = 0; cell < ht__core.live.count; cell++) {
        struct ht_live block;
        bool lives = ht__live_copy(cell, &block);
        marks[cell] &= lives && (int32_t)(block.id - born_before) <= 0 ? KEPT : 0;
        if (lives && block.address < scan.low)
            scan.low = block.address;
        if (lives && block.address + block.size + 1 > scan.high)
            scan.high = block.address + block.size + 1;
    }
    scan.high = scan.high < scan.low ? scan.low : scan.high;
    scan.root = 0;
    scan.at = scan.end = 0;
    scan.phase = ROOTS;
}

/* A task that does not run: from where its stack pointer was told to be, or else all of it. The running one: from `here`. */
static void stack_set(const struct ht_task *task, uintptr_t here)
{
    uintptr_t low = (uintptr_t)task->stack;
    size_t bytes = stack_bytes(task), used = (size_t)task->now * HT_STACK_UNIT;
    memory_set(low, 0);
    if (!(task->flags & HT_TASK_USED) || !task->units)
        return;
    if (here - low < bytes)
        memory_set(here, low + bytes - here);
    else if (task->now && task->now <= task->units)
        memory_set(low + bytes - used, used);
    else
        memory_set(low, bytes);
}

/* All at once: what runs changes its own. */
static void stacks_look(uintptr_t here)
{
    bool known = false;
    for (uint8_t i = 0; i < HT_TASKS; i++) {
        const struct ht_task *task = &ht__core.tasks[i];
        known |= task->flags & HT_TASK_USED && here - (uintptr_t)task->stack < stack_bytes(task);
        stack_set(task, here);
        memory_look(~0u);
    }
    if (!known && here - ht__walk_stack.low < ht__walk_stack.high - ht__walk_stack.low) {
        memory_set(here, ht__walk_stack.high - here);
        memory_look(~0u);
    }
    scan.phase = BLOCKS;
    scan.cell = 0;
    scan.again = false;
}

/* The next root, or behind the last one the stacks. */
static void root_next(void)
{
    if (scan.root < root_count)
        memory_set(roots[scan.root].base, roots[scan.root].bytes);
    else
        scan.phase = STACKS;
    scan.root++;
}

static void block_next(void)
{
    struct ht_live block;
    if (scan.cell == ht__core.live.count) {
        scan.phase = scan.again ? BLOCKS : SETTLE;
        scan.cell = 0;
        scan.again = false;
        return;
    }
    uint16_t cell = scan.cell++;
    bool lives = ht__live_copy(cell, &block);
    if (!lives || (marks[cell] & (SEEN | DONE)) != SEEN)
        return;
    marks[cell] |= DONE;
    memory_set(block.address, block.size);
}

static uint8_t verdict(uint8_t was, bool at_once)
{
    if (was & SEEN)
        return 0;
    return at_once || was & LOST ? MISSED | LOST : was & MISSED ? MISSED | MAYBE : MISSED;
}

static void settle(bool at_once)
{
    for (uint16_t cell = 0; cell < ht__core.live.count; cell++) {
        ht_lock before = ht_port_lock();
        marks[cell] = is_known(cell) ? verdict(marks[cell], at_once) : 0;
        ht_port_unlock(before);
    }
    scan.scans = at_once ? SURE : (uint8_t)(scan.scans + (scan.scans < SURE));
    scan.phase = BEGIN;
}

static void slice_look(unsigned most, uintptr_t here)
{
    bool at_once = !most;
    if (at_once) {
        scan.phase = BEGIN;
        scan.at = scan.end;
        most = ~0u;
    }
    do {
        most = memory_look(most);
        if (!most)
            return;
        most--;
        if (scan.phase == BEGIN)
            begin();
        else if (scan.phase == ROOTS)
            root_next();
        else if (scan.phase == STACKS)
            stacks_look(here);
        else if (scan.phase == BLOCKS)
            block_next();
        else
            settle(at_once);
    } while (scan.phase != BEGIN);
}

uint8_t ht__leak_state(uint16_t cell)
{
    if (scan.scans < SURE || !is_known(cell))
        return HT_REACH_UNKNOWN;
    return marks[cell] & LOST ? HT_REACH_NOT : marks[cell] & MAYBE ? HT_REACH_MAYBE : HT_REACH_YES;
}

uint8_t ht__leak_state_of(uintptr_t address)
{
    const struct ht_live *block = ht__live_find(address);
    return block ? ht__leak_state((uint16_t)(block - ht__core.live.cells)) : HT_REACH_UNKNOWN;
}

uint32_t ht__leak_count(uint8_t state, uint32_t *bytes)
{
    uint32_t count = 0;
    *bytes = 0;
    for (uint16_t cell = 0; cell < ht__core.live.count; cell++) {
        ht_lock before = ht_port_lock();
        if (ht__leak_state(cell) == state) {
            count++;
            *bytes += (uint32_t)ht__core.live.cells[cell].size;
        }
        ht_port_unlock(before);
    }
    return count;
}

/* A frame of its own, below the registers that its caller saved. */
static __attribute__((noinline)) void look(unsigned most)
{
    slice_look(most, (uintptr_t)__builtin_frame_address(0));
}

int ht_leak_scan(unsigned most)
{
    uint32_t bytes;
    if (!ht__core.configured || !core_keeps())
        return HT_NOT_HERE;
    __builtin_unwind_init(); /* all registers that a call keeps are on the stack */
    look(most);
    return scan.scans < SURE ? HT_NOT_YET : (int)(ht__leak_count(HT_REACH_NOT, &bytes) + ht__leak_count(HT_REACH_MAYBE, &bytes));
}

#endif
