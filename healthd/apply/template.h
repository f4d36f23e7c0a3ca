/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The texts that the sections of the product's configuration become. What goes in has passed the
 * schema (common/config-product.c); what comes out is checked again: it has the lines of the
 * template and no others.
 */

#include "unbox/config.h"

/*
 * Each fills in the section that its name says, for `interface` where the section has one. 0,
 * -ENOMEM, or -EBADMSG for a text that must not be installed. The caller frees *ret; that of wifi
 * has a password in it.
 */
int template_wifi(const struct unbox_config *product, const char *interface, char **ret);
int template_network(const struct unbox_config *product, const char *interface, char **ret);

/* What others are asked to set over D-Bus, as a JSON object of properties. */
int template_bluetooth(const struct unbox_config *product, const char *interface, char **ret);
int template_time(const struct unbox_config *product, const char *interface, char **ret);
