/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of NetworkManager, and how GLib's errors become ours. */

#include "nm-private.h"

#include <string.h>

struct nm_call *nm_call_new(struct nm *nm, nm_done done, void *userdata)
{
    struct nm_call *call = g_new(struct nm_call, 1);

    *call = (struct nm_call){.nm = nm, .done = done, .userdata = userdata};
    nm->calls = g_slist_prepend(nm->calls, call);
    return call;
}

void nm_abandon(struct nm *nm, const void *userdata)
{
    for (GSList *item = nm->calls; item; item = item->next) {
        struct nm_call *call = item->data;

        if (call->userdata == userdata)
            call->done = NULL;
    }
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
    if (g_error_matches(error, NM_CLIENT_ERROR, NM_CLIENT_ERROR_OBJECT_CREATION_FAILED))
        return -ESTALE;
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
    if (r != -ECANCELED) {
        call->nm->calls = g_slist_remove(call->nm->calls, call);
        if (call->done)
            call->done(r, error ? error->message : NULL, call->userdata);
    }
    g_free(call);
    g_clear_error(&error);
}

void nm_call_refuse(struct nm_call *call, int error, const char *message)
{
    call->nm->calls = g_slist_remove(call->nm->calls, call);
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

int nm_adopt_checkpoint(char **place, const char *path)
{
    if (!g_variant_is_object_path(path))
        return -EINVAL;
    g_free(*place);
    *place = g_strdup(path);
    return 0;
}

int nm_checkpoint_adopt(struct nm *nm, const char *path)
{
    return nm_adopt_checkpoint(&nm->checkpoint, path);
}

static void on_destroyed(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;

    nm_client_checkpoint_destroy_finish(NM_CLIENT(source), result, &error);
    nm_call_end(userdata, error);
}

static void destroy(struct nm_call *call, const char *path)
{
    nm_client_checkpoint_destroy(call->nm->client, path, call->nm->cancel, on_destroyed, call);
}

static void on_checkpoint_created(GObject *source, GAsyncResult *result, void *userdata)
{
    struct nm_call *call = userdata;
    g_autoptr(NMCheckpoint) checkpoint = NULL;
    GError *error = NULL;
    const char *path;

    checkpoint = nm_client_checkpoint_create_finish(NM_CLIENT(source), result, &error);
    path = checkpoint ? nm_object_get_path(NM_OBJECT(checkpoint)) : NULL;
    if (path && !call->done)
        /* Too late: left alone, it would take the device back from whatever it does by then. */
        destroy(nm_call_new(call->nm, NULL, NULL), path);
    else if (path)
        (void)nm_adopt_checkpoint(call->checkpoint, path);
    nm_call_end(call, error);
}

void nm_call_checkpoint(struct nm_call *call, NMDevice *device, char **place, unsigned timeout_sec)
{
    struct nm *nm = call->nm;
    GPtrArray *devices;

    if (!nm_running(nm) || !device) {
        nm_call_refuse(call, -ENOTCONN, "there is no such device");
        return;
    }
    call->checkpoint = place;
    devices = g_ptr_array_new();
    g_ptr_array_add(devices, device);
    /*
     * DELETE_NEW_CONNECTIONS would take away what others have added meanwhile. One over the same
     * device that somebody else left must not keep the customer from his change: both may stand.
     */
    nm_client_checkpoint_create(nm->client, devices, timeout_sec,
            NM_CHECKPOINT_CREATE_FLAG_ALLOW_OVERLAPPING, nm->cancel, on_checkpoint_created, call);
    g_ptr_array_unref(devices);
}

void nm_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata)
{
    nm_call_checkpoint(nm_call_new(nm, done, userdata), nm->radio, &nm->checkpoint, timeout_sec);
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

void nm_call_rollback(struct nm_call *call, char **place)
{
    g_autofree char *path = STEAL(*place);

    if (!nm_running(call->nm) || !path) {
        nm_call_refuse(call, -ENOENT, "there is no checkpoint");
        return;
    }
    nm_client_checkpoint_rollback(call->nm->client, path, call->nm->cancel, on_rolled_back, call);
}

void nm_call_destroy(struct nm_call *call, char **place)
{
    g_autofree char *path = STEAL(*place);

    if (!nm_running(call->nm) || !path) {
        nm_call_refuse(call, -ENOENT, "there is no checkpoint");
        return;
    }
    destroy(call, path);
}

void nm_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata)
{
    nm_call_rollback(nm_call_new(nm, done, userdata), &nm->checkpoint);
}

void nm_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata)
{
    nm_call_destroy(nm_call_new(nm, done, userdata), &nm->checkpoint);
}

static void on_activated(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;
    NMActiveConnection *active;

    active = nm_client_activate_connection_finish(NM_CLIENT(source), result, &error);
    g_clear_object(&active);
    nm_call_end(userdata, error);
}

void nm_call_activate(struct nm_call *call, NMDevice *device, const char *file)
{
    struct nm *nm = call->nm;
    const GPtrArray *profiles;

    profiles = nm_running(nm) && device ? nm_client_get_connections(nm->client) : NULL;
    for (guint i = 0; profiles && i < profiles->len; i++) {
        NMConnection *profile = profiles->pdata[i];

        if (g_strcmp0(nm_remote_connection_get_filename(NM_REMOTE_CONNECTION(profile)), file) != 0)
            continue;
        nm_client_activate_connection_async(
                nm->client, profile, device, NULL, nm->cancel, on_activated, call);
        return;
    }
    nm_call_refuse(call, -ENOENT, "there is no such profile");
}
