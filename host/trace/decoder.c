/* decoder: in tokens, out hot events; the mirror of encoder.c, with every number distrusted. */
#include "code.h"

void decoder_init(struct decoder *decoder)
{
    *decoder = (struct decoder){0};
    predict_init(&decoder->predict);
}

void decoder_done(struct decoder *decoder)
{
    predict_done(&decoder->predict);
    *decoder = (struct decoder){0};
}

static inline uint64_t decode_number(struct decoder *decoder, int stream)
{
    return ht_varint_get(decoder->streams + stream);
}

static inline uint32_t decode_byte(struct decoder *decoder, int stream)
{
    struct ht_bytes *bytes = decoder->streams + stream;
    if (bytes->at < bytes->end)
        return *bytes->at++;
    bytes->bad = true;
    return 0;
}

/* The number of events to the next thing of a stream that may have ended. */
static uint64_t decode_distance(struct decoder *decoder, int stream)
{
    return decoder->streams[stream].at < decoder->streams[stream].end ? decode_number(decoder, stream) : UINT64_MAX;
}

static void decode_to_place(struct decoder *decoder)
{
    uint64_t told = decode_distance(decoder, STREAM_PLACES);
    decoder->to_place = told >> 1;
    decoder->place_is_frame = told & 1;
}

void decoder_begin(struct decoder *decoder, uint32_t events, bool reset)
{
    decoder->left = events;
    decoder->tick = 0;
    decoder->thread = NULL;
    decoder->bad = false;
    if (reset)
        predict_reset(&decoder->predict);
    decode_to_place(decoder);
    decoder->to_tick = decode_distance(decoder, STREAM_TICKS);
    decoder->to_thread = decode_distance(decoder, STREAM_THREADS);
    decoder->run = decode_distance(decoder, STREAM_RUNS);
}

enum decoder_place decoder_place(struct decoder *decoder)
{
    if (decoder->to_place)
        return decoder->left ? PLACE_HOT : PLACE_END;
    enum decoder_place place = decoder->place_is_frame ? PLACE_FRAME : PLACE_RECORD;
    decode_to_place(decoder);
    return place;
}

static bool decode_switch(struct decoder *decoder)
{
    uint64_t index = decode_number(decoder, STREAM_THREADS);
    if (index > decoder->predict.threads.count)
        return false;
    if (index) {
        decoder->thread = decoder->predict.threads.at[index - 1];
    } else {
        uint32_t id = (uint32_t)decode_number(decoder, STREAM_THREADS);
        decoder->thread = predict_thread_new(&decoder->predict, id, (uint32_t)decode_number(decoder, STREAM_THREADS));
    }
    decoder->to_thread = decode_distance(decoder, STREAM_THREADS);
    return decoder->thread && !decoder->streams[STREAM_THREADS].bad;
}

static bool decode_form(struct decoder *decoder, uint32_t *number)
{
    struct predict *predict = &decoder->predict;
    uint64_t told = decode_number(decoder, STREAM_FORMS);
    if (told) {
        *number = (uint32_t)told - 1;
        return told <= predict->form_count;
    }
    if (predict->form_count == PREDICT_FORMS)
        return false;
    struct predict_form form = {0};
    form.kind = (uint8_t)decode_number(decoder, STREAM_FORMS);
    form.api = (uint8_t)decode_number(decoder, STREAM_FORMS);
    form.flags = (uint8_t)decode_number(decoder, STREAM_FORMS);
    form.alignment_log2 = (uint8_t)decode_number(decoder, STREAM_FORMS);
    form.heap = (uint32_t)decode_number(decoder, STREAM_FORMS);
    form.source = (uint32_t)decode_number(decoder, STREAM_FORMS);
    uint64_t has = decode_number(decoder, STREAM_FORMS);
    form.has_usable = has & 1;
    form.has_stack = has >> 1 & 1;
    predict_form_settle(&form);
    *number = predict->form_count++;
    predict->forms[*number] = form;
    return !decoder->streams[STREAM_FORMS].bad && form.kind >= EVENT_ALLOC && form.kind <= EVENT_RESIZE_END;
}

static int64_t decode_delta(struct decoder *decoder)
{
    uint64_t told = decode_number(decoder, STREAM_DELTAS);
    int64_t delta = ht_unzigzag(told >> 1);
    return told & 1 ? delta : (int64_t)((uint64_t)delta * 16);
}

static uint32_t decode_site(struct decoder *decoder)
{
    decoder->predict.last_site += (uint32_t)ht_unzigzag(decode_number(decoder, STREAM_SITES));
    return decoder->predict.last_site;
}

static bool decode_birth(struct decoder *decoder, struct predict_entry now, uint32_t form, int64_t delta, struct event *event)
{
    struct predict *predict = &decoder->predict;
    struct predict_thread *thread = decoder->thread;
    struct predict_bin *bin = predict_bin_at(predict, thread, predict_class(now.size));
    event->address = predict_new_address(thread, bin, predict->forms[form].direct, now.ref, delta);
    if (!event->address || event->address >> 48)
        return false;
    event->stack = now.site;
    event->size = now.size;
    event->old_address = event->kind == EVENT_RESIZE_END ? thread->flight : 0;
    event->usable = predict->forms[form].has_usable ? predict_usable(now.size) + (uint64_t)ht_unzigzag(decode_number(decoder, STREAM_USABLES)) : 0;
    predict_birth(predict, thread, bin, form, event->address, now.size, now.site, now.ref);
    predict_pass(predict, thread, predict_digest(form, now.site, now.size));
    return true;
}

static bool decode_ending(struct decoder *decoder, struct predict_entry now, uint32_t form, int64_t delta, struct event *event)
{
    struct predict *predict = &decoder->predict;
    struct predict_thread *thread = decoder->thread;
    uint32_t node = now.ref == REF_DELTA ? 0 : predict_old_node(predict, thread, now.ref, delta);
    event->address = now.ref == REF_DELTA ? thread->ended + (uint64_t)delta : predict->nodes[node].address;
    if (!event->address || event->address >> 48)
        return false;
    event->stack = now.site;
    event->size = event->usable = event->old_address = 0;
    predict_pass(predict, thread, predict_digest(form, now.site, predict_ending(predict, thread, form, event->address, node)));
    return true;
}

static bool decode_hot(struct decoder *decoder, struct event *event)
{
    struct predict *predict = &decoder->predict;
    struct predict_entry *longs = decoder->thread->longs, *shorts = decoder->thread->shorts, now = *longs;
    uint32_t token = TOKEN_LONG;
    bool guessed = decoder->run > 0;
    if (guessed) {
        decoder->run--;
    } else {
        token = decode_byte(decoder, STREAM_TOKENS);
        decoder->run = decode_distance(decoder, STREAM_RUNS);
    }
    uint32_t source = token & TOKEN_SOURCE, form;
    if (source == TOKEN_SHORT)
        now = *shorts;
    form = now.form;
    if (source == TOKEN_TOLD) {
        if (!decode_form(decoder, &form))
            return false;
        now = (struct predict_entry){.form = (uint16_t)form};
    }
    if (form >= predict->form_count)
        return false;
    const struct predict_form *shape = predict->forms + form;
    bool birth = shape->births;
    if (source == TOKEN_TOLD && (birth || shape->has_stack))
        now.site = decode_site(decoder);
    if (birth && (token & TOKEN_SIZE) == TOKEN_SIZE_LAST)
        now.size = *predict_size(predict, now.site);
    else if (birth && (token & TOKEN_SIZE) == TOKEN_SIZE_TOLD)
        now.size = (uint32_t)decode_number(decoder, STREAM_SIZES);
    int64_t delta = predict_entry_delta(&now);
    if (token & TOKEN_REF) {
        now.ref = (uint8_t)decode_byte(decoder, STREAM_REFS);
        delta = now.ref == REF_DELTA ? decode_delta(decoder) : !birth && now.ref == REF_AGE ? (int64_t)decode_number(decoder, STREAM_AGES) : 0;
    }
    event->kind = shape->kind;
    event->api = shape->api;
    event->flags = shape->flags;
    event->alignment_log2 = shape->alignment_log2;
    event->heap = shape->heap;
    event->source = shape->source;
    if (!guessed) {
        predict_entry_set(longs, now, delta);
        *shorts = *longs;
        if (birth)
            *predict_size(predict, now.site) = now.size;
    }
    return birth ? decode_birth(decoder, now, form, delta, event) : decode_ending(decoder, now, form, delta, event);
}

bool decoder_next(struct decoder *decoder, struct event *event, uint64_t *tick)
{
    if (!decoder->left)
        return false;
    while (!decoder->to_thread)
        if (!decode_switch(decoder))
            return decoder->bad = true, false;
    while (!decoder->to_tick) {
        decoder->tick += (uint64_t)ht_unzigzag(decode_number(decoder, STREAM_TICKS));
        decoder->to_tick = decode_distance(decoder, STREAM_TICKS);
    }
    if (!decoder->thread || !decode_hot(decoder, event))
        return decoder->bad = true, false;
    for (int i = 0; i < STREAM_COUNT; i++)
        decoder->bad |= decoder->streams[i].bad;
    event->thread = decoder->thread->id;
    event->process = decoder->thread->process;
    event->define = NULL;
    *tick = decoder->tick;
    decoder->left--;
    decoder->to_place--;
    decoder->to_tick--;
    decoder->to_thread--;
    return !decoder->bad;
}
