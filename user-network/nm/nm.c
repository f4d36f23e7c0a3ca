/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libnm's client: it mirrors NetworkManager's objects and says when they change. Here they are
 * found, watched and looked at; what is asked of NetworkManager is in nm-call.c and nm-profile.c.
 */

#include "nm-private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE_BUS_INTERFACE "org.freedesktop.NetworkManager.Device"

static void changed(struct nm *nm)
{
    nm->events.changed(nm->userdata);
}

/*
 * The signal itself, not the device's property: NetworkManager goes on to "disconnected" in the
 * same breath, and the property then tells that state's reason.
 */
static void on_state_changed(GDBusConnection *bus, const char *sender, const char *path,
        const char *interface, const char *signal, GVariant *parameters, void *userdata)
{
    struct nm *nm = userdata;
    guint32 new, old, reason;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uuu)")))
        return;
    g_variant_get(parameters, "(uuu)", &new, &old, &reason);
    if (new == NM_DEVICE_STATE_FAILED)
        nm->events.failed(reason, nm->userdata);
}

static void unwatch_device(struct nm *nm, NMDevice **device)
{
    if (!*device)
        return;
    g_signal_handlers_disconnect_by_data(*device, nm);
    g_clear_object(device);
}

static void watch_device(struct nm *nm, NMDevice **place, NMDevice *device)
{
    static const char *const properties[] = {"notify::state", "notify::active-connection",
            "notify::ip4-config", "notify::ip6-config", "notify::ip4-connectivity",
            "notify::interface-flags"};

    if (*place == device)
        return;
    unwatch_device(nm, place);
    if (!device)
        return;
    *place = g_object_ref(device);
    for (size_t i = 0; i < ELEMENTSOF(properties); i++)
        g_signal_connect_swapped(device, properties[i], G_CALLBACK(changed), nm);
    if (NM_IS_DEVICE_WIFI(device)) {
        g_signal_connect_swapped(device, "notify::last-scan", G_CALLBACK(changed), nm);
        g_signal_connect_swapped(device, "access-point-added", G_CALLBACK(changed), nm);
    }
}

static void unwatch_radio(struct nm *nm)
{
    if (nm->failed_signal)
        g_dbus_connection_signal_unsubscribe(
                nm_client_get_dbus_connection(nm->client), nm->failed_signal);
    nm->failed_signal = 0;
    unwatch_device(nm, &nm->radio);
}

/* The first of its kind in the order of their names, so that it is the same one each time. */
static NMDevice *find_any(struct nm *nm, GType type)
{
    const GPtrArray *devices = nm_client_get_devices(nm->client);
    NMDevice *found = NULL;

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];
        const char *name = nm_device_get_iface(device);

        if (!G_TYPE_CHECK_INSTANCE_TYPE(device, type) || !name || nm_device_is_software(device))
            continue;
        if (!found || strcmp(name, nm_device_get_iface(found)) < 0)
            found = device;
    }
    return found;
}

static void find_devices(struct nm *nm)
{
    NMDevice *radio = nm_client_get_device_by_iface(nm->client, nm->radio_wanted);
    NMDevice *wire = nm_client_get_device_by_iface(nm->client, nm->wire_wanted);

    if (!radio || !NM_IS_DEVICE_WIFI(radio))
        radio = find_any(nm, NM_TYPE_DEVICE_WIFI);
    if (!wire)
        wire = find_any(nm, NM_TYPE_DEVICE_ETHERNET);
    g_strlcpy(nm->radio_name, radio ? nm_device_get_iface(radio) : nm->radio_wanted, IF_NAMESIZE);
    g_strlcpy(nm->wire_name, wire ? nm_device_get_iface(wire) : nm->wire_wanted, IF_NAMESIZE);
    watch_device(nm, &nm->wire, wire);
    if (radio != nm->radio) {
        unwatch_radio(nm);
        watch_device(nm, &nm->radio, radio);
        if (radio)
            nm->failed_signal = g_dbus_connection_signal_subscribe(
                    nm_client_get_dbus_connection(nm->client), "org.freedesktop.NetworkManager",
                    DEVICE_BUS_INTERFACE, "StateChanged", nm_object_get_path(NM_OBJECT(radio)),
                    NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_state_changed, nm, NULL);
    }
    changed(nm);
}

static void on_client(GObject *source, GAsyncResult *result, void *userdata)
{
    static const char *const signals[] = {"notify::nm-running", "device-added", "device-removed"};
    static const char *const properties[] = {"notify::wireless-enabled",
            "notify::wireless-hardware-enabled", "notify::hostname", "notify::connections"};
    struct nm_call *call = userdata;
    g_autoptr(GError) error = NULL;
    struct nm *nm = call->nm;
    NMClient *client;

    client = nm_client_new_finish(result, &error);
    if (!client) {
        /* Without the system bus there is nothing to do here; nm_free() alone cancels. */
        nm_call_end(call, STEAL(error));
        return;
    }
    nm->client = client;
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        g_signal_connect_swapped(client, signals[i], G_CALLBACK(find_devices), nm);
    for (size_t i = 0; i < ELEMENTSOF(properties); i++)
        g_signal_connect_swapped(client, properties[i], G_CALLBACK(changed), nm);
    find_devices(nm);
    nm_call_end(call, NULL);
}

int nm_new(const char *radio, const char *wire, const struct nm_events *events, void *userdata,
        nm_done ready, struct nm **ret)
{
    struct nm *nm = calloc(1, sizeof(*nm));

    if (!nm)
        return -ENOMEM;
    nm->radio_wanted = radio;
    nm->wire_wanted = wire;
    g_strlcpy(nm->radio_name, radio, IF_NAMESIZE);
    g_strlcpy(nm->wire_name, wire, IF_NAMESIZE);
    nm->events = *events;
    nm->userdata = userdata;
    nm->cancel = g_cancellable_new();
    nm_client_new_async(nm->cancel, on_client, nm_call_new(nm, ready, userdata));
    *ret = nm;
    return 0;
}

static void on_client_gone(void *userdata, GObject *watcher)
{
    *(bool *)userdata = true;
}

struct nm *nm_free(struct nm *nm)
{
    bool gone = true;

    if (!nm)
        return NULL;
    g_cancellable_cancel(nm->cancel);
    if (nm->client) {
        gone = false;
        g_object_weak_ref(nm_client_get_context_busy_watcher(nm->client), on_client_gone, &gone);
        g_signal_handlers_disconnect_by_data(nm->client, nm);
        unwatch_radio(nm);
        unwatch_device(nm, &nm->wire);
        g_clear_object(&nm->client);
    }
    /* Cancelled calls still report back, and the client isn't freed before they have. */
    while (!gone)
        (void)g_main_context_iteration(NULL, TRUE);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_object_unref(nm->cancel);
    g_slist_free(nm->calls);
    g_free(nm->checkpoint);
    g_free(nm->wire_checkpoint);
    g_free(nm->hostname);
    free(nm);
    return NULL;
}

const char *nm_radio_name(const struct nm *nm)
{
    return nm->radio_name;
}

const char *nm_wire_name(const struct nm *nm)
{
    return nm->wire_name;
}

bool nm_running(const struct nm *nm)
{
    return nm->client && nm_client_get_nm_running(nm->client);
}

const char *nm_hostname(struct nm *nm)
{
    if (!nm_running(nm))
        return NULL;
    g_clear_pointer(&nm->hostname, g_free);
    g_object_get(nm->client, NM_CLIENT_HOSTNAME, &nm->hostname, NULL);
    return nm->hostname && *nm->hostname ? nm->hostname : NULL;
}

/* The first address that leads beyond the cable: link-local ones are there without any network. */
static void look_address(NMDevice *device, char ret[static INET6_ADDRSTRLEN])
{
    NMIPConfig *configs[] = {nm_device_get_ip4_config(device), nm_device_get_ip6_config(device)};

    *ret = '\0';
    for (size_t i = 0; i < ELEMENTSOF(configs) && !*ret; i++) {
        GPtrArray *addresses = configs[i] ? nm_ip_config_get_addresses(configs[i]) : NULL;

        for (guint j = 0; addresses && j < addresses->len; j++) {
            const char *text = nm_ip_address_get_address(addresses->pdata[j]);

            if (g_str_has_prefix(text, "169.254.") || g_str_has_prefix(text, "fe80:"))
                continue;
            g_strlcpy(ret, text, INET6_ADDRSTRLEN);
            break;
        }
    }
}

static void look_gateway(NMDevice *device, char ret[static INET6_ADDRSTRLEN])
{
    NMIPConfig *configs[] = {nm_device_get_ip4_config(device), nm_device_get_ip6_config(device)};

    *ret = '\0';
    for (size_t i = 0; i < ELEMENTSOF(configs) && !*ret; i++)
        g_strlcpy(ret, (configs[i] ? nm_ip_config_get_gateway(configs[i]) : NULL) ?: "",
                INET6_ADDRSTRLEN);
}

static enum nm_internet look_internet(const struct nm *nm)
{
    if (!nm_client_connectivity_check_get_available(nm->client) ||
            !nm_client_connectivity_check_get_enabled(nm->client))
        return NM_INTERNET_UNKNOWN;
    switch (nm_device_get_connectivity(nm->radio, AF_INET)) {
    case NM_CONNECTIVITY_UNKNOWN:
        return NM_INTERNET_UNKNOWN;
    case NM_CONNECTIVITY_FULL:
        return NM_INTERNET_REACHED;
    default:
        return NM_INTERNET_MISSING;
    }
}

static enum nm_radio_state radio_state(NMDeviceState state)
{
    switch (state) {
    case NM_DEVICE_STATE_UNKNOWN:
    case NM_DEVICE_STATE_UNMANAGED:
        return NM_RADIO_UNMANAGED;
    case NM_DEVICE_STATE_UNAVAILABLE:
        return NM_RADIO_UNAVAILABLE;
    case NM_DEVICE_STATE_PREPARE:
    case NM_DEVICE_STATE_CONFIG:
    case NM_DEVICE_STATE_NEED_AUTH:
        return NM_RADIO_ASSOCIATING;
    case NM_DEVICE_STATE_IP_CONFIG:
    case NM_DEVICE_STATE_IP_CHECK:
    case NM_DEVICE_STATE_SECONDARIES:
        return NM_RADIO_ADDRESSING;
    case NM_DEVICE_STATE_ACTIVATED:
        return NM_RADIO_UP;
    default:
        return NM_RADIO_IDLE;
    }
}

static void look_profile(NMActiveConnection *active, struct nm_radio *ret)
{
    NMRemoteConnection *profile = nm_active_connection_get_connection(active);
    NMSettingWireless *wireless;
    GBytes *ssid;

    g_strlcpy(ret->profile, nm_active_connection_get_uuid(active) ?: "", sizeof(ret->profile));
    if (!profile)
        return;
    ret->profile_file = nm_remote_connection_get_filename(profile);
    wireless = nm_connection_get_setting_wireless(NM_CONNECTION(profile));
    ssid = wireless ? nm_setting_wireless_get_ssid(wireless) : NULL;
    if (ssid)
        (void)ssid_from_bytes(g_bytes_get_data(ssid, NULL), g_bytes_get_size(ssid), &ret->ssid);
}

void nm_look_radio(const struct nm *nm, struct nm_radio *ret)
{
    NMActiveConnection *active;
    NMAccessPoint *point;

    *ret = (struct nm_radio){.last_scan_msec = -1};
    if (!nm_running(nm))
        return;
    ret->enabled = nm_client_wireless_get_enabled(nm->client);
    ret->blocked = !nm_client_wireless_hardware_get_enabled(nm->client);
    if (!nm->radio)
        return;
    ret->state = radio_state(nm_device_get_state(nm->radio));
    ret->last_scan_msec = nm_device_wifi_get_last_scan(NM_DEVICE_WIFI(nm->radio));
    ret->can_serve =
            nm_device_wifi_get_capabilities(NM_DEVICE_WIFI(nm->radio)) & NM_WIFI_DEVICE_CAP_AP;
    active = nm_device_get_active_connection(nm->radio);
    if (!active)
        return;
    look_profile(active, ret);
    look_address(nm->radio, ret->address);
    look_gateway(nm->radio, ret->gateway);
    ret->internet = look_internet(nm);
    point = nm_device_wifi_get_active_access_point(NM_DEVICE_WIFI(nm->radio));
    if (point)
        ret->signal = nm_access_point_get_strength(point);
}

void nm_look_wire(const struct nm *nm, struct nm_wire *ret)
{
    NMDeviceState state;

    *ret = (struct nm_wire){};
    if (!nm_running(nm) || !nm->wire)
        return;
    state = nm_device_get_state(nm->wire);
    ret->carrier = nm_device_get_interface_flags(nm->wire) & NM_DEVICE_INTERFACE_FLAG_CARRIER;
    ret->activating = state >= NM_DEVICE_STATE_PREPARE && state < NM_DEVICE_STATE_ACTIVATED;
    look_address(nm->wire, ret->address);
}

bool nm_has_profile(const struct nm *nm, const char *uuid, const char *file)
{
    const GPtrArray *profiles;

    if (!nm_running(nm))
        return false;
    if (uuid)
        return nm_client_get_connection_by_uuid(nm->client, uuid) != NULL;
    profiles = nm_client_get_connections(nm->client);
    for (guint i = 0; i < profiles->len; i++)
        if (g_strcmp0(nm_remote_connection_get_filename(profiles->pdata[i]), file) == 0)
            return true;
    return false;
}

bool nm_has_netplan_radio(const struct nm *nm, const char *folder)
{
    const GPtrArray *profiles;

    if (!nm_running(nm))
        return false;
    profiles = nm_client_get_connections(nm->client);
    for (guint i = 0; i < profiles->len; i++) {
        const char *file = nm_remote_connection_get_filename(profiles->pdata[i]);
        const char *name = file && g_str_has_prefix(file, folder) ? file + strlen(folder) : "";

        if (g_str_has_prefix(name, "/netplan-") &&
                nm_connection_is_type(profiles->pdata[i], NM_SETTING_WIRELESS_SETTING_NAME))
            return true;
    }
    return false;
}
