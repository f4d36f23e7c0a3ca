/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Topics and the patterns that match them, word by word. */

#include <string.h>

#include "unbox/ipc.h"

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-@:", c));
}

static bool is_word(const char *word, size_t size, bool pattern)
{
    if (pattern && size == 1 && *word == '*')
        return true;
    for (size_t i = 0; i < size; i++)
        if (!is_word_character(word[i]))
            return false;
    return size > 0;
}

bool unbox_ipc_topic_valid(const char *text, bool pattern)
{
    if (!text || strlen(text) > UNBOX_IPC_TOPIC_MAX)
        return false;
    for (;;) {
        size_t size = strcspn(text, ".");

        if (!is_word(text, size, pattern))
            return false;
        if (text[size] == '\0')
            return true;
        text += size + 1;
    }
}

bool unbox_ipc_topic_match(const char *pattern, const char *topic)
{
    for (;;) {
        size_t wanted = strcspn(pattern, "."), size = strcspn(topic, ".");
        bool any = wanted == 1 && *pattern == '*';

        if (any && pattern[wanted] == '\0')
            return size > 0;
        if (!any && (wanted != size || memcmp(pattern, topic, size) != 0))
            return false;
        if (pattern[wanted] == '\0' || topic[size] == '\0')
            return pattern[wanted] == topic[size];
        pattern += wanted + 1;
        topic += size + 1;
    }
}
