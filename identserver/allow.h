/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Allow-lists: which serials belong to a batch. Single ones, and ranges ("A-0001" to "A-0999": what
 * stands before the digits at the end is the same, and there are as many of them). A serial is in
 * one batch; on a list by itself it counts before a range.
 */

#include <stdint.h>
#include <time.h>

#include "database.h"
#include "refusal.h"

/*
 * Adds the lines of a CSV text to a batch's list, all or none: a serial each, or the first and the
 * last of a range. Separators are comma or semicolon; quotes, a header ("serial", "first,last") and
 * empty lines are fine, and so is what is on that list already. Returns 0 with the number of
 * serials that were added; 1 with *ret_refusal naming the line; or a negative errno.
 */
int allow_import(struct database *database, const char *batch, const char *csv, time_t now,
        uint64_t *ret_count, struct refusal *ret_refusal);

/* The same for a piece of a longer text, which begins with its line number `line`, from 1. */
int allow_import_piece(struct database *database, const char *batch, const char *csv, unsigned line,
        time_t now, uint64_t *ret_count, struct refusal *ret_refusal);

/* Whether all lines are what they should be, as far as the text alone can tell. 0, 1 or a negative
 * errno as above. */
int allow_check(const char *csv, struct refusal *ret_refusal);

/* Empties a batch's list. 0, 1 or a negative errno as above. */
int allow_clear(
        struct database *database, const char *batch, time_t now, struct refusal *ret_refusal);

/* Whose list has the serial: 1 with *ret_batch, which the caller frees; 0: none. */
int allow_find(struct database *database, const char *serial, char **ret_batch);
