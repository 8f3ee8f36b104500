/* alert_rule: each key of a rule is one row of a table; the three thresholds of [alerts] are rules whose other parts are known. */
#include "alert_rule.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/nearest.h"
#include "host/base/number.h"

static const char rule_stem[] = "alerts.rule[";

static const struct {
    const char *key, *name, *when; /* `when` lacks the value */
} thresholds[] = {
    {"alerts.memory_pressure_threshold", "memory pressure", "regions.used_share>"},
    {"alerts.fragmentation_threshold", "fragmentation", "regions.fragmentation>"},
    {"alerts.live_bytes_threshold", "live memory", "summary.live_bytes>"},
};
enum { THRESHOLDS = sizeof thresholds / sizeof *thresholds };
static const char leak_key[] = "alerts.leak_detection_enabled";

bool rule_owns(const char *key)
{
    bool is_threshold = !strcmp(key, leak_key);
    for (size_t i = 0; i < THRESHOLDS; i++)
        is_threshold |= !strcmp(key, thresholds[i].key);
    return is_threshold || !strncmp(key, rule_stem, sizeof rule_stem - 1);
}

const char *const rule_level_words[] = {[RULE_OK] = "ok", [RULE_WARN] = "warn", [RULE_CRITICAL] = "critical"};

static bool level_take(struct rule *rule, const struct setting *setting, struct error *error)
{
    for (int i = RULE_WARN; i <= RULE_CRITICAL; i++)
        if (!strcmp(setting->text, rule_level_words[i])) {
            rule->level = (enum rule_level)i;
            return true;
        }
    return error_set(error, ERROR_USAGE, "%s: level '%s' is neither warn nor critical", setting->place, setting->text);
}

struct part {
    const char *name;
    size_t offset; /* of a text */
};
static const struct part parts[] = {
    {"name", offsetof(struct rule, name)}, {"when", offsetof(struct rule, when)},       {"hysteresis", offsetof(struct rule, slack)},
    {"log", offsetof(struct rule, log)},   {"command", offsetof(struct rule, command)}, {"webhook", offsetof(struct rule, webhook)},
    {"led", offsetof(struct rule, led)},
};
enum { PARTS = sizeof parts / sizeof *parts };

static bool part_unknown(const struct setting *setting, const char *name, struct error *error)
{
    struct nearest nearest = {.wanted = name};
    nearest_offer(&nearest, "for");
    nearest_offer(&nearest, "level");
    for (size_t i = 0; i < PARTS; i++)
        nearest_offer(&nearest, parts[i].name);
    if (nearest.best)
        return error_set(error, ERROR_USAGE, "%s: a rule has no '%s'; did you mean '%s'?", setting->place, name, nearest.best);
    return error_set(error, ERROR_USAGE, "%s: a rule has no '%s'; it has name, when, for, hysteresis, level, log, command, webhook and led", setting->place, name);
}

static bool part_take(struct rule *rule, const struct setting *setting, const char *name, struct error *error)
{
    if (setting->kind == TOML_BOOL)
        return error_set(error, ERROR_USAGE, "%s: %s is no yes or no", setting->place, name);
    if (!strcmp(name, "for"))
        return number_parse_time(setting->place, setting->text, &rule->for_ns, error);
    if (!strcmp(name, "level"))
        return level_take(rule, setting, error);
    if (!strcmp(name, "webhook") && strncmp(setting->text, "http://", 7) && strncmp(setting->text, "https://", 8))
        return error_set(error, ERROR_USAGE, "%s: '%s' is no address of the web: it begins with http:// or https://", setting->place, setting->text);
    if (!strcmp(name, "when"))
        rule->gate.place = setting->place;
    for (size_t i = 0; i < PARTS; i++)
        if (!strcmp(name, parts[i].name)) {
            *(const char **)((char *)rule + parts[i].offset) = setting->text;
            return true;
        }
    return part_unknown(setting, name, error);
}

static bool rule_finish(struct rules *rules, const struct rule *begun, const char *place, struct error *error)
{
    struct rule rule = *begun;
    if (!rule.when)
        return error_set(error, ERROR_USAGE, "%s: the rule has no condition; write when = \"summary.live_bytes>64M\"", place);
    if (!rule.name)
        rule.name = rule.when;
    if (!gate_parse(&rule.gate, rule.gate.place ? rule.gate.place : place, rule.when, error))
        return false;
    vec_push(&rules->list, rule);
    return true;
}

/* The rule whose parts begin at setting `*at`, and stand together as the file's order of tables keeps them. */
static bool rule_read(struct rules *rules, const struct settings *settings, size_t *at, struct error *error)
{
    const struct setting *first = settings->list.at + *at;
    size_t stem = strcspn(first->key, "]") + 1;
    struct rule rule = {.level = RULE_WARN};
    for (; *at < settings->list.count; ++*at) {
        const struct setting *setting = settings->list.at + *at;
        if (strncmp(setting->key, first->key, stem))
            break;
        if (setting->key[stem] != '.')
            return error_set(error, ERROR_USAGE, "%s: a rule is a table: write [[alerts.rule]] above it", setting->place);
        if (!part_take(&rule, setting, setting->key + stem + 1, error))
            return false;
    }
    return rule_finish(rules, &rule, first->place, error);
}

static bool threshold_read(struct rules *rules, const struct setting *setting, const char *name, const char *when, struct error *error)
{
    struct str text = {0};
    if (setting->kind == TOML_BOOL)
        return error_set(error, ERROR_USAGE, "%s: %s is a number, like 0.8", setting->place, setting->key);
    str_add_format(&text, "%s%s", when, setting->text);
    struct rule rule = {.name = name, .when = arena_copy_text(&rules->arena, str_text(&text), text.count), .level = RULE_WARN};
    str_done(&text);
    return rule_finish(rules, &rule, setting->place, error);
}

static bool leaks_read(struct rules *rules, const struct setting *setting, struct error *error)
{
    struct rule rule = {.name = "leak", .when = "leak", .level = RULE_CRITICAL};
    if (setting->kind != TOML_BOOL)
        return error_set(error, ERROR_USAGE, "%s: %s is true or false", setting->place, setting->key);
    return strcmp(setting->text, "true") || rule_finish(rules, &rule, setting->place, error);
}

static bool shorthand_read(struct rules *rules, const struct setting *setting, struct error *error)
{
    if (!strcmp(setting->key, leak_key))
        return leaks_read(rules, setting, error);
    for (size_t i = 0; i < THRESHOLDS; i++)
        if (!strcmp(setting->key, thresholds[i].key))
            return threshold_read(rules, setting, thresholds[i].name, thresholds[i].when, error);
    return true;
}

bool rules_read(struct rules *rules, const struct settings *settings, struct error *error)
{
    for (size_t at = 0; at < settings->list.count;) {
        const struct setting *setting = settings->list.at + at;
        if (!strncmp(setting->key, rule_stem, sizeof rule_stem - 1)) {
            if (!rule_read(rules, settings, &at, error))
                return false;
        } else if (!shorthand_read(rules, setting, error)) {
            return false;
        } else {
            at++;
        }
    }
    return true;
}

void rules_done(struct rules *rules)
{
    vec_done(&rules->list);
    arena_done(&rules->arena);
}
