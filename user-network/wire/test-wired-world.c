/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers at once, but for netplan's checks, which need a turn of the loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "netplan.h"
#include "nm-wire.h"
#include "test-wired-world.h"
#include "util.h"

struct world world;
struct paths paths;
sd_event *event;

static void note(char letter)
{
    size_t size = strlen(world.asked);

    assert_true(size + 1 < sizeof(world.asked));
    world.asked[size] = letter;
}

static void done_with(nm_done done, int error, void *userdata)
{
    if (done)
        done(error, error < 0 ? "no" : NULL, userdata);
}

bool nm_running(const struct nm *nm)
{
    return world.running;
}

void nm_look_wire(const struct nm *nm, struct nm_wire *ret)
{
    *ret = (struct nm_wire){.carrier = world.carrier};
    assert_true(copy_text(ret->address, sizeof(ret->address), world.address));
}

void nm_look_wire_use(const struct nm *nm, struct nm_wire_use *ret)
{
    *ret = (struct nm_wire_use){.up = world.up};
    assert_true(copy_text(ret->profile, sizeof(ret->profile), world.profile));
}

void use(const char *profile, const char *address)
{
    assert_true(copy_text(world.profile, sizeof(world.profile), profile));
    assert_true(copy_text(world.address, sizeof(world.address), address));
    world.up = *address != '\0';
}

void nm_wire_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata)
{
    note('k');
    world.checkpoint = strdup("/checkpoint/1");
    done_with(done, 0, userdata);
}

const char *nm_wire_checkpoint(const struct nm *nm)
{
    return world.checkpoint;
}

int nm_wire_checkpoint_adopt(struct nm *nm, const char *path)
{
    free(world.checkpoint);
    world.checkpoint = strdup(path);
    return 0;
}

void nm_wire_checkpoint_forget(struct nm *nm)
{
    free(world.checkpoint);
    world.checkpoint = NULL;
}

static void end_checkpoint(struct nm *nm, char letter, nm_done done, void *userdata)
{
    bool there = world.checkpoint != NULL;

    note(letter);
    nm_wire_checkpoint_forget(nm);
    done_with(done, there ? 0 : -ENOENT, userdata);
}

void nm_wire_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata)
{
    if (world.checkpoint)
        use("dhcp", "192.0.2.100");
    end_checkpoint(nm, 'b', done, userdata);
}

void nm_wire_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata)
{
    end_checkpoint(nm, 'd', done, userdata);
}

void nm_wire_try(struct nm *nm, const char *keyfile, size_t size, nm_done done, void *userdata)
{
    note('t');
    assert_string_equal(keyfile, "[connection]\n");
    if (!world.refuses)
        use(NM_WIRE_UUID, "");
    done_with(done, world.refuses ? -EINVAL : 0, userdata);
}

void nm_delete_profile(struct nm *nm, const char *uuid, nm_done done, void *userdata)
{
    bool there = strcmp(world.profile, uuid) == 0;

    note('x');
    assert_string_equal(uuid, NM_WIRE_UUID);
    if (there)
        use("dhcp", "192.0.2.100");
    done_with(done, !world.running ? -ENOTCONN : there ? 0 : -ENOENT, userdata);
}

void nm_reload_profiles(struct nm *nm, nm_done done, void *userdata)
{
    note('r');
    if (world.dies)
        world.running = false;
    done_with(done, world.dies ? -ENOTCONN : 0, userdata);
}

void nm_wire_activate(struct nm *nm, const char *file, nm_done done, void *userdata)
{
    note('a');
    assert_non_null(strstr(file, "/netplan-eth0.nmconnection"));
    /* What netplan has made of the files. */
    use("netplan", access(paths.wired_installed, F_OK) == 0 ? "192.0.2.7" : "192.0.2.100");
    done_with(done, 0, userdata);
}

/* netplan is as quick as NetworkManager here. */
int netplan_new_for(sd_event *loop, const struct paths *where, const char *check_root,
        const char *name, struct netplan **ret)
{
    assert_string_equal(name, "70-user-wired.yaml");
    *ret = NULL;
    return 0;
}

struct netplan *netplan_free(struct netplan *netplan)
{
    return NULL;
}

struct netplan_profiles *netplan_profiles_free(struct netplan_profiles *profiles)
{
    if (profiles) {
        free(profiles->entries->file);
        free(profiles->entries->keyfile);
        free(profiles->entries);
    }
    free(profiles);
    return NULL;
}

static sd_event_source *check;
static netplan_done check_done;
static void *check_userdata;

static int on_check(sd_event_source *source, void *userdata)
{
    struct netplan_profiles *profiles = calloc(1, sizeof(*profiles));
    struct netplan_profile *profile = calloc(1, sizeof(*profile));

    check = sd_event_source_disable_unref(check);
    assert_true(asprintf(&profile->file, "%s/netplan-eth0.nmconnection", paths.generated) > 0);
    profile->keyfile = strdup("[connection]\n");
    profile->size = strlen(profile->keyfile);
    *profiles = (struct netplan_profiles){profile, 1};
    check_done(0, NULL, profiles, check_userdata);
    return 0;
}

int netplan_check(
        struct netplan *netplan, const char *text, size_t size, netplan_done done, void *userdata)
{
    check_done = done;
    check_userdata = userdata;
    return sd_event_add_defer(event, &check, on_check, NULL);
}

int netplan_generate(struct netplan *netplan, netplan_done done, void *userdata)
{
    done(world.broken ? -EINVAL : 0, world.broken ? "99-stranger.yaml" : NULL, NULL, userdata);
    return 0;
}

void end_netplan(void)
{
    check = sd_event_source_disable_unref(check);
}
