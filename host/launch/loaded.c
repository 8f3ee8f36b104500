/* loaded: by /proc/PID/maps. A file is read where the process sees it, in its own root, or by its mapping where its name is gone. */
#include "loaded.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/memory.h"
#include "host/base/path.h"
#include "host/base/str.h"
#include "own_malloc.h"

struct row {
    uint64_t start, end;
    char rights[5];
    const char *path;
};

/* "start-end rwxp offset dev inode   path" */
static bool row_read(char *line, struct row *row)
{
    unsigned long long start, end;
    int at = 0;
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "%llx-%llx %4s %*x %*s %*u %n", &start, &end, row->rights, &at) < 3 || !at)
        return false;
    *row = (struct row){start, end, {row->rights[0], row->rights[1], row->rights[2], row->rights[3]}, line + at};
    return true;
}

static char *reach_of(pid_t pid, const struct row *row)
{
    struct str path = {0};
    str_add_format(&path, "/proc/%d/root%s", (int)pid, row->path);
    if (access(str_text(&path), R_OK)) {
        str_clear(&path);
        str_add_format(&path, "/proc/%d/map_files/%llx-%llx", (int)pid, (unsigned long long)row->start, (unsigned long long)row->end);
    }
    char *reach = memory_copy_text(str_text(&path));
    str_done(&path);
    return reach;
}

static void file_done(struct loaded_file *file)
{
    memory_free(file->path);
    memory_free(file->reach);
}

static void see_row(struct loaded *loaded, const struct row *row)
{
    struct loaded_file *last = loaded->files.count ? &loaded->files.at[loaded->files.count - 1] : NULL;
    if (row->path[0] != '/' && strcmp(row->path, "[vdso]"))
        return;
    if (!last || strcmp(last->path, row->path)) {
        if (last && !last->code_end)
            file_done(&loaded->files.at[--loaded->files.count]);
        vec_push(&loaded->files, ((struct loaded_file){.path = memory_copy_text(row->path), .reach = reach_of(loaded->pid, row), .start = row->start}));
        last = &loaded->files.at[loaded->files.count - 1];
    }
    last->end = row->end;
    if (row->rights[2] != 'x')
        return;
    last->code_start = last->code_end ? last->code_start : row->start;
    last->code_end = row->end;
}

bool loaded_read(struct loaded *loaded, pid_t pid)
{
    char path[64], *line = NULL;
    size_t room = 0;
    struct row row;
    *loaded = (struct loaded){.pid = pid};
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && getline(&line, &room, maps) > 0)
        if (row_read(line, &row))
            see_row(loaded, &row);
    free(line);
    if (maps)
        fclose(maps);
    if (loaded->files.count && !loaded->files.at[loaded->files.count - 1].code_end)
        file_done(&loaded->files.at[--loaded->files.count]);
    return maps && loaded->files.count;
}

void loaded_find_allocators(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->files.count; i++)
        loaded->files.at[i].has_malloc = own_malloc_find(loaded->files.at[i].reach) == OWN_MALLOC_ALL;
}

const struct loaded_file *loaded_at(const struct loaded *loaded, uint64_t pc)
{
    for (size_t i = 0; i < loaded->files.count; i++)
        if (pc >= loaded->files.at[i].code_start && pc < loaded->files.at[i].code_end)
            return &loaded->files.at[i];
    return NULL;
}

const struct loaded_file *loaded_named(const struct loaded *loaded, const char *name)
{
    for (size_t i = 0; i < loaded->files.count; i++)
        if (!strncmp(path_name(loaded->files.at[i].path), name, strlen(name)))
            return &loaded->files.at[i];
    return NULL;
}

/* Address in memory minus address in the file: of the segment that begins the file. */
static uint64_t bias_of(Elf *elf, const struct loaded_file *file)
{
    size_t count = 0;
    elf_getphdrnum(elf, &count);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr program;
        if (gelf_getphdr(elf, (int)i, &program) && program.p_type == PT_LOAD && !program.p_offset)
            return file->start - (program.p_vaddr & ~(uint64_t)4095);
    }
    return file->start;
}

static uint64_t find_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
            continue;
        const char *text = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (text && !strcmp(text, name))
            return symbol.st_value;
    }
    return 0;
}

uint64_t loaded_function(const struct loaded_file *file, const char *name)
{
    uint64_t found = 0;
    int fd = file ? open(file->reach, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    for (Elf_Scn *section = elf_nextscn(elf, NULL); section && !found; section = elf_nextscn(elf, section)) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNSYM)
            found = find_in(elf, section, &header, name);
    }
    if (found)
        found += bias_of(elf, file);
    elf_end(elf);
    close(fd);
    return found;
}

void loaded_done(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->files.count; i++)
        file_done(&loaded->files.at[i]);
    vec_done(&loaded->files);
}
