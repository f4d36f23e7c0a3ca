/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The answer to get_health, which is asked for all the time and seldom changes. It is made of the
 * names of the units and of one word for each: these are kept beside it and compared before it is
 * given out again. That costs a tenth of making it, and unlike a mark that it is stale, which
 * somebody has to set wherever something changes, it can't be forgotten.
 */

#include <stdio.h>
#include <string.h>

#include "units-private.h"

void units_health_done(struct health_answer *answer)
{
    free(answer->text);
    free(answer->made_of);
    *answer = (struct health_answer){};
}

static const char *device_state(const struct units *units)
{
    return (units->checks ? checks_device_state(units->checks) : NULL) ?: "";
}

/* Each with its NUL byte. */
static int list_parts(const struct units *units, char **ret, size_t *ret_size)
{
    FILE *list = open_memstream(ret, ret_size);

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < units->count; i++)
        if (unit_is_shown(units->units[i])) {
            (void)fwrite(units->units[i]->name, 1, strlen(units->units[i]->name) + 1, list);
            (void)fwrite(
                    unit_state(units->units[i]), 1, strlen(unit_state(units->units[i])) + 1, list);
        }
    (void)fwrite(device_state(units), 1, strlen(device_state(units)) + 1, list);
    if (fclose(list) == 0)
        return 0;
    free(*ret);
    *ret = NULL;
    return -ENOMEM;
}

/* `part` stands there; goes on to the next one. */
static bool is_next(const char **list, const char *end, const char *part)
{
    size_t size = strlen(part) + 1;

    if ((size_t)(end - *list) < size || memcmp(*list, part, size) != 0)
        return false;
    *list += size;
    return true;
}

static bool still_holds(const struct units *units)
{
    const struct health_answer *answer = &units->answer;
    const char *list = answer->made_of, *end = list + answer->made_of_size;

    if (!answer->text)
        return false;
    for (size_t i = 0; i < units->count; i++)
        if (unit_is_shown(units->units[i]) &&
                !(is_next(&list, end, units->units[i]->name) &&
                        is_next(&list, end, unit_state(units->units[i]))))
            return false;
    return is_next(&list, end, device_state(units)) && list == end;
}

static int make(struct units *units)
{
    _cleanup_json_ json_t *states = units_to_json(units, false);

    units_health_done(&units->answer);
    if (!states || list_parts(units, &units->answer.made_of, &units->answer.made_of_size) < 0)
        return -ENOMEM;
    units->answer.text = json_dumps(states, JSON_COMPACT);
    if (!units->answer.text)
        return -ENOMEM;
    units->answer.size = strlen(units->answer.text);
    return 0;
}

const char *units_health_text(struct units *units, size_t *ret_size)
{
    if (!still_holds(units) && make(units) < 0)
        return NULL;
    *ret_size = units->answer.size;
    return units->answer.text;
}
