/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What happens, as it happens. */

#include <string.h>

#include "ctl.h"
#include "timestamp.h"
#include "unbox/ipc.h"

#define SOCKET "/run/unbox/" CTL_HEALTHD ".sock"

/* How an event_fn ends the subscription. */
#define ENOUGH 1

struct monitor {
    const struct ctl *ctl;
    int left; /* events to be shown; -1: for ever */
};

static enum ctl_colour topic_colour(const char *topic)
{
    const char *last = strrchr(topic, '.') ? strrchr(topic, '.') + 1 : topic;

    if (strcmp(last, "failed") == 0 || strcmp(last, "degraded") == 0)
        return CTL_RED;
    if (strcmp(topic, UNBOX_IPC_GAP) == 0 || strcmp(topic, UNBOX_IPC_DROPPED) == 0)
        return CTL_YELLOW;
    return strcmp(last, "recovered") == 0 ? CTL_GREEN : CTL_PLAIN;
}

static void print_words(const struct ctl *ctl, const char *topic, json_t *data)
{
    enum ctl_colour colour = topic_colour(topic);
    _cleanup_free_ char *text = NULL;
    char time[TIMESTAMP_SIZE];

    if (!*ctl_text(data, "message"))
        text = json_dumps(data, JSON_ENCODE_ANY | JSON_COMPACT);
    timestamp_format(timestamp_now(), time);
    printf("%s %s", time, ctl_on(ctl, colour));
    ctl_put(topic);
    printf("%s ", ctl_off(ctl, colour));
    ctl_put(text ?: ctl_text(data, "message"));
    putchar('\n');
}

/* As it came: one object a line. */
static void print_json(const char *topic, json_t *data, uint64_t seq)
{
    _cleanup_json_ json_t *event =
            json_pack("{s:s, s:O, s:I}", "event", topic, "data", data, "seq", (json_int_t)seq);

    (void)json_dumpf(event, stdout, JSON_COMPACT);
    putchar('\n');
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct monitor *monitor = userdata;

    if (monitor->ctl->json)
        print_json(topic, data, seq);
    else
        print_words(monitor->ctl, topic, data);
    if (fflush(stdout) != 0)
        return ENOUGH;
    return monitor->left > 0 && --monitor->left == 0 ? ENOUGH : 0;
}

static void on_state(int error, const char *message, void *userdata)
{
    if (error < 0)
        ctl_complain("healthd has gone (%s); waiting for it", message);
    else
        ctl_complain("healthd is back");
}

static bool read_since(const char *text, uint64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno)
        return true;
    ctl_complain("--since must be the number of an event (\"seq\" with --json), not \"%s\"", text);
    return false;
}

int ctl_monitor(const struct ctl *ctl)
{
    static const char *const everything[] = {"*", NULL};
    struct monitor monitor = {ctl, -1};
    _cleanup_free_ char *message = NULL;
    uint64_t since = UNBOX_IPC_SINCE_NOW;
    int r;

    if (ctl->lines && !ctl_number("--lines", ctl->lines, 1, 1000000, &monitor.left))
        return UNBOX_EXIT_USAGE;
    if (ctl->since && !read_since(ctl->since, &since))
        return UNBOX_EXIT_USAGE;
    for (char **topic = ctl->words; *topic; topic++)
        if (!unbox_ipc_topic_valid(*topic, true)) {
            ctl_complain("\"%s\" is no topic; one is words between dots, or * for any", *topic);
            return UNBOX_EXIT_USAGE;
        }
    r = unbox_ipc_subscribe_sync(SOCKET, *ctl->words ? (const char *const *)ctl->words : everything,
            since, on_event, on_state, &monitor, &message);
    return r < 0 ? ctl_failed(CTL_HEALTHD, SOCKET, r, NULL, message) : UNBOX_EXIT_OK;
}
