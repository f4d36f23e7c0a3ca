/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Journal entries with fields. The format strings come from our own daemons and are checked by the
 * compiler at the call; code locations are left out, since they would name this file only.
 */

#define SD_JOURNAL_SUPPRESS_LOCATION

#include "unbox/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "unbox/ipc.h"
#include "unbox/messages.h"
#include "util.h"

#define FIELDS_MAX 16

/* What the entry is made of; each iovec that is not borrowed is freed at the end. */
struct entry {
    struct iovec fields[FIELDS_MAX];
    int count;
};

static void entry_free(struct entry *entry)
{
    for (int i = 0; i < entry->count; i++)
        free(entry->fields[i].iov_base);
}

_printf_(2, 3) static void entry_add(struct entry *entry, const char *format, ...)
{
    va_list args;
    char *field;
    int n;

    if (entry->count == FIELDS_MAX)
        return;
    va_start(args, format);
    n = vasprintf(&field, format, args);
    va_end(args);
    if (n >= 0)
        entry->fields[entry->count++] = (struct iovec){field, n};
}

/* NULL when there is no memory for it. */
__attribute__((format(printf, 1, 0))) static char *format_message(const char *format, va_list args)
{
    char *message;

    return vasprintf(&message, format, args) < 0 ? NULL : message;
}

static void send_entry(
        int priority, const char *message_id, const char *const *fields, const char *message)
{
    _cleanup_(entry_free) struct entry entry = {};

    /* systemd sets this for a service whose output goes to the journal: there fields are kept. */
    if (!getenv("JOURNAL_STREAM")) {
        fprintf(stderr, "%s\n", message);
        return;
    }
    entry_add(&entry, "MESSAGE=%s", message);
    entry_add(&entry, "PRIORITY=%d", priority);
    entry_add(&entry, "SYSLOG_IDENTIFIER=%s", program_invocation_short_name);
    if (message_id)
        entry_add(&entry, "MESSAGE_ID=%s", message_id);
    for (; fields && fields[0]; fields += 2)
        if (fields[1])
            entry_add(&entry, "%s=%s", fields[0], fields[1]);
    (void)sd_journal_sendv(entry.fields, entry.count);
}

void unbox_log(int priority, const char *format, ...)
{
    _cleanup_free_ char *message = NULL;
    va_list args;

    va_start(args, format);
    message = format_message(format, args);
    va_end(args);
    send_entry(priority, NULL, NULL, message ?: format);
}

int unbox_log_errno(int priority, int error, const char *format, ...)
{
    _cleanup_free_ char *message = NULL, *whole = NULL;
    va_list args;

    va_start(args, format);
    message = format_message(format, args);
    va_end(args);
    if (asprintf(&whole, "%s: %s", message ?: format, strerrordesc_np(error < 0 ? -error : error)) <
            0)
        whole = NULL;
    send_entry(priority, NULL, NULL, whole ?: format);
    return error;
}

void unbox_log_event(
        int priority, const char *message_id, const char *const *fields, const char *format, ...)
{
    _cleanup_free_ char *message = NULL;
    va_list args;

    va_start(args, format);
    message = format_message(format, args);
    va_end(args);
    send_entry(priority, message_id, fields, message ?: format);
}

void unbox_log_call(const struct unbox_ipc_call *call, void *userdata)
{
    const char *unit = unbox_ipc_call_unit(call);
    char pid[16], uid[16];

    snprintf(pid, sizeof(pid), "%d", (int)unbox_ipc_call_pid(call));
    snprintf(uid, sizeof(uid), "%u", (unsigned)unbox_ipc_call_uid(call));
    unbox_log_event(LOG_NOTICE, UNBOX_MESSAGE_CHANGE_REQUESTED,
            UNBOX_FIELDS("UNBOX_METHOD", unbox_ipc_call_method(call), "UNBOX_PEER_PID", pid,
                    "UNBOX_PEER_UID", uid, "UNBOX_PEER_UNIT", unit),
            "%s was called by process %s of user %s%s%s", unbox_ipc_call_method(call), pid, uid,
            *unit ? ", " : "", unit);
}

void unbox_log_registered(int error, const char *message, void *userdata)
{
    if (error == -EREMOTEIO)
        unbox_log(LOG_WARNING, "healthd does not register this service: %s", message);
}
