/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A page for a browser without a script, while it is made: the file in the language of whoever
 * asks, part after part (template.h), with values that hold until they are set again. Where a value
 * can't be kept for want of memory the page is not answered.
 *
 * Every page has "csrf", what its forms have to send; "problem", "if-problem" and
 * "problem-language", what went wrong; and "if-network" and "if-system", whether he may change
 * that. An "if-…" stands in a tag, and hides it.
 */

#include "api/api.h"
#include "texts.h"

struct plain;

/*
 * Whether somebody may have a page or send its form: who isn't logged in is led to where he can be,
 * who may not do it is told so; so is he whose form is none of a page that he got here. That he
 * asks is use of his session. 0; 1: it has answered; or a negative errno.
 */
int plain_enter(struct http_request *request, struct api *api, enum scope scope);

/* The same for a form, whose fields it reads: with 0 they are the caller's to wipe. One that can't
 * be read is refused. */
int plain_form(struct http_request *request, struct api *api, enum scope scope,
        struct http_field *fields, size_t n_fields);

/* For a page or a form of somebody who may change the network: asks for its status, with `api` as
 * `reply`'s userdata. For a handler to return. */
int plain_ask_status(struct http_request *request, struct api *api, peer_reply reply);

/* The page at `path`. 0 or a negative errno. */
int plain_new(struct http_request *request, struct api *api, const char *path, struct plain **ret);

/* Accepts NULL; returns NULL. */
struct plain *plain_free(struct plain *page);

DEFINE_CLEANUP(struct plain *, plain_free);

/* For an answer that has to wait for another one. */
void plain_keep(struct plain *page, json_t *kept);
const json_t *plain_kept(const struct plain *page);
struct api *plain_api(const struct plain *page);

/* In the language of the page. */
const struct texts *plain_texts(const struct plain *page);

/* What he may; whether he may that. */
unsigned plain_may_all(const struct plain *page);
bool plain_may(const struct plain *page, enum scope scope);

/* A value: a copy of `text` (NULL: ""); one that is taken over (NULL: no memory); a text of the
 * catalogue with its gaps (NULL: it has none). Names are literals. */
void plain_set(struct plain *page, const char *name, const char *text);
void plain_take(struct plain *page, const char *name, char *text);
void plain_say(struct plain *page, const char *name, const char *key, const struct text_gap *gaps);

/* A family's member, or what else there is if it has none of that name. */
void plain_say_of(struct plain *page, const char *name, const char *family, const char *member,
        const struct text_gap *gaps, const char *otherwise);

/* The strings of a list, with commas between them. */
void plain_set_list(struct plain *page, const char *name, const json_t *list);

/* What printf() makes. */
void plain_printf(struct plain *page, const char *name, const char *format, ...) _printf_(3, 4);

/* Whether what has this value in its tag is to be seen. */
void plain_show(struct plain *page, const char *name, bool shown);

/* A value that is to be seen if there is one: "if-NAME" has to be `condition`. */
void plain_set_shown(struct plain *page, const char *name, const char *condition, const char *text);

/* Another service's sentence in the language of the page; where it isn't known, in English. */
void plain_set_said(
        struct plain *page, const char *name, const char *language_name, const char *sentence);

/* What went wrong: a sentence, or why another daemon did not do it. */
void plain_set_problem(struct plain *page, const char *sentence);
void plain_set_refusal(struct plain *page, const struct peer_answer *answer);

/* Writes the part of this number of the page's file. */
void plain_part(struct plain *page, unsigned part);

/* The answer: what was written; with plain_respond_whole() a page of one part. For a handler to
 * return. */
int plain_respond(struct plain *page);
int plain_respond_whole(struct plain *page);

/* Has the browser ask again after that time: for `path`, or for the same page (NULL). 0 or a
 * negative errno. */
int plain_refresh(struct http_request *request, unsigned seconds, const char *path);

/* A page that says why not. For a handler to return. */
int plain_refuse(
        struct http_request *request, struct api *api, unsigned status, const char *sentence);

/* The text of a member, or "". */
const char *plain_text(const json_t *object, const char *name);

/* country.c */
int plain_country_page(struct http_request *request, void *userdata);
int plain_country(struct http_request *request, void *userdata);

/* health.c */
int plain_health_page(struct http_request *request, void *userdata);

/* logs.c */
int plain_logs_page(struct http_request *request, void *userdata);

/* system.c */
int plain_system_page(struct http_request *request, void *userdata);
int plain_diagnostics(struct http_request *request, void *userdata);
int plain_logout(struct http_request *request, void *userdata);

/* reboot.c */
int plain_reboot_page(struct http_request *request, void *userdata);
int plain_reboot(struct http_request *request, void *userdata);
int plain_reset_page(struct http_request *request, void *userdata);
int plain_reset(struct http_request *request, void *userdata);

/* network.c, air.c, saved.c, hotspot.c */
int plain_network_page(struct http_request *request, void *userdata);
int plain_scan(struct http_request *request, void *userdata);
int plain_forget_page(struct http_request *request, void *userdata);
int plain_forget(struct http_request *request, void *userdata);
int plain_prefer(struct http_request *request, void *userdata);
int plain_hotspot_page(struct http_request *request, void *userdata);
int plain_hotspot(struct http_request *request, void *userdata);

/* radio.c */
int plain_radio_page(struct http_request *request, void *userdata);
int plain_radio(struct http_request *request, void *userdata);

/* wired.c */
int plain_wired_page(struct http_request *request, void *userdata);
int plain_wired(struct http_request *request, void *userdata);
int plain_wired_confirm(struct http_request *request, void *userdata);

/* tokens.c */
int plain_tokens_page(struct http_request *request, void *userdata);
int plain_token_make(struct http_request *request, void *userdata);
int plain_revoke_page(struct http_request *request, void *userdata);
int plain_revoke(struct http_request *request, void *userdata);

/* What these scopes let somebody do, in a sentence: the caller's, or NULL. */
char *plain_scopes(const struct plain *page, const json_t *scopes);

/* service.c */
int plain_services_page(struct http_request *request, void *userdata);
int plain_service_page(struct http_request *request, void *userdata);
int plain_service(struct http_request *request, void *userdata);

/* join.c */
int plain_join_page(struct http_request *request, void *userdata);
int plain_join(struct http_request *request, void *userdata);

/* https.c */
int plain_https_page(struct http_request *request, void *userdata);
int plain_https_mode(struct http_request *request, void *userdata);
int plain_certificate_set(struct http_request *request, void *userdata);
int plain_certificate_drop(struct http_request *request, void *userdata);

/* restart.c */
int plain_restart_page(struct http_request *request, void *userdata);
int plain_restart(struct http_request *request, void *userdata);

/* Whether a service can be restarted here. */
bool plain_restarts(const char *service);

/* What a customer calls a service: its own name, if he has none for it. */
const char *plain_service_name(const struct texts *texts, const char *service);
