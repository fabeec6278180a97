/* options.h - the one table of options: parsing, --help, the manual and shell completion are all made from it. */
#ifndef CORE_CLI_OPTIONS_H
#define CORE_CLI_OPTIONS_H

#include "core/base/map.h"
#include "core/base/vec.h"

/* Which commands take an option; a command says which groups it takes. */
enum sw_option_group {
    SW_OPTIONS_COMMON = 1u << 0,  /* every command */
    SW_OPTIONS_PROJECT = 1u << 1, /* reading werf.yaml */
    SW_OPTIONS_STORE = 1u << 2,   /* the host's store, and access to registries */
    SW_OPTIONS_REPO = 1u << 3,    /* where stages are kept */
    SW_OPTIONS_BACKEND = 1u << 4, /* running steps */
    SW_OPTIONS_BUILD = 1u << 5,   /* `build` */
    SW_OPTIONS_SELECT = 1u << 6,  /* choosing images */
    SW_OPTIONS_GRAPH = 1u << 7,
    SW_OPTIONS_RUN = 1u << 8,
    SW_OPTIONS_PRUNE = 1u << 9,
    SW_OPTIONS_TEMPLATE = 1u << 10,
    SW_OPTIONS_EXPLAIN = 1u << 11, /* `dockerfile explain` */
    SW_OPTIONS_HELP = 1u << 12,
    SW_OPTIONS_DIGEST = 1u << 13, /* `stage digest` */
    SW_OPTIONS_EXPORT = 1u << 14,
    SW_OPTIONS_OF_WERF = 1u << 19, /* taken wherever a project is read, and without effect: their help says why */
    SW_OPTIONS_LINT = 1u << 20,
    SW_OPTIONS_WHY = 1u << 21,
};

enum sw_option_kind { SW_OPTION_FLAG, SW_OPTION_TEXT, SW_OPTION_LIST };

struct sw_option {
    const char *name;     /* without dashes */
    char letter;          /* or 0 */
    uint32_t groups;      /* enum sw_option_group */
    uint32_t kind;        /* enum sw_option_kind */
    const char *value;    /* what the value is called in help; NULL for flags */
    const char *env[3];   /* twins, the first that is set counts; "NAME_*" is a family (lists only) */
    const char *fallback; /* shown in help; NULL: none */
    const char *help;
};

extern const struct sw_option sw_options[];
extern const size_t sw_option_count;

/* What the command line and the environment say. A zeroed one is empty. */
struct sw_arguments {
    struct sw_map values;          /* option name -> struct sw_strlist * */
    struct sw_strlist positionals; /* in order */
    struct sw_strlist rest;        /* behind "--" */
    bool has_rest;
    uint32_t groups; /* of the command */
};

void sw_arguments_fini(struct sw_arguments *arguments);

/* Parses `argv` for a command that takes `groups`, then fills in from the environment what the command line leaves open. Options and
 * positionals may be mixed. SW_ERROR_USAGE, with a suggestion for a slip. */
bool sw_arguments_parse(struct sw_arguments *arguments, uint32_t groups, const char *const *argv, struct sw_error **error);

/* Value of an option: borrowed from the arguments. `name` must be in the table. */
const char *sw_argument(const struct sw_arguments *arguments, const char *name);            /* NULL: not given */
struct sw_strings sw_argument_list(const struct sw_arguments *arguments, const char *name); /* may be empty */
bool sw_argument_flag(const struct sw_arguments *arguments, const char *name);              /* not given: its fallback */
bool sw_argument_number(const struct sw_arguments *arguments, const char *name, int64_t fallback, int64_t *number,
                        struct sw_error **error);

#endif
