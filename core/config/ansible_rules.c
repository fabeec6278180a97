/* Rules of `ansible` in Stapel documents: each task runs one module, or holds tasks. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/suggest.h"
#include "core/config/check.h"

static const char *const MODULES[] = {
    "command",
    "shell",
    "raw",
    "script",
    "openssl_certificate",
    "openssl_csr",
    "openssl_privatekey",
    "acl",
    "openssl_publickey",
    "archive",
    "assemble",
    "blockinfile",
    "copy",
    "file",
    "replace",
    "find",
    "ini_file",
    "iso_extract",
    "lineinfile",
    "stat",
    "tempfile",
    "unarchive",
    "xattr",
    "get_url",
    "slurp",
    "uri",
    "bower",
    "bundler",
    "composer",
    "cpanm",
    "easy_install",
    "gem",
    "maven_artifact",
    "npm",
    "pear",
    "pip",
    "yarn",
    "apk",
    "apt",
    "apt_key",
    "apt_repository",
    "apt_rpm",
    "dnf",
    "dpkg_selections",
    "debconf",
    "homebrew",
    "homebrew_cask",
    "homebrew_tap",
    "layman",
    "macports",
    "openbsd_pkg",
    "opkg",
    "package",
    "pacman",
    "pkg5",
    "pkg5_publisher",
    "pkgin",
    "pkgng",
    "pkgutil",
    "portage",
    "portinstall",
    "pulp_repo",
    "redhat_subscription",
    "rhn_channel",
    "rhn_register",
    "rpm_key",
    "slackpkg",
    "sorcery",
    "svr4pkg",
    "swdepot",
    "swupd",
    "urpmi",
    "xbps",
    "yum",
    "yum_repository",
    "zypper",
    "zypper_repository",
    "cron",
    "user",
    "group",
    "getent",
    "locale_gen",
    "timezone",
    "meta",
    "assert",
    "debug",
    "fail",
    "set_fact",
    "wait_for",
};
static const struct sw_strings modules = {MODULES, sizeof MODULES / sizeof *MODULES};

static const char *const BLOCKS[] = {"block", "rescue", "always"};
enum { BLOCK_COUNT = 3, DEEPEST = 50 };

/* Keys of any task, which are no slips. */
static const char *const COMMON[] = {"name",        "args", "when", "register",    "become",
                                     "become_user", "tags", "vars", "environment", "loop"};

static bool is_common(const char *key) {
    for (size_t i = 0; i < sizeof COMMON / sizeof *COMMON; i++)
        if (strcmp(COMMON[i], key) == 0)
            return true;
    return false;
}

static bool is_module(const char *name) {
    for (size_t i = 0; i < modules.count; i++)
        if (strcmp(modules.items[i], name) == 0)
            return true;
    return false;
}

static void report_no_module(struct sw_check *check, const struct sw_value *task, const char *way) {
    for (size_t i = 0; i < task->count; i++) {
        const char *key = task->keys[i]->source, *nearest = is_common(key) ? NULL : sw_suggest(key, modules);
        if (!nearest || strcmp(nearest, key) == 0)
            continue;
        sw_diagnose_value(check->list, task->keys[i], "%s: \"%s\" is no module that is supported (did you mean \"%s\"?)", way, key,
                          nearest);
        return;
    }
    sw_error_hint(sw_diagnose_value(check->list, task, "%s: the task has no module that is supported, and no `block`", way),
                  "a task has one of: command, shell, raw, script, copy, file, apt, pip, …");
}

static void check_tasks(struct sw_check *check, const struct sw_value *tasks, const char *way, int depth);

static void check_task(struct sw_check *check, const struct sw_value *task, const char *way, int depth) {
    bool holds_tasks = false;
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        const struct sw_value *block = sw_check_given(task, BLOCKS[i]);
        if (!block)
            continue;
        sw_cleanup_free char *inner = sw_format("%s › %s", way, BLOCKS[i]);
        holds_tasks = true;
        if (sw_check_is_list(block))
            check_tasks(check, block, inner, depth + 1);
        else
            sw_diagnose_value(check->list, block, "%s: expected a list of tasks", inner);
    }
    if (holds_tasks)
        return;
    const char *first = NULL;
    for (size_t i = 0; i < task->count; i++) {
        const char *key = task->keys[i]->source;
        if (!is_module(key) || !sw_check_given(task, key))
            continue;
        if (first) {
            sw_diagnose_value(check->list, task->keys[i], "%s: `%s` and `%s` exclude each other: a task runs one module", way,
                              first, key);
            return;
        }
        first = key;
    }
    if (!first)
        report_no_module(check, task, way);
}

static void check_tasks(struct sw_check *check, const struct sw_value *tasks, const char *way, int depth) {
    for (size_t i = 0; depth < DEEPEST && i < tasks->count; i++) {
        sw_cleanup_free char *inner = sw_format("%s[%zu]", way, i);
        if (sw_check_is_map(tasks->values[i]))
            check_task(check, tasks->values[i], inner, depth);
        else if (depth) /* the schema looks at the outermost ones */
            sw_diagnose_value(check->list, tasks->values[i], "%s: expected a map: a task", inner);
    }
}

void sw_ansible_rules(struct sw_check *check, struct sw_image_document *document) {
    static const char *const stages[] = {"beforeInstall", "install", "beforeSetup", "setup"};
    const struct sw_value *ansible = sw_value_get(document->value, "ansible");
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        const struct sw_value *tasks = sw_value_get(ansible, stages[i]);
        sw_cleanup_free char *way = sw_format("%s › ansible › %s", document->subject, stages[i]);
        if (sw_check_is_list(tasks))
            check_tasks(check, tasks, way, 0);
    }
}
