/* ledger: random births and ends, at even and odd addresses, of sizes around the one that is kept elsewhere, against a table of all addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "host/trace/ledger.h"

enum { PROCESSES = 2, SPOTS = 6000, TURNS = 60000, SITES = 7 };
static const ht_addr BASE = 0x7f0000000000u - 2048; /* two pages */

struct known {
    uint64_t size; /* 0: no block there */
    uint32_t site, node, origin;
};

struct fixture {
    struct ledger ledger;
    struct known at[PROCESSES + 1][SPOTS];
    uint64_t live_bytes, live_count, peak_bytes;
    uint32_t seen;
    uint64_t last;
    unsigned seed;
};

static uint32_t dice(struct fixture *fixture, uint32_t sides)
{
    fixture->seed = fixture->seed * 1664525u + 1013904223u;
    return (fixture->seed >> 8) % sides;
}

static uint64_t dice_size(struct fixture *fixture)
{
    return dice(fixture, 4) ? 1 + dice(fixture, 5000) : (uint64_t)LEDGER_HUGE - 2 + dice(fixture, 4) + ((uint64_t)dice(fixture, 2) << 33);
}

static void birth(struct fixture *fixture, uint32_t process, uint32_t spot)
{
    struct known *known = &fixture->at[process][spot];
    fixture->live_bytes -= known->size;
    fixture->live_count -= known->size != 0;
    *known = (struct known){dice_size(fixture), 1 + dice(fixture, SITES), dice(fixture, 1 << 20), dice(fixture, 1 << 16)};
    fixture->live_bytes += known->size;
    fixture->live_count++;
    fixture->peak_bytes = fixture->live_bytes > fixture->peak_bytes ? fixture->live_bytes : fixture->peak_bytes;
    ledger_birth(&fixture->ledger, &(struct event){.process = process, .address = BASE + spot, .size = known->size, .stack = known->site}, known->node,
                 (uint16_t)known->origin, LEDGER_BORN);
}

static void end(struct fixture *fixture, uint32_t process, uint32_t spot)
{
    struct known *known = &fixture->at[process][spot];
    struct ledger_block block;
    uint64_t size;
    bool lives = ledger_end(&fixture->ledger, process, BASE + spot, &block, &size);
    assert_int_equal(lives, known->size != 0);
    if (!lives)
        return;
    assert_int_equal(size, known->size);
    assert_int_equal(block.site, known->site);
    assert_int_equal(block.node, known->node);
    assert_int_equal(block.origin, known->origin);
    fixture->live_bytes -= size;
    fixture->live_count--;
    *known = (struct known){0};
}

static void see(void *context, uint32_t process, ht_addr address, uint64_t size, const struct ledger_block *block)
{
    struct fixture *fixture = context;
    const struct known *known = &fixture->at[process][address - BASE];
    uint64_t order = (uint64_t)process << 48 | address;
    assert_true(order > fixture->last);
    fixture->last = order;
    fixture->seen++;
    assert_int_equal(size, known->size);
    assert_int_equal(block->site, known->site);
}

static void check_all(struct fixture *fixture)
{
    fixture->seen = 0;
    fixture->last = 0;
    ledger_each(&fixture->ledger, see, fixture);
    assert_int_equal(fixture->seen, fixture->live_count);
    assert_int_equal(tally_count(fixture->ledger.live), fixture->live_count);
    assert_int_equal(fixture->ledger.live.bytes, fixture->live_bytes);
    assert_int_equal(fixture->ledger.peak.bytes, fixture->peak_bytes);
}

/* What the process still has is left; the others keep theirs. */
static void leave(struct fixture *fixture, uint32_t process)
{
    uint64_t left_bytes = fixture->ledger.left.bytes;
    for (uint32_t spot = 0; spot < SPOTS; spot++) {
        struct known *known = &fixture->at[process][spot];
        left_bytes += known->size;
        fixture->live_bytes -= known->size;
        fixture->live_count -= known->size != 0;
        *known = (struct known){0};
    }
    ledger_leave(&fixture->ledger, process);
    assert_int_equal(fixture->ledger.left.bytes, left_bytes);
    check_all(fixture);
}

static void ledger_is_a_table_of_addresses(void **state)
{
    (void)state;
    struct fixture *fixture = memory_new(1, sizeof *fixture);
    ledger_init(&fixture->ledger, 0);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        uint32_t process = 1 + dice(fixture, PROCESSES), spot = dice(fixture, SPOTS), births = turn < TURNS / 2 ? 2 : 1;
        spot = dice(fixture, 4) ? spot / LEDGER_GRAIN * LEDGER_GRAIN : spot;
        if (dice(fixture, 3) < births)
            birth(fixture, process, spot);
        else
            end(fixture, process, spot);
        if (turn % 10000 == 9999)
            check_all(fixture);
        if (turn % 40000 == 39999)
            leave(fixture, process);
    }
    ledger_done(&fixture->ledger);
    memory_free(fixture);
}

static void ledger_keeps_a_block_small(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct ledger_block), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ledger_is_a_table_of_addresses), cmocka_unit_test(ledger_keeps_a_block_small)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
