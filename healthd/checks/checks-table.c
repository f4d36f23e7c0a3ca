/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which checks there are: made from the configuration, and made again when that changes. */

#include <limits.h>
#include <string.h>

#include "checks-private.h"
#include "unbox/log.h"
#include "unit.h"

static struct check *check_free(struct check *check)
{
    if (!check)
        return NULL;
    if (check->plan.running && check->type->cancel)
        check->type->cancel(check);
    if (check->type && check->type->close)
        check->type->close(check);
    else
        free(check->data);
    free(check->service);
    free(check->unit);
    free(check->target);
    free(check->message);
    free(check->trouble);
    free(check);
    return NULL;
}

DEFINE_CLEANUP(struct check *, check_free);

static int set_service(struct check *check, const char *name)
{
    char service[NAME_MAX + 1];

    if (strcmp(name, CHECKS_DEVICE) != 0 && unit_full_name(name, &check->unit) < 0) {
        check->unit = NULL;
        return -ENOMEM;
    }
    unit_short_name(check->unit ?: name, service, sizeof(service));
    check->service = strdup(service);
    return check->service ? 0 : -ENOMEM;
}

static int check_new(struct checks *checks, const struct unbox_config_row *row,
        int64_t interval_seconds, struct check **ret)
{
    _cleanup_(check_free_p) struct check *check = calloc(1, sizeof(*check));
    int64_t own_interval = unbox_config_row_int(row, "interval_seconds");
    int r;

    if (!check)
        return -ENOMEM;
    check->checks = checks;
    check->event = checks->event;
    check->heals = unbox_config_row_bool(row, "heal");
    check->plan.interval = (own_interval ?: interval_seconds) * USEC_PER_SEC;
    check->plan.heal_after = check->heals ? unbox_config_row_int(row, "heal_after") : 0;
    r = set_service(check, unbox_config_row_string(row, "service"));
    if (r < 0)
        return r;
    check->type = check_type_find(unbox_config_row_string(row, "type"));
    r = check->type->open(check, row);
    if (r < 0)
        return r;
    if (!check->target)
        return -ENOMEM;
    *ret = STEAL(check);
    return 0;
}

static bool is_same(const struct check *a, const struct check *b)
{
    return a->type == b->type && strcmp(a->service, b->service) == 0 &&
           strcmp(a->target, b->target) == 0;
}

/* What was found already stays found, until the check has run again, which it does at once. */
static void inherit(struct check *check, struct check *old)
{
    check->plan.known = old->plan.known;
    check->plan.state = old->plan.state;
    check->plan.failures = old->plan.failures;
    check->message = STEAL(old->message);
    check->trouble = STEAL(old->trouble);
    check->since = old->since;
    check->duration_usec = old->duration_usec;
    check->sick = check->heals && old->sick;
    check->told = old->told;
    old->inherited = true;
}

/* Two may look the same, as commands of one program do: each of the old ones goes on once. */
static void inherit_all(struct checks *made, struct checks *old)
{
    for (size_t i = 0; i < made->count; i++)
        for (size_t j = 0; j < old->count; j++)
            if (!old->checks[j]->inherited && is_same(made->checks[i], old->checks[j])) {
                inherit(made->checks[i], old->checks[j]);
                break;
            }
}

void checks_clear(struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        check_free(checks->checks[i]);
    free(checks->checks);
    checks->checks = NULL;
    checks->count = 0;
}

/* Of what is not there any more nothing is said; what is there will say what is different. */
static void report_gone(struct checks *checks, const struct checks *old)
{
    for (size_t i = 0; i < old->count; i++)
        checks_report(checks, old->checks[i]->unit, false);
}

int checks_fill(struct checks *checks, const struct unbox_config *config)
{
    const struct unbox_config_row *const *rows = unbox_config_table(config, "health.checks");
    int64_t interval = unbox_config_int(config, "health.check_interval_seconds");
    struct checks made = *checks, old = *checks;
    size_t size = 0;
    int r = 0;

    while (rows[size])
        size++;
    made.checks = calloc(size + 1, sizeof(*made.checks));
    made.count = 0;
    if (!made.checks)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++) {
        r = check_new(checks, rows[i], interval, &made.checks[i]);
        if (r < 0) {
            unbox_log_errno(LOG_ERR, r, "can't make the %s check",
                    unbox_config_row_string(rows[i], "type"));
            checks_clear(&made);
            return r;
        }
        made.count++;
    }
    inherit_all(&made, &old);
    checks->checks = made.checks;
    checks->count = made.count;
    report_gone(checks, &old);
    checks_clear(&old);
    return 0;
}
