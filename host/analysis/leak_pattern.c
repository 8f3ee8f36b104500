/* leak_pattern: reachability tells most; growth, age, looks that follow each other, and whose blocks they are add to what it leaves open. The rules and their
 * figures are told in docs/leaks.md. */
#include "leak_pattern.h"

#include <stdarg.h>

#include "host/base/number.h"
#include "trend.h"

/* How sure it is by the class alone: nothing else is needed to call a lost block a leak, and nothing to call a reachable one none. */
static const double class_sure[CLASS_COUNT] = {[CLASS_DIRECT] = 0.95, [CLASS_INDIRECT] = 0.85, [CLASS_POSSIBLE] = 0.4, [CLASS_REACHABLE] = 0.1};
static const double sure_most = 0.99;

/* The rules, at their strongest. */
static const double grows_sure = 0.7, windows_sure = 0.5, window_sure = 0.3, threads_sure = 0.35, thread_sure = 0.15, looks_sure = 0.5, overdue_sure = 0.15;
static const double rising_least = 0.8, late_least = 0.25, steady_least = 0.75, windows_share = 0.75;
enum { COURSE_LEAST = 8, GROWN_BYTES_LEAST = 1024, LOOKS_LEAST = 3, WINDOWS_LEAST = 2, THREADS_LEAST = 3, SURVIVORS_ENOUGH = 8 };

struct rule {
    const char *name;
    double sure; /* 0: it does not hold */
    bool names_lost; /* of lost blocks it says more than that they are */
};

static void say(struct str *said, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct str *said, const char *format, ...)
{
    va_list values;
    if (!said)
        return;
    str_add(said, said->count ? "; " : "");
    va_start(values, format);
    str_add_values(said, format, values);
    va_end(values);
}

/* Live bytes rise nearly all the time, and in the second half of the time still, so that what fills up to a bound does not count. */
static struct rule rule_grows(const struct leak_evidence *evidence, struct str *said)
{
    struct rule rule = {"growing", 0, true};
    const double *course = evidence->course;
    size_t count = evidence->course_count, half = count / 2;
    if (!evidence->story || count < COURSE_LEAST) {
        double steadiness = evidence->story ? leak_story_steadiness(evidence->story) : 0;
        if (steadiness < steady_least)
            return rule;
        say(said, "such blocks were born in %.0f %% of the parts of the run and live on", steadiness * 100);
        return (struct rule){"growing", grows_sure * steadiness, true};
    }
    struct trend all = trend_find(course, count), late = trend_find(course + half, count - half);
    double grown = course[count - 1] - course[0];
    char bytes[NUMBER_ROOM];
    if (all.rising < rising_least || late.rising < rising_least || all.slope <= 0 || late.slope < late_least * all.slope || grown < GROWN_BYTES_LEAST)
        return rule;
    rule.sure = grows_sure * all.rising * (late.slope < all.slope ? 0.5 + late.slope / all.slope / 2 : 1);
    say(said, "its live bytes rose by %s, in %.0f %% of all pairs of moments", number_bytes(bytes, (uint64_t)grown), all.rising * 100);
    return rule;
}

/* What was made between two marks outlives the later one: in one phase that may be wanted, in each it is not. */
static struct rule rule_windows(const struct leak_evidence *evidence, struct str *said)
{
    unsigned active = evidence->windows_active, left = evidence->windows_left;
    if (!left || left < windows_share * active)
        return (struct rule){"outlived its mark", 0, true};
    say(said, "blocks of %u of %u phases between marks outlived their phase", left, active);
    return (struct rule){"outlived its mark", left >= WINDOWS_LEAST ? windows_sure : window_sure, true};
}

/* Whoever made them ended, and nobody freed them. */
static struct rule rule_threads(const struct leak_evidence *evidence, struct str *said)
{
    const struct leak_story *story = evidence->story;
    if (!story || !story->count || story->ended_threads < story->count)
        return (struct rule){"thread leak", 0, true};
    bool is_habit = story->thread_count >= THREADS_LEAST;
    say(said, "the thread%s that made them ended before", story->thread_count == 1 ? "" : "s");
    return (struct rule){"thread leak", is_habit ? threads_sure : thread_sure, true};
}

/* Each look at the process found more of them. */
static struct rule rule_looks(const struct leak_evidence *evidence, struct str *said)
{
    const struct leak_looks *looks = &evidence->looks;
    if (looks->count < LOOKS_LEAST)
        return (struct rule){"growing", 0, true};
    struct trend trend = trend_find(looks->bytes, looks->count);
    bool rose_last = looks->bytes[looks->count - 1] > looks->bytes[looks->count - 2];
    if (trend.rising < 1 || trend.slope <= 0 || !rose_last)
        return (struct rule){"growing", 0, true};
    say(said, "each of %u looks at the process found more", looks->count);
    return (struct rule){"growing", looks_sure, true};
}

/* Of such blocks many were freed, and these are older than those ever became. */
static struct rule rule_overdue(const struct leak_evidence *evidence, struct str *said)
{
    double share = evidence->story ? leak_story_overdue(evidence->story) : 0;
    if (share <= 0)
        return (struct rule){"overdue", 0, false};
    uint64_t count = evidence->story->count;
    say(said, "%.0f %% of them are older than 99 %% of those that were freed became", share * 100);
    return (struct rule){"overdue", overdue_sure * share * (count < SURVIVORS_ENOUGH ? (double)count / SURVIVORS_ENOUGH : 1), false};
}

static bool is_lost(enum block_class class)
{
    return class == CLASS_DIRECT || class == CLASS_INDIRECT;
}

/* What stands by itself comes before what adds up. */
static const char *name_choose(const struct leak_evidence *evidence, const struct rule *rules, size_t count)
{
    if (is_lost(evidence->class) && evidence->cycle)
        return "circular reference";
    if (evidence->class == CLASS_INDIRECT)
        return "goes with its owner";
    for (size_t i = 0; i < count; i++)
        if (rules[i].sure > 0 && (!is_lost(evidence->class) || rules[i].names_lost))
            return rules[i].name;
    return is_lost(evidence->class) ? "orphaned" : "";
}

struct leak_pattern leak_pattern_find(const struct leak_evidence *evidence, struct str *said)
{
    /* in the order in which they give the pattern its name */
    const struct rule rules[] = {rule_threads(evidence, said), rule_windows(evidence, said), rule_grows(evidence, said), rule_looks(evidence, said), rule_overdue(evidence, said)};
    enum { RULES = sizeof rules / sizeof *rules };
    double doubt = 1 - class_sure[evidence->class];
    for (size_t i = 0; i < RULES; i++)
        doubt *= 1 - rules[i].sure;
    if (is_lost(evidence->class) && evidence->cycle)
        say(said, "a circle of %u blocks that hold each other", evidence->cycle);
    return (struct leak_pattern){name_choose(evidence, rules, RULES), 1 - doubt < sure_most ? 1 - doubt : sure_most};
}
