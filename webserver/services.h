/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The services that have registered with healthd, and the ways to those that have a tab: one to
 * each endpoint, made when somebody looks at it.
 *
 * A tab (`tab` in unbox/service.h) is an object:
 *   title    what the customer calls it
 *   method   of the service, without parameters, which answers the object of values; optional
 *   status   what is shown of them, an array of
 *            {"name", "label", "type": text, number, boolean, bytes, seconds, time, table or chart}
 *            A number and a chart may have a "unit"; a table has "columns", each as above, and its
 *            value is an array of objects; a chart's is an array of numbers, the latest last. A
 *            column of type "document" is a link to the "document" of that method, called "text",
 *            with the row's value for its "parameter".
 *   actions  what can be done, an array of {"method", "label"}, and perhaps
 *            "parameters": a JSON schema of type object, whose properties are strings (with "enum":
 *            of a choice), integers, numbers or booleans, each with a "title";
 *            "confirm": the question that has to be answered with yes first;
 *            "result": what is shown of its answer, as "status"
 *   documents  what can be saved or printed, an array of {"method", "label", "type"}, and perhaps
 *            "parameters", as above, but of strings that may all be left out, and "file", a name.
 *            type csv: the method answers {"csv": text}; labels: {"labels": an array of {"serial",
 *            "hostname", "ssid", "password", "qr"}}; both in pieces: with "next" it is asked again,
 *            {"after"} that.
 * The service's methods have to be allowed to the page (`web` in unbox/ipc.h).
 */

#include "peer.h"

struct services;

int services_new(sd_event *event, struct services **ret);

/* As peer_free() of each. Accepts NULL; returns NULL. */
struct services *services_free(struct services *services);

DEFINE_CLEANUP(struct services *, services_free);

/* The way to a service, as discover describes it. Valid until the next call that finds it idle. 0;
 * -ENOENT: it answers nobody; -EBUSY: there are too many; or another negative errno. */
int services_peer(struct services *services, json_t *service, struct peer **ret);

/* As services_peer(), or answers why there is no way to it. 0; 1: answered; or a negative errno. */
int services_reach(struct services *services, struct http_request *request, json_t *service,
        struct peer **ret);

/* The action, or the document, of the tab whose method is this, or NULL; borrowed. */
json_t *services_action(json_t *service, const char *method);
json_t *services_document(json_t *service, const char *method);
