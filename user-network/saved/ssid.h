/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The name of a radio network is bytes, up to 32 of any value. Text is what people and JSON see of
 * it, if it is UTF-8 at all; hexadecimal digits are the form that always works.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSID_MAX 32
/* Whatever ssid_display() writes, each byte as \xNN at worst, and the final NUL. */
#define SSID_DISPLAY_MAX (SSID_MAX * 4 + 1)
#define SSID_HEX_MAX (SSID_MAX * 2 + 1)

struct ssid {
    uint8_t bytes[SSID_MAX];
    size_t size; /* 0: none */
};

/* 0, or -EINVAL when it is empty or longer than 32 bytes. */
int ssid_from_bytes(const void *bytes, size_t size, struct ssid *ret);

/* Reads hexadecimal digits of either case. 0 or -EINVAL. */
int ssid_from_hex(const char *hex, struct ssid *ret);

void ssid_to_hex(const struct ssid *ssid, char ret[static SSID_HEX_MAX]);

bool ssid_equal(const struct ssid *a, const struct ssid *b);

/* UTF-8 without NUL: it can stand in JSON and YAML as text. */
bool ssid_is_text(const struct ssid *ssid);

/*
 * One line for a status or a journal entry: text as it is, but control characters, those that turn
 * the direction of the line, and every byte above ASCII of one that isn't UTF-8, as \xNN.
 */
const char *ssid_display(const struct ssid *ssid, char buffer[static SSID_DISPLAY_MAX]);

/* NULL when it is a WPA passphrase (8 to 63 bytes) or key (64 hexadecimal digits); otherwise what
 * is wrong, as a sentence for the customer. */
const char *psk_check(const char *psk, size_t size);
