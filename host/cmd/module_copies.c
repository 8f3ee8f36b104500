/* module_copies: FOLDER/.build-id/ab/cdef is where symbols (host/symbol/locate.c) look first. */
#include "module_copies.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/little.h"
#include "host/base/memory.h"
#include "host/symbol/locate.h"

enum { BUILD_ID_LEAST = 8 };
static const uint64_t COPY_MOST = 256u << 20, COPIES_MOST = 1u << 30, MODULES_MOST = 4096;

static bool is_here(const struct module_copies *copies, const struct module_definition *module)
{
    struct str path = {0};
    enum object_state state;
    const char *folders[] = {copies->folder, NULL};
    struct object_request request = {.path = module->path, .build_id_bytes = module->build_id_bytes};
    memcpy(request.build_id, module->build_id, sizeof request.build_id);
    int file = locate_module(&request, &(struct object_search){.folders = folders}, &path, &state);
    str_done(&path);
    if (file >= 0)
        close(file);
    return file >= 0;
}

static void path_make(const struct module_copies *copies, const struct module_definition *module, struct str *path)
{
    mkdir(copies->folder, 0777);
    str_add_format(path, "%s/.build-id", copies->folder);
    mkdir(str_text(path), 0777);
    str_add_format(path, "/%02x", module->build_id[0]);
    mkdir(str_text(path), 0777);
    str_add(path, "/");
    for (uint32_t i = 1; i < module->build_id_bytes; i++)
        str_add_format(path, "%02x", module->build_id[i]);
}

static enum visit_end pieces_copy(struct module_copies *copies, struct visit *visit, const struct module_definition *module, int file, struct error *error)
{
    struct remote_answer answer = {.size = 1};
    struct remote_request request = {.kind = REMOTE_MODULE,
                                     .count = REMOTE_DATA_MOST,
                                     .key = {module->build_id, module->build_id_bytes},
                                     .text = {(const uint8_t *)module->path, strlen(module->path)}};
    for (uint64_t done = 0; done < answer.size; done += answer.data.count) {
        request.offset = done;
        enum visit_end end = visit_ask(visit, &request, &answer, error);
        if (end != VISIT_DONE)
            return end;
        if (!answer.data.count || answer.size > COPY_MOST || copies->bytes + answer.data.count > COPIES_MOST)
            return error_set(error, ERROR_READ, "it is too large"), VISIT_REFUSED;
        if (write(file, answer.data.at, answer.data.count) != (ssize_t)answer.data.count)
            return error_set_errno(error, ERROR_WRITE, "its copy cannot be written"), VISIT_REFUSED;
        copies->bytes += answer.data.count;
    }
    return VISIT_DONE;
}

/* And the folders that were made for it alone. */
static void part_remove(char *path)
{
    unlink(path);
    for (int i = 0; i < 2; i++) {
        *strrchr(path, '/') = 0;
        rmdir(path);
    }
}

/* Under another name until it is whole. */
static enum visit_end module_copy(struct module_copies *copies, struct visit *visit, const struct module_definition *module, struct error *error)
{
    struct str path = {0}, part = {0};
    path_make(copies, module, &path);
    str_add_format(&part, "%s.part", str_text(&path));
    int file = open(str_text(&part), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    enum visit_end end = file < 0 ? VISIT_REFUSED : pieces_copy(copies, visit, module, file, error);
    if (file < 0)
        error_set_errno(error, ERROR_WRITE, "its copy cannot be made");
    else
        close(file);
    if (end == VISIT_DONE && !rename(str_text(&part), str_text(&path)))
        copies->copies++;
    else
        part_remove(part.at);
    str_done(&path);
    str_done(&part);
    return end;
}

bool module_copies_see(struct module_copies *copies, struct visit *visit, const struct module_definition *module)
{
    struct error error = {0};
    bool is_new = false, is_askable = module->build_id_bytes >= BUILD_ID_LEAST && module->path && module->path[0] == '/' && strlen(module->path) < REMOTE_TEXT_MOST;
    uint64_t key = little_get(module->build_id, sizeof key);
    if (!is_askable || map_get(&copies->seen, key) || map_count(&copies->seen) >= MODULES_MOST)
        return true;
    enum visit_end end = is_here(copies, module) ? VISIT_DONE : module_copy(copies, visit, module, &error);
    if (end == VISIT_LOST)
        return false;
    map_put(&copies->seen, key, &is_new);
    copies->missing += end == VISIT_REFUSED;
    if (end == VISIT_REFUSED)
        error_set(&copies->why, ERROR_READ, "%.300s: %.600s", module->path, error.text);
    return true;
}

void module_copies_done(struct module_copies *copies)
{
    map_done(&copies->seen);
    memory_free(copies->folder);
    *copies = (struct module_copies){0};
}
