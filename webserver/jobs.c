/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jobs.h"

#include <stdio.h>
#include <string.h>

#include "live/events.h"
#include "login/secret.h"
#include "unbox/log.h"

struct jobs {
    sd_event *event;       /* borrowed */
    struct events *events; /* borrowed */
    struct job *all[JOBS_MAX];
    sd_event_source *forget;
};

static void job_free(struct job *job)
{
    sd_event_source_disable_unref(job->patience);
    json_decref(job->before);
    json_decref(job->progress);
    json_decref(job->result);
    json_decref(job->problem);
    free(job);
}

void job_drop(struct job *job)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (job->jobs->all[i] == job)
            job->jobs->all[i] = NULL;
    }
    job_free(job);
}

static uint64_t now(const struct jobs *jobs)
{
    uint64_t usec = 0;

    (void)sd_event_now(jobs->event, CLOCK_BOOTTIME, &usec);
    return usec;
}

/* A result may be large: it is not kept for ever. */
static int on_forget(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct jobs *jobs = userdata;

    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (jobs->all[i] && jobs->all[i]->state != JOB_RUNNING)
            job_drop(jobs->all[i]);
    }
    return 0;
}

int jobs_new(sd_event *event, struct events *events, struct jobs **ret)
{
    _cleanup_(jobs_free_p) struct jobs *jobs = calloc(1, sizeof(*jobs));
    int r;

    if (!jobs)
        return -ENOMEM;
    jobs->event = event;
    jobs->events = events;
    r = sd_event_add_time_relative(
            event, &jobs->forget, CLOCK_BOOTTIME, 0, USEC_PER_SEC, on_forget, jobs);
    if (r >= 0)
        r = sd_event_source_set_enabled(jobs->forget, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = STEAL(jobs);
    return 0;
}

struct jobs *jobs_free(struct jobs *jobs)
{
    if (!jobs)
        return NULL;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (jobs->all[i])
            job_free(jobs->all[i]);
    }
    sd_event_source_disable_unref(jobs->forget);
    free(jobs);
    return NULL;
}

/* A place that is free, or that of the job that has ended first. */
static struct job **find_room(struct jobs *jobs)
{
    struct job **oldest = NULL;

    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = jobs->all[i];

        if (!job)
            return &jobs->all[i];
        if (job->state != JOB_RUNNING && (!oldest || job->created_usec < (*oldest)->created_usec))
            oldest = &jobs->all[i];
    }
    return oldest;
}

int jobs_begin(struct jobs *jobs, const char *kind, struct job **ret)
{
    struct job **room = find_room(jobs), *job;
    char id[SECRET_SIZE];
    int r;

    if (!room)
        return -EBUSY;
    r = secret_new(id);
    if (r < 0)
        return r;
    job = calloc(1, sizeof(*job));
    if (!job)
        return -ENOMEM;
    *job = (struct job){
            .jobs = jobs, .kind = kind, .created = time(NULL), .created_usec = now(jobs)};
    memcpy(job->id, id, sizeof(job->id) - 1);
    if (*room)
        job_free(*room);
    *room = job;
    *ret = job;
    return 0;
}

static void end(struct job *job, enum job_state state)
{
    struct jobs *jobs = job->jobs;

    job->state = state;
    job->ended = time(NULL);
    (void)sd_event_source_set_time_relative(jobs->forget, JOBS_KEPT_USEC);
    (void)sd_event_source_set_enabled(jobs->forget, SD_EVENT_ONESHOT);
    events_publish(jobs->events, "jobs.ended",
            json_pack("{ss ss ss}", "id", job->id, "kind", job->kind, "state",
                    state == JOB_DONE ? "done" : "failed"));
}

void job_done(struct job *job, json_t *result)
{
    job->result = result;
    end(job, JOB_DONE);
}

void job_failed(struct job *job, json_t *problem)
{
    job->problem = problem;
    end(job, JOB_FAILED);
}

void job_set_progress(struct job *job, json_t *progress)
{
    json_decref(job->progress);
    job->progress = progress;
}

struct job *jobs_find(struct jobs *jobs, const char *id)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        if (jobs->all[i] && strcmp(jobs->all[i]->id, id) == 0)
            return jobs->all[i];
    }
    return NULL;
}

json_t *job_to_json(const struct job *job)
{
    static const char *const states[] = {
            [JOB_RUNNING] = "running", [JOB_DONE] = "done", [JOB_FAILED] = "failed"};
    json_t *ended = job->state == JOB_RUNNING ? json_null() : json_integer(job->ended);

    return json_pack("{ss ss ss sI so sO? sO? sO?}", "id", job->id, "kind", job->kind, "state",
            states[job->state], "created", (json_int_t)job->created, "ended", ended, "progress",
            job->progress, "result", job->result, "problem", job->problem);
}

json_t *jobs_to_json(const struct jobs *jobs)
{
    _cleanup_json_ json_t *list = json_array();

    for (size_t i = 0; i < JOBS_MAX; i++) {
        json_t *one = jobs->all[i] ? job_to_json(jobs->all[i]) : NULL;

        if (!jobs->all[i])
            continue;
        /* It may be large. */
        (void)json_object_del(one, "result");
        if (json_array_append_new(list, one) < 0)
            return NULL;
    }
    return json_pack("{sO}", "jobs", list);
}

int job_respond(struct http_request *request, const struct job *job)
{
    char location[64];
    int r;

    snprintf(location, sizeof(location), "/api/v1/jobs/%s", job->id);
    r = http_request_add_header(request, "Location", location);
    return r < 0 ? r : http_respond_json(request, 202, job_to_json(job));
}

/* Nobody waits any longer. */
static int on_impatient(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct job *job = userdata;
    struct http_request *waiting = STEAL(job->waiting);

    http_request_settle(waiting, job_respond(waiting, job));
    return 0;
}

static int on_answer(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct job *job = userdata;
    struct http_request *waiting = STEAL(job->waiting);
    int r;

    job->patience = sd_event_source_disable_unref(job->patience);
    if (answer->error < 0)
        job_failed(job, peer_problem_to_json(answer));
    else
        job_done(job, json_incref(answer->result));
    if (!waiting)
        return 0;
    r = answer->error < 0 ? peer_respond_problem(waiting, answer)
                          : http_respond_json(waiting, 200, json_incref(answer->result));
    http_request_settle(waiting, r);
    return r;
}

static int wait_for(struct job *job, struct http_request *request, uint64_t soon_usec)
{
    job->waiting = request;
    return sd_event_add_time_relative(
            job->jobs->event, &job->patience, CLOCK_BOOTTIME, soon_usec, 1, on_impatient, job);
}

int jobs_start(struct jobs *jobs, const char *kind, struct peer *peer, const char *method,
        json_t *before, json_t *params, uint64_t timeout_usec, struct job **ret)
{
    struct job *job;
    int r;

    r = jobs_begin(jobs, kind, &job);
    if (r < 0) {
        json_decref(before);
        json_decref(params);
        return r;
    }
    job->before = before;
    r = peer_ask(peer, NULL, method, params, timeout_usec, on_answer, job);
    if (r == 0)
        *ret = job;
    return r;
}

int jobs_run(struct jobs *jobs, struct http_request *request, const char *kind, struct peer *peer,
        const char *method, json_t *params, uint64_t timeout_usec, uint64_t soon_usec)
{
    struct job *job;
    int r;

    r = jobs_begin(jobs, kind, &job);
    if (r == 0) {
        r = wait_for(job, request, soon_usec);
        if (r < 0)
            job_drop(job);
    }
    if (r < 0) {
        json_decref(params);
        return r == -EBUSY ? http_respond_problem(request, 503, "busy", NULL,
                                     "Too much is going on already. Try again later.")
                           : r;
    }
    return peer_ask(peer, NULL, method, params, timeout_usec, on_answer, job);
}
