/* probe_story: a call counts from its entry to its return; what it calls itself is part of it. */
#include "probe_story.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <xxhash.h>

#include "host/base/memory.h"
#include "host/base/now.h"
#include "host/base/str.h"
#include "host/launch/loaded.h"
#include "wire/api.h"

static const uint64_t MAPS_EVERY_NS = 100000000; /* /proc/PID/maps is read again at most so often */

enum { PROCESS_FIRST, PROCESS_FORK, PROCESS_EXEC }; /* how a process began: process_definition */

struct story_module {
    uint64_t start, end, bias;
    uint32_t id;
};

struct story_process {
    uint32_t id, pid;
    bool has_ended, is_stale; /* stale: its maps changed */
    uint64_t read_ns;
    VEC(struct story_module) modules;
    struct map calls; /* return address -> 1 if a call stands before it, 2 if not */
};

struct story_thread {
    uint32_t id, tid;
    struct story_process *process;
    bool is_calling;
    struct probe_sample call; /* while it is calling */
    uint32_t stack;
    bool has_own;             /* it has probes of its own; those of who made it do not count any more */
    uint64_t freed;           /* the block that the last call ended, until something else happens; 0: none */
    uint8_t freed_by;         /* enum probe_name */
};

static void define(struct probe_story *story, const struct story_thread *thread, uint8_t kind, uint64_t time_ns, const void *what)
{
    struct event event = {.kind = kind, .time_ns = time_ns, .define = what};
    if (thread) {
        event.process = thread->process->id;
        event.thread = thread->id;
    }
    story->put(story->context, &event);
}

/* The first line of a file of /proc, words parted by blanks. */
static void proc_line(uint32_t pid, uint32_t tid, const char *name, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/task/%u/%s", pid, tid, name);
    FILE *in = fopen(path, "re");
    size_t count = in ? fread(text, 1, room - 1, in) : 0;
    if (in)
        fclose(in);
    while (count && (!text[count - 1] || text[count - 1] == '\n'))
        count--;
    for (size_t i = 0; i < count; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    text[count] = 0;
}

static void module_define(struct probe_story *story, struct story_process *process, const struct loaded_file *loaded, uint64_t time_ns)
{
    struct probe_file file;
    bool is_new;
    if (!probe_file_know(&file, loaded->reach))
        return;
    uint64_t *id = map_put(&story->modules, XXH3_64bits_withSeed(loaded->path, strlen(loaded->path), XXH3_64bits(file.build_id, file.build_id_bytes)), &is_new);
    struct story_module module = {loaded->start, loaded->end, loaded->start - file.base, is_new ? (uint32_t)(*id = ++story->module_count) : (uint32_t)*id};
    vec_push(&process->modules, module);
    struct module_definition definition = {.id = module.id, .process = process->id, .start = module.start, .end = module.end, .bias = module.bias,
                                           .build_id_bytes = file.build_id_bytes, .path = loaded->path};
    memcpy(definition.build_id, file.build_id, sizeof file.build_id);
    story->put(story->context, &(struct event){.kind = EVENT_MODULE, .process = process->id, .time_ns = time_ns, .define = &definition});
}

static bool module_is_known(const struct story_process *process, const struct loaded_file *file)
{
    for (size_t i = 0; i < process->modules.count; i++)
        if (process->modules.at[i].start == file->start && process->modules.at[i].end == file->end)
            return true;
    return false;
}

static void modules_read(struct probe_story *story, struct story_process *process, uint64_t time_ns)
{
    struct loaded loaded;
    process->is_stale = false;
    process->read_ns = now_ns();
    if (loaded_read(&loaded, (pid_t)process->pid))
        for (size_t i = 0; i < loaded.files.count; i++)
            if (!module_is_known(process, loaded.files.at + i))
                module_define(story, process, loaded.files.at + i, time_ns);
    loaded_done(&loaded);
}

static const struct story_module *module_in(const struct story_process *process, uint64_t pc)
{
    for (size_t i = process->modules.count; i--;) /* what came last lies there now */
        if (pc >= process->modules.at[i].start && pc < process->modules.at[i].end)
            return process->modules.at + i;
    return NULL;
}

static const struct story_module *module_find(struct probe_story *story, struct story_process *process, uint64_t pc, uint64_t time_ns)
{
    const struct story_module *module = process->is_stale ? NULL : module_in(process, pc);
    if (!module && (process->is_stale || now_ns() - process->read_ns > MAPS_EVERY_NS))
        modules_read(story, process, time_ns);
    return module ? module : module_in(process, pc);
}

static struct story_process *process_new(struct probe_story *story, uint32_t pid, const struct story_process *parent, uint32_t how, uint64_t time_ns)
{
    char command[4096];
    struct story_process *process = memory_new(1, sizeof *process);
    proc_line(pid, pid, "cmdline", command, sizeof command);
    if (!*command)
        proc_line(pid, pid, "comm", command, sizeof command);
    vec_push(&story->process_list, process);
    process->id = (uint32_t)story->process_list.count;
    process->pid = pid;
    *map_put(&story->processes, pid, NULL) = process->id;
    struct process_definition definition = {process->id, parent ? parent->id : 0, pid, how, command};
    story->put(story->context, &(struct event){.kind = EVENT_PROCESS, .process = process->id, .time_ns = time_ns, .define = &definition});
    /* One that was short may have ended meanwhile: what it has from its parent is known all the same. */
    for (size_t i = 0; how == PROCESS_FORK && parent && i < parent->modules.count; i++)
        vec_push(&process->modules, parent->modules.at[i]);
    modules_read(story, process, time_ns);
    return process;
}

static struct story_process *process_known(const struct probe_story *story, uint32_t pid)
{
    const uint64_t *place = map_get(&story->processes, pid);
    return place ? story->process_list.at[*place - 1] : NULL;
}

static struct story_thread *thread_known(const struct probe_story *story, uint32_t tid)
{
    const uint64_t *place = map_get(&story->threads, tid);
    return place ? story->thread_list.at[*place - 1] : NULL;
}

static struct story_thread *thread_find(struct probe_story *story, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
    char name[64];
    struct story_thread *thread = thread_known(story, tid);
    if (thread)
        return thread;
    struct story_process *process = process_known(story, pid);
    thread = memory_new(1, sizeof *thread);
    thread->process = process ? process : process_new(story, pid, NULL, PROCESS_FIRST, time_ns);
    thread->tid = tid;
    vec_push(&story->thread_list, thread);
    thread->id = (uint32_t)story->thread_list.count;
    *map_put(&story->threads, tid, NULL) = thread->id;
    proc_line(pid, tid, "comm", name, sizeof name);
    if (!*name)
        proc_line(pid, pid, "comm", name, sizeof name); /* it has ended meanwhile */
    define(story, thread, EVENT_THREAD, time_ns, &(struct thread_definition){.id = thread->id, .process = thread->process->id, .tid = tid, .name = name});
    return thread;
}

static uint32_t frame_put(struct probe_story *story, const struct story_thread *thread, uint32_t parent, uint64_t pc, uint64_t time_ns)
{
    const struct story_module *module = module_find(story, thread->process, pc, time_ns);
    const uint64_t key[] = {parent, module ? module->id : 0, module ? pc - module->bias : pc};
    bool is_new;
    uint64_t *id = map_put(&story->frames, XXH3_64bits(key, sizeof key), &is_new);
    if (is_new) {
        *id = ++story->frame_count;
        define(story, thread, EVENT_FRAME, time_ns, &(struct frame_definition){.id = (uint32_t)*id, .parent = parent, .module = (uint32_t)key[1], .offset = key[2]});
        id = map_get(&story->frames, XXH3_64bits(key, sizeof key));
    }
    return (uint32_t)*id;
}

#ifdef __aarch64__
/* bl, blr, and blr of a signed address in its forms (Arm ARM, C6.2). */
static bool has_call_before(const uint8_t *code)
{
    enum { CODE = 8 };
    uint32_t word;
    memcpy(&word, code + CODE - sizeof word, sizeof word);
    return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000 || (word & 0xfffff81f) == 0xd63f081f || (word & 0xfffff800) == 0xd73f0800;
}
#else
/* call rel32, and call r/m64 in its forms of 2, 3, 4, 6 and 7 bytes (Intel SDM, CALL). */
static bool has_call_before(const uint8_t *code)
{
    static const uint8_t lengths[] = {2, 3, 4, 6, 7};
    enum { CODE = 8 };
    if (code[CODE - 5] == 0xe8)
        return true;
    for (size_t i = 0; i < sizeof lengths; i++) {
        const uint8_t *at = code + CODE - lengths[i];
        if (at[0] == 0xff && (at[1] & 0x38) == 0x10)
            return true;
    }
    return false;
}
#endif

/* A register that keeps no frame's address leads anywhere: only addresses behind calls are frames. */
static bool is_return_address(struct probe_story *story, struct story_process *process, uint64_t pc, uint64_t time_ns)
{
    enum { YES = 1, NO, CODE = 8 };
    uint8_t code[CODE];
    if (!module_find(story, process, pc, time_ns))
        return false;
    uint64_t *known = map_put(&process->calls, pc, NULL);
    if (!*known) {
        struct iovec local = {code, CODE}, remote = {(void *)(uintptr_t)(pc - CODE), CODE};
        bool is_read = process_vm_readv((pid_t)process->pid, &local, 1, &remote, 1, 0) == CODE;
        if (!is_read)
            return false;
        *known = has_call_before(code) ? YES : NO;
    }
    return *known == YES;
}

static uint32_t stack_put(struct probe_story *story, const struct story_thread *thread, const struct probe_sample *sample)
{
    uint64_t frames[PROBE_FRAMES + 1];
    uint32_t count = 0, stack = 0;
    if (sample->ra)
        frames[count++] = sample->ra;
    for (uint32_t i = 0; count && i < sample->frames && is_return_address(story, thread->process, sample->chain[i], sample->time_ns); i++)
        frames[count++] = sample->chain[i];
    while (count)
        stack = frame_put(story, thread, stack, frames[--count], sample->time_ns);
    return stack;
}

static void event_put(struct probe_story *story, const struct story_thread *thread, struct event event)
{
    event.process = thread->process->id;
    event.thread = thread->id;
    event.flags = event.stack ? EVENT_TRUNCATED : 0; /* whether the chain reached the root is not known */
    story->put(story->context, &event);
}

static void free_put(struct probe_story *story, struct story_thread *thread, const struct probe_sample *sample)
{
    uint64_t address = sample->arguments[probe_functions[sample->name].size];
    /* delete[] calls delete, which calls free. */
    bool is_same = address == thread->freed && thread->freed_by != PROBE_NAME_free && sample->name != thread->freed_by;
    thread->freed = is_same && sample->name == PROBE_NAME_free ? 0 : address;
    thread->freed_by = sample->name;
    if (address && !is_same)
        event_put(story, thread, (struct event){.kind = EVENT_FREE, .api = probe_functions[sample->name].api, .time_ns = sample->time_ns, .address = address});
}

static uint64_t size_of(const struct probe_sample *call)
{
    const struct probe_function *function = probe_functions + call->name;
    uint64_t size = call->arguments[function->size], whole = size;
    if (function->role == PROBE_ALLOC && function->other >= 0 && __builtin_mul_overflow(size, call->arguments[function->other], &whole))
        return UINT64_MAX;
    return whole;
}

/* A thread that has left the call by other ways than its return. */
static void call_drop(struct probe_story *story, struct story_thread *thread)
{
    thread->is_calling = false;
    story->unreturned++;
    if (probe_functions[thread->call.name].role == PROBE_RESIZE && thread->call.arguments[0])
        event_put(story, thread, (struct event){.kind = EVENT_RESIZE_END, .api = HT_API_REALLOC, .time_ns = thread->call.time_ns, .old_address = thread->call.arguments[0]});
}

/* Called by what is called, or told twice. One that is jumped to instead of called has the same place on the stack, where the kernel's own address stands now. */
static bool is_part(struct probe_story *story, struct story_thread *thread, const struct probe_sample *sample)
{
    const struct probe_sample *call = &thread->call;
    bool is_same = sample->sp == call->sp && (sample->name == call->name || !module_find(story, thread->process, sample->ra, sample->time_ns));
    return sample->sp < call->sp || is_same;
}

static void call_see(struct probe_story *story, struct story_thread *thread, const struct probe_sample *sample)
{
    const struct probe_function *function = probe_functions + sample->name;
    if (thread->is_calling && is_part(story, thread, sample))
        return;
    if (thread->is_calling)
        call_drop(story, thread);
    story->calls++;
    if (function->role == PROBE_FREE) {
        free_put(story, thread, sample);
        return;
    }
    thread->freed = 0;
    thread->is_calling = true;
    thread->call = *sample;
    thread->stack = stack_put(story, thread, sample);
    if (function->role == PROBE_RESIZE && sample->arguments[0])
        event_put(story, thread, (struct event){.kind = EVENT_RESIZE_BEGIN, .api = function->api, .time_ns = sample->time_ns, .address = sample->arguments[0]});
}

static void return_see(struct probe_story *story, struct story_thread *thread, const struct probe_sample *sample)
{
    const struct probe_sample *call = &thread->call;
    const struct probe_function *function = probe_functions + call->name;
    if (!thread->is_calling || call->name != sample->name)
        return;
    thread->is_calling = false;
    struct event event = {.kind = EVENT_ALLOC, .api = function->api, .time_ns = sample->time_ns, .address = sample->result, .size = size_of(call), .stack = thread->stack};
    if (function->role == PROBE_RESIZE && call->arguments[0]) {
        event.kind = EVENT_RESIZE_END;
        event.old_address = call->arguments[0];
    } else if (!sample->result) {
        event.kind = EVENT_REFUSE;
    }
    /* realloc(p, 0) ends the block, and no other begins. */
    if (event.kind == EVENT_RESIZE_END && !event.address && !event.size) {
        event_put(story, thread, (struct event){.kind = EVENT_RESIZE_END, .api = event.api, .time_ns = event.time_ns, .old_address = event.old_address});
        event = (struct event){.kind = EVENT_FREE, .api = HT_API_REALLOC, .time_ns = event.time_ns, .address = event.old_address};
    }
    event_put(story, thread, event);
}

static void lost_put(struct probe_story *story, const struct probe_sample *sample)
{
    story->lost += sample->count;
    struct event event = {.kind = EVENT_GAP, .time_ns = sample->time_ns, .size = sample->count, .define = "the kernel's ring was full"};
    story->put(story->context, &event);
    for (size_t i = 0; i < story->thread_list.count; i++)
        story->thread_list.at[i]->is_calling = false;
}

static void process_end(struct probe_story *story, struct story_process *process, uint64_t time_ns)
{
    enum { STATUS_UNKNOWN = 1 };
    if (!process->has_ended)
        story->put(story->context, &(struct event){.kind = EVENT_PROCESS_END, .process = process->id, .flags = STATUS_UNKNOWN, .time_ns = time_ns});
    process->has_ended = true;
    map_remove(&story->processes, process->pid, NULL);
}

static void thread_end(struct probe_story *story, struct story_thread *thread, uint64_t time_ns)
{
    if (thread->is_calling)
        call_drop(story, thread);
    define(story, thread, EVENT_THREAD_END, time_ns, NULL);
    map_remove(&story->threads, thread->tid, NULL);
}

static void exit_see(struct probe_story *story, const struct probe_sample *sample)
{
    struct story_thread *thread = thread_known(story, sample->tid);
    struct story_process *process = process_known(story, sample->pid);
    if (thread)
        thread_end(story, thread, sample->time_ns);
    if (process && sample->pid == sample->tid)
        process_end(story, process, sample->time_ns);
}

/* Another program in the same process. */
static void exec_see(struct probe_story *story, const struct probe_sample *sample)
{
    struct story_process *process = process_known(story, sample->pid);
    struct story_thread *thread = thread_known(story, sample->tid);
    if (!process)
        return;
    if (thread)
        thread_end(story, thread, sample->time_ns);
    process_end(story, process, sample->time_ns);
    process_new(story, sample->pid, process, PROCESS_EXEC, sample->time_ns);
}

static void fork_see(struct probe_story *story, const struct probe_sample *sample)
{
    const struct story_process *parent = process_known(story, sample->parent);
    if (parent && sample->pid != sample->parent && !process_known(story, sample->pid))
        process_new(story, sample->pid, parent, PROCESS_FORK, sample->time_ns);
}

void probe_story_begin(struct probe_story *story, uint64_t begin_ns, uint32_t pid)
{
    story->begin_ns = begin_ns;
    if (pid)
        process_new(story, pid, NULL, PROCESS_FIRST, 0);
}

/* One that has probes of its own and of who made it tells twice. */
static bool is_taken(struct story_thread *thread, const struct probe_sample *sample)
{
    bool is_own = sample->owner == thread->tid, is_first = is_own && !thread->has_own;
    uint64_t freed = sample->arguments[probe_functions[sample->name].size];
    thread->has_own |= is_own;
    if (is_first && sample->kind == PROBE_CALL && probe_functions[sample->name].role == PROBE_FREE && freed == thread->freed && sample->name == thread->freed_by)
        return false;
    return is_own || !thread->has_own;
}

static void see(struct probe_story *story, const struct probe_sample *sample)
{
    struct story_process *process;
    struct story_thread *thread = sample->kind <= PROBE_RETURN ? thread_find(story, sample->pid, sample->tid, sample->time_ns) : NULL;
    if (thread && !is_taken(thread, sample))
        return;
    switch (sample->kind) {
    case PROBE_CALL:
        call_see(story, thread, sample);
        break;
    case PROBE_RETURN:
        return_see(story, thread, sample);
        break;
    case PROBE_LOST:
        lost_put(story, sample);
        break;
    case PROBE_EXEC:
        exec_see(story, sample);
        break;
    case PROBE_FORK:
        fork_see(story, sample);
        break;
    case PROBE_EXIT:
        exit_see(story, sample);
        break;
    case PROBE_MAPPED:
        if ((process = process_known(story, sample->pid)))
            process->is_stale = true;
        break;
    }
}

void probe_story_see(void *context, const struct probe_sample *sample)
{
    struct probe_story *story = context;
    struct probe_sample mine = *sample;
    mine.time_ns = sample->time_ns > story->begin_ns ? sample->time_ns - story->begin_ns : 0;
    see(story, &mine);
}

void probe_story_end(struct probe_story *story)
{
    for (size_t i = 0; i < story->process_list.count; i++) {
        vec_done(&story->process_list.at[i]->modules);
        map_done(&story->process_list.at[i]->calls);
        memory_free(story->process_list.at[i]);
    }
    for (size_t i = 0; i < story->thread_list.count; i++)
        memory_free(story->thread_list.at[i]);
    vec_done(&story->process_list);
    vec_done(&story->thread_list);
    map_done(&story->processes);
    map_done(&story->threads);
    map_done(&story->modules);
    map_done(&story->frames);
}
