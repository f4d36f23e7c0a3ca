/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One unit, and what is to be thought of it: what systemd says, turned into what the ladder wants
 * to see and into what people are shown. Nothing here asks systemd or does anything.
 */

#include <jansson.h>
#include <stdbool.h>

#include "facts.h"
#include "ladder.h"
#include "usage.h"
#include "util.h"

enum unit_role {
    UNIT_HEALED,  /* restarted when it fails */
    UNIT_WATCHED, /* shown only: it has its own ways of coming back */
    UNIT_TRIGGER, /* not shown: starts one of the others, or tells that the system stops */
};

struct unit {
    char *name;
    char *path; /* on the bus; NULL while it isn't loaded */
    enum unit_role role;
    bool wanted;     /* named in the configuration: its absence is worth showing */
    bool referenced; /* RefUnit was answered */
    bool listed;     /* in the snapshot that is being taken */
    bool stopped;    /* somebody stopped it on purpose */
    bool changed;    /* systemd has said only a part of what is different */
    bool healing;  /* the ladder's restart is on its way, from the first step to the end of its job
                    */
    bool held;     /* the ladder isn't told that it is down, because of that */
    bool noted;    /* this failure has been noticed already */
    char told[16]; /* its state, as last published; "": not yet */
    unsigned restarts;
    uint64_t trouble_since; /* wall clock */
    char *trouble;          /* what is or was wrong, for people */
    char *check_trouble;    /* what a functional check of it says that fails; NULL: none does */
    uint64_t unwell;        /* the start (active_enter_time) that its checks want undone; 0: none */
    bool sick;              /* its checks had it restarted, and don't pass yet */
    struct unit_facts facts;
    struct ladder ladder;
    struct usage usage;
};

/* Strings are copied. NULL: out of memory. */
struct unit *unit_new(const char *name, enum unit_role role);
struct unit *unit_free(struct unit *unit);

DEFINE_CLEANUP(struct unit *, unit_free);

/* It, or an alias of it, is called so. */
bool unit_has_name(const struct unit *unit, const char *name);

/* "webserver" for "webserver.service": how it is shown and asked for. NAME_MAX is enough. */
void unit_short_name(const char *name, char *ret, size_t size);

/* The other way round: ".service" is added where no type of unit is named. As asprintf() returns.
 */
int unit_full_name(const char *name, char **ret);

/* Why nobody wants it to run or why it is left alone, for people; NULL if that isn't so. `trigger`:
 * an active unit that starts it when needed, or NULL. The caller frees it. */
char *unit_exemption(const struct unit *unit, const char *trigger);

/* What the ladder is to see. */
enum ladder_seen unit_seen(const struct unit *unit, const char *trigger, bool system_stops);

/* It failed, and that was not noticed yet; true once for each failure. */
bool unit_notice_failure(struct unit *unit);

/* What its functional checks found, see checks.h. 0 or -ENOMEM. */
int unit_set_checked(struct unit *unit, const char *trouble, bool sick, bool heal);

/* It runs, as far as systemd can tell, and a functional check says that it doesn't work. */
bool unit_fails_check(const struct unit *unit);

/* In one word: systemd's, or not-found, masked, failing (it runs, and a check fails), degraded. */
const char *unit_state(const struct unit *unit);

/* Something is wrong with it. */
bool unit_is_unhealthy(const struct unit *unit);

/* Shown to anybody: a unit of the suite's that isn't installed here is nobody's business. */
bool unit_is_shown(const struct unit *unit);

/* As in get_status, with the array `checks`, which is taken over. NULL: out of memory. */
json_t *unit_to_json(const struct unit *unit, const char *trigger, json_t *checks);
