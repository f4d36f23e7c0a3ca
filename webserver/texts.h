/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the program itself says on the pages that it fills in, in the language of whoever asks: the
 * texts of the scripts and a few of its own, from the catalogues in assets/text. embed.py makes the
 * tables.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct text {
    const char *key;
    const char *text;
};

struct text_table {
    const struct text *all;
    size_t n;
};

struct texts {
    const char *language;
    struct text_table texts;     /* sorted by their keys; a form of a text is "key#one" */
    struct text_table said;      /* of the other services: sorted by the English sentences */
    struct text_table countries; /* ISO 3166 codes, sorted by their names */
};

/* In the order of asset_languages, ended by one without a language. */
extern const struct texts texts_of_all[];

/* Those of a language that the page has. */
const struct texts *texts_in(const char *language);

/* The text of `key`, or NULL: there is none. */
const char *text_find(const struct texts *texts, const char *key);

/* A family's member ("state.wired"), or NULL: it has none of that name, which may be anything. */
const char *text_of(const struct texts *texts, const char *family, const char *name);

/* What another service's sentence is in this language, or NULL: it is not known. */
const char *text_said(const struct texts *texts, const char *sentence);

/* The name of a country, or NULL. */
const char *text_country(const struct texts *texts, const char *code);

/* A text has gaps: "Joining {ssid}". */
struct text_gap {
    const char *name;
    const char *value;
};

/*
 * The text of `key` with its gaps filled; `gaps` end with one without a name, and may be NULL. The
 * caller's; NULL: no memory, or there is no such text. text_count() takes the form for that many,
 * and fills {count} too.
 */
char *text_fill(const struct texts *texts, const char *key, const struct text_gap *gaps);
char *text_count(
        const struct texts *texts, const char *key, uint64_t count, const struct text_gap *gaps);

/* "2 days 3 hours": the two largest units. The caller's, or NULL, as all that follow. */
char *text_duration(const struct texts *texts, uint64_t seconds);

/* "7.8 GB". */
char *text_bytes(const struct texts *texts, uint64_t bytes);

/* "2026-01-05 10:20 UTC" of "2026-01-05T10:20:00Z", to the second if so wanted: of the time where
 * the reader is only a script would know. What is no time stays as it is. */
char *text_time(const char *timestamp, bool to_the_second);

/* 0, or -EINVAL: it is no time. */
int text_parse_time(const char *timestamp, time_t *ret);
