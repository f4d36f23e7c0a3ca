/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The profiles that this daemon activates: the hotspot's, the one that a join is tried with, and
 * the one that netplan has made. */

#include "nm-private.h"

#include <string.h>

/* Of what configuration a hotspot is; in the profile, to be found again after a restart of ours. */
#define HOTSPOT_DIGEST "unbox.configuration"

static char *hotspot_digest(const struct nm_hotspot *hotspot)
{
    g_autofree char *text = g_strdup_printf("%s\n%s\n%s\n%u\n%s", hotspot->ssid, hotspot->password,
            hotspot->band, hotspot->channel, hotspot->address);

    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static NMSetting *hotspot_user(const struct nm_hotspot *hotspot)
{
    g_autofree char *digest = hotspot_digest(hotspot);
    NMSetting *setting = nm_setting_user_new();

    (void)nm_setting_user_set_data(NM_SETTING_USER(setting), HOTSPOT_DIGEST, digest, NULL);
    return setting;
}

bool nm_hotspot_is_of(const struct nm *nm, const struct nm_hotspot *hotspot)
{
    g_autofree char *digest = hotspot_digest(hotspot);
    NMRemoteConnection *profile;
    NMSetting *user;

    profile = nm_running(nm) ? nm_client_get_connection_by_uuid(nm->client, NM_HOTSPOT_UUID) : NULL;
    user = profile ? nm_connection_get_setting(NM_CONNECTION(profile), NM_TYPE_SETTING_USER) : NULL;
    return user &&
           g_strcmp0(nm_setting_user_get_data(NM_SETTING_USER(user), HOTSPOT_DIGEST), digest) == 0;
}

static NMSetting *hotspot_wireless(const struct nm_hotspot *hotspot, const struct hotspot_air *air)
{
    NMSetting *setting = nm_setting_wireless_new();
    g_autoptr(GBytes) ssid = g_bytes_new(hotspot->ssid, strlen(hotspot->ssid));

    g_object_set(setting, NM_SETTING_WIRELESS_SSID, ssid, NM_SETTING_WIRELESS_MODE,
            NM_SETTING_WIRELESS_MODE_AP, NULL);
    g_object_set(setting, NM_SETTING_WIRELESS_BAND, air->band, NM_SETTING_WIRELESS_CHANNEL,
            air->channel, NULL);
    return setting;
}

/* WPA2 with CCMP and nothing else: firmware of small boards refuses other mixes, and NetworkManager
 * would offer SAE beside it unless management frame protection is off. */
static NMSetting *hotspot_security(const struct nm_hotspot *hotspot)
{
    NMSetting *setting = nm_setting_wireless_security_new();
    NMSettingWirelessSecurity *security = NM_SETTING_WIRELESS_SECURITY(setting);

    g_object_set(setting, NM_SETTING_WIRELESS_SECURITY_KEY_MGMT, "wpa-psk",
            NM_SETTING_WIRELESS_SECURITY_PSK, hotspot->password, NM_SETTING_WIRELESS_SECURITY_PMF,
            NM_SETTING_WIRELESS_SECURITY_PMF_DISABLE, NULL);
    nm_setting_wireless_security_add_proto(security, "rsn");
    nm_setting_wireless_security_add_pairwise(security, "ccmp");
    nm_setting_wireless_security_add_group(security, "ccmp");
    return setting;
}

static NMConnection *hotspot_profile(
        const struct nm *nm, const struct nm_hotspot *hotspot, const struct hotspot_air *air)
{
    NMConnection *profile = nm_simple_connection_new();
    NMSetting *connection = nm_setting_connection_new();
    NMSetting *ip4 = nm_setting_ip4_config_new();
    NMSetting *ip6 = nm_setting_ip6_config_new();
    g_auto(GStrv) address = g_strsplit(hotspot->address, "/", 2);
    NMIPAddress *ip;

    g_object_set(connection, NM_SETTING_CONNECTION_ID, "unbox hotspot", NM_SETTING_CONNECTION_UUID,
            NM_HOTSPOT_UUID, NM_SETTING_CONNECTION_TYPE, NM_SETTING_WIRELESS_SETTING_NAME,
            NM_SETTING_CONNECTION_INTERFACE_NAME, nm->radio_name, NM_SETTING_CONNECTION_AUTOCONNECT,
            FALSE, NULL);
    ip = nm_ip_address_new(AF_INET, address[0], atoi(address[1]), NULL);
    g_object_set(ip4, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP4_CONFIG_METHOD_SHARED, NULL);
    nm_setting_ip_config_add_address(NM_SETTING_IP_CONFIG(ip4), ip);
    nm_ip_address_unref(ip);
    g_object_set(ip6, NM_SETTING_IP_CONFIG_METHOD, NM_SETTING_IP6_CONFIG_METHOD_DISABLED, NULL);
    nm_connection_add_setting(profile, connection);
    nm_connection_add_setting(profile, hotspot_wireless(hotspot, air));
    nm_connection_add_setting(profile, hotspot_security(hotspot));
    nm_connection_add_setting(profile, ip4);
    nm_connection_add_setting(profile, ip6);
    nm_connection_add_setting(profile, hotspot_user(hotspot));
    return profile;
}

static NMConnection *read_keyfile(const char *text, size_t size, GError **error)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();

    if (!g_key_file_load_from_data(keyfile, text, size, G_KEY_FILE_NONE, error))
        return NULL;
    return nm_keyfile_read(keyfile, "/", NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, error);
}

static int profile_ssid(NMConnection *profile, struct ssid *ret)
{
    NMSettingWireless *wireless = nm_connection_get_setting_wireless(profile);
    GBytes *ssid = wireless ? nm_setting_wireless_get_ssid(wireless) : NULL;

    if (!ssid || ssid_from_bytes(g_bytes_get_data(ssid, NULL), g_bytes_get_size(ssid), ret) < 0)
        return -EBADMSG;
    return 0;
}

int nm_keyfile_ssid(const char *keyfile, size_t size, struct ssid *ret)
{
    g_autoptr(NMConnection) profile = read_keyfile(keyfile, size, NULL);

    return profile ? profile_ssid(profile, ret) : -EBADMSG;
}

/* What netplan made, as a profile of ours: same settings, own name, never by itself. */
static NMConnection *trial_profile(const struct nm *nm, const char *text, size_t size,
        const struct ssid *wanted, GError **error)
{
    g_autoptr(NMConnection) profile = read_keyfile(text, size, error);
    struct ssid ssid;

    if (!profile)
        return NULL;
    if (profile_ssid(profile, &ssid) < 0 || !ssid_equal(&ssid, wanted)) {
        g_set_error(error, NM_CONNECTION_ERROR, NM_CONNECTION_ERROR_INVALID_PROPERTY,
                "the name comes out of netplan as another one");
        return NULL;
    }
    g_object_set(nm_connection_get_setting_connection(profile), NM_SETTING_CONNECTION_ID,
            "unbox join", NM_SETTING_CONNECTION_UUID, NM_JOIN_UUID,
            NM_SETTING_CONNECTION_INTERFACE_NAME, nm->radio_name, NM_SETTING_CONNECTION_AUTOCONNECT,
            FALSE, NULL);
    if (!nm_connection_normalize(profile, NULL, NULL, error))
        return NULL;
    return STEAL(profile);
}

static void on_started(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;
    NMActiveConnection *active;

    active = nm_client_add_and_activate_connection2_finish(NM_CLIENT(source), result, NULL, &error);
    g_clear_object(&active);
    nm_call_end(userdata, error);
}

/*
 * `persist` is "memory", or "volatile" for a profile that goes when it ends. It isn't bound to our
 * connection to the bus: the hotspot outlives a crash of ours.
 */
static void start(struct nm *nm, NMConnection *profile, const char *persist, struct nm_call *call)
{
    GVariantBuilder options;

    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "persist", g_variant_new_string(persist));
    nm_client_add_and_activate_connection2(nm->client, profile, nm->radio, NULL,
            g_variant_builder_end(&options), nm->cancel, on_started, call);
}

struct fresh_start {
    struct nm_call *call;
    NMConnection *profile;
    const char *persist;
};

static void fresh_start(struct fresh_start *fresh)
{
    start(fresh->call->nm, fresh->profile, fresh->persist, fresh->call);
    g_object_unref(fresh->profile);
    g_free(fresh);
}

static void on_old_deleted(GObject *source, GAsyncResult *result, void *userdata)
{
    struct fresh_start *fresh = userdata;
    GError *error = NULL;

    nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(source), result, &error);
    if (!error || nm_error(error) == -ENOENT) {
        g_clear_error(&error);
        fresh_start(fresh);
        return;
    }
    nm_call_end(fresh->call, error);
    g_object_unref(fresh->profile);
    g_free(fresh);
}

/* Takes over the profile. NetworkManager takes no second one of the same UUID, and an old one may
 * be of other settings; it keeps those in memory when it is started anew. */
static void start_anew(
        struct nm *nm, NMConnection *profile, const char *persist, struct nm_call *call)
{
    struct fresh_start *fresh = g_new(struct fresh_start, 1);
    NMRemoteConnection *old;

    *fresh = (struct fresh_start){.call = call, .profile = profile, .persist = persist};
    old = nm_client_get_connection_by_uuid(nm->client, nm_connection_get_uuid(profile));
    if (old)
        nm_remote_connection_delete_async(old, nm->cancel, on_old_deleted, fresh);
    else
        fresh_start(fresh);
}

void nm_open_hotspot(struct nm *nm, const struct nm_hotspot *hotspot, const struct hotspot_air *air,
        nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);

    if (!nm_running(nm) || !nm->radio) {
        nm_call_refuse(call, -ENOTCONN, "there is no radio");
        return;
    }
    start_anew(nm, hotspot_profile(nm, hotspot, air), "memory", call);
}

void nm_try_keyfile(struct nm *nm, const char *keyfile, size_t size, const struct ssid *wanted,
        nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    g_autoptr(NMConnection) profile = NULL;
    g_autoptr(GError) error = NULL;

    if (!nm_running(nm) || !nm->radio) {
        nm_call_refuse(call, -ENOTCONN, "there is no radio");
        return;
    }
    profile = trial_profile(nm, keyfile, size, wanted, &error);
    if (!profile) {
        nm_call_refuse(call, -EINVAL, error->message);
        return;
    }
    start_anew(nm, STEAL(profile), "volatile", call);
}

void nm_activate_file(struct nm *nm, const char *file, nm_done done, void *userdata)
{
    nm_call_activate(nm_call_new(nm, done, userdata), nm->radio, file);
}
