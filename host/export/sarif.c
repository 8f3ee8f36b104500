/* sarif: in findings, out a SARIF 2.1.0 log. Nothing in it differs when the same trace is read again, or by which machine. */
#include "sarif.h"

#include <string.h>

#include "host/base/json.h"

/* The folder that relative names are relative to. */
static const char root_name[] = "%SRCROOT%";
static const char *const level_words[] = {[FINDING_ERROR] = "error", [FINDING_WARNING] = "warning", [FINDING_NOTE] = "note"};
static const char *const severity_words[] = {[FINDING_ERROR] = "error", [FINDING_WARNING] = "warning", [FINDING_NOTE] = "recommendation"};

/* Braces are doubled, since one would be a place for an argument, and what looks like a link is none (3.11.5 and 3.11.6 of the standard). */
static void message_put(struct json *json, const char *key, const char *text)
{
    struct str plain = {0};
    bool has_link = strstr(text, "](") != NULL;
    for (; *text; text++)
        str_add_format(&plain, *text == '{' || *text == '}' ? "%1$c%1$c" : *text == '[' && has_link ? "\\%c" : "%c", *text);
    json_object(json, key);
    json_text(json, "text", str_text(&plain));
    json_end(json);
    str_done(&plain);
}

/* RFC 3986: what stands for itself in a path stays, the rest becomes %XX. */
static void uri_add(struct str *out, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/+@$!,=";
    for (; *path; path++)
        str_add_format(out, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
}

static void artifact_put(struct json *json, const struct findings *findings, const char *file)
{
    struct str uri = {0};
    const char *name;
    bool is_below = findings_is_below(findings, file, &name);
    str_add(&uri, *name == '/' ? "file://" : "");
    uri_add(&uri, name);
    json_object(json, "artifactLocation");
    json_text(json, "uri", str_text(&uri));
    if (is_below)
        json_text(json, "uriBaseId", root_name);
    json_end(json);
    str_done(&uri);
}

static void region_put(struct json *json, unsigned line)
{
    if (!line)
        return;
    json_object(json, "region");
    json_unsigned(json, "startLine", line);
    json_end(json);
}

/* Its module stands for a file that is not known: a result without a place is shown by no reader. */
static void location_members(struct json *json, const struct findings *findings, const struct finding_frame *frame, const char *message)
{
    const char *file = frame->file ? frame->file : frame->module;
    if (*file) {
        json_object(json, "physicalLocation");
        artifact_put(json, findings, file);
        region_put(json, frame->file ? frame->line : 0);
        json_end(json);
    }
    json_array(json, "logicalLocations");
    json_object(json, NULL);
    json_text(json, "fullyQualifiedName", frame->function);
    json_text(json, "kind", "function");
    json_end(json);
    json_end(json);
    if (message)
        message_put(json, "message", message);
}

static void stack_put(struct json *json, const struct findings *findings, const struct finding_stack *stack)
{
    json_object(json, NULL);
    message_put(json, "message", stack->title);
    json_array(json, "frames");
    for (size_t i = 0; i < stack->count; i++) {
        const struct finding_frame *frame = finding_frame(findings, stack, i);
        json_object(json, NULL);
        json_object(json, "location");
        location_members(json, findings, frame, NULL);
        json_end(json);
        if (*frame->module)
            json_text(json, "module", frame->module);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

/* The way to the innermost frame of the program: from the outermost on. */
static void flow_put(struct json *json, const struct findings *findings, const struct finding_stack *stack)
{
    json_object(json, NULL);
    message_put(json, "message", stack->title);
    json_array(json, "threadFlows");
    json_object(json, NULL);
    json_array(json, "locations");
    for (size_t i = stack->count; i-- > stack->top;) {
        const struct finding_frame *frame = finding_frame(findings, stack, i);
        json_object(json, NULL);
        json_object(json, "location");
        location_members(json, findings, frame, i == stack->top ? stack->title : frame->function);
        json_end(json);
        json_unsigned(json, "nestingLevel", stack->count - 1 - i);
        json_end(json);
    }
    json_end(json);
    json_end(json);
    json_end(json);
    json_end(json);
}

static void stacks_put(struct json *json, const struct findings *findings, const struct finding *finding)
{
    if (!finding->stack_count)
        return;
    json_array(json, "stacks");
    for (size_t i = 0; i < finding->stack_count; i++)
        stack_put(json, findings, finding_stack(findings, finding, i));
    json_end(json);
    json_array(json, "codeFlows");
    for (size_t i = 0; i < finding->stack_count; i++)
        flow_put(json, findings, finding_stack(findings, finding, i));
    json_end(json);
}

static void places_put(struct json *json, const struct findings *findings, const struct finding *finding)
{
    const struct finding_frame *top = finding_top(findings, finding);
    json_array(json, "locations");
    if (top) {
        json_object(json, NULL);
        location_members(json, findings, top, NULL);
        json_end(json);
    }
    json_end(json);
    if (finding->stack_count < 2)
        return;
    json_array(json, "relatedLocations");
    for (size_t i = 1; i < finding->stack_count; i++) {
        const struct finding_stack *stack = finding_stack(findings, finding, i);
        json_object(json, NULL);
        json_unsigned(json, "id", i);
        location_members(json, findings, finding_frame(findings, stack, stack->top), stack->title);
        json_end(json);
    }
    json_end(json);
}

static void details_put(struct json *json, const struct findings *findings, const struct finding *finding)
{
    if (!finding->detail_count)
        return;
    json_object(json, "properties");
    for (size_t i = 0; i < finding->detail_count; i++) {
        const struct finding_detail *detail = findings->details.at + finding->first_detail + i;
        if (detail->text)
            json_text(json, detail->name, detail->text);
        else
            json_real(json, detail->name, detail->number);
    }
    json_end(json);
}

static void suppression_put(struct json *json, const struct finding *finding)
{
    json_array(json, "suppressions");
    if (finding->suppressed) {
        json_object(json, NULL);
        json_text(json, "kind", "external");
        json_text(json, "status", "accepted");
        json_text(json, "justification", finding->suppressed);
        json_end(json);
    }
    json_end(json);
}

static size_t rule_number(const struct findings *findings, const struct finding_rule *rule)
{
    size_t i = 0;
    while (findings->rules.at[i] != rule)
        i++;
    return i;
}

static void result_put(struct json *json, const struct findings *findings, const struct finding *finding, struct map *seen)
{
    struct str print = {0};
    finding_print(findings, finding, seen, &print);
    json_object(json, NULL);
    json_text(json, "ruleId", finding->rule->id);
    json_unsigned(json, "ruleIndex", rule_number(findings, finding->rule));
    json_text(json, "level", level_words[finding->level]);
    if (finding->rank >= 0)
        json_real(json, "rank", finding->rank);
    message_put(json, "message", finding->message);
    places_put(json, findings, finding);
    stacks_put(json, findings, finding);
    json_object(json, "partialFingerprints");
    json_text(json, "heaptracerStacks/v1", str_text(&print));
    json_end(json);
    suppression_put(json, finding);
    details_put(json, findings, finding);
    json_end(json);
    str_done(&print);
}

static void rule_put(struct json *json, const struct finding_rule *rule)
{
    struct str title = {0};
    json_object(json, NULL);
    json_text(json, "id", rule->id);
    json_text(json, "name", rule->name);
    str_add_format(&title, "%s.", rule->title);
    message_put(json, "shortDescription", str_text(&title));
    message_put(json, "fullDescription", rule->about);
    json_object(json, "help");
    json_text(json, "text", rule->about);
    json_text(json, "markdown", rule->about);
    json_end(json);
    json_object(json, "defaultConfiguration");
    json_text(json, "level", level_words[rule->level]);
    json_end(json);
    json_object(json, "properties");
    json_array(json, "tags");
    json_text(json, NULL, "memory");
    json_text(json, NULL, "correctness");
    json_end(json);
    json_text(json, "precision", "high");
    json_text(json, "problem.severity", severity_words[rule->level]);
    json_end(json);
    json_end(json);
    str_done(&title);
}

static void tool_put(struct json *json, const struct findings *findings)
{
    json_object(json, "tool");
    json_object(json, "driver");
    json_text(json, "name", "HeapTracer");
    json_text(json, "semanticVersion", HT_VERSION);
    json_array(json, "rules");
    for (size_t i = 0; i < findings->rules.count; i++)
        rule_put(json, findings->rules.at[i]);
    json_end(json);
    json_end(json);
    json_end(json);
}

static void run_put(struct json *json, const struct findings *findings)
{
    struct map seen = {0};
    json_object(json, NULL);
    tool_put(json, findings);
    json_object(json, "originalUriBaseIds");
    json_object(json, root_name);
    message_put(json, "description", "the folder of the sources");
    json_end(json);
    json_end(json);
    json_array(json, "results");
    for (size_t i = 0; i < findings->list.count; i++)
        result_put(json, findings, findings->list.at + i, &seen);
    json_end(json);
    map_done(&seen);
    json_object(json, "properties");
    json_text(json, "program", findings->about);
    if (findings->left_out)
        json_unsigned(json, "leftOut", findings->left_out);
    json_end(json);
    json_end(json);
}

void sarif_put(FILE *out, const struct findings *findings)
{
    struct json json = {.out = out, .line_depth = 4};
    json_object(&json, NULL);
    json_text(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_text(&json, "version", "2.1.0");
    json_array(&json, "runs");
    run_put(&json, findings);
    json_end(&json);
    json_end(&json);
}
