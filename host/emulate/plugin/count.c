/* count: in the instructions that QEMU runs, out their number in shared memory, as a clock; and the number between two addresses, each time, as lines of a file.
 *
 * QEMU loads it: -plugin libheaptracer-count.so,fd=N (a file of 8 bytes, open in QEMU) or ,begin=ADDRESS,end=ADDRESS,out=FILE. The interface is version 1 of
 * QEMU's plugins, as its documentation has it. The clock counts by translated blocks, so it may be ahead by what a block had left when it was left early;
 * between two addresses each instruction is counted. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { PLUGIN_NO_REGISTERS = 0, PLUGIN_ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int operation, void *number, uint64_t add);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned cpu, void *data), int registers, void *data);
extern void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

static uint64_t *clock_count;
static struct {
    uint64_t begin, end, instructions;
    bool is_wanted, is_inside;
    FILE *out;
} between;

/* Calls of other functions in between count too. The instruction at `begin` is the first that counts, that at `end` does not. */
static void on_instruction(unsigned cpu, void *data)
{
    uint64_t address = (uint64_t)(uintptr_t)data;
    (void)cpu;
    if (address == between.begin) {
        between.is_inside = true;
        between.instructions = 0;
    } else if (address == between.end && between.is_inside) {
        between.is_inside = false;
        if (between.out)
            fprintf(between.out, "%llu\n", (unsigned long long)between.instructions);
    }
    between.instructions++;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *block)
{
    size_t count = qemu_plugin_tb_n_insns(block);
    (void)id;
    if (clock_count)
        qemu_plugin_register_vcpu_tb_exec_inline(block, PLUGIN_ADD_U64, clock_count, count);
    for (size_t i = 0; between.is_wanted && i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        void *address = (void *)(uintptr_t)qemu_plugin_insn_vaddr(instruction);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, PLUGIN_NO_REGISTERS, address);
    }
}

static void on_exit_of(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    if (between.out)
        fclose(between.out);
}

/* "name=value": the value, if it is of this name. */
static const char *value_of(const char *word, const char *name)
{
    size_t bytes = strlen(name);
    return !strncmp(word, name, bytes) && word[bytes] == '=' ? word + bytes + 1 : NULL;
}

static bool word_take(const char *word)
{
    const char *value;
    if ((value = value_of(word, "begin"))) {
        between.begin = strtoull(value, NULL, 0);
        between.is_wanted = true;
    } else if ((value = value_of(word, "end")))
        between.end = strtoull(value, NULL, 0);
    else if ((value = value_of(word, "out")))
        return (between.out = fopen(value, "we")) != NULL;
    else if ((value = value_of(word, "fd"))) {
        void *shared = mmap(NULL, sizeof *clock_count, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(value), 0);
        clock_count = shared == MAP_FAILED ? NULL : shared;
        return clock_count != NULL;
    } else
        return false;
    return true;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (!word_take(argv[i])) {
            fprintf(stderr, "heaptracer-count: '%s' cannot be used\n", argv[i]);
            return 1;
        }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of, NULL);
    return 0;
}
