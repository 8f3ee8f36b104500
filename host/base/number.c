/* number: in texts of people, out numbers; and the other way round. */
#include "number.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct number_unit {
    const char *name;
    double factor;
};

static const struct number_unit count_units[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}};
static const struct number_unit size_units[] = {{"", 1},
                                                {"B", 1},
                                                {"K", 1024.0},
                                                {"KB", 1024.0},
                                                {"KiB", 1024.0},
                                                {"M", 1048576.0},
                                                {"MB", 1048576.0},
                                                {"MiB", 1048576.0},
                                                {"G", 1073741824.0},
                                                {"GB", 1073741824.0},
                                                {"GiB", 1073741824.0},
                                                {"T", 1099511627776.0},
                                                {"TB", 1099511627776.0},
                                                {"TiB", 1099511627776.0},
                                                {NULL, 0}};
static const struct number_unit time_units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}, {NULL, 0}};

static const struct number_unit *unit_find(const struct number_unit *units, const char *name)
{
    while (*name == ' ')
        name++;
    for (; units->name; units++)
        if (!strcasecmp(units->name, name))
            return units;
    return NULL;
}

/* Digits with an optional fraction; grouping commas are let through. Whole numbers stay exact up to 2^64. */
static const char *digits_parse(const char *text, uint64_t *whole, double *fraction, bool *is_too_big)
{
    double weight = 0.1;
    *whole = 0;
    *fraction = 0;
    *is_too_big = false;
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (; isdigit((unsigned char)*text) || (*text == ',' && isdigit((unsigned char)text[1])); text++)
        if (*text != ',')
            *is_too_big |= __builtin_mul_overflow(*whole, 10, whole) || __builtin_add_overflow(*whole, (uint64_t)(*text - '0'), whole);
    if (*text == '.')
        for (text++; isdigit((unsigned char)*text); text++, weight /= 10)
            *fraction += weight * (*text - '0');
    return text;
}

static bool scaled_parse(const char *place, const char *text, const struct number_unit *units, const char *mend, uint64_t *value, struct error *error)
{
    uint64_t whole = 0, factor;
    double fraction;
    bool is_too_big;
    const char *rest = digits_parse(text, &whole, &fraction, &is_too_big);
    const struct number_unit *unit = rest ? unit_find(units, rest) : NULL;
    if (!unit)
        return error_set(error, ERROR_USAGE, "%s: '%s' is not %s", place, text, mend);
    factor = (uint64_t)unit->factor;
    if (is_too_big || __builtin_mul_overflow(whole, factor, value) || __builtin_add_overflow(*value, (uint64_t)llround(fraction * unit->factor), value))
        return error_set(error, ERROR_USAGE, "%s: '%s' is too big: the limit is 2^64-1 = %" PRIu64, place, text, UINT64_MAX);
    return true;
}

bool number_parse_count(const char *place, const char *text, uint64_t *count, struct error *error)
{
    return scaled_parse(place, text, count_units, "a count: write a number like 20, 1,204, 10k or 2M", count, error);
}

bool number_parse_size(const char *place, const char *text, uint64_t *bytes, struct error *error)
{
    return scaled_parse(place, text, size_units, "a size: write a number of bytes or one with a unit, like 4096, 512K, 1.5M or 2GiB", bytes, error);
}

bool number_parse_share(const char *place, const char *text, double *share, struct error *error)
{
    char *end;
    *share = strtod(text, &end);
    bool is_percent = !strcmp(end, "%");
    if (end == text || (*end && !is_percent) || !isfinite(*share))
        return error_set(error, ERROR_USAGE, "%s: '%s' is not a number, like 0.25 or 25%%", place, text);
    *share /= is_percent ? 100 : 1;
    return true;
}

/* hours:minutes:seconds or minutes:seconds, the last part with an optional fraction */
static bool clock_parse(const char *text, uint64_t *nanoseconds)
{
    uint64_t part, seconds = 0;
    double fraction = 0;
    bool is_too_big;
    int colons = 0;
    for (;; text++, colons++) {
        text = digits_parse(text, &part, &fraction, &is_too_big);
        if (!text || is_too_big || part > 1000000000 || (colons && part > 59))
            return false;
        seconds = seconds * 60 + part;
        if (*text != ':' || fraction != 0 || colons == 2)
            break;
    }
    *nanoseconds = seconds * 1000000000 + (uint64_t)llround(fraction * 1e9);
    return !*text && colons > 0;
}

bool number_parse_time(const char *place, const char *text, uint64_t *nanoseconds, struct error *error)
{
    const char *mend = "a time: write seconds or a number with a unit, like 90, 1.5s, 200ms, 3min or 00:01:02.5";
    if (!strchr(text, ':'))
        return scaled_parse(place, text, time_units, mend, nanoseconds, error);
    return clock_parse(text, nanoseconds) || error_set(error, ERROR_USAGE, "%s: '%s' is not %s", place, text, mend);
}

const char *number_bytes(char *text, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    if (unit)
        snprintf(text, NUMBER_ROOM, "%.1f %s", value, units[unit]);
    else
        snprintf(text, NUMBER_ROOM, "%" PRIu64 " B", bytes);
    return text;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
}

static const char *sign_put(char *text, int64_t value)
{
    size_t count = strlen(text);
    if (value && count + 2 <= NUMBER_ROOM) {
        memmove(text + 1, text, count + 1);
        text[0] = value < 0 ? '-' : '+';
    }
    return text;
}

const char *number_signed_bytes(char *text, int64_t bytes)
{
    number_bytes(text, magnitude(bytes));
    return sign_put(text, bytes);
}

const char *number_count(char *text, uint64_t count)
{
    char plain[NUMBER_ROOM];
    int digits = snprintf(plain, sizeof plain, "%" PRIu64, count);
    char *out = text;
    for (int i = 0; i < digits; i++) {
        if (i && (digits - i) % 3 == 0)
            *out++ = ',';
        *out++ = plain[i];
    }
    *out = 0;
    return text;
}

const char *number_signed_count(char *text, int64_t count)
{
    number_count(text, magnitude(count));
    return sign_put(text, count);
}

const char *number_time(char *text, uint64_t nanoseconds)
{
    uint64_t seconds = nanoseconds / 1000000000, milliseconds = nanoseconds / 1000000 % 1000;
    if (seconds < 60)
        snprintf(text, NUMBER_ROOM, "%" PRIu64 ".%03" PRIu64 " s", seconds, milliseconds);
    else
        snprintf(text, NUMBER_ROOM, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64, seconds / 3600, seconds / 60 % 60, seconds % 60, milliseconds);
    return text;
}

const char *number_duration(char *text, uint64_t nanoseconds)
{
    double value = (double)nanoseconds;
    uint64_t minutes = nanoseconds / 60000000000;
    if (nanoseconds < 1000)
        snprintf(text, NUMBER_ROOM, "%" PRIu64 " ns", nanoseconds);
    else if (value < 999950)
        snprintf(text, NUMBER_ROOM, "%.1f us", value / 1e3);
    else if (value < 999950e3)
        snprintf(text, NUMBER_ROOM, "%.1f ms", value / 1e6);
    else if (value < 120e9)
        snprintf(text, NUMBER_ROOM, "%.1f s", value / 1e9);
    else if (minutes < 120)
        snprintf(text, NUMBER_ROOM, "%" PRIu64 " min %02" PRIu64 " s", minutes, nanoseconds / 1000000000 % 60);
    else
        snprintf(text, NUMBER_ROOM, "%" PRIu64 " h %02" PRIu64 " min", minutes / 60, minutes % 60);
    return text;
}

const char *number_ratio(char *text, double ratio)
{
    double percent = ratio * 100;
    if (!isfinite(percent))
        snprintf(text, NUMBER_ROOM, "-");
    else if (percent > 0 && percent < 0.05)
        snprintf(text, NUMBER_ROOM, "<0.1 %%");
    else if (fabs(percent) < 9.95 && percent != 0)
        snprintf(text, NUMBER_ROOM, "%.1f %%", percent);
    else
        snprintf(text, NUMBER_ROOM, "%.0f %%", percent);
    return text;
}

const char *number_real(char *text, double value)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    if (!isfinite(value)) {
        snprintf(text, NUMBER_ROOM, "-");
        return text;
    }
    for (; fabs(value) >= (unit ? 999.5 : 9999.5) && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000;
    snprintf(text, NUMBER_ROOM, fabs(value) >= 99.5 ? "%.0f%s" : fabs(value) >= 9.95 ? "%.1f%s" : "%.2f%s", value, units[unit]);
    return text;
}
