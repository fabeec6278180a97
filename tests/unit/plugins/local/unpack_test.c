#include "plugins/local/unpack.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "tests/unit/plugins/local/tarball.h"

/* outer/root is unpacked into; outer/secret and outer/outside must stay as they are. */
struct room {
    struct scratch outer;
    struct scratch inner;
    struct sw_buf tar;
    struct sw_unpack job;
    struct sw_unpack_sum sum;
};

static int setup(void **state) {
    struct room *room = sw_new(sizeof *room);
    scratch_make(&room->outer);
    scratch_run(&room->outer, "echo -n untouched >secret; mkdir outside root");
    room->inner.fd = openat(room->outer.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    strcpy(stpcpy(room->inner.path, room->outer.path), "/root");
    room->job = (struct sw_unpack){.folder = room->inner.fd, .keep_owner = true};
    *state = room;
    return 0;
}

static int teardown(void **state) {
    struct room *room = *state;
    scratch_expect(&room->outer, "secret", "untouched");
    sw_cleanup_free char *outside = scratch_ask(&room->outer, "ls -A outside; ls");
    assert_string_equal(outside, "outside\nroot\nsecret\n");
    sw_buf_fini(&room->tar);
    close(room->inner.fd);
    scratch_end(&room->outer);
    free(room);
    return 0;
}

/* Unpacks the room's archive as it is. */
static bool try_unpack(struct room *room, struct sw_error **error) {
    room->job.blob = tarball_fd(room->tar.data, room->tar.len);
    bool ok = sw_unpack_run(&room->job, &room->sum, error);
    close(room->job.blob);
    return ok;
}

static void unpack(struct room *room) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_tar_write_end(&room->tar);
    if (!try_unpack(room, &error))
        fail_msg("%s", error->message);
    sw_buf_truncate(&room->tar, 0);
}

static void refuse(struct room *room, const char *reason) {
    sw_cleanup_error struct sw_error *error = NULL;
    sw_tar_write_end(&room->tar);
    assert_false(try_unpack(room, &error));
    if (!strstr(error->message, reason))
        fail_msg("\"%s\" says nothing of \"%s\"", error->message, reason);
    sw_buf_truncate(&room->tar, 0);
}

static bool is_whiteout(const struct room *room, const char *path) {
    struct stat status;
    return fstatat(room->inner.fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.st_mode) &&
           status.st_rdev == makedev(0, 0);
}

static bool is_opaque(const struct room *room, const char *path) {
    sw_cleanup_free char *full = sw_format("%s/%s", room->inner.path, path);
    char value[8];
    return lgetxattr(full, "trusted.overlay.opaque", value, sizeof value) == 1 && *value == 'y';
}

static void keeps_everything_that_a_layer_describes(void **state) {
    struct room *room = *state;
    struct sw_tar_xattr xattrs[] = {{"security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20},
                                    {"user.note", "a=b", 3}};
    struct sw_tar_entry entry = {.kind = SW_TAR_FILE, .name = "bin/ping", .mode = 04751, .uid = 12, .gid = 34, .xattrs = xattrs};
    entry.xattr_count = 2;
    entry.mtime.tv_sec = 1234567;
    struct sw_tar_entry folder = {.kind = SW_TAR_FOLDER, .name = "bin", .mode = 01775, .uid = 5, .gid = 6};
    folder.mtime.tv_sec = 7654321;
    tarball_put(&room->tar, folder, NULL);
    tarball_put(&room->tar, entry, "ping");
    tarball_hardlink(&room->tar, "bin/ping6", "bin/ping");
    tarball_symlink(&room->tar, "bin/link", "../../../bin/ping");
    tarball_put(&room->tar, (struct sw_tar_entry){.kind = SW_TAR_CHAR, .name = "null", .mode = 0666, .device = makedev(1, 3)},
                NULL);
    tarball_put(&room->tar, (struct sw_tar_entry){.kind = SW_TAR_FIFO, .name = "pipe", .mode = 0622}, NULL);
    unpack(room);
    sw_cleanup_free char *found =
        scratch_ask(&room->inner,
                    "find . -mindepth 1 -printf '%p %y %m %U:%G %n %l\\n' | sort; stat -c '%Y %n' bin bin/ping; stat -c %t,%T null;"
                    "getfattr -d -m - bin/ping6 | grep -v ^#");
    assert_string_equal(
        found, "./bin d 1775 5:6 2 \n./bin/link l 777 0:0 1 ../../../bin/ping\n./bin/ping f 4751 12:34 2 \n"
               "./bin/ping6 f 4751 12:34 2 \n./null c 666 0:0 1 \n./pipe p 622 0:0 1 \n7654321 bin\n1234567 bin/ping\n1,3\n"
               "security.capability=0sAQAAAgAEAAAAAAAAAAAAAAAAAAA=\nuser.note=\"a=b\"\n\n");
    assert_int_equal(room->sum.entries, 6);
}

static void writes_nothing_outside(void **state) {
    struct room *room = *state;
    tarball_file(&room->tar, "../secret", "1");
    tarball_file(&room->tar, "../../../../../../../../var/tmp/slipway-escaped", "1");
    tarball_file(&room->tar, "/absolute", "2");
    tarball_symlink(&room->tar, "up", "..");
    tarball_file(&room->tar, "up/secret", "3");
    tarball_symlink(&room->tar, "out", "../outside");
    tarball_file(&room->tar, "out/file", "4");
    tarball_symlink(&room->tar, "abs", room->outer.path);
    tarball_file(&room->tar, "abs/secret", "5");
    tarball_folder(&room->tar, "abs/outside/new");
    tarball_hardlink(&room->tar, "copy", "absolute");
    tarball_symlink(&room->tar, "real", "../secret");
    tarball_file(&room->tar, "real", "6");
    unpack(room);
    assert_int_not_equal(access("/var/tmp/slipway-escaped", F_OK), 0);
    scratch_expect(&room->inner, "absolute", "2");
    scratch_expect(&room->inner, "copy", "2");
    scratch_expect(&room->inner, "outside/file", "4"); /* ".." stops at the root */
    scratch_expect(&room->inner, "secret", "3");
    scratch_expect(&room->inner, "real", "6");
    sw_cleanup_free char *inside = sw_format("%s/secret", room->outer.path + 1);
    scratch_expect(&room->inner, inside, "5");
}

static void hard_links_do_not_reach_outside(void **state) {
    struct room *room = *state;
    static const char *const targets[] = {"../secret", "/etc/passwd", "etc/passwd", "up/secret", "secret", "."};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        tarball_symlink(&room->tar, "up", "..");
        tarball_hardlink(&room->tar, "stolen", targets[i]);
        refuse(room, "hard link to");
    }
    assert_int_equal(chdir(room->outer.path), 0); /* relative targets are not those of the working folder */
    tarball_hardlink(&room->tar, "stolen", "secret");
    refuse(room, "which is not there");
    assert_int_equal(chdir("/"), 0);
}

static void entries_named_as_the_root_replace_nothing(void **state) {
    struct room *room = *state;
    static const char *const names[] = {".", "/", "./", "", "a/..", "../", "//"};
    static const enum sw_tar_kind kinds[] = {SW_TAR_FILE, SW_TAR_SYMLINK, SW_TAR_HARDLINK, SW_TAR_CHAR, SW_TAR_FIFO};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t j = 0; j < sizeof kinds / sizeof *kinds; j++) {
            tarball_put(&room->tar, (struct sw_tar_entry){.kind = kinds[j], .name = names[i], .link = "/etc"}, NULL);
            refuse(room, "would replace the root");
        }
        struct sw_tar_entry root = {.kind = SW_TAR_FOLDER, .name = names[i], .mode = 0711, .uid = 9};
        tarball_put(&room->tar, root, NULL);
        unpack(room);
    }
    sw_cleanup_free char *found = scratch_ask(&room->inner, "stat -c '%a %u' .");
    assert_string_equal(found, "711 9\n");
}

static void whiteouts_become_what_overlayfs_reads(void **state) {
    struct room *room = *state;
    tarball_folder(&room->tar, "d");
    tarball_file(&room->tar, "d/.wh.gone", NULL);
    tarball_file(&room->tar, ".wh.top", NULL);
    tarball_folder(&room->tar, "o");
    tarball_file(&room->tar, "o/kept", "k");
    tarball_file(&room->tar, "o/.wh..wh..opq", NULL);
    tarball_file(&room->tar, "p/q/.wh..wh..opq", NULL);
    tarball_file(&room->tar, ".wh..wh.plnk", NULL);
    tarball_file(&room->tar, ".wh.remade", NULL);
    tarball_folder(&room->tar, "remade");
    tarball_folder(&room->tar, "first");
    tarball_file(&room->tar, ".wh.first", NULL);
    tarball_file(&room->tar, "same", "s");
    tarball_file(&room->tar, ".wh.same", NULL);
    tarball_file(&room->tar, ".wh.implied", NULL);
    tarball_file(&room->tar, "implied/x", "x");
    unpack(room);
    assert_true(is_whiteout(room, "d/gone") && is_whiteout(room, "top"));
    assert_true(is_opaque(room, "o") && is_opaque(room, "p/q") && !is_opaque(room, "d") && !is_opaque(room, "p"));
    scratch_expect(&room->inner, "o/kept", "k");
    assert_true(is_opaque(room, "remade") && is_opaque(room, "first") && is_opaque(room, "implied"));
    scratch_expect(&room->inner, "same", "s");
    scratch_expect(&room->inner, "implied/x", "x");
    sw_cleanup_free char *marks = scratch_ask(&room->inner, "find . -name '.wh.*'");
    assert_string_equal(marks, "");
    assert_false(room->sum.hides_lowers);
    tarball_file(&room->tar, ".wh..wh..opq", NULL);
    unpack(room);
    assert_true(room->sum.hides_lowers);
    static const char *const bad[] = {".wh.", "d/.wh..", ".wh..."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tarball_file(&room->tar, bad[i], NULL);
        refuse(room, "names nothing");
    }
}

static void whiteouts_remove_what_layers_below_left_in_a_plain_tree(void **state) {
    struct room *room = *state;
    room->job.form = SW_EXTRACT_TREE;
    scratch_run(&room->inner, "mkdir -p a/b/c o/deep x; touch a/b/c/1 a/2 o/old o/deep/older x/y; ln -s ../../outside o/link");
    tarball_file(&room->tar, "a/.wh.b", NULL);
    tarball_file(&room->tar, "o/deep/new", "n");
    tarball_file(&room->tar, "o/.wh..wh..opq", NULL);
    tarball_file(&room->tar, "x/y", "mine");
    tarball_file(&room->tar, "x/.wh.y", NULL);
    unpack(room);
    sw_cleanup_free char *found = scratch_ask(&room->inner, "find . -mindepth 1 | sort | tr '\\n' ' '");
    assert_string_equal(found, "./a ./a/2 ./o ./o/deep ./o/deep/new ./x ./x/y ");
}

static void later_entries_replace_earlier_ones_of_any_kind(void **state) {
    struct room *room = *state;
    tarball_folder(&room->tar, "n/deep/er");
    tarball_file(&room->tar, "n/deep/er/f", "f");
    tarball_file(&room->tar, "n", "a file now");
    tarball_file(&room->tar, "m", "a file");
    tarball_folder(&room->tar, "m");
    tarball_file(&room->tar, "m/f", "1");
    tarball_folder(&room->tar, "m");
    tarball_symlink(&room->tar, "s", "m");
    tarball_file(&room->tar, "s/g", "through");
    tarball_folder(&room->tar, "s");
    tarball_file(&room->tar, "s/g", "beside");
    tarball_hardlink(&room->tar, "m/f", "m/f");
    unpack(room);
    scratch_expect(&room->inner, "n", "a file now");
    scratch_expect(&room->inner, "m/f", "1");
    scratch_expect(&room->inner, "m/g", "through");
    scratch_expect(&room->inner, "s/g", "beside");
    assert_true(is_opaque(room, "m")); /* whatever was called m below is hidden by the file */
}

static void xattrs_that_steer_overlayfs_are_dropped(void **state) {
    struct room *room = *state;
    struct sw_tar_xattr xattrs[] = {
        {"trusted.overlay.redirect", "/etc", 4}, {"user.overlay.opaque", "y", 1}, {"security.ima", "x", 1}};
    struct sw_tar_entry entry = {.kind = SW_TAR_FOLDER, .name = "d", .xattrs = xattrs, .xattr_count = 3};
    tarball_put(&room->tar, entry, NULL);
    unpack(room);
    sw_cleanup_free char *found = scratch_ask(&room->inner, "getfattr -d -m - d");
    assert_string_equal(found, "");
}

static void folders_that_are_not_described_look_as_in_the_layers_below(void **state) {
    struct room *room = *state;
    struct scratch lower;
    scratch_make(&lower);
    scratch_run(
        &lower,
        "mkdir -p upper/gone lower/etc/deep lower/gone/x; mknod upper/gone/x c 0 0; chmod 1777 lower/etc; chown 3:4 lower/etc/deep;"
        "chmod 700 lower/etc/deep; echo -n low >lower/target; chmod 4711 lower/target; chmod 700 lower/gone/x");
    int folders[] = {openat(lower.fd, "upper", O_PATH | O_CLOEXEC), openat(lower.fd, "lower", O_PATH | O_CLOEXEC)};
    room->job.lowers = folders;
    room->job.lower_count = 2;
    tarball_file(&room->tar, "etc/deep/f", "f");
    tarball_file(&room->tar, "gone/x/f", "f");
    tarball_hardlink(&room->tar, "linked", "target");
    unpack(room);
    sw_cleanup_free char *found = scratch_ask(&room->inner, "stat -c '%a %u:%g %n' etc etc/deep gone/x linked; cat linked");
    assert_string_equal(found, "1777 0:0 etc\n700 3:4 etc/deep\n755 0:0 gone/x\n4711 0:0 linked\nlow");
    close(folders[0]);
    close(folders[1]);
    scratch_end(&lower);
}

static void names_and_numbers_of_every_dialect_are_read(void **state) {
    struct room *room = *state;
    static const char *const formats[] = {"v7", "ustar", "gnu", "posix", "oldgnu"};
    scratch_run(&room->outer,
                "mkdir -p outside/src/sub && cd outside/src && echo -n one >sub/file && ln -s sub/file link && ln sub/file hard");
    const char *folder = room->outer.path, *base = strrchr(folder, '/') + 1;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        sw_cleanup_free char *pack = sw_format("tar --format=%s -C outside/src -cf ../t%s.tar . 2>/dev/null", formats[i], base);
        sw_cleanup_free char *name = sw_format("%.*st%s.tar", (int)(base - folder), folder, base);
        scratch_run(&room->outer, pack);
        room->job.blob = open(name, O_RDONLY | O_CLOEXEC);
        sw_cleanup_error struct sw_error *error = NULL;
        if (!sw_unpack_run(&room->job, NULL, &error))
            fail_msg("%s: %s", formats[i], error->message);
        close(room->job.blob);
        unlink(name);
        scratch_expect(&room->inner, "link", "one");
        scratch_run(&room->inner, "test hard -ef sub/file; rm -rf hard link sub");
    }
    char *deep = sw_new(1200);
    memset(deep, 'x', 1199);
    for (size_t i = 120; i < 1199; i += 120)
        deep[i] = '/';
    struct sw_tar_entry entry = {.kind = SW_TAR_FILE, .name = deep, .uid = 3000000, .gid = 4000000000u};
    entry.mtime.tv_sec = -86400;
    tarball_put(&room->tar, entry, "deep");
    unpack(room);
    scratch_expect(&room->inner, deep, "deep");
    sw_cleanup_free char *ask = sw_format("stat -c '%%u %%g %%Y' %s", deep);
    sw_cleanup_free char *found = scratch_ask(&room->inner, ask);
    assert_string_equal(found, "3000000 4000000000 -86400\n");
    free(deep);
    scratch_run(&room->outer, "rm -rf outside/src");
}

static void sparse_files_of_every_form_keep_their_holes(void **state) {
    struct room *room = *state;
    static const char *const forms[] = {"--format=gnu", "--format=posix --sparse-version=0.0",
                                        "--format=posix --sparse-version=0.1", "--format=posix --sparse-version=1.0"};
    scratch_run(&room->outer,
                "mkdir outside/s && cd outside/s && truncate -s 3M f && for i in 1 2 3 4 5 6 7 8 9; do echo part$i | dd of=f bs=1"
                " seek=$((i*300000)) conv=notrunc 2>/dev/null; done");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        sw_cleanup_free char *pack = sw_format("tar -C outside/s -S %s -cf outside/s.tar f", forms[i]);
        scratch_run(&room->outer, pack);
        room->job.blob = openat(room->outer.fd, "outside/s.tar", O_RDONLY | O_CLOEXEC);
        sw_cleanup_error struct sw_error *error = NULL;
        if (!sw_unpack_run(&room->job, NULL, &error))
            fail_msg("%s: %s", forms[i], error->message);
        close(room->job.blob);
        scratch_run(&room->outer, "cmp outside/s/f root/f; test $(stat -c %b root/f) -lt 1000; rm -r root/*");
    }
    scratch_run(&room->outer, "rm -r outside/s outside/s.tar");
}

static void every_compression_and_any_number_of_members_is_read(void **state) {
    struct room *room = *state;
    static const char *const ways[] = {
        "cat t",
        "gzip -c t",
        "split -b 300 --filter='gzip -c' t",
        "zstd -qc t",
        "split -b 700 --filter='zstd -qc' t",
        "{ head -c 100 t | gzip -c; : | gzip -c; tail -c +101 t | gzip -9c; }",
    };
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%02d", i);
        tarball_file(&room->tar, name, name);
    }
    sw_tar_write_end(&room->tar);
    char diff_id[72] = "sha256:";
    sw_sha256_hex(room->tar.data, room->tar.len, diff_id + 7);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int fd = openat(room->outer.fd, "outside/t", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_int_equal(write(fd, room->tar.data, room->tar.len), room->tar.len);
        close(fd);
        sw_cleanup_free char *line = sw_format("cd outside; %s >b; sha256sum b | cut -c-64", ways[i]);
        sw_cleanup_free char *sum = scratch_ask(&room->outer, line);
        sum[64] = '\0';
        sw_cleanup_free char *digest = sw_format("sha256:%s", sum);
        room->job.digest = digest;
        room->job.diff_id = diff_id;
        room->job.blob = openat(room->outer.fd, "outside/b", O_RDONLY | O_CLOEXEC);
        sw_cleanup_error struct sw_error *error = NULL;
        if (!sw_unpack_run(&room->job, &room->sum, &error))
            fail_msg("%s: %s", ways[i], error->message);
        close(room->job.blob);
        assert_int_equal(room->sum.entries, 40);
        scratch_run(&room->inner, "test $(cat f* | wc -c) = 120; rm f*");
    }
    scratch_run(&room->outer, "rm outside/*");
}

static void damaged_blobs_are_refused(void **state) {
    struct room *room = *state;
    static const struct {
        const char *change, *reason;
    } rows[] = {
        {"cat t", "digest"},                              /* not what was asked for */
        {"head -c 600 t", "ends too early"},              /* in the middle of content */
        {"head -c 300 t", "ends too early"},              /* in the middle of a header */
        {"gzip -c t | head -c 60", "ends too early"},     /* in the middle of a member */
        {"gzip -c t; echo junk", "gzip data is damaged"}, /* something behind a member */
        {"zstd -qc t | head -c 60", "ends too early"},
        {"cat t | zstd -q --long=30 -c", "too much memory"},                  /* a window of a gigabyte */
        {"{ head -c 1023 t; echo x; tail -c +513 t; }", "header is damaged"}, /* no header where one must be */
        {"gzip -c t | sed 's/\\x03/\\x04/' | head -c 2000", ""},              /* flags nobody knows or bad data */
        {"printf 'this is no archive, just text that goes on and on %600s' x", "header is damaged"},
    };
    tarball_file(&room->tar, "f", "some content");
    sw_tar_write_end(&room->tar);
    room->job.digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = openat(room->outer.fd, "outside/t", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_int_equal(write(fd, room->tar.data, room->tar.len), room->tar.len);
        close(fd);
        sw_cleanup_free char *line = sw_format("cd outside; { %s; } >b", rows[i].change);
        scratch_run(&room->outer, line);
        room->job.blob = openat(room->outer.fd, "outside/b", O_RDONLY | O_CLOEXEC);
        sw_cleanup_error struct sw_error *error = NULL;
        if (sw_unpack_run(&room->job, &room->sum, &error))
            fail_msg("%s was taken", rows[i].change);
        if (!strstr(error->message, rows[i].reason))
            fail_msg("%s: %s", rows[i].change, error->message);
        close(room->job.blob);
    }
    scratch_run(&room->outer, "rm outside/*");
}

static void what_a_layer_may_cost_is_limited(void **state) {
    struct room *room = *state;
    room->job.limits = (struct sw_unpack_limits){.entries = 3, .depth = 5, .bytes = 1 << 20, .meta_bytes = 2000};
    for (int i = 0; i < 4; i++)
        tarball_file(&room->tar, "f", "x");
    refuse(room, "more than 3 entries");
    tarball_file(&room->tar, "1/2/3/4/5/6", "x");
    refuse(room, "more than 5 components");
    struct sw_tar_xattr big = {"user.big", room->outer.path, 0};
    sw_cleanup_free char *value = sw_new(3000);
    memset(value, 'v', 2999);
    big.value = value;
    big.len = 2999;
    tarball_put(&room->tar, (struct sw_tar_entry){.kind = SW_TAR_FILE, .name = "f", .xattrs = &big, .xattr_count = 1}, NULL);
    refuse(room, "extended headers");
    scratch_run(&room->outer, "head -c 200M /dev/zero | gzip -c >outside/bomb");
    room->job.blob = openat(room->outer.fd, "outside/bomb", O_RDONLY | O_CLOEXEC);
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_unpack_run(&room->job, NULL, &error) && !error); /* zeros are the end of an archive: the limit comes first */
    assert_non_null(strstr(error->message, "larger than 1048576 bytes"));
    close(room->job.blob);
    scratch_run(&room->outer, "rm outside/bomb");
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* other load does not count */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Time to unpack `count` opaque folders, each within the one before or beside it, in a plain tree. */
static double time_opaque(struct room *room, int count) {
    char name[64];
    room->job.form = SW_EXTRACT_TREE;
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "d/%d/f", i);
        tarball_file(&room->tar, name, "x");
        snprintf(name, sizeof name, "d/%d/.wh..wh..opq", i);
        tarball_file(&room->tar, name, NULL);
        tarball_file(&room->tar, "d/.wh..wh..opq", NULL);
    }
    double begin = seconds();
    unpack(room);
    double took = seconds() - begin;
    scratch_run(&room->inner, "rm -rf d");
    return took;
}

static void many_opaque_whiteouts_take_linear_time(void **state) {
    struct room *room = *state;
    double small = time_opaque(room, 1000), large = time_opaque(room, 8000);
    if (large > 8 * small * 4 + 0.5) /* four times what linear would be: a quadratic one is sixteen times slower still */
        fail_msg("1000: %f s, 8000: %f s", small, large);
}

static bool at_once(void *context) {
    (void)context;
    return true;
}

static void stops_when_cancelled(void **state) {
    struct room *room = *state;
    struct sw_work work = {.cancelled = at_once};
    room->job.work = &work;
    tarball_file(&room->tar, "f", "x");
    refuse(room, "cancelled");
    assert_int_equal(scratch_mode(&room->inner, "f"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(keeps_everything_that_a_layer_describes),
        TEST(writes_nothing_outside),
        TEST(hard_links_do_not_reach_outside),
        TEST(entries_named_as_the_root_replace_nothing),
        TEST(whiteouts_become_what_overlayfs_reads),
        TEST(whiteouts_remove_what_layers_below_left_in_a_plain_tree),
        TEST(later_entries_replace_earlier_ones_of_any_kind),
        TEST(xattrs_that_steer_overlayfs_are_dropped),
        TEST(folders_that_are_not_described_look_as_in_the_layers_below),
        TEST(names_and_numbers_of_every_dialect_are_read),
        TEST(sparse_files_of_every_form_keep_their_holes),
        TEST(every_compression_and_any_number_of_members_is_read),
        TEST(damaged_blobs_are_refused),
        TEST(what_a_layer_may_cost_is_limited),
        TEST(many_opaque_whiteouts_take_linear_time),
        TEST(stops_when_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
