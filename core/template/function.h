/* function.h - what a function of templates is, and the families of them.
 *
 * Parameters and result are written as one letter a type:
 *
 *     b bool   i int   u uint32   f float64   s string   t time.Time   c certificate
 *     d map[string]interface {}   l []interface {}   p *semver.Version   D time.Duration   z *time.Location
 *     a interface {}   v reflect.Value
 *
 * A '*' behind the last letter makes it variadic. Results have some types more, whose letters nothing reads: a value says its own
 * type; only 'a' matters. Arguments arrive checked, converted and unboxed (only those of `v` keep their box);
 * a result of type `a` is boxed by the caller. */
#ifndef CORE_TEMPLATE_FUNCTION_H
#define CORE_TEMPLATE_FUNCTION_H

#include "core/template/value.h"

struct sw_engine;
struct sw_node;

struct sw_call {
    struct sw_engine *engine;
    struct sw_arena *arena;
    const char *name;         /* under which the function was called */
    const struct sw_node *at; /* the command, for functions that speak of their own text */
    struct sw_datum self;     /* of a method */
    const struct sw_datum *args;
    size_t count;
    struct sw_datum result;
    struct sw_buf *error; /* the message, when the function returns false */
};

struct sw_function {
    const char *name;
    const char *params;
    char result;
    bool (*call)(struct sw_call *call);
};

/* A method of the values of one type. `misfit` says why one that exists cannot be called, and is NULL for all others. */
struct sw_method {
    enum sw_type type;
    struct sw_function function;
    const char *misfit;
};

/* The families; each ends with a NULL name. */
extern const struct sw_function sw_builtin_functions[];
extern const struct sw_function sw_compare_functions[];
extern const struct sw_function sw_werf_functions[];
extern const struct sw_function sw_default_functions[];
extern const struct sw_function sw_string_functions[];
extern const struct sw_function sw_word_functions[];
extern const struct sw_function sw_number_functions[];
extern const struct sw_function sw_decimal_functions[];
extern const struct sw_function sw_list_functions[];
extern const struct sw_function sw_dict_functions[];
extern const struct sw_function sw_merge_functions[];
extern const struct sw_function sw_type_functions[];
extern const struct sw_function sw_date_functions[];
extern const struct sw_function sw_json_functions[];
extern const struct sw_function sw_yaml_functions[];
extern const struct sw_function sw_encoding_functions[];
extern const struct sw_function sw_regex_functions[];
extern const struct sw_function sw_semver_functions[];
extern const struct sw_function sw_crypto_functions[];
extern const struct sw_function sw_certificate_functions[];
extern const struct sw_function sw_path_functions[];
extern const struct sw_function sw_url_functions[];
extern const struct sw_function sw_network_functions[];

/* Methods; each list ends with a NULL name. */
extern const struct sw_method sw_time_methods[];
extern const struct sw_method sw_semver_methods[];
extern const struct sw_method sw_files_methods[];

/* What a letter stands for. */
enum sw_type sw_param_type(char letter);

/* Fails a call: sets its message and returns false. The text variant takes any bytes. */
bool sw_call_fail(struct sw_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool sw_call_fail_str(struct sw_call *call, const char *before, struct sw_str text);

/* Results. All return true. `take` copies the buffer's content and empties it. */
bool sw_return(struct sw_call *call, struct sw_datum value);
bool sw_return_text(struct sw_call *call, struct sw_str text);
bool sw_return_taken(struct sw_call *call, struct sw_buf *buf);
bool sw_return_bool(struct sw_call *call, bool truth);

/* Whether the call may still make `bytes` of memory; fails it otherwise. To be asked before something large is made. */
bool sw_call_affords(struct sw_call *call, size_t bytes);

/* Counts a function that keeps the processor busy for tenths of a second as thousands of steps; false with an error when the limit is reached. */
bool sw_call_takes_long(struct sw_call *call);

#endif
