/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which of the page's languages somebody gets. */

#include <stdbool.h>

/* That of `languages` (ended by NULL) called `name`, or NULL; `name` may be NULL. */
const char *language_find(const char *const *languages, const char *name);

/*
 * That of `languages` which a browser likes best: `accepted` is its Accept-Language header (RFC
 * 9110, 12.5.4), or NULL. A language stands for all its regions. If it likes none of them, the
 * first.
 */
const char *language_accepted(const char *const *languages, const char *accepted);
