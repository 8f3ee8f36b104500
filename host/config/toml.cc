/* toml: walks the tree that toml++ reads. No exception leaves it, and none is thrown: the library is built without. */
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include "toml.h"

#include <string>
#include <string_view>

namespace {

struct walk {
    const char *name;
    void (*see)(void *context, const struct toml_value *value);
    void *context;
    struct error *error;
};

bool tell(const walk &w, const std::string &key, const std::string &text, const toml::node &node, enum toml_kind kind)
{
    const struct toml_value value = {key.c_str(), text.c_str(), node.source().begin.line, kind};
    if (text.find('\0') != std::string::npos)
        return error_set(w.error, ERROR_USAGE, "%s:%u: %s: a text with a NUL in it", w.name, value.line, key.c_str());
    w.see(w.context, &value);
    return true;
}

std::string real_text(double number)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", number);
    return text;
}

bool walk_node(const walk &w, const std::string &key, const toml::node &node);

bool walk_table(const walk &w, const std::string &key, const toml::table &table)
{
    for (const auto &[name, node] : table)
        if (!walk_node(w, key.empty() ? std::string(name.str()) : key + "." + std::string(name.str()), node))
            return false;
    return true;
}

bool walk_array(const walk &w, const std::string &key, const toml::array &array)
{
    size_t place = 0;
    for (const toml::node &node : array)
        if (!walk_node(w, node.is_table() ? key + "[" + std::to_string(place++) + "]" : key, node))
            return false;
    return true;
}

bool walk_node(const walk &w, const std::string &key, const toml::node &node)
{
    if (const toml::table *table = node.as_table())
        return walk_table(w, key, *table);
    if (const toml::array *array = node.as_array())
        return walk_array(w, key, *array);
    if (const auto *text = node.as_string())
        return tell(w, key, text->get(), node, TOML_TEXT);
    if (const auto *whole = node.as_integer())
        return tell(w, key, std::to_string(whole->get()), node, TOML_NUMBER);
    if (const auto *real = node.as_floating_point())
        return tell(w, key, real_text(real->get()), node, TOML_NUMBER);
    if (const auto *flag = node.as_boolean())
        return tell(w, key, flag->get() ? "true" : "false", node, TOML_BOOL);
    return error_set(w.error, ERROR_USAGE, "%s:%u: %s is a date; no setting is one: write a text, a number, true or false", w.name,
                     (unsigned)node.source().begin.line, key.c_str());
}

} // namespace

bool toml_read(const char *name, const char *text, size_t count, void (*see)(void *context, const struct toml_value *value), void *context, struct error *error)
{
    const walk w = {name, see, context, error};
    toml::parse_result result = toml::parse(std::string_view(text, count));
    if (!result)
        return error_set(error, ERROR_USAGE, "%s:%u:%u: %.*s", name, (unsigned)result.error().source().begin.line, (unsigned)result.error().source().begin.column,
                         (int)result.error().description().size(), result.error().description().data());
    return walk_table(w, "", result.table());
}
