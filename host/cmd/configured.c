/* configured: read once, before the command of this run parses its words. */
#include "configured.h"

#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "cmd.h"
#include "host/base/nearest.h"

const struct configured_key configured_keys[] = {
#define HT_SETTING(key, command, option) {key, command, option},
#include "setting.def"
#undef HT_SETTING
    {0}};

static struct settings settings;
static VEC(struct opt_given) given;
static struct rules rules;

const struct settings *configured_settings(void)
{
    return &settings;
}

const struct opt *configured_option(const struct configured_key *key)
{
    const struct opt *opt = NULL;
    for (const struct command *command = commands; command->word && !opt; command++)
        if (!key->command || !strcmp(key->command, command->word))
            opt = opt_find(command->table, key->option);
    return opt;
}

const struct rules *configured_rules(void)
{
    return &rules;
}

bool configured_unknown(const char *place, const char *name, struct error *error)
{
    struct nearest nearest = {.wanted = name};
    for (const struct configured_key *key = configured_keys; key->key; key++)
        nearest_offer(&nearest, key->key);
    if (nearest.best)
        return error_set(error, ERROR_USAGE, "%sthere is no setting '%s'; did you mean '%s'?", place, name, nearest.best);
    return error_set(error, ERROR_USAGE, "%sthere is no setting '%s'; 'heaptracer config' lists them", place, name);
}

static bool fits(const struct setting *setting, const struct opt *opt, const char *place, struct error *error)
{
    if ((opt->kind == OPT_FLAG) != (setting->kind == TOML_BOOL))
        return error_set(error, ERROR_USAGE, opt->kind == OPT_FLAG ? "%s: '%s' is neither true nor false" : "%s: '%s' is no value for it", place, setting->text);
    const struct setting *first = settings_find(&settings, setting->key);
    if (opt->kind != OPT_LIST && opt->kind != OPT_WORDS && first != setting)
        return error_set(error, ERROR_USAGE, "%s takes one value, not a list", place);
    return opt_check(opt, place, setting->text, error);
}

static bool setting_take(const struct setting *setting, struct error *error)
{
    bool is_known = false;
    struct str place = {0};
    str_add_format(&place, "%s: %s", setting->place, setting->key);
    char *kept = memory_copy_text(str_text(&place)); /* as long as this run */
    str_clear(&place);
    for (const struct configured_key *key = configured_keys; key->key; key++) {
        const struct opt *opt = !strcmp(key->key, setting->key) ? configured_option(key) : NULL;
        is_known |= opt != NULL;
        if (opt && !fits(setting, opt, kept, error))
            return false;
        if (opt)
            vec_push(&given, ((struct opt_given){key->command, key->option, setting->text, kept}));
    }
    str_add_format(&place, "%s: ", setting->place);
    is_known = is_known || configured_unknown(str_text(&place), setting->key, error);
    str_done(&place);
    return is_known;
}

static bool user_file_read(struct error *error)
{
    const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    struct str path = {0};
    if (folder && *folder)
        str_add_format(&path, "%s/heaptracer/config.toml", folder);
    else if (home && *home)
        str_add_format(&path, "%s/.config/heaptracer/config.toml", home);
    bool is_good = !path.count || settings_read(&settings, str_text(&path), error);
    str_done(&path);
    return is_good;
}

static bool files_read(struct error *error)
{
    const char *only = getenv("HEAPTRACER_CONFIG");
    if (only && *only)
        return !strcmp(only, "none") || settings_read(&settings, only, error);
    return settings_read(&settings, "heaptracer.toml", error) && settings_read(&settings, ".heaptracer.toml", error) && user_file_read(error);
}

/* What a rule is about must be a table. */
static bool rules_check(struct error *error)
{
    for (size_t i = 0; i < rules.list.count; i++) {
        struct error wrong = {0};
        if (!choice_check("table", choice_tables, rules.list.at[i].gate.table, &wrong))
            return error_set(error, ERROR_USAGE, "%s: %s", rules.list.at[i].gate.place, wrong.text);
    }
    return true;
}

bool configured_read(struct error *error)
{
    if (!files_read(error))
        return false;
    for (size_t i = 0; i < settings.list.count; i++)
        if (!rule_owns(settings.list.at[i].key) && !setting_take(settings.list.at + i, error))
            return false;
    opt_give(given.at, given.count);
    return rules_read(&rules, &settings, error) && rules_check(error);
}
