/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the IPC share; after <cmocka.h>. */

#include "util.h"

/* Turns the loop until `condition` holds; a test that needs longer than 5 s has failed. */
#define run_until(event, condition)                                                                \
    do {                                                                                           \
        unsigned _turns = 0;                                                                       \
        while (!(condition)) {                                                                     \
            assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);                             \
            assert_true(_turns++ < 100000);                                                        \
        }                                                                                          \
    } while (false)
