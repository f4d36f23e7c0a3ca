/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Certificate requests and certificates: made, read, checked. */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "crypto-internal.h"

DEFINE_CLEANUP(X509_REQ *, X509_REQ_free);
DEFINE_CLEANUP(X509_STORE *, X509_STORE_free);
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free);
DEFINE_CLEANUP(BIGNUM *, BN_free);

typedef STACK_OF(X509) certificate_stack;

static void certificate_stack_free(certificate_stack *stack)
{
    sk_X509_pop_free(stack, X509_free);
}

DEFINE_CLEANUP(certificate_stack *, certificate_stack_free);

/* A string with a NUL in it would read differently in C than in the certificate: refused. */
static int asn1_to_text(const ASN1_STRING *string, char **ret)
{
    uint8_t *utf8 = NULL;
    char *text = NULL;
    int size;

    size = ASN1_STRING_to_UTF8(&utf8, string);
    if (size < 0)
        return crypto_error(-EBADMSG);
    if (!memchr(utf8, '\0', size))
        text = strndup((const char *)utf8, size);
    OPENSSL_free(utf8);
    if (!text)
        return -EBADMSG;
    *ret = text;
    return 0;
}

static int common_name(const X509_NAME *subject, char **ret)
{
    int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0)
        return crypto_error(-EBADMSG);
    return asn1_to_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)), ret);
}

static int set_common_name(X509_NAME *subject, const char *name)
{
    if (X509_NAME_add_entry_by_NID(
                subject, NID_commonName, MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0) != 1)
        return crypto_error(-EIO);
    return 0;
}

int crypto_request_new(EVP_PKEY *key, const char *name, const char *challenge, char **ret_pem)
{
    _cleanup_(X509_REQ_free_p) X509_REQ *request = X509_REQ_new();
    _cleanup_(BIO_free_p) BIO *bio = BIO_new(BIO_s_mem());
    int r;

    if (!request || !bio || X509_REQ_set_pubkey(request, key) != 1)
        return crypto_error(-EIO);
    r = set_common_name(X509_REQ_get_subject_name(request), name);
    if (r < 0)
        return r;
    if (X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_UTF8,
                (const uint8_t *)challenge, -1) != 1 ||
            X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
            PEM_write_bio_X509_REQ(bio, request) != 1)
        return crypto_error(-EIO);
    return crypto_bio_to_text(bio, ret_pem);
}

static int request_challenge(X509_REQ *request, char **ret)
{
    const ASN1_TYPE *value;
    X509_ATTRIBUTE *attribute;
    int index;

    index = X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1);
    if (index < 0)
        return crypto_error(-EBADMSG);
    attribute = X509_REQ_get_attr(request, index);
    if (X509_ATTRIBUTE_count(attribute) != 1)
        return crypto_error(-EBADMSG);
    value = X509_ATTRIBUTE_get0_type(attribute, 0);
    if (!value || (value->type != V_ASN1_UTF8STRING && value->type != V_ASN1_PRINTABLESTRING))
        return crypto_error(-EBADMSG);
    return asn1_to_text(value->value.asn1_string, ret);
}

int crypto_request_from_pem(const char *pem, struct crypto_request *ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
    _cleanup_(X509_REQ_free_p) X509_REQ *request = NULL;
    _cleanup_free_ char *name = NULL, *challenge = NULL;
    EVP_PKEY *key;
    int r;

    if (!bio)
        return crypto_error(-EIO);
    request = PEM_read_bio_X509_REQ(bio, NULL, crypto_no_password, NULL);
    if (!request)
        return crypto_error(-EBADMSG);
    key = X509_REQ_get0_pubkey(request);
    if (!key || !crypto_key_is_p256(key) || X509_REQ_verify(request, key) != 1)
        return crypto_error(-EKEYREJECTED);
    r = common_name(X509_REQ_get_subject_name(request), &name);
    if (r < 0)
        return r;
    r = request_challenge(request, &challenge);
    if (r < 0)
        return r;
    EVP_PKEY_up_ref(key);
    *ret = (struct crypto_request){.key = key, .name = STEAL(name), .challenge = STEAL(challenge)};
    return 0;
}

void crypto_request_done(struct crypto_request *request)
{
    EVP_PKEY_free(request->key);
    free(request->name);
    free(request->challenge);
    *request = (struct crypto_request){};
}

/* 127 random bits: positive, unguessable, and within the 20 octets of RFC 5280. */
static int set_serial_number(X509 *certificate)
{
    _cleanup_(BN_free_p) BIGNUM *number = BN_new();

    if (!number || BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
            !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)))
        return crypto_error(-EIO);
    return 0;
}

static int add_extension(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
    X509_EXTENSION *extension;
    int ok;

    extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
    if (!extension)
        return crypto_error(-EINVAL);
    ok = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return ok == 1 ? 0 : crypto_error(-EIO);
}

static int add_extensions(
        X509 *certificate, X509 *issuer, const struct crypto_certificate_options *options)
{
    static const struct {
        const char *constraints, *usage, *extended;
    } uses[] = {
            [CRYPTO_CERTIFICATE_CA] = {"critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL},
            [CRYPTO_CERTIFICATE_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature",
                    "serverAuth"},
            [CRYPTO_CERTIFICATE_CLIENT] = {"critical,CA:FALSE", "critical,digitalSignature",
                    "clientAuth"},
    };
    const struct {
        int nid;
        const char *value;
    } extensions[] = {
            {NID_basic_constraints, uses[options->use].constraints},
            {NID_key_usage, uses[options->use].usage},
            {NID_ext_key_usage, uses[options->use].extended},
            {NID_subject_key_identifier, "hash"},
            {NID_authority_key_identifier, "keyid:always"},
            {NID_subject_alt_name, options->alt_names},
    };
    X509V3_CTX context;
    int r;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < ELEMENTSOF(extensions); i++) {
        if (!extensions[i].value)
            continue;
        r = add_extension(certificate, &context, extensions[i].nid, extensions[i].value);
        if (r < 0)
            return r;
    }
    return 0;
}

int crypto_certificate_new(const struct crypto_certificate_options *options, X509 **ret)
{
    _cleanup_(X509_free_p) X509 *certificate = X509_new();
    X509 *issuer = options->issuer ?: certificate;
    int r;

    if (!certificate || X509_set_version(certificate, X509_VERSION_3) != 1 ||
            X509_set_pubkey(certificate, options->key) != 1 ||
            !ASN1_TIME_set(X509_getm_notBefore(certificate), options->not_before) ||
            !ASN1_TIME_set(X509_getm_notAfter(certificate), options->not_after))
        return crypto_error(-EIO);
    r = set_serial_number(certificate);
    if (r < 0)
        return r;
    r = set_common_name(X509_get_subject_name(certificate), options->name);
    if (r < 0)
        return r;
    if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1)
        return crypto_error(-EIO);
    r = add_extensions(certificate, issuer, options);
    if (r < 0)
        return r;
    if (X509_sign(certificate, options->issuer_key ?: options->key, EVP_sha256()) <= 0)
        return crypto_error(-EIO);
    *ret = STEAL(certificate);
    return 0;
}

int crypto_certificate_from_pem(const char *pem, X509 **ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;

    if (!bio)
        return crypto_error(-EIO);
    certificate = PEM_read_bio_X509(bio, NULL, crypto_no_password, NULL);
    if (!certificate)
        return crypto_error(-EBADMSG);
    *ret = certificate;
    return 0;
}

struct key_password {
    const char *text;
    bool asked;
};

/* Never OpenSSL's own, which would ask on the terminal. */
static int give_password(char *buffer, int size, int writing, void *userdata)
{
    struct key_password *password = userdata;
    size_t length = password->text ? strlen(password->text) : 0;

    password->asked = true;
    if (length == 0 || length > (size_t)size)
        return -1;
    memcpy(buffer, password->text, length);
    return (int)length;
}

int crypto_certificate_check_key(
        const char *certificate_pem, const char *key_pem, const char *password)
{
    struct key_password given = {.text = password};
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(key_pem, -1);
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    int r;

    if (!bio)
        return crypto_error(-EIO);
    r = crypto_certificate_from_pem(certificate_pem, &certificate);
    if (r < 0)
        return r;
    key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &given);
    if (!key)
        return crypto_error(given.asked ? -EACCES : -EBADMSG);
    return X509_check_private_key(certificate, key) == 1 ? 0 : crypto_error(-EKEYREJECTED);
}

int crypto_certificate_from_der(const void *der, size_t size, X509 **ret)
{
    const uint8_t *data = der;
    X509 *certificate;

    certificate = d2i_X509(NULL, &data, size);
    if (!certificate)
        return crypto_error(-EBADMSG);
    *ret = certificate;
    return 0;
}

int crypto_certificate_to_pem(X509 *certificate, char **ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new(BIO_s_mem());

    if (!bio || PEM_write_bio_X509(bio, certificate) != 1)
        return crypto_error(-EIO);
    return crypto_bio_to_text(bio, ret);
}

int crypto_certificate_sha256(X509 *certificate, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size;

    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
        return crypto_error(-EIO);
    crypto_hex(digest, size, ret);
    return 0;
}

int crypto_certificate_name(X509 *certificate, char **ret)
{
    return common_name(X509_get_subject_name(certificate), ret);
}

int crypto_read_time(const ASN1_TIME *moment, time_t *ret)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(moment, &tm) != 1)
        return crypto_error(-EBADMSG);
    *ret = timegm(&tm);
    return 0;
}

int crypto_certificate_not_before(X509 *certificate, time_t *ret)
{
    return crypto_read_time(X509_get0_notBefore(certificate), ret);
}

int crypto_certificate_not_after(X509 *certificate, time_t *ret)
{
    return crypto_read_time(X509_get0_notAfter(certificate), ret);
}

/* Every certificate of a PEM text; text that ends in something else is refused. */
static int read_chain(const char *pem, certificate_stack *stack)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;

    if (!bio)
        return crypto_error(-EIO);
    while ((certificate = PEM_read_bio_X509(bio, NULL, crypto_no_password, NULL)))
        if (sk_X509_push(stack, certificate) <= 0) {
            X509_free(certificate);
            return crypto_error(-EIO);
        }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return crypto_error(-EBADMSG);
    return crypto_error(0);
}

int crypto_certificate_check(X509 *certificate, const char *chain_pem, const char *ca_pem,
        time_t now, const char **ret_reason)
{
    _cleanup_(X509_STORE_CTX_free_p) X509_STORE_CTX *context = X509_STORE_CTX_new();
    _cleanup_(certificate_stack_free_p) certificate_stack *chain = sk_X509_new_null();
    _cleanup_(X509_STORE_free_p) X509_STORE *store = X509_STORE_new();
    _cleanup_(X509_free_p) X509 *ca = NULL;
    X509_VERIFY_PARAM *param;
    int r;

    if (!context || !chain || !store)
        return crypto_error(-EIO);
    r = crypto_certificate_from_pem(ca_pem, &ca);
    if (r < 0)
        return r;
    r = read_chain(chain_pem ?: "", chain);
    if (r < 0)
        return r;
    if (X509_STORE_add_cert(store, ca) != 1 ||
            X509_STORE_CTX_init(context, store, certificate, chain) != 1)
        return crypto_error(-EIO);
    param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, now);
    if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) != 1)
        return crypto_error(-EIO);
    if (X509_verify_cert(context) != 1) {
        if (ret_reason)
            *ret_reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
        return crypto_error(-EKEYREJECTED);
    }
    return 0;
}
