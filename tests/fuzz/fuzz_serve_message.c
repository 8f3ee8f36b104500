/* fuzz_serve_message: in bytes, out what a page would want by them; and what a door and a route make of them as texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/serve/door.h"
#include "host/serve/route.h"
#include "host/serve/serve_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void message_try(const uint8_t *data, size_t size)
{
    struct serve_message message;
    const char *problem = NULL;
    bool is_good = serve_message_read((const char *)data, size, &message, &problem);
    must(is_good == !problem);
    must(memchr(message.type, 0, SERVE_TEXT_MOST) && memchr(message.label, 0, SERVE_TEXT_MOST) && memchr(message.token, 0, SERVE_TEXT_MOST));
    must(!is_good || (size >= 2 && size <= SERVE_MESSAGE_MOST));
}

static void texts_try(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"heap.example", NULL};
    struct door door = {.names = names, .address = "0.0.0.0", .token = "0123456789abcdef", .port = 7777};
    char *text = malloc(size + 1), token[DOOR_TOKEN_MOST];
    must(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    must(!door_knows_token(&door, text) || !strcmp(text, door.token));
    must(!door_knows_origin(&door, text, NULL) || strstr(text, "heap") || strcasestr(text, "heap.example"));
    door_knows_host(&door, text);
    door_knows_bearer(&door, text);
    struct route route = route_find(text, text);
    must(memchr(route.table, 0, ROUTE_NAME_MOST) && route.source < 1000);
    must(!door_suits_token(text) || strlen(text) < sizeof token);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    message_try(data, size);
    texts_try(data, size);
    return 0;
}
