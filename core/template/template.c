#include "core/template/template.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/arena.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/template/dict.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/json.h"

enum { STACK_SIZE = 1 << 30, SMALL_STACK_SIZE = 1 << 26, STACK_RESERVE = 1 << 18 };

struct sw_template_memory {
    struct sw_arena arena;
};

/* A rendering on its own thread. */
struct job {
    const struct sw_template_input *input;
    struct sw_template_output *output;
    struct sw_error **error;
    size_t stack_size;
    bool good;
};

static void add_functions(struct sw_map *functions) {
    static const struct sw_function *const families[] = {
        sw_builtin_functions, sw_compare_functions, sw_default_functions, sw_string_functions,      sw_word_functions,
        sw_number_functions,  sw_decimal_functions, sw_list_functions,    sw_dict_functions,        sw_merge_functions,
        sw_type_functions,    sw_date_functions,    sw_json_functions,    sw_yaml_functions,        sw_encoding_functions,
        sw_regex_functions,   sw_semver_functions,  sw_crypto_functions,  sw_certificate_functions, sw_path_functions,
        sw_url_functions,     sw_network_functions, sw_werf_functions,
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (const struct sw_function *function = families[i]; function->name; function++)
            sw_map_set(functions, function->name, (void *)function);
}

static void set(struct sw_engine *engine, struct sw_dict *dict, const char *key, struct sw_datum value) {
    sw_dict_set(&engine->arena, dict, sw_str_of(key), value);
}

static struct sw_datum text_of(const char *text) {
    return sw_text(sw_str_of(text ? text : ""));
}

static struct sw_datum commit_of(struct sw_engine *engine) {
    const struct sw_template_input *input = engine->input;
    struct sw_dict *commit = sw_dict_new(&engine->arena), *date = sw_dict_new(&engine->arena);
    set(engine, date, "Human", text_of(input->commit.human));
    set(engine, date, "Unix", text_of(input->commit.unix_));
    set(engine, commit, "Hash", text_of(input->commit.hash));
    set(engine, commit, "Date", sw_of_dict(SW_T_TEXTS, date));
    return sw_of_dict(SW_T_DICT, commit);
}

/* The dot: what the values say, with the entries that the input asks for. */
static bool make_dot(struct sw_engine *engine, struct sw_datum *dot, struct sw_buf *error) {
    const struct sw_template_input *input = engine->input;
    *dot = sw_none();
    if (input->values &&
        sw_json_parse(&engine->arena, (struct sw_str){input->values, input->values_len}, dot, error) != SW_JSON_READ)
        return false;
    if (!input->files && !input->commit.hash && !input->env_name)
        return true;
    if (dot->type != SW_T_DICT)
        *dot = sw_of_dict(SW_T_DICT, sw_dict_new(&engine->arena));
    if (input->files)
        set(engine, dot->dict, "Files", (struct sw_datum){.type = SW_T_FILES});
    if (input->commit.hash)
        set(engine, dot->dict, "Commit", commit_of(engine));
    if (input->env_name)
        set(engine, dot->dict, "Env", text_of(input->env_name));
    return true;
}

static bool parse_all(struct sw_engine *engine, struct sw_buf *error) {
    const struct sw_template_input *input = engine->input;
    for (size_t i = 0; i <= input->named_count; i++) {
        const struct sw_template_text *text = i < input->named_count ? &input->named[i] : &input->main;
        if (!sw_engine_parse(engine, sw_str_of(text->name), (struct sw_str){text->text.data, text->text.len}, error))
            return false;
    }
    return true;
}

static bool render(struct sw_engine *engine, struct sw_output *out, struct sw_buf *error) {
    struct sw_datum dot;
    struct sw_str name = sw_str_of(engine->input->main.name);
    if (!parse_all(engine, error))
        return false;
    if (!make_dot(engine, &dot, error)) {
        sw_cleanup_free char *text = sw_buf_take(error);
        sw_buf_printf(error, "bad data: %s", text);
        return false;
    }
    if (sw_engine_execute(engine, name, dot, out, error))
        return true;
    sw_engine_explain(engine, "", name, (struct sw_str){NULL, 0}, error);
    return false;
}

/* Moves the result out of the engine's memory. */
static void give(struct sw_template_output *output, struct sw_output *out, const struct sw_vec *lines) {
    output->memory = sw_new(sizeof *output->memory);
    output->len = out->text.len;
    output->text = sw_buf_take(&out->text);
    output->lines = sw_new_array(lines->len + 1, sizeof *output->lines);
    output->line_count = lines->len;
    const struct sw_source *last = NULL;
    const char *name = NULL;
    for (size_t i = 0; i < lines->len; i++) {
        const struct sw_output_line *line = (const struct sw_output_line *)lines->data + i;
        if (line->source != last)
            name = sw_arena_strn(&output->memory->arena, line->source->name.data, line->source->name.len);
        last = line->source;
        output->lines[i] = (struct sw_template_origin){name, line->line};
    }
}

static struct sw_error *error_of(const struct sw_engine *engine, const struct sw_buf *text) {
    struct sw_error *error = sw_error_new(SW_ERROR_CONFIG, "%s", sw_buf_text(text));
    if (!engine->fault)
        return error;
    sw_cleanup_buf struct sw_buf name = {0};
    sw_buf_add_str(&name, engine->fault->name);
    return sw_error_at(error,
                       (struct sw_place){.file = sw_buf_text(&name), .line = engine->fault_line, .column = engine->fault_column});
}

static struct sw_template_limits limits_of(const struct sw_template_input *input) {
    struct sw_template_limits limits = input->limits;
    if (!limits.steps)
        limits.steps = 50000000;
    if (!limits.output)
        limits.output = (size_t)256 << 20;
    if (!limits.memory)
        limits.memory = (size_t)1 << 30;
    return limits;
}

static void *run(void *argument) {
    struct job *job = argument;
    struct sw_engine engine = {.input = job->input, .limits = limits_of(job->input)};
    engine.stack_end = (const char *)__builtin_frame_address(0) - (job->stack_size - STACK_RESERVE);
    add_functions(&engine.functions);
    sw_cleanup_vec struct sw_vec lines = {.width = sizeof(struct sw_output_line)};
    sw_cleanup_buf struct sw_buf error = {0};
    struct sw_output out = {.lines = &lines};
    job->good = render(&engine, &out, &error);
    if (job->good)
        give(job->output, &out, &lines);
    else
        sw_pass(job->error, error_of(&engine, &error));
    sw_buf_fini(&out.text);
    sw_map_fini(&engine.functions, NULL);
    sw_map_fini(&engine.templates, NULL);
    sw_arena_fini(&engine.arena);
    return NULL;
}

/* Starts the job with a stack of the given size, of which only what is used costs memory. */
static bool start(struct job *job, size_t stack_size) {
    pthread_attr_t attributes;
    pthread_t thread;
    job->stack_size = stack_size;
    pthread_attr_init(&attributes);
    bool started = pthread_attr_setstacksize(&attributes, stack_size) == 0 && pthread_create(&thread, &attributes, run, job) == 0;
    pthread_attr_destroy(&attributes);
    if (started)
        pthread_join(thread, NULL);
    return started;
}

bool sw_template_render(const struct sw_template_input *input, struct sw_template_output *output, struct sw_error **error) {
    struct job job = {.input = input, .output = output, .error = error};
    *output = (struct sw_template_output){0};
    if (!start(&job, STACK_SIZE) && !start(&job, SMALL_STACK_SIZE))
        return sw_fail(error, SW_ERROR_INTERNAL, "cannot start a thread for rendering templates");
    return job.good;
}

void sw_template_output_fini(struct sw_template_output *output) {
    free(output->text);
    free(output->lines);
    if (output->memory)
        sw_arena_fini(&output->memory->arena);
    free(output->memory);
    *output = (struct sw_template_output){0};
}
