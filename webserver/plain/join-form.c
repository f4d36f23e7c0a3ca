/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "join-form.h"

#include <string.h>

/* Of a certificate or a key, as user-network takes it. */
#define PEM_MAX (16 * 1024)

static const struct http_field names[N_JOIN_FIELDS] = {
        ADDRESS_FIELDS,
        [JOIN_SSID] = {"ssid"},
        [JOIN_PASSWORD] = {"password"},
        [JOIN_HIDDEN] = {"hidden"},
        [JOIN_OWE] = {"owe"},
        [JOIN_IDENTITY] = {"identity"},
        [JOIN_ANONYMOUS] = {"anonymous"},
        [JOIN_DOMAIN] = {"domain"},
        [JOIN_CA] = {"ca", PEM_MAX},
        [JOIN_CERTIFICATE] = {"certificate", PEM_MAX},
        [JOIN_KEY] = {"key", PEM_MAX},
        [JOIN_KEY_PASSWORD] = {"key-password"},
};

int join_form_read(struct http_request *request, struct join_form *ret)
{
    memcpy(ret->fields, names, sizeof(names));
    return http_request_form(request, ret->fields, N_JOIN_FIELDS);
}

void join_form_done(struct join_form *form)
{
    http_fields_done(form->fields, N_JOIN_FIELDS);
}

static bool has(const struct join_form *form, enum join_field field)
{
    return form->fields[field].value[0];
}

static bool has_certificate(const struct join_form *form)
{
    return has(form, JOIN_CERTIFICATE) || has(form, JOIN_KEY);
}

/* Whether the network is one where each user logs in. */
static bool has_login(const struct join_form *form)
{
    for (enum join_field field = JOIN_IDENTITY; field < JOIN_KEY_PASSWORD; field++) {
        if (has(form, field))
            return true;
    }
    return false;
}

static bool has_address(const struct join_form *form)
{
    return form->fields[ADDRESS_IP].value[0] || form->fields[ADDRESS_GATEWAY].value[0] ||
           form->fields[ADDRESS_DNS].value[0];
}

void join_form_show(struct plain *page, const struct join_form *form)
{
    plain_set(page, "typed", form->fields[JOIN_SSID].value);
    plain_set(page, "hides", has(form, JOIN_HIDDEN) ? "checked" : "");
    plain_set(page, "owe", has(form, JOIN_OWE) ? "checked" : "");
    plain_set(page, "identity", form->fields[JOIN_IDENTITY].value);
    plain_set(page, "anonymous", form->fields[JOIN_ANONYMOUS].value);
    plain_set(page, "domain", form->fields[JOIN_DOMAIN].value);
    plain_set(page, "open-login", has_login(form) ? "open" : "");
    plain_set(page, "open-server",
            has(form, JOIN_ANONYMOUS) || has(form, JOIN_DOMAIN) || has(form, JOIN_CA) ? "open"
                                                                                      : "");
    plain_set(page, "open-address", has_address(form) ? "open" : "");
    address_set_typed(page, form->fields);
}

void join_form_show_empty(struct plain *page, const char *ssid, bool login)
{
    plain_set(page, "typed", ssid);
    plain_set(page, "open-login", login ? "open" : "");
    address_set(page, NULL);
}

static int add_text(
        json_t *params, const struct join_form *form, enum join_field field, const char *name)
{
    if (!has(form, field))
        return 0;
    return json_object_set_new(params, name, json_string(form->fields[field].value));
}

static int add_login(json_t *params, const struct join_form *form)
{
    static const struct {
        enum join_field field;
        const char *name;
    } members[] = {
            {JOIN_IDENTITY, "identity"},
            {JOIN_ANONYMOUS, "anonymous_identity"},
            {JOIN_DOMAIN, "domain"},
            {JOIN_CA, "ca_certificate"},
            {JOIN_CERTIFICATE, "client_certificate"},
            {JOIN_KEY, "client_key"},
            {JOIN_KEY_PASSWORD, "client_key_password"},
    };
    const char *method = has_certificate(form) ? "tls" : "peap";

    for (size_t i = 0; i < ELEMENTSOF(members); i++) {
        if (add_text(params, form, members[i].field, members[i].name) < 0)
            return -EINVAL;
    }
    return json_object_set_new(params, "security", json_string(method));
}

/* Of one that is in the air this is known. */
static int add_hidden(json_t *params, const struct join_form *form)
{
    const char *security = has(form, JOIN_OWE) ? "owe" : has(form, JOIN_PASSWORD) ? NULL : "open";

    if (json_object_set_new(params, "hidden", json_true()) < 0)
        return -EINVAL;
    if (!security || has_login(form))
        return 0;
    return json_object_set_new(params, "security", json_string(security));
}

json_t *join_form_params(const struct join_form *form)
{
    _cleanup_json_ json_t *params = json_object();

    if (json_object_set_new(params, "ssid", json_string(form->fields[JOIN_SSID].value)) < 0 ||
            add_text(params, form, JOIN_PASSWORD, "password") < 0 ||
            address_add(params, form->fields) < 0)
        return NULL;
    if (has(form, JOIN_HIDDEN) && add_hidden(params, form) < 0)
        return NULL;
    if (has_login(form) && add_login(params, form) < 0)
        return NULL;
    return STEAL(params);
}
