/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Restarting a service: the page first says what that does, and then, once it is asked for, asks
 * for itself until it is done. It is a job like the API's, and as those it is forgotten when this
 * process is restarted.
 */

#include <stdio.h>
#include <string.h>

#include "plain.h"

#define PAGE "/restart.html"
#define REFRESH_SEC 2
/* As the script's (api-jobs.c). */
#define KIND "restart"

bool plain_restarts(const char *service)
{
    /* Some run when it is their turn; healthd could not restart itself. */
    static const char *const not_restarted[] = {"identclient", "identclient-check",
            "identclient-reassign", "identclient-renew", "identclient-seal", "healthd"};

    for (size_t i = 0; i < ELEMENTSOF(not_restarted); i++) {
        if (strcmp(not_restarted[i], service) == 0)
            return false;
    }
    return true;
}

const char *plain_service_name(const struct texts *texts, const char *service)
{
    return text_of(texts, "service", service) ?: service;
}

/* What the page is about at the moment: one of its sections is to be seen. */
enum stage {
    STAGE_ASKED,
    STAGE_RUNNING,
    STAGE_DONE,
    STAGE_FAILED,
    STAGE_FORGOTTEN,
};

static void set_stage(struct plain *page, enum stage stage)
{
    plain_show(page, "if-asked", stage == STAGE_ASKED);
    plain_show(page, "if-running", stage == STAGE_RUNNING);
    plain_show(page, "if-done", stage == STAGE_DONE);
    plain_show(page, "if-failed", stage == STAGE_FAILED);
    plain_show(page, "if-forgotten", stage == STAGE_FORGOTTEN);
}

static void set_service(struct plain *page, const char *service)
{
    const struct text_gap gaps[] = {{"name", plain_service_name(plain_texts(page), service)}, {}};

    plain_set(page, "service", service);
    plain_say(page, "sure", "restart.sure", gaps);
    plain_set(page, "what",
            text_of(plain_texts(page), "restart.what", service)
                    ?: text_find(plain_texts(page), "restart.soon"));
    plain_say(page, "running", "restart.running", gaps);
    plain_say(page, "done", "restarted", gaps);
    plain_say(page, "failed", "restart.failed", gaps);
}

static int respond_job(struct http_request *request, struct plain *page, const struct job *job)
{
    int r = 0;

    set_service(page, json_string_value(job->before) ?: "");
    if (job->state == JOB_RUNNING) {
        set_stage(page, STAGE_RUNNING);
        r = plain_refresh(request, REFRESH_SEC, NULL);
    } else if (job->state == JOB_FAILED) {
        set_stage(page, STAGE_FAILED);
        plain_set_problem(page, plain_text(job->problem, "detail"));
    } else {
        set_stage(page, STAGE_DONE);
    }
    return r < 0 ? r : plain_respond_whole(page);
}

int plain_restart_page(struct http_request *request, void *userdata)
{
    const char *service = http_request_query(request, "service");
    const char *id = http_request_query(request, "job");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    struct api *api = userdata;
    const struct job *job = NULL;
    int r = plain_enter(request, api, SCOPE_SYSTEM);

    if (r != 0)
        return r < 0 ? r : 0;
    r = plain_new(request, api, PAGE, &page);
    if (r < 0)
        return r;
    if (id)
        job = jobs_find(api->jobs, id);
    if (job && strcmp(job->kind, KIND) == 0)
        return respond_job(request, page, job);
    set_service(page, service ?: "");
    set_stage(page, service ? STAGE_ASKED : STAGE_FORGOTTEN);
    return plain_respond_whole(page);
}

static int start(struct http_request *request, struct api *api, const char *service)
{
    json_t *params = json_pack("{ss}", "service", service);
    char part[sizeof("?job=") + JOB_ID_SIZE];
    struct job *job;
    int r;

    /* It is no UTF-8, and so nobody's name. */
    if (!params)
        return form_refuse(request);
    api_log_change(request, "restart a service");
    r = jobs_start(api->jobs, KIND, api->health, "restart_service", json_string(service), params,
            PEER_DONE_USEC, &job);
    if (r == -EBUSY)
        return plain_refuse(request, api, 503, "Too much is going on already. Try again later.");
    if (r < 0)
        return r;
    snprintf(part, sizeof(part), "?job=%s", job->id);
    return form_follow(request, PAGE, part);
}

int plain_restart(struct http_request *request, void *userdata)
{
    struct http_field field = {"service"};
    struct api *api = userdata;
    int r = plain_form(request, api, SCOPE_SYSTEM, &field, 1);

    if (r != 0)
        return r < 0 ? r : 0;
    r = field.value[0] ? start(request, api, field.value) : form_refuse(request);
    http_fields_done(&field, 1);
    return r;
}
