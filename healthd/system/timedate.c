/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one property of timedated's that is of interest. */

#include "timedate.h"

#include "util.h"

#define ANSWER_USEC (2 * USEC_PER_SEC)

struct question {
    timedate_fn answer;
    void *userdata;
    enum timedate_synchronised synchronised;
};

/* Whatever becomes of the slot: answered, timed out, or gone with the bus. */
static void question_done(void *userdata)
{
    struct question *question = userdata;

    question->answer(question->synchronised, question->userdata);
    free(question);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct question *question = userdata;
    int yes;

    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "b", &yes) > 0)
        question->synchronised = yes ? TIMEDATE_YES : TIMEDATE_NO;
    return 0;
}

void timedate_ask(sd_bus *bus, timedate_fn answer, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    struct question *question = bus ? malloc(sizeof(*question)) : NULL;
    sd_bus_slot *slot = NULL;
    int r = -ENOTCONN;

    if (question) {
        *question = (struct question){answer, userdata, TIMEDATE_UNKNOWN};
        r = sd_bus_message_new_method_call(bus, &m, "org.freedesktop.timedate1",
                "/org/freedesktop/timedate1", "org.freedesktop.DBus.Properties", "Get");
    }
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", "org.freedesktop.timedate1", "NTPSynchronized");
    if (r >= 0)
        r = sd_bus_call_async(bus, &slot, m, on_reply, question, ANSWER_USEC);
    if (r < 0) {
        free(question);
        answer(TIMEDATE_UNKNOWN, userdata);
        return;
    }
    sd_bus_slot_set_destroy_callback(slot, question_done);
    sd_bus_slot_set_floating(slot, true);
    sd_bus_slot_unref(slot);
}
