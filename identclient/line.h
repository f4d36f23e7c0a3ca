/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Text from elsewhere (the bench, a certificate, hostnamed) on its way into a STATUS= line: a
 * newline would begin another variable there, and systemd drops a line that isn't UTF-8, which a
 * text that was cut somewhere may not be.
 */

/* Makes `text` one line of printable ASCII: control characters become spaces, others '?'. */
void line_make(char *text);
