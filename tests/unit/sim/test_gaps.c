/* test_gaps: the lowest free piece that fits and a piece's neighbours are those of a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sim/gaps.h"

enum { PLACES = 6000, STEPS = 60000 };

static uint64_t plain[PLACES]; /* bytes of the piece at address (i + 1) * 16; 0: none */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 8) % below;
}

static struct gap plain_gap(int i)
{
    return i < 0 || i >= PLACES ? (struct gap){0, 0} : (struct gap){((uint64_t)i + 1) * 16, plain[i]};
}

static void same(struct gap found, int wanted)
{
    struct gap gap = plain_gap(wanted);
    assert_int_equal(found.address, gap.address);
    assert_int_equal(found.bytes, gap.bytes);
}

static void compare(const struct gaps *gaps, int at, uint64_t bytes)
{
    int before = at - 1, from = at, fit = 0;
    uint64_t most = 0;
    while (before >= 0 && !plain[before])
        before--;
    while (from < PLACES && !plain[from])
        from++;
    while (fit < PLACES && (!plain[fit] || plain[fit] < bytes))
        fit++;
    for (int i = 0; i < PLACES; i++)
        most = plain[i] > most ? plain[i] : most;
    same(gaps_before(gaps, (uint64_t)(at + 1) * 16), before);
    same(gaps_from(gaps, (uint64_t)(at + 1) * 16), from);
    same(gaps_fit(gaps, bytes), fit);
    assert_int_equal(gaps_largest(gaps), most);
}

/* `full` of 100: how many of the places are to have a piece. */
static void steps(struct gaps *gaps, uint32_t *seed, uint32_t full)
{
    for (int step = 0; step < STEPS; step++) {
        uint32_t at = draw(seed, PLACES), to = at + (draw(seed, 2) && at + 1 < PLACES && !plain[at + 1]);
        uint64_t bytes = 1 + draw(seed, draw(seed, 16) ? 64 : 4096);
        if (plain[at] && draw(seed, 3) == 0) {
            gaps_change(gaps, (at + 1) * 16, (to + 1) * 16, bytes);
            plain[at] = 0;
            plain[to] = bytes;
        } else if (plain[at] && draw(seed, 100) >= full) {
            gaps_remove(gaps, (at + 1) * 16);
            plain[at] = 0;
        } else if (!plain[at] && draw(seed, 100) < full) {
            gaps_add(gaps, (at + 1) * 16, bytes);
            plain[at] = bytes;
        }
        if (step % 97 == 0)
            compare(gaps, (int)draw(seed, PLACES), 1 + draw(seed, 5000));
    }
}

static void answers_are_those_of_an_array(void **state)
{
    (void)state;
    struct gaps gaps = {0};
    uint32_t seed = 5;
    static const uint32_t full[] = {90, 5, 50, 0, 99};
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        steps(&gaps, &seed, full[i]);
    uint64_t pieces = 0, bytes = 0;
    for (int i = 0; i < PLACES; i++) {
        pieces += plain[i] != 0;
        bytes += plain[i];
    }
    assert_int_equal(gaps.pieces, pieces);
    assert_int_equal(gaps.bytes, bytes);
    for (int i = 0; i < PLACES; plain[i++] = 0)
        gaps_remove(&gaps, ((uint64_t)i + 1) * 16);
    assert_int_equal(gaps.pieces, 0);
    compare(&gaps, 10, 1);
    gaps_done(&gaps);
}

/* Each place is free or not; claims and gives of runs of places, against the same done place by place. */
static void claims_and_gives_join_as_places_do(void **state)
{
    (void)state;
    static uint8_t is_free[PLACES], run[PLACES];
    struct gaps gaps = {0};
    uint32_t seed = 9;
    gaps_give(&gaps, 16, PLACES);
    memset(is_free, 1, sizeof is_free);
    for (int step = 0; step < STEPS; step++) {
        uint32_t at = draw(&seed, PLACES), wanted = 1 + draw(&seed, 60), spare = draw(&seed, 20), first = 0, bytes = 0;
        if (draw(&seed, 2) && run[at]) {
            gaps_give(&gaps, 16 + at, run[at]);
            memset(is_free + at, 1, run[at]);
            run[at] = 0;
            continue;
        }
        for (uint32_t i = 0; i < PLACES && bytes < wanted; i++) {
            first = is_free[i] && bytes ? first : i;
            bytes = is_free[i] ? bytes + 1 : 0;
        }
        while (bytes >= wanted && first + bytes < PLACES && bytes - wanted <= spare && is_free[first + bytes])
            bytes++;
        bytes = bytes < wanted ? 0 : bytes - wanted <= spare ? bytes : wanted;
        struct gap gap = gaps_claim(&gaps, wanted, spare);
        assert_int_equal(gap.bytes, bytes);
        if (!bytes)
            continue;
        assert_int_equal(gap.address, first + 16);
        memset(is_free + first, 0, bytes);
        run[first] = (uint8_t)bytes;
    }
    gaps_done(&gaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_an_array),
        cmocka_unit_test(claims_and_gives_join_as_places_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
