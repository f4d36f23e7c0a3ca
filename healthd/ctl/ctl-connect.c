/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Joins a network and tells how that went. The password comes from a prompt or from a file: on the
 * command line everybody on the device could read it.
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "ctl.h"

#define PASSWORD_MAX 128
#define JOIN_SECONDS 180

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
static bool read_quietly(
        const char *ssid, const struct termios *loud, char ret[static PASSWORD_MAX])
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
    fputs(" (empty when it is open): ", stdout);
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

static int prompt(const char *ssid, char ret[static PASSWORD_MAX])
{
    struct termios loud;

    if (tcgetattr(STDIN_FILENO, &loud) < 0) {
        ctl_complain("there is nobody to ask for the password; --password-file says where it is");
        return UNBOX_EXIT_USAGE;
    }
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    if (!read_quietly(ssid, &loud, ret)) {
        ctl_complain("that was no password; nothing was done");
        return UNBOX_EXIT_USAGE;
    }
    return UNBOX_EXIT_OK;
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "verdict"), json_object_get(b, "verdict"));
}

static int tell(const json_t *status)
{
    json_t *verdict = json_object_get(status, "verdict");

    if (!json_is_object(verdict)) {
        ctl_complain("the join ended without a verdict; `unboxctl network` says what the network "
                     "is doing");
        return UNBOX_EXIT_FAILURE;
    }
    ctl_put(ctl_text(verdict, "message"));
    putchar('\n');
    return strcmp(ctl_text(verdict, "code"), "joined") == 0 ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

/* `before`: what was so before the join, the last verdict with it. */
static int wait_for_verdict(const json_t *before)
{
    _cleanup_free_ char *last = strdup("");

    for (unsigned i = 0; i < JOIN_SECONDS; i++) {
        _cleanup_json_ json_t *status = NULL;
        json_t *join;
        int r;

        r = ctl_ask(CTL_NETWORK, "status", NULL, CTL_ASK_USEC, &status);
        if (r != 0)
            return r;
        join = json_object_get(status, "join");
        if (!json_is_object(join) && !is_same(before, status))
            return tell(status);
        if (json_is_object(join) && strcmp(ctl_text(join, "step"), last) != 0) {
            free(last);
            last = strdup(ctl_text(join, "step"));
            printf("%s…\n", last);
            fflush(stdout);
        }
        sleep(1);
    }
    ctl_complain("no verdict after %d s; `unboxctl network` says what the network is doing",
            JOIN_SECONDS);
    return UNBOX_EXIT_FAILURE;
}

int ctl_network_connect(const struct ctl *ctl)
{
    _cleanup_json_ json_t *before = NULL, *answer = NULL;
    char password[PASSWORD_MAX] = "";
    json_t *params;
    int r;

    /* Before anybody types a password in vain. */
    r = ctl_ask(CTL_NETWORK, "status", NULL, CTL_ASK_USEC, &before);
    if (r != 0)
        return r;
    r = ctl->password_file ? read_file(ctl->password_file, password)
                           : prompt(ctl->words[0], password);
    if (r != 0)
        return r;
    params = json_pack(
            "{s:s, s:s, s:b}", "ssid", ctl->words[0], "password", password, "hidden", ctl->hidden);
    explicit_bzero(password, sizeof(password));
    if (!params) {
        ctl_complain("name and password must be UTF-8");
        return UNBOX_EXIT_USAGE;
    }
    r = ctl_ask(CTL_NETWORK, "connect", params, CTL_ASK_USEC, &answer);
    return r != 0 ? r : wait_for_verdict(before);
}
