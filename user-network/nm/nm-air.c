/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What NetworkManager sees in the air, and asking it to look again. */

#include "nm-private.h"

static enum security security_of(NMAccessPoint *point)
{
    NM80211ApSecurityFlags flags =
            nm_access_point_get_wpa_flags(point) | nm_access_point_get_rsn_flags(point);
    bool psk = flags & NM_802_11_AP_SEC_KEY_MGMT_PSK;
    bool sae = flags & NM_802_11_AP_SEC_KEY_MGMT_SAE;

    if (psk || sae)
        return psk && sae ? SECURITY_WPA2_WPA3 : sae ? SECURITY_WPA3 : SECURITY_WPA2;
    if (flags & (NM_802_11_AP_SEC_KEY_MGMT_802_1X | NM_802_11_AP_SEC_KEY_MGMT_EAP_SUITE_B_192))
        return SECURITY_ENTERPRISE;
    if (flags & NM_802_11_AP_SEC_KEY_MGMT_OWE)
        return SECURITY_OWE;
    /* An OWE network in transition mode is open to those who don't know OWE. */
    return nm_access_point_get_flags(point) & NM_802_11_AP_FLAGS_PRIVACY ? SECURITY_WEP
                                                                         : SECURITY_OPEN;
}

static bool is_among(const struct ssid *ssid, const struct ssid *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (ssid_equal(ssid, &names[i]))
            return true;
    return false;
}

static void look_point(
        NMAccessPoint *point, const struct ssid *except, size_t n_except, struct scan_list *list)
{
    GBytes *bytes = nm_access_point_get_ssid(point);
    int seen = nm_access_point_get_last_seen(point);
    struct scan_entry entry = {
            .signal = nm_access_point_get_strength(point),
            .frequency = nm_access_point_get_frequency(point),
            .security = security_of(point),
            .seen_usec = seen > 0 ? seen * USEC_PER_SEC : 0,
    };

    /* A hidden network has no name, or only NULs. */
    if (!bytes || seen < 0 || nm_access_point_get_mode(point) != NM_802_11_MODE_INFRA ||
            nm_utils_is_empty_ssid(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) ||
            ssid_from_bytes(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &entry.ssid) <
                    0 ||
            is_among(&entry.ssid, except, n_except))
        return;
    (void)scan_list_add(list, &entry);
}

void nm_look_air(
        const struct nm *nm, const struct ssid *except, size_t n_except, struct scan_list *list)
{
    const GPtrArray *points;

    if (!nm_running(nm) || !nm->radio)
        return;
    points = nm_device_wifi_get_access_points(NM_DEVICE_WIFI(nm->radio));
    for (guint i = 0; i < points->len; i++)
        look_point(points->pdata[i], except, n_except, list);
    scan_list_sort(list);
}

static void on_scan(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_device_wifi_request_scan_finish(NM_DEVICE_WIFI(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_scan(
        struct nm *nm, const struct ssid *hidden, size_t n_hidden, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    GVariant *names[WIFI_LIST_MAX];
    GVariantBuilder options;

    if (!nm_running(nm) || !nm->radio) {
        nm_call_refuse(call, -ENOTCONN, "there is no radio");
        return;
    }
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    for (size_t i = 0; i < n_hidden; i++)
        names[i] =
                g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, hidden[i].bytes, hidden[i].size, 1);
    if (n_hidden > 0)
        g_variant_builder_add(&options, "{sv}", "ssids",
                g_variant_new_array(G_VARIANT_TYPE("ay"), names, n_hidden));
    nm_device_wifi_request_scan_options_async(
            NM_DEVICE_WIFI(nm->radio), g_variant_builder_end(&options), nm->cancel, on_scan, call);
}
