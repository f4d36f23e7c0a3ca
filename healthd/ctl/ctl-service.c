/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One service: restart it, read what it said. */

#include <ctype.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "ctl.h"
#include "timestamp.h"

#define LINES_MAX 200

int ctl_restart(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    json_t *params = json_pack("{s:s}", "service", ctl->words[0]);
    int r = ctl_ask(CTL_HEALTHD, "restart_service", params, CTL_RESTART_USEC, &answer);

    if (r == 0)
        printf("%s was restarted.\n", ctl->words[0]);
    return r;
}

/* As journalctl has them: names or numbers. */
static bool read_priority(const char *text, int *ret)
{
    static const char *const names[] = {
            "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        if (strcmp(names[i], text) == 0 || (text[0] == (char)('0' + i) && !text[1])) {
            *ret = i;
            return true;
        }
    ctl_complain("--priority must be 0 to 7, or emerg, alert, crit, err, warning, notice, info or "
                 "debug, not \"%s\"",
            text);
    return false;
}

/* "90s", "10m", "2h", "3d" ago, or the time itself as everything here prints it. */
static bool read_since(const char *text, char ret[static TIMESTAMP_SIZE])
{
    static const char units[] = "smhd";
    static const unsigned seconds[] = {1, 60, 60 * 60, 24 * 60 * 60};
    uint64_t usec, now = timestamp_now();
    const char *unit;
    char *end;
    unsigned long count;

    if (timestamp_parse(text, &usec) < 0) {
        count = strtoul(text, &end, 10);
        unit = *end ? strchr(units, *end) : NULL;
        if (!isdigit(*text) || !unit || end[1] || count > 1000000) {
            ctl_complain("--since must be a span such as 90s, 10m, 2h or 3d, or a time such as "
                         "2026-01-31T23:59:59Z, not \"%s\"",
                    text);
            return false;
        }
        usec = count * seconds[unit - units] * USEC_PER_SEC;
        usec = usec < now ? now - usec : 0;
    }
    timestamp_format(usec, ret);
    return true;
}

static json_t *logs_params(const struct ctl *ctl)
{
    _cleanup_json_ json_t *params = json_pack("{s:s}", "unit", ctl->words[0]);
    char since[TIMESTAMP_SIZE];
    int number;

    if (ctl->lines) {
        if (!ctl_number("--lines", ctl->lines, 1, LINES_MAX, &number))
            return NULL;
        (void)json_object_set_new(params, "lines", json_integer(number));
    }
    if (ctl->priority) {
        if (!read_priority(ctl->priority, &number))
            return NULL;
        (void)json_object_set_new(params, "priority", json_integer(number));
    }
    if (ctl->since) {
        if (!read_since(ctl->since, since))
            return NULL;
        (void)json_object_set_new(params, "since", json_string(since));
    }
    return STEAL(params);
}

static enum ctl_colour priority_colour(json_int_t priority)
{
    if (priority <= LOG_ERR)
        return CTL_RED;
    if (priority <= LOG_WARNING)
        return CTL_YELLOW;
    return priority <= LOG_NOTICE ? CTL_BOLD : CTL_PLAIN;
}

/* Lines of one message stand under each other. */
static void print_message(const char *message, size_t indent)
{
    _cleanup_free_ char *copy = strdup(message);
    char *rest = copy, *line;
    bool first = true;

    while ((line = strsep(&rest, "\n"))) {
        if (!first)
            printf("\n%*s", (int)indent, "");
        ctl_put(line);
        first = false;
    }
}

static void print_entry(const struct ctl *ctl, const json_t *entry)
{
    enum ctl_colour colour =
            priority_colour(json_integer_value(json_object_get(entry, "priority")));
    const char *time = ctl_text(entry, "time"), *identifier = ctl_text(entry, "identifier");

    printf("%s ", time);
    ctl_put(identifier);
    printf(": %s", ctl_on(ctl, colour));
    print_message(ctl_text(entry, "message"), strlen(time) + ctl_width(identifier) + 3);
    printf("%s\n", ctl_off(ctl, colour));
}

int ctl_logs(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL, *params = logs_params(ctl);
    json_t *entries;
    size_t i;
    json_t *entry;
    int r;

    if (!params)
        return UNBOX_EXIT_USAGE;
    r = ctl_ask(CTL_HEALTHD, "get_logs", STEAL(params), CTL_ASK_USEC, &answer);
    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    entries = json_object_get(answer, "entries");
    if (json_is_false(json_object_get(answer, "complete")))
        printf("(older entries were left out: they are too large, or the journal is too slow)\n");
    json_array_foreach (entries, i, entry)
        print_entry(ctl, entry);
    if (json_array_size(entries) == 0)
        fprintf(stderr, "No entries.\n");
    return UNBOX_EXIT_OK;
}
