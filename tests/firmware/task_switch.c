/* task_switch: the registers that a call keeps, for each processor. */
#include "task_switch.h"

typedef uintptr_t word;
void task_first(void);

#if defined(__arm__)
enum { WORDS = 9, RUN = 0, RETURN = 8 };
__asm__(".syntax unified\n.thumb\n.text\n"
        ".global task_switch\n.thumb_func\ntask_switch:\n"
        "    push {r4-r11, lr}\n    str sp, [r0]\n    mov sp, r1\n    pop {r4-r11, pc}\n"
        ".global task_first\n.thumb_func\ntask_first:\n"
        "    mov lr, #0\n    bx r4\n");
#elif defined(__riscv)
enum { WORDS = 14, RUN = 2, RETURN = 0 }; /* ra, s0 to s11 */
#if __riscv_xlen == 64
#define SAVE "sd"
#define LOAD "ld"
#define AT(n) #n "*8(sp)"
#define ROOM "112"
#else
#define SAVE "sw"
#define LOAD "lw"
#define AT(n) #n "*4(sp)"
#define ROOM "56"
#endif
#define EACH(op)                                                                                                                                              \
    op " ra, " AT(0) "\n" op " s0, " AT(1) "\n" op " s1, " AT(2) "\n" op " s2, " AT(3) "\n" op " s3, " AT(4) "\n" op " s4, " AT(5) "\n" op " s5, " AT(6) "\n" \
    op " s6, " AT(7) "\n" op " s7, " AT(8) "\n" op " s8, " AT(9) "\n" op " s9, " AT(10) "\n" op " s10, " AT(11) "\n" op " s11, " AT(12) "\n"
__asm__(".text\n.global task_switch\ntask_switch:\n"
        "    addi sp, sp, -" ROOM "\n" EACH(SAVE) "    " SAVE " sp, 0(a0)\n    mv sp, a1\n" EACH(LOAD) "    addi sp, sp, " ROOM "\n    ret\n"
        ".global task_first\ntask_first:\n    mv ra, zero\n    jr s1\n");
#elif defined(__XTENSA__)
enum { WORDS = 8, RUN = 1, RETURN = 0 }; /* a0, a12 to a15 */
__asm__(".text\n.align 4\n.global task_switch\ntask_switch:\n"
        "    addi a1, a1, -32\n    s32i a0, a1, 0\n    s32i a12, a1, 4\n    s32i a13, a1, 8\n    s32i a14, a1, 12\n    s32i a15, a1, 16\n"
        "    s32i a1, a2, 0\n    mov a1, a3\n"
        "    l32i a0, a1, 0\n    l32i a12, a1, 4\n    l32i a13, a1, 8\n    l32i a14, a1, 12\n    l32i a15, a1, 16\n    addi a1, a1, 32\n    ret\n"
        ".align 4\n.global task_first\ntask_first:\n    movi a0, 0\n    jx a12\n");
#endif

#ifdef __AVR__
/* r2 to r17, r28, r29; a return address has three bytes, the highest first. A push leaves the pointer below what it wrote. */
enum { KEPT = 18 };
__asm__(".text\n.global task_switch\ntask_switch:\n"
        "    push r2\n    push r3\n    push r4\n    push r5\n    push r6\n    push r7\n    push r8\n    push r9\n    push r10\n    push r11\n"
        "    push r12\n    push r13\n    push r14\n    push r15\n    push r16\n    push r17\n    push r28\n    push r29\n"
        "    movw r30, r24\n    in r0, 0x3d\n    st Z+, r0\n    in r0, 0x3e\n    st Z, r0\n"
        "    in r0, 0x3f\n    cli\n    out 0x3e, r23\n    out 0x3f, r0\n    out 0x3d, r22\n"
        "    pop r29\n    pop r28\n    pop r17\n    pop r16\n    pop r15\n    pop r14\n    pop r13\n    pop r12\n"
        "    pop r11\n    pop r10\n    pop r9\n    pop r8\n    pop r7\n    pop r6\n    pop r5\n    pop r4\n    pop r3\n    pop r2\n    ret\n");

void *task_stack(uint8_t *end, void (*run)(void))
{
    uint8_t *to = end - 6;
    uint16_t place = (uint16_t)(uintptr_t)run;
    for (uint8_t at = 0; at < 6; at++)
        to[at] = 0;
    to[1] = (uint8_t)(place >> 8);
    to[2] = (uint8_t)place;
    for (uint8_t at = 0; at < KEPT; at++)
        *--to = 0;
    return to - 1;
}
#else
void *task_stack(uint8_t *end, void (*run)(void))
{
    word *stack = (word *)(uintptr_t)end - WORDS;
    for (unsigned at = 0; at < WORDS; at++)
        stack[at] = 0;
    stack[RUN] = (word)run;
    stack[RETURN] = (word)task_first;
    return stack;
}
#endif
