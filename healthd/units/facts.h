/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd says of one unit, as far as healthd wants to know it. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

enum unit_activity {
    UNIT_INACTIVE,
    UNIT_ACTIVE, /* reloading, too */
    UNIT_ACTIVATING,
    UNIT_DEACTIVATING,
    UNIT_FAILED,
};

/* RestartPreventExitStatus=: ends that no restart mends. */
struct unit_final_ends {
    uint64_t statuses[4]; /* a bit for each of 0 … 255 */
    uint64_t signals;     /* a bit for each of 0 … 63 */
};

/* Strings are NULL until systemd has said them. Times are systemd's, in µs. */
struct unit_facts {
    char *id; /* its own name, whatever alias it was asked for by */
    char *load_state;
    char *active_state;
    char *sub_state;
    char *file_state;   /* enabled, static, … */
    char *service_type; /* services only, as all below this line of the kind */
    char *result;
    char *status_text;
    char *condition;     /* the first condition that failed, as it stands in the unit file */
    char **names;        /* ended by NULL; its own and its aliases */
    char **triggered_by; /* ended by NULL; sockets, timers and paths that start it */
    uint32_t job;        /* 0: none is pending */
    uint32_t restarts;   /* by systemd's own Restart= */
    int32_t exit_code;   /* CLD_EXITED, CLD_KILLED, … of the main process */
    int32_t exit_status; /* exit status or signal */
    struct unit_final_ends final_ends;
    int condition_result;
    uint64_t condition_time;     /* monotonic; 0: it was never asked to start */
    uint64_t inactive_exit_time; /* monotonic; 0: it never started in this boot */
    uint64_t state_change_time;  /* wall clock */
    uint64_t active_enter_time;  /* wall clock */
};

void unit_facts_clear(struct unit_facts *facts);

/*
 * Takes over what an a{sv} of properties says (the message is read from where it stands). Returns 1
 * when something is different now, 0 when it was a repetition, or a negative errno.
 */
int unit_facts_update(struct unit_facts *facts, sd_bus_message *properties);

/* Replaces what ListUnits* say of a unit that isn't loaded. 0 or a negative errno. */
int unit_facts_set_unloaded(struct unit_facts *facts, const char *load_state);

bool unit_facts_is_loaded(const struct unit_facts *facts);
enum unit_activity unit_facts_activity(const struct unit_facts *facts);

/* It was asked to start, and a condition kept it from that. */
bool unit_facts_condition_failed(const struct unit_facts *facts);

/* It ended in a way that systemd calls a failure. */
bool unit_facts_has_failed(const struct unit_facts *facts);

/* It failed in a way of which its unit says that restarting is no use. */
bool unit_facts_ended_for_good(const struct unit_facts *facts);

/* How it ended, for people: "was killed (SIGKILL)". The caller frees it; NULL: out of memory. */
char *unit_facts_how_it_ended(const struct unit_facts *facts);
