/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what a technician has left in the file: one word and a reason, or none. */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "token.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_printable(const char *text, size_t max)
{
    if (!*text || strlen(text) > max)
        abort();
    for (const char *c = text; *c; c++)
        if (!isascii(*c) || !isprint((unsigned char)*c))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = strndup((const char *)data, size);
    _cleanup_(token_done) struct token token = {};

    if (!text || token_parse(text, &token) < 0)
        return 0;
    expect_printable(token.text, 64);
    expect_printable(token.reason, 200);
    if (strchr(token.text, ' '))
        abort();
    return 0;
}
