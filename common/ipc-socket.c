/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The sockets on which a server listens: its own, and those that systemd passes to it for
 * applications which expect it elsewhere.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "ipc-server.h"
#include "util.h"

#define PAUSE_USEC (250 * USEC_PER_MSEC)
#define PAUSE_ACCURACY_USEC (50 * USEC_PER_MSEC)

int ipc_socket_bind(const char *path, gid_t group)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    /* Nobody can get in between bind() and chmod(): only listen() lets them. */
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    if (group != (gid_t)-1 && chown(path, -1, group) < 0)
        return -errno;
    if (chmod(path, 0660) < 0)
        return -errno;
    if (listen(fd, SOMAXCONN) < 0)
        return -errno;
    return STEAL_FD(fd);
}

static struct ipc_listener *listener_free(struct ipc_listener *listener)
{
    sd_event_source_disable_unref(listener->io);
    sd_event_source_disable_unref(listener->pause);
    close(listener->fd);
    free(listener);
    return NULL;
}

DEFINE_CLEANUP(struct ipc_listener *, listener_free);

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ipc_listener *listener = userdata;

    (void)sd_event_source_set_enabled(listener->io, SD_EVENT_ON);
    return 0;
}

/* Who waits is still there, and the loop would do nothing else than try to let him in. */
static void pause_listening(struct ipc_listener *listener)
{
    int r;

    r = sd_event_source_set_time_relative(listener->pause, PAUSE_USEC);
    if (r >= 0)
        r = sd_event_source_set_enabled(listener->pause, SD_EVENT_ONESHOT);
    if (r >= 0)
        (void)sd_event_source_set_enabled(listener->io, SD_EVENT_OFF);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct ipc_listener *listener = userdata;
    _cleanup_close_ int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (peer < 0 && is_shortage(errno))
        pause_listening(listener);
    /* What else fails concerns this peer alone, and he sees his connection closed. */
    if (peer >= 0 && ipc_server_add_connection(listener->server, peer) >= 0)
        peer = -1;
    return 0;
}

int ipc_server_add_socket(struct unbox_ipc_server *server, int fd)
{
    _cleanup_(listener_free_p) struct ipc_listener *listener = calloc(1, sizeof(*listener));
    int r;

    if (!listener) {
        close(fd);
        return -ENOMEM;
    }
    listener->server = server;
    listener->fd = fd;
    r = sd_event_add_time(server->event, &listener->pause, CLOCK_BOOTTIME, UINT64_MAX,
            PAUSE_ACCURACY_USEC, on_pause_over, listener);
    if (r >= 0)
        r = sd_event_add_io(server->event, &listener->io, fd, EPOLLIN, on_connect, listener);
    if (r < 0)
        return r;
    listener->next = server->listeners;
    server->listeners = STEAL(listener);
    return 0;
}

void ipc_server_close_sockets(struct unbox_ipc_server *server)
{
    while (server->listeners) {
        struct ipc_listener *listener = server->listeners;

        server->listeners = listener->next;
        listener_free(listener);
    }
}

static int add_inherited(struct unbox_ipc_server *server, int fd)
{
    _cleanup_close_ int owned = fd;
    int flags, r;

    r = sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0);
    if (r < 0)
        return r;
    if (r == 0)
        return -EPROTOTYPE;
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return ipc_server_add_socket(server, STEAL_FD(owned));
}

int unbox_ipc_server_listen_inherited(struct unbox_ipc_server *server)
{
    int count = 0, error = 0, n = sd_listen_fds(1);

    for (int i = 0; i < n; i++) {
        int r = add_inherited(server, SD_LISTEN_FDS_START + i);

        if (r < 0)
            error = r;
        else
            count++;
    }
    if (n < 0)
        return n;
    return error < 0 ? error : count;
}
