/* advise: in a trace and the allocator of its program, out changes of the program that were tried on its requests, with what each gains. */
#include "cmd.h"

#include <string.h>

#include "advising.h"
#include "host/view/gate.h"

struct advise_options {
    struct page_options page;
    struct allocator_wish wish;
    struct opt_list fail_on;
};

static const struct opt advise_table_options[] = {
    {OPT_SECTION, 0, NULL, 0, NULL, "What the program runs on", NULL, NULL, NULL},
    ADVISING_OPTIONS(struct advise_options, wish),
    {OPT_WORDS, 0, "fail-on", offsetof(struct advise_options, fail_on), "CONDITION", "end with 1 if a row fulfils TABLE.COLUMN>VALUE; may be given again", NULL, NULL, NULL},
    PAGE_OPTIONS(struct advise_options, page),
    PAGE_STACK_OPTIONS(struct advise_options, page),
    {0},
};

static const struct opt_example advise_examples[] = {
    {"heaptracer advise app.htrc", "what would make this program use less, tried on the model of glibc"},
    {"heaptracer advise firmware.htrc --allocator heap_4 --arena 48K", "the same for firmware"},
    {"heaptracer advise app.htrc --stacks -n 3", "the three best, with whole stacks"},
    {0},
};

const struct opt_command cmd_advise_table = {
    .name = "heaptracer advise",
    .usage = "[options] FILE",
    .about = "Say what to change, each change tried on the recorded requests",
    .manual = "Looks in the trace FILE for changes that might help: a pool for a place that makes many blocks of one size, one block that is kept instead of made "
              "again, one block for two that are made and freed together, what lives to the end made first, realloc that grows by a factor, rounded sizes, "
              "another memory, an arena for a phase (between marks, or round the highest spike), moving blocks together once, another allocator.\n\n"
              "Each change is made in the list of requests, and the list is replayed on the allocator's model. Only what is better is said, with how much: bytes of the "
              "smallest arena, points of fragmentation, refusals avoided, calls and copies saved. Priority is that gain by the places and lines that must be touched.\n\n"
              "Each is tried by itself. What the trace cannot know stands beside each.",
    .options = advise_table_options,
    .examples = advise_examples,
    .see_also = "heaptracer replay, heaptracer analyze",
    .least_words = 1,
    .most_words = 1,
};

int cmd_advise(int argc, char **argv)
{
    struct advise_options options = {0};
    struct opt_words words;
    int exit_code;
    if (!cmd_parse(&cmd_advise_table, &options, argc, argv, &words, &exit_code))
        return exit_code;
    exit_code = advising_run(words.at[0], &options.wish, &options.page, &options.fail_on);
    opt_words_done(&words);
    return exit_code;
}
