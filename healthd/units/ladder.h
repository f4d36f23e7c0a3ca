/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When a service is restarted, and what is said of it: the ladder that each one climbs by failing
 * and leaves by staying healthy. A pure state machine: it is told the time and what systemd says of
 * the unit, and answers with what to do. It knows neither units nor D-Bus nor clocks.
 *
 * Detection opens the trouble. Restarts follow after the delays of the rules (at 0, 5 and 10 s),
 * then at the interval for ever. A service in `starting` is systemd's own for the
 * starting limit, on a clock of ours: a crash loop under Restart= sits in that state, with a
 * moment of `up` in each round, and systemd's timestamps move with it. Trouble ends when it has
 * been up for the settling time; the restarts are forgotten after the time of good health.
 */

#include <stdbool.h>
#include <stdint.h>

#define LADDER_STEPS_MAX 16
#define LADDER_NEVER UINT64_MAX

/* All in µs. */
struct ladder_rules {
    uint64_t delays[LADDER_STEPS_MAX]; /* of the first restarts, from detection; never go down */
    unsigned steps;                    /* so many of them, at least one */
    uint64_t interval;                 /* between all later ones */
    uint64_t starting_limit;           /* so long may a start take */
    uint64_t settling;                 /* up for so long: the trouble is over */
    uint64_t good_health;              /* up for so long: the restarts are forgotten */
};

extern const struct ladder_rules ladder_default_rules;

/* What is seen of a service. */
enum ladder_seen {
    LADDER_EXEMPT, /* nobody wants it to run, or it is not ours to restart */
    LADDER_UP,
    LADDER_STARTING,
    LADDER_DOWN,
    LADDER_WAIT, /* somebody else is at it (a job is pending): hands off, and no verdict yet */
};

/* What there is to do and to say; a set of bits. */
enum ladder_action {
    LADDER_FAILED = 1 << 0, /* trouble begins */
    LADDER_RESTART = 1 << 1,
    LADDER_DEGRADED = 1 << 2,      /* the first restarts did not help */
    LADDER_RUNNING_AGAIN = 1 << 3, /* for the first time since trouble began */
    LADDER_RECOVERED = 1 << 4,     /* trouble is over */
};

/* All zero is a service that nothing is known of. Times are absolute, in µs of one clock. */
struct ladder {
    enum ladder_seen seen;
    uint64_t up_since;
    uint64_t starting_since;
    uint64_t trouble_since;
    uint64_t last_restart;
    unsigned restarts; /* on the ladder: 0 again after the time of good health */
    bool starting;     /* starting_since counts */
    bool trouble;
    bool moved; /* something else than `down` was seen since the last restart */
    bool ran;   /* LADDER_RUNNING_AGAIN has been said */
    bool overdue;
    bool degraded;
};

/*
 * Tells what is seen now; call it at every change and when ladder_due() has come. `died`: the
 * service ended unasked, though systemd may have brought it back already. Returns enum
 * ladder_action bits.
 */
unsigned ladder_step(struct ladder *ladder, const struct ladder_rules *rules, uint64_t now,
        enum ladder_seen seen, bool died);

/* The restart that ladder_step() wanted has been asked for only now, whatever took so long: what
 * follows is counted from here. */
void ladder_restarted(struct ladder *ladder, uint64_t now);

/* When ladder_step() has to be called even if nothing changes; LADDER_NEVER: not at all. */
uint64_t ladder_due(const struct ladder *ladder, const struct ladder_rules *rules);

/* It doesn't run, and should: down, starting for too long, or what was done about it was in vain.
 */
bool ladder_is_failing(const struct ladder *ladder);
