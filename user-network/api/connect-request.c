/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks what somebody wants to join, and says in his words what is wrong with it. */

#include "connect-request.h"

#include <stdio.h>
#include <string.h>

#include "certificates.h"

const char *connect_request_ssid(json_t *params, struct ssid *ret)
{
    json_t *text = json_object_get(params, "ssid");
    json_t *hex = json_object_get(params, "ssid_hex");
    int r;

    if (json_is_string(hex))
        r = ssid_from_hex(json_string_value(hex), ret);
    else if (json_is_string(text))
        r = ssid_from_bytes(json_string_value(text), json_string_length(text), ret);
    else
        return "Say which network: \"ssid\" or \"ssid_hex\".";
    if (r < 0)
        return "The name of a network has 1 to 32 bytes.";
    if (!ssid_is_text(ret))
        return "This device cannot join a network whose name is not UTF-8 text or has a NUL in it.";
    return NULL;
}

/* The text behind `key`, "" when it is missing or null. False when it is something else, or doesn't
 * fit. */
static bool read_text(json_t *params, const char *key, char *ret, size_t max)
{
    json_t *value = json_object_get(params, key);
    size_t size = json_string_length(value);

    *ret = '\0';
    if (!value || json_is_null(value))
        return true;
    if (!json_is_string(value) || size >= max || strlen(json_string_value(value)) != size)
        return false;
    memcpy(ret, json_string_value(value), size + 1);
    return true;
}

static bool has(json_t *params, const char *key)
{
    return json_string_length(json_object_get(params, key)) > 0;
}

static const char *read_kind(
        json_t *params, const struct scan_entry *seen, struct wifi_network *network)
{
    static const struct {
        const char *name;
        enum wifi_kind kind;
    } kinds[] = {{"open", WIFI_PLAIN}, {"wpa", WIFI_PLAIN}, {"owe", WIFI_OWE}, {"peap", WIFI_PEAP},
            {"tls", WIFI_TLS}};
    json_t *wanted = json_object_get(params, "security");

    for (size_t i = 0; json_is_string(wanted) && i < ELEMENTSOF(kinds); i++)
        if (strcmp(kinds[i].name, json_string_value(wanted)) == 0) {
            network->kind = kinds[i].kind;
            return NULL;
        }
    if (wanted && !json_is_null(wanted))
        return "The security must be \"open\", \"wpa\", \"owe\", \"peap\" or \"tls\".";
    if ((seen && seen->security == SECURITY_ENTERPRISE) || has(params, "identity"))
        network->kind = has(params, "client_certificate") ? WIFI_TLS : WIFI_PEAP;
    else if (seen && seen->security == SECURITY_OWE)
        network->kind = WIFI_OWE;
    return NULL;
}

/* Whether one of those that have this name lets such a network in. */
static bool is_there(const struct scan_entry *seen, const struct wifi_network *network)
{
    if (wifi_is_enterprise(network))
        return scan_entry_is(seen, SECURITY_ENTERPRISE);
    if (network->psk[0])
        return scan_entry_takes_psk(seen);
    return scan_entry_is(seen, SECURITY_OPEN) || scan_entry_is(seen, SECURITY_OWE);
}

/* Why what the air has under this name doesn't let such a network in. */
static const char *complain(const struct scan_entry *seen, const struct wifi_network *network)
{
    if (seen->security == SECURITY_WEP)
        return "This device cannot join networks with this kind of security.";
    if (wifi_is_enterprise(network))
        return "This network takes no user name.";
    if (seen->security == SECURITY_ENTERPRISE)
        return "This network needs a user name.";
    if (security_is_psk(seen->security))
        return "This network needs a password.";
    return "This network is open: leave the password empty.";
}

/* Whether kind, password and what is in the air fit together; `seen` may be NULL. */
static const char *check_security(
        json_t *params, const struct scan_entry *seen, const struct wifi_network *network)
{
    const char *wanted = json_string_value(json_object_get(params, "security"));

    if (wanted && strcmp(wanted, "wpa") == 0 && !network->psk[0])
        return "This network needs a password.";
    if (wanted && strcmp(wanted, "open") == 0 && network->psk[0])
        return "This network is open: leave the password empty.";
    if (!seen)
        return NULL;
    /* Who has left out the password of his network is not to end on an open one of its name. */
    if (!wanted && !network->psk[0] && security_is_psk(seen->security) &&
            !wifi_is_enterprise(network))
        return complain(seen, network);
    return is_there(seen, network) ? NULL : complain(seen, network);
}

static const char *read_password(json_t *params, struct wifi_network *network)
{
    char password[EAP_TEXT_MAX + 1];
    const char *wrong = NULL;
    const char *key = network->kind == WIFI_TLS ? "client_key_password" : "password";
    json_t *value = json_object_get(params, key);

    if (value && !json_is_string(value) && !json_is_null(value))
        return "The password must be text.";
    if (!read_text(params, key, password, sizeof(password)))
        return "The password is too long, or has characters that cannot be in it.";
    if (wifi_is_enterprise(network)) {
        memcpy(network->eap.password, password, strlen(password) + 1);
    } else if (*password) {
        wrong = psk_check(password, strlen(password));
        if (!wrong && !copy_text(network->psk, sizeof(network->psk), password))
            wrong = "The password of a network has at most 64 characters.";
    }
    explicit_bzero(password, sizeof(password));
    return wrong;
}

/* PEM text behind `key`, borrowed; NULL when it is missing, null or empty. */
static const char *read_pem(json_t *params, const char *key, const char **ret)
{
    json_t *value = json_object_get(params, key);

    *ret = NULL;
    if (!value || json_is_null(value) || (json_is_string(value) && !json_string_length(value)))
        return NULL;
    if (!json_is_string(value))
        return "A certificate must be text.";
    if (json_string_length(value) > CERTIFICATE_MAX ||
            strlen(json_string_value(value)) != json_string_length(value))
        return "Certificates and keys must be in PEM form, and no longer than 16 KiB.";
    *ret = json_string_value(value);
    return NULL;
}

static const char *keep_certificate(
        const struct paths *paths, const char *pem, char *ret, size_t max)
{
    _cleanup_free_ char *path = NULL;
    int r;

    if (!pem)
        return NULL;
    r = certificates_keep(paths, pem, strlen(pem), &path);
    if (r == -EINVAL || r == -ENAMETOOLONG || (r >= 0 && !copy_text(ret, max, path)))
        return "Certificates and keys must be in PEM form, and no longer than 16 KiB.";
    if (r < 0)
        return "The certificate cannot be kept: is the disk full?";
    return NULL;
}

static const char *read_certificates(
        json_t *params, const struct paths *paths, struct wifi_eap *eap)
{
    struct certificates given = {.password = eap->password[0] ? eap->password : NULL};
    const struct {
        const char *key;
        const char **pem;
        char *path;
    } certificates[] = {{"ca_certificate", &given.ca, eap->ca},
            {"client_certificate", &given.certificate, eap->certificate},
            {"client_key", &given.key, eap->key}};
    const char *wrong = NULL;

    for (size_t i = 0; i < ELEMENTSOF(certificates) && !wrong; i++)
        wrong = read_pem(params, certificates[i].key, certificates[i].pem);
    if (!wrong)
        wrong = certificates_check(&given);
    for (size_t i = 0; i < ELEMENTSOF(certificates) && !wrong; i++)
        wrong = keep_certificate(
                paths, *certificates[i].pem, certificates[i].path, CERTIFICATE_PATH_MAX + 1);
    return wrong;
}

static const char *read_eap(json_t *params, const struct paths *paths, struct wifi_eap *eap)
{
    if (!read_text(params, "identity", eap->identity, sizeof(eap->identity)) ||
            !read_text(params, "anonymous_identity", eap->anonymous, sizeof(eap->anonymous)))
        return "A user name is text of at most 253 bytes.";
    if (!read_text(params, "domain", eap->domain, sizeof(eap->domain)))
        return "The network's domain must look like radius.example.org.";
    return read_certificates(params, paths, eap);
}

static const char *read_address(json_t *params, struct wifi_address *ret)
{
    json_t *dns = json_object_get(params, "dns");
    char text[INET_ADDRSTRLEN + 4], end;
    char *slash;

    if (!read_text(params, "address", text, sizeof(text)))
        return "A fixed address must look like 192.168.1.20/24.";
    slash = strchr(text, '/');
    if (*text) {
        if (!slash || slash == text || slash - text >= INET_ADDRSTRLEN ||
                sscanf(slash + 1, "%2u%c", &ret->prefix, &end) != 1)
            return "A fixed address must look like 192.168.1.20/24.";
        memcpy(ret->address, text, (size_t)(slash - text));
    }
    if (!read_text(params, "gateway", ret->gateway, sizeof(ret->gateway)))
        return "The gateway must look like 192.168.1.1.";
    if (!dns || json_is_null(dns))
        return NULL;
    if (!json_is_array(dns) || json_array_size(dns) > DNS_MAX)
        return "Name servers are a list of at most three addresses.";
    for (size_t i = 0; i < json_array_size(dns); i++) {
        const char *server = json_string_value(json_array_get(dns, i));

        if (!server || !copy_text(ret->dns[ret->n_dns++], sizeof(ret->dns[0]), server))
            return "The address of a name server must look like 192.168.1.1.";
    }
    return NULL;
}

static const char *read_priority(
        json_t *params, const struct wifi_network *known, struct wifi_network *network)
{
    json_t *priority = json_object_get(params, "priority");

    network->priority = known ? known->priority : 0;
    if (!priority || json_is_null(priority))
        return NULL;
    if (!json_is_integer(priority) || json_integer_value(priority) < 0 ||
            json_integer_value(priority) > PRIORITY_MAX)
        return "A priority is a number from 0 to 999.";
    network->priority = (int)json_integer_value(priority);
    return NULL;
}

static bool says_any(json_t *params, const char *const keys[])
{
    for (size_t i = 0; keys[i]; i++) {
        json_t *value = json_object_get(params, keys[i]);

        if (value && !json_is_null(value))
            return true;
    }
    return false;
}

/* Somebody wants a saved network, and needn't tell its secrets once more. */
static bool read_again(json_t *params, const struct wifi_network *known,
        const struct scan_entry *seen, struct wifi_network *network)
{
    static const char *const secrets[] = {"password", "security", "identity", "anonymous_identity",
            "domain", "ca_certificate", "client_certificate", "client_key", "client_key_password",
            NULL};
    static const char *const address[] = {"address", "gateway", "dns", NULL};

    if (!known || says_any(params, secrets) || (seen && !is_there(seen, known)))
        return false;
    network->kind = known->kind;
    network->eap = known->eap;
    memcpy(network->psk, known->psk, sizeof(network->psk));
    network->hidden = network->hidden || known->hidden;
    if (!says_any(params, address))
        network->address = known->address;
    return true;
}

static const char *read_security(json_t *params, const struct paths *paths,
        const struct scan_entry *seen, struct wifi_network *network)
{
    const char *wrong = read_kind(params, seen, network);

    if (!wrong)
        wrong = read_password(params, network);
    if (!wrong)
        wrong = check_security(params, seen, network);
    if (!wrong && wifi_is_enterprise(network))
        wrong = read_eap(params, paths, &network->eap);
    return wrong;
}

const char *connect_request_read(json_t *params, const struct paths *paths,
        const struct scan_list *air, const struct wifi_network *known, struct wifi_network *ret)
{
    const struct scan_entry *seen;
    const char *wrong;

    *ret = (struct wifi_network){.hidden = json_is_true(json_object_get(params, "hidden"))};
    wrong = connect_request_ssid(params, &ret->ssid);
    if (wrong)
        return wrong;
    wrong = read_priority(params, known, ret);
    if (!wrong)
        wrong = read_address(params, &ret->address);
    seen = scan_list_find(air, &ret->ssid);
    if (!wrong && !read_again(params, known, seen, ret))
        wrong = read_security(params, paths, seen, ret);
    return wrong ?: wifi_network_check(ret);
}
