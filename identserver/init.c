/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The CA's key exists once: whoever overwrote it would cut off every device that trusts it. So a
 * folder that has anything of a bench in it is refused, a half-made one too.
 */

#include "init.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "authority.h"
#include "batch.h"
#include "database.h"

static int is_free(const char *directory)
{
    static const char *const names[] = {AUTHORITY_KEY, AUTHORITY_CERTIFICATE, AUTHORITY_SERVER_KEY,
            AUTHORITY_SERVER_CERTIFICATE, DATABASE_NAME};

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, names[i]) < 0) {
            path = NULL;
            return -ENOMEM;
        }
        if (access(path, F_OK) == 0)
            return -EEXIST;
    }
    return 0;
}

static int make_database(const struct init_options *options)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    _cleanup_free_ char *path = NULL, *pattern = NULL;
    struct batch_options batch = {
            .name = options->batch,
            .quota = options->quota,
            .open = 1,
            .pool = options->hostname_prefix,
    };
    struct refusal refusal;
    int r;

    if (asprintf(&path, "%s/" DATABASE_NAME, options->directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (asprintf(&pattern, "%s-###", options->hostname_prefix) < 0) {
        pattern = NULL;
        return -ENOMEM;
    }
    batch.pattern = pattern;
    r = database_create(path, &database);
    if (r < 0)
        return r;
    r = batch_add(database, &batch, time(NULL), &refusal);
    return r > 0 ? -EINVAL : r;
}

int init_bench(const struct init_options *options)
{
    int r;

    if (mkdir(options->directory, 0700) < 0 && errno != EEXIST)
        return -errno;
    r = is_free(options->directory);
    if (r < 0)
        return r;
    r = authority_init(options->directory, options->address);
    if (r < 0)
        return r;
    return make_database(options);
}
