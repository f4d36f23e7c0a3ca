/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a service has to give that is too long for one answer: a list to be kept as a file, labels
 * to be printed. It is asked for piece after piece, as fast as the reader takes it, and nothing of
 * it is kept. `documents` of a tab (services.h) says what there is.
 */

#include "services.h"

struct documents;

/* Those that are being read at a time; each has a piece in memory. */
#define DOCUMENTS_MAX 8

/* `services` is borrowed. 0 or a negative errno. */
int documents_new(sd_event *event, struct services *services, struct documents **ret);

/* After the peers and the servers. Accepts NULL; returns NULL. */
struct documents *documents_free(struct documents *documents);

DEFINE_CLEANUP(struct documents *, documents_free);

/*
 * Answers with the document that `service` (as discover describes it) has by this method, asked
 * with what the request's query says for its parameters. For a handler to return.
 */
int documents_give(struct documents *documents, struct http_request *request, json_t *service,
        const char *method);
