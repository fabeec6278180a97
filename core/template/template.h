/* template.h - rendering a configuration with Go's template language, Sprig's functions and werf's own.
 *
 * One call parses a set of templates, executes the main one and gives its output with a map from output lines to template lines.
 * What lies outside (files of the project, environment variables, the debug log) is reached through callbacks, so this module
 * reads nothing itself but the clock, random numbers, the time zone database and, for `getHostByName`, the resolver. Splitting the
 * output into YAML documents is documents.h's. */
#ifndef CORE_TEMPLATE_TEMPLATE_H
#define CORE_TEMPLATE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slipway/types.h"

/* A template's text under its name. */
struct sw_template_text {
    const char *name;
    struct sw_bytes text;
};

/* Paths and contents that a pattern found, added one by one. */
struct sw_template_found;
void sw_template_found_add(struct sw_template_found *found, const char *path, struct sw_bytes content);

/* What `.Files` reads from. Failures are errors that end the rendering; their messages reach the user as they are. */
struct sw_template_files {
    void *context;
    /* The content of a file, to be freed by the caller; an error if there is none. */
    bool (*get)(void *context, const char *path, char **content, size_t *len, struct sw_error **error);
    /* Adds all files that `pattern` matches, and those below what it matches; none is no error. */
    bool (*glob)(void *context, const char *pattern, struct sw_template_found *found, struct sw_error **error);
    bool (*exists)(void *context, const char *path, bool *answer, struct sw_error **error);
    bool (*is_dir)(void *context, const char *path, bool *answer, struct sw_error **error);
};

/* What `env` reads from. */
struct sw_template_environ {
    void *context;
    /* The variable's value, or NULL; valid until the rendering ends. */
    const char *(*get)(void *context, const char *name);
    struct sw_strings allowed; /* names, or regular expressions between slashes, that giterminism allows */
    bool loose;                /* all names, and an unset variable is "" */
};

/* 0 means the default. Going past one is an error that says so. */
struct sw_template_limits {
    uint64_t steps; /* nodes executed and functions called: 50 million */
    size_t output;  /* bytes: 256 MiB */
    size_t memory;  /* bytes of values: 1 GiB */
};

struct sw_template_input {
    struct sw_template_text main; /* parsed last; "werfConfig" is werf's name for it */
    /* Parsed before, in this order: a later definition of a name replaces an earlier one. */
    const struct sw_template_text *named;
    size_t named_count;

    /* The dot is what `values` holds (JSON; NULL: nothing), with the entries below added to it: it becomes a map if it is none. */
    const char *values;
    size_t values_len;
    const char *env_name; /* .Env; NULL: no such entry */
    /* .Commit; no such entry if `hash` is NULL. */
    struct {
        const char *hash;
        const char *human; /* .Commit.Date.Human */
        const char *unix_; /* .Commit.Date.Unix */
    } commit;
    const struct sw_template_files *files; /* .Files; NULL: no such entry */

    const struct sw_template_environ *environ; /* NULL: no variable is allowed */
    bool include_alone;                        /* `include` needs no data: it is nil then (werf wants both arguments) */
    bool debug;                                /* details in errors, and a log of the `…_debug` functions */
    void (*log)(void *context, struct sw_bytes text);
    void *log_context;
    struct sw_template_limits limits;
};

/* Where a line of output began: a template's file name (as in sw_template_text; for the text of `tpl`, where that was called) and
 * its line, from 1. */
struct sw_template_origin {
    const char *name;
    uint32_t line;
};

struct sw_template_output {
    char *text; /* NUL-terminated */
    size_t len;
    struct sw_template_origin *lines; /* one for each line of `text` */
    size_t line_count;
    struct sw_template_memory *memory; /* what the names lie in */
};

/* Renders. On failure `*error` has the code SW_ERROR_CONFIG, Go's full message, and the place of the fault: the template's name
 * as file, its line and (for an execution error) its column. May be called on any thread; works on a thread of its own with a deep
 * stack. */
bool sw_template_render(const struct sw_template_input *input, struct sw_template_output *output, struct sw_error **error);

/* Frees what rendering made. A zeroed one is empty. */
void sw_template_output_fini(struct sw_template_output *output);

#endif
