/* A patch brings the files of one commit to those of another, whatever happened in between. */
#include <stdint.h>

#include "core/base/map.h"
#include "core/source/commit.h"
#include "core/source/reader.h"
#include "tests/unit/core/source/repo.h"

enum { COMMITS = 300, NAMES = 24 };

static uint32_t seed;

static uint32_t draw(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static const char *const names[NAMES] = {"a",        "a/b",    "a/b/c",      "a-b",      "a.c",    "a/b-c", "a b",          "d/e/f",
                                         "d/e",      "d",      "d/e/f/g",    "z",        "src/x",  "src/y", "src/sub/z",    "src",
                                         "skip/one", "skip/t", "\xc3\xa9/1", "q\\\"q/t", "up/..x", "up/.y", "src/sub/.hid", "link"};

/* One command of git's import format for a random change. */
static void random_change(FILE *out) {
    const char *name = names[draw(NAMES)];
    switch (draw(7)) {
    case 0:
        fprintf(out, "D %s%s%s\n", strchr(name, '"') ? "\"" : "", strchr(name, '"') ? "q\\\\\\\"q/t" : name,
                strchr(name, '"') ? "\"" : "");
        return;
    case 1:
        fprintf(out, "M 120000 inline ");
        break;
    case 2:
        fprintf(out, "M 100755 inline ");
        break;
    default:
        fprintf(out, "M 100644 inline ");
    }
    if (strchr(name, '"'))
        fprintf(out, "\"q\\\\\\\"q/t\"\n");
    else
        fprintf(out, "%s\n", name);
    uint32_t len = draw(5) ? 1 + draw(8) : 0;
    if (!len)
        len = 1; /* a symlink needs a target */
    fprintf(out, "data %u\n", len);
    for (uint32_t i = 0; i < len; i++)
        fputc("abcde"[draw(5)], out);
    fputc('\n', out);
}

static char *make_history(void) {
    char *folder = make_folder();
    run_in(folder, "git init -q -b main .");
    sw_cleanup_free char *path = sw_format("%s/stream", folder);
    FILE *out = fopen(path, "we");
    for (uint32_t i = 0; i < COMMITS; i++) {
        fprintf(out, "commit refs/heads/main\ncommitter a <a@b> %u +0000\ndata 1\nx\n", 1700000000 + i);
        for (uint32_t j = 1 + draw(4); j; j--)
            random_change(out);
        fprintf(out, "\nreset refs/tags/t%u\nfrom refs/heads/main\n\n", i);
    }
    fclose(out);
    run_in(folder, "git fast-import --quiet <stream");
    return folder;
}

/* --- a tree in memory ------------------------------------------------------------------------------------------------------------- */

static void forget(struct sw_map *tree, const char *path) {
    free(sw_map_remove(tree, path));
}

static void forget_below(struct sw_map *tree, const char *path) {
    size_t len = strlen(path);
    for (size_t i = 0; i < tree->len; i++) {
        const char *key = tree->entries[i].key;
        if (key && !strncmp(key, path, len) && key[len] == '/') {
            sw_cleanup_free char *copy = sw_strdup(key);
            forget(tree, copy);
        }
    }
}

static bool has_below(const struct sw_map *tree, const char *path) {
    size_t len = strlen(path);
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].key && !strncmp(tree->entries[i].key, path, len) && tree->entries[i].key[len] == '/')
            return true;
    return false;
}

/* What whoever applies a patch has to do with an entry. */
static void apply(struct sw_map *tree, const struct sw_tree_entry *entry, const char *content) {
    if (entry->type == SW_FILE_DELETED) {
        forget(tree, entry->path);
        sw_cleanup_free char *parent = sw_strdup(entry->path);
        char *slash;
        while ((slash = strrchr(parent, '/'))) {
            *slash = '\0';
            if (has_below(tree, parent))
                return;
            forget(tree, parent);
        }
        return;
    }
    sw_cleanup_free char *parent = sw_strdup(entry->path);
    for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const char *there = sw_map_get(tree, parent);
        if (!there || *there != 'd')
            free(sw_map_set(tree, parent, sw_strdup("d 755 ")));
        *slash = '/';
    }
    if (entry->type != SW_FILE_DIRECTORY)
        forget_below(tree, entry->path);
    const char *kind = entry->type == SW_FILE_DIRECTORY ? "d" : entry->type == SW_FILE_SYMLINK ? "l" : "f";
    free(sw_map_set(tree, entry->path, sw_format("%s %o %s", kind, entry->mode, content)));
}

static void read_into(struct sw_map *tree, struct sw_tree_reader *reader) {
    struct sw_tree_entry entry;
    struct sw_error *error = NULL;
    int got;
    while ((got = sw_tree_reader_next(reader, &entry, &error)) > 0) {
        char content[64] = "";
        if (entry.type == SW_FILE_REGULAR) {
            int64_t len = sw_tree_reader_read(reader, content, sizeof content - 1, &error);
            content[len < 0 ? 0 : len] = '\0';
        } else if (entry.target) {
            snprintf(content, sizeof content, "%s", entry.target);
        }
        apply(tree, &entry, content);
    }
    assert_no_error(error);
    assert_int_equal(got, 0);
    sw_tree_reader_close(reader);
}

static char *print(const struct sw_map *tree) {
    sw_cleanup_strlist struct sw_strlist lines = {0};
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].key)
            sw_strlist_take(&lines, sw_format("%s: %s", tree->entries[i].key, (char *)tree->entries[i].value));
    sw_strlist_sort(&lines);
    return sw_strings_join(sw_strlist_view(&lines), "\n");
}

/* --- the comparison --------------------------------------------------------------------------------------------------------------- */

struct view {
    const char *add;
    struct sw_strings include, exclude;
};

static struct sw_filter filter_of(const struct view *view) {
    return (struct sw_filter){
        .size = sizeof(struct sw_filter), .base = view->add, .include = view->include, .exclude = view->exclude};
}

static char *fresh(const struct sw_commit *commit, const struct view *view) {
    struct sw_filter filter = filter_of(view);
    struct sw_op_tree op = {.size = sizeof op, .commit = commit, .scope = view->add, .filters = &filter, .filter_count = 1};
    struct sw_tree_reader *reader = NULL;
    struct sw_map tree = {0};
    assert_true(sw_tree_reader_open(&op, &reader, NULL));
    read_into(&tree, reader);
    char *text = print(&tree);
    sw_map_fini(&tree, free);
    return text;
}

static void patch_to(struct sw_map *tree, const struct sw_commit *commit, const char *base, const struct view *view) {
    struct sw_patch_part part = {.size = sizeof part,
                                 .mapping = {.size = sizeof part.mapping,
                                             .commit = commit,
                                             .add = view->add,
                                             .to = "/app",
                                             .include = view->include,
                                             .exclude = view->exclude},
                                 .base = base};
    struct sw_op_patch op = {.size = sizeof op, .parts = &part, .part_count = 1};
    struct sw_tree_reader *reader = NULL;
    struct sw_error *error = NULL;
    assert_true(sw_patch_reader_open(&op, &reader, &error) || error);
    assert_no_error(error);
    read_into(tree, reader);
}

/* A folder that is a file in some commits makes a mapping another kind of mapping: only the root never does. */
static void follow(struct sw_repository *repository, const struct view *view) {
    struct sw_map tree = {0};
    char base[64] = "";
    for (uint32_t i = 0; i < COMMITS; i++) {
        char tag[16];
        snprintf(tag, sizeof tag, "t%u", i);
        const struct sw_commit *commit = sw_repository_commit(repository, tag, NULL);
        if (i == 0) {
            struct sw_filter filter = filter_of(view);
            struct sw_op_tree op = {.size = sizeof op, .commit = commit, .scope = view->add, .filters = &filter, .filter_count = 1};
            struct sw_tree_reader *reader = NULL;
            assert_true(sw_tree_reader_open(&op, &reader, NULL));
            read_into(&tree, reader);
        } else {
            patch_to(&tree, commit, base, view);
        }
        sw_cleanup_free char *got = print(&tree);
        sw_cleanup_free char *expected = fresh(commit, view);
        if (strcmp(got, expected) != 0)
            fail_msg("commit %u has\n%s\ninstead of\n%s", i, got, expected);
        snprintf(base, sizeof base, "%s", sw_commit_id(commit));
    }
    sw_map_fini(&tree, free);
}

static void patches_of_a_random_history_lead_to_each_commit(void **state) {
    (void)state;
    static const char *const include[] = {"src", "d", "a/**/c"}, *const exclude[] = {"skip", "src/sub"};
    static const struct view views[] = {
        {"", {0}, {0}}, {"", {NULL, 0}, {exclude, 2}}, {"", {include, 3}, {NULL, 0}}, {"", {include, 3}, {exclude, 2}}};
    for (seed = 1; seed < 4; seed++) {
        uint32_t kept = seed;
        char *folder = make_history();
        {
            sw_cleanup_repository struct sw_repository *repository = sw_repository_find(folder, NULL);
            for (size_t i = 0; i < sizeof views / sizeof *views; i++)
                follow(repository, &views[i]);
        }
        drop_folder(folder);
        seed = kept;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_of_a_random_history_lead_to_each_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
