/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate and a key that somebody gives the page, apart by a NUL; and the same as a file. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "https/certificate.h"

/* The one in the corpus holds then. */
#define NOW 1767225600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct certificate *certificate)
{
    _cleanup_(certificate_free_p) struct certificate *again = NULL;
    _cleanup_json_ json_t *shown = certificate_to_json(certificate);

    /* What was taken can be stored, and shown. */
    if (!shown || certificate_parse(certificate_text(certificate), &again) < 0)
        abort();
    if (strcmp(certificate_text(certificate), certificate_text(again)) != 0)
        abort();
    (void)certificate_is_for(certificate, "box.local");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(certificate_free_p) struct certificate *brought = NULL, *stored = NULL;
    _cleanup_free_ char *text = malloc(size + 2);
    const char *problem = NULL, *key;
    int r;

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    key = text + strlen(text) + 1;
    if (key > text + size)
        key = "";
    r = certificate_import(text, key, NOW, &brought, &problem);
    if (r == -EBADMSG ? !problem : r < 0)
        abort();
    if (brought)
        use(brought);
    r = certificate_parse(text, &stored);
    if (r < 0 && r != -EBADMSG)
        abort();
    if (stored)
        use(stored);
    return 0;
}
