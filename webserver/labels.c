/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "labels.h"

#include "qr.h"
#include "template.h"
#include "util.h"

/* Of the page's text, in its order. */
enum part {
    PART_HEAD,
    PART_SHEET,
    PART_LABEL,
    PART_SHEET_END,
    PART_NONE,
    PART_TAIL,
};

void labels_begin(FILE *stream, const struct asset *page)
{
    template_write(stream, page, PART_HEAD, NULL);
}

static int write_label(FILE *stream, const struct asset *page, json_t *label)
{
    const char *serial, *hostname, *ssid, *password, *qr;
    _cleanup_free_ char *code = NULL;
    int r;

    if (json_unpack(label, "{s:s, s:s, s:s, s:s, s:s}", "serial", &serial, "hostname", &hostname,
                "ssid", &ssid, "password", &password, "qr", &qr) < 0)
        return -EBADMSG;
    r = qr_svg(qr, &code);
    if (r < 0)
        return r;
    template_write(stream, page, PART_LABEL,
            (const struct template_value[]){
                    {"code", .markup = code},
                    {"hostname", hostname},
                    {"serial", serial},
                    {"ssid", ssid},
                    {"password", password},
                    {},
            });
    return 0;
}

int labels_write(FILE *stream, const struct asset *page, const json_t *sheet, size_t number)
{
    int r;

    if (number == 0)
        template_write(stream, page, PART_SHEET, NULL);
    r = write_label(stream, page, json_array_get(sheet, number));
    if (r == 0 && number + 1 == json_array_size(sheet))
        template_write(stream, page, PART_SHEET_END, NULL);
    return r;
}

void labels_end(FILE *stream, const struct asset *page, bool none)
{
    if (none)
        template_write(stream, page, PART_NONE, NULL);
    template_write(stream, page, PART_TAIL, NULL);
}
