/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A bucket is one moment: when it would be full again (the "generic cell rate algorithm"). One that
 * is full need not be remembered; when there is no room, the fullest is forgotten, so that a crowd
 * of addresses can't push out the one that is being slowed down.
 */

#include "buckets.h"

#include <netinet/in.h>
#include <string.h>

#include "place.h"

#define BUCKETS_MAX 256

struct bucket {
    struct in6_addr address;
    uint64_t full_usec;
};

struct buckets {
    uint64_t refill_usec;
    uint64_t capacity_usec; /* an empty bucket is full after that long */
    struct bucket all[BUCKETS_MAX];
    size_t n;
    size_t last; /* who asked last, mostly asks again */
};

struct buckets *buckets_new(unsigned burst, uint64_t refill_usec)
{
    struct buckets *buckets = calloc(1, sizeof(*buckets));

    if (!buckets)
        return NULL;
    buckets->refill_usec = refill_usec;
    buckets->capacity_usec = burst * refill_usec;
    return buckets;
}

struct buckets *buckets_free(struct buckets *buckets)
{
    free(buckets);
    return NULL;
}

static bool is_of(const struct bucket *bucket, const struct in6_addr *owner)
{
    return memcmp(&bucket->address, owner, sizeof(*owner)) == 0;
}

static struct bucket *find(struct buckets *buckets, const struct in6_addr *owner)
{
    if (buckets->last < buckets->n && is_of(&buckets->all[buckets->last], owner))
        return &buckets->all[buckets->last];
    for (size_t i = 0; i < buckets->n; i++) {
        if (is_of(&buckets->all[i], owner)) {
            buckets->last = i;
            return &buckets->all[i];
        }
    }
    return NULL;
}

static struct bucket *add(struct buckets *buckets, const struct in6_addr *owner)
{
    struct bucket *bucket = &buckets->all[0];

    if (buckets->n < BUCKETS_MAX) {
        bucket = &buckets->all[buckets->n++];
    } else {
        for (size_t i = 1; i < BUCKETS_MAX; i++) {
            if (buckets->all[i].full_usec < bucket->full_usec)
                bucket = &buckets->all[i];
        }
    }
    *bucket = (struct bucket){.address = *owner};
    buckets->last = bucket - buckets->all;
    return bucket;
}

unsigned buckets_take(struct buckets *buckets, uint64_t now_usec, const char *address)
{
    const struct in6_addr owner = place_network(address);
    struct bucket *bucket = find(buckets, &owner);
    uint64_t full_usec;

    if (!bucket)
        bucket = add(buckets, &owner);
    full_usec = bucket->full_usec > now_usec ? bucket->full_usec : now_usec;
    full_usec += buckets->refill_usec;
    if (full_usec > now_usec + buckets->capacity_usec)
        return (full_usec - now_usec - buckets->capacity_usec + USEC_PER_SEC - 1) / USEC_PER_SEC;
    bucket->full_usec = full_usec;
    return 0;
}

void buckets_refill(struct buckets *buckets, const char *address)
{
    const struct in6_addr owner = place_network(address);
    struct bucket *bucket = find(buckets, &owner);

    if (bucket)
        bucket->full_usec = 0;
}
