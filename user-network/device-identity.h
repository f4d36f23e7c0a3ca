/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the factory has said of this device, as far as its network needs it. */

#define DEVICE_IDENTITY_MAX 65

struct device_identity {
    char serial[DEVICE_IDENTITY_MAX]; /* "" where it isn't known, like the next two */
    char uuid[DEVICE_IDENTITY_MAX];
    char country[3]; /* one that the kernel knows, or "" */
};

/* Reads identity.json. 0; -EBADMSG for one that is broken; or another negative errno. Then all is
 * "". */
int device_identity_read(const char *path, struct device_identity *ret);
