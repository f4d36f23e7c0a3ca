/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a configuration file: it is refused with a text, or accepted whole. */

#include <stdlib.h>
#include <unbox/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    return 0;
}
