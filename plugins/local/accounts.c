#include "plugins/local/accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/vec.h"

enum { FILE_LIMIT = 16 * 1024 * 1024, FIELD_MAX = 7, GROUPS_MAX = 1024 };

/* Reads one of the two files. A missing one is empty. */
static bool read_table(struct sw_fsroot *root, const char *path, struct sw_buf *text, struct sw_error **error) {
    sw_buf_puts(text, ""); /* so that there is something to point into */
    sw_cleanup_close int fd = sw_fsroot_open_file(root, path);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return true;
    if (fd < 0 && (errno == EINVAL || errno == EISDIR))
        return sw_fail(error, SW_ERROR_BUILD, "%s of the image is not a regular file", path);
    if (fd < 0)
        return sw_fsroot_fail(error, "read", path);
    for (;;) {
        sw_buf_reserve(text, 64 * 1024);
        ssize_t n = read(fd, text->data + text->len, 64 * 1024);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fsroot_fail(error, "read", path);
        if (n == 0)
            break;
        text->len += (size_t)n;
        if (text->len > FILE_LIMIT)
            return sw_fail(error, SW_ERROR_BUILD, "%s of the image is larger than %d MiB", path, FILE_LIMIT / 1024 / 1024);
    }
    text->data[text->len] = '\0';
    return true;
}

/* Splits the line at `*at` into fields, in place, and moves on to the next. False at the end. */
static bool next_line(char **at, char *end, char *fields[FIELD_MAX]) {
    while (*at < end) {
        char *line = *at, *newline = memchr(line, '\n', (size_t)(end - line));
        *at = newline ? newline + 1 : end;
        if (newline)
            *newline = '\0';
        line += strspn(line, " \t\r");
        for (size_t len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]); len--)
            line[len - 1] = '\0';
        if (!*line || *line == '#')
            continue;
        for (size_t i = 0; i < FIELD_MAX; i++) {
            char *colon = line ? strchr(line, ':') : NULL;
            fields[i] = line ? line : (char *)"";
            if (colon)
                *colon = '\0';
            line = colon ? colon + 1 : NULL;
        }
        return true;
    }
    return false;
}

/* A decimal id. False when `text` is no number that can be one. */
static bool number(const char *text, uint32_t *id) {
    uint64_t sum = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || sum > UINT32_MAX)
            return false;
        sum = sum * 10 + (uint64_t)(*text - '0');
    }
    *id = (uint32_t)sum;
    return sum < UINT32_MAX;
}

struct user {
    bool found;
    char *name;
    uint32_t uid;
    uint32_t gid;
    char *home;
};

static void user_fini(struct user *user) {
    free(user->name);
    free(user->home);
}

/* Looks a user up: by `name`, or by `uid` when it is NULL. */
static bool find_user(struct sw_fsroot *root, const char *name, uint32_t uid, struct user *user, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (!read_table(root, "/etc/passwd", &text, error))
        return false;
    char *at = text.data, *fields[FIELD_MAX];
    while (next_line(&at, text.data + text.len, fields)) {
        uint32_t found_uid = 0, found_gid = 0;
        number(fields[2], &found_uid);
        number(fields[3], &found_gid);
        if (name ? strcmp(fields[0], name) != 0 : found_uid != uid)
            continue;
        *user = (struct user){.found = true, .name = sw_strdup(fields[0]), .uid = found_uid, .gid = found_gid};
        user->home = sw_strdup(fields[5]);
        break;
    }
    return true;
}

/* Looks a group up by name. */
static bool find_group(struct sw_fsroot *root, const char *name, bool *found, uint32_t *gid, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    if (!read_table(root, "/etc/group", &text, error))
        return false;
    char *at = text.data, *fields[FIELD_MAX];
    while (!*found && next_line(&at, text.data + text.len, fields)) {
        *found = strcmp(fields[0], name) == 0;
        if (*found && !number(fields[2], gid))
            *gid = 0;
    }
    return true;
}

bool sw_accounts_owner(struct sw_fsroot *root, const char *owner, struct sw_owner *out, struct sw_error **error) {
    const char *colon = strchr(owner, ':');
    sw_cleanup_free char *name = sw_strndup(owner, colon ? (size_t)(colon - owner) : strlen(owner));
    *out = (struct sw_owner){0};
    uint32_t id = 0;
    if (number(name, &id)) {
        *out = (struct sw_owner){.uid = id, .gid = id};
    } else if (*name && strcmp(name, "root") != 0) {
        struct user user = {0};
        bool ok = find_user(root, name, 0, &user, error);
        *out = (struct sw_owner){.uid = user.uid, .gid = user.gid};
        user_fini(&user);
        if (!ok)
            return false;
    }
    if (!colon)
        return true;
    const char *group = colon + 1;
    bool found = false;
    if (!*group || strcmp(group, "root") == 0)
        out->gid = 0;
    else if (number(group, &id))
        out->gid = id;
    else
        return find_group(root, group, &found, &out->gid, error); /* one that is not there leaves the user's own */
    return true;
}

void sw_account_fini(struct sw_account *account) {
    free(account->home);
    free(account->groups);
    *account = (struct sw_account){0};
}

/* Whether `name` is one of the members that a group's line lists. */
static bool lists_member(const char *members, const char *name) {
    size_t len = strlen(name);
    for (; *members; members += *members == ',') {
        size_t n = strcspn(members, ",");
        if (n == len && memcmp(members, name, n) == 0)
            return true;
        members += n;
    }
    return false;
}

/* Collects the groups that list the user as a member. */
static bool supplementary(struct sw_fsroot *root, const char *name, struct sw_account *out, struct sw_error **error) {
    sw_cleanup_buf struct sw_buf text = {0};
    struct sw_vec groups = {.width = sizeof(gid_t)};
    if (!read_table(root, "/etc/group", &text, error))
        return false;
    char *at = text.data, *fields[FIELD_MAX];
    while (groups.len < GROUPS_MAX && next_line(&at, text.data + text.len, fields)) {
        uint32_t gid;
        if (number(fields[2], &gid) && lists_member(fields[3], name)) {
            gid_t one = gid;
            sw_vec_push(&groups, &one);
        }
    }
    out->groups = groups.data;
    out->group_count = groups.len;
    return true;
}

static bool set_group(struct sw_fsroot *root, const char *group, struct sw_account *out, struct sw_error **error) {
    bool found = number(group, &out->gid);
    if (!found && !find_group(root, group, &found, &out->gid, error))
        return false;
    if (!found && strcmp(group, "root") == 0) {
        out->gid = 0;
        found = true;
    }
    if (!found)
        return sw_fail(error, SW_ERROR_BUILD, "unable to find group %s: no matching entries in group file", group);
    out->groups = sw_memdup(&out->gid, sizeof out->gid);
    out->group_count = 1;
    return true;
}

/* The primary group is one of the others too, and before them: nobody can then lose it by way of a setgid program. */
static void add_primary_group(struct sw_account *account) {
    for (size_t i = 0; i < account->group_count; i++)
        if (account->groups[i] == account->gid)
            return;
    struct sw_vec groups = {.width = sizeof(gid_t)};
    sw_vec_push(&groups, &account->gid);
    for (size_t i = 0; i < account->group_count; i++)
        sw_vec_push(&groups, &account->groups[i]);
    free(account->groups);
    account->groups = groups.data;
    account->group_count = groups.len;
}

bool sw_accounts_process(struct sw_fsroot *root, const char *user, struct sw_account *out, struct sw_error **error) {
    const char *colon = strchr(user, ':');
    sw_cleanup_free char *name = sw_strndup(user, colon ? (size_t)(colon - user) : strlen(user));
    *out = (struct sw_account){0};
    bool by_number = !*name || number(name, &out->uid);
    struct user found = {0};
    bool ok = find_user(root, by_number ? NULL : name, out->uid, &found, error);
    if (ok && !found.found && !by_number && strcmp(name, "root") != 0)
        ok = sw_fail(error, SW_ERROR_BUILD, "unable to find user %s: no matching entries in passwd file", name);
    if (ok && found.found) {
        out->uid = found.uid;
        out->gid = found.gid;
    }
    if (ok && colon && colon[1])
        ok = set_group(root, colon + 1, out, error);
    else if (ok && found.found)
        ok = supplementary(root, found.name, out, error);
    add_primary_group(out);
    out->home = sw_strdup(found.home && *found.home ? found.home : "/");
    user_fini(&found);
    if (!ok)
        sw_account_fini(out);
    return ok;
}
