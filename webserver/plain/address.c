/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASK_MIN 8
#define MASK_USUAL 24
#define MASK_MAX 31
#define SEPARATORS " \t\r\n,;"

void address_set_typed(struct plain *page, const struct http_field *fields)
{
    plain_set(page, "address", fields[ADDRESS_IP].value);
    plain_set(page, "gateway", fields[ADDRESS_GATEWAY].value);
    plain_set(page, "dns", fields[ADDRESS_DNS].value);
}

void address_set(struct plain *page, const json_t *fixed)
{
    const char *address = plain_text(fixed, "address");

    plain_printf(page, "address", "%.*s", (int)strcspn(address, "/"), address);
    plain_set(page, "gateway", plain_text(fixed, "gateway"));
    plain_set_list(page, "dns", json_object_get(fixed, "dns"));
}

unsigned address_prefix(const char *text)
{
    unsigned long prefix = strtoul(text, NULL, 10);

    return prefix >= MASK_MIN && prefix <= MASK_MAX ? (unsigned)prefix : MASK_USUAL;
}

void address_add_masks(struct plain *page, unsigned chosen, unsigned part)
{
    char text[INET_ADDRSTRLEN];

    for (unsigned prefix = MASK_MAX; prefix >= MASK_MIN; prefix--) {
        struct in_addr mask = {htonl(UINT32_MAX << (32 - prefix))};

        inet_ntop(AF_INET, &mask, text, sizeof(text));
        plain_printf(page, "prefix", "%u", prefix);
        plain_printf(page, "mask", "%s (/%u)", text, prefix);
        plain_set(page, "selected", prefix == chosen ? "selected" : "");
        plain_part(page, part);
    }
}

static int set_text(json_t *params, const char *name, const char *text)
{
    return text[0] ? json_object_set_new(params, name, json_string(text)) : 0;
}

static int add_servers(json_t *params, const char *text)
{
    _cleanup_json_ json_t *servers = json_array();

    while (*(text += strspn(text, SEPARATORS))) {
        size_t size = strcspn(text, SEPARATORS);

        if (json_array_append_new(servers, json_stringn(text, size)) < 0)
            return -EINVAL;
        text += size;
    }
    return json_array_size(servers) > 0 ? json_object_set(params, "dns", servers) : 0;
}

int address_add(json_t *params, const struct http_field *fields)
{
    const char *address = fields[ADDRESS_IP].value;

    if (address[0] && json_object_set_new(params, "address",
                              json_sprintf("%s/%s", address, fields[ADDRESS_MASK].value)) < 0)
        return -EINVAL;
    if (set_text(params, "gateway", fields[ADDRESS_GATEWAY].value) < 0)
        return -EINVAL;
    return add_servers(params, fields[ADDRESS_DNS].value) < 0 ? -EINVAL : 0;
}
