/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device's numbers are the kernel's, read at once; the units' come with units_measure(). */

#include "metrics.h"

#include <stdlib.h>
#include <unistd.h>

#include "hardware.h"
#include "system.h"

struct question {
    struct unbox_ipc_call *call;
    struct units *units;
};

static json_t *load(void)
{
    double averages[3];

    if (getloadavg(averages, 3) < 3)
        return json_null();
    return json_pack("[f, f, f]", averages[0], averages[1], averages[2]);
}

static json_t *device(void)
{
    return json_pack("{s:I, s:o, s:I, s:o, s:o, s:o}", "uptime_seconds",
            (json_int_t)system_uptime_seconds(), "load", load(), "processors",
            (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "memory", hardware_memory(), "disk",
            hardware_disk(), "temperature", hardware_temperature());
}

static json_t *metrics(const struct units *units)
{
    json_t *numbers = units_usage_to_json(units);

    return numbers ? json_pack("{s:o, s:o}", "device", device(), "units", numbers) : NULL;
}

static void on_measured(void *userdata)
{
    struct question *question = userdata;
    json_t *answer = metrics(question->units);

    if (answer)
        (void)unbox_ipc_reply(question->call, answer);
    else
        (void)unbox_ipc_reply_error(question->call, UNBOX_IPC_INTERNAL_ERROR, "out of memory");
    free(question);
}

int metrics_get(struct unbox_ipc_call *call, struct units *units)
{
    struct question *question = calloc(1, sizeof(*question));
    int r;

    if (!question)
        return -ENOMEM;
    *question = (struct question){call, units};
    r = units_measure(units, on_measured, question);
    if (r < 0) {
        free(question);
        return r;
    }
    if (r == 0)
        on_measured(question);
    return 0;
}
