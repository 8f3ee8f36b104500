/* alert_watch: one step of each rule's state for each look. Time is the session's, so a trace that is over gives the same alerts as it did live. */
#include "alert_watch.h"

#include <string.h>

#include "host/base/number.h"
#include "host/view/cell.h"

const char *alert_phase_word(enum alert_phase phase)
{
    static const char *const words[] = {"idle", "tracking", "alerting", "reporting"};
    return words[phase];
}

void alerts_begin(struct alerts *alerts)
{
    vec_extend(&alerts->list, alerts->rules->list.count);
}

static void value_text(struct str *text, const struct column *column, double value)
{
    static const struct view plain = {.has_unicode = true};
    union cell cell = {0};
    switch (column->kind) {
    case COLUMN_RATIO:
    case COLUMN_REAL:
        cell.f = value;
        break;
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        cell.i = (int64_t)value;
        break;
    default:
        cell.u = (uint64_t)value;
    }
    cell_text(text, &plain, column, cell);
}

/* "warn: cache: summary.live_bytes>64M for 10 s, it is 71.3 MiB". */
static void line_make(struct str *line, const struct rule *rule, const struct table *table, const struct gate_extreme *found, bool fires)
{
    struct str value = {0};
    char duration[NUMBER_ROOM];
    str_add_format(line, "%s: %s: %s", fires ? rule_level_words[rule->level] : "ended", rule->name, rule->when);
    if (fires && rule->for_ns)
        str_add_format(line, " for %s", number_duration(duration, rule->for_ns));
    if (*rule->gate.column && found->has_row) {
        value_text(&value, table->columns + found->column, found->value);
        str_add_format(line, ", it is %s", str_text(&value));
    }
    str_done(&value);
}

static void lights_set(const struct alerts *alerts, const char *led)
{
    enum rule_level level = RULE_OK;
    for (size_t i = 0; i < alerts->list.count; i++) {
        const struct rule *rule = alerts->rules->list.at + i;
        if (alerts->list.at[i].state == ALERT_FIRES && rule->led && !strcmp(rule->led, led) && rule->level > level)
            level = rule->level;
    }
    action_light(led, level);
}

static void news_tell(struct alerts *alerts, const struct rule *rule, const struct table *table, const struct gate_extreme *found, uint64_t time_ns, bool fires)
{
    struct str line = {0};
    line_make(&line, rule, table, found, fires);
    action_take(&alerts->actions, &(struct action_news){rule, fires, str_text(&line), found->value, time_ns});
    if (alerts->say)
        alerts->say(alerts->context, rule, str_text(&line));
    str_done(&line);
    if (rule->led)
        lights_set(alerts, rule->led);
}

static bool rule_look(struct alerts *alerts, size_t at, const struct table *table, uint64_t time_ns, struct error *error)
{
    const struct rule *rule = alerts->rules->list.at + at;
    struct rule_watch *alert = alerts->list.at + at;
    struct gate_extreme found;
    if (!gate_extreme(&rule->gate, table, alert->state == ALERT_FIRES ? rule->slack : NULL, &found, error))
        return false;
    enum alert_state old = alert->state;
    alert->value = found.value;
    alert->has_value = found.has_row && *rule->gate.column;
    if (!found.is_beyond)
        alert->state = ALERT_QUIET;
    else if (old == ALERT_QUIET)
        *alert = (struct rule_watch){ALERT_WAITING, time_ns, alert->fired, alert->value, alert->has_value};
    if (alert->state == ALERT_WAITING && time_ns - alert->since_ns >= rule->for_ns) {
        alert->state = ALERT_FIRES;
        alert->fired++;
    }
    if ((old == ALERT_FIRES) != (alert->state == ALERT_FIRES))
        news_tell(alerts, rule, table, &found, time_ns, alert->state == ALERT_FIRES);
    return true;
}

bool alerts_look(struct alerts *alerts, const struct table *tables, size_t count, uint64_t time_ns, struct error *error)
{
    bool fires = false;
    for (size_t i = 0; i < alerts->list.count; i++)
        for (size_t t = 0; t < count; t++)
            if (!strcmp(tables[t].name, alerts->rules->list.at[i].gate.table) && !rule_look(alerts, i, tables + t, time_ns, error))
                return false;
    for (size_t i = 0; i < alerts->list.count; i++)
        fires |= alerts->list.at[i].state == ALERT_FIRES;
    alerts->phase = fires ? ALERT_ALERTING : ALERT_TRACKING;
    return true;
}

void alerts_end(struct alerts *alerts)
{
    alerts->phase = ALERT_REPORTING;
}

enum { NAME, LEVEL, WHEN, STATE, VALUE, SINCE, FIRED, COLUMNS };
static const struct column columns[] = {
    [NAME] = {"rule", "Rule", "", "its name in the configuration", COLUMN_TEXT},
    [LEVEL] = {"level", "Level", "", "warn or critical", COLUMN_TEXT},
    [WHEN] = {"condition", "Condition", "", "a cell of a table that is beyond a value", COLUMN_TEXT},
    [STATE] = {"state", "State", "", "quiet; waiting: beyond, but not yet for as long as the rule wants; fires", COLUMN_TEXT},
    [VALUE] = {"value", "Value", "", "of the cell that is furthest beyond, in the unit of its column; ratios as 0 to 1", COLUMN_REAL},
    [SINCE] = {"since_ns", "Since", "", "when it went beyond last", COLUMN_TIME},
    [FIRED] = {"fired", "Fired", "", "how often it began to fire", COLUMN_COUNT},
};

void alerts_table(const struct alerts *alerts, struct table *table)
{
    static const char *const words[] = {[ALERT_QUIET] = "quiet", [ALERT_WAITING] = "waiting", [ALERT_FIRES] = "fires"};
    table_init(table, "alert_rules", "Alert rules", "The rules of the configuration ([[alerts.rule]]), looked at each time the picture changes.", TABLE_ROWS, columns, COLUMNS);
    for (size_t i = 0; i < alerts->list.count; i++) {
        const struct rule *rule = alerts->rules->list.at + i;
        const struct rule_watch *alert = alerts->list.at + i;
        union cell *row = table_row(table);
        row[NAME].text = table_text(table, "%s", rule->name);
        row[LEVEL].text = rule_level_words[rule->level];
        row[WHEN].text = table_text(table, "%s", rule->when);
        row[STATE].text = words[alert->state];
        row[VALUE].f = alert->value;
        row[SINCE].u = alert->since_ns;
        row[FIRED].u = alert->fired;
    }
    table_note(table, "state: %s", alert_phase_word(alerts->phase));
}

void alerts_done(struct alerts *alerts)
{
    actions_end(&alerts->actions, alerts->rules);
    vec_done(&alerts->list);
}
