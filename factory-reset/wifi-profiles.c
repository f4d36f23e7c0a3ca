/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells NetworkManager's profiles of the radio from those of the wire, by their keyfile. */

#include "wifi-profiles.h"

#include <glib.h>
#include <string.h>

#include "util.h"

DEFINE_CLEANUP(GKeyFile *, g_key_file_free);

int wifi_profile(const char *path)
{
    _cleanup_(g_key_file_free_p) GKeyFile *file = g_key_file_new();
    _cleanup_free_ char *type = NULL;

    /* A file that NetworkManager couldn't read either may still hold a password. */
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return 1;
    type = g_key_file_get_string(file, "connection", "type", NULL);
    if (type)
        return strcmp(type, "wifi") == 0 || strcmp(type, "802-11-wireless") == 0;
    return g_key_file_has_group(file, "wifi") || g_key_file_has_group(file, "802-11-wireless");
}
