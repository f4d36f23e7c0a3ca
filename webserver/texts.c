/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The same as i18n.js does where there is a script, with as little as the pages need. */

#include "texts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define KEY_MAX 128

const struct texts *texts_in(const char *language)
{
    const struct texts *texts = texts_of_all;

    while (texts->language && strcmp(texts->language, language) != 0)
        texts++;
    return texts->language ? texts : texts_of_all;
}

static int compare(const void *key, const void *text)
{
    return strcmp(key, ((const struct text *)text)->key);
}

static const char *search(const struct text_table *table, const char *key)
{
    const struct text *found;

    /* bsearch() takes no NULL, not even of nothing. */
    if (table->n == 0)
        return NULL;
    found = bsearch(key, table->all, table->n, sizeof(*table->all), compare);
    return found ? found->text : NULL;
}

const char *text_find(const struct texts *texts, const char *key)
{
    return search(&texts->texts, key);
}

const char *text_of(const struct texts *texts, const char *family, const char *name)
{
    char key[KEY_MAX];
    int size = snprintf(key, sizeof(key), "%s.%s", family, name);

    return size > 0 && (size_t)size < sizeof(key) ? text_find(texts, key) : NULL;
}

const char *text_said(const struct texts *texts, const char *sentence)
{
    return search(&texts->said, sentence);
}

const char *text_country(const struct texts *texts, const char *code)
{
    for (size_t i = 0; i < texts->countries.n; i++) {
        if (strcmp(texts->countries.all[i].key, code) == 0)
            return texts->countries.all[i].text;
    }
    return NULL;
}

static const char *gap_value(const struct text_gap *gaps, const char *name, size_t size)
{
    for (; gaps && gaps->name; gaps++) {
        if (strlen(gaps->name) == size && memcmp(gaps->name, name, size) == 0)
            return gaps->value;
    }
    return "";
}

static char *fill(const char *text, const struct text_gap *gaps)
{
    char *filled = NULL;
    const char *end;
    size_t size;
    FILE *to;

    if (!text)
        return NULL;
    to = open_memstream(&filled, &size);
    if (!to)
        return NULL;
    while (*text) {
        end = *text == '{' ? strchr(text, '}') : NULL;
        if (end)
            fputs(gap_value(gaps, text + 1, end - text - 1), to);
        else
            fputc(*text, to);
        text = end ? end + 1 : text + 1;
    }
    if (fclose(to) == 0)
        return filled;
    free(filled);
    return NULL;
}

char *text_fill(const struct texts *texts, const char *key, const struct text_gap *gaps)
{
    return fill(text_find(texts, key), gaps);
}

/* The form of one (CLDR): in French that of none too. */
static bool is_one(const struct texts *texts, uint64_t count)
{
    return count == 1 || (count == 0 && strcmp(texts->language, "fr") == 0);
}

char *text_count(
        const struct texts *texts, const char *key, uint64_t count, const struct text_gap *gaps)
{
    struct text_gap all[4] = {{"count"}};
    char form[KEY_MAX], number[32];
    size_t n = 1;

    snprintf(form, sizeof(form), "%s#%s", key, is_one(texts, count) ? "one" : "other");
    snprintf(number, sizeof(number), "%" PRIu64, count);
    all[0].value = number;
    for (; gaps && gaps->name && n < ELEMENTSOF(all) - 1; gaps++)
        all[n++] = *gaps;
    return fill(text_find(texts, form), all);
}

char *text_duration(const struct texts *texts, uint64_t seconds)
{
    static const struct {
        const char *key;
        uint64_t seconds;
    } units[] = {{"days", 86400}, {"hours", 3600}, {"minutes", 60}, {"seconds", 1}};
    _cleanup_free_ char *large = NULL, *small = NULL;
    char *both = NULL;
    size_t i = 0;

    while (i < ELEMENTSOF(units) - 1 && seconds < units[i].seconds)
        i++;
    large = text_count(texts, units[i].key, seconds / units[i].seconds, NULL);
    seconds %= units[i].seconds;
    if (i == ELEMENTSOF(units) - 1 || seconds / units[i + 1].seconds == 0)
        return STEAL(large);
    small = text_count(texts, units[i + 1].key, seconds / units[i + 1].seconds, NULL);
    if (large && small && asprintf(&both, "%s %s", large, small) < 0)
        both = NULL;
    return both;
}

char *text_bytes(const struct texts *texts, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kilobytes", "megabytes", "gigabytes"};
    struct text_gap gaps[] = {{"number"}, {}};
    uint64_t unit = 1, tenths;
    char number[32];
    size_t i = 0;

    while (i < ELEMENTSOF(units) - 1 && bytes / unit >= 1000) {
        unit *= 1000;
        i++;
    }
    /* Rounded, without the sum that could overflow. */
    tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit;
    if (tenths % 10 == 0)
        snprintf(number, sizeof(number), "%" PRIu64, tenths / 10);
    else
        snprintf(number, sizeof(number), "%" PRIu64 "%s%" PRIu64, tenths / 10,
                text_find(texts, "decimal") ?: ".", tenths % 10);
    gaps[0].value = number;
    return text_fill(texts, units[i], gaps);
}

int text_parse_time(const char *timestamp, time_t *ret)
{
    struct tm tm = {};

    if (!strptime(timestamp, "%Y-%m-%dT%H:%M:%S", &tm))
        return -EINVAL;
    *ret = timegm(&tm);
    return 0;
}

char *text_time(const char *timestamp, bool to_the_second)
{
    char text[sizeof("2038-01-19 03:14:07 UTC") + 16];
    struct tm tm;
    time_t time;

    if (text_parse_time(timestamp, &time) < 0 || !gmtime_r(&time, &tm) ||
            strftime(text, sizeof(text),
                    to_the_second ? "%Y-%m-%d %H:%M:%S UTC" : "%Y-%m-%d %H:%M UTC", &tm) == 0)
        return strdup(timestamp);
    return strdup(text);
}
