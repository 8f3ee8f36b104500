/* encoder: in hot events, out tokens. */
#include "code.h"

void encoder_init(struct encoder *encoder)
{
    *encoder = (struct encoder){0};
    predict_init(&encoder->predict);
    for (int i = 0; i < STREAM_COUNT; i++)
        encoder->streams[i].start = memory_new(CODE_BLOCK_EVENTS + 1, CODE_EVENT_MOST);
}

void encoder_done(struct encoder *encoder)
{
    predict_done(&encoder->predict);
    for (int i = 0; i < STREAM_COUNT; i++)
        memory_free(encoder->streams[i].start);
    vec_done(&encoder->thread_indexes);
    *encoder = (struct encoder){0};
}

void encoder_begin(struct encoder *encoder, bool reset)
{
    for (int i = 0; i < STREAM_COUNT; i++)
        encoder->streams[i].at = encoder->streams[i].start;
    encoder->segment_events += encoder->block_events;
    encoder->block_events = encoder->run = 0;
    encoder->place_at = encoder->tick_at = encoder->thread_at = 0;
    encoder->tick = 0;
    encoder->thread = NULL;
    if (!reset)
        return;
    predict_reset(&encoder->predict);
    if (encoder->thread_indexes.count)
        memset(encoder->thread_indexes.at, 0, encoder->thread_indexes.count * sizeof *encoder->thread_indexes.at);
    memset(encoder->form_cache, 0, sizeof encoder->form_cache);
    encoder->segment_events = 0;
}

bool encoder_segment_is_full(const struct encoder *encoder)
{
    const struct predict *predict = &encoder->predict;
    return encoder->segment_events >= CODE_SEGMENT_EVENTS || predict->node_count + CODE_BLOCK_EVENTS > PREDICT_NODES ||
           predict->threads.count == PREDICT_THREADS || predict->form_count == PREDICT_FORMS;
}

static inline void encode_number(struct encoder *encoder, int stream, uint64_t value)
{
    encoder->streams[stream].at = ht_varint_put(encoder->streams[stream].at, value);
}

static inline void encode_byte(struct encoder *encoder, int stream, uint32_t value)
{
    *encoder->streams[stream].at++ = (uint8_t)value;
}

static uint32_t encode_thread_index(struct encoder *encoder, uint32_t id)
{
    vec_extend(&encoder->thread_indexes, (size_t)id + 1);
    return encoder->thread_indexes.at[id];
}

static bool encode_switch(struct encoder *encoder, const struct event *event)
{
    uint32_t index = encode_thread_index(encoder, event->thread);
    if (index && encoder->predict.threads.at[index - 1]->process != event->process)
        return false;
    struct predict_thread *thread = index ? encoder->predict.threads.at[index - 1] : predict_thread_new(&encoder->predict, event->thread, event->process);
    if (!thread)
        return false;
    encode_number(encoder, STREAM_THREADS, encoder->block_events - encoder->thread_at);
    encode_number(encoder, STREAM_THREADS, index);
    if (!index) {
        encode_number(encoder, STREAM_THREADS, event->thread);
        encode_number(encoder, STREAM_THREADS, event->process);
        encoder->thread_indexes.at[event->thread] = (uint32_t)encoder->predict.threads.count;
    }
    encoder->thread_at = encoder->block_events;
    encoder->thread = thread;
    return true;
}

/* Kinds are small: the bits above one say what else the form depends on. */
enum { HEAD_USABLE = 0x80, HEAD_STACK = 0x40 };

static bool form_is(const struct predict_form *form, const struct encoder_form *wanted)
{
    struct event event = {.kind = form->kind, .api = form->api, .flags = form->flags, .alignment_log2 = form->alignment_log2, .heap = form->heap};
    uint64_t head = event_head(&event) | (form->has_usable ? HEAD_USABLE : 0) | (form->has_stack ? HEAD_STACK : 0);
    return head == wanted->head && form->source == wanted->source;
}

static __attribute__((noinline)) bool encode_form_slow(struct encoder *encoder, const struct event *event, struct encoder_form *wanted)
{
    struct predict *predict = &encoder->predict;
    for (wanted->form = 0; wanted->form < predict->form_count; wanted->form++)
        if (form_is(predict->forms + wanted->form, wanted))
            return true;
    if (predict->form_count == PREDICT_FORMS)
        return false;
    struct predict_form form = {.kind = event->kind,
                                .api = event->api,
                                .flags = event->flags,
                                .alignment_log2 = event->alignment_log2,
                                .heap = event->heap,
                                .source = event->source,
                                .has_usable = wanted->head & HEAD_USABLE,
                                .has_stack = wanted->head & HEAD_STACK};
    predict_form_settle(&form);
    predict->forms[predict->form_count++] = form;
    encoder->form_is_new = true;
    return true;
}

static inline bool encode_form(struct encoder *encoder, const struct event *event, uint64_t has, uint32_t *found)
{
    uint64_t head = event_head(event) | has;
    struct encoder_form *near = encoder->form_cache + (head ^ head >> 3) % ENCODER_FORM_CACHE;
    if (__builtin_expect(near->head != head || near->source != event->source, 0)) {
        struct encoder_form wanted = {.head = head, .source = event->source};
        if (!encode_form_slow(encoder, event, &wanted))
            return false;
        *near = wanted;
    }
    *found = near->form;
    return true;
}

static void encode_form_told(struct encoder *encoder, uint32_t number)
{
    if (!encoder->form_is_new) {
        encode_number(encoder, STREAM_FORMS, number + 1);
        return;
    }
    const struct predict_form *form = encoder->predict.forms + number;
    const uint64_t parts[] = {
        0, form->kind, form->api, form->flags, form->alignment_log2, form->heap, form->source, (uint64_t)(form->has_usable | form->has_stack << 1)};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        encode_number(encoder, STREAM_FORMS, parts[i]);
    encoder->form_is_new = false;
}

/* Distance in the unit that suits allocators; odd ones keep their bytes. */
static void encode_delta(struct encoder *encoder, int64_t delta)
{
    if (delta % 16)
        encode_number(encoder, STREAM_DELTAS, ht_zigzag(delta) << 1 | 1);
    else
        encode_number(encoder, STREAM_DELTAS, ht_zigzag(delta / 16) << 1);
}

static void encode_site(struct encoder *encoder, uint32_t site)
{
    encode_number(encoder, STREAM_SITES, ht_zigzag((int64_t)site - encoder->predict.last_site));
    encoder->predict.last_site = site;
}

static inline void encode_token(struct encoder *encoder, uint32_t token)
{
    encode_number(encoder, STREAM_RUNS, encoder->run);
    encoder->run = 0;
    encode_byte(encoder, STREAM_TOKENS, token);
}

static uint32_t find_new_ref(const struct predict_thread *thread, const struct predict_bin *bin, bool direct, uint64_t address)
{
    if (thread->flight == address)
        return REF_SAME;
    if (bin) {
        if (predict_new_address(thread, bin, direct, REF_NEXT, 0) == address)
            return REF_NEXT;
        for (uint32_t i = 0; i < bin->front_count; i++)
            if (bin->front[bin->front_count - 1 - i] == address)
                return REF_FRONT + i;
        for (uint32_t i = 0; i < bin->back_count; i++)
            if (bin->back[(bin->back_top - 1 - i) % BIN_BACK] == address)
                return REF_BACK + i;
    }
    return thread->bump == address ? REF_BUMP : thread->behind == address ? REF_BEHIND : REF_DELTA;
}

static uint32_t find_old_ref(const struct predict *predict, const struct predict_thread *thread, uint32_t node)
{
    const struct predict_node *nodes = predict->nodes;
    uint32_t newest = nodes[thread->head].older, younger = nodes[thread->gap].newer, older = thread->gap;
    for (uint32_t i = 0; i < REF_NEWEST_MOST; i++, newest = nodes[newest].older, younger = nodes[younger].newer, older = nodes[older].older) {
        if (newest == node)
            return REF_NEWEST + i;
        if (i < REF_NEAR_MOST && younger == node)
            return REF_YOUNGER + i;
        if (i < REF_NEAR_MOST && older == node)
            return REF_OLDER + i;
    }
    return REF_AGE;
}

static inline bool entry_holds_new(const struct predict_entry *entry, const struct predict_thread *thread, const struct predict_bin *bin, bool direct,
                                   uint64_t address)
{
    return predict_new_address(thread, bin, direct, entry->ref, predict_entry_delta(entry)) == address;
}

static inline bool entry_holds_old(const struct predict_entry *entry, const struct predict *predict, const struct predict_thread *thread, uint32_t node,
                                   uint64_t address)
{
    if (node)
        return predict_old_node(predict, thread, entry->ref, entry->delta) == node;
    return entry->ref == REF_DELTA && thread->ended + (uint64_t)predict_entry_delta(entry) == address;
}

static uint32_t encode_size_source(struct encoder *encoder, const struct predict_entry *entry, uint32_t site, uint32_t size)
{
    if (entry && entry->size == size)
        return TOKEN_SIZE_GUESSED;
    return *predict_size(&encoder->predict, site) == size ? TOKEN_SIZE_LAST : TOKEN_SIZE_TOLD;
}

/* A birth that is not as the three events before let expect. Its reference. */
static __attribute__((noinline)) uint32_t encode_birth_token(struct encoder *encoder, const struct event *event, uint32_t form, const struct predict_bin *bin)
{
    struct predict *predict = &encoder->predict;
    struct predict_thread *thread = encoder->thread;
    struct predict_entry *longs = thread->longs, *shorts = thread->shorts;
    uint32_t site = event->stack, size = (uint32_t)event->size;
    bool direct = predict->forms[form].direct;
    const struct predict_entry *entry = longs->site == site && longs->form == form ? longs : shorts->site == site && shorts->form == form ? shorts : NULL;
    uint32_t token = entry == longs ? TOKEN_LONG : entry ? TOKEN_SHORT : TOKEN_TOLD;
    uint32_t sized = encode_size_source(encoder, entry, site, size);
    bool held = entry && entry_holds_new(entry, thread, bin, direct, event->address);
    encode_token(encoder, token | sized | (held ? 0 : TOKEN_REF));
    if (!entry) {
        encode_form_told(encoder, form);
        encode_site(encoder, site);
    }
    if (sized == TOKEN_SIZE_TOLD)
        encode_number(encoder, STREAM_SIZES, size);
    uint32_t ref = held ? entry->ref : find_new_ref(thread, bin, direct, event->address);
    int64_t delta = held ? predict_entry_delta(entry) : ref == REF_DELTA ? (int64_t)(event->address - thread->bump) : 0;
    if (!held) {
        encode_byte(encoder, STREAM_REFS, ref);
        if (ref == REF_DELTA)
            encode_delta(encoder, delta);
    }
    predict_entry_set(longs, (struct predict_entry){.site = site, .size = size, .form = (uint16_t)form, .ref = (uint8_t)ref}, delta);
    *shorts = *longs;
    *predict_size(predict, site) = size;
    return ref;
}

static inline uint32_t encode_birth(struct encoder *encoder, const struct event *event, uint32_t form)
{
    struct predict *predict = &encoder->predict;
    struct predict_thread *thread = encoder->thread;
    uint32_t site = event->stack, size = (uint32_t)event->size;
    struct predict_bin *bin = predict_bin_at(predict, thread, predict_class(size));
    const struct predict_entry *longs = thread->longs;
    uint32_t ref = longs->ref;
    if (longs->site == site && longs->form == form && longs->size == size &&
        entry_holds_new(longs, thread, bin, predict->forms[form].direct, event->address))
        encoder->run++;
    else
        ref = encode_birth_token(encoder, event, form, bin);
    if (event->usable)
        encode_number(encoder, STREAM_USABLES, ht_zigzag((int64_t)(event->usable - predict_usable(size))));
    uint32_t node = predict_birth(predict, thread, bin, form, event->address, size, site, ref);
    predict_pass(predict, thread, predict_digest(form, site, size));
    return node;
}

/* The end of a block that is not as the three events before let expect. */
static __attribute__((noinline)) void encode_end_token(struct encoder *encoder, const struct event *event, uint32_t form, uint32_t node)
{
    struct predict *predict = &encoder->predict;
    struct predict_thread *thread = encoder->thread;
    struct predict_entry *longs = thread->longs, *shorts = thread->shorts;
    uint32_t site = event->stack;
    const struct predict_entry *entry = longs->site == site && longs->form == form ? longs : shorts->site == site && shorts->form == form ? shorts : NULL;
    uint32_t token = entry == longs ? TOKEN_LONG : entry ? TOKEN_SHORT : TOKEN_TOLD;
    bool held = entry && entry_holds_old(entry, predict, thread, node, event->address);
    encode_token(encoder, token | (held ? 0 : TOKEN_REF));
    if (!entry) {
        encode_form_told(encoder, form);
        if (predict->forms[form].has_stack)
            encode_site(encoder, site);
    }
    uint32_t ref = held ? entry->ref : node ? find_old_ref(predict, thread, node) : REF_DELTA;
    int64_t delta = held               ? predict_entry_delta(entry)
                    : ref == REF_DELTA ? (int64_t)(event->address - thread->ended)
                    : ref == REF_AGE   ? (int64_t)(predict->node_count - node)
                                       : 0;
    if (!held) {
        encode_byte(encoder, STREAM_REFS, ref);
        if (ref == REF_DELTA)
            encode_delta(encoder, delta);
        else if (ref == REF_AGE)
            encode_number(encoder, STREAM_AGES, (uint64_t)delta);
    }
    predict_entry_set(longs, (struct predict_entry){.site = site, .form = (uint16_t)form, .ref = (uint8_t)ref}, delta);
    *shorts = *longs;
}

static inline void encode_end(struct encoder *encoder, const struct event *event, uint32_t form, uint32_t node)
{
    struct predict *predict = &encoder->predict;
    struct predict_thread *thread = encoder->thread;
    const struct predict_entry *longs = thread->longs;
    if (longs->form == form && longs->site == event->stack && entry_holds_old(longs, predict, thread, node, event->address))
        encoder->run++;
    else
        encode_end_token(encoder, event, form, node);
    uint32_t born_site = predict_ending(predict, thread, form, event->address, node);
    predict_pass(predict, thread, predict_digest(form, event->stack, born_site));
}

/* The thread and its process in one comparison. */
static inline bool encode_thread(struct encoder *encoder, const struct event *event)
{
    uint64_t last, now;
    if (encoder->thread) {
        memcpy(&last, &encoder->thread->process, sizeof last);
        memcpy(&now, &event->process, sizeof now);
        if (__builtin_expect(last == now, 1))
            return true;
    }
    return event->thread && encode_switch(encoder, event);
}
_Static_assert(offsetof(struct event, thread) == offsetof(struct event, process) + 4 &&
                   offsetof(struct predict_thread, id) == offsetof(struct predict_thread, process) + 4,
               "encode_thread");

static inline void encode_tick(struct encoder *encoder, uint64_t tick)
{
    if (__builtin_expect(tick == encoder->tick, 1))
        return;
    encode_number(encoder, STREAM_TICKS, encoder->block_events - encoder->tick_at);
    encode_number(encoder, STREAM_TICKS, ht_zigzag((int64_t)(tick - encoder->tick)));
    encoder->tick = tick;
    encoder->tick_at = encoder->block_events;
}

bool encoder_put_birth(struct encoder *encoder, const struct event *event, uint64_t tick, uint32_t *node)
{
    uint32_t form;
    *node = 0;
    if (!encode_thread(encoder, event) || (event->address - 1) >> 48 | event->size >> 32)
        return false;
    if (event->old_address != (event->kind == EVENT_ALLOC ? 0 : encoder->thread->flight))
        return false;
    if (!encode_form(encoder, event, event->usable ? HEAD_USABLE : 0, &form))
        return false;
    encode_tick(encoder, tick);
    *node = encode_birth(encoder, event, form);
    encoder->block_events++;
    return true;
}

bool encoder_put_end(struct encoder *encoder, const struct event *event, uint64_t tick, uint32_t node)
{
    uint32_t form;
    if (!encode_thread(encoder, event) || (event->address - 1) >> 48 | event->size | event->usable | event->old_address)
        return false;
    if (!encode_form(encoder, event, event->stack ? HEAD_STACK : 0, &form))
        return false;
    encode_tick(encoder, tick);
    encode_end(encoder, event, form, node);
    encoder->block_events++;
    return true;
}

void encoder_place(struct encoder *encoder, bool frame)
{
    encode_number(encoder, STREAM_PLACES, (uint64_t)(encoder->block_events - encoder->place_at) << 1 | frame);
    encoder->place_at = encoder->block_events;
}
