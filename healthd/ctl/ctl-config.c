/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration: what is wrong with it, what it comes to, and what of the product's is applied.
 */

#include <string.h>

#include "ctl.h"
#include "unbox/config.h"

/* As long as healthd waits for each of the restarts, and a little. */
#define APPLY_USEC (300 * USEC_PER_SEC)
#define CONFIRM_SECONDS_MAX (24 * 60 * 60)

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static int exit_code(int error)
{
    if (error == -EINVAL)
        return UNBOX_EXIT_CONFIG;
    return error == -EACCES || error == -EPERM ? UNBOX_EXIT_REFUSED : UNBOX_EXIT_FAILURE;
}

typedef int (*load_fn)(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error);

/* "FILE:LINE: KEY: what is wrong", as compilers write it. */
static int check(load_fn load, const char *path, const char *name)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r = load(path, &config, &error);

    if (r >= 0) {
        printf("%s: fine\n", name);
        return UNBOX_EXIT_OK;
    }
    fprintf(stderr, "%s\n", error.text);
    return exit_code(r);
}

int ctl_config_check(const struct ctl *ctl)
{
    const char *path = ctl->words[0];
    int code, product;

    if (path && access(path, F_OK) < 0) {
        ctl_complain("%s: %s", path, strerrordesc_np(errno));
        return UNBOX_EXIT_FAILURE;
    }
    code = check(unbox_config_load, path, path ?: UNBOX_CONFIG_PATH);
    if (path || access(UNBOX_CONFIG_PRODUCT_PATH, F_OK) < 0)
        return code;
    product = check(unbox_config_load_product, NULL, UNBOX_CONFIG_PRODUCT_PATH);
    return code != UNBOX_EXIT_OK ? code : product;
}

static void add_value(struct ctl_table *table, const char *section, const char *name,
        const json_t *value, bool given)
{
    _cleanup_free_ char *key = NULL, *text = NULL;

    if (asprintf(&key, "%s.%s", section, name) < 0)
        abort();
    if (!json_is_string(value))
        text = json_dumps(value, JSON_ENCODE_ANY);
    ctl_table_add(table, CTL_PLAIN, key);
    ctl_table_add(table, given ? CTL_BOLD : CTL_PLAIN, json_string_value(value) ?: text ?: "");
    ctl_table_add(table, CTL_DIM, given ? "" : "default");
}

static void print_config(const struct ctl *ctl, const struct unbox_config *config, json_t *values)
{
    static const char *const headings[] = {"KEY", "VALUE", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    const char *section, *name;
    json_t *keys, *value;

    json_object_foreach (values, section, keys) {
        if (ctl->words[0] && strcmp(ctl->words[0], section) != 0)
            continue;
        json_object_foreach (keys, name, value) {
            _cleanup_free_ char *key = NULL;

            if (asprintf(&key, "%s.%s", section, name) < 0)
                abort();
            add_value(table, section, name, value, unbox_config_given(config, key));
        }
    }
    ctl_table_print(ctl, table);
}

int ctl_config_show(const struct ctl *ctl)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    _cleanup_json_ json_t *values = NULL;
    int r;

    r = unbox_config_load(NULL, &config, &error);
    if (r < 0) {
        fprintf(stderr, "%s\n", error.text);
        return exit_code(r);
    }
    values = unbox_config_to_json(config);
    if (ctl->words[0] && !json_object_get(values, ctl->words[0])) {
        ctl_complain("there is no section \"%s\"", ctl->words[0]);
        return UNBOX_EXIT_USAGE;
    }
    if (ctl->json)
        return ctl_print_json(ctl->words[0] ? json_object_get(values, ctl->words[0]) : values);
    print_config(ctl, config, values);
    return UNBOX_EXIT_OK;
}

static void print_restarted(const json_t *answer)
{
    json_t *restarted = json_object_get(answer, "restarted"), *name;
    size_t i;

    fputs("Applied", stdout);
    json_array_foreach (restarted, i, name)
        printf("%s %s", i == 0 ? "; restarted:" : ",", json_string_value(name) ?: "");
    puts(".");
}

int ctl_config_apply(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    json_t *params = json_pack("{s:s}", "section", ctl->words[0]);
    int seconds = 0, r;

    if (ctl->confirm_within) {
        if (!ctl_number(
                    "--confirm-within", ctl->confirm_within, 1, CONFIRM_SECONDS_MAX, &seconds)) {
            json_decref(params);
            return UNBOX_EXIT_USAGE;
        }
        (void)json_object_set_new(params, "confirm_within", json_integer(seconds));
    }
    r = ctl_ask(CTL_HEALTHD, "apply_config", params, APPLY_USEC, &answer);
    if (r != 0)
        return r;
    if (ctl->json)
        return ctl_print_json(answer);
    print_restarted(answer);
    if (seconds)
        printf("Without `unboxctl config confirm %s` it is undone in %d s.\n", ctl->words[0],
                seconds);
    return UNBOX_EXIT_OK;
}

int ctl_config_confirm(const struct ctl *ctl)
{
    _cleanup_json_ json_t *answer = NULL;
    int r = ctl_ask(CTL_HEALTHD, "confirm_config", json_pack("{s:s}", "section", ctl->words[0]),
            CTL_ASK_USEC, &answer);

    if (r == 0)
        puts("The new configuration stays.");
    return r;
}
