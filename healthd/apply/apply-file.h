/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files that an apply replaces, and the bytes that were in them before. */

#include "apply-record.h"

/* A file as it is now. */
struct apply_file {
    bool exists;
    char *data; /* may hold a password */
    size_t size;
    mode_t mode;
    char digest[CRYPTO_SHA256_HEX_SIZE]; /* "" when there is no file */
};

void apply_file_done(struct apply_file *file);

/* Reads it. That there is none is no error; -EMLINK when it is anything but a file. The caller
 * calls apply_file_done(). */
int apply_file_look(const char *path, struct apply_file *ret);

/* Keeps the bytes that a section is about to replace; with `data` NULL there were none. */
int apply_file_keep(const char *section, const void *data, size_t size);

/* Reads them; -EBADMSG when they aren't those of this digest. The caller frees *ret with
 * crypto_secret_free(). */
int apply_file_kept(const char *section, const char *digest, char **ret, size_t *ret_size);

/* They are of no use any more. */
void apply_file_forget(const char *section);
