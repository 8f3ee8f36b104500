/* test_sink_socket: frames through real sockets of this machine: datagrams stay whole, a full stream takes none, a closed one is gone. */
#define HT_FIRMWARE 1
#define HT_SOCKET_HEADER <sys/socket.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/sink/sink_socket.c"

static void test_datagrams(void **state)
{
    int ends[2];
    uint8_t got[16];
    struct ht_socket link;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    const struct ht_sink *sink = ht_socket_begin(&link, ends[0], false);
    assert_int_equal(sink->write(sink->context, (const uint8_t *)"frame\0", 6), 6);
    assert_int_equal(recv(ends[1], got, sizeof got, 0), 6);
    assert_int_equal(sink->read(sink->context), -1);
    assert_int_equal(send(ends[1], "s", 1, 0), 1);
    assert_int_equal(sink->read(sink->context), 's');
    close(ends[0]);
    close(ends[1]);
}

static void test_stream(void **state)
{
    static uint8_t much[1 << 16];
    int ends[2];
    struct ht_socket link;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const struct ht_sink *sink = ht_socket_begin(&link, ends[0], true);
    long taken;
    while ((taken = sink->write(sink->context, much, sizeof much)) > 0) {
    }
    assert_int_equal(taken, 0);
    close(ends[1]);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(sink->write(sink->context, much, 1), -1);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_datagrams), cmocka_unit_test(test_stream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
