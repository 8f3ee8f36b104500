/* address_story: most changes are of blocks elsewhere, which one comparison tells. */
#include "address_story.h"

#include <string.h>

/* A block of no bytes has its address all the same. */
static bool lies_over(const struct address_story *story, const struct block *block)
{
    return story->address - block->address < (block->size ? block->size : 1) && (!story->only_process || block->process == story->only_process);
}

static void story_begin(struct address_story *story, const struct block *block)
{
    if (story->blocks.count - story->first == STORY_MOST) {
        story->first++;
        story->left_out++;
    }
    if (story->first == STORY_MOST) {
        memmove(story->blocks.at, story->blocks.at + STORY_MOST, (story->blocks.count - STORY_MOST) * sizeof *story->blocks.at);
        story->blocks.count -= STORY_MOST;
        story->first = 0;
    }
    vec_push(&story->blocks, ((struct story_block){.block = *block, .end_ns = UINT64_MAX}));
}

static void story_end(struct address_story *story, const struct block *block, const struct change *change)
{
    for (size_t i = story->blocks.count; i-- > story->first;) {
        struct story_block *told = story->blocks.at + i;
        if (told->end_ns != UINT64_MAX || told->block.address != block->address || told->block.process != block->process)
            continue;
        told->end_ns = change->time_ns;
        told->end_stack = change->stack;
        told->end_kind = change->kind;
        return;
    }
}

static void change_see(struct address_story *story, const struct change *change)
{
    switch ((enum change_kind)change->kind) {
    case CHANGE_BIRTH:
    case CHANGE_INHERIT:
    case CHANGE_RESTORE:
        if (lies_over(story, &change->block))
            story_begin(story, &change->block);
        break;
    case CHANGE_RESIZE:
        if (lies_over(story, &change->old))
            story_end(story, &change->old, change);
        if (lies_over(story, &change->block))
            story_begin(story, &change->block);
        break;
    case CHANGE_FREE:
    case CHANGE_LIFT:
    case CHANGE_LEAVE:
    case CHANGE_VANISH:
        if (lies_over(story, &change->block))
            story_end(story, &change->block, change);
        break;
    default:
        break;
    }
}

void address_story_see(struct address_story *story, const struct changes *changes)
{
    for (size_t i = 0; i < changes->count && changes->all[i].time_ns <= story->to_ns; i++)
        change_see(story, changes->all + i);
}

void address_story_done(struct address_story *story)
{
    vec_done(&story->blocks);
}
