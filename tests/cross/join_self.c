/* join_self: in the path of the runtime, out whether a program that loads it while it runs and joins a session of its own making is recorded from then on, and not
 * any more once it left: what `heaptracer attach` has a program do, without ptrace, which emulators do not know. Ends with 0. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/launch/registers.h"
#include "wire/join.h"
#include "wire/lane.h"

enum { LANES = 16, LANE_BYTES = 1 << 20, ROUNDS = 20, BLOCKS = 1000, THREADS = 3 };
static char path[] = "/tmp/join_self.XXXXXX";
static int failures;

static void expect(int is_so, const char *what)
{
    if (is_so)
        return;
    printf("not so: %s\n", what);
    failures++;
}

static struct ht_session *session_make(void)
{
    uint64_t offset = (sizeof(struct ht_session) + 4095) & ~(uint64_t)4095, stride = LANE_BYTES + HT_LANE_HEADER_BYTES, bytes = offset + LANES * stride;
    int fd = mkstemp(path);
    if (fd < 0 || ftruncate(fd, (off_t)bytes))
        return NULL;
    struct ht_session *session = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (session == MAP_FAILED)
        return NULL;
    session->magic = HT_SESSION_MAGIC, session->version = HT_SESSION_VERSION;
    session->lane_count = LANES, session->lane_bytes = LANE_BYTES, session->lane_stride = stride, session->lanes_offset = offset, session->file_bytes = bytes;
    session->policy = HT_POLICY_DROP, session->clock = HT_CLOCK_MONOTONIC, session->wake_bytes = LANE_BYTES;
    session->collector_pid = (uint32_t)getpid(), session->recording = 1;
    return session;
}

static uint64_t recorded(struct ht_session *session)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < LANES; i++)
        bytes += ht_session_lane(session, i)->head;
    return bytes;
}

static void *work(void *unused)
{
    for (int i = 0; i < BLOCKS; i++) {
        char *volatile text = strdup("some text"); /* libc's own call of malloc */
        free(text);
        void *volatile block = malloc((size_t)i);
        free(block);
    }
    return unused;
}

static void work_in_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    work(NULL);
}

/* One joining and leaving; each has a session of its own. */
static void round_of(void *handle, void (*begin)(struct ht_attach *), void (*end)(struct ht_attach *), int is_supported)
{
    struct ht_attach request = {.handle = (uint64_t)(uintptr_t)handle};
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    struct ht_session *session = session_make();
    expect(session != NULL, "a session can be made");
    if (!session)
        return;
    strcpy(request.path, path);
    begin(&request);
    unlink(path);
    expect(request.answer == (is_supported ? HT_ATTACH_DONE : HT_ATTACH_UNSUPPORTED), "the answer to joining");
    expect(!is_supported || request.slots >= 4, "places lead to the runtime");
    work_in_threads();
    uint64_t most = recorded(session), least = (uint64_t)(THREADS + 1) * BLOCKS * 4 * 16;
    expect(is_supported ? most >= least : !most, "each call is recorded");
    end(&request);
    expect(request.answer == HT_ATTACH_DONE && !request.left, "the answer to leaving");
    most = recorded(session);
    work_in_threads();
    expect(recorded(session) == most, "no call is recorded afterwards");
    munmap(session, session->file_bytes);
}

/* Where a thread is led, and back. */
static void check_registers(void)
{
#if REGISTERS_KNOWN
    struct registers registers;
    memset(&registers, 0x5a, sizeof registers);
    registers_set_call(&registers, 0x1000, 1, 2, registers_stack_called(0x8000));
    expect(registers_pc(&registers) == 0x1000 && registers_syscall(&registers) == -1, "a call is no system call");
    expect((registers_stack(&registers) & 15) == (registers_stack_called(0x8000) & 15), "the stack is as a call leaves it");
    expect(registers_stack_back(registers_stack(&registers)) == 0x8000, "and as it was afterwards");
    registers_set_syscall(&registers, 0x2000, 9, (const uint64_t[6]){1, 2, 3, 4, 5, 6});
    expect(registers_pc(&registers) == 0x2000, "a system call is made where its instruction is");
#endif
}

int main(int argc, char **argv)
{
    void *handle = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!handle) {
        printf("not loaded: %s\n", argc > 1 ? dlerror() : "no path was given");
        return 1;
    }
    int is_supported = argc < 3;
    void (*begin)(struct ht_attach *) = (void (*)(struct ht_attach *))(uintptr_t)dlsym(handle, HT_ATTACH_BEGIN);
    void (*end)(struct ht_attach *) = (void (*)(struct ht_attach *))(uintptr_t)dlsym(handle, HT_ATTACH_END);
    check_registers();
    expect(begin && end, "the runtime can be asked");
    for (int i = 0; i < ROUNDS && begin && end; i++)
        round_of(handle, begin, end, is_supported);
    printf("%d rounds, %d failures\n", ROUNDS, failures);
    return failures != 0;
}
