/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of a join's steps. */

#include "join-step.h"

#include "util.h"

static const struct join_step_facts steps[] = {
        [JOIN_IDLE] = {"idle", "", 0},
        [JOIN_CHECKING] = {"checking", "checking the settings", 40 * USEC_PER_SEC},
        [JOIN_CHECKPOINT] = {"checkpoint", "remembering the present set-up", 10 * USEC_PER_SEC,
                true},
        [JOIN_ASSOCIATING] = {"associating", "associating", 35 * USEC_PER_SEC, true},
        [JOIN_ADDRESS] = {"address", "waiting for an address", 25 * USEC_PER_SEC, true},
        [JOIN_GATEWAY] = {"gateway", "looking for the gateway", 10 * USEC_PER_SEC, true},
        [JOIN_INSTALLING] = {"installing", "saving the network", 40 * USEC_PER_SEC, true},
        [JOIN_RADIO_OFF] = {"radio", "switching the radio off and on", 20 * USEC_PER_SEC, true},
        [JOIN_RADIO_ON] = {"radio", "switching the radio off and on", 20 * USEC_PER_SEC, true},
        [JOIN_PROVING] = {"proving", "proving that the saved network works", 45 * USEC_PER_SEC,
                true},
        [JOIN_COMMITTED] = {"committed", "done", 10 * USEC_PER_SEC, true},
        [JOIN_UNDOING] = {"undoing", "going back to the set-up before", 30 * USEC_PER_SEC},
};

const struct join_step_facts *join_step_facts(enum join_step step)
{
    return &steps[step];
}
