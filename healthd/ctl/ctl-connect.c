/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What it takes to join a network. The password comes from a prompt or from a file: on the command
 * line everybody on the device could read it.
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "ctl.h"

#define PASSWORD_MAX 256

/* The first line of a stream. false: there is none, or it is too long. */
static bool read_line(FILE *stream, char ret[static PASSWORD_MAX])
{
    size_t length;

    if (!fgets(ret, PASSWORD_MAX, stream)) {
        ret[0] = '\0';
        return !ferror(stream);
    }
    length = strcspn(ret, "\n");
    if (!ret[length] && !feof(stream))
        return false;
    ret[length] = '\0';
    return true;
}

static int read_file(const char *path, char ret[static PASSWORD_MAX])
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    bool read;

    if (!stream) {
        ctl_complain("the password can't be read from %s: %s", path, strerrordesc_np(errno));
        return UNBOX_EXIT_FAILURE;
    }
    /* No copy of it stays in a buffer. */
    (void)setvbuf(stream, NULL, _IONBF, 0);
    read = read_line(stream, ret);
    if (stream != stdin)
        fclose(stream);
    if (!read) {
        ctl_complain("%s can't be read, or its first line is longer than a password", path);
        return UNBOX_EXIT_FAILURE;
    }
    return UNBOX_EXIT_OK;
}

/* Waits for a line, which a terminal gives as a whole, or for Ctrl-C. */
static bool wait_for_line(int interrupt)
{
    struct pollfd fds[] = {
            {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = interrupt, .events = POLLIN}};

    while (poll(fds, ELEMENTSOF(fds), -1) < 0)
        if (errno != EINTR)
            return false;
    return !fds[1].revents;
}

/* Whatever happens, the terminal can be typed on afterwards. */
static bool read_quietly(const char *ssid, const char *hint, const struct termios *loud,
        char ret[static PASSWORD_MAX])
{
    struct termios quiet = *loud;
    sigset_t interrupt, before;
    bool read = false;
    int fd;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &interrupt, &before);
    fd = signalfd(-1, &interrupt, SFD_CLOEXEC);
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    /* What was typed before is dropped: so the question comes after. */
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fputs("Password of ", stdout);
    ctl_put(ssid);
    printf(" (empty %s): ", hint);
    fflush(stdout);
    if (fd >= 0 && wait_for_line(fd))
        read = read_line(stdin, ret);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, loud);
    /* Taken, so that it doesn't end the program when it is let through again. */
    (void)sigtimedwait(&interrupt, NULL, &(struct timespec){});
    if (fd >= 0)
        close(fd);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    putchar('\n');
    return read;
}

static int prompt(const struct ctl *ctl, bool saved, char ret[static PASSWORD_MAX])
{
    const char *what = ctl->key ? "the key" : ctl->words[0];
    const char *hint = ctl->key ? "when it has none"
                       : saved  ? "for the saved one"
                                : "when it is open";
    struct termios loud;

    if (tcgetattr(STDIN_FILENO, &loud) < 0) {
        ctl_complain("there is nobody to ask for the password; --password-file says where it is");
        return UNBOX_EXIT_USAGE;
    }
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    if (!read_quietly(what, hint, &loud, ret)) {
        ctl_complain("that was no password; nothing was done");
        return UNBOX_EXIT_USAGE;
    }
    return UNBOX_EXIT_OK;
}

/* Whether all that it takes to join is known already. */
static bool is_saved(const struct ctl *ctl)
{
    _cleanup_json_ json_t *networks = NULL;

    if (ctl->security || ctl->identity || ctl->key || ctl->certificate || ctl->ca || ctl->domain)
        return false;
    ctl_ask_quietly(CTL_NETWORK, "networks", &networks);
    return ctl_saved_network(networks, ctl->words[0]) != NULL;
}

/* Puts the password into `params`, unless that of a saved network is to be used again. */
static int add_password(const struct ctl *ctl, bool saved, json_t *params)
{
    char password[PASSWORD_MAX] = "";
    bool asked = !ctl->password_file;
    json_t *value;
    int r = 0;

    if (!asked)
        r = read_file(ctl->password_file, password);
    else if (isatty(STDIN_FILENO) || !saved)
        r = prompt(ctl, saved, password);
    if (r != 0)
        return r;
    if (saved && asked && !*password)
        return UNBOX_EXIT_OK;
    value = json_string(password);
    explicit_bzero(password, sizeof(password));
    if (!value) {
        ctl_complain("the password must be UTF-8");
        return UNBOX_EXIT_USAGE;
    }
    (void)json_object_set_new(params, ctl->key ? "client_key_password" : "password", value);
    return UNBOX_EXIT_OK;
}

int ctl_network_connect(const struct ctl *ctl)
{
    _cleanup_json_ json_t *before = NULL, *params = NULL;
    int r;

    /* Before anybody types a password in vain. */
    r = ctl_ask(CTL_NETWORK, "status", NULL, CTL_ASK_USEC, &before);
    if (r == 0)
        r = ctl_join_params(ctl, &params);
    if (r == 0)
        r = add_password(ctl, is_saved(ctl), params);
    return r != 0 ? r : ctl_join_and_tell(STEAL(params), json_object_get(before, "verdict"));
}
