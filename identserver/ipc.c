/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Methods: parameters taken apart, the register asked, its answer or its "no" sent back. */

#include "ipc.h"

#include <errno.h>
#include <string.h>

#include "allow.h"
#include "batch.h"
#include "crypto.h"
#include "label.h"
#include "list.h"
#include "register.h"
#include "retire.h"
#include "tab.h"
#include "token.h"
#include "unbox/log.h"

#define NAMES_MAX 4096

static int reply(struct unbox_ipc_call *call, json_t *result)
{
    return result ? unbox_ipc_reply(call, result) : -ENOMEM;
}

static int wrong(struct unbox_ipc_call *call, const char *expected)
{
    return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "the parameters are %s", expected);
}

/* How a call ends: `r` as of the register, `result` (taken over) for 0. */
static int finish(const struct ipc_options *ipc, struct unbox_ipc_call *call, int r,
        const struct refusal *refusal, json_t *result, bool revoked)
{
    if (r != 0)
        json_decref(result);
    if (r > 0)
        return unbox_ipc_reply_error(call, refusal->code, "%s", refusal->detail);
    if (r < 0) {
        (void)unbox_log_errno(
                LOG_ERR, r, "The register can't be used (%s)", database_message(ipc->database));
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INTERNAL_ERROR, "the bench's database: %s", strerrordesc_np(-r));
    }
    ipc->changed(revoked, ipc->userdata);
    return reply(call, result);
}

static json_t *ok(void)
{
    return json_pack("{s:b}", "ok", 1);
}

static int get_status(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct register_summary summary;
    int r = register_summary(ipc->database, &summary);

    if (r < 0)
        return r;
    return reply(call, json_pack("{s:I, s:I, s:I, s:s}", "active", (json_int_t)summary.active,
                               "pending", (json_int_t)summary.pending, "places",
                               (json_int_t)summary.places, "directory", ipc->directory));
}

static int get_factory(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    json_t *values;
    int r = tab_values(ipc->database, time(NULL), &values);

    return r < 0 ? r : reply(call, values);
}

static int get_batches(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    json_t *list;
    int r = list_batches(ipc->database, &list);

    return r < 0 ? r : reply(call, json_pack("{s:o}", "batches", list));
}

static int get_devices(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    const char *batch = NULL, *state = NULL, *after = NULL;
    json_int_t limit = 0;
    json_t *list;
    int r;

    if (json_unpack(params, "{s?s, s?s, s?s, s?I !}", "batch", &batch, "state", &state, "after",
                &after, "limit", &limit) < 0)
        return wrong(call, "batch, state, after (a serial) and limit, each optional");
    r = list_devices(ipc->database, batch, state, after, limit, time(NULL), &list);
    return r < 0 ? r : reply(call, json_pack("{s:o}", "devices", list));
}

static int get_failures(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    json_int_t before = 0, limit = 0;
    json_t *list;
    int r;

    if (json_unpack(params, "{s?I, s?I !}", "before", &before, "limit", &limit) < 0)
        return wrong(call, "before (a number) and limit, each optional");
    r = list_failures(ipc->database, before, limit, &list);
    return r < 0 ? r : reply(call, json_pack("{s:o}", "failures", list));
}

static int export_csv(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    _cleanup_free_ char *csv = NULL, *next = NULL;
    const char *batch = NULL, *after = NULL;
    int r;

    if (json_unpack(params, "{s?s, s?s !}", "batch", &batch, "after", &after) < 0)
        return wrong(call, "batch and after (the \"next\" of the last answer), each optional");
    r = list_csv(ipc->database, batch, after, time(NULL), &csv, &next);
    return r < 0 ? r : reply(call, json_pack("{s:s, s:s?}", "csv", csv, "next", next));
}

/* A sheet's worth: drawing the codes takes its time. */
static int get_labels(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    const char *batch = NULL, *serial = NULL, *after = NULL;
    _cleanup_free_ char *next = NULL;
    json_t *list;
    int r;

    if (json_unpack(params, "{s?s, s?s, s?s !}", "batch", &batch, "serial", &serial, "after",
                &after) < 0)
        return wrong(call,
                "batch, serial (several with commas between) and after (the \"next\" of the "
                "last answer), each optional");
    r = label_list(ipc->database, ipc->config, batch, serial, after, &list, &next);
    return r < 0 ? r : reply(call, json_pack("{s:o, s:s?}", "labels", list, "next", next));
}

static int add_batch(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct batch_options batch = {.open = 1};
    struct refusal refusal = {};
    json_int_t quota;

    if (json_unpack(params, "{s:s, s:I, s:s, s?s, s?b, s?b, s?s, s?s !}", "name", &batch.name,
                "quota", &quota, "pool", &batch.pool, "pattern", &batch.pattern, "listed",
                &batch.listed, "bundle", &batch.bundle, "country", &batch.country, "cloud_endpoint",
                &batch.cloud_endpoint) < 0)
        return wrong(call, "name, quota, pool, and optionally pattern, listed, bundle, country, "
                           "cloud_endpoint");
    batch.quota = quota > 0 ? quota : 0;
    return finish(ipc, call, batch_add(ipc->database, &batch, time(NULL), &refusal), &refusal, ok(),
            false);
}

static int set_batch(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct batch_options batch = {.open = -1, .listed = -1, .bundle = -1};
    struct refusal refusal = {};
    json_int_t quota = -1;

    if (json_unpack(params, "{s:s, s?I, s?b, s?b, s?b, s?s, s?s !}", "name", &batch.name, "quota",
                &quota, "open", &batch.open, "listed", &batch.listed, "bundle", &batch.bundle,
                "country", &batch.country, "cloud_endpoint", &batch.cloud_endpoint) < 0)
        return wrong(call, "name, and what is to change: quota, open, listed, bundle, country, "
                           "cloud_endpoint");
    batch.quota = quota;
    return finish(ipc, call, batch_change(ipc->database, &batch, time(NULL), &refusal), &refusal,
            ok(), false);
}

static int add_hostnames(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    _cleanup_free_ const char **names = NULL;
    struct refusal refusal = {};
    json_t *list, *name;
    const char *pool;
    size_t i;

    if (json_unpack(params, "{s:s, s:o !}", "pool", &pool, "hostnames", &list) < 0 ||
            !json_is_array(list) || json_array_size(list) > NAMES_MAX)
        return wrong(call, "pool, and hostnames (a list)");
    names = calloc(json_array_size(list) + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    json_array_foreach (list, i, name)
        names[i] = json_string_value(name) ?: "";
    return finish(ipc, call,
            batch_add_names(
                    ipc->database, pool, names, json_array_size(list), time(NULL), &refusal),
            &refusal, ok(), false);
}

static int allow_serials(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct refusal refusal = {};
    const char *batch, *csv;
    uint64_t count = 0;
    json_int_t line = 1;
    int r;

    if (json_unpack(params, "{s:s, s:s, s?I !}", "batch", &batch, "csv", &csv, "line", &line) < 0)
        return wrong(call, "batch, and csv: a serial, or the first and last of a range, a line; "
                           "optionally line, the number of its first one");
    if (line < 1 || line > INT32_MAX)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "line is a number from 1 to %d", INT32_MAX);
    r = allow_import_piece(ipc->database, batch, csv, line, time(NULL), &count, &refusal);
    return finish(ipc, call, r, &refusal, json_pack("{s:I}", "serials", (json_int_t)count), false);
}

static int clear_serials(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct refusal refusal = {};
    const char *batch;

    if (json_unpack(params, "{s:s !}", "batch", &batch) < 0)
        return wrong(call, "batch");
    return finish(ipc, call, allow_clear(ipc->database, batch, time(NULL), &refusal), &refusal,
            ok(), false);
}

static int make_token(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    _cleanup_(crypto_secret_free_p) char *token = NULL;
    const char *serial, *reason = "";
    struct refusal refusal = {};
    time_t now = time(NULL);
    json_t *result;
    int r;

    if (json_unpack(params, "{s:s, s?s !}", "serial", &serial, "reason", &reason) < 0)
        return wrong(call, "serial, and optionally reason");
    r = token_make(ipc->database, serial, reason, now, &token, &refusal);
    result = r == 0 ? json_pack("{s:s, s:I, s:i}", "token", token, "expires_at",
                              (json_int_t)now + TOKEN_SEC, "good_for", TOKEN_SEC)
                    : NULL;
    return finish(ipc, call, r, &refusal, result, false);
}

static int on_retire(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct refusal refusal = {};
    const char *hostname;
    bool revoked = false;
    int r;

    if (json_unpack(params, "{s:s !}", "hostname", &hostname) < 0)
        return wrong(call, "hostname");
    r = retire_hostname(ipc->database, hostname, time(NULL), &revoked, &refusal);
    return finish(ipc, call, r, &refusal, ok(), revoked);
}

static int on_release(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct ipc_options *ipc = userdata;
    struct refusal refusal = {};
    const char *hostname;

    if (json_unpack(params, "{s:s !}", "hostname", &hostname) < 0)
        return wrong(call, "hostname");
    return finish(ipc, call, retire_release(ipc->database, hostname, time(NULL), &refusal),
            &refusal, ok(), false);
}

static const struct unbox_ipc_method methods[] = {
        {"get_status", "How many devices are enrolled, and how many places are left.",
                UNBOX_IPC_READ, true, get_status},
        {TAB_METHOD, "What the Factory tab shows: numbers, batches, refusals, devices.",
                UNBOX_IPC_READ, true, get_factory},
        {"list_batches", "Batches with quota, places used and devices done, the last first.",
                UNBOX_IPC_READ, true, get_batches},
        {"list_devices",
                "Devices of {\"batch\"} in {\"state\"}, {\"limit\"} of them {\"after\"} a serial.",
                UNBOX_IPC_READ, true, get_devices},
        {"list_failures",
                "What was refused and why, the last first, {\"limit\"} of them {\"before\"} one.",
                UNBOX_IPC_READ, true, get_failures},
        {"export_csv", "Devices as CSV, in pieces: ask again {\"after\"} what \"next\" says.",
                UNBOX_IPC_READ, true, export_csv},
        {"labels",
                "What belongs on the labels of {\"batch\"}, or of each {\"serial\"}, in pieces as "
                "export_csv.",
                UNBOX_IPC_OPERATE, true, get_labels},
        {"add_batch", "Opens a batch of {\"name\",\"quota\",\"pool\"}.", UNBOX_IPC_OPERATE, true,
                add_batch},
        {"set_batch", "Changes the batch {\"name\"}, or opens or closes it.", UNBOX_IPC_OPERATE,
                true, set_batch},
        {"add_hostnames", "Adds {\"hostnames\"} to the list of a {\"pool\"}.", UNBOX_IPC_OPERATE,
                true, add_hostnames},
        {"allow_serials", "Adds the lines of {\"csv\"} to the list of {\"batch\"}.",
                UNBOX_IPC_OPERATE, true, allow_serials},
        {"clear_serials", "Empties the list of {\"batch\"}.", UNBOX_IPC_OPERATE, true,
                clear_serials},
        {"make_token", "Makes a one-time token by which {\"serial\"} gets new credentials.",
                UNBOX_IPC_ADMIN, true, make_token},
        {"retire_hostname", "Retires {\"hostname\"}: its device's certificates are revoked.",
                UNBOX_IPC_ADMIN, true, on_retire},
        {"release_hostname", "Gives the retired {\"hostname\"} back to its pool.", UNBOX_IPC_ADMIN,
                true, on_release},
        {},
};

int ipc_serve(sd_event *event, const struct ipc_options *options, struct unbox_ipc_server **ret)
{
    const struct unbox_ipc_server_options server = {
            .path = options->path,
            .name = "identserver",
            .version = PROJECT_VERSION,
            .description = "Gives devices on the factory bench their identity.",
            .methods = methods,
            .audit = unbox_log_call,
            .userdata = (void *)options,
            .request_max = UNBOX_IPC_LINE_MAX,
    };

    return unbox_ipc_server_new(event, &server, ret);
}
