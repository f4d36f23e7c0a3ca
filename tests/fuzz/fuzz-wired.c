/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wire's netplan file, and what the customer gives for it. Whatever is taken, of either, comes
 * out of the file as it went in. The input is read as both.
 */

#include <string.h>

#include "wired-yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct wired_settings *settings)
{
    _cleanup_json_ json_t *before = wired_settings_to_json(settings), *after = NULL;
    _cleanup_free_ char *text = NULL;
    struct wired_settings back;
    size_t size;

    if (!before || wired_yaml_write(settings, "eth0", &text, &size) < 0)
        abort();
    if (wired_yaml_read(text, size, &back) < 0)
        abort();
    after = wired_settings_to_json(&back);
    if (!json_equal(before, after))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_t *object = json_loadb((const char *)data, size, 0, NULL);
    struct wired_settings settings;

    if (object && !wired_settings_from_json(object, &settings))
        round_trip(&settings);
    /* As a file that somebody else wrote: it may be refused, and no more. */
    if (wired_yaml_read((const char *)data, size, &settings) == 0)
        round_trip(&settings);
    return 0;
}
