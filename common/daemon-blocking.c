/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The blocking calls: each is its _async twin in an event loop that is made for it. */

#include <stdio.h>

#include "daemon-call.h"

typedef int (*async_fn)(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);

struct wait {
    sd_event *event;
    int error;
    struct unbox_daemon_error why;
    struct unbox_daemon_status *ret_status;
};

static void on_done(int error, const struct unbox_daemon_error *why,
        const struct unbox_daemon_status *status, void *userdata)
{
    struct wait *wait = userdata;

    wait->error = error;
    wait->why = *why;
    if (status && wait->ret_status)
        *wait->ret_status = *status;
    (void)sd_event_exit(wait->event, 0);
}

/* `r`: whether it could be begun. */
static int wait_for_end(struct wait *wait, int r, struct unbox_daemon_error *ret_error)
{
    if (r >= 0)
        r = sd_event_loop(wait->event);
    if (r >= 0)
        r = wait->error;
    sd_event_unref(wait->event);
    if (r >= 0 || !ret_error)
        return r;
    if (!*wait->why.text)
        daemon_copy_text(wait->why.text, sizeof(wait->why.text), strerrordesc_np(-r) ?: "failed");
    *ret_error = wait->why;
    return r;
}

static int block(async_fn begin, const char *name, uint64_t timeout_usec,
        struct unbox_daemon_status *ret_status, struct unbox_daemon_error *ret_error)
{
    struct wait wait = {.ret_status = ret_status};
    int r;

    r = sd_event_new(&wait.event);
    if (r >= 0)
        r = begin(wait.event, name, timeout_usec, on_done, &wait, NULL);
    return wait_for_end(&wait, r, ret_error);
}

int unbox_daemon_create(const char *name, const struct unbox_daemon_settings *settings,
        uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    struct wait wait = {};
    int r;

    r = sd_event_new(&wait.event);
    if (r >= 0)
        r = unbox_daemon_create_async(
                wait.event, name, settings, timeout_usec, on_done, &wait, NULL);
    return wait_for_end(&wait, r, ret_error);
}

int unbox_daemon_start(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_start_async, name, timeout_usec, NULL, ret_error);
}

int unbox_daemon_stop(const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_stop_async, name, timeout_usec, NULL, ret_error);
}

int unbox_daemon_restart(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_restart_async, name, timeout_usec, NULL, ret_error);
}

int unbox_daemon_reload(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_reload_async, name, timeout_usec, NULL, ret_error);
}

int unbox_daemon_set_limits(const char *name, const struct unbox_daemon_limits *limits,
        uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    struct wait wait = {};
    int r;

    r = sd_event_new(&wait.event);
    if (r >= 0)
        r = unbox_daemon_set_limits_async(
                wait.event, name, limits, timeout_usec, on_done, &wait, NULL);
    return wait_for_end(&wait, r, ret_error);
}

int unbox_daemon_get_status(const char *name, uint64_t timeout_usec,
        struct unbox_daemon_status *ret_status, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_get_status_async, name, timeout_usec, ret_status, ret_error);
}

int unbox_daemon_remove(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error)
{
    return block(unbox_daemon_remove_async, name, timeout_usec, NULL, ret_error);
}
