/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of the sections. */

#include "section.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "template.h"

#define ZONEINFO "/usr/share/zoneinfo"

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

/* The name has passed the schema: it stays below the folder. */
static const char *check_timezone(const struct unbox_config *product)
{
    const char *name = unbox_config_string(product, "time.timezone");
    char path[sizeof(ZONEINFO) + 128];
    struct stat st;

    snprintf(path, sizeof(path), ZONEINFO "/%s", name);
    if (strcmp(name, "UTC") == 0 || (stat(path, &st) == 0 && S_ISREG(st.st_mode)))
        return NULL;
    return "there is no such timezone";
}

const struct section sections[SECTION_COUNT] = {
        [SECTION_WIFI] =
                {
                        .name = "wifi",
                        .key = "wifi.ssid",
                        .other_key = "wifi.ssid_hex",
                        .interface_key = "wifi.interface",
                        .render = template_wifi,
                        .path = "/etc/hostapd/hostapd.conf",
                        .mode = 0600,
                        .unit = "hostapd.service",
                },
        [SECTION_NETWORK] =
                {
                        .name = "network",
                        .key = "network.ap_ip",
                        .interface_key = "network.interface",
                        .address_key = "network.ap_ip",
                        .render = template_network,
                        .path = "/etc/systemd/network/10-unbox-ap.network",
                        .mode = 0644,
                        .unit = "systemd-networkd.service",
                },
        [SECTION_BLUETOOTH] =
                {
                        .name = "bluetooth",
                        .key = "bluetooth.name",
                        .render = template_bluetooth,
                        .properties = &properties_bluez,
                },
        [SECTION_TIME] =
                {
                        .name = "time",
                        .key = "time.timezone",
                        .check = check_timezone,
                        .render = template_time,
                        .properties = &properties_timedated,
                },
};

const struct section *section_find(const char *name)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    return NULL;
}

static bool is_given(const struct section *section, const struct unbox_config *product)
{
    return unbox_config_given(product, section->key) ||
           (section->other_key && unbox_config_given(product, section->other_key));
}

int section_read(const struct section *section, struct unbox_config **ret,
        struct unbox_config_error *ret_error)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *product = NULL;
    const char *complaint;
    int r;

    r = unbox_config_load_product(NULL, &product, ret_error);
    if (r < 0)
        return r;
    if (!is_given(section, product)) {
        snprintf(ret_error->text, sizeof(ret_error->text),
                UNBOX_CONFIG_PRODUCT_PATH ": there is no section %s", section->name);
        return -ENOENT;
    }
    complaint = section->check ? section->check(product) : NULL;
    if (complaint) {
        snprintf(ret_error->text, sizeof(ret_error->text), UNBOX_CONFIG_PRODUCT_PATH ":%zu: %s: %s",
                unbox_config_line(product, section->key), section->key, complaint);
        return -EINVAL;
    }
    *ret = STEAL(product);
    return 0;
}
