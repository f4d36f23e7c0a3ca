/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a subscriber missed: from memory when that goes back far enough, otherwise from the journal
 * first, a few entries in each turn of the loop. First back to where he was, then forward.
 */

#include <time.h>

#include "bus-private.h"
#include "unbox/log.h"

#define JOBS_MAX 4 /* each has the journal open */
#define BATCH 32
#define ENTRIES_MAX 4096 /* that the journal is read back */
#define PAUSE_USEC (20 * USEC_PER_MSEC)

struct replay_job {
    struct bus *bus;
    struct unbox_ipc_replay *replay;
    struct bus_journal *journal;
    sd_event_source *timer;
    uint64_t last; /* told, or not wanted */
    unsigned back;
    bool forward;
    struct replay_job *next;
};

static void job_free(struct replay_job *job)
{
    for (struct replay_job **j = &job->bus->jobs; *j; j = &(*j)->next)
        if (*j == job) {
            *j = job->next;
            break;
        }
    sd_event_source_disable_unref(job->timer);
    bus_journal_free(job->journal);
    free(job);
}

void bus_replay_free_all(struct bus *bus)
{
    while (bus->jobs)
        job_free(bus->jobs);
}

void bus_replay_cancel(struct bus *bus, struct unbox_ipc_replay *replay)
{
    for (struct replay_job *job = bus->jobs; job; job = job->next)
        if (job->replay == replay) {
            job_free(job);
            return;
        }
}

/* With a gap before it when what came before it is missing. */
static int tell(struct unbox_ipc_replay *replay, const struct kept *kept, uint64_t *last)
{
    int r;

    if (kept->seq <= *last)
        return 0;
    if (kept->previous > *last) {
        r = unbox_ipc_replay_gap(replay, *last, kept->seq);
        if (r < 0)
            return r;
    }
    *last = kept->seq;
    return unbox_ipc_replay_event(replay, kept->topic, kept->data, kept->seq);
}

/* Memory is told at once: it is small, and nothing can come in between. */
static void tell_recent(const struct bus *bus, struct unbox_ipc_replay *replay, uint64_t last)
{
    int r = 0;

    for (size_t i = 0; i < bus->count && (r >= 0 || r == -EAGAIN); i++)
        r = tell(replay, bus_recent(bus, i), &last);
    if (last < bus->last_kept && (r >= 0 || r == -EAGAIN))
        (void)unbox_ipc_replay_gap(replay, last, bus->last_kept + 1);
    unbox_ipc_replay_end(replay);
}

static void finish(struct replay_job *job)
{
    struct bus *bus = job->bus;
    struct unbox_ipc_replay *replay = job->replay;
    uint64_t last = job->last;

    job_free(job);
    tell_recent(bus, replay, last);
}

/* 1: go on, 0: there is no more, -EAGAIN: later. */
static int go_back(struct replay_job *job)
{
    for (unsigned i = 0; i < BATCH; i++) {
        uint64_t seq;
        int r = bus_journal_back(job->journal, &seq);

        if (r < 0)
            return r;
        if (r == 0 || seq <= job->last || ++job->back >= ENTRIES_MAX) {
            job->forward = true;
            return 1;
        }
    }
    return 1;
}

static int go_forward(struct replay_job *job)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct kept kept = {};
        int r = bus_journal_next(job->journal, &kept);

        if (r <= 0)
            return r;
        r = tell(job->replay, &kept, &job->last);
        kept_clear(&kept);
        if (r < 0)
            return r;
    }
    return 1;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct replay_job *job = userdata;
    int r = job->forward ? go_forward(job) : go_back(job);

    if (r == 1 || r == -EAGAIN) {
        r = sd_event_source_set_time_relative(source, r == 1 ? 0 : PAUSE_USEC);
        if (r >= 0)
            r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        if (r >= 0)
            return 0;
    }
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't tell a subscriber all that he missed");
    finish(job);
    return 0;
}

static int job_new(struct bus *bus, struct unbox_ipc_replay *replay, uint64_t since)
{
    struct replay_job *job;
    unsigned count = 0;
    int r;

    for (job = bus->jobs; job; job = job->next)
        count++;
    if (count >= JOBS_MAX)
        return -EBUSY;
    job = calloc(1, sizeof(*job));
    if (!job)
        return -ENOMEM;
    *job = (struct replay_job){.bus = bus, .replay = replay, .last = since, .next = bus->jobs};
    bus->jobs = job;
    r = bus_journal_open(&job->journal);
    if (r >= 0)
        r = sd_event_add_time_relative(
                bus->event, &job->timer, CLOCK_BOOTTIME, 0, 1, on_timer, job);
    if (r >= 0)
        r = sd_event_source_set_priority(job->timer, SD_EVENT_PRIORITY_IDLE);
    if (r < 0)
        job_free(job);
    return r;
}

void bus_replay_begin(struct bus *bus, struct unbox_ipc_replay *replay, uint64_t since)
{
    uint64_t known = bus->count > 0 ? bus_recent(bus, 0)->previous : bus->last_kept;
    int r;

    /* From another life: the numbers have begun anew, and nothing that he saw is known. */
    if (since > bus_last_seq(bus)) {
        (void)unbox_ipc_replay_gap(replay, 0, bus_last_seq(bus) + 1);
        unbox_ipc_replay_end(replay);
        return;
    }
    if (since >= known) {
        tell_recent(bus, replay, since);
        return;
    }
    r = job_new(bus, replay, since);
    if (r < 0) {
        unbox_log_errno(LOG_WARNING, r, "can't read the journal for a subscriber");
        tell_recent(bus, replay, since);
    }
}
