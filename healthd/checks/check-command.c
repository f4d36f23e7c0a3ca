/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A program exits with 0. It runs in healthd's own sandbox, with a clean environment; what it
 * leaves running is killed with it.
 */

#include <string.h>

#include "check.h"
#include "child.h"

struct command {
    char **argv;
    struct child *child;
    bool abandoned; /* it was killed, and nobody waits for its result */
};

static void command_close(struct check *check)
{
    struct command *command = check->data;

    if (!command)
        return;
    child_free(command->child);
    for (char **arg = command->argv; arg && *arg; arg++)
        free(*arg);
    free(command->argv);
    free(command);
}

static int command_open(struct check *check, const struct unbox_config_row *row)
{
    const char *const *argv = unbox_config_row_list(row, "command");
    struct command *command = check->data = calloc(1, sizeof(*command));
    size_t size = 0;

    if (!command)
        return -ENOMEM;
    while (argv[size])
        size++;
    command->argv = calloc(size + 1, sizeof(char *));
    if (!command->argv)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++) {
        command->argv[i] = strdup(argv[i]);
        if (!command->argv[i])
            return -ENOMEM;
    }
    check->target = strdup(argv[0]);
    return check->target ? 0 : -ENOMEM;
}

static void on_ended(int status, char *output, void *userdata)
{
    struct check *check = userdata;
    struct command *command = check->data;

    command->child = NULL;
    if (command->abandoned) {
        command->abandoned = false;
        return;
    }
    /* One line is enough for people. */
    output[strcspn(output, "\n")] = '\0';
    if (status == 0)
        check_done(check, CHECK_OK, "%s", *output ? output : "exited with 0");
    else if (status == -ETIMEDOUT)
        check_done(check, CHECK_FAILING, "did not end in time and was killed");
    else if (status < 0)
        check_done(check, CHECK_FAILING, "was killed");
    else
        check_done(check, CHECK_FAILING, "exited with %d%s%s", status, *output ? ": " : "", output);
}

static int command_start(struct check *check)
{
    struct command *command = check->data;

    if (command->child) {
        check_done(check, CHECK_FAILING, "its last run hangs in the kernel and can't be killed");
        return 0;
    }
    return child_start(check->event, (const char *const *)command->argv, CHECK_LIMIT_USEC, on_ended,
            check, &command->child);
}

/* To wait for its end could take for ever: it is reaped when it comes. */
static void command_cancel(struct check *check)
{
    struct command *command = check->data;

    if (!command->child)
        return;
    command->abandoned = true;
    child_kill(command->child);
}

const struct check_type check_command = {
        .name = "command",
        .open = command_open,
        .start = command_start,
        .cancel = command_cancel,
        .close = command_close,
};
