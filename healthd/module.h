/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What brings a large library is a module, loaded when it is first needed: most devices never need
 * it, and their healthd stays small.
 */

/* `name` without ".so". It stays loaded, so the pointer stays good. NULL, with an entry in the
 * journal, when there is none. */
void *module_symbol(const char *name, const char *symbol);
