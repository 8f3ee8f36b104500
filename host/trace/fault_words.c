/* fault_words: the enums of device.h and firmware.h as texts. */
#include "fault_words.h"

#define WORD_OF(words, number) ((number) < sizeof(words) / sizeof *(words) && (words)[number] ? (words)[number] : "?")

const char *fault_word(uint32_t fault)
{
    static const char *const words[] = {
        [HT_FAULT_NONE] = "",
        [HT_FAULT_OVERFLOW] = "overflow",
        [HT_FAULT_UNDERFLOW] = "underflow",
        [HT_FAULT_DOUBLE_FREE] = "double free",
        [HT_FAULT_WILD_FREE] = "wild free",
        [HT_FAULT_INTERIOR_FREE] = "interior free",
        [HT_FAULT_USE_AFTER_FREE] = "use after free",
        [HT_FAULT_OVERLAP] = "overlap",
        [HT_FAULT_STACK_OVERFLOW] = "stack overflow",
        [HT_FAULT_METADATA] = "metadata broken",
        [HT_FAULT_SIZE_MISMATCH] = "size mismatch",
        [HT_FAULT_MISMATCHED_FREE] = "mismatched free",
        [HT_FAULT_FREED_RESIZE] = "realloc of a freed block",
        [HT_FAULT_HUGE_SIZE] = "huge size",
        [HT_FAULT_OVERREAD] = "overread",
        [HT_FAULT_UNDERREAD] = "underread",
        [HT_FAULT_READ_AFTER_FREE] = "read after free",
        [HT_FAULT_WILD_READ] = "wild read",
        [HT_FAULT_WILD_WRITE] = "wild write",
    };
    return WORD_OF(words, fault);
}

const char *guess_word(uint32_t guess)
{
    static const char *const words[] = {
        [HT_GUESS_NONE] = "",
        [HT_GUESS_OFF_BY_ONE] = "off by one",
        [HT_GUESS_TERMINATOR] = "string terminator",
        [HT_GUESS_ZERO_FILL] = "zero fill",
        [HT_GUESS_NEIGHBOUR] = "neighbour's overflow",
        [HT_GUESS_PATTERN] = "repeated pattern",
    };
    return WORD_OF(words, guess);
}

const char *found_word(uint32_t found)
{
    static const char *const words[] = {
        [HT_FOUND_NONE] = "",     [HT_FOUND_FREE] = "free",     [HT_FOUND_RESIZE] = "realloc",
        [HT_FOUND_SCAN] = "scan", [HT_FOUND_DEMAND] = "demand", [HT_FOUND_ALLOC] = "alloc",
        [HT_FOUND_EXIT] = "exit", [HT_FOUND_QUARANTINE] = "quarantine", [HT_FOUND_PAGE] = "guard page",
        [HT_FOUND_CRASH] = "crash",
    };
    return WORD_OF(words, found);
}

const char *level_word(uint32_t level)
{
    static const char *const words[] = {
        [HT_LEVEL_OK] = "ok",
        [HT_LEVEL_WARN] = "warn",
        [HT_LEVEL_CRITICAL] = "critical",
        [HT_LEVEL_NO_DATA] = "no data",
    };
    return WORD_OF(words, level);
}

const char *rule_word(uint32_t rule)
{
    static const char *const words[] = {
        [HT_WATCH_FREE] = "free memory",
        [HT_WATCH_LARGEST] = "largest free block",
        [HT_WATCH_FRAGMENTATION] = "fragmentation",
        [HT_WATCH_LIVE] = "live blocks",
        [HT_WATCH_GROWTH] = "growth",
        [HT_WATCH_REFUSED] = "refusals",
        [HT_WATCH_STACK] = "stack left",
        [HT_WATCH_FAULTS] = "faults",
        [HT_WATCH_TRACER] = "the tracer's own memory",
    };
    return WORD_OF(words, rule);
}

void caps_words(struct str *to, uint32_t caps)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {
        {HT_CAP_EXECUTE, "execute"},   {HT_CAP_WORDS, "32-bit"},    {HT_CAP_BYTES, "8-bit"},         {HT_CAP_DMA, "dma"}, {HT_CAP_EXTERNAL, "external"},
        {HT_CAP_INTERNAL, "internal"}, {HT_CAP_DEFAULT, "default"}, {HT_CAP_RETENTION, "retention"}, {HT_CAP_RTC, "rtc"},
    };
    size_t before = to->count;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (caps & words[i].bit)
            str_add_format(to, "%s%s", to->count > before ? "+" : "", words[i].word);
}
