/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * /api/v1/jobs, and those that are begun here. Of a join and of a scan user-network knows how they
 * go on: it is asked when somebody asks for the job.
 */

#include <string.h>

#include "api.h"

/* Longer than the longest join. */
#define LOST_USEC (10 * 60 * USEC_PER_SEC)
/* A restart that is over by then is just answered. */
#define SOON_USEC (2 * USEC_PER_SEC)
/* The whole journal is read. */
#define DIAGNOSTICS_USEC (120 * USEC_PER_SEC)

#define JOIN "join"
#define SCAN "scan"
#define RESTART "restart"
#define DIAGNOSTICS "diagnostics"

static int respond_busy(struct http_request *request)
{
    return http_respond_problem(
            request, 503, "busy", NULL, "Too much is going on already. Try again later.");
}

/* -- join and scan --------------------------------------------------------------------------- */

static int on_begun(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct job *job = userdata;

    if (answer->error < 0) {
        job_drop(job);
        return peer_respond_problem(request, answer);
    }
    return job_respond(request, job);
}

/* The verdict of an earlier join is still there when this one begins. */
static int on_status_before(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    struct job *job;
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    r = api_body(request, &body, "{}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    r = jobs_begin(api->jobs, JOIN, &job);
    if (r < 0)
        return r == -EBUSY ? respond_busy(request) : r;
    job->before = json_incref(json_object_get(answer->result, "verdict"));
    api_log_change(request, "join a network");
    return peer_ask(api->network, request, "connect", STEAL(body), PEER_SOON_USEC, on_begun, job);
}

int api_job_join(struct http_request *request, struct api *api)
{
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_status_before, api);
}

int api_network_scan(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    struct job *job;
    int r;

    r = api_body(request, &body, "{!}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    r = jobs_begin(api->jobs, SCAN, &job);
    if (r < 0)
        return r == -EBUSY ? respond_busy(request) : r;
    api_log_change(request, "look for networks");
    return peer_ask(api->network, request, "scan", NULL, PEER_SOON_USEC, on_begun, job);
}

static void follow_join(struct job *job, json_t *status)
{
    static const char *const good[] = {"joined", "no_internet"};
    json_t *verdict = json_object_get(status, "verdict");
    json_t *step = json_object_get(json_object_get(status, "join"), "step");
    const char *code = json_string_value(json_object_get(verdict, "code"));

    if (step) {
        job_set_progress(job, json_pack("{sO}", "step", step));
        return;
    }
    if (!code || json_equal(verdict, job->before))
        return;
    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        if (strcmp(good[i], code) == 0) {
            job_done(job, json_incref(verdict));
            return;
        }
    }
    job_failed(job,
            json_pack("{ss sO?}", "code", code, "detail", json_object_get(verdict, "message")));
}

static void follow_scan(struct job *job, json_t *air)
{
    if (json_is_false(json_object_get(air, "scanning")))
        job_done(job, json_pack("{sI}", "networks",
                              (json_int_t)json_array_size(json_object_get(air, "networks"))));
}

static void give_up(const struct api *api, struct job *job)
{
    if (job->state == JOB_RUNNING && auth_now(&api->auth) > job->created_usec + LOST_USEC)
        job_failed(job, json_pack("{ss ss}", "code", "lost", "detail",
                                "The network service does not know of it any more."));
}

/* Diagnostics have no secrets, but all that happened: not for somebody who only looks. */
static int respond(struct http_request *request, struct api *api, const struct job *job)
{
    json_t *shown = job_to_json(job);
    struct visitor visitor;

    auth_visitor(&api->auth, request, &visitor);
    if (strcmp(job->kind, DIAGNOSTICS) == 0 && !(visitor.scopes & SCOPE_SYSTEM))
        (void)json_object_set_new(shown, "result", json_null());
    return http_respond_json(request, 200, shown);
}

static int on_news(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    /* It may have gone meanwhile. */
    struct job *job = jobs_find(api->jobs, http_request_param(request, "id"));

    if (!job)
        return http_respond_problem(request, 404, "not_found", NULL, "There is no such job.");
    if (answer->error == 0 && job->state == JOB_RUNNING) {
        if (strcmp(job->kind, JOIN) == 0)
            follow_join(job, answer->result);
        else
            follow_scan(job, answer->result);
    }
    give_up(api, job);
    return respond(request, api, job);
}

/* -- the resource ---------------------------------------------------------------------------- */

int api_jobs_list(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return http_respond_json(request, 200, jobs_to_json(api->jobs));
}

int api_job_show(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    struct job *job = jobs_find(api->jobs, http_request_param(request, "id"));
    const char *method = NULL;

    if (!job)
        return http_respond_problem(request, 404, "not_found", NULL, "There is no such job.");
    if (strcmp(job->kind, JOIN) == 0)
        method = "status";
    else if (strcmp(job->kind, SCAN) == 0)
        method = "networks";
    if (job->state != JOB_RUNNING || !method)
        return respond(request, api, job);
    return peer_ask(api->network, request, method, NULL, PEER_SOON_USEC, on_news, api);
}

/* -- what healthd does ----------------------------------------------------------------------- */

int api_health_restart(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *service;
    int r;

    r = api_body(request, &body, "{s:s!}", "service", &service);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "restart a service");
    return jobs_run(api->jobs, request, RESTART, api->health, "restart_service", STEAL(body),
            PEER_DONE_USEC, SOON_USEC);
}

int api_system_diagnostics(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    int r;

    r = api_body(request, &body, "{!}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "gather diagnostics");
    return jobs_run(
            api->jobs, request, DIAGNOSTICS, api->health, "diagnostics", NULL, DIAGNOSTICS_USEC, 0);
}
