/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads Accept-Language: "fr-CA, fr;q=0.9, en;q=0.8". What can't be understood in it counts as not
 * there: somebody gets the page in any case. */

#include "language.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define WEIGHT_MAX 1000

const char *language_find(const char *const *languages, const char *name)
{
    for (size_t i = 0; name && languages[i]; i++) {
        if (strcmp(languages[i], name) == 0)
            return languages[i];
    }
    return NULL;
}

/* The weight behind `range`, in thousandths: 1000 where there is none, 0 where it makes no sense.
 */
static unsigned weight_of(const char *range, const char *end)
{
    const char *p = memchr(range, ';', (size_t)(end - range));
    unsigned weight;

    if (!p)
        return WEIGHT_MAX;
    p++;
    p += strspn(p, BLANKS);
    if (strncasecmp(p, "q=", 2) != 0 || (p[2] != '0' && p[2] != '1'))
        return 0;
    weight = p[2] == '1' ? WEIGHT_MAX : 0;
    p += 3;
    if (p < end && *p == '.')
        p++;
    for (unsigned unit = 100; unit > 0 && p < end && isdigit((unsigned char)*p); unit /= 10)
        weight += unit * (unsigned)(*p++ - '0');
    return weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

/* Whether a range, as "fr-CA", is of `language`. */
static bool is_of(const char *range, const char *end, const char *language)
{
    size_t size = strlen(language);

    if ((size_t)(end - range) < size || strncasecmp(range, language, size) != 0)
        return false;
    return range + size == end || strchr("-;" BLANKS, range[size]);
}

const char *language_accepted(const char *const *languages, const char *accepted)
{
    const char *best = languages[0], *end;
    unsigned best_weight = 0;

    for (const char *range = accepted; range && *range; range = *end ? end + 1 : end) {
        range += strspn(range, BLANKS);
        end = range + strcspn(range, ",");
        for (size_t i = 0; languages[i]; i++) {
            unsigned weight = is_of(range, end, languages[i]) ? weight_of(range, end) : 0;

            if (weight > best_weight) {
                best = languages[i];
                best_weight = weight;
            }
        }
    }
    return best;
}
