/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Kills units bench@N, one after the other, and takes the time until each of three is seen here:
 * the watcher's entry in the journal, its event at a subscriber, and the unit's new process. The
 * pause between two deaths is random, up to a second, so that a watcher which polls isn't met at
 * one moment of its cycle only.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

#include "reaction.h"
#include "samples.h"
#include "util.h"

#define PATIENCE_NSEC 30000000000ULL
#define PAUSE_MSEC 1000

DEFINE_CLEANUP(sd_journal *, sd_journal_close);

enum {
    JOURNAL,
    EVENT,
    RUNNING,
    _SIGHTS,
};

struct reaction {
    sd_journal *journal;
    FILE *subscriber; /* NULL: there is nothing to subscribe to */
    int births;
    uint64_t killed_at;
    uint64_t seen[_SIGHTS];
    json_t *results[_SIGHTS];
};

static void reaction_done(struct reaction *reaction)
{
    sd_journal_close(reaction->journal);
    if (reaction->subscriber)
        fclose(reaction->subscriber);
    close_p(&reaction->births);
    for (size_t i = 0; i < _SIGHTS; i++)
        json_decref(reaction->results[i]);
}

/* bench@7, but not bench@77. */
static bool names(const char *text, size_t size, const char *unit)
{
    const char *found = memmem(text, size, unit, strlen(unit));
    const char *end = found ? found + strlen(unit) : NULL;

    return found && (end == text + size || *end < '0' || *end > '9');
}

static int open_births(void)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BIRTH_SOCKET};

    (void)unlink(BIRTH_SOCKET);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return STEAL_FD(fd);
}

static int open_journal(sd_journal **ret, const char *match)
{
    _cleanup_(sd_journal_close_p) sd_journal *journal = NULL;
    int r;

    r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
    if (r < 0)
        return r;
    r = sd_journal_add_match(journal, match, 0);
    if (r < 0)
        return r;
    r = sd_journal_seek_tail(journal);
    if (r < 0)
        return r;
    (void)sd_journal_previous(journal);
    *ret = STEAL(journal);
    return 0;
}

/* A server without `subscribe` says so, and then there are no events. */
static int subscribe(const char *path, FILE **ret)
{
    static const char request[] =
            "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"topics\":[\"health.*\"]}}\n";
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char line[4096];
    FILE *stream;

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    if (write(fd, request, strlen(request)) != (ssize_t)strlen(request))
        return -EIO;
    stream = fdopen(fd, "r");
    if (!stream)
        return -ENOMEM;
    fd = -1;
    if (!fgets(line, sizeof(line), stream) || strstr(line, "\"error\"")) {
        fclose(stream);
        return 0;
    }
    (void)fcntl(fileno(stream), F_SETFL, O_NONBLOCK);
    *ret = stream;
    return 0;
}

static void see(struct reaction *reaction, int sight)
{
    if (reaction->seen[sight] == 0)
        reaction->seen[sight] = now_nsec();
}

/*
 * The time is the one at which journald had the entry: it wakes those who follow it four times a
 * second at most.
 */
static void look_at_journal(struct reaction *reaction, const char *unit)
{
    (void)sd_journal_process(reaction->journal);
    while (sd_journal_next(reaction->journal) > 0) {
        const void *data;
        size_t size;
        uint64_t usec;
        sd_id128_t boot;

        if (sd_journal_get_data(reaction->journal, "MESSAGE", &data, &size) < 0 ||
                sd_journal_get_monotonic_usec(reaction->journal, &usec, &boot) < 0)
            continue;
        if (!reaction->seen[JOURNAL] && names(data, size, unit) &&
                usec * 1000 > reaction->killed_at)
            reaction->seen[JOURNAL] = usec * 1000;
    }
}

static void look_at_events(struct reaction *reaction, const char *unit)
{
    char line[64 * 1024];

    while (fgets(line, sizeof(line), reaction->subscriber))
        if (names(line, strlen(line), unit))
            see(reaction, EVENT);
    clearerr(reaction->subscriber);
}

static void look_at_births(struct reaction *reaction, const char *number)
{
    char born[32];
    ssize_t n;

    while ((n = recv(reaction->births, born, sizeof(born), 0)) >= 0)
        if ((size_t)n == strlen(number) && memcmp(born, number, n) == 0)
            see(reaction, RUNNING);
}

static bool seen_all(const struct reaction *reaction)
{
    return reaction->seen[JOURNAL] && reaction->seen[RUNNING] &&
           (!reaction->subscriber || reaction->seen[EVENT]);
}

/* Looks until all has been seen, or until `deadline`. */
static int watch(struct reaction *reaction, const char *number, uint64_t deadline)
{
    _cleanup_free_ char *unit = NULL;
    struct pollfd fds[] = {
            {.fd = reaction->births, .events = POLLIN},
            {.fd = sd_journal_get_fd(reaction->journal), .events = POLLIN},
            {.fd = reaction->subscriber ? fileno(reaction->subscriber) : -1, .events = POLLIN},
    };

    if (asprintf(&unit, "bench@%s", number) < 0)
        return -ENOMEM;
    while (!seen_all(reaction)) {
        uint64_t now = now_nsec();

        if (now >= deadline)
            return -ETIMEDOUT;
        if (poll(fds, ELEMENTSOF(fds), (deadline - now) / 1000000 + 1) < 0)
            return -errno;
        if (fds[0].revents)
            look_at_births(reaction, number);
        if (fds[2].revents)
            look_at_events(reaction, unit);
        if (fds[1].revents)
            look_at_journal(reaction, unit);
    }
    return 0;
}

static int read_pid(const char *number, pid_t *ret)
{
    _cleanup_free_ char *path = NULL;
    FILE *file;
    int n;

    if (asprintf(&path, RUN_FOLDER "/%s.pid", number) < 0)
        return -ENOMEM;
    file = fopen(path, "re");
    if (!file)
        return -errno;
    n = fscanf(file, "%d", ret);
    fclose(file);
    return n == 1 && *ret > 1 ? 0 : -EINVAL;
}

static int record(struct reaction *reaction)
{
    for (size_t i = 0; i < _SIGHTS; i++)
        if (reaction->seen[i] &&
                json_array_append_new(reaction->results[i],
                        json_real((reaction->seen[i] - reaction->killed_at) / 1e6)) < 0)
            return -ENOMEM;
    return 0;
}

static int kill_one(struct reaction *reaction, const char *number)
{
    uint64_t pause = random() % PAUSE_MSEC * 1000000;
    pid_t pid;
    int r;

    /* What the last one left behind is looked at, and forgotten. */
    memset(reaction->seen, 0, sizeof(reaction->seen));
    r = watch(reaction, "-", now_nsec() + pause);
    if (r < 0 && r != -ETIMEDOUT)
        return r;
    r = read_pid(number, &pid);
    if (r < 0)
        return r;
    reaction->killed_at = now_nsec();
    if (kill(pid, SIGKILL) < 0)
        return -errno;
    r = watch(reaction, number, reaction->killed_at + PATIENCE_NSEC);
    return r < 0 ? r : record(reaction);
}

static int measure(struct reaction *reaction, char **argv)
{
    int r;

    reaction->births = open_births();
    if (reaction->births < 0)
        return reaction->births;
    r = open_journal(&reaction->journal, argv[1]);
    if (r < 0)
        return r;
    if (*argv[2]) {
        r = subscribe(argv[2], &reaction->subscriber);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < _SIGHTS; i++)
        reaction->results[i] = json_array();
    for (char **number = argv + 3; *number; number++) {
        r = kill_one(reaction, *number);
        if (r < 0) {
            fprintf(stderr, "bench-reaction: bench@%s: %s (journal %d, event %d, running %d)\n",
                    *number, strerrordesc_np(-r), !!reaction->seen[JOURNAL],
                    !!reaction->seen[EVENT], !!reaction->seen[RUNNING]);
            return r;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    _cleanup_(reaction_done) struct reaction reaction = {.births = -1};
    int r;

    if (argc < 4) {
        fputs("usage: bench-reaction JOURNAL-MATCH SOCKET-OR-EMPTY NUMBER…\n", stderr);
        return 2;
    }
    srandom(now_nsec());
    r = measure(&reaction, argv);
    if (r < 0) {
        fprintf(stderr, "bench-reaction: %s\n", strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(json_pack("{s:O, s:O, s:O}", "journal", reaction.results[JOURNAL], "event",
            reaction.results[EVENT], "running", reaction.results[RUNNING]));
}
