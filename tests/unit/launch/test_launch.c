/* launch: the session file, the check of programs and the control socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/launch/control.h"
#include "host/launch/elf_check.h"
#include "host/launch/session.h"

static void a_session_is_private_and_goes_away(void **state)
{
    (void)state;
    struct session session;
    struct error error = {0};
    struct stat status;
    const struct session_config config = {.lane_bytes = 100000, .policy = HT_POLICY_DROP, .recording = true};
    assert_true(session_open(&session, &config, &error));
    assert_int_equal(stat(session.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(session.shared->lane_bytes, 131072);
    assert_int_equal(session.shared->policy, HT_POLICY_DROP);
    assert_true(session.shared->lanes_offset >= sizeof *session.shared);
    assert_int_equal((uint64_t)status.st_size, session.shared->lanes_offset + session.shared->lane_count * session.shared->lane_stride);
    assert_in_range(status.st_blocks, 0, 1024);
    session_close(&session);
    assert_int_equal(access(session.path, F_OK), -1);
}

static void what_a_killed_recorder_left_is_swept(void **state)
{
    (void)state;
    char path[2][64];
    pid_t dead = fork();
    if (!dead)
        _exit(0);
    waitpid(dead, NULL, 0);
    snprintf(path[0], sizeof path[0], "/dev/shm/heaptracer-%d-0123456789abcdef", (int)dead);
    snprintf(path[1], sizeof path[1], "/dev/shm/heaptracer-%d-0123456789abcdef", (int)getpid());
    for (int i = 0; i < 2; i++)
        close(open(path[i], O_CREAT | O_WRONLY, 0600));
    struct session session;
    struct error error = {0};
    assert_true(session_open(&session, &(struct session_config){.lane_bytes = 65536}, &error));
    session_close(&session);
    assert_int_equal(access(path[0], F_OK), -1);
    assert_int_equal(access(path[1], F_OK), 0);
    unlink(path[1]);
}

static enum elf_check_kind kind_of(const void *bytes, size_t count, struct elf_check *check)
{
    char path[] = "/tmp/test_launch.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, bytes, count), (ssize_t)count);
    close(fd);
    elf_check(path, check);
    unlink(path);
    return check->kind;
}

static void programs_are_told_apart(void **state)
{
    (void)state;
    struct elf_check check;
    elf_check("/proc/self/exe", &check);
    assert_int_equal(check.kind, ELF_CHECK_DYNAMIC);
    assert_int_equal(check.pointer_bytes, sizeof(void *));
    assert_int_equal(kind_of("#! /bin/sh -e\n", 14, &check), ELF_CHECK_SCRIPT);
    assert_string_equal(check.interpreter, "/bin/sh");
    assert_int_equal(kind_of("#!\n", 3, &check), ELF_CHECK_OTHER);
    assert_int_equal(kind_of("", 0, &check), ELF_CHECK_OTHER);
    elf_check("/no/such/file", &check);
    assert_int_equal(check.kind, ELF_CHECK_UNREADABLE);
    Elf32_Ehdr head = {.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1}, .e_type = ET_EXEC, .e_machine = EM_ARM};
    char file[128] = "";
    memcpy(file, &head, sizeof head);
    assert_int_equal(kind_of(file, sizeof file, &check), ELF_CHECK_STATIC);
    assert_string_equal(elf_check_machine(check.machine, check.pointer_bytes), "arm (32 bit)");
    head.e_phnum = 0xFFFF;
    head.e_phoff = 0xFFFFFFF0u;
    memcpy(file, &head, sizeof head);
    assert_int_equal(kind_of(file, sizeof file, &check), ELF_CHECK_OTHER);
}

static void answer(void *context, char *request, struct str *out)
{
    (void)context;
    str_add_format(out, "you said %s", request);
}

static void a_request_is_answered(void **state)
{
    (void)state;
    struct str out = {0};
    struct error error = {0};
    assert_false(control_ask(getpid(), "status", &out, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    int socket = control_open(getpid());
    assert_true(socket >= 0);
    pid_t server = fork();
    if (!server) {
        for (int dropped = 0, at; dropped < 3; usleep(1000)) /* as who asks slowly is; it asks again */
            if ((at = accept(socket, NULL, NULL)) >= 0) {
                close(at);
                dropped++;
            }
        for (;; usleep(1000))
            control_serve(socket, answer, NULL);
    }
    error = (struct error){0};
    assert_true(control_ask(getpid(), "mark a b", &out, &error));
    assert_string_equal(str_text(&out), "you said mark a b");
    str_done(&out);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    close(socket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_private_and_goes_away),
        cmocka_unit_test(what_a_killed_recorder_left_is_swept),
        cmocka_unit_test(programs_are_told_apart),
        cmocka_unit_test(a_request_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
