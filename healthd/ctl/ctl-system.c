/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device as a whole: reboot, factory reset, diagnostics; and a way to ask anything else. */

#include <string.h>

#include "ctl.h"
#include "timestamp.h"
#include "unbox/store.h"

#define DIAGNOSTICS_USEC (120 * USEC_PER_SEC)

int ctl_reboot(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ctl_ask(CTL_HEALTHD, "reboot", NULL, CTL_ASK_USEC, &answer);

    if (r == 0)
        puts("The device reboots.");
    return r;
}

/* Whoever resets a device over the network had better be on the right one. */
static int confirm(void)
{
    _cleanup_json_ json_t *system = NULL;
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    int r;

    if (!isatty(STDIN_FILENO)) {
        ctl_complain("there is nobody to ask; --yes says that it is meant");
        return UNBOX_EXIT_FAILURE;
    }
    r = ctl_ask(CTL_HEALTHD, "get_system", NULL, CTL_ASK_USEC, &system);
    if (r != 0)
        return r;
    fputs("This forgets the customer's networks and passwords, and reboots.\n"
          "Type the name of this device, ",
            stdout);
    ctl_put(ctl_text(system, "hostname"));
    fputs(", to go on: ", stdout);
    fflush(stdout);
    if (getline(&line, &size, stdin) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, ctl_text(system, "hostname")) == 0)
            return 0;
    }
    ctl_complain("that is not its name; nothing was done");
    return UNBOX_EXIT_FAILURE;
}

int ctl_factory_reset(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ctl->yes ? 0 : confirm();

    if (r == 0)
        r = ctl_ask(CTL_HEALTHD, "factory_reset", NULL, CTL_ASK_USEC, &answer);
    if (r == 0)
        puts("The device reboots, and begins again with its first time.");
    return r;
}

/* In the folder where one stands; NULL: out of memory. */
static char *default_name(const json_t *document)
{
    char time[TIMESTAMP_SIZE], *name;

    timestamp_format(timestamp_now(), time);
    if (asprintf(&name, "unbox-%s-%s.json",
                ctl_text(json_object_get(document, "system"), "hostname"), time) < 0)
        return NULL;
    return name;
}

/* Names of networks and of the device are nobody else's business: 0600. */
static int save(const char *path, const json_t *document)
{
    _cleanup_free_ char *text = json_dumps(document, JSON_INDENT(2));
    int r = text ? unbox_store_write(path, text, strlen(text), 0600, -1, -1) : -ENOMEM;

    if (r < 0) {
        ctl_complain("%s can't be written: %s", path, strerrordesc_np(-r));
        return UNBOX_EXIT_FAILURE;
    }
    printf("%s has it all, and no secrets.\n", path);
    return UNBOX_EXIT_OK;
}

int ctl_diagnostics(const struct ctl *ctl)
{
    _cleanup_json_ json_t *document = NULL;
    _cleanup_free_ char *name = NULL;
    const char *path = ctl->words[0];
    int r;

    r = ctl_ask(CTL_HEALTHD, "diagnostics", NULL, DIAGNOSTICS_USEC, &document);
    if (r != 0)
        return r;
    if (!path && isatty(STDOUT_FILENO)) {
        name = default_name(document);
        path = name;
    }
    return path && strcmp(path, "-") != 0 ? save(path, document) : ctl_print_json(document);
}

int ctl_call(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    json_t *params = NULL;
    json_error_t error;
    int r;

    if (strchr(ctl->words[0], '/')) {
        ctl_complain(
                "\"%s\" is no name of a service, such as healthd or user-network", ctl->words[0]);
        return UNBOX_EXIT_USAGE;
    }
    if (ctl->words[2]) {
        params = json_loads(ctl->words[2], JSON_REJECT_DUPLICATES, &error);
        if (!params) {
            ctl_complain("the parameters are no JSON object: %s", error.text);
            return UNBOX_EXIT_USAGE;
        }
    }
    r = ctl_ask(ctl->words[0], ctl->words[1], params, DIAGNOSTICS_USEC, &answer);
    return r != 0 ? r : ctl_print_json(answer);
}
