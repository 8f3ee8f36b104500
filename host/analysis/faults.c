/* faults: in what the target found broken, out one row each with the story of the block. */
#include "answer.h"
#include "host/trace/fault_words.h"

enum {
    FAULT,
    TIME,
    TASK_NAME,
    BLOCK,
    BLOCK_BYTES,
    FIRST_BAD,
    BAD_BYTES,
    GUESS,
    FOUND_BY,
    ADDRESS,
    AROUND,
    HEAP,
    TASK,
    MAKER,
    AGE,
    PROCESS,
    STACK,
    FREED,
    FOUND
};

static const struct column columns[] = {
    [FAULT] = {"fault", "Fault", "", "what is wrong", COLUMN_TEXT},
    [TIME] = {"time_ns", "Time", "", "when it was found", COLUMN_TIME},
    [TASK_NAME] = {"task", "Name", "", "its name", COLUMN_TEXT},
    [BLOCK] = {"block", "Block", "", "the block that is meant; 0: none", COLUMN_ADDRESS},
    [BLOCK_BYTES] = {"block_bytes", "Size", "", "what it asked for", COLUMN_BYTES},
    [FIRST_BAD] = {"first_bad", "First bad", "",
                   "offset of the first bad byte from the block's first: from block_bytes on it lies behind the block, below 0 before it", COLUMN_SIGNED_COUNT},
    [BAD_BYTES] = {"bad_bytes", "Bad bytes", "", "how many are not as they were left; 0: none were looked at", COLUMN_COUNT},
    [GUESS] = {"guess", "Guess", "", "what may have written them, by their place and value; empty: no guess", COLUMN_TEXT},
    [FOUND_BY] = {"found_by", "Found by", "", "free, realloc, scan, demand, alloc, exit, quarantine, guard page or crash", COLUMN_TEXT},
    [ADDRESS] = {"address", "Address", "", "what was given to free, or what was hit", COLUMN_ADDRESS},
    [AROUND] = {"around", "Bytes", "", "from the first bad one on, in hex", COLUMN_TEXT},
    [HEAP] = {"heap", "Heap", "id", "id of the block's heap", COLUMN_COUNT},
    [TASK] = {"thread", "Task", "id", "in which it was found; of a stack overflow: whose stack it is; 0: in an interrupt, or main", COLUMN_COUNT},
    [MAKER] = {"maker", "Maker", "id", "thread that made the block, as age_ns", COLUMN_COUNT},
    [AGE] = {"age_ns", "Age", "", "of the block; 0: it was not live, or its birth is not in the trace", COLUMN_DURATION},
    [PROCESS] = {"process", "Process", "id", "id of the process image", COLUMN_COUNT},
    [STACK] = {"stack", "Allocated by", "", "who made the block", COLUMN_STACK},
    [FREED] = {"free_stack", "Freed by", "", "who freed it, where it had been freed", COLUMN_STACK},
    [FOUND] = {"found_stack", "Found in", "", "who ran when it was found: of a double or wild free the guilty one, else only the finder", COLUMN_STACK},
};

static void bytes_put(union cell *row, const struct fault *fault, struct table *table)
{
    row[ADDRESS].u = fault->address;
    row[BLOCK].u = fault->told.block;
    row[BLOCK_BYTES].u = fault->told.block_bytes;
    row[FIRST_BAD].i = fault->told.first_bad;
    row[BAD_BYTES].u = fault->told.bad_bytes;
    row[GUESS].text = guess_word(fault->told.guess);
    row[AROUND].text = table_text(table, "%s", fault->around);
}

static void faults_row(const struct model *model, const struct fault *fault, struct table *table)
{
    size_t count;
    const struct thread *threads = model_threads(model, &count);
    union cell *row = table_row(table);
    row[TIME].u = fault->time_ns;
    row[FAULT].text = fault_word(fault->told.kind);
    bytes_put(row, fault, table);
    row[FOUND_BY].text = found_word(fault->told.found_by);
    row[TASK].u = fault->thread;
    row[TASK_NAME].text = table_text(table, "%s", fault->thread < count ? threads[fault->thread].name : "");
    row[HEAP].u = fault->heap;
    row[AGE].u = fault->birth_ns ? age_ns(fault->birth_ns, fault->time_ns) : 0;
    row[MAKER].u = fault->maker;
    row[PROCESS].u = fault->process;
    row[STACK].u = fault->told.alloc_stack;
    row[FREED].u = fault->told.free_stack;
    row[FOUND].u = fault->stack;
}

static void faults_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct fault *faults = model_faults(model, &count);
    uint64_t all = model_get_totals(model)->faults;
    for (size_t i = 0; i < count; i++)
        faults_row(model, faults + i, table);
    if (all > count)
        table_note(table, "the first %zu of %llu faults", count, (unsigned long long)all);
}

const struct analysis analysis_faults = {
    .name = "faults",
    .title = "Faults",
    .about = "What the target found broken, in order of time: writes outside of blocks and into freed ones, wrong frees, stacks that ran over; with who made, "
             "who freed and who found it. The first 16384.",
    .is_rare = true,
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .answer = faults_answer,
};
