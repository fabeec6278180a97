#include "plugins/local/layer.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "core/base/error.h"
#include "plugins/local/unpack.h"
#include "tests/unit/plugins/local/listing.h"
#include "tests/unit/plugins/local/tarball.h"

enum { EPOCH = 1500000000 };

static struct sw_layer_sum write_layer(const struct scratch *scratch, const char *folder, const char *blob, uint32_t threads) {
    struct sw_layer_job job = {.epoch = EPOCH, .threads = threads};
    job.folder = openat(scratch->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    job.blob = openat(scratch->fd, blob, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct sw_layer_sum sum;
    sw_cleanup_error struct sw_error *error = NULL;
    if (!sw_layer_write(&job, &sum, &error))
        fail_msg("%s", error->message);
    close(job.folder);
    close(job.blob);
    return sum;
}

static void unpack_into(const struct scratch *scratch, const char *blob, const char *folder, const struct sw_layer_sum *sum) {
    struct sw_unpack job = {.keep_owner = true, .digest = sum->digest, .diff_id = sum->diff_id};
    scratch_mkdir(scratch, folder);
    job.folder = openat(scratch->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    job.blob = openat(scratch->fd, blob, O_RDONLY | O_CLOEXEC);
    sw_cleanup_error struct sw_error *error = NULL;
    if (!sw_unpack_run(&job, NULL, &error))
        fail_msg("%s", error->message);
    close(job.folder);
    close(job.blob);
}

/* A folder with everything that an upper folder can hold, and sizes around every limit. */
static void make_upper(const struct scratch *scratch) {
    scratch_run(
        scratch,
        "mkdir upper && cd upper && mkdir -p a/b c/empty \"d d\" && echo one >a/one && ln a/one c/uno && ln -s /a/one a/link && "
        "mkfifo a/pipe && mknod a/null c 1 3 && mknod a/disk b 8 1 && mknod a/gone c 0 0 && mknod top c 0 0 && "
        "chown 7:8 a/one && chmod 4755 a/one && chown -h 9:9 a/link && chmod 1777 c && touch -d @1000000000 a/one && "
        "setfattr -n user.z -v 1 a/b && setfattr -n user.a -v 2 a/b && setcap cap_net_raw=ep a/one && "
        "setfattr -n trusted.overlay.opaque -v y c && setfattr -n trusted.overlay.origin -v x a && "
        "setfattr -n trusted.overlay.impure -v y a && setfattr -n trusted.other -v 1 a/b && "
        "for n in 0 1 511 512 513 131072 524288 1048064 1048576 1048577 3000000; do head -c $n /dev/urandom >s$n; done && "
        "i=0; while [ $i -lt 300 ]; do head -c 3000 /dev/urandom >c/f$i; i=$((i+1)); done; "
        "n=$(printf 'n%.0s' $(seq 200)); mkdir -p $n/$n && echo long >$n/$n/$n && ln -s $n/$n/$n longlink && chown 3000000 s0");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/upper/sock", scratch->path);
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof address), 0);
    close(sock);
}

static void the_number_of_threads_changes_no_byte(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    make_upper(&scratch);
    struct sw_layer_sum first = write_layer(&scratch, "upper", "l1", 1);
    for (uint32_t threads = 2; threads < 9; threads += 2) {
        struct sw_layer_sum sum = write_layer(&scratch, "upper", "l2", threads);
        assert_string_equal(sum.digest, first.digest);
        assert_string_equal(sum.diff_id, first.diff_id);
        scratch_run(&scratch, "cmp l1 l2");
    }
    sw_cleanup_free char *sums =
        scratch_ask(&scratch, "sha256sum <l1; gzip -dc l1 | sha256sum; stat -c %s l1; gzip -dc l1 | wc -c");
    sw_cleanup_free char *wanted = sw_format("%s  -\n%s  -\n%llu\n%llu\n", first.digest + 7, first.diff_id + 7,
                                             (unsigned long long)first.bytes, (unsigned long long)first.tar_bytes);
    assert_string_equal(sums, wanted);
    scratch_end(&scratch);
}

static void names_are_sorted_and_marks_are_those_of_layers(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch,
                "mkdir -p upper/a/o upper/b; cd upper; mknod a/gone c 0 0; echo x >a/z; echo y >a-b; ln a/z b/z; touch a/o/new; "
                "setfattr -n trusted.overlay.opaque -v y a/o; chmod 700 a/o; mknod zz c 0 0");
    struct sw_layer_sum sum = write_layer(&scratch, "upper", "l", 2);
    sw_cleanup_free char *names =
        scratch_ask(&scratch, "tar -tvzf l --numeric-owner --full-time | sed 's/  */ /g' | cut -d' ' -f1,2,3,4,6-");
    assert_string_equal(names,
                        "drwxr-xr-x 0/0 0 2017-07-14 a/\n---------- 0/0 0 2017-07-14 a/.wh.gone\ndrwx------ 0/0 0 2017-07-14 a/o/\n"
                        "---------- 0/0 0 2017-07-14 a/o/.wh..wh..opq\n-rw-r--r-- 0/0 0 2017-07-14 a/o/new\n"
                        "-rw-r--r-- 0/0 2 2017-07-14 a/z\n-rw-r--r-- 0/0 2 2017-07-14 a-b\ndrwxr-xr-x 0/0 0 2017-07-14 b/\n"
                        "hrw-r--r-- 0/0 0 2017-07-14 b/z link to a/z\n---------- 0/0 0 2017-07-14 .wh.zz\n");
    assert_int_equal(sum.entries, 10);
    scratch_end(&scratch);
}

static void a_layer_unpacks_to_the_folder_it_was_made_of(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    make_upper(&scratch);
    scratch_run(&scratch, "rm upper/sock; chmod 0 upper/a/gone upper/top; find upper -exec touch -h -d @1000000000 {} +");
    scratch_run(&scratch,
                "setfattr -x trusted.overlay.origin upper/a; setfattr -x trusted.overlay.impure upper/a; setfattr -x trusted.other "
                "upper/a/b");
    struct sw_layer_sum sum = write_layer(&scratch, "upper", "l", 3);
    unpack_into(&scratch, "l", "again", &sum);
    scratch_run(&scratch,
                "diff -r --no-dereference --exclude=null --exclude=disk --exclude=pipe --exclude=gone --exclude=top upper again");
    int a = openat(scratch.fd, "upper", O_RDONLY | O_CLOEXEC), b = openat(scratch.fd, "again", O_RDONLY | O_CLOEXEC);
    scratch_run(&scratch, "touch -h -d @1000000000 again/a/gone again/top"); /* whiteouts have no time of their own */
    scratch_run(&scratch, "touch -d @1000000000 again/a again");
    sw_cleanup_free char *before = listing_of(a), *after = listing_of(b);
    assert_string_equal(before, after);
    close(a);
    close(b);
    sw_cleanup_free char *opaque = scratch_ask(&scratch, "getfattr --only-values -n trusted.overlay.opaque again/c");
    assert_string_equal(opaque, "y");
    struct sw_layer_sum twice = write_layer(&scratch, "again", "l2", 2);
    assert_string_equal(twice.digest, sum.digest);
    scratch_end(&scratch);
}

static void other_programs_read_it_too(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    make_upper(&scratch);
    scratch_run(&scratch, "rm upper/sock");
    write_layer(&scratch, "upper", "l", 2);
    scratch_run(&scratch, "mkdir t && tar --xattrs --xattrs-include='*' --numeric-owner -xpzf l -C t && rm upper/a/gone upper/top "
                          "t/a/.wh.gone t/.wh.top "
                          "t/c/.wh..wh..opq && diff -r --no-dereference --exclude=null --exclude=disk --exclude=pipe upper t && "
                          "test t/a/one -ef t/c/uno && test \"$(getcap t/a/one | cut -d' ' -f2)\" = cap_net_raw=ep && "
                          "test $(stat -c %u t/s0) = 3000000 && test $(stat -c %u:%a t/a/one) = 7:4755");
    scratch_end(&scratch);
}

static void an_unchanged_part_keeps_its_members(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, "mkdir u; cd u; i=0; while [ $i -lt 2000 ]; do head -c 2000 /dev/urandom >f$i; i=$((i+1)); done");
    write_layer(&scratch, "u", "l1", 2);
    scratch_run(&scratch, "echo new >u/a-first-one");
    write_layer(&scratch, "u", "l2", 2);
    sw_cleanup_free char *common =
        scratch_ask(&scratch, "s1=$(stat -c %s l1); t=$((s1 - 1500000)); tail -c $t l1 >a; tail -c $t l2 >b; cmp a b "
                              "&& echo same");
    assert_string_equal(common, "same\n");
    scratch_end(&scratch);
}

static void an_empty_folder_is_an_empty_layer(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_mkdir(&scratch, "upper");
    struct sw_layer_sum sum = write_layer(&scratch, "upper", "l", 2);
    assert_int_equal(sum.entries, 0);
    assert_string_equal(sum.diff_id, "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
    scratch_end(&scratch);
}

/* What the kernel's overlay makes of changes, through a layer and back below another overlay. */
static void an_overlay_on_the_unpacked_layer_shows_what_the_step_saw(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(
        &scratch,
        "mkdir disk && mount -t tmpfs none disk && cd disk && mkdir -p low/keep low/gone low/remade/in low/d up work merged && "
        "echo 1 >low/keep/f; echo 2 >low/gone/f; echo 3 >low/remade/in/f; echo 4 >low/d/old; echo 5 >low/d/stay; ln low/d/stay "
        "low/d/hard; "
        "mount -t overlay none -o lowerdir=low,upperdir=up,workdir=work,redirect_dir=off,metacopy=off,index=off,xino=off merged && "
        "rm -r merged/gone merged/d/old && rm -r merged/remade && mkdir merged/remade && echo new >merged/remade/f && chmod 600 "
        "merged/d/stay && echo n >merged/n && ln -s n merged/l && mkdir merged/keep/sub");
    struct sw_layer_sum sum = write_layer(&scratch, "disk/up", "disk/l", 2);
    unpack_into(&scratch, "disk/l", "disk/diff", &sum);
    scratch_run(
        &scratch,
        "cd disk && mkdir again && mount -t overlay none -o lowerdir=diff:low,redirect_dir=off again && find merged -exec touch "
        "-h -d @1600000000 {} + && diff -r --no-dereference merged again");
    sw_cleanup_free char *names = scratch_ask(&scratch, "cd disk/again && find . -printf '%p %m\\n' | sort");
    sw_cleanup_free char *wanted = scratch_ask(&scratch, "cd disk/merged && find . -printf '%p %m\\n' | sort");
    assert_string_equal(names, wanted);
    scratch_run(&scratch, "cd disk && umount again merged && cd .. && umount disk");
    scratch_end(&scratch);
}

static void the_other_overlays_mark_means_nothing(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, "mkdir -p u/d; setfattr -n user.overlay.opaque -v y u/d");
    assert_int_equal(write_layer(&scratch, "u", "l", 1).entries, 1);
    scratch_end(&scratch);
}

static bool at_once(void *context) {
    (void)context;
    return true;
}

static void stops_when_cancelled(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, "mkdir u; touch u/f");
    struct sw_work work = {.cancelled = at_once};
    struct sw_layer_job job = {.threads = 2, .work = &work};
    job.folder = openat(scratch.fd, "u", O_RDONLY | O_CLOEXEC);
    job.blob = openat(scratch.fd, "l", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct sw_layer_sum sum;
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_layer_write(&job, &sum, &error));
    assert_int_equal(error->code, SW_ERROR_CANCELLED);
    close(job.folder);
    close(job.blob);
    scratch_end(&scratch);
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    scratch_run(&scratch, "mkdir u; head -c 3000000 /dev/urandom >u/f");
    struct sw_layer_job job = {.threads = 2};
    job.folder = openat(scratch.fd, "u", O_RDONLY | O_CLOEXEC);
    job.blob = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct sw_layer_sum sum;
    sw_cleanup_error struct sw_error *error = NULL;
    assert_false(sw_layer_write(&job, &sum, &error));
    assert_int_equal(error->code, SW_ERROR_NO_SPACE);
    close(job.folder);
    close(job.blob);
    scratch_end(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_threads_changes_no_byte),
        cmocka_unit_test(names_are_sorted_and_marks_are_those_of_layers),
        cmocka_unit_test(a_layer_unpacks_to_the_folder_it_was_made_of),
        cmocka_unit_test(other_programs_read_it_too),
        cmocka_unit_test(an_unchanged_part_keeps_its_members),
        cmocka_unit_test(an_empty_folder_is_an_empty_layer),
        cmocka_unit_test(an_overlay_on_the_unpacked_layer_shows_what_the_step_saw),
        cmocka_unit_test(the_other_overlays_mark_means_nothing),
        cmocka_unit_test(stops_when_cancelled),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
