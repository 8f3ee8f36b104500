/* size_form: linear forms; what is not linear becomes a number of its own. */
#include "size_form.h"

#include <string.h>

#include "host/base/memory.h"

struct form form_both(int64_t host, int64_t target)
{
    return (struct form){.is_known = true, .constant = {host, target}};
}

struct form form_number(uint64_t id, bool is_trusted)
{
    return (struct form){.is_known = true, .terms = {{id, {1, 1}, is_trusted, false}}, .count = 1};
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    return (a ^ (b * 0x9E3779B97F4A7C15u)) * 0xD6E8FEB86659FD93u;
}

/* Something that only the program knows. */
static struct form opaque(const struct form *left, const struct form *right)
{
    bool is_trusted = true;
    uint64_t id = 1;
    for (int side = 0; side < 2; side++) {
        const struct form *form = side ? right : left;
        for (unsigned i = 0; i < form->count; i++) {
            is_trusted &= form->terms[i].is_trusted;
            id = mix(id, form->terms[i].id + (uint64_t)side);
        }
        is_trusted &= form->constant.host == form->constant.target;
    }
    struct form form = form_number(id, is_trusted);
    form.is_vague = !is_trusted;
    return form;
}

static bool term_add(struct form *form, struct form_term term)
{
    for (unsigned i = 0; i < form->count; i++)
        if (form->terms[i].id == term.id) {
            form->terms[i].is_typed |= term.is_typed;
            form->terms[i].unit.host += term.unit.host;
            form->terms[i].unit.target += term.unit.target;
            return true;
        }
    if (form->count >= FORM_TERMS_MOST)
        return false;
    form->terms[form->count++] = term;
    return true;
}

static struct form add(const struct form *left, const struct form *right, int sign)
{
    struct form sum = *left;
    sum.is_vague |= right->is_vague;
    sum.is_typed |= right->is_typed;
    sum.constant.host += sign * right->constant.host;
    sum.constant.target += sign * right->constant.target;
    sum.round = left->round.host > right->round.host ? left->round : right->round;
    for (unsigned i = 0; i < right->count; i++) {
        struct form_term term = right->terms[i];
        term.unit.host *= sign, term.unit.target *= sign;
        if (!term_add(&sum, term))
            return opaque(left, right);
    }
    return sum;
}

static struct form multiply(const struct form *left, const struct form *right)
{
    struct form product = form_both(left->constant.host * right->constant.host, left->constant.target * right->constant.target);
    product.is_vague = left->is_vague || right->is_vague;
    product.is_typed = left->is_typed || right->is_typed;
    bool is_good = true;
    for (unsigned i = 0; i < left->count + right->count; i++) {
        const struct form_term *term = i < left->count ? &left->terms[i] : &right->terms[i - left->count];
        struct both by = i < left->count ? right->constant : left->constant;
        if (by.host || by.target)
            is_good &= term_add(
                &product,
                (struct form_term){term->id, {term->unit.host * by.host, term->unit.target * by.target}, term->is_trusted, term->is_typed || product.is_typed});
    }
    for (unsigned i = 0; i < left->count; i++)
        for (unsigned j = 0; j < right->count; j++) {
            const struct form_term *a = &left->terms[i], *b = &right->terms[j];
            is_good &= term_add(&product, (struct form_term){mix(a->id, b->id),
                                                             {a->unit.host * b->unit.host, a->unit.target * b->unit.target},
                                                             a->is_trusted && b->is_trusted,
                                                             a->is_typed || b->is_typed});
        }
    return is_good ? product : opaque(left, right);
}

static bool compute(const char *operation, uint32_t bytes, int64_t a, int64_t b, int64_t *result)
{
    static const char words[][3] = {"+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||"};
    unsigned i = 0;
    while (i < sizeof words / sizeof *words && (strlen(words[i]) != bytes || memcmp(words[i], operation, bytes)))
        i++;
    if (((i == 3 || i == 4) && (!b || b == -1)) || ((i == 5 || i == 6) && (b < 0 || b > 62)))
        return false;
    switch (i) {
    case 0:
        return !__builtin_add_overflow(a, b, result);
    case 1:
        return !__builtin_sub_overflow(a, b, result);
    case 2:
        return !__builtin_mul_overflow(a, b, result);
    case 3:
        return *result = a / b, true;
    case 4:
        return *result = a % b, true;
    case 5:
        return *result = (int64_t)((uint64_t)a << b), true;
    case 6:
        return *result = a >> b, true;
    case 7:
        return *result = a & b, true;
    case 8:
        return *result = a | b, true;
    case 9:
        return *result = a ^ b, true;
    case 10:
        return *result = a < b, true;
    case 11:
        return *result = a > b, true;
    case 12:
        return *result = a <= b, true;
    case 13:
        return *result = a >= b, true;
    case 14:
        return *result = a == b, true;
    case 15:
        return *result = a != b, true;
    case 16:
        return *result = a && b, true;
    case 17:
        return *result = a || b, true;
    default:
        return false;
    }
}

/* x & ~7, with x + 7 before it: rounded up. */
static bool round_down(const struct form *left, const struct form *right, struct form *result)
{
    struct both step = {-right->constant.host, -right->constant.target};
    if (!form_is_constant(right) || step.host <= 1 || (step.host & (step.host - 1)) || step.host > 4096)
        return false;
    *result = *left;
    if (left->constant.host >= step.host - 1)
        result->constant.host -= step.host - 1, result->constant.target -= step.target - 1;
    result->round = step;
    return true;
}

struct form form_join(const char *operation, uint32_t bytes, const struct form *left, const struct form *right)
{
    struct form form = {0};
    if (!left->is_known || !right->is_known)
        return form;
    if (form_is_constant(left) && form_is_constant(right)) {
        form = form_both(0, 0);
        form.is_known = compute(operation, bytes, left->constant.host, right->constant.host, &form.constant.host) &&
                        compute(operation, bytes, left->constant.target, right->constant.target, &form.constant.target);
        form.is_vague = left->is_vague || right->is_vague;
        form.is_typed = left->is_typed || right->is_typed;
        return form;
    }
    if (bytes == 1 && (*operation == '+' || *operation == '-'))
        return add(left, right, *operation == '+' ? 1 : -1);
    if (bytes == 1 && *operation == '*')
        return multiply(left, right);
    if (bytes == 2 && !memcmp(operation, "<<", 2) && form_is_constant(right) && right->constant.host >= 0 && right->constant.host < 32) {
        struct form power = form_both((int64_t)1 << right->constant.host, (int64_t)1 << (right->constant.target & 31));
        return multiply(left, &power);
    }
    if (bytes == 1 && *operation == '&' && round_down(left, right, &form))
        return form;
    return opaque(left, right);
}

bool form_tells(const struct form *form)
{
    if (!form->is_known)
        return false;
    for (unsigned i = 0; i < form->count; i++)
        if (!form->terms[i].is_trusted && !form->terms[i].is_typed)
            return form->is_typed && form->constant.host > 8;
    return true;
}

static uint64_t up(int64_t value, int64_t round)
{
    uint64_t whole = value > 0 ? (uint64_t)value : 0;
    return round > 1 ? (whole + (uint64_t)round - 1) / (uint64_t)round * (uint64_t)round : whole;
}

/* One n, so that the size comes out exactly. */
static bool solve_one(const struct form *form, int64_t rest, struct estimate *estimate)
{
    const struct form_term *term = &form->terms[0];
    int64_t slack = form->round.host > 1 ? form->round.host : 1;
    if (term->unit.host <= 0 || rest % term->unit.host >= slack)
        return false;
    uint64_t size = up(form->constant.target + rest / term->unit.host * term->unit.target, form->round.target);
    *estimate = (struct estimate){size, size, size};
    return true;
}

/* Several: which of them the bytes belong to is not known, so each may have all. */
static bool solve_many(const struct form *form, int64_t rest, struct estimate *estimate)
{
    double least = 1e9, most = 0, sum = 0;
    for (unsigned i = 0; i < form->count; i++) {
        if (form->terms[i].unit.host <= 0)
            return false;
        double ratio = (double)form->terms[i].unit.target / (double)form->terms[i].unit.host;
        least = ratio < least ? ratio : least;
        most = ratio > most ? ratio : most;
        sum += ratio;
    }
    int64_t base = form->constant.target;
    *estimate = (struct estimate){up(base + (int64_t)((double)rest * least), form->round.target),
                                  up(base + (int64_t)((double)rest * sum / form->count), form->round.target),
                                  up(base + (int64_t)((double)rest * most + 0.5), form->round.target)};
    return true;
}

bool form_solve(const struct form *form, uint64_t host_size, struct both pointer, struct estimate *estimate)
{
    int64_t rest = (int64_t)host_size - form->constant.host;
    if (!form->is_known || rest < 0)
        return false;
    if (!form->count) {
        uint64_t size = up(form->constant.target, form->round.target);
        *estimate = (struct estimate){size, size, size};
        return up(form->constant.host, form->round.host) == host_size;
    }
    if (!(form->count == 1 ? solve_one : solve_many)(form, rest, estimate))
        return false;
    for (unsigned i = 0; i < form->count; i++)
        if (!form->terms[i].is_trusted && !form->terms[i].is_typed) {
            uint64_t least = up(form->constant.target + rest * pointer.target / pointer.host, form->round.target);
            estimate->low = least < estimate->low ? least : estimate->low;
        }
    return true;
}
