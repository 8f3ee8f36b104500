/* firmware: on a board, out the heap's ends and the hashes of random requests to the board's own malloc. */
#ifndef __AVR__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "plans.h"

#ifndef LIBC_PLAN
#define LIBC_PLAN 0
#endif

static void put_text(const char *text)
{
    while (*text)
        board_put((uint8_t)*text++);
}

static void put_hex(uint64_t number)
{
    board_put(' ');
    for (int shift = 60; shift >= 0; shift -= 4) {
        if (number >> shift || !shift)
            board_put((uint8_t)"0123456789abcdef"[number >> shift & 15]);
    }
}

/* What a program writes changes nothing; of an AVR it would, once its heap is spoilt. */
static libc_block use(void *block, uint32_t bytes)
{
#ifndef __AVR__
    if (block)
        memset(block, 0x55, bytes);
#else
    (void)bytes;
#endif
    return (libc_block)block;
}

libc_block libc_alloc(uint32_t bytes)
{
    return use(malloc(bytes), bytes);
}

libc_block libc_calloc(uint32_t bytes)
{
    return use(calloc(1, bytes), bytes);
}

libc_block libc_aligned(uint32_t bytes, uint32_t align)
{
#ifdef __AVR__
    (void)align;
    return libc_alloc(bytes);
#else
    return use(memalign(align, bytes), bytes);
#endif
}

libc_block libc_resize(libc_block block, uint32_t bytes)
{
    return use(realloc((void *)block, bytes), bytes);
}

void libc_free(libc_block block)
{
    free((void *)block);
}

uint64_t libc_known(libc_block block)
{
    return block;
}

void libc_check(const struct libc_told *told)
{
    put_text("check");
    put_hex(told->event);
    put_hex(told->hash);
    put_hex(told->answers);
    put_hex(told->refusals);
    put_text("\n");
}

void libc_each(uint32_t event, char kind, uint32_t bytes, uint64_t known)
{
#ifdef LIBC_EACH_FROM
    if (event < LIBC_EACH_FROM || event >= LIBC_EACH_FROM + LIBC_EACH)
        return;
    board_put((uint8_t)kind);
    put_hex(event);
    put_hex(bytes);
    put_hex(known);
    put_text("\n");
#else
    (void)event, (void)kind, (void)bytes, (void)known;
#endif
}

int main(void)
{
    static const struct libc_plan plans[] = LIBC_PLANS;
    board_start();
    struct board_memory memory = board_memory();
    put_text("\nheap");
    put_hex((uintptr_t)memory.heap);
    put_hex((uintptr_t)memory.heap_end);
    put_text("\n");
    libc_events(&plans[LIBC_PLAN]);
    put_text("end\n");
    board_exit(0);
}
