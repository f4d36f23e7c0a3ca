/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* identserver: the factory bench's side of the enrolment. Gives devices their identity. */

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "authority.h"
#include "database.h"
#include "enrolment-protocol.h"
#include "http-server.h"
#include "init.h"
#include "register.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "unbox/service.h"
#include "unbox/store.h"

#define PEM_SIZE_MAX (64 * 1024)
#define HOSTNAME_PREFIX_MAX 50

struct arguments {
    struct init_options bench;
    uint16_t port;
    bool init;
};

/* Everything that the running daemon holds, in the order in which it is made. */
struct daemon {
    const struct arguments *arguments;
    struct unbox_run *run;
    struct database *database;
    struct authority *authority;
    struct api *api;
    sd_event_source *status_timer;
    struct unbox_service *service; /* NULL: a bench without healthd */
};

static int usage(FILE *to, int code)
{
    fprintf(to, "identserver [OPTION…]\n\n"
                "Gives devices on the factory bench their identity.\n\n"
                "  --init                    make CA, server certificate and database, and end\n"
                "  --directory=DIR           where they lie (/var/lib/unbox-bench)\n"
                "  --address=ADDRESS         to serve on; with --init, to certify (7.7.7.7)\n"
                "  --port=PORT               to serve on (5001)\n"
                "  --batch=NAME              with --init: the first batch (default)\n"
                "  --quota=NUMBER            with --init: how many devices it may have (1000)\n"
                "  --hostname-prefix=PREFIX  with --init: hostnames are PREFIX-001… (unbox)\n"
                "  --help                    this text\n");
    return code;
}

static int wrong(const char *what)
{
    fprintf(stderr, "identserver: %s\n", what);
    return UNBOX_EXIT_USAGE;
}

static bool parse_number(const char *text, long max, long *ret)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || number < 1 || number > max)
        return false;
    *ret = number;
    return true;
}

static bool is_address(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_prefix(const char *text)
{
    return enrolment_hostname_valid(text) && strlen(text) <= HOSTNAME_PREFIX_MAX;
}

static int set_argument(int option, const char *value, struct arguments *arguments)
{
    long number;

    switch (option) {
    case 'i':
        arguments->init = true;
        return -1;
    case 'd':
        arguments->bench.directory = value;
        return -1;
    case 'a':
        arguments->bench.address = value;
        return is_address(value) ? -1 : wrong("--address must be a numeric address");
    case 'p':
        if (!parse_number(value, UINT16_MAX, &number))
            return wrong("--port must be 1 to 65535");
        arguments->port = number;
        return -1;
    case 'b':
        arguments->bench.batch = value;
        return enrolment_serial_valid(value) ? -1 : wrong("--batch must be a short word");
    case 'q':
        if (!parse_number(value, INT32_MAX, &number))
            return wrong("--quota must be a number above 0");
        arguments->bench.quota = number;
        return -1;
    case 'n':
        arguments->bench.hostname_prefix = value;
        return is_prefix(value) ? -1 : wrong("--hostname-prefix must be letters, digits, hyphens");
    case 'h':
        return usage(stdout, UNBOX_EXIT_OK);
    default:
        return usage(stderr, UNBOX_EXIT_USAGE);
    }
}

/* Returns -1 to go on, or an exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
            {"init", no_argument, NULL, 'i'},
            {"directory", required_argument, NULL, 'd'},
            {"address", required_argument, NULL, 'a'},
            {"port", required_argument, NULL, 'p'},
            {"batch", required_argument, NULL, 'b'},
            {"quota", required_argument, NULL, 'q'},
            {"hostname-prefix", required_argument, NULL, 'n'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        int code = set_argument(option, optarg, arguments);

        if (code >= 0)
            return code;
    }
    return optind < argc ? usage(stderr, UNBOX_EXIT_USAGE) : -1;
}

static int init(const struct init_options *bench)
{
    int r = init_bench(bench);

    if (r == -EEXIST)
        unbox_log(LOG_ERR, "There is a bench in %s, or a part of one: nothing was changed",
                bench->directory);
    else if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't make a bench in %s", bench->directory);
    else
        unbox_log(LOG_NOTICE, "A bench for %s is ready in %s; devices need its %s", bench->address,
                bench->directory, AUTHORITY_CERTIFICATE);
    return r < 0 ? UNBOX_EXIT_FAILURE : UNBOX_EXIT_OK;
}

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
static void on_changed(void *userdata)
{
    struct daemon *daemon = userdata;

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
    if (r < 0)
        return fail(r, "Can't use the CA; `identserver --init` makes one");
    r = database_open(path, &daemon->database);
    if (r == -EUCLEAN)
        return fail(r, "The database is damaged or not a bench's; nothing was changed");
    if (r < 0)
        return fail(r, "Can't open the database");
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

/* A bench may have no healthd; then nobody is to be waited for. */
static int announce(struct daemon *daemon)
{
    static const char *const capabilities[] = {"enrolment", NULL};
    const struct unbox_service_options options = {
            .name = "identserver",
            .version = PROJECT_VERSION,
            .description = "Gives devices on the factory bench their identity",
            .capabilities = capabilities,
    };
    int r;

    if (access(UNBOX_HEALTHD_SOCKET, F_OK) < 0)
        return 0;
    r = unbox_service_register(
            unbox_run_event(daemon->run), &options, unbox_log_registered, NULL, &daemon->service);
    return r < 0 ? fail(r, "Can't register the service") : 0;
}

static void daemon_done(struct daemon *daemon)
{
    api_free(daemon->api);
    sd_event_source_disable_unref(daemon->status_timer);
    unbox_service_free(daemon->service);
    authority_free(daemon->authority);
    database_free(daemon->database);
    unbox_run_free(daemon->run);
}

/* What no restart mends: a damaged file, a key that isn't the certificate's, nothing there. */
static bool is_permanent(int error)
{
    return error == -EUCLEAN || error == -EKEYREJECTED || error == -EBADMSG || error == -ENOENT;
}

static int serve(const struct arguments *arguments)
{
    _cleanup_(daemon_done) struct daemon daemon = {.arguments = arguments};
    int r;

    r = unbox_run_new(NULL, NULL, &daemon.run);
    if (r < 0)
        r = fail(r, "Can't run");
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
    unbox_run_ready(daemon.run);
    r = unbox_run_loop(daemon.run);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
            .bench =
                    {
                            .directory = "/var/lib/unbox-bench",
                            .address = "7.7.7.7",
                            .batch = "default",
                            .quota = 1000,
                            .hostname_prefix = "unbox",
                    },
            .port = 5001,
    };
    int r = parse_arguments(argc, argv, &arguments);

    if (r >= 0)
        return r;
    return arguments.init ? init(&arguments.bench) : serve(&arguments);
}
