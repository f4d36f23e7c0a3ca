/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* 1 when the file is a NetworkManager profile of a radio, or can't be told, 0 when not, or a
 * negative errno. */
int wifi_profile(const char *path);
