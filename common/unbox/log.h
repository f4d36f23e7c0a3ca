/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a daemon tells the journal. The library itself never logs: it returns errors, and the
 * daemon logs once, where somebody knows what was being done.
 *
 * Under systemd entries go to the journal with their fields; run by hand they go to stderr.
 */

#include <stdarg.h>
#include <syslog.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `priority` is LOG_ERR … LOG_DEBUG of <syslog.h>. No newline at the end. */
void unbox_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * As unbox_log(), with ": " and the error's text behind it. `error` is a negative errno, and is
 * returned, so that `return unbox_log_errno(…)` reads well.
 */
int unbox_log_errno(int priority, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/*
 * An entry that an operator should know about: `message_id` is one of unbox/messages.h, explained
 * in the journal catalog (`journalctl -x`). `fields` is a NULL-terminated list of name, value,
 * name, value…; names begin with UNBOX_ and are upper case; a NULL value leaves that field out. May
 * be NULL.
 */
void unbox_log_event(int priority, const char *message_id, const char *const *fields,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

struct unbox_ipc_call;

/*
 * The entry that every change over IPC leaves: which method, and the caller's pid, uid and unit. It
 * is made to be the `audit` of a server's options; `userdata` is not used.
 */
void unbox_log_call(const struct unbox_ipc_call *call, void *userdata);

/*
 * Made to be the `state` of unbox_service_register(): says why healthd has refused, and nothing of
 * healthd being away, which is told elsewhere. `userdata` is not used.
 */
void unbox_log_registered(int error, const char *message, void *userdata);

/* Fields for unbox_log_event(): UNBOX_FIELDS("UNBOX_SSID", ssid, "UNBOX_STEP", step). */
#define UNBOX_FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL, NULL})

#ifdef __cplusplus
}
#endif
