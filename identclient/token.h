/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The token by which the bench's operator allows this device new credentials. A technician writes
 * it into the file "reassign" of the identity folder: "TOKEN [REASON…]", one line.
 */

#include <stdbool.h>

#define TOKEN_FILE "reassign"

struct token {
    char *text;
    char *reason;
};

/*
 * 0, with *ret to be freed by token_done(); -ENOENT: there is none; -ENODATA: the file is empty (so
 * far); -EBADMSG: what is in it is no token; or another negative errno.
 */
int token_read(const char *directory, struct token *ret);

/* The same of what is in the file; `text` is changed. */
int token_parse(char *text, struct token *ret);

/* Whether there is one, or something in its place. */
bool token_waits(const char *directory);

/* Once it has served. 0 or a negative errno. */
int token_remove(const char *directory);

void token_done(struct token *token);
