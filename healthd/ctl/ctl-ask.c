/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks the daemons, and says in words what went wrong and what can be done about it. */

#include <stdarg.h>
#include <string.h>

#include "ctl.h"

#define SOCKETS "/run/unbox/"

void ctl_complain(const char *format, ...)
{
    va_list args;

    fputs("unboxctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int complain_of_answer(const char *service, const char *code, const char *message)
{
    if (strcmp(code, UNBOX_IPC_PERMISSION_DENIED) == 0) {
        ctl_complain("%s: %s (%s): ask as root, or as a member of the group unbox-admin", service,
                message, code);
        return UNBOX_EXIT_REFUSED;
    }
    if (strcmp(code, UNBOX_IPC_UNKNOWN_METHOD) == 0) {
        ctl_complain("%s: %s (%s): is it of the same version as unboxctl?", service, message, code);
        return UNBOX_EXIT_FAILURE;
    }
    ctl_complain("%s: %s (%s)", service, message, code);
    if (strcmp(code, UNBOX_IPC_INVALID_PARAMS) == 0)
        return UNBOX_EXIT_USAGE;
    return strcmp(code, "VALIDATION_FAILED") == 0 ? UNBOX_EXIT_CONFIG : UNBOX_EXIT_FAILURE;
}

static int complain_of_silence(const char *service, const char *path, int error)
{
    switch (-error) {
    case ENOENT:
    case ECONNREFUSED:
        ctl_complain("nobody answers on %s: %s isn't running; `systemctl status %s` says why", path,
                service, service);
        return UNBOX_EXIT_FAILURE;
    case EACCES:
    case EPERM:
        ctl_complain("you may not ask on %s: only root and members of the group unbox may; try it "
                     "with sudo",
                path);
        return UNBOX_EXIT_REFUSED;
    case ETIMEDOUT:
        ctl_complain("%s took the question on %s but does not answer; `systemctl status %s` says "
                     "what it is doing",
                service, path, service);
        return UNBOX_EXIT_FAILURE;
    case ECONNRESET:
        ctl_complain("%s ended before it had answered; `systemctl status %s` says why", service,
                service);
        return UNBOX_EXIT_FAILURE;
    default:
        ctl_complain("%s: %s", path, strerrordesc_np(-error) ?: "failed");
        return UNBOX_EXIT_FAILURE;
    }
}

int ctl_failed(
        const char *service, const char *path, int error, const char *code, const char *message)
{
    return error == -EREMOTEIO ? complain_of_answer(service, code ?: "refused", message ?: "")
                               : complain_of_silence(service, path, error);
}

int ctl_ask(const char *service, const char *method, json_t *params, uint64_t timeout_usec,
        json_t **ret)
{
    _cleanup_free_ char *path = NULL, *code = NULL, *message = NULL;
    int r;

    if (asprintf(&path, SOCKETS "%s.sock", service) < 0) {
        path = NULL;
        json_decref(params);
        return UNBOX_EXIT_FAILURE;
    }
    r = unbox_ipc_call_sync(path, method, params, timeout_usec, ret, &code, &message);
    return r < 0 ? ctl_failed(service, path, r, code, message) : 0;
}

void ctl_ask_quietly(const char *service, const char *method, json_t **ret)
{
    _cleanup_free_ char *path = NULL;

    *ret = NULL;
    if (asprintf(&path, SOCKETS "%s.sock", service) < 0)
        path = NULL;
    else
        (void)unbox_ipc_call_sync(path, method, NULL, CTL_ASK_USEC, ret, NULL, NULL);
}

int ctl_print_json(const json_t *value)
{
    if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
        return UNBOX_EXIT_FAILURE;
    putchar('\n');
    return UNBOX_EXIT_OK;
}

const char *ctl_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)) ?: "";
}

bool ctl_number(const char *option, const char *text, int min, int max, int *ret)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (!*text || *end || errno || number < min || number > max) {
        ctl_complain("%s must be a number from %d to %d, not \"%s\"", option, min, max, text);
        return false;
    }
    *ret = number;
    return true;
}
