/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one property of timedated's that is of interest. */

#include "timedate.h"

#include "util.h"

#define ANSWER_USEC (2 * USEC_PER_SEC)

struct waiter {
    timedate_fn answer;
    void *userdata;
    struct waiter *next;
};

struct timedate_question {
    struct timedate_question **place;
    struct waiter *waiters;
    enum timedate_synchronised synchronised;
};

/* Whatever becomes of the slot: answered, timed out, or gone with the bus. */
static void question_done(void *userdata)
{
    struct timedate_question *question = userdata;
    struct waiter *waiter;

    /* Whoever asks again from there asks anew. */
    *question->place = NULL;
    while ((waiter = question->waiters)) {
        question->waiters = waiter->next;
        waiter->answer(question->synchronised, waiter->userdata);
        free(waiter);
    }
    free(question);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct timedate_question *question = userdata;
    int yes;

    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "b", &yes) > 0)
        question->synchronised = yes ? TIMEDATE_YES : TIMEDATE_NO;
    return 0;
}

static int send_question(sd_bus *bus, struct timedate_question *question)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    sd_bus_slot *slot = NULL;
    int r;

    r = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.timedate1",
            "/org/freedesktop/timedate1", "org.freedesktop.DBus.Properties", "Get");
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", "org.freedesktop.timedate1", "NTPSynchronized");
    if (r >= 0)
        r = sd_bus_call_async(bus, &slot, m, on_reply, question, ANSWER_USEC);
    if (r < 0)
        return r;
    sd_bus_slot_set_destroy_callback(slot, question_done);
    sd_bus_slot_set_floating(slot, true);
    sd_bus_slot_unref(slot);
    return 0;
}

static int ask(struct timedate_question **place, sd_bus *bus)
{
    struct timedate_question *question = bus ? calloc(1, sizeof(*question)) : NULL;
    int r = question ? send_question(bus, question) : -ENOTCONN;

    if (r < 0) {
        free(question);
        return r;
    }
    question->place = place;
    *place = question;
    return 0;
}

void timedate_ask(
        struct timedate_question **question, sd_bus *bus, timedate_fn answer, void *userdata)
{
    struct waiter *waiter = malloc(sizeof(*waiter));

    if (!waiter || (!*question && ask(question, bus) < 0)) {
        free(waiter);
        answer(TIMEDATE_UNKNOWN, userdata);
        return;
    }
    *waiter = (struct waiter){answer, userdata, (*question)->waiters};
    (*question)->waiters = waiter;
}
