/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The rival on the system bus: a service that answers with a{ss}, as get_health does in JSON. */

#define RIVAL_NAME "org.unbox.Bench"
#define RIVAL_PATH "/org/unbox/Bench"
#define RIVAL_INTERFACE "org.unbox.Bench"
#define RIVAL_METHOD "GetHealth"
#define RIVAL_SIGNAL "Message"
#define RIVAL_SERVICES 20
