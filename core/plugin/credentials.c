#include "core/plugin/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/path.h"
#include "core/plugin/auth_file.h"
#include "core/plugin/credential_helper.h"
#include "core/runtime/loop.h"
#include "core/runtime/mask.h"

static char *config_folder;

struct lookup {
    char *registry;
    struct sw_vec auths; /* what files say, in order */
    size_t next;
    struct sw_error *error;
    void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error);
    void *context;
};

void sw_credentials_set_folder(const char *folder) {
    free(config_folder);
    config_folder = sw_strdup(folder);
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static void add_below(struct sw_strlist *files, const char *folder, const char *name) {
    if (folder)
        sw_strlist_take(files, sw_path_join(folder, name));
}

static void list_files(struct sw_strlist *files) {
    const char *home = environment("HOME"), *runtime = environment("XDG_RUNTIME_DIR"), *config = environment("XDG_CONFIG_HOME");
    const char *docker = config_folder && *config_folder ? config_folder : environment("DOCKER_CONFIG");
    const char *explicit_file = environment("REGISTRY_AUTH_FILE");
    add_below(files, docker, "config.json");
    if (explicit_file)
        sw_strlist_add(files, explicit_file);
    if (runtime)
        add_below(files, runtime, "containers/auth.json");
    else
        sw_strlist_take(files, sw_format("/run/containers/%u/auth.json", (unsigned)getuid()));
    add_below(files, config ? config : home, config ? "containers/auth.json" : ".config/containers/auth.json");
    if (!docker)
        add_below(files, home, ".docker/config.json");
    add_below(files, home, ".dockercfg");
}

static void free_lookup(struct lookup *lookup) {
    for (size_t i = 0; i < lookup->auths.len; i++)
        sw_auth_fini(sw_vec_at(&lookup->auths, i));
    sw_vec_fini(&lookup->auths);
    free(lookup->registry);
    free(lookup);
}

static void mask(const char *text) {
    if (text)
        sw_mask_add(text, strlen(text));
}

static void answer(struct lookup *lookup, const struct sw_auth *auth) {
    struct sw_credential credential = {.size = sizeof credential};
    if (auth) {
        mask(auth->password);
        mask(auth->identity_token);
        mask(auth->registry_token);
        credential.username = auth->username;
        credential.password = auth->password;
        credential.identity_token = auth->identity_token;
        credential.registry_token = auth->registry_token;
    }
    lookup->done(lookup->context, &credential, NULL);
    free_lookup(lookup);
}

static void next(struct lookup *lookup);

static void on_helper(void *context, const struct sw_auth *auth, struct sw_error *error) {
    struct lookup *lookup = context;
    if (error) {
        lookup->done(lookup->context, NULL, error);
        free_lookup(lookup);
    } else if (auth) {
        answer(lookup, auth);
    } else {
        next(lookup);
    }
}

static void next(struct lookup *lookup) {
    if (lookup->next == lookup->auths.len) {
        answer(lookup, NULL);
        return;
    }
    const struct sw_auth *auth = sw_vec_at(&lookup->auths, lookup->next++);
    if (auth->helper)
        sw_credential_helper_get(auth, lookup->registry, on_helper, lookup);
    else
        answer(lookup, auth);
}

static void begin(void *context) {
    struct lookup *lookup = context;
    if (lookup->error) {
        lookup->done(lookup->context, NULL, lookup->error);
        free_lookup(lookup);
        return;
    }
    next(lookup);
}

void sw_credentials_find(const char *registry,
                         void (*done)(void *context, const struct sw_credential *credential, struct sw_error *error),
                         void *context) {
    sw_cleanup_strlist struct sw_strlist files = {0};
    struct lookup *lookup = sw_new(sizeof *lookup);
    lookup->registry = sw_strdup(registry);
    lookup->auths = (struct sw_vec){.width = sizeof(struct sw_auth)};
    lookup->done = done;
    lookup->context = context;
    list_files(&files);
    for (size_t i = 0; i < files.len; i++) {
        if (!sw_auth_file_read(files.items[i], registry, &lookup->auths, &lookup->error))
            break;
        if (lookup->auths.len) { /* this file has the word */
            const struct sw_auth *last = sw_vec_at(&lookup->auths, lookup->auths.len - 1);
            if (!last->helper)
                break;
        }
    }
    sw_loop_later(begin, lookup);
}

void sw_credentials_end(void) {
    sw_credentials_set_folder(NULL);
    sw_credential_helper_forget();
}
