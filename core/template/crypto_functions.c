/* Sprig's family of passwords, keys, encryption and random texts; certificates are certificate_functions.c's. */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "core/template/base64.h"
#include "core/template/engine.h"
#include "core/template/function.h"
#include "core/template/keys.h"
#include "core/template/random.h"

enum { BCRYPT_COST = 10, BCRYPT_SALT = 16, BCRYPT_MAX = 72, BLOCK = 16, KEY_SIZE = 32, RSA_BITS = 4096 };

static bool return_string(struct sw_call *call, const char *text) {
    return sw_return_text(call, sw_str_copy(call->arena, sw_str_of(text)));
}

/* Appends the hash, or a message in its place. */
static void write_bcrypt(struct sw_call *call, struct sw_buf *out, struct sw_str password) {
    static const char failed[] = "failed to encrypt string with bcrypt: ";
    char salt[BCRYPT_SALT], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data *data = sw_arena_new(call->arena, sizeof *data);
    if (password.len > BCRYPT_MAX) {
        sw_buf_printf(out, "%sbcrypt: password length exceeds 72 bytes", failed);
        return;
    }
    sw_random_bytes(salt, sizeof salt);
    const char *hash = crypt_gensalt_rn("$2a$", BCRYPT_COST, salt, sizeof salt, setting, sizeof setting)
                           ? crypt_r(sw_str_z(call->arena, password), setting, data)
                           : NULL;
    if (hash && hash[0] == '$')
        sw_buf_puts(out, hash);
    else
        sw_buf_printf(out, "%snot available on this system", failed);
}

static bool fn_bcrypt(struct sw_call *call) {
    if (!sw_call_takes_long(call))
        return false;
    sw_cleanup_buf struct sw_buf out = {0};
    write_bcrypt(call, &out, call->args[0].text);
    return sw_return_taken(call, &out);
}

static bool fn_htpasswd(struct sw_call *call) {
    struct sw_str user = call->args[0].text;
    sw_cleanup_buf struct sw_buf out = {0};
    if (sw_str_find(user, sw_str_of(":")) >= 0) {
        sw_buf_puts(&out, "invalid username: ");
        sw_buf_add_str(&out, user);
        return sw_return_taken(call, &out);
    }
    if (!sw_call_takes_long(call))
        return false;
    sw_buf_add_str(&out, user);
    sw_buf_putc(&out, ':');
    write_bcrypt(call, &out, call->args[1].text);
    return sw_return_taken(call, &out);
}

/* The shapes of derived passwords: a letter stands for a class of characters. */
static const struct {
    const char *type;
    const char *shapes; /* separated by spaces */
} password_types[] = {
    {"maximum", "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno"},
    {"long", "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv "
             "CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv "
             "CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"},
    {"medium", "CvcnoCvc CvcCvcno"},
    {"short", "Cvcn"},
    {"basic", "aaanaaan aannaaan aaannaaa"},
    {"pin", "nnnn"},
};

static const char *class_of(char letter) {
    switch (letter) {
    case 'V':
        return "AEIOU";
    case 'C':
        return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v':
        return "aeiou";
    case 'c':
        return "bcdfghjklmnpqrstvwxyz";
    case 'a':
        return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n':
        return "0123456789";
    case 'o':
        return "@&%?,=[]_:-+*$#!'^~;()/.";
    default:
        return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
    }
}

static void add_counted(struct sw_buf *out, struct sw_str text) {
    for (int shift = 24; shift >= 0; shift -= 8)
        sw_buf_putc(out, (char)(text.len >> shift));
    sw_buf_add_str(out, text);
}

/* HMAC of the site under a key stretched from the password. */
static bool password_seed(const struct sw_call *call, unsigned char seed[32]) {
    static const char scope[] = "com.lyndir.masterpassword";
    enum { STRETCHED = 64, N = 32768, R = 8, P = 2, MAX_MEMORY = 256 << 20 };
    unsigned char key[STRETCHED];
    struct sw_str password = call->args[2].text;
    uint64_t counter = call->args[0].natural;
    sw_cleanup_buf struct sw_buf salt = {0}, site = {0};
    sw_buf_puts(&salt, scope);
    add_counted(&salt, call->args[3].text);
    sw_buf_puts(&site, scope);
    add_counted(&site, call->args[4].text);
    for (int shift = 24; shift >= 0; shift -= 8)
        sw_buf_putc(&site, (char)(counter >> shift));
    return EVP_PBE_scrypt(password.len ? password.data : "", password.len, (const unsigned char *)salt.data, salt.len, N, R, P,
                          MAX_MEMORY, key, sizeof key) == 1 &&
           HMAC(EVP_sha256(), key, sizeof key, (const unsigned char *)site.data, site.len, seed, NULL) != NULL;
}

/* Which of the shapes, counted by spaces, and where it begins. */
static struct sw_str shape_at(const char *shapes, unsigned char choice) {
    size_t count = 1;
    for (const char *c = shapes; *c; c++)
        count += *c == ' ';
    for (size_t skip = choice % count; skip > 0; skip--)
        shapes = strchr(shapes, ' ') + 1;
    return (struct sw_str){shapes, strcspn(shapes, " ")};
}

static bool fn_derive_password(struct sw_call *call) {
    const char *shapes = NULL;
    for (size_t i = 0; i < sizeof password_types / sizeof password_types[0]; i++)
        if (sw_str_is(call->args[1].text, password_types[i].type))
            shapes = password_types[i].shapes;
    sw_cleanup_buf struct sw_buf out = {0};
    if (!shapes) {
        sw_buf_puts(&out, "cannot find password template ");
        sw_buf_add_str(&out, call->args[1].text);
        return sw_return_taken(call, &out);
    }
    unsigned char seed[32];
    if (!sw_call_takes_long(call))
        return false;
    if (!password_seed(call, seed))
        return return_string(call, "failed to derive password");
    struct sw_str shape = shape_at(shapes, seed[0]);
    for (size_t i = 0; i < shape.len; i++) {
        const char *set = class_of(shape.data[i]);
        sw_buf_putc(&out, set[seed[i + 1] % strlen(set)]);
    }
    return sw_return_taken(call, &out);
}

static bool fn_gen_private_key(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf out = {0};
    struct sw_str kind = call->args[0].text;
    if (!sw_key_is_kind(kind)) {
        sw_buf_puts(&out, "Unknown type ");
        sw_buf_add_str(&out, kind);
        return sw_return_taken(call, &out);
    }
    if (!sw_call_takes_long(call))
        return false;
    EVP_PKEY *key = sw_key_generate(kind, RSA_BITS);
    bool good = key && sw_key_write(&out, key);
    EVP_PKEY_free(key);
    return good ? sw_return_taken(call, &out) : return_string(call, "failed to generate private key");
}

/* The password as a key: cut or padded with zeros. */
static void key_of(struct sw_str password, unsigned char key[KEY_SIZE]) {
    memset(key, 0, KEY_SIZE);
    if (password.len)
        memcpy(key, password.data, password.len < KEY_SIZE ? password.len : KEY_SIZE);
}

enum direction { DECRYPT, ENCRYPT };

/* AES-256-CBC without padding of its own; `data` is whole blocks. */
static bool run_cipher(const unsigned char key[KEY_SIZE], const unsigned char iv[BLOCK], enum direction direction,
                       unsigned char *data, size_t len) {
    int done = 0, rest = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv, direction) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 && EVP_CipherUpdate(context, data, &done, data, (int)len) == 1 &&
                EVP_CipherFinal_ex(context, data + done, &rest) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}

static bool fn_encrypt_aes(struct sw_call *call) {
    struct sw_str text = call->args[1].text;
    if (text.len == 0)
        return return_string(call, "");
    if (!sw_call_affords(call, text.len * 2))
        return false;
    unsigned char key[KEY_SIZE];
    key_of(call->args[0].text, key);
    size_t padding = BLOCK - text.len % BLOCK, len = text.len + padding;
    unsigned char *all = sw_arena_new(call->arena, BLOCK + len);
    sw_random_bytes(all, BLOCK);
    memcpy(all + BLOCK, text.data, text.len);
    memset(all + BLOCK + text.len, (int)padding, padding);
    if (!run_cipher(key, all, ENCRYPT, all + BLOCK, len))
        return sw_call_fail(call, "AES is not available");
    sw_cleanup_buf struct sw_buf out = {0};
    sw_base64_write(&out, (struct sw_str){(const char *)all, BLOCK + len});
    return sw_return_taken(call, &out);
}

static bool fn_decrypt_aes(struct sw_call *call) {
    sw_cleanup_buf struct sw_buf data = {0};
    unsigned char key[KEY_SIZE];
    if (call->args[1].text.len == 0)
        return return_string(call, "");
    if (!sw_base64_read(&data, call->args[1].text, call->error))
        return false;
    if (data.len < BLOCK)
        return sw_call_fail(call, "runtime error: slice bounds out of range [:16] with capacity %zu", data.len);
    size_t len = data.len - BLOCK;
    if (len % BLOCK)
        return sw_call_fail(call, "crypto/cipher: input not full blocks");
    if (len == 0)
        return sw_call_fail(call, "runtime error: index out of range [-1]");
    key_of(call->args[0].text, key);
    unsigned char *text = (unsigned char *)data.data + BLOCK;
    if (!run_cipher(key, (unsigned char *)data.data, DECRYPT, text, len))
        return sw_call_fail(call, "AES is not available");
    size_t padding = text[len - 1];
    if (padding > len)
        return sw_call_fail(call, "runtime error: slice bounds out of range [:%d]", (int)len - (int)padding);
    return sw_return_text(call, sw_str_copy(call->arena, (struct sw_str){(const char *)text, len - padding}));
}

static bool fn_rand_bytes(struct sw_call *call) {
    int64_t count = call->args[0].number;
    if (count < 0)
        return sw_call_fail(call, "runtime error: makeslice: len out of range");
    if (!sw_call_affords(call, (size_t)count))
        return false;
    char *bytes = sw_arena_new(call->arena, (size_t)count);
    sw_random_bytes(bytes, (size_t)count);
    sw_cleanup_buf struct sw_buf out = {0};
    sw_base64_write(&out, (struct sw_str){bytes, (size_t)count});
    return sw_return_taken(call, &out);
}

/* `count` characters out of a set; none for a negative count. */
static bool random_text(struct sw_call *call, const char *set) {
    int64_t count = call->args[0].number;
    size_t size = strlen(set);
    sw_cleanup_buf struct sw_buf out = {0};
    if (count > 0 && !sw_call_affords(call, (size_t)count))
        return false;
    for (int64_t i = 0; i < count; i++)
        sw_buf_putc(&out, set[sw_random_below(size)]);
    return sw_return_taken(call, &out);
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";

static bool fn_rand_alpha_num(struct sw_call *call) {
    char set[sizeof letters + sizeof digits];
    strcpy(set, letters);
    strcat(set, digits);
    return random_text(call, set);
}

static bool fn_rand_alpha(struct sw_call *call) {
    return random_text(call, letters);
}

static bool fn_rand_numeric(struct sw_call *call) {
    return random_text(call, digits);
}

static bool fn_rand_ascii(struct sw_call *call) {
    char set[0x7F - ' ' + 1] = {0};
    for (char c = ' '; c < 0x7F; c++)
        set[c - ' '] = c;
    return random_text(call, set);
}

static bool fn_uuidv4(struct sw_call *call) {
    unsigned char bytes[16];
    sw_random_bytes(bytes, sizeof bytes);
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    sw_cleanup_buf struct sw_buf out = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        sw_buf_printf(&out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    return sw_return_taken(call, &out);
}

const struct sw_function sw_crypto_functions[] = {
    {"bcrypt", "s", 's', fn_bcrypt},
    {"htpasswd", "ss", 's', fn_htpasswd},
    {"derivePassword", "ussss", 's', fn_derive_password},
    {"genPrivateKey", "s", 's', fn_gen_private_key},
    {"encryptAES", "ss", 's', fn_encrypt_aes},
    {"decryptAES", "ss", 's', fn_decrypt_aes},
    {"randBytes", "i", 's', fn_rand_bytes},
    {"randAlphaNum", "i", 's', fn_rand_alpha_num},
    {"randAlpha", "i", 's', fn_rand_alpha},
    {"randNumeric", "i", 's', fn_rand_numeric},
    {"randAscii", "i", 's', fn_rand_ascii},
    {"uuidv4", "", 's', fn_uuidv4},
    {NULL, NULL, 0, NULL},
};
