/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of health.checks, and which of them each type of check has. */

#include <arpa/inet.h>
#include <string.h>

#include "config-schema.h"
#include "config-value.h"

#define KEYS_MAX 4

/* The keys that not all types have; what stands before the NULL of `needed` must be given. */
static const struct check_type {
    const char *name;
    const char *needed[KEYS_MAX];
    const char *possible[KEYS_MAX];
} check_types[] = {
        {"address", {"interface"}, {"address"}},
        {"dhcp_range", {"interface"}, {"range_start", "range_end"}},
        {"bluetooth", {}, {"adapter"}},
        {"tcp", {"address", "port"}, {}},
        {"http", {"url"}, {"status"}},
        {"unix", {"path"}, {"ping"}},
        {"disk", {"path"}, {"min_free_percent"}},
        {"memory", {}, {"min_free_percent"}},
        {"temperature", {}, {"zone", "max_celsius"}},
        {"dbus", {"name"}, {}},
        {"certificate", {"path"}, {"min_days"}},
        {"command", {"command"}, {}},
};

static const char *const common_keys[] = {
        "service", "type", "interval_seconds", "heal", "heal_after"};

static const struct check_type *find_type(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(check_types); i++)
        if (strcmp(check_types[i].name, name) == 0)
            return &check_types[i];
    return NULL;
}

static bool contains(const char *const *names, size_t size, const char *name)
{
    for (size_t i = 0; i < size && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static const char *check_row(const struct unbox_config_row *row, const char **ret_key)
{
    const struct check_type *type = find_type(unbox_config_row_string(row, "type"));

    for (size_t i = 0; i < row->table->size; i++) {
        const char *key = row->table->keys[i].name;

        *ret_key = key;
        if (contains(type->needed, KEYS_MAX, key)) {
            if (!row->values[i].given)
                return "is missing: this type of check needs it";
        } else if (row->values[i].given && !contains(type->possible, KEYS_MAX, key) &&
                   !contains(common_keys, ELEMENTSOF(common_keys), key))
            return "this type of check has no such key";
    }
    *ret_key = "command";
    if (strcmp(type->name, "command") == 0) {
        const char *const *command = unbox_config_row_list(row, "command");

        if (!command[0] || command[0][0] != '/')
            return "must begin with the absolute path of a program";
    }
    return NULL;
}

static const char *check_type(const char *value)
{
    return find_type(value) ? NULL
                            : "must be address, dhcp_range, bluetooth, tcp, http, unix, disk, "
                              "memory, temperature, dbus, certificate or command";
}

static const char *check_ip(const char *value)
{
    struct in6_addr address;

    return !*value || inet_pton(AF_INET, value, &address) == 1 ||
                           inet_pton(AF_INET6, value, &address) == 1
                   ? NULL
                   : "must be an IP address";
}

static const char *check_ipv4(const char *value)
{
    struct in_addr address;

    return !*value || inet_pton(AF_INET, value, &address) == 1 ? NULL : "must be an IPv4 address";
}

static const char *check_url(const char *value)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    size_t size;

    if (!*value)
        return NULL;
    if (strncmp(value, "http://", 7) != 0)
        return "must begin with http://";
    value += 7;
    size = strcspn(value, ":/?#[");
    if (size < sizeof(host))
        memcpy(host, value, size);
    /* To find the address of another name would block, and fail where the name server does. */
    if (strchr(value, '@') || (*value != '[' && strcmp(host, "localhost") != 0 &&
                                      inet_pton(AF_INET, host, &address) != 1))
        return "must name an IP address or localhost";
    return NULL;
}

static const char *check_path(const char *value)
{
    return !*value || value[0] == '/' ? NULL : "must be an absolute path";
}

static const char *check_name(const char *value)
{
    return strpbrk(value, "/ \t") ? "must be a plain name" : NULL;
}

static const char *check_service(const char *value)
{
    return strpbrk(value, "*?[/ \t") ? "must be the name of one unit, or device" : NULL;
}

static const struct config_key check_keys[] = {
        {"service", CONFIG_STRING, 1, 255, "device", check_service,
                "The service that isn't well when the check fails; device is none of them."},
        {"type", CONFIG_STRING, 1, 32, NULL, check_type, "What is checked."},
        {"interval_seconds", CONFIG_INT, 0, 86400, "0", NULL,
                "How often it runs; 0 takes health.check_interval_seconds."},
        {"heal", CONFIG_BOOL, 0, 0, "false", NULL,
                "The service is restarted when the check fails, as if it had failed itself."},
        {"heal_after", CONFIG_INT, 1, 1000, "3", NULL,
                "How often in succession it has to fail before that."},
        {"interface", CONFIG_STRING, 1, 15, "", check_name, "A network interface."},
        {"address", CONFIG_STRING, 2, 45, "", check_ip,
                "The address that the interface must have, or that is connected to."},
        {"range_start", CONFIG_STRING, 7, 15, "", check_ipv4, "The first address that is leased."},
        {"range_end", CONFIG_STRING, 7, 15, "", check_ipv4, "The last address that is leased."},
        {"adapter", CONFIG_STRING, 1, 15, "hci0", check_name, "A Bluetooth adapter."},
        {"port", CONFIG_INT, 1, 65535, "0", NULL, "The TCP port that is connected to."},
        {"url", CONFIG_STRING, 8, 1024, "", check_url, "The page that is fetched."},
        {"status", CONFIG_INT, 0, 599, "0", NULL,
                "The HTTP status that is fine; 0 is any from 200 to 299."},
        {"path", CONFIG_STRING, 1, 255, "", check_path, "A socket, a file system or a file."},
        {"ping", CONFIG_BOOL, 0, 0, "false", NULL,
                "The socket speaks the suite's protocol and must answer a ping."},
        {"min_free_percent", CONFIG_INT, 1, 99, "5", NULL, "How much has to be free."},
        {"zone", CONFIG_STRING, 0, 64, "", check_name,
                "Type of the thermal zone, as cpu-thermal; empty is the hottest of all."},
        {"max_celsius", CONFIG_INT, 1, 200, "85", NULL, "What is too hot."},
        {"name", CONFIG_STRING, 3, 255, "", check_name, "A name on the system bus."},
        {"min_days", CONFIG_INT, 0, 3650, "14", NULL,
                "For how long the certificate still has to be valid."},
        {"command", CONFIG_LIST, 0, 1024, "", NULL,
                "A program with its arguments; it has to exit with 0 within 5 s."},
};

const struct config_table config_checks = {check_keys, ELEMENTSOF(check_keys), check_row};
