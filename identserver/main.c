/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* identserver: the factory bench's side of the enrolment. Gives devices their identity. */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "arguments.h"
#include "authority.h"
#include "database.h"
#include "http-server.h"
#include "ipc.h"
#include "register.h"
#include "revocation.h"
#include "tab.h"
#include "tool.h"
#include "unbox/config.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"
#include "unbox/service.h"
#include "unbox/store.h"

#define TOPIC_CHANGED "factory.changed"
#define PEM_SIZE_MAX (64 * 1024)

/* Everything that the running daemon holds, in the order in which it is made. */
struct daemon {
    const struct arguments *arguments;
    struct unbox_config *config;
    struct unbox_run *run;
    struct database *database;
    struct authority *authority;
    struct revocation *revocation;
    struct api *api;
    struct ipc_options ipc_options;
    struct unbox_ipc_server *ipc;
    sd_event_source *status_timer;
    struct unbox_service *service; /* NULL: a bench without healthd */
};

static int update_status(struct daemon *daemon)
{
    struct register_summary summary;
    int r;

    r = register_summary(daemon->database, &summary);
    if (r < 0)
        return r;
    unbox_run_status(daemon->run,
            "serving %s:%u, %lld devices enrolled, %lld not acknowledged yet, %lld places left",
            daemon->arguments->bench.address, daemon->arguments->port, (long long)summary.active,
            (long long)summary.pending, (long long)summary.places);
    /* For who looks at the line's progress; one that is missed is made up for by the next. */
    if (daemon->service)
        (void)unbox_ipc_publish(unbox_service_client(daemon->service), TOPIC_CHANGED,
                json_pack("{s:I, s:I, s:I}", "active", (json_int_t)summary.active, "pending",
                        (json_int_t)summary.pending, "places", (json_int_t)summary.places),
                NULL, NULL);
    return 0;
}

static int on_status_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct daemon *daemon = userdata;

    daemon->status_timer = sd_event_source_disable_unref(source);
    /* Whatever is wrong with the register, the next request says so. */
    (void)update_status(daemon);
    return 0;
}

/* Counting takes as long as there are devices, so a busy line is counted once a second. */
static void on_changed(bool revoked, void *userdata)
{
    struct daemon *daemon = userdata;

    if (revoked)
        revocation_changed(daemon->revocation);
    if (!daemon->status_timer)
        (void)sd_event_add_time_relative(unbox_run_event(daemon->run), &daemon->status_timer,
                CLOCK_BOOTTIME, USEC_PER_SEC, 0, on_status_timer, daemon);
}

/* One line for the status and one for the journal; returns `error`. */
static int fail(int error, const char *what)
{
    unbox_run_notify_status("%s: %s", what, strerror(-error));
    return unbox_log_errno(LOG_ERR, error, "%s", what);
}

/* The product's hotspot, for the labels. */
static int read_config(struct daemon *daemon)
{
    struct unbox_config_error error;
    int r = unbox_config_load(NULL, &daemon->config, &error);

    if (r >= 0)
        return 0;
    unbox_run_notify_status("configuration: %s", error.text);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", error.text);
    return r == -EINVAL ? -EBADMSG : r;
}

static int open_register(struct daemon *daemon)
{
    const char *directory = daemon->arguments->bench.directory;
    _cleanup_free_ char *path = NULL;
    int r;

    if (asprintf(&path, "%s/" DATABASE_NAME, directory) < 0) {
        path = NULL;
        return fail(-ENOMEM, "Can't open the register");
    }
    r = authority_load(directory, &daemon->authority);
    if (r == -EPERM)
        return fail(r, "Others may read " AUTHORITY_KEY ", which they must not: chmod 0600");
    if (r < 0)
        return fail(r, "Can't use the CA; `identserver --init` makes one");
    r = database_open(path, &daemon->database);
    if (r == -EUCLEAN)
        return fail(r,
                "The database is damaged or not a bench's; nothing was changed. Move it away "
                "and put a backup in its place (--restore)");
    if (r == -EPROTONOSUPPORT)
        return fail(r, "The database is a later identserver's; nothing was changed");
    if (r < 0)
        return fail(r, "Can't open the database");
    r = revocation_new(unbox_run_event(daemon->run), daemon->database, daemon->authority, directory,
            &daemon->revocation);
    if (r < 0)
        return fail(r, "Can't list what is revoked");
    return 0;
}

static int read_file(const char *directory, const char *name, char **ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return unbox_store_read(path, PEM_SIZE_MAX, ret, NULL);
}

static int open_api(struct daemon *daemon)
{
    const struct arguments *arguments = daemon->arguments;
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    _cleanup_free_ char *certificate = NULL;
    struct api_options options = {
            .database = daemon->database,
            .authority = daemon->authority,
            .revocation = daemon->revocation,
            .changed = on_changed,
            .userdata = daemon,
    };
    _cleanup_close_ int fd = -1;
    int r;

    r = read_file(arguments->bench.directory, AUTHORITY_SERVER_CERTIFICATE, &certificate);
    if (r >= 0)
        r = read_file(arguments->bench.directory, AUTHORITY_SERVER_KEY, &key);
    if (r < 0)
        return fail(r, "Can't read the server's certificate or key");
    r = http_listen(arguments->bench.address, arguments->port, false, &fd);
    if (r < 0)
        return fail(r, "Can't listen on the bench's address");
    options.certificate_pem = certificate;
    options.key_pem = key;
    r = api_new(unbox_run_event(daemon->run), fd, &options, &daemon->api);
    if (r < 0)
        return fail(r, "Can't serve HTTPS");
    (void)STEAL_FD(fd);
    return 0;
}

/* Without the operator's socket the line still goes on. */
static void open_ipc(struct daemon *daemon)
{
    int r;

    daemon->ipc_options = (struct ipc_options){
            .path = daemon->arguments->socket,
            .database = daemon->database,
            .config = daemon->config,
            .directory = daemon->arguments->bench.directory,
            .changed = on_changed,
            .userdata = daemon,
    };
    r = ipc_serve(unbox_run_event(daemon->run), &daemon->ipc_options, &daemon->ipc);
    if (r < 0)
        (void)unbox_log_errno(
                LOG_ERR, r, "The operator can't ask: no %s", daemon->arguments->socket);
}

/* A bench may have no healthd; then nobody is to be waited for. */
static int announce(struct daemon *daemon)
{
    static const char *const capabilities[] = {"enrolment", NULL};
    static const struct unbox_ipc_topic topics[] = {
            {TOPIC_CHANGED, "How many devices are enrolled, once a second at most.", false},
            {},
    };
    _cleanup_json_ json_t *tab = tab_new();
    const struct unbox_service_options options = {
            .name = "identserver",
            .version = PROJECT_VERSION,
            .description = "Gives devices on the factory bench their identity",
            .endpoint = daemon->arguments->socket,
            .capabilities = capabilities,
            .topics = topics,
            .tab = tab,
    };
    int r;

    if (!tab)
        return fail(-ENOMEM, "Can't register the service");
    if (access(UNBOX_HEALTHD_SOCKET, F_OK) < 0)
        return 0;
    r = unbox_service_register(
            unbox_run_event(daemon->run), &options, unbox_log_registered, NULL, &daemon->service);
    return r < 0 ? fail(r, "Can't register the service") : 0;
}

static void daemon_done(struct daemon *daemon)
{
    unbox_ipc_server_free(daemon->ipc);
    api_free(daemon->api);
    revocation_free(daemon->revocation);
    sd_event_source_disable_unref(daemon->status_timer);
    unbox_service_free(daemon->service);
    authority_free(daemon->authority);
    database_free(daemon->database);
    unbox_run_free(daemon->run);
    unbox_config_free(daemon->config);
}

/* What no restart mends: a damaged file, a key that isn't the certificate's, nothing there. */
static bool is_permanent(int error)
{
    return error == -EUCLEAN || error == -EKEYREJECTED || error == -EBADMSG || error == -ENOENT ||
           error == -EPROTONOSUPPORT || error == -EPERM;
}

static int serve(const struct arguments *arguments)
{
    _cleanup_(daemon_done) struct daemon daemon = {.arguments = arguments};
    int r;

    r = unbox_run_new(NULL, NULL, &daemon.run);
    if (r < 0)
        r = fail(r, "Can't run");
    if (r >= 0)
        r = read_config(&daemon);
    if (r >= 0)
        r = open_register(&daemon);
    if (r >= 0)
        r = open_api(&daemon);
    if (r >= 0)
        r = update_status(&daemon);
    if (r >= 0)
        r = announce(&daemon);
    if (r < 0)
        return is_permanent(r) ? UNBOX_EXIT_CONFIG : UNBOX_EXIT_FAILURE;
    open_ipc(&daemon);
    unbox_run_ready(daemon.run);
    r = unbox_run_loop(daemon.run);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}

/* The answer with a bundle's key passes through JSON: what that gives back is wiped. */
static void wipe(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int r = arguments_parse(argc, argv, &arguments);

    if (r >= 0)
        return r;
    json_set_alloc_funcs(malloc, wipe);
    switch (arguments.action) {
    case ACTION_INIT:
        return tool_init(&arguments.bench);
    case ACTION_BACKUP:
        return tool_backup(arguments.bench.directory, arguments.file);
    case ACTION_RESTORE:
        return tool_restore(arguments.bench.directory, arguments.file);
    case ACTION_ALLOW:
        return tool_allow(
                arguments.bench.directory, arguments.socket, arguments.bench.batch, arguments.file);
    case ACTION_CHECK:
        return tool_check(arguments.bench.directory, arguments.file);
    default:
        return serve(&arguments);
    }
}
