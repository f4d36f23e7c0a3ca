/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Unit files: written, enabled, loaded, proved to be loaded; or put back as they were. */

#include "daemon-file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon-facts.h"
#include "daemon-settings.h"
#include "unbox/store.h"

#define FOLDER "/etc/systemd/system"
#define SIZE_MAX_READ (512 * 1024)

int daemon_file_place(struct unbox_daemon_call *call)
{
    return asprintf(&call->path, FOLDER "/%s", call->unit) < 0 ? -ENOMEM : 1;
}

/* 1 with its content when it is, 0 when there is none, -EEXIST when it is somebody else's. */
static int read_ours(const char *path, char **ret_text)
{
    static const char mark[] = DAEMON_FILE_MARK "\n";
    _cleanup_free_ char *text = NULL;
    struct stat st;
    int r;

    /* A link there is an alias, or /dev/null: masked. */
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISREG(st.st_mode))
        return -EEXIST;
    r = unbox_store_read(path, SIZE_MAX_READ, &text, NULL);
    if (r < 0)
        return r == -EFBIG ? -EEXIST : r;
    if (strncmp(text, mark, strlen(mark)) != 0)
        return -EEXIST;
    *ret_text = STEAL(text);
    return 1;
}

static int refuse_existing(struct unbox_daemon_call *call, const char *file)
{
    return daemon_call_refuse(
            call, -EEXIST, "", "%s is there already, and was made by others: %s", call->unit, file);
}

static int on_looked(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    struct daemon_facts facts;
    int r;

    r = daemon_facts_read(call, reply, error, &facts);
    if (r < 0)
        return r;
    /* Nor does ours hide a unit of the vendor's. */
    if (daemon_facts_is_unit(&facts) && strcmp(facts.fragment, call->path) != 0)
        return refuse_existing(call, facts.fragment);
    r = read_ours(call->path, &call->old_text);
    if (r == -EEXIST)
        return refuse_existing(call, call->path);
    if (r < 0)
        return daemon_call_refuse(
                call, r, "", "can't read %s: %s", call->path, strerrordesc_np(-r));
    return 1;
}

int daemon_file_look(struct unbox_daemon_call *call)
{
    return daemon_facts_ask(call, on_looked);
}

/* ReenableUnitFiles and DisableUnitFiles have different arguments behind the names. */
static int ask_about_file(struct unbox_daemon_call *call, const char *member, const char *types,
        daemon_reply_fn reply)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = daemon_call_message(call, member, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "as", 1, call->unit);
    if (r < 0)
        return r;
    /* Not for this boot only; and no link of somebody else's is overwritten. */
    r = sd_bus_message_append(m, types, false, false);
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, reply);
}

/* Again: what the file said before of where it is wanted no longer counts. */
int daemon_file_enable(struct unbox_daemon_call *call)
{
    return ask_about_file(call, "ReenableUnitFiles", "bb", daemon_reply_fine);
}

int daemon_file_disable(struct unbox_daemon_call *call)
{
    return call->old_text ? ask_about_file(call, "DisableUnitFiles", "b", daemon_reply_fine) : 1;
}

int daemon_file_reload(struct unbox_daemon_call *call)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!call->text && !call->old_text)
        return 1;
    r = daemon_call_message(call, "Reload", &m);
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, daemon_reply_fine);
}

static int write_text(struct unbox_daemon_call *call, const char *text, size_t size)
{
    int r = unbox_store_write(call->path, text, size, 0644, -1, -1);

    return r < 0 ? daemon_call_refuse(
                           call, r, "", "can't write %s: %s", call->path, strerrordesc_np(-r))
                 : 1;
}

static int put_back(struct unbox_daemon_call *call)
{
    if (call->old_text)
        return write_text(call, call->old_text, strlen(call->old_text));
    return ask_about_file(call, "DisableUnitFiles", "b", daemon_reply_any);
}

static int enable_old(struct unbox_daemon_call *call)
{
    int r;

    if (call->old_text)
        return daemon_file_enable(call);
    r = unbox_store_remove(call->path);
    return r < 0 ? r : 1;
}

static const daemon_step_fn undo_steps[] = {put_back, enable_old, daemon_file_reload, NULL};

int daemon_file_write(struct unbox_daemon_call *call)
{
    int r = write_text(call, call->text, call->size);

    if (r > 0)
        call->undo = undo_steps;
    return r;
}

static int on_verified(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    struct daemon_facts facts;
    int r;

    r = daemon_facts_read(call, reply, error, &facts);
    if (r < 0)
        return r;
    if (strcmp(facts.status.load_state, "loaded") != 0)
        return daemon_call_refuse(call, -ENOEXEC, facts.status.load_state,
                "systemd can't load %s with these settings; the journal says why", call->unit);
    return 1;
}

int daemon_file_verify(struct unbox_daemon_call *call)
{
    return daemon_facts_ask(call, on_verified);
}

static int on_looked_for_ours(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    struct daemon_facts facts;
    int r;

    r = daemon_facts_read(call, reply, error, &facts);
    if (r < 0)
        return r;
    if (facts.transient)
        return 1;
    r = read_ours(call->path, &call->old_text);
    if (r == 0 && !daemon_facts_is_unit(&facts))
        return daemon_call_refuse(call, -ENOENT, "not-found", "there is no unit %s", call->unit);
    if (r == 0 || r == -EEXIST)
        return daemon_call_refuse(
                call, -EPERM, "", "%s was made by others: %s", call->unit, facts.fragment);
    return r;
}

int daemon_file_look_for_ours(struct unbox_daemon_call *call)
{
    return daemon_facts_ask(call, on_looked_for_ours);
}

int daemon_file_remove(struct unbox_daemon_call *call)
{
    int r = call->old_text ? unbox_store_remove(call->path) : 1;

    return r < 0 ? daemon_call_refuse(
                           call, r, "", "can't remove %s: %s", call->path, strerrordesc_np(-r))
                 : 1;
}
