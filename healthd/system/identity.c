/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads identity.json and the certificate's date; the key is none of healthd's business. */

#include "identity.h"

#include <string.h>
#include <time.h>

#include "module.h"
#include "unbox/store.h"

#define FOLDER "/var/lib/unbox/identity/current/"
#define CERTIFICATE FOLDER "certificate.pem.crt"
#define FILE_SIZE_MAX (128 * 1024)

static int read_serial(char **ret)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *object = NULL;
    const char *serial;
    int r;

    r = unbox_store_read(FOLDER "identity.json", FILE_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r;
    object = json_loads(text, 0, NULL);
    if (json_unpack(object, "{s:s}", "serial", &serial) < 0)
        return -EBADMSG;
    *ret = strdup(serial);
    return *ret ? 0 : -ENOMEM;
}

static uint64_t read_expiry(void)
{
    int (*not_after)(const char *path, time_t *ret);
    time_t seconds;

    if (access(CERTIFICATE, R_OK) < 0)
        return 0;
    not_after = module_symbol("check-certificate", "certificate_not_after");
    if (!not_after || not_after(CERTIFICATE, &seconds) < 0 || seconds < 0)
        return 0;
    return (uint64_t)seconds * USEC_PER_SEC;
}

int identity_read(struct identity *ret)
{
    struct identity identity = {};
    int r;

    r = read_serial(&identity.serial);
    if (r < 0)
        return r;
    identity.expires_usec = read_expiry();
    *ret = identity;
    return 0;
}

void identity_done(struct identity *identity)
{
    free(identity->serial);
    *identity = (struct identity){};
}
