/* Sprig's family of encodings and checksums. */
#include <openssl/evp.h>

#include "core/base/hash.h"
#include "core/template/adler.h"
#include "core/template/base64.h"
#include "core/template/engine.h"
#include "core/template/function.h"

static bool encode(struct sw_call *call, void (*write)(struct sw_buf *, struct sw_str)) {
    sw_cleanup_buf struct sw_buf out = {0};
    write(&out, call->args[0].text);
    return sw_call_affords(call, out.len) && sw_return_taken(call, &out);
}

/* A message about bad input is the result, not an error. */
static bool decode(struct sw_call *call, bool (*read)(struct sw_buf *, struct sw_str, struct sw_buf *)) {
    sw_cleanup_buf struct sw_buf out = {0}, error = {0};
    bool good = read(&out, call->args[0].text, &error);
    return sw_return_taken(call, good ? &out : &error);
}

static bool fn_b64enc(struct sw_call *call) {
    return encode(call, sw_base64_write);
}

static bool fn_b64dec(struct sw_call *call) {
    return decode(call, sw_base64_read);
}

static bool fn_b32enc(struct sw_call *call) {
    return encode(call, sw_base32_write);
}

static bool fn_b32dec(struct sw_call *call) {
    return decode(call, sw_base32_read);
}

static bool sum(struct sw_call *call, const EVP_MD *kind) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    struct sw_str text = call->args[0].text;
    if (!EVP_Digest(text.len ? text.data : "", text.len, digest, &len, kind, NULL))
        return sw_call_fail(call, "the checksum is not available");
    sw_hex(digest, len, hex);
    return sw_return_text(call, sw_str_copy(call->arena, sw_str_of(hex)));
}

static bool fn_sha1sum(struct sw_call *call) {
    return sum(call, EVP_sha1());
}

static bool fn_sha256sum(struct sw_call *call) {
    return sum(call, EVP_sha256());
}

static bool fn_adler32sum(struct sw_call *call) {
    return sw_return_text(call, sw_str_of(sw_arena_format(call->arena, "%u", sw_adler32(call->args[0].text))));
}

const struct sw_function sw_encoding_functions[] = {
    {"b64enc", "s", 's', fn_b64enc},         {"b64dec", "s", 's', fn_b64dec},
    {"b32enc", "s", 's', fn_b32enc},         {"b32dec", "s", 's', fn_b32dec},
    {"sha1sum", "s", 's', fn_sha1sum},       {"sha256sum", "s", 's', fn_sha256sum},
    {"adler32sum", "s", 's', fn_adler32sum}, {NULL, NULL, 0, NULL},
};
