/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Labels: what the register knows of a device, and what the device makes of it. */

#include "label.h"

#include "hotspot-settings.h"
#include "qr.h"

#define WITH_IDENTITY                                                                              \
    "SELECT serial, uuid, hostname FROM devices"                                                   \
    " WHERE hostname IS NOT NULL AND enrolled_at IS NOT NULL AND retired_at IS NULL"               \
    " AND serial > coalesce(?1, '')"

static int append(const struct unbox_config *config, sqlite3_stmt *row, json_t *list)
{
    const struct hotspot_device device = {
            .serial = (const char *)sqlite3_column_text(row, 0),
            .uuid = (const char *)sqlite3_column_text(row, 1),
            .hostname = (const char *)sqlite3_column_text(row, 2),
    };
    _cleanup_free_ char *code = NULL, *svg = NULL;
    struct hotspot_settings settings;
    const char *complaint;
    json_t *label;
    int r;

    /* What it may complain of, each device says of itself. */
    hotspot_settings_make(config, &device, &settings, &complaint);
    r = hotspot_qr(&settings, &code);
    if (r >= 0)
        r = qr_svg(code, &svg);
    if (r < 0)
        return r;
    label = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "serial", device.serial, "hostname",
            device.hostname, "ssid", settings.ssid, "password", settings.password, "qr", code,
            "svg", svg);
    return json_array_append_new(list, label) < 0 ? -ENOMEM : 0;
}

/* As a JSON array, which SQLite reads; NULL without memory. */
static char *split_serials(const char *serials)
{
    static const char between[] = " \t\r\n,;";
    _cleanup_json_ json_t *list = json_array();
    size_t size;

    for (serials += strspn(serials, between); *serials; serials += strspn(serials, between)) {
        size = strcspn(serials, between);
        /* What is no text is no serial either. */
        if (size > 0)
            (void)json_array_append_new(list, json_stringn(serials, size));
        serials += size;
    }
    return json_dumps(list, JSON_COMPACT);
}

/* Each way to choose has an index of its own: a bench may have a million devices. */
static int query(struct database *database, sqlite3_stmt **ret, const char *batch,
        const char *serials, const char *after)
{
    _cleanup_free_ char *list = NULL;

    if (!serials)
        return batch ? database_query(database, ret,
                               WITH_IDENTITY " AND batch = ?2 ORDER BY serial", "ss", after, batch)
                     : database_query(database, ret, WITH_IDENTITY " ORDER BY serial", "s", after);
    list = split_serials(serials);
    if (!list)
        return -ENOMEM;
    return database_query(database, ret,
            WITH_IDENTITY " AND serial IN (SELECT value FROM json_each(?3))"
                          " AND (?2 IS NULL OR batch = ?2) ORDER BY serial",
            "sss", after, batch, list);
}

int label_list(struct database *database, const struct unbox_config *config, const char *batch,
        const char *serials, const char *after, json_t **ret, char **ret_next)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_json_ json_t *list = json_array();
    int r, code;

    if (!list)
        return -ENOMEM;
    r = query(database, &row, batch, serials, after);
    while (r > 0) {
        r = append(config, row, list);
        if (r < 0)
            return r;
        if (json_array_size(list) == LABELS_MAX) {
            *ret_next = database_text(row, 0);
            if (!*ret_next)
                return -ENOMEM;
            break;
        }
        code = sqlite3_step(row);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return -EIO;
        r = code == SQLITE_ROW;
    }
    if (r < 0)
        return r;
    *ret = STEAL(list);
    return 0;
}
