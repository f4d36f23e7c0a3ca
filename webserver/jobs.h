/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What takes time: the answer is a 202, and the job tells how it goes on. Jobs are this process's:
 * they are gone after a restart, and the device's state says what became of them.
 */

#include <jansson.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "http-server.h"
#include "peer.h"
#include "util.h"

struct events;
struct jobs;

enum job_state {
    JOB_RUNNING,
    JOB_DONE,
    JOB_FAILED,
};

#define JOB_ID_SIZE 17

struct job {
    struct jobs *jobs;
    char id[JOB_ID_SIZE];
    const char *kind; /* a literal */
    enum job_state state;
    time_t created;
    time_t ended;
    uint64_t created_usec; /* CLOCK_BOOTTIME */
    json_t *before;        /* what was there when it began; for the kind to compare with */
    json_t *progress;
    json_t *result;
    json_t *problem;
    struct http_request *waiting; /* to be answered with the result, if that comes soon */
    sd_event_source *patience;
};

/* Those that have ended are forgotten when there is no room, or after that time. */
#define JOBS_MAX 32
#define JOBS_KEPT_USEC (10 * 60 * USEC_PER_SEC)

/* `events` is told of the ends. 0 or a negative errno. */
int jobs_new(sd_event *event, struct events *events, struct jobs **ret);

/* Requests that wait for a job have to be ended afterwards. Accepts NULL; returns NULL. */
struct jobs *jobs_free(struct jobs *jobs);

DEFINE_CLEANUP(struct jobs *, jobs_free);

/* A new one that runs. -EBUSY: too many do; or another negative errno. */
int jobs_begin(struct jobs *jobs, const char *kind, struct job **ret);

/* As if it had never been. */
void job_drop(struct job *job);

/* Its end. `result` and `problem` are taken over, and may be NULL. */
void job_done(struct job *job, json_t *result);
void job_failed(struct job *job, json_t *problem);

void job_set_progress(struct job *job, json_t *progress);

/* The one of this id, or NULL. */
struct job *jobs_find(struct jobs *jobs, const char *id);

/* NULL: no memory. The caller's. */
json_t *job_to_json(const struct job *job);
json_t *jobs_to_json(const struct jobs *jobs);

/* Answers with a 202 and where the job is. */
int job_respond(struct http_request *request, const struct job *job);

/*
 * Has `peer` do something that ends with its answer: what became of it is the result of the job,
 * which is there for as long as others. `before` and `params` are taken over, and may be NULL. 0,
 * -EBUSY: too many run; or another negative errno.
 */
int jobs_start(struct jobs *jobs, const char *kind, struct peer *peer, const char *method,
        json_t *before, json_t *params, uint64_t timeout_usec, struct job **ret);

/*
 * Has `peer` do something that ends with its answer: what became of it is the job's result. If the
 * answer comes within `soon_usec`, the request gets it (200, or the problem); otherwise a 202.
 * `params` is taken over and may be NULL. For a handler to return.
 */
int jobs_run(struct jobs *jobs, struct http_request *request, const char *kind, struct peer *peer,
        const char *method, json_t *params, uint64_t timeout_usec, uint64_t soon_usec);
