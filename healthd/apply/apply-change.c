/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One change of one section. What was before is kept, and a record written that says so, before
 * anything is touched; from then on there are two ends, and whoever finds the record without an end
 * goes back.
 */

#include "apply-private.h"

#include <stdio.h>
#include <string.h>

#include "apply-file.h"
#include "digest.h"
#include "nm-managed.h"
#include "proof.h"
#include "unbox/log.h"
#include "unbox/store.h"

struct change {
    struct apply_state *state;
    change_fn done;
    void *userdata;
    uint64_t confirm_usec;
    char *interface;
    char *address;
    char *content;  /* what is to be installed; may hold a password */
    json_t *wanted; /* the same, where it is properties */
    bool touched;
    const char *code;
    char message[256]; /* why it goes back */
    struct nm_managed *ask;
    struct properties_call *call;
    struct proof *proof;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

int change_new(struct apply_state *state, change_fn done, void *userdata, struct change **ret)
{
    struct change *change = calloc(1, sizeof(*change));

    if (!change)
        return -ENOMEM;
    change->state = state;
    change->done = done;
    change->userdata = userdata;
    *ret = change;
    return 0;
}

struct change *change_free(struct change *change)
{
    if (!change)
        return NULL;
    nm_managed_free(change->ask);
    properties_call_free(change->call);
    proof_free(change->proof);
    free(change->interface);
    free(change->address);
    crypto_secret_free(change->content);
    json_decref(change->wanted);
    free(change);
    return NULL;
}

struct apply_state *change_state(const struct change *change)
{
    return change->state;
}

bool change_has_touched(const struct change *change)
{
    return change->touched;
}

static void end(struct change *change, const char *code, const char *message)
{
    change->done(change, code, message, change->userdata);
}

_printf_(3, 4) static void end_with(
        struct change *change, const char *code, const char *format, ...)
{
    char message[sizeof(change->message)];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    end(change, code, message);
}

static int write_record(struct change *change)
{
    return apply_record_write(change->state->section->name, &change->state->record);
}

/* Going back. */

static void reverted(struct change *change, const char *trouble)
{
    struct apply_record *record = &change->state->record;
    int r;

    record->step = APPLY_FAILED;
    snprintf(record->message, sizeof(record->message), "%s%s%s", change->message,
            trouble ? "; with what was before: " : "", trouble ?: "");
    r = write_record(change);
    if (r < 0)
        unbox_log_errno(
                LOG_ERR, r, "can't note that %s has gone back", change->state->section->name);
    else
        apply_file_forget(change->state->section->name);
    end(change, change->code, change->message);
}

/* While systemd can't be asked the record goes on saying that it goes back, and so it will. */
static void on_reverted(const char *error, void *userdata)
{
    struct change *change = userdata;

    if (error && !apply_can_ask(change->state->apply))
        end(change, change->code, change->message);
    else
        reverted(change, error);
}

static void on_properties_reverted(const char *error, json_t *values, void *userdata)
{
    reverted(userdata, error);
}

static int start_proof(struct change *change, const char *address, proof_fn done)
{
    const struct apply *apply = change->state->apply;
    const struct proof_options options = {
            .unit = change->state->section->unit,
            .interface = change->interface,
            .address = address,
            .settle_usec = apply->settle_usec,
    };

    change->proof = proof_free(change->proof);
    units_hold(apply->units, options.unit);
    return proof_start(apply->event, apply->units, &options, done, change, &change->proof);
}

/* 1 when the bytes are different now, 0 when they needn't be, or a negative errno. */
static int put_old_file_back(struct change *change)
{
    const struct section *section = change->state->section;
    const struct apply_record *record = &change->state->record;
    _cleanup_(crypto_secret_free_p) char *old = NULL;
    struct apply_file now = {};
    bool same;
    size_t size;
    int r;

    /* It may have a password in it. */
    r = unbox_store_tidy(section->path);
    if (r < 0 && r != -ENOENT)
        return r;
    r = apply_file_look(section->path, &now);
    if (r < 0)
        return r;
    same = strcmp(now.digest, record->old_digest) == 0;
    apply_file_done(&now);
    if (same)
        return 0;
    if (!*record->old_digest)
        return unbox_store_remove(section->path);
    r = apply_file_kept(section->name, record->old_digest, &old, &size);
    if (r >= 0)
        r = unbox_store_write(section->path, old, size, record->old_mode, -1, -1);
    return r < 0 ? r : 1;
}

static void revert_file(struct change *change, bool restart)
{
    int r = put_old_file_back(change);

    if (r >= 0 && r == 0 && !restart) {
        reverted(change, NULL);
        return;
    }
    if (r >= 0)
        r = start_proof(change, NULL, on_reverted);
    if (r < 0)
        on_reverted(strerrordesc_np(-r), change);
}

static void revert_properties(struct change *change)
{
    const struct section *section = change->state->section;
    _cleanup_free_ char *old = NULL;
    _cleanup_json_ json_t *values = NULL;
    size_t size;
    int r;

    r = apply_file_kept(section->name, change->state->record.old_digest, &old, &size);
    if (r >= 0) {
        values = json_loadb(old, size, 0, NULL);
        r = values ? 0 : -EBADMSG;
    }
    change->call = properties_call_free(change->call);
    if (r >= 0)
        r = section->properties->write(
                change->state->apply->event, values, on_properties_reverted, change, &change->call);
    if (r < 0)
        reverted(change, strerrordesc_np(-r));
}

static void go_back(struct change *change, const char *code, const char *message)
{
    struct apply_record *record = &change->state->record;
    /* Of one that was cut short nobody knows whether the unit was restarted. */
    bool restart = record->step == APPLY_REVERTING;
    int r;

    change->code = code;
    snprintf(change->message, sizeof(change->message), "%s", message);
    record->step = APPLY_REVERTING;
    snprintf(record->message, sizeof(record->message), "%s", message);
    r = write_record(change);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't note that %s goes back", change->state->section->name);
    if (change->state->section->properties)
        revert_properties(change);
    else
        revert_file(change, restart);
}

void change_revert(struct change *change, const char *reason)
{
    go_back(change, APPLY_FAILED_CODE, reason);
}

/* Going forward. */

static void succeed(struct change *change)
{
    struct apply_record *record = &change->state->record;
    uint64_t now;
    int r;

    record->step = change->confirm_usec ? APPLY_UNCONFIRMED : APPLY_APPLIED;
    if (change->confirm_usec) {
        r = sd_id128_get_boot(&record->boot);
        if (r >= 0)
            r = sd_event_now(change->state->apply->event, CLOCK_BOOTTIME, &now);
        if (r >= 0)
            record->until_usec = now + change->confirm_usec;
    } else {
        apply_record_own(record);
        r = 0;
    }
    if (r >= 0)
        r = write_record(change);
    if (r < 0) {
        go_back(change, APPLY_FAILED_CODE, strerrordesc_np(-r));
        return;
    }
    if (!change->confirm_usec)
        apply_file_forget(change->state->section->name);
    end(change, NULL, NULL);
}

static void on_proved(const char *error, void *userdata)
{
    if (error)
        go_back(userdata, APPLY_RESTART_FAILED, error);
    else
        succeed(userdata);
}

static void put_file(struct change *change)
{
    const struct section *section = change->state->section;
    char message[256];
    int r;

    r = unbox_store_write(
            section->path, change->content, strlen(change->content), section->mode, -1, -1);
    if (r < 0) {
        snprintf(
                message, sizeof(message), "can't write %s: %s", section->path, strerrordesc_np(-r));
        go_back(change, APPLY_FAILED_CODE, message);
        return;
    }
    r = start_proof(change, change->address, on_proved);
    if (r < 0)
        go_back(change, APPLY_RESTART_FAILED, "systemd can't be asked for a restart");
}

static void on_read_back(const char *error, json_t *values, void *userdata)
{
    struct change *change = userdata;
    const char *other = error ? NULL : properties_find_other(change->wanted, values);
    char message[128];

    if (other)
        snprintf(message, sizeof(message), "%s was set and is still as it was", other);
    if (error || other)
        go_back(change, APPLY_FAILED_CODE, error ?: message);
    else
        succeed(change);
}

static void on_written(const char *error, json_t *values, void *userdata)
{
    struct change *change = userdata;
    int r;

    if (error) {
        go_back(change, APPLY_FAILED_CODE, error);
        return;
    }
    change->call = properties_call_free(change->call);
    r = change->state->section->properties->read(
            change->state->apply->event, on_read_back, change, &change->call);
    if (r < 0)
        go_back(change, APPLY_FAILED_CODE, strerrordesc_np(-r));
}

static void put_properties(struct change *change)
{
    int r;

    change->call = properties_call_free(change->call);
    r = change->state->section->properties->write(
            change->state->apply->event, change->wanted, on_written, change, &change->call);
    if (r < 0)
        go_back(change, APPLY_FAILED_CODE, strerrordesc_np(-r));
}

/* From here on there is something to go back to. `old` NULL: there was nothing. */
static int keep_old(struct change *change, const void *old, size_t size, mode_t mode)
{
    const struct apply_record before = change->state->record;
    struct apply_record *record = &change->state->record;
    int r;

    *record = (struct apply_record){.step = APPLY_APPLYING, .old_mode = mode};
    memcpy(record->ours, before.ours, sizeof(record->ours));
    memcpy(record->our_values, before.our_values, sizeof(record->our_values));
    if (change->wanted)
        snprintf(record->values, sizeof(record->values), "%s", change->content);
    r = digest_sha256(change->content, strlen(change->content), record->digest);
    if (r >= 0 && old)
        r = digest_sha256(old, size, record->old_digest);
    if (r >= 0)
        r = apply_file_keep(change->state->section->name, old, size);
    if (r >= 0)
        r = write_record(change);
    if (r < 0)
        *record = before;
    change->touched = r >= 0;
    if (change->touched)
        drift_forget(change->state);
    return r;
}

static void replace_file(struct change *change)
{
    const struct section *section = change->state->section;
    struct apply_file now = {};
    int r;

    r = apply_file_look(section->path, &now);
    if (r == -EMLINK) {
        end_with(change, APPLY_CONFLICT, "%s is something else than a file", section->path);
        return;
    }
    if (r >= 0)
        r = keep_old(change, now.data, now.size, now.mode);
    apply_file_done(&now);
    if (r < 0)
        end_with(change, APPLY_FAILED_CODE, "what %s is now can't be kept: %s", section->path,
                strerrordesc_np(-r));
    else
        put_file(change);
}

/* Only what is to be changed is what would have to be put back. */
static char *dump_old_properties(const struct change *change, json_t *values)
{
    _cleanup_json_ json_t *old = json_object();
    const char *name;
    json_t *value;

    json_object_foreach (change->wanted, name, value)
        if (json_object_set(old, name, json_object_get(values, name)) < 0)
            return NULL;
    return json_dumps(old, JSON_COMPACT | JSON_SORT_KEYS);
}

static void on_old_properties(const char *error, json_t *values, void *userdata)
{
    struct change *change = userdata;
    _cleanup_free_ char *old = NULL;
    int r;

    if (error) {
        end(change, APPLY_FAILED_CODE, error);
        return;
    }
    old = dump_old_properties(change, values);
    r = old ? keep_old(change, old, strlen(old), 0) : -ENOMEM;
    if (r < 0)
        end_with(
                change, APPLY_FAILED_CODE, "what it is now can't be kept: %s", strerrordesc_np(-r));
    else
        put_properties(change);
}

static void replace(struct change *change)
{
    int r;

    if (!change->state->section->properties) {
        replace_file(change);
        return;
    }
    r = change->state->section->properties->read(
            change->state->apply->event, on_old_properties, change, &change->call);
    if (r < 0)
        end(change, APPLY_FAILED_CODE, strerrordesc_np(-r));
}

static void on_managed(const char *complaint, void *userdata)
{
    if (complaint)
        end(userdata, APPLY_CONFLICT, complaint);
    else
        replace(userdata);
}

static int read_names(struct change *change, const struct unbox_config *product)
{
    const struct section *section = change->state->section;

    if (!section->interface_key)
        return 0;
    change->interface = strdup(unbox_config_given(product, section->interface_key)
                                       ? unbox_config_string(product, section->interface_key)
                                       : change->state->apply->interface);
    if (change->interface && section->address_key)
        change->address = strdup(unbox_config_string(product, section->address_key));
    return change->interface && (change->address || !section->address_key) ? 0 : -ENOMEM;
}

static int render(struct change *change, const struct unbox_config *product)
{
    const struct section *section = change->state->section;
    int r;

    r = read_names(change, product);
    if (r >= 0)
        r = section->render(product, change->interface, &change->content);
    if (r >= 0 && section->properties) {
        change->wanted = json_loads(change->content, 0, NULL);
        r = change->wanted ? 0 : -ENOMEM;
    }
    return r;
}

void change_apply(struct change *change, uint64_t confirm_usec)
{
    const struct section *section = change->state->section;
    _cleanup_(unbox_config_free_p) struct unbox_config *product = NULL;
    struct unbox_config_error error = {};
    int r;

    change->confirm_usec = confirm_usec;
    r = section_read(section, &product, &error);
    if (r < 0) {
        end(change, APPLY_VALIDATION_FAILED, error.text);
        return;
    }
    r = render(change, product);
    if (r == -EBADMSG) {
        end(change, APPLY_VALIDATION_FAILED, "a value has control characters");
        return;
    }
    if (r >= 0 && !change->interface) {
        replace(change);
        return;
    }
    if (r >= 0)
        r = nm_managed_ask(
                change->state->apply->event, change->interface, on_managed, change, &change->ask);
    if (r < 0)
        end(change, APPLY_FAILED_CODE, strerrordesc_np(-r));
}
