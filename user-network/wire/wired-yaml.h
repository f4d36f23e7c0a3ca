/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A fixed address of the wire, as the customer gives it and as netplan wants it. The wire is all
 * that such a file ever holds, as the radio is of the other one. IPv6 stays automatic in any case:
 * its link-local address is a way in whatever the customer got wrong.
 */

#include <netinet/in.h>
#include <stddef.h>

#include "util.h"

#define WIRED_DNS_MAX 3

struct wired_settings {
    struct in_addr address;
    unsigned prefix;
    struct in_addr gateway; /* 0.0.0.0: none */
    char dns[WIRED_DNS_MAX][INET6_ADDRSTRLEN];
    size_t n_dns;
};

/* Fills it from {"address": "192.0.2.7/24", "gateway", "dns": […]}. NULL, or what is wrong. */
const char *wired_settings_from_json(const json_t *object, struct wired_settings *ret);

/* The same object again; NULL: out of memory. */
json_t *wired_settings_to_json(const struct wired_settings *settings);

/* 0 with *ret (the caller's), or -ENOMEM. */
int wired_yaml_write(
        const struct wired_settings *settings, const char *interface, char **ret, size_t *ret_size);

/* Reads such a file back. 0, or -EBADMSG when it isn't one that wired_yaml_write() could have made
 * of settings that pass the checks. */
int wired_yaml_read(const char *text, size_t size, struct wired_settings *ret);
