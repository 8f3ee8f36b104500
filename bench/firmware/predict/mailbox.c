/* mailbox: queues of messages with payloads of many sizes; what tasks send to one another. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct message {
    struct message *next;
    uint8_t kind, priority;
    uint16_t bytes;
    uint8_t payload[];
};

struct mailbox {
    struct message *first, **last;
    size_t waiting;
};

static struct mailbox *boxes[4];

static void post(struct mailbox *box, unsigned number)
{
    uint16_t bytes = (uint16_t)(number * 2654435761u >> 26);
    struct message *message = malloc(sizeof *message + bytes);
    memset(message->payload, (int)number, bytes);
    message->bytes = bytes;
    message->next = NULL;
    *box->last = message;
    box->last = &message->next;
    box->waiting++;
}

static void take(struct mailbox *box)
{
    struct message *message = box->first;
    if (!message)
        return;
    box->first = message->next;
    if (!box->first)
        box->last = &box->first;
    box->waiting--;
    free(message);
}

int main(void)
{
    for (int i = 0; i < 4; i++) {
        boxes[i] = malloc(sizeof *boxes[i]);
        *boxes[i] = (struct mailbox){.first = NULL};
        boxes[i]->last = &boxes[i]->first;
    }
    for (unsigned i = 0; i < 2000; i++) {
        post(boxes[i % 4], i);
        if (i % 8 != 3)
            take(boxes[(i * 7) % 4]);
    }
    return boxes[3] == NULL;
}
