/* The functions that werf adds: include, tpl, required, env, and those for debugging. */
#include "core/template/adler.h"
#include "core/template/dump.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/quote.h"
#include "core/template/regex.h"

static void log_text(struct sw_call *call, const struct sw_buf *text) {
    const struct sw_template_input *input = call->engine->input;
    if (input->debug && input->log)
        input->log(input->log_context, (struct sw_bytes){sw_buf_text(text), text->len});
}

/* Logs: heading, quoted name, " WHAT:", the text. An empty heading word has no name. */
static void log_named(struct sw_call *call, const char *heading, struct sw_str name, const char *what, struct sw_str text) {
    sw_cleanup_buf struct sw_buf line = {0};
    sw_buf_printf(&line, "-- %s ", heading);
    sw_quote(&line, name, SW_UNICODE);
    sw_buf_printf(&line, " %s:\n", what);
    sw_buf_add_str(&line, text);
    sw_buf_puts(&line, "\n\n");
    log_text(call, &line);
}

/* Executes a template and returns its output; failures get their details. */
static bool run(struct sw_call *call, struct sw_str name, struct sw_str content, struct sw_str *result) {
    struct sw_output out = {0};
    struct sw_datum data = call->count > 1 ? call->args[1] : sw_none();
    bool good = sw_engine_execute(call->engine, name, data, &out, call->error);
    if (!good)
        sw_engine_explain(call->engine, call->name, name, content, call->error);
    *result = sw_str_take(call->arena, &out.text);
    return good && sw_call_affords(call, result->len) && sw_return_text(call, *result);
}

static bool fn_include(struct sw_call *call) {
    struct sw_str result;
    return run(call, call->args[0].text, (struct sw_str){NULL, 0}, &result);
}

static bool fn_include_debug(struct sw_call *call) {
    struct sw_str name = call->args[0].text, result;
    bool good = run(call, name, (struct sw_str){NULL, 0}, &result);
    if (!call->engine->input->debug)
        return good;
    log_named(call, "include_debug template", name, "content", sw_engine_source(call->engine, name));
    if (good)
        log_named(call, "include_debug template", name, "result", result);
    return good;
}

static struct sw_str parse_inline(struct sw_call *call, struct sw_str content, bool *good) {
    struct sw_buf name = {0};
    sw_buf_printf(&name, "tpl-%u", sw_adler32(content));
    struct sw_str text = sw_str_take(call->arena, &name);
    *good = sw_engine_parse(call->engine, text, content, call->error);
    if (!*good)
        sw_engine_explain(call->engine, call->name, text, content, call->error);
    return text;
}

static bool fn_tpl(struct sw_call *call) {
    struct sw_str content = call->args[0].text, result;
    bool good;
    struct sw_str name = parse_inline(call, content, &good);
    return good && run(call, name, content, &result);
}

static bool fn_tpl_debug(struct sw_call *call) {
    struct sw_str content = call->args[0].text, result;
    bool good;
    struct sw_str name = parse_inline(call, content, &good);
    if (!good)
        return false;
    log_named(call, "tpl_debug", name, "content", content);
    good = run(call, name, content, &result);
    if (good)
        log_named(call, "tpl_debug", name, "result", result);
    return good;
}

static bool fn_printf_debug(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (!sw_fmt_printf(call->engine, &text, call->args[0].text, call->args + 1, call->count - 1))
        return sw_call_fail(call, "the value contains itself or nests too deeply to be printed");
    log_named(call, "printf_debug format", call->args[0].text, "result", (struct sw_str){text.data, text.len});
    return sw_return_text(call, sw_str_of(""));
}

static bool fn_dump_debug(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf text = {0};
    sw_buf_puts(&text, "-- dump_debug result:\n");
    if (!sw_dump(call->engine, &text, call->args[0]))
        return sw_call_fail(call, "the value contains itself or nests too deeply to be printed");
    sw_buf_puts(&text, "\n\n");
    log_text(call, &text);
    return sw_return_text(call, sw_str_of(""));
}

static bool fn_required(struct sw_call *call) {
    struct sw_datum value = call->args[1];
    if (value.type == SW_T_NONE || (value.type == SW_T_STRING && value.text.len == 0))
        return sw_call_fail_str(call, "", call->args[0].text);
    return sw_return(call, value);
}

/* Whether a rule allows the variable: by its name, or by a regular expression between slashes that takes all of it. */
static bool rule_allows(struct sw_call *call, struct sw_str rule, struct sw_str name, bool *allowed) {
    if (rule.len < 2 || rule.data[0] != '/' || rule.data[rule.len - 1] != '/') {
        *allowed = sw_str_equal(rule, name);
        return true;
    }
    sw_cleanup_buf struct sw_buf pattern = {0};
    sw_buf_putc(&pattern, '^');
    sw_buf_add_str(&pattern, sw_str_slice(rule, 1, rule.len - 1));
    sw_buf_putc(&pattern, '$');
    struct sw_regex *regex = sw_regex_new((struct sw_str){pattern.data, pattern.len}, call->error);
    if (!regex)
        return false;
    struct sw_regex_match match;
    bool good = sw_regex_find(regex, name, 0, &match, allowed, call->error);
    sw_regex_free(regex);
    return good;
}

static bool check_allowed(struct sw_call *call, const struct sw_template_environ *environ, struct sw_str name) {
    static const char text[] =
        " not allowed by giterminism\n\nThe use of the function env complicates the sharing and reproducibility of the "
        "configuration in CI jobs and among developers, because the value of the environment variable affects the final digest of "
        "built images.\n\nTo provide a strong guarantee of reproducibility, werf reads the configuration and build's context files "
        "from the project git repository, and eliminates external dependencies. We strongly recommend following this approach, but "
        "if necessary, you can allow the reading of specific files directly from the file system and enable the features that "
        "require careful use.";
    bool allowed = environ && environ->loose;
    for (size_t i = 0; environ && !allowed && i < environ->allowed.count; i++)
        if (!rule_allows(call, sw_str_of(environ->allowed.items[i]), name, &allowed))
            return false;
    if (allowed)
        return true;
    sw_buf_puts(call->error, "the configuration with potential external dependency found in the werf config: env name ");
    sw_quote(call->error, name, SW_UNICODE);
    sw_buf_puts(call->error, text);
    return false;
}

static bool fn_env(struct sw_call *call) {
    const struct sw_template_environ *environ = call->engine->input->environ;
    if (call->count > 2)
        return sw_call_fail(call, "more than 1 optional argument prohibited");
    sw_cleanup_buf struct sw_buf text = {0};
    sw_fmt_print(call->engine, &text, call->args, 1);
    struct sw_str name = {sw_buf_text(&text), text.len};
    if (!check_allowed(call, environ, name))
        return false;
    const char *found = environ->get ? environ->get(environ->context, sw_buf_text(&text)) : NULL;
    if (call->count == 2 && (!found || !*found))
        return sw_return(call, call->args[1]);
    if (found || environ->loose)
        return sw_return_text(call, sw_str_of(found ? found : ""));
    sw_buf_puts(call->error, "the environment variable ");
    sw_quote(call->error, name, SW_UNICODE);
    return sw_call_fail(call, " must be set or default must be provided");
}

const struct sw_function sw_werf_functions[] = {
    {"include", "sa", 's', fn_include},
    {"include_debug", "sa", 's', fn_include_debug},
    {"tpl", "sa", 's', fn_tpl},
    {"tpl_debug", "sa", 's', fn_tpl_debug},
    {"printf_debug", "sa*", 's', fn_printf_debug},
    {"dump_debug", "a", 's', fn_dump_debug},
    {"required", "sa", 'a', fn_required},
    {"env", "as*", 's', fn_env},
    {NULL, NULL, 0, NULL},
};
