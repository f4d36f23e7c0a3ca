/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of NetworkManager, and how GLib's errors become ours. */

#include "nm-private.h"

#include <string.h>

struct nm_call *nm_call_new(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = g_new(struct nm_call, 1);

    *call = (struct nm_call){.nm = nm, .done = done, .userdata = userdata};
    return call;
}

int nm_error(const GError *error)
{
    if (!error)
        return 0;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return -ECANCELED;
    if (error->domain == NM_CLIENT_ERROR && error->code == NM_CLIENT_ERROR_MANAGER_NOT_RUNNING)
        return -ENOTCONN;
    if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
            g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
            g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
        return -ENOTCONN;
    if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
            g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
        return -ENOENT;
    if (error->domain == NM_MANAGER_ERROR && error->code == NM_MANAGER_ERROR_PERMISSION_DENIED)
        return -EPERM;
    return -EIO;
}

void nm_call_end(struct nm_call *call, GError *error)
{
    int r = nm_error(error);

    if (error)
        g_dbus_error_strip_remote_error(error);
    /* A cancelled call comes from nm_free(): nobody is there any more to hear of it. */
    if (r != -ECANCELED && call->done)
        call->done(r, error ? error->message : NULL, call->userdata);
    g_free(call);
    g_clear_error(&error);
}

void nm_call_refuse(struct nm_call *call, int error, const char *message)
{
    if (call->done)
        call->done(error, message, call->userdata);
    g_free(call);
}

static void on_switched(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_client_dbus_set_property_finish(NM_CLIENT(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_switch_radio(struct nm *nm, bool on, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);

    if (!nm_running(nm)) {
        nm_call_refuse(call, -ENOTCONN, "NetworkManager is not running");
        return;
    }
    nm_client_dbus_set_property(nm->client, "/org/freedesktop/NetworkManager",
            "org.freedesktop.NetworkManager", "WirelessEnabled", g_variant_new_boolean(on), -1,
            nm->cancel, on_switched, call);
}

static void on_reloaded(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_client_reload_connections_finish(NM_CLIENT(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_reload_profiles(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);

    if (!nm_running(nm)) {
        nm_call_refuse(call, -ENOTCONN, "NetworkManager is not running");
        return;
    }
    nm_client_reload_connections_async(nm->client, nm->cancel, on_reloaded, call);
}

static void on_disconnected(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_client_deactivate_connection_finish(NM_CLIENT(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_disconnect_radio(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    NMActiveConnection *active;

    active = nm_running(nm) && nm->radio ? nm_device_get_active_connection(nm->radio) : NULL;
    if (!active) {
        nm_call_refuse(call, -ENOENT, "the radio is not connected");
        return;
    }
    nm_client_deactivate_connection_async(nm->client, active, nm->cancel, on_disconnected, call);
}

static void on_deleted(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_delete_profile(struct nm *nm, const char *uuid, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    NMRemoteConnection *profile;

    profile = nm_running(nm) ? nm_client_get_connection_by_uuid(nm->client, uuid) : NULL;
    if (!profile) {
        nm_call_refuse(call, -ENOENT, "there is no such profile");
        return;
    }
    nm_remote_connection_delete_async(profile, nm->cancel, on_deleted, call);
}

const char *nm_checkpoint(const struct nm *nm)
{
    return nm->checkpoint;
}

int nm_checkpoint_adopt(struct nm *nm, const char *path)
{
    if (!g_variant_is_object_path(path))
        return -EINVAL;
    g_free(nm->checkpoint);
    nm->checkpoint = g_strdup(path);
    return 0;
}

static void on_checkpoint_created(GObject *source, GAsyncResult *result, void *userdata)
{
    struct nm_call *call = userdata;
    g_autoptr(NMCheckpoint) checkpoint = NULL;
    GError *error = NULL;

    checkpoint = nm_client_checkpoint_create_finish(NM_CLIENT(source), result, &error);
    if (checkpoint)
        (void)nm_checkpoint_adopt(call->nm, nm_object_get_path(NM_OBJECT(checkpoint)));
    nm_call_end(call, error);
}

void nm_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    GPtrArray *devices;

    if (!nm_running(nm) || !nm->radio) {
        nm_call_refuse(call, -ENOTCONN, "there is no radio");
        return;
    }
    devices = g_ptr_array_new();
    g_ptr_array_add(devices, nm->radio);
    /*
     * DELETE_NEW_CONNECTIONS would take away what others have added meanwhile. One over the same
     * radio that somebody else left must not keep the customer from joining: both may stand.
     */
    nm_client_checkpoint_create(nm->client, devices, timeout_sec,
            NM_CHECKPOINT_CREATE_FLAG_ALLOW_OVERLAPPING, nm->cancel, on_checkpoint_created, call);
    g_ptr_array_unref(devices);
}

static void on_rolled_back(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;
    GHashTable *results;

    results = nm_client_checkpoint_rollback_finish(NM_CLIENT(source), result, &error);
    if (results)
        g_hash_table_unref(results);
    nm_call_end(userdata, error);
}

static void on_destroyed(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(source), result, &error);
    nm_call_end(userdata, error);
}

void nm_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    g_autofree char *path = STEAL(nm->checkpoint);

    if (!nm_running(nm) || !path) {
        nm_call_refuse(call, -ENOENT, "there is no checkpoint");
        return;
    }
    nm_client_checkpoint_rollback(nm->client, path, nm->cancel, on_rolled_back, call);
}

void nm_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    g_autofree char *path = STEAL(nm->checkpoint);

    if (!nm_running(nm) || !path) {
        nm_call_refuse(call, -ENOENT, "there is no checkpoint");
        return;
    }
    nm_client_checkpoint_destroy(nm->client, path, nm->cancel, on_destroyed, call);
}
