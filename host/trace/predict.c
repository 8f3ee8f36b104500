/* predict: in events of a segment, out guesses; here what is not on the shortest way. */
#include "predict.h"

#include <heaptracer/trace.h>

#include "wire/api.h"

void predict_init(struct predict *predict)
{
    *predict = (struct predict){
        .longs = memory_new(1 << PREDICT_LONG_BITS, sizeof *predict->longs),
        .shorts = memory_new(1 << PREDICT_SHORT_BITS, sizeof *predict->shorts),
        .sizes = memory_new(1 << PREDICT_SIZE_BITS, sizeof *predict->sizes),
        .nodes = memory_new(PREDICT_NODES, sizeof *predict->nodes),
        .bins = memory_new(PREDICT_BINS, sizeof *predict->bins),
        .forms = memory_new(PREDICT_FORMS, sizeof *predict->forms),
    };
    predict_reset(predict);
}

void predict_reset(struct predict *predict)
{
    for (size_t i = 0; i < predict->threads.count; i++)
        memory_free(predict->threads.at[i]);
    predict->threads.count = 0;
    memset(predict->longs, 0xFF, sizeof *predict->longs << PREDICT_LONG_BITS);
    memset(predict->shorts, 0xFF, sizeof *predict->shorts << PREDICT_SHORT_BITS);
    memset(predict->sizes, 0, sizeof *predict->sizes << PREDICT_SIZE_BITS);
    predict->node_count = predict->bin_count = 1;
    predict->form_count = 0;
    predict->last_site = 0;
}

void predict_done(struct predict *predict)
{
    for (size_t i = 0; i < predict->threads.count; i++)
        memory_free(predict->threads.at[i]);
    vec_done(&predict->threads);
    memory_free(predict->longs);
    memory_free(predict->shorts);
    memory_free(predict->sizes);
    memory_free(predict->nodes);
    memory_free(predict->bins);
    memory_free(predict->forms);
    *predict = (struct predict){0};
}

struct predict_thread *predict_thread_new(struct predict *predict, uint32_t id, uint32_t process)
{
    if (predict->threads.count == PREDICT_THREADS || predict->node_count >= PREDICT_NODES)
        return NULL;
    struct predict_thread *thread = memory_new(1, sizeof *thread);
    uint32_t head = predict->node_count++;
    predict->nodes[head] = (struct predict_node){.newer = head, .older = head};
    *thread = (struct predict_thread){.id = id, .process = process, .head = head, .gap = head};
    predict_look_up(predict, thread);
    vec_push(&predict->threads, thread);
    return thread;
}

void predict_form_settle(struct predict_form *form)
{
    form->births = form->kind == EVENT_ALLOC || form->kind == EVENT_RESIZE_END;
    form->resizes = form->kind == EVENT_RESIZE_BEGIN || form->kind == EVENT_RESIZE_END;
    form->direct = form->kind == EVENT_RESIZE_END || form->api == HT_API_CALLOC || (form->api >= HT_API_MEMALIGN && form->api <= HT_API_PVALLOC) ||
                   form->api == HT_API_NEW_ALIGNED || form->api == HT_API_NEW_ARRAY_ALIGNED;
}

static void bin_empty_front(struct predict_bin *bin)
{
    for (uint32_t i = 0; i < bin->front_count; i++)
        bin_push_back(bin, bin->front[i]);
    bin->front_count = 0;
}

static void bin_take_back(struct predict_bin *bin, uint32_t rank)
{
    for (; rank; rank--)
        bin->back[(bin->back_top - 1 - rank) % BIN_BACK] = bin->back[(bin->back_top - rank) % BIN_BACK];
    bin->back_count--;
    bin->back_top--;
}

/* As glibc does: what is left of a short list moves to the thread's cache. */
static void bin_refill(struct predict_bin *bin, uint32_t class)
{
    while (class <= 8 && bin->front_count < BIN_FRONT && bin->back_count) {
        bin->front[bin->front_count++] = bin->back[--bin->back_top % BIN_BACK];
        bin->back_count--;
    }
}

void predict_taken(struct predict_bin *bin, uint32_t class, bool direct, uint32_t ref)
{
    if (ref == REF_SAME)
        return;
    if (ref == REF_NEXT)
        ref = !direct && bin->front_count ? REF_FRONT : REF_BACK;
    if (ref < REF_BACK) {
        for (; ref > REF_FRONT; ref--)
            bin_push_back(bin, bin->front[--bin->front_count]);
        bin->front_count--;
        return;
    }
    if (ref < REF_BUMP)
        bin_take_back(bin, ref - REF_BACK);
    if (!direct)
        bin_empty_front(bin);
    if (ref < REF_BUMP)
        bin_refill(bin, class);
}
