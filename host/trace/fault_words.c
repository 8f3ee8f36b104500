/* fault_words: the lists of wire/fault.def as texts. */
#include "fault_words.h"

#define WORDS_COUNT(words) (sizeof(words) / sizeof *(words))

static const char *word(const char *const *words, size_t count, uint32_t number)
{
    return number < count ? words[number] : "?";
}

const char *fault_word(uint32_t fault)
{
    static const char *const words[] = {
        "",
#define HT_FAULT(name, text) text,
#include "wire/fault.def"
#undef HT_FAULT
    };
    return word(words, WORDS_COUNT(words), fault);
}

const char *guess_word(uint32_t guess)
{
    static const char *const words[] = {
        "",
#define HT_GUESS(name, text) text,
#include "wire/fault.def"
#undef HT_GUESS
    };
    return word(words, WORDS_COUNT(words), guess);
}

const char *found_word(uint32_t found)
{
    static const char *const words[] = {
        "",
#define HT_FOUND(name, text) text,
#include "wire/fault.def"
#undef HT_FOUND
    };
    return word(words, WORDS_COUNT(words), found);
}

const char *level_word(uint32_t level)
{
    static const char *const words[] = {
        "",
#define HT_LEVEL(name, text) text,
#include "wire/fault.def"
#undef HT_LEVEL
    };
    return word(words, WORDS_COUNT(words), level);
}

const char *rule_word(uint32_t rule)
{
    static const char *const words[] = {
        "",
#define HT_RULE(name, text) text,
#include "wire/fault.def"
#undef HT_RULE
    };
    return word(words, WORDS_COUNT(words), rule);
}

void caps_words(struct str *to, uint32_t caps)
{
    static const char *const words[] = {
#define HT_CAP(name, text) text,
#include "wire/fault.def"
#undef HT_CAP
    };
    size_t before = to->count;
    for (size_t bit = 0; bit < WORDS_COUNT(words); bit++)
        if (caps >> bit & 1)
            str_add_format(to, "%s%s", to->count > before ? "+" : "", words[bit]);
}
