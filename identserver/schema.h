/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bench's tables, and how they came to be what they are. */

/* PRAGMA application_id: "unbx". */
#define SCHEMA_APPLICATION_ID 0x756e6278
/* PRAGMA user_version: how many of the steps a database has taken. */
#define SCHEMA_VERSION 5

extern const char *const schema_steps[SCHEMA_VERSION];
