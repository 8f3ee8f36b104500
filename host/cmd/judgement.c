/* judgement: in a trace that was just recorded, out its findings. */
#include "judgement.h"

#include <string.h>

#include "fault_findings.h"
#include "host/view/gate.h"
#include "reading.h"

static bool fail_on_check(const struct judgement *judgement, struct error *error)
{
    const struct opt_list *fail_on = &judgement->options->fail_on;
    for (size_t i = 0; i < fail_on->count; i++) {
        bool is_error = !strcmp(fail_on->at[i], "error"), is_leak = !strcmp(fail_on->at[i], "leak") || !strcmp(fail_on->at[i], "possible");
        if (!is_error && !is_leak)
            return error_set(error, ERROR_USAGE, "--fail-on %s: it can fail on 'error', 'leak' or 'possible'", fail_on->at[i]);
        if (is_error && !judgement->looks_for_errors)
            return error_set(error, ERROR_USAGE, "--fail-on error needs --guard, which looks for errors");
        if (is_leak && !judgement->looks_for_leaks)
            return error_set(error, ERROR_USAGE, "--fail-on %s needs --leaks, which looks for leaks", fail_on->at[i]);
    }
    return true;
}

static bool wishes_check(const struct judgement *judgement, struct error *error)
{
    const struct judgement_options *options = judgement->options;
    if (!judgement->looks_for_leaks && (options->leaks.suppressions.count || options->leaks.names))
        return error_set(error, ERROR_USAGE, "--suppressions and --names need --leaks, which looks for leaks");
    if (!judgement->looks_for_leaks && !judgement->looks_for_errors && finding_files_are_wanted(&options->files))
        return error_set(error, ERROR_USAGE, "--sarif and --junit need --leaks or --guard, which look for something to tell");
    return fail_on_check(judgement, error);
}

bool judgement_open(struct judgement *judgement, const struct judgement_options *options, bool looks_for_leaks, bool looks_for_errors, struct error *error)
{
    *judgement = (struct judgement){.options = options, .looks_for_leaks = looks_for_leaks, .looks_for_errors = looks_for_errors};
    bool is_good = wishes_check(judgement, error) && leak_rows_open(&judgement->rows, &options->leaks, error) &&
                   finding_files_open(&judgement->files, &options->files, NULL, error);
    if (!is_good)
        judgement_close(judgement);
    return is_good;
}

static void judgement_begin(void *context, const struct reading *reading)
{
    struct judgement *judgement = context;
    leak_rows_begin(&judgement->rows, pipeline_model(reading->pipeline));
}

static void judgement_see(void *context, const struct changes *changes)
{
    phase_see(&((struct judgement *)context)->rows.phase, changes);
}

static bool tables_judge(struct judgement *judgement, struct reading *reading, struct findings *findings, struct error *error)
{
    const struct opt_list *fail_on = &judgement->options->fail_on;
    struct gate gate;
    struct table *reach = reading->tables.at, *faults = reading->tables.at + 1;
    size_t looks;
    model_scans(pipeline_model(reading->pipeline), &looks);
    if (judgement->looks_for_leaks && !looks)
        fputs("heaptracer: no process was looked at, so nothing is known of leaks: none came to its end by itself\n", stderr);
    else if (judgement->looks_for_leaks && !leak_rows_choose(&judgement->rows, reach, reading->symbols, findings, error))
        return false;
    if (judgement->looks_for_errors) {
        fault_findings_look(findings);
        fault_findings_add(findings, faults, reading->symbols);
    }
    for (size_t i = 0; i < fail_on->count; i++)
        if (!gate_parse(&gate, "--fail-on", fail_on->at[i], error) || !gate_look(&gate, reach, &judgement->has_found, error))
            return false;
    return true;
}

/* Errors are counted while they are recorded; leaks are judged by all that the trace tells. */
static bool needs_trace(struct judgement *judgement)
{
    const struct judgement_options *options = judgement->options;
    bool needs = finding_files_are_wanted(&options->files);
    for (size_t i = 0; i < options->fail_on.count; i++) {
        bool is_error = !strcmp(options->fail_on.at[i], "error");
        judgement->has_found |= is_error && judgement->faults;
        needs |= !is_error;
    }
    return needs;
}

bool judgement_make(struct judgement *judgement, const char *path, struct error *error)
{
    static const char *const tables[] = {"reach", "faults", NULL};
    static const struct page_options names;
    struct findings findings = {0};
    struct reading reading = {0};
    struct reading_config config = {.page = &names, .tables = tables, .begin = judgement_begin, .see = judgement_see, .context = judgement};
    if (!needs_trace(judgement))
        return true;
    bool is_good = reading_open(&reading, &config, path, error) && reading_run(&reading, error);
    if (is_good) {
        findings_begin(&findings, reading.header, judgement->files.root);
        findings.duration_ns = model_time(pipeline_model(reading.pipeline));
        is_good = tables_judge(judgement, &reading, &findings, error);
    }
    is_good = finding_files_close(&judgement->files, is_good ? &findings : NULL, error) && is_good;
    reading_close(&reading);
    findings_done(&findings);
    return is_good;
}

void judgement_close(struct judgement *judgement)
{
    finding_files_close(&judgement->files, NULL, NULL);
    leak_rows_done(&judgement->rows);
}
