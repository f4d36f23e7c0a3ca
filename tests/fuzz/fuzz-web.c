/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Bytes on a connection to the whole of webserver: what every request has to pass, every route, and
 * daemons behind it that answer at once. In the corpus are the access token and the session that
 * there are here. Whatever comes, it is no failure of ours (500), and a stranger changes nothing.
 *
 * An input that begins with '-' finds a device that nobody has set a password on.
 */

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>

#include "login/secret.h"
#include "unbox/store.h"
#include "web.h"

#define TEN(digit) digit digit digit digit digit digit digit digit digit digit
#define SIXTY_FOUR(digit)                                                                          \
    TEN(digit) TEN(digit) TEN(digit) TEN(digit) TEN(digit) TEN(digit) digit digit digit digit
#define ACCESS_TOKEN SIXTY_FOUR("5")
#define SESSION SIXTY_FOUR("7")
/* As many turns of the loop as a question to a daemon that asks another one takes. */
#define ROUNDS 100
#define ROUNDS_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* It lives as long as the fuzzer. */
static struct fixture {
    struct web web;
    struct unbox_ipc_server *network;
    struct unbox_ipc_server *health;
    struct sockaddr_in address;
    char folder[sizeof("/tmp/fuzz-web-XXXXXX")];
    unsigned changes;
    bool ready;
} fixture;

/* -- the daemons behind it ------------------------------------------------------------------- */

static const struct {
    const char *method;
    const char *answer;
    bool change;
} answers[] = {
        {"status", "{\"hostname\":\"box\",\"hotspot\":{\"address\":\"10.42.0.1\"},\"wired\":null,"
                   "\"verdict\":null,\"join\":{\"step\":\"address\"}}"},
        {"networks", "{\"networks\":[],\"scanning\":false}"},
        {"wired", "{\"method\":\"dhcp\",\"static\":null}"},
        {"hotspot_label", "{\"ssid\":\"BOX\",\"password\":\"k7mq\",\"svg\":\"<svg/>\"}"},
        {"page_label", "{\"url\":\"http://box:5000/\",\"svg\":\"<svg/>\"}"},
        {"scan", "{\"accepted\":true}", true},
        {"connect", "{\"accepted\":true}", true},
        {"forget", "{\"accepted\":true}", true},
        {"set_priority", "{\"accepted\":true}", true},
        {"set_wired", "{\"accepted\":true}", true},
        {"confirm_wired", "{\"confirmed\":true}", true},
        {"radio", "{\"enabled\":true}", true},
        {"hotspot", "{\"enabled\":true}", true},
        {"country", "{\"code\":\"CA\"}", true},
        {"get_status", "{\"services\":{}}"},
        {"get_health", "{\"box\":\"active\"}"},
        {"get_metrics", "{\"device\":{\"load\":[0.1],\"memory\":{}},\"units\":{}}"},
        {"get_system", "{\"hostname\":\"box\"}"},
        {"get_logs", "{\"entries\":[]}"},
        {"diagnostics", "{\"system\":{\"hostname\":\"box\"}}"},
        {"list_services", "[]"},
        {"discover", "{\"name\":\"lamp\",\"tab\":{\"method\":\"networks\",\"actions\":[{\"method\":"
                     "\"scan\"}]}}"},
        {"register_service", "{}"},
        {"restart_service", "{\"accepted\":true}", true},
        {"reboot", "{\"accepted\":true}", true},
        {"factory_reset", "{\"accepted\":true}", true},
};

/* Where a service is that was discovered. */
static int add_endpoint(json_t *answer)
{
    json_t *path = json_sprintf("%s/user-network.sock", fixture.folder);

    return json_object_set_new(answer, "endpoint", path);
}

static int on_call(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const char *method = unbox_ipc_call_method(call);
    json_t *answer = NULL;

    for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
        if (strcmp(answers[i].method, method) != 0)
            continue;
        answer = json_loads(answers[i].answer, 0, NULL);
        fixture.changes += answers[i].change;
    }
    if (!answer || (strcmp(method, "discover") == 0 && add_endpoint(answer) < 0))
        abort();
    return unbox_ipc_reply(call, answer);
}

/* Both have all methods. */
static struct unbox_ipc_server *serve(const char *name)
{
    static struct unbox_ipc_method methods[ELEMENTSOF(answers) + 1];
    static const struct unbox_ipc_topic topics[] = {{"health.*", "What happens."}, {}};
    _cleanup_free_ char *path = NULL;
    struct unbox_ipc_server_options options = {
            .name = name, .version = "0", .methods = methods, .topics = topics};
    struct unbox_ipc_server *server;

    for (size_t i = 0; i < ELEMENTSOF(answers); i++)
        methods[i] = (struct unbox_ipc_method){.name = answers[i].method,
                .description = "Answers.",
                .role = UNBOX_IPC_READ,
                .handler = on_call};
    if (asprintf(&path, "%s/%s.sock", fixture.folder, name) < 0)
        abort();
    options.path = path;
    if (unbox_ipc_server_new(unbox_run_event(fixture.web.run), &options, &server) < 0)
        abort();
    return server;
}

/* -- who may log in -------------------------------------------------------------------------- */

static void keep(const char *name, json_t *content)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", fixture.folder, name) < 0 || !content ||
            json_dump_file(content, path, JSON_ENCODE_ANY) < 0)
        abort();
    json_decref(content);
}

static void keep_logins(void)
{
    char session[SECRET_SIZE], token[SECRET_SIZE], boot[SD_ID128_STRING_MAX];
    sd_id128_t id;

    if (sd_id128_get_boot(&id) < 0 || secret_digest("session", SESSION, session) < 0 ||
            secret_digest("access token", ACCESS_TOKEN, token) < 0)
        abort();
    /* Quotes are in no hash: nobody's password is it. */
    keep("password", json_string("nobody's"));
    keep("sessions.json",
            json_pack("{ss s[{ss ss s[ssss] sI}]}", "boot", sd_id128_to_string(id, boot),
                    "sessions", "digest", session, "access_token", "", "scopes", "read", "network",
                    "system", "owner", "used", (json_int_t)auth_now(&fixture.web.api.auth)));
    keep("tokens.json",
            json_pack("[{ss ss ss s[sss] si}]", "id", "0123456789abcdef", "name", "x", "digest",
                    token, "scopes", "read", "network", "system", "created", 0));
}

/* Nothing is left of what the input before has changed. */
static void begin(bool has_password)
{
    static const char *const names[] = {"password", "sessions.json", "tokens.json"};
    struct auth *auth = &fixture.web.api.auth;

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", fixture.folder, names[i]) < 0)
            abort();
        (void)unlink(path);
    }
    if (has_password)
        keep_logins();
    auth_close(auth);
    if (auth_open(auth, unbox_run_event(fixture.web.run), fixture.folder) < 0)
        abort();
    fixture.changes = 0;
}

/* -- the whole ------------------------------------------------------------------------------- */

static void tear_down(void)
{
    unbox_ipc_server_free(fixture.network);
    unbox_ipc_server_free(fixture.health);
    web_done(&fixture.web);
    (void)unbox_store_remove_tree(fixture.folder);
}

static void set_up(void)
{
    socklen_t size = sizeof(fixture.address);
    int fd;

    if (!copy_text(fixture.folder, sizeof(fixture.folder), "/tmp/fuzz-web-XXXXXX") ||
            !mkdtemp(fixture.folder))
        abort();
    if (web_set_up(&fixture.web, fixture.folder, fixture.folder) < 0 ||
            http_listen("127.0.0.1", 0, false, &fd) < 0 ||
            getsockname(fd, (struct sockaddr *)&fixture.address, &size) < 0 ||
            web_serve(&fixture.web, fd, NULL, 1) < 0)
        abort();
    fixture.network = serve("user-network");
    fixture.health = serve("healthd");
    own_name_refresh(
            &fixture.web.api.name, fixture.web.api.network, auth_now(&fixture.web.api.auth));
    fixture.ready = true;
    (void)atexit(tear_down);
}

static void turn(uint64_t usec)
{
    if (sd_event_run(unbox_run_event(fixture.web.run), usec) < 0)
        abort();
}

/* Whatever it answers is HTTP, and nothing of what may come is a failure of its own. */
static void read_answer(int fd)
{
    char answer[64] = "";

    for (unsigned i = 0; i < ROUNDS; i++)
        turn(0);
    if (recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT) <= 0)
        return;
    if (strncmp(answer, "HTTP/1.", 7) != 0 || strncmp(answer + 8, " 500", 4) == 0)
        abort();
}

static bool has(const uint8_t *data, size_t size, const char *secret)
{
    return memmem(data, size, secret, strlen(secret));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has_password = size == 0 || data[0] != '-';

    if (!fixture.ready)
        set_up();
    if (!has_password)
        data++, size--;
    /* More would have to be sent in pieces. */
    if (size > 64 * 1024)
        return 0;
    begin(has_password);
    if (fd < 0)
        abort();
    /* libFuzzer's alarm clock may have rung. */
    while (connect(fd, (struct sockaddr *)&fixture.address, sizeof(fixture.address)) < 0 &&
            errno != EISCONN) {
        if (errno != EINTR && errno != EALREADY)
            abort();
    }
    if (send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
        abort();
    read_answer(fd);
    close(STEAL_FD(fd));
    for (unsigned i = 0; http_server_connections(fixture.web.servers[0]) > 0; i++) {
        if (i == ROUNDS_MAX)
            abort();
        turn(USEC_PER_MSEC);
    }
    /* Who sets the first password may say the country with it. */
    if (fixture.changes > 0 && has_password && !has(data, size, ACCESS_TOKEN) &&
            !has(data, size, SESSION))
        abort();
    return 0;
}
