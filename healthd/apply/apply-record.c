/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One JSON document a section, replaced as a whole. */

#include "apply-record.h"

#include <stdio.h>
#include <string.h>

#include "timestamp.h"
#include "unbox/store.h"

#define RECORD_SIZE_MAX (16 * 1024)

static const char *const steps[] = {
        [APPLY_NEVER] = "never",
        [APPLY_APPLYING] = "applying",
        [APPLY_REVERTING] = "reverting",
        [APPLY_UNCONFIRMED] = "unconfirmed",
        [APPLY_APPLIED] = "applied",
        [APPLY_FAILED] = "failed",
};

const char *apply_step_name(enum apply_step step)
{
    return steps[step];
}

static int make_path(const char *section, char **ret)
{
    return asprintf(ret, APPLY_DIR "/%s.json", section) < 0 ? -ENOMEM : 0;
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

/* They are an object in the document: it is read by people, too. */
static void copy_values(char to[static APPLY_VALUES_SIZE], json_t *from)
{
    _cleanup_free_ char *text =
            json_is_object(from) ? json_dumps(from, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    if (text && strlen(text) < APPLY_VALUES_SIZE)
        copy(to, APPLY_VALUES_SIZE, text);
}

static int parse(json_t *document, struct apply_record *ret)
{
    const char *step, *digest, *old_digest, *ours, *boot, *message;
    json_t *values = NULL, *our_values = NULL;
    struct apply_record record = {};
    json_int_t when, until;
    int mode;

    if (json_unpack(document, "{s:s, s:I, s:s, s:s, s:i, s:s, s:s, s:I, s:s, s?o, s?o}", "step",
                &step, "when", &when, "digest", &digest, "old_digest", &old_digest, "old_mode",
                &mode, "ours", &ours, "boot", &boot, "until", &until, "message", &message, "values",
                &values, "our_values", &our_values) < 0 ||
            sd_id128_from_string(boot, &record.boot) < 0)
        return -EBADMSG;
    while (record.step < ELEMENTSOF(steps) && strcmp(steps[record.step], step) != 0)
        record.step++;
    if (record.step == ELEMENTSOF(steps))
        return -EBADMSG;
    record.when_usec = when;
    record.until_usec = until;
    record.old_mode = mode & 07777;
    copy(record.digest, sizeof(record.digest), digest);
    copy(record.old_digest, sizeof(record.old_digest), old_digest);
    copy(record.ours, sizeof(record.ours), ours);
    copy_values(record.values, values);
    copy_values(record.our_values, our_values);
    copy(record.message, sizeof(record.message), message);
    *ret = record;
    return 0;
}

int apply_record_read(const char *section, struct apply_record *ret)
{
    _cleanup_free_ char *path = NULL, *text = NULL;
    _cleanup_json_ json_t *document = NULL;
    size_t size;
    int r;

    *ret = (struct apply_record){};
    r = make_path(section, &path);
    if (r < 0)
        return r;
    r = unbox_store_read(path, RECORD_SIZE_MAX, &text, &size);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    document = json_loadb(text, size, 0, NULL);
    return parse(document, ret);
}

int apply_record_write(const char *section, struct apply_record *record)
{
    _cleanup_free_ char *path = NULL, *text = NULL;
    _cleanup_json_ json_t *document = NULL;
    char boot[SD_ID128_STRING_MAX];
    int r;

    r = make_path(section, &path);
    if (r < 0)
        return r;
    record->when_usec = timestamp_now();
    document = json_pack("{s:s, s:I, s:s, s:s, s:i, s:s, s:s, s:I, s:s, s:o*, s:o*}", "step",
            steps[record->step], "when", (json_int_t)record->when_usec, "digest", record->digest,
            "old_digest", record->old_digest, "old_mode", (int)record->old_mode, "ours",
            record->ours, "boot", sd_id128_to_string(record->boot, boot), "until",
            (json_int_t)record->until_usec, "message", record->message, "values",
            json_loads(record->values, 0, NULL), "our_values",
            json_loads(record->our_values, 0, NULL));
    text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
    if (!text)
        return -ENOMEM;
    return unbox_store_write(path, text, strlen(text), 0600, -1, -1);
}

void apply_record_own(struct apply_record *record)
{
    memcpy(record->ours, record->digest, sizeof(record->ours));
    memcpy(record->our_values, record->values, sizeof(record->our_values));
}

static const char *expected(
        const struct apply_record *record, const char *of_this, const char *of_ours)
{
    switch (record->step) {
    case APPLY_UNCONFIRMED:
        return of_this;
    case APPLY_APPLIED:
    case APPLY_FAILED:
        return of_ours;
    default:
        return "";
    }
}

const char *apply_record_digest(const struct apply_record *record)
{
    return expected(record, record->digest, record->ours);
}

const char *apply_record_values(const struct apply_record *record)
{
    return expected(record, record->values, record->our_values);
}
