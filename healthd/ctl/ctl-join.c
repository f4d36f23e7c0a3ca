/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What `network connect` asks for: options become parameters, and files of certificates their text.
 */

#include <string.h>

#include "ctl.h"

#define PEM_MAX (16 * 1024) /* user-network's */

/* Text of the command line or of a file; false: it isn't UTF-8. */
static bool set(json_t *params, const char *name, const char *text)
{
    json_t *value = text ? json_string(text) : NULL;

    if (text && !value) {
        ctl_complain("%s must be UTF-8", name);
        return false;
    }
    if (value)
        (void)json_object_set_new(params, name, value);
    return true;
}

static bool set_file(json_t *params, const char *name, const char *path)
{
    char text[PEM_MAX + 2];
    FILE *stream;
    size_t size;
    bool done;

    if (!path)
        return true;
    stream = fopen(path, "re");
    if (!stream) {
        ctl_complain("%s can't be read: %s", path, strerrordesc_np(errno));
        return false;
    }
    /* No copy of a key stays in a buffer. */
    (void)setvbuf(stream, NULL, _IONBF, 0);
    size = fread(text, 1, PEM_MAX + 1, stream);
    done = !ferror(stream) && size > 0 && size <= PEM_MAX;
    fclose(stream);
    text[size] = '\0';
    done = done && strlen(text) == size;
    if (done)
        done = set(params, name, text);
    else
        ctl_complain("%s is no PEM file of at most 16 KiB", path);
    explicit_bzero(text, sizeof(text));
    return done;
}

/* "1.1.1.1,9.9.9.9" */
static bool set_list(json_t *params, const char *name, const char *text)
{
    _cleanup_free_ char *copy = text ? strdup(text) : NULL;
    char *rest = copy, *word;
    json_t *list;

    if (!text)
        return true;
    list = json_array();
    while ((word = strsep(&rest, ",")))
        if (*word)
            (void)json_array_append_new(list, json_string(word));
    return json_object_set_new(params, name, list) == 0;
}

int ctl_join_params(const struct ctl *ctl, json_t **ret)
{
    _cleanup_json_ json_t *params = json_pack("{s:b}", "hidden", ctl->hidden);

    if (!set(params, "ssid", ctl->words[0]) || !set(params, "security", ctl->security) ||
            !set(params, "identity", ctl->identity) ||
            !set(params, "anonymous_identity", ctl->anonymous_identity) ||
            !set(params, "domain", ctl->domain) || !set(params, "address", ctl->address) ||
            !set(params, "gateway", ctl->gateway) || !set_list(params, "dns", ctl->dns))
        return UNBOX_EXIT_USAGE;
    if (!set_file(params, "ca_certificate", ctl->ca) ||
            !set_file(params, "client_certificate", ctl->certificate) ||
            !set_file(params, "client_key", ctl->key))
        return UNBOX_EXIT_FAILURE;
    *ret = STEAL(params);
    return UNBOX_EXIT_OK;
}
