/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks at uploaded certificates, and keeps them. */

#include "certificates.h"

#include <dirent.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "unbox/store.h"
#include "wifi-network.h"

#define PREFIX "certificate-"
#define SUFFIX ".pem"

static bool is_certificate(const char *pem)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;

    return crypto_certificate_from_pem(pem, &certificate) >= 0;
}

const char *certificates_check(const struct certificates *certificates)
{
    if (certificates->ca && !is_certificate(certificates->ca))
        return "The network's certificate cannot be used: it must be a PEM certificate.";
    if (certificates->certificate && !is_certificate(certificates->certificate))
        return "The device's certificate cannot be used: it must be a PEM certificate.";
    if (!certificates->certificate || !certificates->key)
        return NULL;
    switch (crypto_certificate_check_key(
            certificates->certificate, certificates->key, certificates->password)) {
    case 0:
        return NULL;
    case -EACCES:
        return "The password of the key is wrong or missing.";
    case -EKEYREJECTED:
        return "The key is not that of the device's certificate.";
    default:
        return "The key cannot be used: it must be a private key in PEM form.";
    }
}

int certificates_keep(const struct paths *paths, const char *text, size_t size, char **ret)
{
    g_autofree char *digest = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    if (size == 0 || size > CERTIFICATE_MAX || memchr(text, '\0', size) ||
            !strstr(text, "-----BEGIN "))
        return -EINVAL;
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)size);
    if (asprintf(&path, "%s/" PREFIX "%.32s" SUFFIX, paths->state, digest) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (strlen(path) > CERTIFICATE_PATH_MAX)
        return -ENAMETOOLONG;
    r = unbox_store_write(path, text, size, 0600, -1, -1);
    if (r < 0)
        return r;
    *ret = STEAL(path);
    return 0;
}

static bool is_ours(const char *name)
{
    return g_str_has_prefix(name, PREFIX) && g_str_has_suffix(name, SUFFIX);
}

int certificates_tidy(
        const struct paths *paths, bool (*needed)(const char *path, void *userdata), void *userdata)
{
    DIR *dir = opendir(paths->state);
    struct dirent *entry;
    int first = 0;

    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    while ((entry = readdir(dir))) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!is_ours(entry->d_name))
            continue;
        if (asprintf(&path, "%s/%s", paths->state, entry->d_name) < 0) {
            path = NULL;
            first = -ENOMEM;
            break;
        }
        r = needed(path, userdata) ? 0 : unbox_store_remove(path);
        if (r < 0 && first == 0)
            first = r;
    }
    closedir(dir);
    return first;
}
