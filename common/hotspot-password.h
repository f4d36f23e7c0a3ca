/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A hotspot password of each device's own, which the factory can print on the label and the device
 * finds again by itself, with nothing sent or stored. Both compute it from what both keep for ever:
 *
 *   HKDF-SHA256 (RFC 5869)
 *     input key material   the UUID of the device's identity, as text
 *     salt                 `secret`, the product's own (hotspot.password_secret), or nothing
 *     info                 "unbox hotspot password v1", a NUL, the serial
 *     length               12 bytes
 *
 * The lower five bits of each byte choose one of 32 letters and digits that nobody mistakes for
 * each other, in three groups of four: "k7mq-9ecb-2xwd", 60 bits.
 *
 * The serial and the UUID outlive a re-assignment and a renewal; keys and certificates don't. Who
 * knows both can compute it: where hostnames carry the UUID, the product needs a secret.
 */

#define HOTSPOT_PASSWORD_SIZE 15 /* with its NUL */

/* 0, -EINVAL for a serial of over 256 bytes, or -EIO when the library fails. */
int hotspot_password_derive(const char *uuid, const char *serial, const char *secret,
        char ret[static HOTSPOT_PASSWORD_SIZE]);
