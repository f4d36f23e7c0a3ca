/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * example-logger: follows the journal, keeps the last warnings of the device, answers who asks for
 * them (`get_warnings`) and publishes each as the event example-logger.warning.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-journal.h>

#include "unbox/compat.h"
#include "unbox/log.h"

#define NAME "example-logger"
#define SOCKET "/run/example-logger/socket"
#define KEPT 50

struct logger {
    struct unbox_run *run;
    struct unbox_ipc_server *server;
    struct unbox_service *service;
    sd_journal *journal;
    json_t *warnings; /* the last one last */
};

/* A field of the entry that the journal stands at; "" when it has none, or none that is UTF-8. */
static json_t *field(sd_journal *journal, const char *name)
{
    const char *data;
    size_t size, skip = strlen(name) + 1;

    if (sd_journal_get_data(journal, name, (const void **)&data, &size) < 0 || size < skip)
        return json_string("");
    return json_stringn(data + skip, size - skip) ?: json_string("");
}

static void tell(struct logger *logger)
{
    json_t *warning = json_pack("{s:o, s:o}", "unit", field(logger->journal, "_SYSTEMD_UNIT"),
            "message", field(logger->journal, "MESSAGE"));

    if (!warning)
        return;
    (void)json_array_append(logger->warnings, warning);
    if (json_array_size(logger->warnings) > KEPT)
        (void)json_array_remove(logger->warnings, 0);
    unbox_run_status(logger->run, "%zu warnings kept", json_array_size(logger->warnings));
    /* Nobody waits for the answer: while healthd is away, events are lost. */
    (void)ipc_publish(unbox_service_client(logger->service), NAME ".warning", warning, NULL, NULL);
}

static int on_journal(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct logger *logger = userdata;
    int r = sd_journal_process(logger->journal);

    while (r >= 0 && (r = sd_journal_next(logger->journal)) > 0)
        tell(logger);
    if (r < 0)
        unbox_run_exit(logger->run, UNBOX_EXIT_FAILURE); /* systemd starts it again */
    return 0;
}

/* Of the entries from now on, those of priority 4 (warning) and worse. */
static int follow_journal(struct logger *logger)
{
    int r = sd_journal_open(&logger->journal, SD_JOURNAL_LOCAL_ONLY);

    for (char match[] = "PRIORITY=0"; r >= 0 && match[9] <= '4'; match[9]++)
        r = sd_journal_add_match(logger->journal, match, 0);
    if (r >= 0)
        r = sd_journal_seek_tail(logger->journal);
    if (r >= 0)
        r = sd_journal_previous(logger->journal);
    if (r < 0)
        return r;
    return sd_event_add_io(unbox_run_event(logger->run), NULL, sd_journal_get_fd(logger->journal),
            EPOLLIN, on_journal, logger);
}

static int get_warnings(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct logger *logger = userdata;

    return unbox_ipc_reply(call, json_incref(logger->warnings));
}

static const struct unbox_ipc_method methods[] = {
        {"get_warnings", "The last warnings of all units.", UNBOX_IPC_READ, false, get_warnings},
        {},
};
static const struct unbox_ipc_topic topics[] = {
        {NAME ".warning", "A unit has warned of something.", false},
        {},
};

static int start(struct logger *logger)
{
    sd_event *event = unbox_run_event(logger->run);
    int r;

    r = ipc_serve(event,
            &(struct unbox_ipc_server_options){.path = SOCKET,
                    .name = NAME,
                    .version = "1",
                    .description = "What the device warns of",
                    .methods = methods,
                    .userdata = logger},
            &logger->server);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "can't serve %s", SOCKET);
    r = service_register(event,
            &(struct unbox_service_options){.name = NAME,
                    .version = "1",
                    .description = "What the device warns of",
                    .endpoint = SOCKET,
                    .topics = topics},
            NULL, NULL, &logger->service);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "can't register");
    r = follow_journal(logger);
    return r < 0 ? unbox_log_errno(LOG_ERR, r, "can't follow the journal") : 0;
}

int main(void)
{
    struct logger logger = {.warnings = json_array()};
    int r = unbox_run_new(NULL, NULL, &logger.run);

    if (r >= 0)
        r = start(&logger);
    if (r >= 0) {
        unbox_run_ready(logger.run);
        r = unbox_run_loop(logger.run);
    }
    sd_journal_close(logger.journal);
    unbox_service_free(logger.service);
    unbox_ipc_server_free(logger.server);
    unbox_run_free(logger.run);
    json_decref(logger.warnings);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
