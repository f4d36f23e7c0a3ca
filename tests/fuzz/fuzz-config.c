/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a configuration file of either kind: it is refused with a text, or accepted whole.
 */

#include <stdlib.h>
#include <string.h>
#include <unbox/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_product(const char *data, size_t size)
{
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r = unbox_config_parse_product("fuzz", data, size, &config, &error);

    if (r < 0 && (config || !*error.text))
        abort();
    /* What is written into hostapd's file has neither lines of its own nor a wrong length. */
    if (r == 0 && unbox_config_given(config, "wifi.password")) {
        const char *password = unbox_config_string(config, "wifi.password");

        if (strlen(password) < 8 || strlen(password) > 64)
            abort();
        for (; *password; password++)
            if (*password < 0x20 || *password > 0x7e)
                abort();
    }
    unbox_config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r = unbox_config_parse("fuzz", (const char *)data, size, &config, &error);

    if (r < 0 && (config || !*error.text))
        abort();
    if (r == 0 && !unbox_config_string(config, "hotspot.ssid"))
        abort();
    for (const struct unbox_config_row *const *row =
                    r == 0 ? unbox_config_table(config, "health.checks") : NULL;
            row && *row; row++)
        if (!*unbox_config_row_string(*row, "type"))
            abort();
    unbox_config_free(config);
    check_product((const char *)data, size);
    return 0;
}
