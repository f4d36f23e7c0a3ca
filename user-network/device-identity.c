/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads three members of identity.json, and nothing else of the identity. */

#include "device-identity.h"

#include <string.h>

#include "country-codes.h"
#include "unbox/log.h"
#include "unbox/store.h"
#include "util.h"

#define FILE_SIZE_MAX (128 * 1024)

static void take(json_t *object, const char *name, char ret[static DEVICE_IDENTITY_MAX])
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text && strlen(text) < DEVICE_IDENTITY_MAX)
        memcpy(ret, text, strlen(text) + 1);
}

int device_identity_read(const char *path, struct device_identity *ret)
{
    struct device_identity identity = {};
    char country[DEVICE_IDENTITY_MAX] = "";
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *object = NULL;
    int r;

    *ret = identity;
    r = unbox_store_read(path, FILE_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r;
    object = json_loads(text, 0, NULL);
    if (!json_is_object(object))
        return -EBADMSG;
    take(object, "serial", identity.serial);
    take(object, "uuid", identity.uuid);
    take(object, "country", country);
    if (country_code_known(country))
        memcpy(identity.country, country, sizeof(identity.country));
    else if (*country)
        unbox_log(LOG_WARNING,
                "the country %s in %s doesn't count: it must be " COUNTRY_CODE_WANTED, country,
                path);
    *ret = identity;
    return 0;
}
