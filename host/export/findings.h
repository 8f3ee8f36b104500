/* findings: in what is wrong with a program, one after the other, out the list that files for build servers (sarif.h, junit.h) are written from. It knows no
 * leak, fault or budget: who adds a finding says by which rule, how bad it is, and where. */
#ifndef HOST_EXPORT_FINDINGS_H
#define HOST_EXPORT_FINDINGS_H

#include <heaptracer/trace.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "host/view/frames.h"

enum finding_level { FINDING_ERROR, FINDING_WARNING, FINDING_NOTE };

/* Its id is "group/word": what stands before the slash is a suite of tests in JUnit. All texts are there for good. */
struct finding_rule {
    const char *id;
    const char *name;  /* "DirectLeak" */
    const char *title; /* one sentence without a full stop */
    const char *about; /* what it means and what to do, in Markdown */
    enum finding_level level; /* that it usually has */
};

struct finding_frame {
    const char *function, *file, *module; /* file NULL: not known */
    unsigned line;                        /* 0: not known */
    enum frame_role role;
};

enum { FINDING_FRAMES_MOST = 100 }; /* of a stack, the innermost */

struct finding_stack {
    const char *title; /* "allocated here" */
    size_t first, count, top; /* of frames, the innermost first; top: the one that people look for */
};

struct finding_detail {
    const char *name, *text; /* text NULL: a number */
    double number;
};

struct finding {
    const struct finding_rule *rule;
    enum finding_level level;
    const char *message;
    const char *suppressed; /* by which rule of the user; NULL: it is not */
    double rank;            /* 0 to 100: how sure; below 0: not known */
    size_t first_stack, stack_count; /* the first one is where it is */
    size_t first_detail, detail_count;
};

/* Zero-filled is empty. */
struct findings {
    const char *about;   /* what was looked at: the command line of the program */
    uint64_t start_unix_ns, duration_ns;
    const char *root;    /* folder whose files are named from it on; NULL: none */
    VEC(const struct finding_rule *) rules; /* that were looked for, whether anything was found or not */
    VEC(struct finding) list;
    VEC(struct finding_stack) stacks;
    VEC(struct finding_frame) frames;
    VEC(struct finding_detail) details;
    uint64_t left_out; /* findings beyond FINDINGS_MOST */
    struct arena arena;
    struct frames reused;
};
enum { FINDINGS_MOST = 5000 }; /* what GitHub shows of a log */

/* Of what `header` is about; `root` is a folder. */
void findings_begin(struct findings *findings, const struct trace_header *header, const char *root);
/* That such things were looked for. */
void findings_look(struct findings *findings, const struct finding_rule *rule);
/* To be asked before each finding is added; false: there are too many, and this one is counted only. */
bool findings_have_room(struct findings *findings);
/* A new finding; what follows is about it. */
struct finding *findings_add(struct findings *findings, const struct finding_rule *rule, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Stack 0 adds nothing. */
void findings_stack(struct findings *findings, const char *title, struct symbols *symbols, uint32_t stack);
void findings_text(struct findings *findings, const char *name, const char *text);
void findings_number(struct findings *findings, const char *name, double number);
void findings_done(struct findings *findings);

static inline const struct finding_stack *finding_stack(const struct findings *findings, const struct finding *finding, size_t number)
{
    return findings->stacks.at + finding->first_stack + number;
}
static inline const struct finding_frame *finding_frame(const struct findings *findings, const struct finding_stack *stack, size_t number)
{
    return findings->frames.at + stack->first + number;
}
/* The frame that the finding is shown at; NULL: none is known. */
const struct finding_frame *finding_top(const struct findings *findings, const struct finding *finding);
/* The same finding of another run of the same program has the same text: its rule and the functions of its stacks, without lines and addresses; then which one
 * of those that are alike. `seen` starts empty. */
void finding_print(const struct findings *findings, const struct finding *finding, struct map *seen, struct str *print);
/* True if the file is below the root, or is relative itself: then *name is its name from the root on. */
bool findings_is_below(const struct findings *findings, const char *file, const char **name);

#endif
