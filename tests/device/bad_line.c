/* bad_line: in a count of frames and a seed, out what becomes of them on a line that loses, repeats, reorders, cuts and changes them: no event may be wrong, and
 * what is missing must be counted to the last event. Usage: bad_line FRAMES [SEED]; exit code 1 if anything was wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "judge.h"

enum { HELD = 64, BURST_MOST = 900 };

struct bad_line {
    struct sim sim;
    struct judge judge;
    struct receiver receiver;
    uint64_t dice, lost, changed, repeated, moved, cut, junk, restarts;
    uint8_t held[HELD][HT_FRAME_MOST]; /* frames of before, to be sent again */
    size_t held_bytes[HELD];
    unsigned held_next;
    unsigned burst; /* so many frames more are lost */
};

static uint64_t roll(struct bad_line *line, uint64_t sides)
{
    line->dice ^= line->dice << 13;
    line->dice ^= line->dice >> 7;
    line->dice ^= line->dice << 17;
    return line->dice % sides;
}

static void put(struct bad_line *line, const uint8_t *bytes, size_t count)
{
    for (size_t done = 0, some; done < count; done += some) {
        some = roll(line, 8) ? count - done : 1 + roll(line, count - done);
        receiver_put(&line->receiver, bytes + done, some);
    }
}

static void changed_put(struct bad_line *line, const uint8_t *bytes, size_t count)
{
    uint8_t copy[HT_FRAME_MOST];
    memcpy(copy, bytes, count);
    for (uint64_t i = 1 + roll(line, 4); i > 0; i--)
        copy[roll(line, count)] ^= (uint8_t)(1u << roll(line, 8));
    put(line, copy, count);
    line->changed++;
}

static void junk_put(struct bad_line *line)
{
    uint8_t junk[300];
    size_t count = roll(line, sizeof junk);
    bool is_text = roll(line, 2);
    for (size_t i = 0; i < count; i++)
        junk[i] = (uint8_t)(is_text ? ' ' + roll(line, 90) : roll(line, 256));
    if (is_text && count)
        junk[count - 1] = '\n';
    put(line, junk, count);
    line->junk++;
}

static void again_put(struct bad_line *line)
{
    unsigned which = (unsigned)roll(line, HELD);
    if (line->held_bytes[which])
        put(line, line->held[which], line->held_bytes[which]);
    line->repeated++;
}

static void keep(struct bad_line *line, const uint8_t *bytes, size_t count)
{
    unsigned which = line->held_next++ % HELD;
    memcpy(line->held[which], bytes, count);
    line->held_bytes[which] = count;
}

/* What the line does to one frame; most go through. */
static void frame_send(struct bad_line *line, const uint8_t *bytes, size_t count)
{
    uint64_t fate = line->burst ? 0 : roll(line, 40);
    keep(line, bytes, count);
    if (line->burst)
        line->burst--;
    if (fate == 0) {
        line->lost++;
    } else if (fate == 1) {
        changed_put(line, bytes, count);
    } else if (fate == 2) {
        put(line, bytes, roll(line, count));
        line->cut++;
    } else if (fate == 3) {
        junk_put(line);
        put(line, bytes, count);
    } else {
        put(line, bytes, count);
    }
    if (fate == 4)
        again_put(line);
    if (!roll(line, 2000))
        line->burst = (unsigned)roll(line, BURST_MOST);
}

/* A frame that waits while the next one overtakes it. */
static void overtaken_send(struct bad_line *line)
{
    const uint8_t *bytes;
    uint8_t kept[HT_FRAME_MOST];
    size_t kept_bytes = sim_frame(&line->sim, &bytes);
    memcpy(kept, bytes, kept_bytes);
    size_t count = sim_frame(&line->sim, &bytes);
    put(line, bytes, count);
    put(line, kept, kept_bytes);
    line->moved++;
}

/* Frames of the boot before that come only now are right, but their truth is forgotten here. */
static void restart(struct bad_line *line)
{
    memset(line->held_bytes, 0, sizeof line->held_bytes);
    sim_restart(&line->sim);
    line->restarts++;
}

static int result_say(const struct bad_line *line, uint64_t frames, double seconds)
{
    const struct receiver_counts *counts = &line->receiver.counts;
    const struct judge *judge = &line->judge;
    printf("%llu frames: %llu lost, %llu changed, %llu cut, %llu repeated, %llu overtaken, %llu times junk, %llu restarts; %llu taken, %llu repeated ones refused, %llu broken\n",
           (unsigned long long)frames, (unsigned long long)line->lost, (unsigned long long)line->changed, (unsigned long long)line->cut, (unsigned long long)line->repeated,
           (unsigned long long)line->moved, (unsigned long long)line->junk, (unsigned long long)line->restarts, (unsigned long long)counts->frames,
           (unsigned long long)counts->repeated, (unsigned long long)line->receiver.splitter.broken);
    printf("%llu events right, %llu wrong, %llu counted as missing; %llu stacks right, %llu lost; %.1f s\n", (unsigned long long)judge->judged,
           (unsigned long long)judge->wrong, (unsigned long long)judge->missing, (unsigned long long)(judge->stacks - judge->stacks_lost),
           (unsigned long long)judge->stacks_lost, seconds);
    if (judge->wrong)
        printf("first: %s\n", judge->first);
    return judge->wrong || !judge->judged || line->receiver.error.kind;
}

int main(int argc, char **argv)
{
    uint64_t frames = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct bad_line *line = calloc(1, sizeof *line);
    clock_t start = clock();
    struct twin_sink sink = judge_sink(&line->judge);
    line->dice = seed * 0x9E3779B97F4A7C15u | 1;
    line->judge.sim = &line->sim;
    sim_begin(&line->sim, seed);
    receiver_init(&line->receiver, &sink, NULL, "a bad line");
    for (uint64_t i = 0; i < frames; i++) {
        const uint8_t *bytes;
        if (!roll(line, 5000))
            restart(line);
        if (!roll(line, 50)) {
            overtaken_send(line);
            continue;
        }
        size_t count = sim_frame(&line->sim, &bytes);
        frame_send(line, bytes, count);
    }
    receiver_end(&line->receiver);
    int result = result_say(line, frames, (double)(clock() - start) / CLOCKS_PER_SEC);
    receiver_done(&line->receiver);
    judge_done(&line->judge);
    free(line);
    return result;
}
