/* option_table.c - every option of the program. Names and twins are werf's where werf has the option. */
#include "core/cli/options.h"

const struct sw_option sw_options[] = {
    {"help", 'h', SW_OPTIONS_COMMON, SW_OPTION_FLAG, NULL, {0}, NULL, "show what a command does and takes"},
    {"log-quiet", 0, SW_OPTIONS_COMMON, SW_OPTION_FLAG, NULL, {"WERF_LOG_QUIET"}, NULL, "show errors only"},
    {"log-verbose", 0, SW_OPTIONS_COMMON, SW_OPTION_FLAG, NULL, {"WERF_LOG_VERBOSE"}, NULL, "show the usual messages"},
    {"log-debug", 0, SW_OPTIONS_COMMON, SW_OPTION_FLAG, NULL, {"WERF_LOG_DEBUG"}, NULL, "show debug messages"},
    {"log-format", 0, SW_OPTIONS_COMMON, SW_OPTION_TEXT, "text|json", {"SLIPWAY_LOG_FORMAT"}, "text", "form of messages"},
    {"progress", 0, SW_OPTIONS_COMMON, SW_OPTION_TEXT, "MODE", {"SLIPWAY_PROGRESS"}, "auto",
     "how progress is shown: auto, tty, plain, json or quiet; auto is tty on a terminal, else plain"},

    {"dir", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "DIR", {"WERF_DIR"}, ".", "folder of the project"},
    {"git-work-tree", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "DIR", {"WERF_GIT_WORK_TREE"}, NULL,
     "root of the git work tree; searched upwards from the project otherwise"},
    {"config", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "FILE", {"WERF_CONFIG"}, "werf.yaml", "the configuration file"},
    {"config-templates-dir", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "DIR", {"WERF_CONFIG_TEMPLATES_DIR"}, ".werf",
     "folder of templates that the configuration may include"},
    {"giterminism-config", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "FILE", {"WERF_GITERMINISM_CONFIG"}, "werf-giterminism.yaml",
     "the file that says what may come from outside of git"},
    {"env", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "NAME", {"WERF_ENV"}, NULL, "name of the environment, .Env in templates"},
    {"loose-giterminism", 0, SW_OPTIONS_PROJECT, SW_OPTION_FLAG, NULL, {"WERF_LOOSE_GITERMINISM"}, NULL,
     "do not insist on committed files"},
    {"dev", 0, SW_OPTIONS_PROJECT, SW_OPTION_FLAG, NULL, {"WERF_DEV"}, NULL, "build the work tree as if it were committed"},
    {"dev-ignore", 0, SW_OPTIONS_PROJECT, SW_OPTION_LIST, "PATTERN", {"WERF_DEV_IGNORE_*"}, NULL, "files that --dev leaves out"},
    {"dev-branch", 0, SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "NAME", {"WERF_DEV_BRANCH"}, "_werf-dev", "name of the chain of --dev commits"},
    {"project-name", 'N', SW_OPTIONS_PROJECT, SW_OPTION_TEXT, "NAME", {"WERF_PROJECT_NAME"}, NULL, "use this instead of the project's name"},
    {"allow-includes-update", 0, SW_OPTIONS_PROJECT, SW_OPTION_FLAG, NULL, {"WERF_ALLOW_INCLUDES_UPDATE"}, NULL,
     "take the newest commits of includes instead of the locked ones"},
    {"debug-templates", 0, SW_OPTIONS_PROJECT | SW_OPTIONS_TEMPLATE, SW_OPTION_FLAG, NULL, {"WERF_DEBUG_TEMPLATES"}, NULL,
     "let the *_debug functions of templates speak"},
    {"platform", 0, SW_OPTIONS_PROJECT, SW_OPTION_LIST, "OS/ARCH[/VARIANT]", {"WERF_PLATFORM", "DOCKER_DEFAULT_PLATFORM"}, NULL,
     "build for these platforms instead of the configured ones"},

    {"store", 0, SW_OPTIONS_STORE, SW_OPTION_TEXT, "DIR", {"SLIPWAY_STORE"}, "/var/lib/slipway for root, else $XDG_DATA_HOME/slipway",
     "where layers and snapshots are kept on this host"},
    {"docker-config", 0, SW_OPTIONS_STORE, SW_OPTION_TEXT, "DIR", {"WERF_DOCKER_CONFIG", "DOCKER_CONFIG"}, "~/.docker",
     "folder of config.json, with the credentials of registries"},
    {"insecure-registry", 0, SW_OPTIONS_STORE, SW_OPTION_FLAG, NULL, {"WERF_INSECURE_REGISTRY"}, NULL, "speak plain http to registries"},
    {"skip-tls-verify-registry", 0, SW_OPTIONS_STORE, SW_OPTION_FLAG, NULL, {"WERF_SKIP_TLS_VERIFY_REGISTRY"}, NULL,
     "do not check the certificates of registries"},
    {"container-registry-mirror", 0, SW_OPTIONS_STORE, SW_OPTION_LIST, "ADDRESS", {"WERF_CONTAINER_REGISTRY_MIRROR_*"}, NULL,
     "mirrors of docker.io to be asked first"},

    {"repo", 0, SW_OPTIONS_REPO, SW_OPTION_TEXT, "ADDRESS", {"WERF_REPO"}, "the host's own store",
     "where stages are kept: HOST/NAME of a registry"},

    {"backend", 0, SW_OPTIONS_BACKEND, SW_OPTION_TEXT, "NAME", {"SLIPWAY_BACKEND"}, "local", "which backend runs the steps"},
    {"backend-network", 0, SW_OPTIONS_BACKEND, SW_OPTION_TEXT, "NETWORK", {"WERF_BACKEND_NETWORK"}, NULL,
     "network of all steps: default, none or host"},
    {"oci-runtime", 0, SW_OPTIONS_BACKEND, SW_OPTION_TEXT, "PROGRAM", {"SLIPWAY_OCI_RUNTIME"}, "crun, else runc",
     "the OCI runtime of the local backend"},
    {"buildkit-addr", 0, SW_OPTIONS_BACKEND, SW_OPTION_LIST, "ADDRESS", {"SLIPWAY_BUILDKIT_ADDR", "BUILDKIT_HOST"}, NULL,
     "daemons of the buildkit backend: unix://, tcp://, docker://, ssh://, docker-container://"},
    {"parallel", 'p', SW_OPTIONS_BACKEND, SW_OPTION_FLAG, NULL, {"WERF_PARALLEL"}, "true", "work on several images at once"},
    {"parallel-tasks-limit", 0, SW_OPTIONS_BACKEND, SW_OPTION_TEXT, "N", {"WERF_PARALLEL_TASKS_LIMIT"}, "5",
     "how many images at once; 0 or -1: no limit"},
    {"keep-going", 'k', SW_OPTIONS_BACKEND, SW_OPTION_FLAG, NULL, {"SLIPWAY_KEEP_GOING"}, NULL,
     "after a failure, finish what does not depend on it"},
    {"allow", 0, SW_OPTIONS_BACKEND, SW_OPTION_LIST, "ENTITLEMENT", {"SLIPWAY_ALLOW_*"}, NULL,
     "grant steps what they ask for: security.insecure"},
    {"ssh-key", 0, SW_OPTIONS_BACKEND, SW_OPTION_LIST, "FILE", {"WERF_SSH_KEY_*"}, NULL,
     "private keys that steps with an ssh mount may use, instead of the running agent's"},
    {"skip-image-spec-stage", 0, SW_OPTIONS_BACKEND, SW_OPTION_FLAG, NULL, {"WERF_SKIP_IMAGE_SPEC_STAGE"}, NULL, "leave imageSpec out"},
    {"require-built-images", 'Z', SW_OPTIONS_BACKEND, SW_OPTION_FLAG, NULL, {"WERF_REQUIRE_BUILT_IMAGES", "WERF_CHECK_BUILT_IMAGES"}, NULL,
     "fail when something would have to be built"},
    {"check-built-images", 0, SW_OPTIONS_BACKEND, SW_OPTION_FLAG, NULL, {0}, NULL, "another name of --require-built-images"},

    {"add-custom-tag", 0, SW_OPTIONS_BUILD, SW_OPTION_LIST, "TAG", {"WERF_ADD_CUSTOM_TAG_*"}, NULL,
     "tag final images too; %image%, %image_slug%, %image_safe_slug% and %image_content_based_tag% are filled in"},
    {"save-build-report", 0, SW_OPTIONS_BUILD, SW_OPTION_FLAG, NULL, {"WERF_SAVE_BUILD_REPORT"}, NULL, "write a report of the build"},
    {"build-report-path", 0, SW_OPTIONS_BUILD, SW_OPTION_TEXT, "FILE", {"WERF_BUILD_REPORT_PATH"}, ".werf-build-report.json",
     "where to; .json or .env"},

    {"final-images-only", 0, SW_OPTIONS_SELECT, SW_OPTION_FLAG, NULL, {"WERF_FINAL_IMAGES_ONLY"}, NULL,
     "leave out images that are not final"},

    {"format", 'f', SW_OPTIONS_GRAPH, SW_OPTION_TEXT, "tree|json|dot|mermaid", {0}, "tree", "how to print"},

    {"user", 'u', SW_OPTIONS_RUN, SW_OPTION_TEXT, "USER[:GROUP]", {0}, NULL, "run as"},
    {"workdir", 'w', SW_OPTIONS_RUN, SW_OPTION_TEXT, "DIR", {0}, NULL, "run in"},
    {"set-env", 'e', SW_OPTIONS_RUN, SW_OPTION_LIST, "NAME=VALUE", {0}, NULL, "set a variable"},
    {"network", 0, SW_OPTIONS_RUN, SW_OPTION_TEXT, "NETWORK", {0}, "default", "default, none or host"},
    {"tty", 't', SW_OPTIONS_RUN, SW_OPTION_FLAG, NULL, {0}, NULL, "give the command this terminal"},
    {"entrypoint", 0, SW_OPTIONS_RUN, SW_OPTION_FLAG, NULL, {0}, NULL, "pass the command to the image's entrypoint as arguments"},

    {"keep-storage", 0, SW_OPTIONS_PRUNE, SW_OPTION_TEXT, "SIZE", {0}, "0", "leave this much, the most recently used: 512M, 20G"},
    {"unused-for", 0, SW_OPTIONS_PRUNE, SW_OPTION_TEXT, "TIME", {0}, "0s", "remove only what was not used for so long: 30m, 12h, 7d"},

    {"values", 0, SW_OPTIONS_TEMPLATE, SW_OPTION_TEXT, "FILE", {0}, NULL, "JSON data, the dot of the template"},
    {"templates", 0, SW_OPTIONS_TEMPLATE, SW_OPTION_TEXT, "DIR", {0}, NULL, "folder of *.tmpl files that the template may include"},

    {"options", 0, SW_OPTIONS_EXPLAIN, SW_OPTION_TEXT, "FILE", {0}, NULL,
     "JSON: target, build arguments, platforms, configs of base images"},

    {"as", 0, SW_OPTIONS_HELP, SW_OPTION_TEXT, "text|markdown|man", {0}, NULL, "print the whole manual in this form"},
};

const size_t sw_option_count = sizeof sw_options / sizeof *sw_options;
