/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of NetworkManager for the wire. */

#include "nm-wire.h"

#include "nm-private.h"

/* How long others have to say that an address is theirs. */
#define CONFLICT_MSEC 1500

void nm_look_wire_use(const struct nm *nm, struct nm_wire_use *ret)
{
    NMActiveConnection *active;
    NMRemoteConnection *profile;

    *ret = (struct nm_wire_use){};
    if (!nm_running(nm) || !nm->wire)
        return;
    active = nm_device_get_active_connection(nm->wire);
    if (!active)
        return;
    ret->up = nm_device_get_state(nm->wire) == NM_DEVICE_STATE_ACTIVATED;
    g_strlcpy(ret->profile, nm_active_connection_get_uuid(active) ?: "", sizeof(ret->profile));
    profile = nm_active_connection_get_connection(active);
    ret->profile_file = profile ? nm_remote_connection_get_filename(profile) : NULL;
}

/*
 * What netplan made, as a profile of ours: same settings, own name, never by itself. Before the
 * address is used the network is asked whether somebody has it: two of them reach neither. Only in
 * the trial: later on, a stranger with our address mustn't be able to keep the wire down.
 */
static NMConnection *trial_profile(
        const struct nm *nm, const char *text, size_t size, GError **error)
{
    g_autoptr(GKeyFile) keyfile = g_key_file_new();
    g_autoptr(NMConnection) profile = NULL;

    if (!g_key_file_load_from_data(keyfile, text, size, G_KEY_FILE_NONE, error))
        return NULL;
    profile = nm_keyfile_read(keyfile, "/", NM_KEYFILE_HANDLER_FLAGS_NONE, NULL, NULL, error);
    if (!profile)
        return NULL;
    g_object_set(nm_connection_get_setting_connection(profile), NM_SETTING_CONNECTION_ID,
            "unbox wire", NM_SETTING_CONNECTION_UUID, NM_WIRE_UUID,
            NM_SETTING_CONNECTION_INTERFACE_NAME, nm->wire_name, NM_SETTING_CONNECTION_AUTOCONNECT,
            FALSE, NULL);
    g_object_set(nm_connection_get_setting_ip4_config(profile), NM_SETTING_IP_CONFIG_DAD_TIMEOUT,
            CONFLICT_MSEC, NULL);
    if (!nm_connection_normalize(profile, NULL, NULL, error))
        return NULL;
    return STEAL(profile);
}

static void on_tried(GObject *source, GAsyncResult *result, void *userdata)
{
    GError *error = NULL;
    NMActiveConnection *active;

    active = nm_client_add_and_activate_connection2_finish(NM_CLIENT(source), result, NULL, &error);
    g_clear_object(&active);
    nm_call_end(userdata, error);
}

void nm_wire_try(struct nm *nm, const char *keyfile, size_t size, nm_done done, void *userdata)
{
    struct nm_call *call = nm_call_new(nm, done, userdata);
    g_autoptr(NMConnection) profile = NULL;
    g_autoptr(GError) error = NULL;
    GVariantBuilder options;

    if (!nm_running(nm) || !nm->wire) {
        nm_call_refuse(call, -ENOTCONN, "there is no wire");
        return;
    }
    profile = trial_profile(nm, keyfile, size, &error);
    if (!profile) {
        nm_call_refuse(call, -EINVAL, error->message);
        return;
    }
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "persist", g_variant_new_string("volatile"));
    nm_client_add_and_activate_connection2(nm->client, profile, nm->wire, NULL,
            g_variant_builder_end(&options), nm->cancel, on_tried, call);
}

void nm_wire_activate(struct nm *nm, const char *file, nm_done done, void *userdata)
{
    nm_call_activate(nm_call_new(nm, done, userdata), nm->wire, file);
}

void nm_wire_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata)
{
    nm_call_checkpoint(
            nm_call_new(nm, done, userdata), nm->wire, &nm->wire_checkpoint, timeout_sec);
}

const char *nm_wire_checkpoint(const struct nm *nm)
{
    return nm->wire_checkpoint;
}

int nm_wire_checkpoint_adopt(struct nm *nm, const char *path)
{
    return nm_adopt_checkpoint(&nm->wire_checkpoint, path);
}

void nm_wire_checkpoint_forget(struct nm *nm)
{
    g_clear_pointer(&nm->wire_checkpoint, g_free);
}

void nm_wire_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata)
{
    nm_call_rollback(nm_call_new(nm, done, userdata), &nm->wire_checkpoint);
}

void nm_wire_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata)
{
    nm_call_destroy(nm_call_new(nm, done, userdata), &nm->wire_checkpoint);
}
