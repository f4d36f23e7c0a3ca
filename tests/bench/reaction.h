/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where bench-unit and bench-reaction meet. */

#define RUN_FOLDER "/run/bench"
#define BIRTH_SOCKET RUN_FOLDER "/born.sock"
