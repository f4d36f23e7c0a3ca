/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * /api/v1, and /health. What the page does, a script can do too. But for the login nothing is
 * decided here: each request becomes a question to the daemon whose business it is. Who may ask
 * what is in guard.c.
 */

#include "document.h"
#include "host.h"
#include "http-server.h"
#include "https/https.h"
#include "jobs.h"
#include "live/events.h"
#include "login/auth.h"
#include "peer.h"
#include "portal.h"
#include "services.h"

/* What healthd has said for /metrics, and when (CLOCK_BOOTTIME). */
struct api_numbers {
    json_t *usage;
    json_t *health;
    uint64_t usec;
};

void api_numbers_done(struct api_numbers *numbers);

/* What every handler gets as its userdata. */
struct api {
    struct peer *network; /* user-network */
    struct peer *health;  /* healthd */
    struct own_name name;
    struct auth auth;
    struct events *events;
    struct services *services;
    struct documents *documents;
    struct jobs *jobs;
    struct api_numbers numbers;
    unsigned connections; /* to the page */
    struct https *https;
    int page_port;                /* where it is served without TLS */
    int tls_port;                 /* where it is served over TLS at the moment; 0: nowhere */
    char portal[INET_ADDRSTRLEN]; /* the hotspot's address; "": there is no portal */
    char portal_url[PORTAL_URL_SIZE];
};

extern const struct http_route api_routes[];

/* Bodies are a few names and a password; or a certificate with all that vouch for it. */
#define API_BODY_MAX 4096
/* Of a network that wants certificates: two of them and a key, 16 KiB each. */
#define API_NETWORK_MAX (60 * 1024)
#define API_CERTIFICATE_MAX (64 * 1024)

/* api-network.c */
int api_network_status(struct http_request *request, void *userdata);
int api_network_list(struct http_request *request, void *userdata);
int api_network_connect(struct http_request *request, void *userdata);
int api_network_priority(struct http_request *request, void *userdata);
int api_network_forget(struct http_request *request, void *userdata);
int api_network_radio(struct http_request *request, void *userdata);

/* api-wired.c */
int api_wired_show(struct http_request *request, void *userdata);
int api_network_wired(struct http_request *request, void *userdata);
int api_network_confirm_wired(struct http_request *request, void *userdata);

/* Of what is set of the wire, as user-network tells it: the same settings have the same tag. 0 or a
 * negative errno. */
#define API_WIRED_TAG_SIZE sizeof("\"0123456789abcdef\"")
int api_wired_tag(json_t *wired, char ret[static API_WIRED_TAG_SIZE]);

/* api-hotspot.c */
int api_hotspot_label(struct http_request *request, void *userdata);
int api_hotspot_code(struct http_request *request, void *userdata);
int api_hotspot_switch(struct http_request *request, void *userdata);
int api_network_page(struct http_request *request, void *userdata);
int api_network_page_code(struct http_request *request, void *userdata);
int api_country_set(struct http_request *request, void *userdata);

/* api-system.c */
int api_alive(struct http_request *request, void *userdata);
int api_health_status(struct http_request *request, void *userdata);
int api_system_status(struct http_request *request, void *userdata);
int api_system_diagnostics_file(struct http_request *request, void *userdata);
int api_system_reboot(struct http_request *request, void *userdata);
int api_system_factory_reset(struct http_request *request, void *userdata);

/* What healthd has gathered, as a file; for a handler to return. */
int api_give_diagnostics(struct http_request *request, json_t *diagnostics);

/* Whether that is the name of the device, as get_system tells it. */
bool api_is_confirmed(const json_t *system, const char *typed);

/* api-jobs.c */
int api_network_scan(struct http_request *request, void *userdata);
int api_health_restart(struct http_request *request, void *userdata);
int api_system_diagnostics(struct http_request *request, void *userdata);
int api_jobs_list(struct http_request *request, void *userdata);
int api_job_show(struct http_request *request, void *userdata);

/* Begins a join with the request's body, which has been looked at. For a handler to return. */
int api_job_join(struct http_request *request, struct api *api);

/* api-logs.c */
int api_health_logs(struct http_request *request, void *userdata);

/* api-services.c */
int api_services_list(struct http_request *request, void *userdata);
int api_service_show(struct http_request *request, void *userdata);
int api_service_values(struct http_request *request, void *userdata);
int api_service_act(struct http_request *request, void *userdata);
int api_service_document(struct http_request *request, void *userdata);

/* api-live.c */
int api_events(struct http_request *request, void *userdata);

/* api-metrics.c */
int api_metrics(struct http_request *request, void *userdata);

/* api-login.c */
int api_session_show(struct http_request *request, void *userdata);
int api_session_open(struct http_request *request, void *userdata);
int api_session_close(struct http_request *request, void *userdata);
int api_password_set(struct http_request *request, void *userdata);

/* Ends the login of the request, if it has one, and takes its cookie back. 0 or a negative errno. */
int api_end_session(struct http_request *request, struct api *api);

/* api-tokens.c */
int api_tokens_list(struct http_request *request, void *userdata);
int api_tokens_make(struct http_request *request, void *userdata);
int api_tokens_revoke(struct http_request *request, void *userdata);

/*
 * What the owner wants, by whichever way he says so; noted in the journal. -EINVAL: that is no name
 * of a token, -E2BIG: there are too many, -ENOENT: there is none of this id; or another negative
 * errno, which has been logged. `ret` is the token, which nobody sees again, for the caller to
 * wipe; *ret_made is valid until the next change.
 */
int api_token_make(struct http_request *request, struct api *api, const char *name, unsigned scopes,
        char ret[static SECRET_SIZE], const struct access_token **ret_made);
int api_token_revoke(struct http_request *request, struct api *api, const char *id);

/* api-https.c */
int api_https_show(struct http_request *request, void *userdata);
int api_https_choose(struct http_request *request, void *userdata);
int api_certificate_set(struct http_request *request, void *userdata);
int api_certificate_drop(struct http_request *request, void *userdata);

/*
 * What the owner wants, by whichever way he says so. Each is noted in the journal, as is why it
 * can't be done. 0 or a negative errno; of a mode (negative: as it is configured) -EPERM: required,
 * but not asked for over HTTPS; of a certificate -EBADMSG: *ret_problem says what is wrong with it.
 */
int api_https_take_mode(struct http_request *request, struct api *api, int mode);
int api_https_take_certificate(struct http_request *request, struct api *api, const char *chain,
        const char *key, const char **ret_problem);
int api_https_drop_certificate(struct http_request *request, struct api *api);

/* forms.c: what a form of the page sends by itself, without a script */
int form_login(struct http_request *request, void *userdata);
int form_welcome(struct http_request *request, void *userdata);
int form_password(struct http_request *request, void *userdata);

/* What comes of a form: another page, and its part after the # (""; "#wrong"). For a handler to
 * return. */
int form_follow(struct http_request *request, const char *page, const char *part);
int form_refuse(struct http_request *request);

/* Leads who isn't logged in to where he can be: the login, or the first password. For a handler to
 * return. */
int form_lead_in(struct http_request *request, struct api *api);

/*
 * The body, checked against a format of json_unpack() ("{s:s!}"), whose values are left in the
 * variables that follow, borrowed from *ret. On failure it has answered and returns -EBADMSG: then
 * the handler returns 0.
 */
int api_body(struct http_request *request, json_t **ret, const char *format, ...);

/* One line in the journal: who wants what. */
void api_log_change(const struct http_request *request, const char *what);
