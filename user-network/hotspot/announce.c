/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Follows Avahi and keeps it told, one call at a time: first the name of the host, which Avahi
 * announces with all addresses by itself; then which name it has become, since somebody else may
 * have that one; then an entry group with the page. Whatever happens ends in follow(), which
 * compares what is wanted with what Avahi has and makes the next call. Avahi's D-Bus interface:
 * avahi-daemon/org.freedesktop.Avahi.{Server,EntryGroup}.xml in its sources.
 */

#include "announce.h"

#include <stdio.h>
#include <string.h>

#include "unbox/log.h"

#define AVAHI "org.freedesktop.Avahi"
#define SERVER AVAHI ".Server"
#define ENTRY_GROUP AVAHI ".EntryGroup"

#define LABEL_MAX 63
/* How long others may take to object to a name is two seconds. Seen: a group that was committed
 * while the addresses changed never got anywhere, until it was made anew. */
#define PATIENCE_MIN_USEC (5 * USEC_PER_SEC)
#define PATIENCE_MAX_USEC (300 * USEC_PER_SEC)
/* Whoever else has the name, and the next, and the next: something is wrong. */
#define COLLISIONS_MAX 16

/* AvahiServerState and AvahiEntryGroupState, avahi-common/defs.h */
enum { SERVER_RUNNING = 2 };
enum { GROUP_ESTABLISHED = 2, GROUP_COLLISION = 3, GROUP_FAILURE = 4 };

struct announce {
    sd_bus *bus;
    void (*changed)(void *userdata);
    void *userdata;
    char host[LABEL_MAX + 1]; /* wanted; "" until it is known */
    unsigned port;
    char *name;       /* of the service; another one after a collision */
    bool running;     /* Avahi is there, and sure of the host's name */
    bool told;        /* it was told the host's name */
    char *found;      /* the name that the host has at Avahi; NULL: not known */
    char *group;      /* the entry group at Avahi; NULL: none */
    unsigned sent;    /* the port in it; 0: none */
    bool established; /* others can find it */
    bool gave_up;     /* until something is another than when it failed */
    unsigned collisions;
    uint64_t patience_usec;
    sd_event_source *patience;
    sd_bus_slot *owner;
    sd_bus_slot *server_state;
    sd_bus_slot *group_state;
    sd_bus_slot *call; /* the one that is under way */
};

static void follow(struct announce *announce);
static void start_over(struct announce *announce);

/* Never starts Avahi: who has switched it off doesn't want it. */
static int ask(struct announce *announce, const char *path, const char *interface,
        const char *method, sd_bus_message_handler_t done, const char *types, ...)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *message = NULL;
    va_list args;
    int r;

    r = sd_bus_message_new_method_call(announce->bus, &message, AVAHI, path, interface, method);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(message, false);
    va_start(args, types);
    if (r >= 0 && *types)
        r = sd_bus_message_appendv(message, types, args);
    va_end(args);
    if (r >= 0)
        r = done ? sd_bus_call_async(announce->bus, &announce->call, message, done, announce, 0)
                 : sd_bus_send(announce->bus, message, NULL);
    return r < 0 ? unbox_log_errno(LOG_WARNING, r, "Avahi can't be asked to %s", method) : 0;
}

static void forget_group(struct announce *announce)
{
    free(announce->group);
    announce->group = NULL;
    announce->sent = 0;
    announce->established = false;
}

static void forget_found(struct announce *announce)
{
    free(announce->found);
    announce->found = NULL;
}

static void drop_group(struct announce *announce)
{
    if (announce->group)
        (void)ask(announce, announce->group, ENTRY_GROUP, "Free", NULL, "");
    forget_group(announce);
}

/* Ends a call; whether it has gone well. */
static bool went_well(struct announce *announce, sd_bus_message *message, const char *what)
{
    const sd_bus_error *error = sd_bus_message_get_error(message);

    announce->call = sd_bus_slot_unref(announce->call);
    if (!error)
        return true;
    announce->gave_up = true;
    unbox_log(LOG_WARNING, "Avahi can't %s: %s", what, error->message ?: error->name);
    return false;
}

static int on_alternative(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const char *name;
    char *copy;

    if (!went_well(announce, message, "find another name") ||
            sd_bus_message_read(message, "s", &name) < 0)
        return 0;
    copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    unbox_log(LOG_NOTICE, "another page in the network is called %s; this one is announced as %s",
            announce->name, name);
    free(announce->name);
    announce->name = copy;
    follow(announce);
    return 0;
}

/* Another program here, or another device, has a page of this name. */
static int rename_page(struct announce *announce)
{
    announce->call = sd_bus_slot_unref(announce->call);
    drop_group(announce);
    if (++announce->collisions > COLLISIONS_MAX) {
        unbox_log(LOG_WARNING, "every name for the page is taken; it is not announced");
        announce->gave_up = true;
        return 0;
    }
    return ask(announce, "/", SERVER, "GetAlternativeServiceName", on_alternative, "s",
            announce->name);
}

static void be_patient(struct announce *announce)
{
    (void)sd_event_source_set_time_relative(announce->patience, announce->patience_usec);
    (void)sd_event_source_set_enabled(announce->patience, SD_EVENT_ONESHOT);
    announce->patience_usec *= 2;
    if (announce->patience_usec > PATIENCE_MAX_USEC)
        announce->patience_usec = PATIENCE_MAX_USEC;
}

static int on_impatient(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct announce *announce = userdata;

    if (!announce->group || announce->established)
        return 0;
    unbox_log(LOG_DEBUG, "Avahi gets nowhere with the page, trying again");
    start_over(announce);
    follow(announce);
    return 0;
}

static int on_committed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;

    if (went_well(announce, message, "announce the page") && !announce->established)
        be_patient(announce);
    follow(announce);
    return 0;
}

static int on_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;

    if (sd_bus_error_has_name(sd_bus_message_get_error(message), AVAHI ".CollisionError"))
        return rename_page(announce);
    if (!went_well(announce, message, "take the page in"))
        return 0;
    return ask(announce, announce->group, ENTRY_GROUP, "Commit", on_committed, "");
}

static int on_group(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const char *path;

    if (!went_well(announce, message, "make a group") ||
            sd_bus_message_read(message, "o", &path) < 0)
        return 0;
    announce->group = strdup(path);
    if (!announce->group)
        return -ENOMEM;
    announce->sent = announce->port;
    /* Any interface, any protocol, no flags; in the domain and on the host that Avahi has. */
    return ask(announce, announce->group, ENTRY_GROUP, "AddService", on_added, "iiussssqaay", -1,
            -1, 0, announce->name, "_http._tcp", "", "", (int)announce->port, 1, 6, 'p', 'a', 't',
            'h', '=', '/');
}

static int on_told(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(message);

    announce->call = sd_bus_slot_unref(announce->call);
    /* That it has this name already is an error to Avahi. */
    if (error)
        unbox_log(LOG_DEBUG, "Avahi keeps its name: %s", error->message ?: error->name);
    forget_found(announce);
    follow(announce);
    return 0;
}

static int on_found(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const char *name;

    if (!went_well(announce, message, "tell its name") ||
            sd_bus_message_read(message, "s", &name) < 0)
        return 0;
    announce->found = strdup(name);
    if (!announce->found)
        return -ENOMEM;
    if (strcasecmp(name, announce->host) != 0)
        unbox_log(LOG_WARNING,
                "this device is %s, but is found as %s.local: another device in the network has "
                "the name, or Avahi was told otherwise",
                announce->host, name);
    announce->changed(announce->userdata);
    follow(announce);
    return 0;
}

/* What is wanted and isn't so yet, one call at a time. */
static void follow(struct announce *announce)
{
    if (announce->call || announce->gave_up || !announce->running || !*announce->host ||
            !announce->port)
        return;
    if (!announce->told) {
        /* Once, not until it is so: after a collision Avahi has another name, rightly. */
        announce->told = true;
        (void)ask(announce, "/", SERVER, "SetHostName", on_told, "s", announce->host);
        return;
    }
    if (!announce->found) {
        (void)ask(announce, "/", SERVER, "GetHostName", on_found, "");
        return;
    }
    if (announce->group && announce->sent == announce->port)
        return;
    drop_group(announce);
    (void)ask(announce, "/", SERVER, "EntryGroupNew", on_group, "");
}

/* Whatever is under way is of no use any more, and so is the group. */
static void start_over(struct announce *announce)
{
    announce->call = sd_bus_slot_unref(announce->call);
    drop_group(announce);
}

static void set_server_state(struct announce *announce, int state)
{
    bool running = state == SERVER_RUNNING;

    /* Between two names a group has to go; see AVAHI_SERVER_COLLISION in its documentation. */
    if (!running && announce->running)
        start_over(announce);
    if (running != announce->running) {
        forget_found(announce);
        announce->gave_up = false;
        announce->changed(announce->userdata);
    }
    announce->running = running;
    follow(announce);
}

static int on_server_state(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    int state, r;

    r = sd_bus_message_read(message, "i", &state);
    if (r >= 0)
        set_server_state(userdata, state);
    return 0;
}

static int on_state(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    int state = 0;

    announce->call = sd_bus_slot_unref(announce->call);
    /* An error: there is no Avahi, which is fine. */
    if (!sd_bus_message_is_method_error(message, NULL) &&
            sd_bus_message_read(message, "i", &state) >= 0)
        set_server_state(announce, state);
    return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const char *name, *old, *new;

    if (sd_bus_message_read(message, "sss", &name, &old, &new) < 0)
        return 0;
    announce->call = sd_bus_slot_unref(announce->call);
    announce->running = false;
    announce->told = false;
    announce->gave_up = false;
    announce->collisions = 0;
    forget_found(announce);
    forget_group(announce);
    announce->changed(announce->userdata);
    if (*new)
        (void)ask(announce, "/", SERVER, "GetState", on_state, "");
    return 0;
}

static int on_group_state(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct announce *announce = userdata;
    const char *error = "";
    int state;

    if (!announce->group || strcmp(sd_bus_message_get_path(message), announce->group) != 0 ||
            sd_bus_message_read(message, "is", &state, &error) < 0)
        return 0;
    announce->established = state == GROUP_ESTABLISHED;
    if (announce->established) {
        announce->patience_usec = PATIENCE_MIN_USEC;
        unbox_log(LOG_INFO, "%s.local and the page on port %u are announced", announce->found,
                announce->sent);
    } else if (state == GROUP_FAILURE)
        unbox_log(LOG_WARNING, "Avahi can't announce the page: %s", error);
    announce->changed(announce->userdata);
    return state == GROUP_COLLISION ? rename_page(announce) : 0;
}

int announce_new(
        sd_bus *bus, void (*changed)(void *userdata), void *userdata, struct announce **ret)
{
    _cleanup_(announce_free_p) struct announce *announce = calloc(1, sizeof(*announce));
    int r;

    if (!announce)
        return -ENOMEM;
    announce->bus = sd_bus_ref(bus);
    announce->patience_usec = PATIENCE_MIN_USEC;
    announce->changed = changed;
    announce->userdata = userdata;
    r = sd_event_add_time(sd_bus_get_event(bus), &announce->patience, CLOCK_BOOTTIME, UINT64_MAX, 0,
            on_impatient, announce);
    if (r < 0)
        return r;
    r = sd_bus_add_match_async(bus, &announce->owner,
            "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
            "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" AVAHI "'",
            on_owner, NULL, announce);
    if (r < 0)
        return r;
    r = sd_bus_match_signal_async(bus, &announce->server_state, AVAHI, "/", SERVER, "StateChanged",
            on_server_state, NULL, announce);
    if (r < 0)
        return r;
    r = sd_bus_match_signal_async(bus, &announce->group_state, AVAHI, NULL, ENTRY_GROUP,
            "StateChanged", on_group_state, NULL, announce);
    if (r < 0)
        return r;
    r = ask(announce, "/", SERVER, "GetState", on_state, "");
    if (r < 0)
        return r;
    *ret = STEAL(announce);
    return 0;
}

struct announce *announce_free(struct announce *announce)
{
    if (!announce)
        return NULL;
    sd_event_source_disable_unref(announce->patience);
    sd_bus_slot_unref(announce->owner);
    sd_bus_slot_unref(announce->server_state);
    sd_bus_slot_unref(announce->group_state);
    sd_bus_slot_unref(announce->call);
    sd_bus_unref(announce->bus);
    free(announce->found);
    free(announce->group);
    free(announce->name);
    free(announce);
    return NULL;
}

void announce_set(struct announce *announce, const char *hostname, unsigned port)
{
    size_t size = strcspn(hostname, ".");
    char *name;

    if (size == 0 || size > LABEL_MAX)
        return;
    if (strncmp(announce->host, hostname, size) != 0 || announce->host[size]) {
        name = strndup(hostname, size);
        if (!name)
            return;
        free(announce->name);
        announce->name = name;
        memcpy(announce->host, name, size + 1);
        announce->told = false;
        announce->gave_up = false;
        announce->collisions = 0;
        /* The group has the old name; a new one is made when Avahi has the host's. */
        announce->sent = 0;
    }
    if (port != announce->port)
        announce->gave_up = false;
    announce->port = port;
    follow(announce);
}

const char *announce_other_name(const struct announce *announce)
{
    return announce->found && strcasecmp(announce->found, announce->host) != 0 ? announce->found
                                                                               : NULL;
}

json_t *announce_to_json(const struct announce *announce)
{
    _cleanup_free_ char *host = NULL;

    if (!announce->running || !announce->found)
        return json_null();
    if (asprintf(&host, "%s.local", announce->found) < 0) {
        host = NULL;
        return NULL;
    }
    return json_pack("{s:s,s:s?,s:o}", "host", host, "page",
            announce->established ? announce->name : NULL, "port",
            announce->established ? json_integer(announce->sent) : json_null());
}
