/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The service manager over D-Bus: one connection to the system bus that comes back by itself, the
 * signals that matter, and the calls that healthd makes, all of them asynchronous.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util.h"

struct systemd1;

/* All are called from the event loop; none may free the object. */
struct systemd1_ops {
    /*
     * What was known is stale, and must be asked again: after connecting, after a reload of the
     * unit files, and after systemd was executed anew. `fresh`: it has forgotten its references,
     * too.
     */
    void (*stale)(bool fresh, void *userdata);
    /* A new connection, for who else has something to do on it; borrowed until disconnected(). */
    void (*connected)(sd_bus *bus, void *userdata);
    void (*disconnected)(void *userdata);
    /* Nothing can be asked until the next stale(). */
    void (*lost)(void *userdata);
    /* A unit said what is different; `properties` stands before an a{sv}. */
    void (*changed)(
            const char *path, const char *interface, sd_bus_message *properties, void *userdata);
    void (*appeared)(const char *unit, void *userdata);
    /* `result` is done, failed, canceled, timeout, dependency, skipped, … */
    void (*job_removed)(
            uint32_t id, const char *job, const char *unit, const char *result, void *userdata);
};

/* `error` is NULL with `reply` standing at its begin, or says why there is none. */
typedef void (*systemd1_reply_fn)(sd_bus_message *reply, const char *error, void *userdata);

/* Connects when the loop runs, and for ever again. `ops` is borrowed. 0 or a negative errno. */
int systemd1_new(
        sd_event *event, const struct systemd1_ops *ops, void *userdata, struct systemd1 **ret);

/* Calls not answered yet are dropped without their callback. Accepts NULL; returns NULL. */
struct systemd1 *systemd1_free(struct systemd1 *systemd);

DEFINE_CLEANUP(struct systemd1 *, systemd1_free);

/* For other calls than the ones below; borrowed, for now. NULL: it isn't connected. */
sd_bus *systemd1_bus(const struct systemd1 *systemd);

/* For when it gave no useful answer: stale() follows after a while, which grows each time. */
void systemd1_ask_again(struct systemd1 *systemd);

/* All was answered: the next such wait is short again. */
void systemd1_settled(struct systemd1 *systemd);

/*
 * The calls. Each returns 0, and calls `reply` exactly once later (unless the object is freed), or
 * returns a negative errno and never does. `names` ends with NULL.
 */

/* Replies a(ssssssouso), one for each unit that systemd knows or can find. */
int systemd1_list_units(
        struct systemd1 *systemd, char **names, systemd1_reply_fn reply, void *userdata);
int systemd1_list_units_like(
        struct systemd1 *systemd, char **patterns, systemd1_reply_fn reply, void *userdata);

/* Keeps the unit loaded for as long as the connection lives. */
int systemd1_ref_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata);

/* Replies a{sv}: all properties of the unit at `path`, those of its type included. */
int systemd1_get_properties(
        struct systemd1 *systemd, const char *path, systemd1_reply_fn reply, void *userdata);

/* Replies v: one property of it. */
int systemd1_get_property(struct systemd1 *systemd, const char *path, const char *interface,
        const char *property, systemd1_reply_fn reply, void *userdata);

/* Replies o, the path of the job. The unit's failed state and start limit are reset before. */
int systemd1_restart_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata);

int systemd1_start_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata);

/* Shuts down and starts again: whatever else is queued gives way. Replies o, the path of the job.
 */
int systemd1_reboot(struct systemd1 *systemd, systemd1_reply_fn reply, void *userdata);
