/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The forms of what crosses the wire in an enrolment; see enrolment-protocol.h. */

#include "enrolment-protocol.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-id128.h>

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool consists_of(const char *text, const char *characters, size_t min, size_t max)
{
    size_t length = strlen(text);

    return length >= min && length <= max && strspn(text, characters) == length;
}

bool enrolment_serial_valid(const char *serial)
{
    return consists_of(serial, DIGITS LETTERS "._-", 1, 64) && strcmp(serial, ".") != 0 &&
           strcmp(serial, "..") != 0;
}

bool enrolment_hostname_valid(const char *hostname)
{
    return consists_of(hostname, DIGITS LETTERS "-", 1, 63) && hostname[0] != '-' &&
           hostname[strlen(hostname) - 1] != '-';
}

bool enrolment_uuid_valid(const char *uuid)
{
    char canonical[SD_ID128_UUID_STRING_MAX];
    sd_id128_t id;

    return sd_id128_from_string(uuid, &id) >= 0 &&
           strcmp(sd_id128_to_uuid_string(id, canonical), uuid) == 0;
}

bool enrolment_sha256_valid(const char *hex)
{
    return consists_of(hex, DIGITS "abcdef", 64, 64);
}

int enrolment_proof(const char *id, const char *cert_sha256, char ret[static ENROLMENT_PROOF_SIZE])
{
    static const char purpose[] = "ident-ack-v1";

    if (!enrolment_uuid_valid(id) || !enrolment_sha256_valid(cert_sha256))
        return -EINVAL;
    memcpy(ret, purpose, sizeof(purpose));
    memcpy(ret + sizeof(purpose), id, 36);
    memcpy(ret + sizeof(purpose) + 36, cert_sha256, 64);
    return ENROLMENT_PROOF_SIZE;
}
