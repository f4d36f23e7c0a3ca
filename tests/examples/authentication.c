/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * example-authentication: a request and its response. `check` says whether a password is that of a
 * user in a file of its own (lines of user:hash, as `mkpasswd -m yescrypt` makes them), which
 * systemd hands over as a credential. Failures are published as example-authentication.failed.
 */

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unbox/compat.h"
#include "unbox/log.h"

#define NAME "example-authentication"
#define SOCKET "/run/example-authentication/socket"
#define WAIT_USEC UINT64_C(1000000)

struct authentication {
    struct unbox_run *run;
    struct unbox_ipc_server *server;
    struct unbox_service *service;
    uint64_t wait_until; /* after a failure, of CLOCK_BOOTTIME */
    struct crypt_data crypt;
};

/* The hash of `user`, in `hash`; "*" for one who isn't there, and that matches no password. */
static int find(const char *user, char *hash, size_t size)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[4096], line[1024];
    FILE *file;

    snprintf(path, sizeof(path), "%s/passwords", folder ? folder : "/etc/example-authentication");
    file = fopen(path, "re");
    if (!file)
        return unbox_log_errno(LOG_ERR, -errno, "%s", path);
    snprintf(hash, size, "*");
    while (fgets(line, sizeof(line), file)) {
        char *colon = strchr(line, ':');

        if (!colon || strlen(user) != (size_t)(colon - line) ||
                memcmp(line, user, colon - line) != 0)
            continue;
        snprintf(hash, size, "%.*s", (int)strcspn(colon + 1, "\n"), colon + 1);
        break;
    }
    fclose(file);
    return 0;
}

/* A user who isn't there takes as long as one who is: nobody learns the names by the clock. */
static bool matches(struct authentication *self, const char *password, const char *hash)
{
    bool known = hash[0] == '$';
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *made;

    if (!known && crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
        hash = setting;
    made = crypt_rn(password, hash, &self->crypt, sizeof(self->crypt));
    return known && made && strcmp(made, hash) == 0;
}

/*
 * One password takes some 20 ms, on purpose, in which nobody else is answered; and after a wrong
 * one nobody is for a second: guessing is slow.
 */
static int check(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct authentication *self = userdata;
    const char *user, *password;
    char hash[CRYPT_OUTPUT_SIZE];
    uint64_t now = 0;
    bool ok;

    if (json_unpack(params, "{s:s, s:s}", "user", &user, "password", &password) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "a user and a password are wanted");
    (void)sd_event_now(unbox_run_event(self->run), CLOCK_BOOTTIME, &now);
    if (now < self->wait_until)
        return unbox_ipc_reply_error(call, UNBOX_IPC_BUSY, "try again in a second");
    if (find(user, hash, sizeof(hash)) < 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "there are no passwords");
    ok = matches(self, password, hash);
    explicit_bzero(&self->crypt, sizeof(self->crypt));
    if (!ok) {
        self->wait_until = now + WAIT_USEC;
        (void)ipc_publish(unbox_service_client(self->service), NAME ".failed",
                json_pack("{s:s}", "user", user), NULL, NULL);
    }
    return unbox_ipc_reply(call, json_pack("{s:b}", "ok", ok));
}

/* Not for everybody who may look: who may operate the device may ask. */
static const struct unbox_ipc_method methods[] = {
        {"check", "Whether this is the user's password.", UNBOX_IPC_OPERATE, false, check},
        {},
};
static const struct unbox_ipc_topic topics[] = {
        {NAME ".failed", "Somebody had a wrong password.", false},
        {},
};

static int start(struct authentication *self)
{
    sd_event *event = unbox_run_event(self->run);
    int r;

    r = ipc_serve(event,
            &(struct unbox_ipc_server_options){.path = SOCKET,
                    .name = NAME,
                    .version = "1",
                    .description = "Who knows his password",
                    .methods = methods,
                    .audit = unbox_log_call,
                    .userdata = self},
            &self->server);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "can't serve %s", SOCKET);
    r = service_register(event,
            &(struct unbox_service_options){.name = NAME,
                    .version = "1",
                    .description = "Who knows his password",
                    .endpoint = SOCKET,
                    .capabilities = (const char *const[]){"authentication", NULL},
                    .topics = topics},
            NULL, NULL, &self->service);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't register") : 0;
}

int main(void)
{
    struct authentication self = {};
    int r = unbox_run_new(NULL, NULL, &self.run);

    if (r >= 0)
        r = start(&self);
    if (r >= 0) {
        unbox_run_ready(self.run);
        r = unbox_run_loop(self.run);
    }
    unbox_service_free(self.service);
    unbox_ipc_server_free(self.server);
    unbox_run_free(self.run);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
