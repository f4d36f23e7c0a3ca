/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A bucket of tokens for each address that asks: so many at once, and then one at a time. What is
 * remembered is bounded; nobody is shut out for longer than it takes until the next token.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

struct buckets;

/* `burst` tokens fit into a bucket, and every `refill_usec` there is one more. NULL: no memory. */
struct buckets *buckets_new(unsigned burst, uint64_t refill_usec);

/* Accepts NULL; returns NULL. */
struct buckets *buckets_free(struct buckets *buckets);

DEFINE_CLEANUP(struct buckets *, buckets_free);

/*
 * Takes a token for `address` (numeric; one /64 of IPv6 is one neighbour). Returns 0, or how many
 * seconds it is to the next one, at least 1.
 */
unsigned buckets_take(struct buckets *buckets, uint64_t now_usec, const char *address);

/* Fills the bucket of `address`. */
void buckets_refill(struct buckets *buckets, const char *address);
