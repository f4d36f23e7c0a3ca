/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One JSON object, name → service as `discover` gives it, kept as such and written whole. */

#include "registry.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "state-file.h"
#include "unbox/log.h"
#include "unit.h"

#define FILE_SIZE_MAX (2 * REGISTRY_SERVICES * REGISTRY_SERVICE_SIZE)
#define OWN_UNIT "healthd.service"

struct registry {
    char *path;
    struct bus *bus;
    json_t *services;
};

static void save(const struct registry *registry)
{
    state_file_write(registry->path, registry->services);
}

static json_t *load(const char *path)
{
    json_t *services = state_file_read(path, FILE_SIZE_MAX), *service;
    const char *name;
    void *next;

    if (!json_is_object(services)) {
        json_decref(services);
        return json_object();
    }
    json_object_foreach_safe (services, next, name, service)
        if (!json_is_string(json_object_get(service, "unit")))
            (void)json_object_del(services, name);
    return services;
}

int registry_open(const char *path, struct bus *bus, struct registry **ret)
{
    _cleanup_(registry_free_p) struct registry *registry = calloc(1, sizeof(*registry));

    if (!registry)
        return -ENOMEM;
    registry->bus = bus;
    registry->path = strdup(path);
    registry->services = load(path);
    if (!registry->path || !registry->services)
        return -ENOMEM;
    *ret = STEAL(registry);
    return 0;
}

struct registry *registry_free(struct registry *registry)
{
    if (!registry)
        return NULL;
    json_decref(registry->services);
    free(registry->path);
    free(registry);
    return NULL;
}

static const char *unit_of(const json_t *service)
{
    return json_string_value(json_object_get(service, "unit"));
}

static size_t first_word(const char *topic)
{
    return strcspn(topic, ".");
}

static bool same_word(const char *a, const char *b)
{
    return first_word(a) == first_word(b) && memcmp(a, b, first_word(a)) == 0;
}

bool registry_is_reserved(const char *topic)
{
    static const char *const words[] = {
            "health", "config", "registry", "queue", UNBOX_IPC_GAP, UNBOX_IPC_DROPPED};

    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (same_word(topic, words[i]))
            return true;
    return false;
}

static const char *owner_of_word(const json_t *service, const char *topic)
{
    json_t *declared;
    size_t i;

    json_array_foreach (json_object_get(service, "topics"), i, declared)
        if (same_word(json_string_value(json_object_get(declared, "name")) ?: "", topic))
            return unit_of(service);
    return NULL;
}

const char *registry_topic_owner(
        const struct registry *registry, const char *topic, bool *ret_durable)
{
    const char *name, *owner = NULL;
    json_t *service, *declared;
    size_t i;

    *ret_durable = false;
    json_object_foreach (registry->services, name, service) {
        owner = owner_of_word(service, topic);
        if (!owner)
            continue;
        json_array_foreach (json_object_get(service, "topics"), i, declared) {
            const char *pattern = json_string_value(json_object_get(declared, "name"));

            if (pattern && unbox_ipc_topic_match(pattern, topic))
                *ret_durable |= json_is_true(json_object_get(declared, "durable"));
        }
        return owner;
    }
    return NULL;
}

static int check_topics(
        const struct registry *registry, const char *unit, json_t *topics, const char **ret_message)
{
    json_t *topic;
    size_t i;

    json_array_foreach (topics, i, topic) {
        const char *name = NULL, *description = NULL, *owner;
        int durable = 0;
        bool kept;

        if (json_unpack(topic, "{s:s, s?s, s?b !}", "name", &name, "description", &description,
                    "durable", &durable) < 0 ||
                !unbox_ipc_topic_valid(name, true) || *name == '*') {
            *ret_message = "a topic has a name, a description, and \"durable\"";
            return -EINVAL;
        }
        owner = registry_topic_owner(registry, name, &kept);
        if (registry_is_reserved(name) && strcmp(unit, OWN_UNIT) != 0) {
            *ret_message = "the first word of a topic is one of healthd's";
            return -EEXIST;
        }
        if (owner && strcmp(owner, unit) != 0) {
            *ret_message = "the first word of a topic is another service's";
            return -EEXIST;
        }
    }
    return 0;
}

/* What a service's tab shows, the page shows to the customer: nobody puts one there from his
 * session, whose processes are those of a scope, or of user@.service. */
static bool is_service(const char *unit)
{
    static const char type[] = ".service";
    size_t size = strlen(unit);

    return size > strlen(type) && strcmp(unit + size - strlen(type), type) == 0 &&
           strncmp(unit, "user@", strlen("user@")) != 0;
}

static bool are_strings(const json_t *array)
{
    const json_t *element;
    size_t i;

    json_array_foreach (array, i, element)
        if (!json_is_string(element))
            return false;
    return !array || json_is_array(array);
}

static int check(const struct registry *registry, const char *unit, json_t *params,
        const char **ret_name, const char **ret_message)
{
    const char *name, *version = NULL, *description = NULL, *endpoint = NULL;
    json_t *capabilities = NULL, *topics = NULL, *tab = NULL;
    char own[NAME_MAX + 1];

    *ret_message = "name, version, description, endpoint, capabilities, topics and tab are wanted, "
                   "of which all but the name may be left out";
    if (json_unpack(params, "{s:s, s?s, s?s, s?s, s?o, s?o, s?o !}", "name", &name, "version",
                &version, "description", &description, "endpoint", &endpoint, "capabilities",
                &capabilities, "topics", &topics, "tab", &tab) < 0 ||
            !are_strings(capabilities) || (topics && !json_is_array(topics)) ||
            (tab && !json_is_object(tab)) || (endpoint && *endpoint != '/'))
        return -EINVAL;
    if (json_dumpb(params, NULL, 0, JSON_COMPACT) > REGISTRY_SERVICE_SIZE) {
        *ret_message = "a service may say 16 KiB of itself";
        return -EINVAL;
    }
    unit_short_name(unit, own, sizeof(own));
    if (!is_service(unit) || strcmp(own, name) != 0) {
        *ret_message = "the name is not the name of the caller's unit";
        return -EPERM;
    }
    *ret_name = name;
    return check_topics(registry, unit, topics, ret_message);
}

int registry_register(
        struct registry *registry, const char *unit, json_t *params, const char **ret_message)
{
    _cleanup_json_ json_t *service = NULL;
    const char *name;
    json_t *known;
    int r;

    r = check(registry, unit, params, &name, ret_message);
    if (r < 0)
        return r;
    known = json_object_get(registry->services, name);
    if (!known && json_object_size(registry->services) >= REGISTRY_SERVICES) {
        *ret_message = "there are too many services";
        return -ENOSPC;
    }
    *ret_message = strerrordesc_np(ENOMEM);
    service = json_deep_copy(params);
    if (!service || json_object_set_new(service, "unit", json_string(unit)) < 0)
        return -ENOMEM;
    if (json_equal(known, service))
        return 0;
    if (json_object_set(registry->services, name, service) < 0)
        return -ENOMEM;
    save(registry);
    return bus_publish(registry->bus, "registry.registered", STEAL(service), NULL);
}

static void drop(struct registry *registry, const char *name)
{
    json_t *gone = json_pack(
            "{s:s, s:s}", "name", name, "unit", unit_of(json_object_get(registry->services, name)));
    int r;

    (void)json_object_del(registry->services, name);
    r = gone ? bus_publish(registry->bus, "registry.unregistered", gone, NULL) : -ENOMEM;
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't tell that a service has gone");
}

int registry_unregister(struct registry *registry, const char *unit, const char *name)
{
    const json_t *service = json_object_get(registry->services, name);

    if (!service)
        return -ENOENT;
    if (strcmp(unit_of(service), unit) != 0)
        return -EPERM;
    drop(registry, name);
    save(registry);
    return 0;
}

json_t *registry_find(const struct registry *registry, const char *name)
{
    return json_object_get(registry->services, name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *registry_list(const struct registry *registry)
{
    const char *names[REGISTRY_SERVICES], *name;
    json_t *list = json_array(), *service;
    size_t count = 0;

    json_object_foreach (registry->services, name, service)
        if (count < ELEMENTSOF(names))
            names[count++] = name;
    qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; list && i < count; i++)
        (void)json_array_append(list, json_object_get(registry->services, names[i]));
    return list;
}

void registry_check(struct registry *registry, registry_runs_fn runs, void *userdata)
{
    bool dropped = false;
    json_t *service;
    const char *name;
    void *next;

    json_object_foreach_safe (registry->services, next, name, service) {
        if (runs(unit_of(service), userdata))
            continue;
        drop(registry, name);
        dropped = true;
    }
    if (dropped)
        save(registry);
}
