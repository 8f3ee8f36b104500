/* target_profile: every value is checked where it stands, so that nonsense is said with its line. */
#include "target_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"

enum { TARGETS_MOST = 1000, BYTES_MOST = 1 << 20 };

static const char *copy(struct target_profiles *profiles, const char *text)
{
    return arena_copy_text(&profiles->texts, text, strlen(text));
}

static struct target_profile *target_at(struct target_profiles *profiles, size_t number, const char *place)
{
    size_t at = profiles->read_from + number;
    while (profiles->list.count <= at)
        vec_push(&profiles->list, ((struct target_profile){.place = copy(profiles, place), .unit = 1}));
    return &profiles->list.at[at];
}

static bool size_take(uint64_t *value, const char *key, const char *text, const char *place, uint64_t most, struct error *error)
{
    char *rest;
    if (!strncmp(text, "0x", 2)) {
        *value = strtoull(text, &rest, 16);
        return (!*rest && *value <= most) || error_set(error, ERROR_USAGE, "%s: %s: '%s' is no address", place, key, text);
    }
    return number_parse_size(place, text, value, error) &&
           (*value <= most || error_set(error, ERROR_USAGE, "%s: %s: '%s' is more than %llu", place, key, text, (unsigned long long)most));
}

/* A width that C can have. */
static bool width_take(uint32_t *value, const char *key, const char *text, const char *place, struct error *error)
{
    char *rest;
    unsigned long width = strtoul(text, &rest, 10);
    if (*rest || (width != 1 && width != 2 && width != 4 && width != 8 && width != 12 && width != 16))
        return error_set(error, ERROR_USAGE, "%s: %s: '%s' is no width of a type: write 1, 2, 4, 8, 12 or 16", place, key, text);
    *value = (uint32_t)width;
    return true;
}

/* "time_t 8 8". */
static bool type_take(struct target_profiles *profiles, struct target_profile *target, const char *text, const char *place, struct error *error)
{
    char name[100];
    unsigned long long size, align;
    int used = 0;
    if (sscanf(text, "%99s %llu %llu %n", name, &size, &align, &used) != 3 || text[used] || !align || (align & (align - 1)) || size > BYTES_MOST ||
        align > 4096)
        return error_set(error, ERROR_USAGE, "%s: types: '%s' is not \"NAME SIZE ALIGNMENT\", as in \"time_t 8 8\"", place, text);
    data_model_add_type(&target->model, copy(profiles, name), (struct extent){size, align});
    return true;
}

static bool model_take(struct target_profile *target, const char *text, const char *place, struct error *error)
{
    struct data_model model;
    if (!data_model_find(&model, text))
        return error_set(error, ERROR_USAGE, "%s: model: there is no data model '%s'; there are: %s", place, text, data_model_names());
    if (target->model.types.count)
        memcpy(&model.types, &target->model.types, sizeof model.types);
    target->model = model;
    target->has_model = true;
    return true;
}

static bool name_take(struct target_profile *target, const char *text, const char *place, struct error *error)
{
    if (!*text || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != strlen(text))
        return error_set(error, ERROR_USAGE, "%s: name: '%s' is no name: letters, digits, '-', '_' and '.' only", place, text);
    target->name = text;
    return true;
}

static bool width_find(struct target_profile *target, const char *key, uint32_t **width)
{
    struct data_model *model = &target->widths;
    const struct {
        const char *name;
        uint32_t *width;
    } widths[] = {{"pointer_bytes", &model->pointer_bytes}, {"size_bytes", &model->size_bytes},     {"int_bytes", &model->int_bytes},
                  {"long_bytes", &model->long_bytes},       {"double_bytes", &model->double_bytes}, {"long_double_bytes", &model->long_double_bytes},
                  {"wchar_bytes", &model->wchar_bytes},     {"align_most", &model->align_most}};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (!strcmp(key, widths[i].name)) {
            *width = widths[i].width;
            return true;
        }
    return false;
}

static bool target_take(struct target_profiles *profiles, struct target_profile *target, const char *key, const char *text, const char *place,
                        struct error *error)
{
    uint32_t *width;
    const char *owned = copy(profiles, text);
    if (!strcmp(key, "name"))
        return name_take(target, owned, place, error);
    if (!strcmp(key, "title"))
        return target->title = owned, true;
    if (!strcmp(key, "group"))
        return target->group = owned, true;
    if (!strcmp(key, "allocator"))
        return target->allocator = owned, true;
    if (!strcmp(key, "options"))
        return target->options = owned, true;
    if (!strcmp(key, "model"))
        return model_take(target, text, place, error);
    if (!strcmp(key, "types"))
        return type_take(profiles, target, text, place, error);
    if (!strcmp(key, "arena"))
        return size_take(&target->arena_bytes, key, text, place, 1ull << 40, error);
    if (!strcmp(key, "base"))
        return size_take(&target->base, key, text, place, UINT64_MAX, error);
    if (!strcmp(key, "header"))
        return size_take(&target->header, key, text, place, BYTES_MOST, error);
    if (!strcmp(key, "least"))
        return size_take(&target->least, key, text, place, BYTES_MOST, error);
    if (!strcmp(key, "align"))
        return size_take(&target->align, key, text, place, 4096, error);
    if (!strcmp(key, "unit"))
        return size_take(&target->unit, key, text, place, 4096, error) && (target->unit || error_set(error, ERROR_USAGE, "%s: unit: it cannot be 0", place));
    if (!strcmp(key, "short_enums"))
        return target->widths.short_enums = !strcmp(text, "true"), true;
    if (width_find(target, key, &width))
        return width_take(width, key, text, place, error);
    return error_set(error, ERROR_USAGE,
                     "%s: a target has no '%s'; it has name, title, group, model, allocator, options, arena, base, header, unit, least, align, types, "
                     "short_enums, and widths like "
                     "int_bytes",
                     place, key);
}

static bool hint_take(struct target_profiles *profiles, size_t number, const char *key, const char *text, const char *place, struct error *error)
{
    struct size_hints *hints = &profiles->hints;
    size_t at = profiles->hints_from + number;
    while (hints->list.count <= at)
        vec_push(&hints->list, ((struct size_hint){.place = copy(profiles, place)}));
    struct size_hint *hint = &hints->list.at[at];
    if (!strcmp(key, "at"))
        hint->at = copy(profiles, text);
    else if (!strcmp(key, "size"))
        hint->size = copy(profiles, text);
    else
        return error_set(error, ERROR_USAGE, "%s: a hint has no '%s'; it has at and size", place, key);
    return true;
}

/* "target[12].name": the number and what follows; false: it is no such key. */
static bool key_split(const char *key, const char *table, size_t *number, const char **rest)
{
    char *end;
    size_t stem = strlen(table);
    if (strncmp(key, table, stem) || key[stem] != '[')
        return false;
    *number = strtoul(key + stem + 1, &end, 10);
    *rest = end + 2;
    return end[0] == ']' && end[1] == '.' && *number < TARGETS_MOST;
}

bool target_profiles_take(struct target_profiles *profiles, const char *key, const char *text, const char *place, struct error *error)
{
    size_t number;
    const char *rest;
    if (key_split(key, "target", &number, &rest))
        return target_take(profiles, target_at(profiles, number, place), rest, text, place, error);
    if (key_split(key, "hint", &number, &rest))
        return hint_take(profiles, number, rest, text, place, error);
    return error_set(error, ERROR_USAGE, "%s: '%s' is nothing that a profile has: it has [[target]] and [[hint]]", place, key);
}

/* What the file says itself goes before what its model says, in whatever order they were read. */
static void widths_apply(struct data_model *model, const struct data_model *said)
{
    uint32_t *widths[] = {&model->pointer_bytes, &model->size_bytes,        &model->int_bytes,   &model->long_bytes,
                          &model->double_bytes,  &model->long_double_bytes, &model->wchar_bytes, &model->align_most};
    const uint32_t values[] = {said->pointer_bytes, said->size_bytes,        said->int_bytes,   said->long_bytes,
                               said->double_bytes,  said->long_double_bytes, said->wchar_bytes, said->align_most};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (values[i])
            *widths[i] = values[i];
    model->short_enums |= said->short_enums;
}

static bool target_check(struct target_profile *target, struct error *error)
{
    if (!target->name)
        return error_set(error, ERROR_USAGE, "%s: a target without a name", target->place);
    if (!target->has_model)
        return error_set(error, ERROR_USAGE, "%s: target %s has no model; there are: %s", target->place, target->name, data_model_names());
    widths_apply(&target->model, &target->widths);
    if (target->model.pointer_bytes != 2 && target->model.pointer_bytes != 4 && target->model.pointer_bytes != 8)
        return error_set(error, ERROR_USAGE, "%s: target %s: pointers of %u bytes: there are 2, 4 or 8", target->place, target->name,
                         target->model.pointer_bytes);
    if (target->arena_bytes && target->base + target->arena_bytes < target->base)
        return error_set(error, ERROR_USAGE, "%s: target %s: its arena ends behind the last address", target->place, target->name);
    target->title = target->title ? target->title : target->name;
    target->allocator = target->allocator ? target->allocator : "";
    return true;
}

bool target_profiles_end(struct target_profiles *profiles, const char *file, struct error *error)
{
    if (profiles->read_from == profiles->list.count && profiles->hints_from == profiles->hints.list.count)
        return error_set(error, ERROR_USAGE, "%s: no [[target]] and no [[hint]] in it", file);
    for (size_t i = profiles->read_from; i < profiles->list.count; i++)
        if (!target_check(&profiles->list.at[i], error))
            return false;
    for (size_t i = profiles->hints_from; i < profiles->hints.list.count; i++)
        if (!profiles->hints.list.at[i].at || !profiles->hints.list.at[i].size)
            return error_set(error, ERROR_USAGE, "%s: a hint needs at (function or FILE:LINE) and size (an expression, \"bytes\" or \"pointers\")",
                             profiles->hints.list.at[i].place);
    profiles->read_from = profiles->list.count;
    profiles->hints_from = profiles->hints.list.count;
    return true;
}

static bool is_word(const char *text, const char *word, size_t bytes)
{
    return text && strlen(text) == bytes && !memcmp(text, word, bytes);
}

static void names_add(const struct target_profiles *profiles, char *text, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < profiles->list.count && used + 40 < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", i ? ", " : "", profiles->list.at[i].name);
}

bool target_profiles_find(const struct target_profiles *profiles, const char *word, size_t bytes, const struct target_profile **found, size_t room,
                          size_t *count, struct error *error)
{
    char names[700] = "";
    size_t before = *count;
    for (size_t i = profiles->list.count; i-- > 0 && *count == before && *count < room;)
        if (is_word(profiles->list.at[i].name, word, bytes))
            found[(*count)++] = &profiles->list.at[i];
    for (size_t i = 0; *count == before && i < profiles->list.count; i++)
        for (; i < profiles->list.count && *count < room; i++)
            if (is_word(profiles->list.at[i].group, word, bytes))
                found[(*count)++] = &profiles->list.at[i];
    if (*count > before)
        return true;
    names_add(profiles, names, sizeof names);
    return error_set(error, ERROR_USAGE, "there is no target '%.*s'; there are: %s", (int)bytes, word, names);
}

uint64_t target_profile_stride(const struct target_profile *profile, uint64_t size)
{
    uint64_t taken = (size + profile->header + profile->unit - 1) / profile->unit * profile->unit;
    return taken < profile->least ? profile->least : taken;
}

void target_profiles_done(struct target_profiles *profiles)
{
    for (size_t i = 0; i < profiles->list.count; i++)
        data_model_done(&profiles->list.at[i].model);
    vec_done(&profiles->list);
    vec_done(&profiles->hints.list);
    arena_done(&profiles->texts);
}
