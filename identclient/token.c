/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads what a technician has written with an editor or with echo. */

#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "unbox/store.h"
#include "util.h"

#define FILE_SIZE_MAX 1024
/* What the bench takes. */
#define TOKEN_MAX 64
#define REASON_MAX 200
#define REASON "wanted on the device"

static int path_of(const char *directory, char **ret)
{
    if (asprintf(ret, "%s/" TOKEN_FILE, directory) >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

/* One line of printable ASCII, without what stands around it. Returns NULL when it isn't. */
static char *only_line(char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (!isascii(text[i]) || !isprint((unsigned char)text[i]))
            return NULL;
    return text;
}

int token_parse(char *text, struct token *ret)
{
    _cleanup_(token_done) struct token token = {};
    char *line = only_line(text), *reason;
    size_t length;

    if (!line)
        return -EBADMSG;
    if (!*line)
        return -ENODATA;
    length = strcspn(line, " ");
    reason = line + length + strspn(line + length, " ");
    if (length > TOKEN_MAX || strlen(reason) > REASON_MAX)
        return -EBADMSG;
    token.text = strndup(line, length);
    token.reason = strdup(*reason ? reason : REASON);
    if (!token.text || !token.reason)
        return -ENOMEM;
    *ret = token;
    token = (struct token){};
    return 0;
}

int token_read(const char *directory, struct token *ret)
{
    _cleanup_(crypto_secret_free_p) char *text = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = path_of(directory, &path);
    if (r >= 0)
        r = unbox_store_read(path, FILE_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r == -EFBIG ? -EBADMSG : r;
    return token_parse(text, ret);
}

bool token_waits(const char *directory)
{
    _cleanup_free_ char *path = NULL;

    return path_of(directory, &path) >= 0 && access(path, F_OK) == 0;
}

int token_remove(const char *directory)
{
    _cleanup_free_ char *path = NULL;
    int r;

    r = path_of(directory, &path);
    if (r >= 0)
        r = unbox_store_remove(path);
    return r < 0 ? r : 0;
}

void token_done(struct token *token)
{
    crypto_secret_free(token->text);
    free(token->reason);
    *token = (struct token){};
}
