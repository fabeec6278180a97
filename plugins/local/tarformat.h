/* tarformat.h - what an entry of a tar is, the layout of its header, and the header's numbers. */
#ifndef PLUGINS_LOCAL_TARFORMAT_H
#define PLUGINS_LOCAL_TARFORMAT_H

#include <sys/types.h>
#include <time.h>

#include "slipway/types.h"

enum sw_tar_kind {
    SW_TAR_FILE,
    SW_TAR_HARDLINK,
    SW_TAR_SYMLINK,
    SW_TAR_CHAR,
    SW_TAR_BLOCK,
    SW_TAR_FOLDER,
    SW_TAR_FIFO,
};

struct sw_tar_xattr {
    const char *name;
    const void *value;
    size_t len;
};

/* Everything is borrowed; from a reader, until the next entry. */
struct sw_tar_entry {
    enum sw_tar_kind kind;
    const char *name;
    const char *link; /* of hard links and symlinks */
    mode_t mode;      /* permission bits */
    uid_t uid;
    gid_t gid;
    uint64_t bytes; /* of a file, holes included */
    struct timespec mtime;
    dev_t device;
    const struct sw_tar_xattr *xattrs;
    size_t xattr_count;
};

enum { SW_TAR_BLOCK_BYTES = 512 };

struct sw_tar_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[8]; /* "ustar\0" "00", or "ustar  " */
    char uname[32];
    char gname[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char pad[12];
};

/* The sum over the header with blanks for the checksum field; `negative` takes bytes as signed, as some old programs did. */
int64_t sw_tar_checksum(const struct sw_tar_header *header, bool negative);

/* Reads an octal or base-256 field. False when it is neither, or does not fit. */
bool sw_tar_number(const char *field, size_t len, int64_t *value);

/* Writes an octal field of `len` bytes with its NUL. False when it does not fit. */
bool sw_tar_octal(char *field, size_t len, int64_t value);

/* Size of `bytes` in whole blocks. */
uint64_t sw_tar_padded(uint64_t bytes);

#endif
