/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A unit that starts and dies a second later has not started: so it is looked at twice, right after
 * the job and when it had time to fail, and must be the same run of it both times.
 */

#include "proof.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "unbox/log.h"

/* networkd sets the address some time after it is ready. */
#define ADDRESS_TRIES 32
#define ADDRESS_WAIT_USEC (250 * USEC_PER_MSEC)
#define ACCURACY_USEC (10 * USEC_PER_MSEC)

struct proof {
    struct units *units;
    char *unit;
    char *path;
    char *interface;
    char *address;
    uint64_t settle_usec;
    sd_event_source *timer;
    struct unit_facts facts; /* as it was after the job */
    unsigned tries;
    proof_fn done;
    void *userdata;
};

/* `proof` may be freed by whom it is for. */
static void finish(struct proof *proof, const char *what)
{
    char name[NAME_MAX + 1], error[NAME_MAX + 64];

    unit_short_name(proof->unit, name, sizeof(name));
    snprintf(error, sizeof(error), "%s %s", name, what ?: "");
    proof->done(what ? error : NULL, proof->userdata);
}

static bool has_address(const struct ifaddrs *entry, const char *interface, const char *address)
{
    char text[INET_ADDRSTRLEN];

    if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET ||
            strcmp(entry->ifa_name, interface) != 0)
        return false;
    return inet_ntop(AF_INET, &((struct sockaddr_in *)entry->ifa_addr)->sin_addr, text,
                   sizeof(text)) &&
           strcmp(text, address) == 0;
}

static bool interface_has_address(const char *interface, const char *address)
{
    struct ifaddrs *list;
    bool found = false;

    if (getifaddrs(&list) < 0)
        return false;
    for (struct ifaddrs *entry = list; entry && !found; entry = entry->ifa_next)
        found = has_address(entry, interface, address);
    freeifaddrs(list);
    return found;
}

static void check_address(struct proof *proof)
{
    int r;

    if (!proof->address || interface_has_address(proof->interface, proof->address)) {
        finish(proof, NULL);
        return;
    }
    if (++proof->tries < ADDRESS_TRIES) {
        r = sd_event_source_set_time_relative(proof->timer, ADDRESS_WAIT_USEC);
        if (r >= 0)
            r = sd_event_source_set_enabled(proof->timer, SD_EVENT_ONESHOT);
        if (r >= 0)
            return;
        unbox_log_errno(LOG_ERR, r, "can't arm a timer");
    }
    finish(proof, "did not give the interface its address");
}

/* What systemd says of the unit now. */
static int read_facts(sd_bus_message *reply, const char *error, struct unit_facts *ret)
{
    int r;

    if (error)
        return -EIO;
    r = unit_facts_update(ret, reply);
    if (r < 0)
        unit_facts_clear(ret);
    return r < 0 ? r : 0;
}

static bool same_run(const struct unit_facts *a, const struct unit_facts *b)
{
    return a->active_enter_time == b->active_enter_time && a->restarts == b->restarts;
}

static void on_settled(sd_bus_message *reply, const char *error, void *userdata)
{
    struct proof *proof = userdata;
    struct unit_facts facts = {};
    bool fine;

    if (read_facts(reply, error, &facts) < 0) {
        finish(proof, "can't be looked at");
        return;
    }
    fine = unit_facts_activity(&facts) == UNIT_ACTIVE && same_run(&facts, &proof->facts);
    unit_facts_clear(&facts);
    if (fine)
        check_address(proof);
    else
        finish(proof, "did not stay up");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct proof *proof = userdata;

    if (proof->tries > 0)
        check_address(proof);
    else if (systemd1_get_properties(units_systemd1(proof->units), proof->path, on_settled, proof) <
             0)
        finish(proof, "can't be looked at");
    return 0;
}

static void on_started(sd_bus_message *reply, const char *error, void *userdata)
{
    struct proof *proof = userdata;
    int r;

    r = read_facts(reply, error, &proof->facts);
    if (r < 0) {
        finish(proof, "can't be looked at");
        return;
    }
    if (unit_facts_activity(&proof->facts) != UNIT_ACTIVE) {
        finish(proof, "failed to start");
        return;
    }
    r = sd_event_source_set_time_relative(proof->timer, proof->settle_usec);
    if (r >= 0)
        r = sd_event_source_set_enabled(proof->timer, SD_EVENT_ONESHOT);
    if (r < 0)
        finish(proof, strerrordesc_np(-r));
}

static void on_restarted(const char *error, void *userdata)
{
    struct proof *proof = userdata;

    if (error)
        unbox_log(LOG_WARNING, "%s", error);
    if (error)
        finish(proof, "failed to start");
    else if (systemd1_get_properties(units_systemd1(proof->units), proof->path, on_started, proof) <
             0)
        finish(proof, "can't be looked at");
}

static int copy_options(struct proof *proof, const struct proof_options *options)
{
    proof->settle_usec = options->settle_usec;
    proof->unit = strdup(options->unit);
    if (!proof->unit)
        return -ENOMEM;
    if (!options->address)
        return 0;
    proof->interface = strdup(options->interface);
    proof->address = strdup(options->address);
    return proof->interface && proof->address ? 0 : -ENOMEM;
}

int proof_start(sd_event *event, struct units *units, const struct proof_options *options,
        proof_fn done, void *userdata, struct proof **ret)
{
    _cleanup_(proof_free_p) struct proof *proof = calloc(1, sizeof(*proof));
    int r;

    if (!proof)
        return -ENOMEM;
    proof->units = units;
    proof->done = done;
    proof->userdata = userdata;
    r = copy_options(proof, options);
    if (r >= 0)
        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", proof->unit, &proof->path);
    if (r >= 0)
        r = sd_event_add_time(
                event, &proof->timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC, on_timer, proof);
    if (r >= 0)
        r = sd_event_source_set_enabled(proof->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = units_restart_name(units, proof->unit, on_restarted, proof);
    if (r < 0)
        return r;
    *ret = STEAL(proof);
    return 0;
}

struct proof *proof_free(struct proof *proof)
{
    if (!proof)
        return NULL;
    sd_event_source_disable_unref(proof->timer);
    unit_facts_clear(&proof->facts);
    free(proof->unit);
    free(proof->path);
    free(proof->interface);
    free(proof->address);
    free(proof);
    return NULL;
}
