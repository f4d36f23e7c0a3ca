/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench, for its operator: batches, devices, what was refused, tokens, hostnames. */

#include <string.h>

#include "ctl.h"
#include "timestamp.h"

static int ask(const char *method, json_t *params, json_t **ret)
{
    return ctl_ask(CTL_BENCH, method, params, CTL_ASK_USEC, ret);
}

static bool is_set(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key)) != 0;
}

static void add_number(struct ctl_table *table, const json_t *object, const char *key)
{
    char text[24];

    snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
            json_integer_value(json_object_get(object, key)));
    ctl_table_add(table, CTL_PLAIN, text);
}

static void add_time(struct ctl_table *table, const json_t *object, const char *key)
{
    json_int_t seconds = json_integer_value(json_object_get(object, key));
    char text[TIMESTAMP_SIZE] = "";

    if (seconds > 0)
        timestamp_format((uint64_t)seconds * USEC_PER_SEC, text);
    ctl_table_add(table, CTL_DIM, text);
}

static void print_batches(const struct ctl *ctl, const json_t *batches)
{
    static const char *const headings[] = {
            "BATCH", "STATE", "DONE", "USED", "QUOTA", "HOSTNAMES", "TAKES", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    json_t *batch;
    size_t i;

    json_array_foreach (batches, i, batch) {
        bool open = is_set(batch, "open");

        ctl_table_add(table, CTL_BOLD, ctl_text(batch, "name"));
        ctl_table_add(table, open ? CTL_GREEN : CTL_DIM, open ? "open" : "closed");
        add_number(table, batch, "done");
        add_number(table, batch, "used");
        add_number(table, batch, "quota");
        ctl_table_add(table, CTL_PLAIN, ctl_text(batch, "pool"));
        ctl_table_add(table, CTL_PLAIN, is_set(batch, "listed") ? "serials on its list" : "any");
    }
    ctl_table_print(ctl, table);
}

int ctl_factory_batches(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ask("list_batches", NULL, &answer);

    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    print_batches(ctl, json_object_get(answer, "batches"));
    return UNBOX_EXIT_OK;
}

static void add_devices(struct ctl_table *table, const json_t *devices)
{
    json_t *device;
    size_t i;

    json_array_foreach (devices, i, device) {
        const char *state = ctl_text(device, "state");

        ctl_table_add(table, CTL_BOLD, ctl_text(device, "serial"));
        ctl_table_add(table, CTL_PLAIN, ctl_text(device, "hostname"));
        ctl_table_add(table, CTL_PLAIN, ctl_text(device, "batch"));
        ctl_table_add(table, strcmp(state, "active") == 0 ? CTL_GREEN : CTL_YELLOW, state);
        add_time(table, device, "enrolled_at");
    }
}

/* The bench gives them in pieces; *ret_all is all of them. */
static int collect_devices(const char *batch, json_t **ret_all)
{
    _cleanup_json_ json_t *all = json_array();
    const char *after = NULL;
    size_t count;
    int r;

    do {
        _cleanup_json_ json_t *answer = NULL;
        json_t *devices;

        r = ask("list_devices", json_pack("{s:s*, s:s*}", "batch", batch, "after", after), &answer);
        if (r != 0)
            return r;
        devices = json_object_get(answer, "devices");
        count = json_array_size(devices);
        if (json_array_extend(all, devices) < 0 && count > 0)
            return UNBOX_EXIT_FAILURE;
        after = ctl_text(json_array_get(all, json_array_size(all) - 1), "serial");
    } while (count > 0 && *after);
    *ret_all = STEAL(all);
    return 0;
}

int ctl_factory_devices(const struct ctl *ctl)
{
    static const char *const headings[] = {
            "SERIAL", "HOSTNAME", "BATCH", "STATE", "ENROLLED", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    _cleanup_json_ json_t *devices = NULL;
    int r = collect_devices(ctl->words[0], &devices);

    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(devices);
    add_devices(table, devices);
    ctl_table_print(ctl, table);
    return UNBOX_EXIT_OK;
}

int ctl_factory_failures(const struct ctl *ctl)
{
    static const char *const headings[] = {"WHEN", "SERIAL", "REASON", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    _cleanup_json_ json_t *answer = NULL;
    json_t *failure;
    size_t i;
    int r;

    r = ask("list_failures", NULL, &answer);
    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    json_array_foreach (json_object_get(answer, "failures"), i, failure) {
        add_time(table, failure, "at");
        ctl_table_add(table, CTL_PLAIN, ctl_text(failure, "serial"));
        ctl_table_add(table, CTL_PLAIN, ctl_text(failure, "reason"));
    }
    ctl_table_print(ctl, table);
    return UNBOX_EXIT_OK;
}

/* For spreadsheets: as it came, with nothing escaped for a terminal. */
int ctl_factory_export(const struct ctl *ctl)
{
    _cleanup_free_ char *after = NULL;
    bool more = true;

    while (more) {
        _cleanup_json_ json_t *answer = NULL;
        const char *next;
        int r = ask("export_csv", json_pack("{s:s*, s:s*}", "batch", ctl->words[0], "after", after),
                &answer);

        if (r != 0)
            return r;
        if (fputs(ctl_text(answer, "csv"), stdout) < 0)
            return UNBOX_EXIT_FAILURE;
        next = ctl_text(answer, "next");
        more = *next;
        free(after);
        after = more ? strdup(next) : NULL;
        if (more && !after)
            return UNBOX_EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

int ctl_factory_token(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ask("make_token",
            json_pack("{s:s, s:s*}", "serial", ctl->words[0], "reason", ctl->words[1]), &answer);

    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    puts(ctl_text(answer, "token"));
    fputs("It is shown this once, and good for a week. On the device:\n"
          "echo TOKEN > /var/lib/unbox/identity/reassign\n",
            stderr);
    return UNBOX_EXIT_OK;
}

static int set_open(const struct ctl *ctl, bool open)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ask("set_batch", json_pack("{s:s, s:b}", "name", ctl->words[0], "open", open), &answer);

    if (r != 0)
        return r;
    fputs("Batch ", stdout);
    ctl_put(ctl->words[0]);
    printf(" is %s.\n", open ? "open" : "closed");
    return UNBOX_EXIT_OK;
}

int ctl_factory_open(const struct ctl *ctl)
{
    return set_open(ctl, true);
}

int ctl_factory_close(const struct ctl *ctl)
{
    return set_open(ctl, false);
}

/* There is no way back for its device: one asks twice. */
int ctl_factory_retire(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r;

    if (!ctl->yes) {
        ctl_complain("this revokes the certificates of that device for good; --yes says that it is "
                     "meant");
        return UNBOX_EXIT_USAGE;
    }
    r = ask("retire_hostname", json_pack("{s:s}", "hostname", ctl->words[0]), &answer);
    if (r == 0)
        puts("The hostname is retired, and its device's certificates are revoked.");
    return r;
}
