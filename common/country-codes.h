/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* In which countries a radio may be said to be. */

#include <stdbool.h>

/* What a message asks for where it was another. */
#define COUNTRY_CODE_WANTED                                                                        \
    "a country that has rules for radios, by its two capital letters (ISO 3166), for example CA, " \
    "or GB for the United Kingdom"

/*
 * Whether the kernel has rules of it (wireless-regdb). Of any other it says nothing, takes it, and
 * goes on with the rules that it had.
 */
bool country_code_known(const char *code);
