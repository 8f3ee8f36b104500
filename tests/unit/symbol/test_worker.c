/* test_worker: in damaged files, and a worker that is stopped or killed, out whether every frame still gets a text and the reader is told. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "subject.h"

#include "host/symbol/worker.h"

struct bytes {
    char *at;
    size_t count;
};

static struct bytes read_bytes(const char *name)
{
    struct bytes bytes = {malloc(1 << 20), 0};
    FILE *file = fopen(path_of(name), "rb");
    assert_non_null(file);
    bytes.count = fread(bytes.at, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void write_bytes(const char *name, const char *at, size_t count)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(at, 1, count, file), count);
    fclose(file);
}

/* Every frame gets a text, whatever the file is. */
static void check_survives(const char *name)
{
    const struct frame_text *texts;
    struct symbols *symbols = symbols_new(NULL);
    struct elf_facts facts = {0};
    see_module(symbols, path_of(name), &facts);
    for (uint32_t i = 1; i <= 32; i++)
        see_frame(symbols, i, 0x401000 + i * 4, i & 1);
    for (uint32_t i = 1; i <= 32; i++) {
        assert_in_range(symbols_frame(symbols, i, &texts), 1, 4096);
        assert_non_null(texts->function);
        assert_string_equal(texts->module, name);
    }
    symbols_free(symbols);
}

static void cut_at_many_bytes(void **state)
{
    (void)state;
    compile("gcc", "-g -static -nostdlib -Wl,-z,noseparate-code -Wl,-emain -Wl,--unresolved-symbols=ignore-all", "sym_inline.c", "small");
    struct bytes bytes = read_bytes("small");
    for (size_t count = 0; count < bytes.count; count += count < 128 ? 1 : 61) {
        write_bytes("cut", bytes.at, count);
        check_survives("cut");
    }
    free(bytes.at);
}

static void flipped_bits(void **state)
{
    (void)state;
    compile("gcc", "-g -no-pie", "sym_inline.c", "whole");
    struct bytes bytes = read_bytes("whole");
    unsigned random = 12345;
    for (int i = 0; i < 200; i++) {
        char *copy = memcpy(malloc(bytes.count), bytes.at, bytes.count);
        for (int flip = 0; flip < 1 + i % 20; flip++) {
            random = random * 1103515245 + 12345;
            copy[(random >> 4) % bytes.count] ^= (char)(1 << (random >> 28 & 7));
        }
        write_bytes("flipped", copy, bytes.count);
        check_survives("flipped");
        free(copy);
    }
    free(bytes.at);
}

/* A small file that swells: bounded in time and memory, and the name from the symbol table is still there. */
static void swelling(void **state)
{
    (void)state;
    const struct frame_text *texts;
    if (!run("gcc -nostdlib -static %ssym_bomb.S -o bomb 2>log", PROGRAMS))
        skip();
    struct elf_facts facts = facts_of("bomb", "bombed");
    struct symbols *symbols = symbols_new(NULL);
    see_module(symbols, path_of("bomb"), &facts);
    see_frame(symbols, 1, facts.address + 8, false);
    time_t start = time(NULL);
    symbols_frame(symbols, 1, &texts);
    assert_string_equal(texts->function, "bombed");
    assert_true(time(NULL) - start < 30);
    symbols_free(symbols);
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    assert_true(used.ru_maxrss < 1024 * 1024);
}

/* ---- a worker that is ended from outside ---- */

static pid_t child_of_this(void)
{
    char path[64];
    int pid = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

struct seen {
    size_t count;
    enum object_state state;
    char function[64];
};

static void see_answer(void *context, size_t index, enum object_state state, const struct spots *spots)
{
    struct seen *seen = context;
    (void)index;
    seen->count++;
    seen->state = state;
    snprintf(seen->function, sizeof seen->function, "%s", spots->list.at[0].function ? spots->list.at[0].function : "");
}

static void stopped_worker(void **state)
{
    (void)state;
    compile("gcc", "-g", "sym_inline.c", "whole");
    struct object_search search = {.patience_s = 1};
    struct object_request request = {.path = path_of("whole")};
    struct worker_address address = {facts_of("whole", "behind_hidden").address, true};
    struct worker *worker = worker_new(&search);
    struct seen seen = {0};
    assert_int_equal(worker_ask(worker, 1, &request, &address, 1, see_answer, &seen), 1);
    assert_string_equal(seen.function, "hidden");
    kill(child_of_this(), SIGSTOP);
    assert_int_equal(worker_ask(worker, 1, &request, &address, 1, see_answer, &seen), 0);
    for (request.care = OBJECT_NAMES_ONLY; request.care <= OBJECT_NOTHING; request.care++)
        assert_int_equal(worker_ask(worker, 1, &request, &address, 1, see_answer, &seen), 1);
    assert_int_equal(seen.state, OBJECT_HARMFUL);
    assert_string_equal(seen.function, "");
    worker_free(worker);
}

static void killed_worker(void **state)
{
    (void)state;
    const struct frame_text *texts;
    compile("gcc", "-g", "sym_inline.c", "whole");
    struct subject subject = subject_new("whole", "whole", NULL);
    ask(&subject, "hidden", &texts);
    pid_t pid = child_of_this();
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    ask(&subject, "main", &texts);
    check_text(&texts[0], "main", "sym_inline.c", "MARK(main)", false);
    const char *const *notes;
    assert_int_equal(symbols_notes(subject.symbols, &notes), 0);
    symbols_free(subject.symbols);
}

/* No process can be made: the report goes on without names. */
static void no_worker(void **state)
{
    (void)state;
    const struct frame_text *texts;
    compile("gcc", "-g", "sym_inline.c", "whole");
    struct subject subject = subject_new("whole", "whole", NULL);
    uint64_t address = facts_of("whole", "behind_main").address;
    struct rlimit before, none = {3, 3};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    see_frame(subject.symbols, 1, address, false);
    symbols_frame(subject.symbols, 1, &texts);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    char expected[64];
    snprintf(expected, sizeof expected, "whole+0x%llx", (unsigned long long)address);
    assert_string_equal(texts->function, expected);
    const char *const *notes;
    assert_int_equal(symbols_notes(subject.symbols, &notes), 1);
    symbols_free(subject.symbols);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_many_bytes), cmocka_unit_test(flipped_bits),  cmocka_unit_test(swelling),
        cmocka_unit_test(stopped_worker),    cmocka_unit_test(killed_worker), cmocka_unit_test(no_worker),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
