/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How systemd reads a unit file, written anew from its manual and strict: where systemd would warn
 * and go on, this fails. It is what the writer of unit files is judged by, so it shares nothing
 * with it.
 *
 * Source: systemd.syntax(7), systemd.service(5) "COMMAND LINES", systemd.unit(5) "SPECIFIERS".
 */

#include <stdbool.h>
#include <stddef.h>

/* One assignment; whitespace around the value is gone, nothing in it is replaced. */
struct unit_line {
    const char *section;
    const char *name;
    const char *value;
};

#define UNIT_LINES_MAX 4096

/* The assignments of a file, which is written into. Returns how many, or -1. */
int unit_read_lines(char *text, size_t size, struct unit_line ret[static UNIT_LINES_MAX]);

/* The next word of a value, without its quotes and escapes; NULL: there is none, or with *ret_bad
 * it is no word. The caller frees it. */
char *unit_read_word(const char **value, bool *ret_bad);

/* Without the specifiers' percent signs; NULL: there is a specifier in it. The caller frees it. */
char *unit_without_specifiers(const char *text);

/* Text that systemd doesn't throw away. */
bool unit_is_text(const char *text);

bool unit_is_name(const char *name);
bool unit_is_user(const char *name);

/* The same place, however many slashes and dots lie between. */
bool unit_is_same_path(const char *a, const char *b);
bool unit_is_path(const char *path);
