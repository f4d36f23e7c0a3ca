/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* QR codes (ISO/IEC 18004), for a label and for the page. */

/*
 * Draws the code of `text` as an SVG document that scales to any size: black on white, with the
 * quiet zone that readers need around it. 0; -EFBIG when it is too long for any code; -ENOMEM. The
 * caller frees *ret.
 */
int qr_svg(const char *text, char **ret);
