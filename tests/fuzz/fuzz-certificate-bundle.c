/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as certificates, as a key and as a request: read or refused, and never asked a password
 * for. */

#include <stdint.h>

#include "crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(crypto_request_done) struct crypto_request request = {};
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    _cleanup_free_ char *text = strndup((const char *)data, size);
    _cleanup_free_ char *name = NULL;
    const char *reason = NULL;
    time_t end;

    if (!text)
        return 0;
    (void)crypto_key_from_pem(text, &key);
    if (crypto_request_from_pem(text, &request) == 0 && (!request.name || !request.challenge))
        abort();
    if (crypto_certificate_from_pem(text, &certificate) < 0)
        return 0;
    (void)crypto_certificate_name(certificate, &name);
    (void)crypto_certificate_not_after(certificate, &end);
    if (crypto_certificate_check(certificate, text, text, 1800000000, &reason) == -EKEYREJECTED &&
            !reason)
        abort();
    return 0;
}
