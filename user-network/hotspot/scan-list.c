/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Merges what several scans saw into one list, by name. */

#include "scan-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Sightings this close together are of one scan: it visits the channels one after the other. */
#define ONE_SCAN_USEC (10 * USEC_PER_SEC)

/* Enough for any place; a bound, because anybody in reach can invent names. */
#define ENTRIES_MAX 512

static struct scan_entry *find(const struct scan_list *list, const struct ssid *ssid)
{
    for (size_t i = 0; i < list->n_entries; i++)
        if (ssid_equal(&list->entries[i].ssid, ssid))
            return &list->entries[i];
    return NULL;
}

const struct scan_entry *scan_list_find(const struct scan_list *list, const struct ssid *ssid)
{
    return find(list, ssid);
}

const struct scan_entry *scan_list_seen(const struct scan_list *list, const struct ssid *ssid,
        uint64_t now_usec, uint64_t span_usec)
{
    const struct scan_entry *entry = find(list, ssid);

    return entry && entry->seen_usec + span_usec >= now_usec ? entry : NULL;
}

static struct scan_entry *find_weakest(const struct scan_list *list)
{
    struct scan_entry *weakest = &list->entries[0];

    for (size_t i = 1; i < list->n_entries; i++)
        if (list->entries[i].signal < weakest->signal)
            weakest = &list->entries[i];
    return weakest;
}

static unsigned protection(enum security security)
{
    switch (security) {
    case SECURITY_OPEN:
    case SECURITY_WEP:
        return 0;
    case SECURITY_OWE:
        return 1;
    default:
        return 2;
    }
}

/* Whether it speaks for those of its name rather than the other of the same scan. */
static bool comes_before(const struct scan_entry *entry, const struct scan_entry *known)
{
    unsigned a = protection(entry->security), b = protection(known->security);

    return a > b || (a == b && entry->signal >= known->signal);
}

static void merge(struct scan_entry *known, const struct scan_entry *entry)
{
    uint64_t seen = known->seen_usec > entry->seen_usec ? known->seen_usec : entry->seen_usec;
    bool newer = entry->seen_usec > known->seen_usec + ONE_SCAN_USEC;
    unsigned securities = SECURITY_BIT(entry->security) | (newer ? 0 : known->securities);

    if (entry->seen_usec + ONE_SCAN_USEC < known->seen_usec)
        return;
    if (newer || comes_before(entry, known))
        *known = *entry;
    known->seen_usec = seen;
    known->securities = securities;
}

int scan_list_add(struct scan_list *list, const struct scan_entry *entry)
{
    struct scan_entry *known = find(list, &entry->ssid);
    struct scan_entry *entries;

    if (known) {
        merge(known, entry);
        return 0;
    }
    if (list->n_entries == ENTRIES_MAX) {
        known = find_weakest(list);
        if (entry->signal <= known->signal)
            return 0;
        *known = *entry;
        known->securities = SECURITY_BIT(entry->security);
        return 0;
    }
    entries = reallocarray(list->entries, list->n_entries + 1, sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    list->entries = entries;
    entries[list->n_entries] = *entry;
    entries[list->n_entries++].securities = SECURITY_BIT(entry->security);
    return 0;
}

void scan_list_expire(struct scan_list *list, uint64_t before_usec)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n_entries; i++)
        if (list->entries[i].seen_usec >= before_usec)
            list->entries[kept++] = list->entries[i];
    list->n_entries = kept;
}

static int compare(const void *a, const void *b)
{
    const struct scan_entry *left = a;
    const struct scan_entry *right = b;

    return (int)right->signal - (int)left->signal;
}

void scan_list_sort(struct scan_list *list)
{
    if (list->n_entries > 1)
        qsort(list->entries, list->n_entries, sizeof(*list->entries), compare);
}

void scan_list_clear(struct scan_list *list)
{
    free(list->entries);
    *list = (struct scan_list){};
}

const char *security_name(enum security security)
{
    static const char *const names[] = {
            [SECURITY_OPEN] = "open",
            [SECURITY_WEP] = "wep",
            [SECURITY_OWE] = "owe",
            [SECURITY_WPA2] = "wpa2",
            [SECURITY_WPA3] = "wpa3",
            [SECURITY_WPA2_WPA3] = "wpa2-wpa3",
            [SECURITY_ENTERPRISE] = "enterprise",
    };

    return names[security];
}

bool security_is_psk(enum security security)
{
    return security == SECURITY_WPA2 || security == SECURITY_WPA3 || security == SECURITY_WPA2_WPA3;
}

bool scan_entry_takes_psk(const struct scan_entry *entry)
{
    return scan_entry_is(entry, SECURITY_WPA2) || scan_entry_is(entry, SECURITY_WPA3) ||
           scan_entry_is(entry, SECURITY_WPA2_WPA3);
}

bool scan_entry_is(const struct scan_entry *entry, enum security security)
{
    return entry->securities & SECURITY_BIT(security);
}

const char *band_name(unsigned frequency)
{
    return frequency < 3000 ? "2.4" : frequency < 5925 ? "5" : "6";
}

struct channel {
    unsigned number;
    unsigned frequency;
    unsigned noise;
};

/* Radios this far apart don't hear each other any more. */
#define OVERLAP_MHZ 22

static int compare_noise(const void *a, const void *b)
{
    const struct channel *left = a;
    const struct channel *right = b;

    if (left->noise != right->noise)
        return left->noise < right->noise ? -1 : 1;
    return (int)left->number - (int)right->number;
}

unsigned scan_list_quiet_channel(const struct scan_list *list, const char *band, unsigned skip)
{
    /* Without a country the others may be listened to, but not be opened a hotspot on. */
    struct channel low[] = {{1, 2412}, {6, 2437}, {11, 2462}};
    struct channel high[] = {{36, 5180}, {40, 5200}, {44, 5220}, {48, 5240}};
    bool is_low = strcmp(band, "bg") == 0;
    struct channel *channels = is_low ? low : high;
    size_t n = is_low ? ELEMENTSOF(low) : ELEMENTSOF(high);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < list->n_entries; j++)
            if (abs((int)list->entries[j].frequency - (int)channels[i].frequency) < OVERLAP_MHZ)
                channels[i].noise += list->entries[j].signal;
    qsort(channels, n, sizeof(*channels), compare_noise);
    return channels[skip % n].number;
}
