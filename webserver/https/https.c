/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Three files: what the owner has chosen, the device's own certificate, and the customer's, each
 * with its key. An own certificate that can't be stored is served all the same, and another one
 * after the next start.
 */

#include "https.h"

#include <stdio.h>
#include <string.h>

#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

#define FILE_MAX (256 * 1024)
#define NAMES_MAX 3
#define NAME_SIZE 80
#define LOCAL ".local"
/* Nobody waits for it to the second. */
#define RETRY_SEC (60 * 60)
#define ACCURACY_USEC (60 * USEC_PER_SEC)

struct https {
    sd_event *event; /* borrowed */
    sd_event_source *timer;
    char *choice_path;
    char *own_path;
    char *customers_path;
    enum https_mode configured;
    int chosen; /* -1: nothing */
    struct certificate *own;
    struct certificate *customers;
    bool asked;                       /* for its name, by now */
    char names[NAMES_MAX][NAME_SIZE]; /* that an own one is for; the first is "": not known */
    void (*changed)(void *userdata);
    void *userdata;
};

static const char *const modes[] = {
        [HTTPS_OPTIONAL] = "optional", [HTTPS_REQUIRED] = "required", [HTTPS_OFF] = "off"};

int https_mode_of(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
        if (strcmp(modes[i], name) == 0)
            return i;
    }
    return -EINVAL;
}

const char *https_mode_name(enum https_mode mode)
{
    return modes[mode];
}

enum https_mode https_mode(const struct https *https)
{
    return https->chosen >= 0 ? (enum https_mode)https->chosen : https->configured;
}

const struct certificate *https_certificate(const struct https *https)
{
    return https->customers ?: https->own;
}

bool https_is_customers(const struct https *https)
{
    return https->customers;
}

/* It may have been set since. */
static time_t clock_now(void)
{
    return time(NULL);
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static int load_certificate(const char *path, struct certificate **ret)
{
    char *text = NULL;
    int r;

    r = unbox_store_read(path, FILE_MAX, &text, NULL);
    if (r == 0)
        r = certificate_parse(text, ret);
    wipe(text);
    if (r < 0 && r != -ENOENT)
        unbox_log_errno(LOG_WARNING, r, "The certificate in %s can't be used", path);
    return r;
}

static int store_certificate(const char *path, const struct certificate *certificate)
{
    const char *text = certificate_text(certificate);

    return unbox_store_write(path, text, strlen(text), 0600, -1, -1);
}

static void load_choice(struct https *https)
{
    _cleanup_json_ json_t *file = NULL;
    _cleanup_free_ char *text = NULL;
    const char *mode;
    int r;

    https->chosen = -1;
    r = unbox_store_read(https->choice_path, FILE_MAX, &text, NULL);
    if (r == -ENOENT)
        return;
    if (r == 0) {
        file = json_loads(text, 0, NULL);
        r = json_unpack(file, "{s:s}", "mode", &mode) < 0 ? -EBADMSG : https_mode_of(mode);
    }
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "What %s says of HTTPS is ignored", https->choice_path);
    else
        https->chosen = r;
}

static bool is_expired(const struct certificate *certificate)
{
    return certificate_not_after(certificate) <= clock_now();
}

/* For when there is something to do about it: an own one is replaced before, a customer's has
 * expired. What could not be done is tried again. */
static void arm(struct https *https)
{
    const struct certificate *certificate = https_certificate(https);
    time_t when, now = clock_now();

    if (!certificate)
        return;
    when = certificate_not_after(certificate);
    if (!https->customers)
        when -= CERTIFICATE_SPARE_DAYS * 24 * 60 * 60;
    if (https->customers && when <= now)
        return;
    if (when <= now)
        when = now + RETRY_SEC;
    (void)sd_event_source_set_time(https->timer, when * USEC_PER_SEC);
    (void)sd_event_source_set_enabled(https->timer, SD_EVENT_ONESHOT);
}

static bool is_fit(const struct https *https)
{
    if (!https->own || !certificate_holds(https->own, clock_now(), CERTIFICATE_SPARE_DAYS))
        return false;
    for (size_t i = 0; i < NAMES_MAX && https->names[i][0]; i++) {
        if (!certificate_is_for(https->own, https->names[i]))
            return false;
    }
    return true;
}

static int renew(struct https *https)
{
    const char *names[NAMES_MAX + 1] = {};
    struct certificate *made;
    size_t n = 0;
    int r;

    while (n < NAMES_MAX && https->names[n][0]) {
        names[n] = https->names[n];
        n++;
    }
    /* On a bench there is nobody who knows its name. */
    if (n == 0)
        names[0] = "localhost";
    r = certificate_new(names, clock_now(), &made);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "A certificate for HTTPS can't be made");
    r = store_certificate(https->own_path, made);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r,
                "The certificate for HTTPS can't be stored: it is another "
                "one after the next start");
    certificate_free(https->own);
    https->own = made;
    unbox_log(LOG_INFO, "Made a certificate for HTTPS, for %s", names[0]);
    return 0;
}

/* Whether the own one has been replaced. */
static bool refresh(struct https *https)
{
    bool renewed = https->asked && !https->customers && !is_fit(https) && renew(https) == 0;

    arm(https);
    return renewed;
}

static void check_customers(const struct https *https)
{
    if (https->customers && is_expired(https->customers))
        unbox_log_event(LOG_WARNING, UNBOX_MESSAGE_CERTIFICATE_EXPIRED, NULL,
                "The customer's certificate for the page has expired");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct https *https = userdata;

    check_customers(https);
    if (refresh(https))
        https->changed(https->userdata);
    return 0;
}

/* How HOST is found on the network by those who know nothing else. */
static void add_local(char ret[static NAME_SIZE], const char *hostname)
{
    size_t size = strlen(hostname), n_local = strlen(LOCAL);

    if (size > n_local && strcasecmp(hostname + size - n_local, LOCAL) == 0)
        ret[0] = '\0';
    else
        snprintf(ret, NAME_SIZE, "%s" LOCAL, hostname);
}

void https_called(struct https *https, const char *hostname, const char *announced)
{
    char(*names)[NAME_SIZE] = https->names;
    size_t n = 0;

    https->asked = true;
    if (hostname && *hostname && strlen(hostname) + sizeof(LOCAL) <= NAME_SIZE) {
        memset(names, 0, sizeof(https->names));
        snprintf(names[n++], NAME_SIZE, "%s", hostname);
        add_local(names[n], hostname);
        n += names[n][0] != '\0';
        if (announced && *announced && strlen(announced) < NAME_SIZE &&
                strcasecmp(announced, names[n - 1]) != 0)
            snprintf(names[n], NAME_SIZE, "%s", announced);
    }
    if (refresh(https))
        https->changed(https->userdata);
}

int https_choose(struct https *https, int mode)
{
    _cleanup_free_ char *text = NULL;
    int r;

    if (mode < 0)
        r = unbox_store_remove(https->choice_path);
    else if (asprintf(&text, "{\"mode\": \"%s\"}\n", modes[mode]) < 0) {
        text = NULL;
        r = -ENOMEM;
    } else
        r = unbox_store_write(https->choice_path, text, strlen(text), 0600, -1, -1);
    if (r < 0)
        return r;
    https->chosen = mode;
    https->changed(https->userdata);
    return 0;
}

int https_adopt(struct https *https, struct certificate *certificate)
{
    int r = store_certificate(https->customers_path, certificate);

    if (r < 0)
        return r;
    certificate_free(https->customers);
    https->customers = certificate;
    arm(https);
    https->changed(https->userdata);
    return 0;
}

int https_drop(struct https *https)
{
    int r = unbox_store_remove(https->customers_path);

    if (r < 0)
        return r;
    if (!https->customers)
        return 0;
    https->customers = certificate_free(https->customers);
    (void)refresh(https);
    https->changed(https->userdata);
    return 1;
}

json_t *https_to_json(const struct https *https)
{
    const struct certificate *certificate = https_certificate(https);
    _cleanup_json_ json_t *shown = NULL;

    if (certificate) {
        shown = certificate_to_json(certificate);
        if (json_object_set_new(
                    shown, "source", json_string(https->customers ? "customer" : "device")) < 0 ||
                json_object_set_new(shown, "expired", json_boolean(is_expired(certificate))) < 0)
            return NULL;
    }
    return json_pack("{ss ss sb sO?}", "mode", modes[https_mode(https)], "configured",
            modes[https->configured], "chosen", https->chosen >= 0, "certificate", shown);
}

struct https *https_free(struct https *https)
{
    if (!https)
        return NULL;
    sd_event_source_disable_unref(https->timer);
    certificate_free(https->own);
    certificate_free(https->customers);
    free(https->choice_path);
    free(https->own_path);
    free(https->customers_path);
    free(https);
    return NULL;
}

static int set_paths(struct https *https, const char *folder)
{
    if (asprintf(&https->choice_path, "%s/https.json", folder) < 0)
        https->choice_path = NULL;
    if (asprintf(&https->own_path, "%s/https-device.pem", folder) < 0)
        https->own_path = NULL;
    if (asprintf(&https->customers_path, "%s/https-customer.pem", folder) < 0)
        https->customers_path = NULL;
    return https->choice_path && https->own_path && https->customers_path ? 0 : -ENOMEM;
}

int https_new(sd_event *event, const char *folder, enum https_mode configured,
        void (*changed)(void *userdata), void *userdata, struct https **ret)
{
    _cleanup_(https_free_p) struct https *https = calloc(1, sizeof(*https));
    int r;

    if (!https)
        return -ENOMEM;
    https->event = event;
    https->configured = configured;
    https->changed = changed;
    https->userdata = userdata;
    r = set_paths(https, folder);
    if (r < 0)
        return r;
    r = sd_event_add_time(event, &https->timer, CLOCK_REALTIME, 0, ACCURACY_USEC, on_timer, https);
    if (r >= 0)
        r = sd_event_source_set_enabled(https->timer, SD_EVENT_OFF);
    if (r < 0)
        return r;
    load_choice(https);
    (void)load_certificate(https->own_path, &https->own);
    (void)load_certificate(https->customers_path, &https->customers);
    check_customers(https);
    arm(https);
    *ret = STEAL(https);
    return 0;
}
