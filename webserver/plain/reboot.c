/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Restarting the device, and resetting it, which has to be confirmed by its name. The answer to the
 * form is the page that says what comes: soon nobody is there to be asked for another one. Sent
 * again afterwards, it does nothing: sessions end with the boot.
 */

#include <string.h>

#include "plain.h"

#define REBOOT_PAGE "/reboot.html"
#define RESET_PAGE "/reset.html"
/* A minute or two, as the page says. */
#define BACK_SEC 90

static int respond_reboot(
        struct http_request *request, struct api *api, const struct peer_answer *answer)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    bool begun = answer && answer->error == 0;
    int r = plain_new(request, api, REBOOT_PAGE, &page);

    if (r == 0 && begun)
        r = plain_refresh(request, BACK_SEC, "/system.html");
    if (r < 0)
        return r;
    if (answer && !begun)
        plain_set_refusal(page, answer);
    plain_say(page, "sure", "reboot.sure", NULL);
    plain_say(page, "what", "reboot.what", NULL);
    plain_say(page, "do", "reboot.do", NULL);
    plain_show(page, "if-asked", !begun);
    plain_show(page, "if-begun", begun);
    return plain_respond_whole(page);
}

int plain_reboot_page(struct http_request *request, void *userdata)
{
    int r = plain_enter(request, userdata, SCOPE_SYSTEM);

    return r != 0 ? (r < 0 ? r : 0) : respond_reboot(request, userdata, NULL);
}

static int on_reboot(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return respond_reboot(request, userdata, answer);
}

int plain_reboot(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_SYSTEM);

    if (r != 0)
        return r < 0 ? r : 0;
    api_log_change(request, "restart this device");
    return peer_ask(api->health, request, "reboot", NULL, PEER_SOON_USEC, on_reboot, api);
}

/* -- the factory state ----------------------------------------------------------------------- */

/* `typed` stays in the form; "" is none. */
static void set_reset(struct plain *page, const char *hostname, const char *typed, bool begun)
{
    plain_set(page, "hostname", hostname);
    plain_set(page, "typed", typed);
    plain_show(page, "if-asked", hostname[0] && !begun);
    plain_show(page, "if-unknown", !hostname[0] && !begun);
    plain_show(page, "if-begun", begun);
}

static int on_name(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const char *hostname = plain_text(answer->result, "hostname");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, userdata, RESET_PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    else if (!hostname[0])
        plain_set_problem(page, "The name of this device is not known yet.");
    set_reset(page, hostname, "", false);
    return plain_respond_whole(page);
}

int plain_reset_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_SYSTEM);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->health, request, "get_system", NULL, PEER_SOON_USEC, on_name, api);
}

/* What was typed is the device's name by then. */
static int on_reset(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    struct http_field field = {"confirm"};
    int r = http_request_form(request, &field, 1);

    if (r == 0)
        r = plain_new(request, userdata, RESET_PAGE, &page);
    if (r == 0) {
        if (answer->error < 0)
            plain_set_refusal(page, answer);
        set_reset(page, field.value, field.value, answer->error == 0);
        r = plain_respond_whole(page);
    }
    http_fields_done(&field, 1);
    return r;
}

static int respond_unconfirmed(struct http_request *request, struct api *api,
        const struct peer_answer *answer, const char *typed)
{
    const char *hostname = plain_text(answer->result, "hostname");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, api, RESET_PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    else
        plain_set_problem(page, "That is not the name of this device: nothing was reset.");
    /* Where the name isn't known, what was typed is not lost either. */
    set_reset(page, hostname[0] ? hostname : typed, typed, false);
    return plain_respond_whole(page);
}

static int on_name_to_confirm(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct http_field field = {"confirm"};
    struct api *api = userdata;
    int r = http_request_form(request, &field, 1);

    if (r == 0 && (answer->error < 0 || !api_is_confirmed(answer->result, field.value)))
        r = respond_unconfirmed(request, api, answer, field.value);
    else if (r == 0) {
        api_log_change(request, "reset this device to its factory state");
        r = peer_ask(api->health, request, "factory_reset", NULL, PEER_SOON_USEC, on_reset, api);
    }
    http_fields_done(&field, 1);
    return r;
}

int plain_reset(struct http_request *request, void *userdata)
{
    struct http_field field = {"confirm"};
    struct api *api = userdata;
    int r = plain_form(request, api, SCOPE_SYSTEM, &field, 1);

    http_fields_done(&field, 1);
    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(
            api->health, request, "get_system", NULL, PEER_SOON_USEC, on_name_to_confirm, api);
}
