/* Sprig's family of certificates. */
#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/template/base64.h"
#include "core/template/engine.h"
#include "core/template/format.h"
#include "core/template/function.h"
#include "core/template/keys.h"

enum { KEY_BITS = 2048, SERIAL_BITS = 128, DAY = 86400 };

/* What a certificate is to say. */
struct request {
    struct sw_str name;
    struct sw_datum ips, dns; /* lists, or nil */
    int64_t days;
    bool authority;
};

/* Who signs. Without a certificate of its own the new one signs itself. */
struct issuer {
    X509 *certificate;
    EVP_PKEY *key;
};

static bool not_a_string(struct sw_call *call, const char *what, struct sw_datum value) {
    sw_buf_printf(call->error, "%s: ", what);
    sw_fmt_print(call->engine, call->error, &value, 1);
    return sw_call_fail(call, " is not a string");
}

static bool add_name(GENERAL_NAMES *names, int type, const void *data, size_t len) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *string = ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    ASN1_STRING_set(string, data, (int)len);
    GENERAL_NAME_set0_value(name, type, string);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

static bool add_dns(struct sw_call *call, GENERAL_NAMES *names, struct sw_datum list) {
    for (size_t i = 0; i < sw_list_len(list); i++) {
        struct sw_datum item = sw_list_item(list, i);
        if (item.type != SW_T_STRING)
            return not_a_string(call, "error processing alternate dns name", item);
        add_name(names, GEN_DNS, item.text.len ? item.text.data : "", item.text.len);
    }
    return true;
}

static bool add_ips(struct sw_call *call, GENERAL_NAMES *names, struct sw_datum list) {
    for (size_t i = 0; i < sw_list_len(list); i++) {
        struct sw_datum item = sw_list_item(list, i);
        unsigned char address[16];
        if (item.type != SW_T_STRING)
            return not_a_string(call, "error parsing ip", item);
        const char *text = sw_str_z(call->arena, item.text);
        bool four = inet_pton(AF_INET, text, address) == 1;
        if (!four && inet_pton(AF_INET6, text, address) != 1)
            return sw_call_fail_str(call, "error parsing ip: ", item.text);
        add_name(names, GEN_IPADD, address, four ? 4 : 16);
    }
    return true;
}

/* Checks the addresses first, as their errors come first, and puts them behind the names. */
static bool add_alternates(struct sw_call *call, X509 *certificate, const struct request *request) {
    GENERAL_NAMES *names = GENERAL_NAMES_new(), *ips = GENERAL_NAMES_new();
    bool good = add_ips(call, ips, request->ips) && add_dns(call, names, request->dns);
    while (sk_GENERAL_NAME_num(ips) > 0)
        sk_GENERAL_NAME_push(names, sk_GENERAL_NAME_shift(ips));
    if (good && sk_GENERAL_NAME_num(names) > 0)
        good = X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    GENERAL_NAMES_free(ips);
    return good;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension)
        X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void set_serial(X509 *certificate) {
    BIGNUM *number = BN_new();
    BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
}

/* All but the signature. */
static bool fill(struct sw_call *call, X509 *certificate, const struct request *request, EVP_PKEY *key, X509 *issuer) {
    time_t now = time(NULL);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    set_serial(certificate);
    ASN1_TIME_set(X509_getm_notBefore(certificate), now);
    ASN1_TIME_set(X509_getm_notAfter(certificate), now + request->days * DAY);
    if (request->name.len)
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)request->name.data,
                                   (int)request->name.len, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    add_extension(certificate, issuer, NID_key_usage,
                  request->authority ? "critical,digitalSignature,keyEncipherment,keyCertSign"
                                     : "critical,digitalSignature,keyEncipherment");
    add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(certificate, issuer, NID_basic_constraints, request->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (request->authority)
        add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    if (issuer)
        add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
    return add_alternates(call, certificate, request);
}

static bool sign(struct sw_call *call, X509 *certificate, EVP_PKEY *key, const struct issuer *issuer) {
    EVP_PKEY *signer = issuer ? issuer->key : key;
    if (EVP_PKEY_id(signer) == EVP_PKEY_DSA)
        return sw_call_fail(call, "error creating certificate: x509: certificate private key does not implement crypto.Signer");
    if (issuer && X509_check_private_key(issuer->certificate, signer) != 1)
        return sw_call_fail(call, "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey");
    const EVP_MD *digest = EVP_PKEY_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    return X509_sign(certificate, signer, digest) > 0 || sw_call_fail(call, "error creating certificate: cannot sign");
}

static bool return_certificate(struct sw_call *call, struct sw_str cert, struct sw_str key) {
    struct sw_certificate *result = sw_arena_new(call->arena, sizeof *result);
    *result = (struct sw_certificate){cert, key};
    return sw_return(call, (struct sw_datum){.type = SW_T_CERTIFICATE, .certificate = result});
}

static bool finish(struct sw_call *call, X509 *certificate, EVP_PKEY *key) {
    struct sw_buf cert = {0}, pem = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = PEM_write_bio_X509(bio, certificate) == 1 && sw_key_write(&pem, key);
    sw_bio_take(&cert, bio);
    struct sw_str cert_text = sw_str_take(call->arena, &cert), key_text = sw_str_take(call->arena, &pem);
    return good ? return_certificate(call, cert_text, key_text) : sw_call_fail(call, "error pem-encoding certificate");
}

/* Makes the certificate for a key, which is new if no text of one is given. */
static bool make(struct sw_call *call, const struct request *request, const struct sw_str *pem, const struct issuer *issuer) {
    sw_cleanup_buf struct sw_buf detail = {0};
    if (!pem && !sw_call_takes_long(call))
        return false;
    EVP_PKEY *key = pem ? sw_key_parse(*pem, &detail) : sw_key_generate(sw_str_of("rsa"), KEY_BITS);
    if (!key)
        return pem ? sw_call_fail_str(call, "parsing private key: ", (struct sw_str){detail.data, detail.len})
                   : sw_call_fail(call, "error generating rsa key");
    X509 *certificate = X509_new();
    bool good = fill(call, certificate, request, key, issuer ? issuer->certificate : NULL) &&
                sign(call, certificate, key, issuer) && finish(call, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return good;
}

/* The text of the key that the …WithKey forms take as their last argument. */
static const struct sw_str *key_argument(const struct sw_call *call, size_t index) {
    return call->count > index ? &call->args[index].text : NULL;
}

static bool fn_gen_ca(struct sw_call *call) {
    struct request request = {.name = call->args[0].text, .days = call->args[1].number, .authority = true};
    return make(call, &request, key_argument(call, 2), NULL);
}

static struct request request_of(const struct sw_call *call) {
    return (struct request){.name = call->args[0].text, .ips = call->args[1], .dns = call->args[2], .days = call->args[3].number};
}

static bool fn_gen_self_signed(struct sw_call *call) {
    struct request request = request_of(call);
    return make(call, &request, key_argument(call, 4), NULL);
}

/* The certificate in the first PEM block. */
static X509 *parse_certificate(struct sw_call *call, struct sw_str pem, const char *what) {
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    X509 *certificate = NULL;
    BIO *bio = BIO_new_mem_buf(pem.len ? pem.data : "", (int)pem.len);
    if (!PEM_read_bio(bio, &name, &header, &data, &len)) {
        sw_call_fail(call, "unable to decode certificate");
    } else {
        const unsigned char *bytes = data;
        certificate = d2i_X509(NULL, &bytes, len);
        if (!certificate)
            sw_call_fail(call, "error parsing certificate: %s: x509: malformed certificate", what);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *parse_signer(struct sw_call *call, struct sw_str pem) {
    sw_cleanup_buf struct sw_buf detail = {0};
    EVP_PKEY *key = sw_key_parse(pem, &detail);
    if (!key)
        sw_call_fail_str(call, "error parsing private key: ", (struct sw_str){detail.data, detail.len});
    return key;
}

static bool fn_gen_signed(struct sw_call *call) {
    struct request request = request_of(call);
    const struct sw_certificate *authority = call->args[4].certificate;
    struct issuer issuer = {.certificate = parse_certificate(call, authority->cert, "decodedSignerCert.Bytes")};
    issuer.key = issuer.certificate ? parse_signer(call, authority->key) : NULL;
    bool good = issuer.key && make(call, &request, key_argument(call, 5), &issuer);
    X509_free(issuer.certificate);
    EVP_PKEY_free(issuer.key);
    return good;
}

static bool decode(struct sw_call *call, struct sw_str text, const char *message, struct sw_str *out) {
    sw_cleanup_buf struct sw_buf error = {0};
    struct sw_buf data = {0};
    bool good = sw_base64_read(&data, text, &error);
    *out = sw_str_take(call->arena, &data);
    return good || sw_call_fail(call, "%s", message);
}

static bool fn_build_custom(struct sw_call *call) {
    struct sw_str cert, key;
    if (!decode(call, call->args[0].text, "unable to decode base64 certificate", &cert) ||
        !decode(call, call->args[1].text, "unable to decode base64 private key", &key))
        return false;
    X509 *certificate = parse_certificate(call, cert, "decodedCert.Bytes");
    EVP_PKEY *parsed = certificate ? parse_signer(call, key) : NULL;
    bool good = parsed != NULL;
    X509_free(certificate);
    EVP_PKEY_free(parsed);
    return good && return_certificate(call, cert, key);
}

const struct sw_function sw_certificate_functions[] = {
    {"genCA", "si", 'c', fn_gen_ca},
    {"genCAWithKey", "sis", 'c', fn_gen_ca},
    {"genSelfSignedCert", "slli", 'c', fn_gen_self_signed},
    {"genSelfSignedCertWithKey", "sllis", 'c', fn_gen_self_signed},
    {"genSignedCert", "sllic", 'c', fn_gen_signed},
    {"genSignedCertWithKey", "sllics", 'c', fn_gen_signed},
    {"buildCustomCert", "ss", 'c', fn_build_custom},
    {NULL, NULL, 0, NULL},
};
