/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is at the other end of a connection, and what he may: from the kernel's credentials alone. */

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "ipc-server.h"

#define GROUPS_MAX 256

DEFINE_CLEANUP(sd_bus_creds *, sd_bus_creds_unref);

static gid_t group_id(const char *name)
{
    const struct group *group = getgrnam(name);

    return group ? group->gr_gid : (gid_t)-1;
}

static uid_t user_id(const char *name)
{
    const struct passwd *user = getpwnam(name);

    return user ? user->pw_uid : (uid_t)-1;
}

void ipc_roles_init(struct ipc_roles *roles)
{
    roles->operators = group_id("unbox");
    roles->admins = group_id("unbox-admin");
    roles->web = user_id("unbox-web");
}

static bool in_group(const gid_t *groups, size_t count, gid_t group)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i] == group)
            return group != (gid_t)-1;
    return false;
}

/*
 * The unit of the process that has this number; the kernel doesn't keep that of the one which has
 * connected. That may have ended, and its number be another's: what is another user's is not
 * believed. NULL: none.
 */
static char *unit_of(pid_t pid, uid_t uid)
{
    static const uint64_t wanted = SD_BUS_CREDS_EUID | SD_BUS_CREDS_UNIT;
    _cleanup_(sd_bus_creds_unref_p) sd_bus_creds *process = NULL;
    const char *unit;
    uid_t now;

    if (sd_bus_creds_new_from_pid(&process, pid, wanted) < 0 ||
            sd_bus_creds_get_euid(process, &now) < 0 || now != uid ||
            sd_bus_creds_get_unit(process, &unit) < 0)
        return NULL;
    return strdup(unit);
}

int ipc_peer_identify(const struct ipc_roles *roles, int fd, struct ipc_peer *ret)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    gid_t groups[GROUPS_MAX + 1];
    socklen_t groups_size = sizeof(groups) - sizeof(gid_t);
    size_t count;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_size) < 0)
        return -errno;
    count = groups_size / sizeof(gid_t);
    groups[count++] = credentials.gid;

    *ret = (struct ipc_peer){.pid = credentials.pid, .uid = credentials.uid};
    ret->web = roles->web != (uid_t)-1 && credentials.uid == roles->web;
    if (credentials.uid == 0 || credentials.uid == geteuid() ||
            in_group(groups, count, roles->admins))
        ret->role = UNBOX_IPC_ADMIN;
    else if (in_group(groups, count, roles->operators))
        ret->role = UNBOX_IPC_OPERATE;
    ret->unit = unit_of(credentials.pid, credentials.uid);
    return 0;
}

bool ipc_peer_may_call(const struct ipc_peer *peer, const struct unbox_ipc_method *method)
{
    return peer->web ? method->web : peer->role >= method->role;
}
