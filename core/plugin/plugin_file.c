#include "core/plugin/plugin_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/path.h"

static char *check_rights(const char *what, const struct stat *status) {
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return sw_format("%s belongs to user %u, who is neither root nor you", what, (unsigned)status->st_uid);
    if (status->st_mode & (S_IWGRP | S_IWOTH))
        return sw_format("others can write to %s (mode %04o)", what, (unsigned)status->st_mode & 07777);
    return NULL;
}

static char *check_elf(int fd) {
    ElfW(Ehdr) header;
    if (pread(fd, &header, sizeof header, 0) != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return sw_strdup("it is no ELF file");
    ElfW(Ehdr) own;
    sw_cleanup_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool same = self < 0 || pread(self, &own, sizeof own, 0) != sizeof own ||
                (own.e_machine == header.e_machine && own.e_ident[EI_CLASS] == header.e_ident[EI_CLASS]);
    if (!same)
        return sw_format("it was made for another machine (ELF machine %u)", header.e_machine);
    return header.e_type == ET_DYN ? NULL : sw_strdup("it is no shared object");
}

char *sw_plugin_file_check(const char *path) {
    struct stat status;
    sw_cleanup_free char *folder = sw_path_dir(path);
    char *reason;
    if (stat(folder, &status))
        return sw_format("its folder cannot be looked at: %s", strerror(errno));
    if ((reason = check_rights("its folder", &status)))
        return reason;
    sw_cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &status))
        return sw_format("it cannot be opened: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return sw_strdup("it is no regular file");
    if ((reason = check_rights("it", &status)))
        return reason;
    return check_elf(fd);
}
