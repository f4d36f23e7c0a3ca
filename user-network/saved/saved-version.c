/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A state of the customer's networks, in memory. */

#include "saved-version.h"

#include <glib.h>
#include <string.h>

#include "nm.h"
#include "unbox/store.h"

void saved_version_clear(struct saved_version *version)
{
    if (version->text)
        explicit_bzero(version->text, version->size);
    free(version->text);
    wifi_list_clear(&version->networks);
    netplan_profiles_free(version->profiles);
    *version = (struct saved_version){};
}

void saved_version_move(struct saved_version *from, struct saved_version *to)
{
    saved_version_clear(to);
    *to = *from;
    *from = (struct saved_version){};
}

int saved_version_make(struct wifi_list *networks, const char *interface, struct saved_version *ret)
{
    struct saved_version version = {};
    int r;

    if (networks->n_entries > 0) {
        r = wifi_yaml_write(networks, interface, &version.text, &version.size);
        if (r < 0)
            return r;
    }
    version.networks = *networks;
    *networks = (struct wifi_list){};
    saved_version_clear(ret);
    *ret = version;
    return 0;
}

int saved_version_read(const char *path, struct saved_version *ret)
{
    struct saved_version version = {};
    int r;

    r = unbox_store_read(path, SAVED_FILE_MAX, &version.text, &version.size);
    if (r == -ENOENT)
        r = 0;
    else if (r >= 0)
        r = wifi_yaml_read(version.text, version.size, &version.networks);
    if (r < 0) {
        saved_version_clear(&version);
        return r;
    }
    saved_version_move(&version, ret);
    return 0;
}

int saved_version_profiles(struct saved_version *version, struct netplan_profiles *profiles)
{
    netplan_profiles_free(version->profiles);
    version->profiles = profiles;
    for (size_t i = 0; i < profiles->n_entries; i++)
        (void)nm_keyfile_ssid(profiles->entries[i].keyfile, profiles->entries[i].size,
                &profiles->entries[i].ssid);
    for (size_t i = 0; i < version->networks.n_entries; i++)
        if (!saved_version_profile(version, &version->networks.entries[i].ssid)) {
            version->profiles = netplan_profiles_free(version->profiles);
            return -EINVAL;
        }
    return 0;
}

const struct netplan_profile *saved_version_profile(
        const struct saved_version *version, const struct ssid *ssid)
{
    for (size_t i = 0; version->profiles && i < version->profiles->n_entries; i++)
        if (ssid_equal(&version->profiles->entries[i].ssid, ssid))
            return &version->profiles->entries[i];
    return NULL;
}

char *saved_version_digest(const struct saved_version *version)
{
    if (!version->text)
        return g_strdup("");
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, version->text, (gssize)version->size);
}

bool saved_version_needs(const struct saved_version *version, const char *path)
{
    for (size_t i = 0; i < version->networks.n_entries; i++) {
        const struct wifi_eap *eap = &version->networks.entries[i].eap;

        if (strcmp(eap->ca, path) == 0 || strcmp(eap->certificate, path) == 0 ||
                strcmp(eap->key, path) == 0)
            return true;
    }
    return false;
}
