/* health_rules: what the rules of the health judgement share: how they read figures from tables and how they tell what they found. */
#ifndef HOST_ANALYSIS_HEALTH_RULES_H
#define HOST_ANALYSIS_HEALTH_RULES_H

#include "health.h"

/* A rule adds findings, also one that all is well where that is worth knowing. */
typedef void (*health_rule)(struct health *health, const struct health_input *input);
extern const health_rule health_rules[]; /* NULL-terminated */
void health_rule_growth(struct health *health, const struct health_input *input);
/* health_device.c */
bool health_is_firmware(const struct health_input *input); /* it told of its stacks or heaps */
void health_rule_faults(struct health *health, const struct health_input *input);
void health_rule_stacks(struct health *health, const struct health_input *input);
void health_rule_regions(struct health *health, const struct health_input *input);
void health_rule_pieces(struct health *health, const struct health_input *input);
void health_rule_pools(struct health *health, const struct health_input *input);
void health_rule_placement(struct health *health, const struct health_input *input);
void health_rule_alerts(struct health *health, const struct health_input *input);

const struct table *health_table(const struct health_input *input, const char *name); /* NULL: there is none */
/* A number of a table; 0 if there is no such row or column. */
double health_number(const struct health_input *input, const char *table, size_t row, const char *column);
/* A text of a table; "" if there is no such row or column. */
const char *health_word(const struct health_input *input, const char *table, size_t row, const char *column);
/* The sum of a column. */
double health_sum(const struct health_input *input, const char *table, const char *column);
const char *health_text(struct health *health, const char *format, ...) __attribute__((format(printf, 2, 3)));
void health_add(struct health *health, struct health_finding finding);

/* Texts of figures; each call may use the result of the last few. */
const char *health_bytes(struct health *health, double bytes);
const char *health_count(struct health *health, double count);
const char *health_blocks(struct health *health, double count); /* "1 block", "12 blocks" */
const char *health_signed_bytes(struct health *health, double bytes);
const char *health_ratio(struct health *health, double ratio);
const char *health_time(struct health *health, double nanoseconds);

#endif
