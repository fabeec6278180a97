/* packet.h - the messages of the file transfer protocol (fsutil): one packet a gRPC message. Pure. */
#ifndef PLUGINS_BUILDKIT_PACKET_H
#define PLUGINS_BUILDKIT_PACKET_H

#include "core/base/buf.h"
#include "slipway/types.h"

enum sw_packet_type { SW_PACKET_STAT = 0, SW_PACKET_REQ = 1, SW_PACKET_DATA = 2, SW_PACKET_FIN = 3, SW_PACKET_ERR = 4 };

/* Bits of a mode as Go's os.FileMode has them. */
#define SW_GO_MODE_DIR (1u << 31)
#define SW_GO_MODE_SYMLINK (1u << 27)

struct sw_packet_stat {
    const char *path;
    uint32_t mode; /* Go's */
    uint32_t uid;
    uint32_t gid;
    int64_t size;
    int64_t mtime; /* nanoseconds */
    const char *linkname;
};

struct sw_packet {
    uint32_t type; /* enum sw_packet_type */
    uint32_t id;
    struct sw_bytes data; /* borrowed from the message */
    bool has_stat;
};

/* Appends a packet's bytes. `stat` NULL: the end of the list, which is an empty message. */
void sw_packet_put_stat(struct sw_buf *out, const struct sw_packet_stat *stat);
void sw_packet_put_data(struct sw_buf *out, uint32_t id, struct sw_bytes data); /* empty data: the file's end */
void sw_packet_put(struct sw_buf *out, enum sw_packet_type type, const char *text);

/* False when it is malformed. */
bool sw_packet_read(struct sw_bytes message, struct sw_packet *packet);

/* The order in which paths must be sent: as if '/' were less than every other byte. */
int sw_packet_path_order(const char *a, const char *b);

#endif
