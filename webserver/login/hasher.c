/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One job after the other gets a thread, which touches nothing but the job and says by an eventfd
 * that it is through. A process would have to inherit or close every connection of the server, and
 * a pool of threads would let strangers fill the memory of the device.
 */

#include "hasher.h"

#include <crypt.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

struct job {
    struct job *next;
    char *phrase;
    char setting[CRYPT_OUTPUT_SIZE];
    char hash[CRYPT_OUTPUT_SIZE]; /* "": none */
    int finished;                 /* the eventfd */
    hasher_done done;
    void *userdata;
};

struct hasher {
    sd_event_source *source;
    int finished;
    struct job *jobs; /* the first one is being computed */
    unsigned n_jobs;
    pthread_t thread;
    bool running;
};

static struct job *job_free(struct job *job)
{
    if (job->phrase)
        explicit_bzero(job->phrase, strlen(job->phrase));
    free(job->phrase);
    explicit_bzero(job, sizeof(*job));
    free(job);
    return NULL;
}

DEFINE_CLEANUP(struct job *, job_free);

static int job_new(const char *phrase, const char *setting, struct job **ret)
{
    _cleanup_(job_free_p) struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return -ENOMEM;
    job->phrase = strdup(phrase);
    if (!job->phrase)
        return -ENOMEM;
    if (!setting) {
        if (!crypt_gensalt_rn("$y$", 0, NULL, 0, job->setting, sizeof(job->setting)))
            return -errno;
    } else if (!copy_text(job->setting, sizeof(job->setting), setting)) {
        return -EINVAL;
    }
    *ret = STEAL(job);
    return 0;
}

static void *compute(void *userdata)
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    struct job *job = userdata;
    const uint64_t one = 1;
    const char *hash;

    if (data) {
        hash = crypt_rn(job->phrase, job->setting, data, sizeof(*data));
        if (hash)
            (void)!copy_text(job->hash, sizeof(job->hash), hash);
        explicit_bzero(data, sizeof(*data));
        free(data);
    }
    /* Cannot fail: the counter is at most 1. */
    (void)!write(job->finished, &one, sizeof(one));
    return NULL;
}

/* Takes the first job off and tells it; it has no thread any more. */
static void tell(struct hasher *hasher, int error)
{
    _cleanup_(job_free_p) struct job *job = hasher->jobs;

    hasher->jobs = job->next;
    hasher->n_jobs--;
    if (error == 0 && !job->hash[0])
        error = -EINVAL;
    job->done(error, error == 0 ? job->hash : NULL, job->userdata);
}

static int start_thread(struct hasher *hasher, struct job *job)
{
    int r = -pthread_create(&hasher->thread, NULL, compute, job);

    hasher->running = r == 0;
    return r;
}

static int on_finished(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct hasher *hasher = userdata;
    uint64_t count;
    int r;

    if (read(fd, &count, sizeof(count)) < 0)
        return errno == EAGAIN ? 0 : -errno;
    (void)pthread_join(hasher->thread, NULL);
    hasher->running = false;
    tell(hasher, 0);
    /* Who was told may have begun another one. A job that gets no thread is told so. */
    while (hasher->jobs && !hasher->running) {
        r = start_thread(hasher, hasher->jobs);
        if (r < 0)
            tell(hasher, r);
    }
    return 0;
}

int hasher_new(sd_event *event, struct hasher **ret)
{
    _cleanup_(hasher_free_p) struct hasher *hasher = calloc(1, sizeof(*hasher));
    int r;

    if (!hasher)
        return -ENOMEM;
    hasher->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hasher->finished < 0)
        return -errno;
    r = sd_event_add_io(event, &hasher->source, hasher->finished, EPOLLIN, on_finished, hasher);
    if (r < 0)
        return r;
    *ret = STEAL(hasher);
    return 0;
}

struct hasher *hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return NULL;
    if (hasher->running)
        (void)pthread_join(hasher->thread, NULL);
    while (hasher->jobs)
        tell(hasher, -ECANCELED);
    sd_event_source_disable_unref(hasher->source);
    if (hasher->finished >= 0)
        close(hasher->finished);
    free(hasher);
    return NULL;
}

int hasher_start(struct hasher *hasher, const char *phrase, const char *setting, hasher_done done,
        void *userdata)
{
    _cleanup_(job_free_p) struct job *job = NULL;
    struct job **last = &hasher->jobs;
    int r;

    if (hasher->n_jobs > HASHER_WAITING_MAX)
        return -EBUSY;
    r = job_new(phrase, setting, &job);
    if (r < 0)
        return r;
    job->finished = hasher->finished;
    job->done = done;
    job->userdata = userdata;
    if (!hasher->jobs) {
        r = start_thread(hasher, job);
        if (r < 0)
            return r;
    }
    while (*last)
        last = &(*last)->next;
    *last = STEAL(job);
    hasher->n_jobs++;
    return 0;
}
