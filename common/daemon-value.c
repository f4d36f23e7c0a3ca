/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the settings of a service may be, and how each kind of them is written. A unit file has no
 * way to say everything: whole lines are trimmed, a backslash at their end joins the next one to
 * them, a percent sign begins a specifier, and what systemd doesn't understand it mostly skips with
 * a warning. So nothing goes there that it would read as something else, or not at all.
 *
 * Source: systemd.syntax(7), systemd.service(5) "COMMAND LINES", systemd.unit(5) "SPECIFIERS".
 */

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "daemon-settings.h"
#include "util.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* UNIT_NAME_MAX of systemd counts the NUL. */
#define UNIT_NAME_LENGTH_MAX 255
#define USER_NAME_LENGTH_MAX 31
#define CPU_QUOTA_MAX 100000

/* Of what is UTF-8. Unicode has code points that never are a character (U+FFFE, U+FDD0, …): systemd
 * skips a line with one of them. */
static bool is_all_characters(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        unsigned length = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
        uint32_t code = length == 1 ? *c : *c & (0x7f >> length);

        for (unsigned i = 1; i < length; i++)
            code = code << 6 | (c[i] & 0x3f);
        if ((code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef))
            return false;
        c += length;
    }
    return true;
}

/* Neither control characters, but those in `allowed`, nor what isn't UTF-8. */
static bool is_text(const char *text, const char *allowed)
{
    _cleanup_json_ json_t *utf8 = json_string(text);

    for (const char *c = text; *c; c++)
        if (((unsigned char)*c < 0x20 || *c == 0x7f) && !strchr(allowed, *c))
            return false;
    return utf8 && is_all_characters(text);
}

/* Whether it comes out of a line as it went in. */
static bool fits_in_line(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && text[0] != ' ' && text[length - 1] != ' ' && text[length - 1] != '\\' &&
           is_text(text, "");
}

static bool has_long_part(const char *path)
{
    for (const char *part = path; *part; part += strspn(part, "/")) {
        size_t length = strcspn(part, "/");

        if (length > NAME_MAX)
            return true;
        part += length;
    }
    return false;
}

static bool is_path(const char *path)
{
    size_t length = strlen(path);

    return path[0] == '/' && length < PATH_MAX && !strstr(path, "/../") &&
           (length < 3 || strcmp(path + length - 3, "/..") != 0) && !has_long_part(path) &&
           fits_in_line(path);
}

static bool is_unit_name(const char *name)
{
    static const char *const endings[] = {".service", ".socket", ".target", ".mount", ".timer",
            ".path", ".device", ".swap", ".automount", ".slice", ".scope"};
    const char *dot = strrchr(name, '.');

    if (!dot || name[0] == '.' || strlen(name) > UNIT_NAME_LENGTH_MAX || name[0] == '@' ||
            name[strspn(name, LETTERS DIGITS ":-_.\\@")])
        return false;
    /* A template, of which there is no unit without an instance. */
    if (strchr(name, '@') == dot - 1)
        return false;
    for (size_t i = 0; i < ELEMENTSOF(endings); i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return false;
}

int daemon_unit_name(const char *name, char **ret)
{
    _cleanup_free_ char *full = NULL;

    if (asprintf(&full, "%s%s", name, is_unit_name(name) ? "" : ".service") < 0)
        return -ENOMEM;
    if (!is_unit_name(full))
        return -EINVAL;
    *ret = STEAL(full);
    return 0;
}

bool daemon_can_be_made(const char *unit)
{
    return !strchr(unit, '@') && strcmp(strrchr(unit, '.'), ".service") == 0;
}

/* In double quotes, which keep everything together, with specifiers and escapes disarmed. */
static void write_quoted(FILE *file, const char *prefix, const char *text)
{
    fprintf(file, "\"%s", prefix);
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\')
            fprintf(file, "\\%c", *c);
        else if (*c == '%')
            fputs("%%", file);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            fprintf(file, "\\x%02x", (unsigned char)*c);
        else
            putc(*c, file);
    putc('"', file);
}

static bool has_pointer(const void *field)
{
    return *(const void *const *)field;
}

static bool text_is_valid(const void *field)
{
    return fits_in_line(*(const char *const *)field);
}

static void text_write(FILE *file, const char *name, const void *field)
{
    fprintf(file, "%s=", name);
    for (const char *c = *(const char *const *)field; *c; c++)
        fputs(*c == '%' ? "%%" : (const char[]){*c, '\0'}, file);
    putc('\n', file);
}

static int text_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "s", *(const char *const *)field);
}

const struct daemon_kind daemon_text = {has_pointer, text_is_valid, text_write, text_append};

static bool path_is_valid(const void *field)
{
    return is_path(*(const char *const *)field);
}

const struct daemon_kind daemon_path = {has_pointer, path_is_valid, text_write, text_append};

/* Two of the numbers mean nobody; and what begins with 0 isn't read as one. */
static bool is_user_number(const char *digits)
{
    unsigned long long number = strtoull(digits, NULL, 10);

    return number < UINT32_MAX && number != UINT16_MAX && (digits[0] != '0' || !digits[1]);
}

static bool user_is_valid(const void *field)
{
    const char *name = *(const char *const *)field;

    if (*name && !name[strspn(name, DIGITS)])
        return is_user_number(name);
    return *name && *name != '-' && *name != '.' && strlen(name) <= USER_NAME_LENGTH_MAX &&
           !name[strspn(name, LETTERS DIGITS "_-.")];
}

const struct daemon_kind daemon_user = {has_pointer, user_is_valid, text_write, text_append};

static bool command_is_valid(const void *field)
{
    const char *const *argv = *(const char *const *const *)field;

    /* systemd takes no program with quotes or a backslash in its path. */
    if (!argv[0] || !is_path(argv[0]) || strpbrk(argv[0], "\"'\\") ||
            argv[0][strlen(argv[0]) - 1] == '/')
        return false;
    for (size_t i = 1; argv[i]; i++)
        if (!is_text(argv[i], "\t\n"))
            return false;
    return true;
}

/* The colon: no variable is replaced. */
static void command_write(FILE *file, const char *name, const void *field)
{
    const char *const *argv = *(const char *const *const *)field;

    fprintf(file, "%s=", name);
    for (size_t i = 0; argv[i]; i++) {
        if (i > 0)
            putc(' ', file);
        write_quoted(file, i == 0 ? ":" : "", argv[i]);
    }
    putc('\n', file);
}

static int append_command(sd_bus_message *m, const char *const *argv)
{
    int r;

    r = sd_bus_message_open_container(m, 'r', "sasas");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", argv[0]);
    if (r < 0)
        return r;
    r = sd_bus_message_append_strv(m, (char **)argv);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "as", 1, "no-env-expand");
    if (r < 0)
        return r;
    return sd_bus_message_close_container(m);
}

static int command_append(sd_bus_message *m, const void *field)
{
    int r;

    r = sd_bus_message_open_container(m, 'v', "a(sasas)");
    if (r < 0)
        return r;
    r = sd_bus_message_open_container(m, 'a', "(sasas)");
    if (r < 0)
        return r;
    r = append_command(m, *(const char *const *const *)field);
    if (r < 0)
        return r;
    r = sd_bus_message_close_container(m);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(m);
}

const struct daemon_kind daemon_command = {
        has_pointer, command_is_valid, command_write, command_append};

static bool environment_is_valid(const void *field)
{
    for (const char *const *item = *(const char *const *const *)field; *item; item++) {
        size_t length = strspn(*item, LETTERS DIGITS "_");

        if (length == 0 || strchr(DIGITS, **item) || (*item)[length] != '=' ||
                !is_text(*item, "\t\n"))
            return false;
    }
    return true;
}

static void environment_write(FILE *file, const char *name, const void *field)
{
    for (const char *const *item = *(const char *const *const *)field; *item; item++) {
        fprintf(file, "%s=", name);
        write_quoted(file, "", *item);
        putc('\n', file);
    }
}

static int strings_append(sd_bus_message *m, const void *field)
{
    int r;

    r = sd_bus_message_open_container(m, 'v', "as");
    if (r < 0)
        return r;
    r = sd_bus_message_append_strv(m, *(char **const *)field);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(m);
}

const struct daemon_kind daemon_environment = {
        has_pointer, environment_is_valid, environment_write, strings_append};

static bool units_are_valid(const void *field)
{
    for (const char *const *unit = *(const char *const *const *)field; *unit; unit++)
        if (!is_unit_name(*unit))
            return false;
    return true;
}

static void units_write(FILE *file, const char *name, const void *field)
{
    for (const char *const *unit = *(const char *const *const *)field; *unit; unit++)
        fprintf(file, "%s=%s\n", name, *unit);
}

const struct daemon_kind daemon_units = {has_pointer, units_are_valid, units_write, strings_append};

static const char *const types[] = {
        [UNBOX_DAEMON_EXEC] = "exec",
        [UNBOX_DAEMON_NOTIFY] = "notify",
        [UNBOX_DAEMON_SIMPLE] = "simple",
        [UNBOX_DAEMON_ONESHOT] = "oneshot",
};

/* Always: ours isn't systemd's default. */
static bool type_is_set(const void *field)
{
    return true;
}

static bool type_is_valid(const void *field)
{
    return *(const enum unbox_daemon_type *)field < ELEMENTSOF(types);
}

static void type_write(FILE *file, const char *name, const void *field)
{
    fprintf(file, "%s=%s\n", name, types[*(const enum unbox_daemon_type *)field]);
}

static int type_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "s", types[*(const enum unbox_daemon_type *)field]);
}

const struct daemon_kind daemon_type = {type_is_set, type_is_valid, type_write, type_append};

static const char *const restarts[] = {
        [UNBOX_DAEMON_RESTART_NO] = "no",
        [UNBOX_DAEMON_RESTART_ON_SUCCESS] = "on-success",
        [UNBOX_DAEMON_RESTART_ON_FAILURE] = "on-failure",
        [UNBOX_DAEMON_RESTART_ON_ABNORMAL] = "on-abnormal",
        [UNBOX_DAEMON_RESTART_ON_WATCHDOG] = "on-watchdog",
        [UNBOX_DAEMON_RESTART_ON_ABORT] = "on-abort",
        [UNBOX_DAEMON_RESTART_ALWAYS] = "always",
};

static bool restart_is_set(const void *field)
{
    return *(const enum unbox_daemon_restart *)field != UNBOX_DAEMON_RESTART_NO;
}

static bool restart_is_valid(const void *field)
{
    return *(const enum unbox_daemon_restart *)field < ELEMENTSOF(restarts);
}

static void restart_write(FILE *file, const char *name, const void *field)
{
    fprintf(file, "%s=%s\n", name, restarts[*(const enum unbox_daemon_restart *)field]);
}

static int restart_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "s", restarts[*(const enum unbox_daemon_restart *)field]);
}

const struct daemon_kind daemon_restart = {
        restart_is_set, restart_is_valid, restart_write, restart_append};

static bool number_is_set(const void *field)
{
    return *(const uint64_t *)field > 0;
}

/* In files systemd reads signed numbers; the largest one of D-Bus means no limit. */
static bool number_is_valid(const void *field)
{
    uint64_t number = *(const uint64_t *)field;

    return number <= INT64_MAX || number == UINT64_MAX;
}

static void write_number(FILE *file, const char *name, uint64_t number, const char *unit)
{
    if (number == UINT64_MAX)
        fprintf(file, "%s=infinity\n", name);
    else
        fprintf(file, "%s=%" PRIu64 "%s\n", name, number, unit);
}

static void number_write(FILE *file, const char *name, const void *field)
{
    write_number(file, name, *(const uint64_t *)field, "");
}

static int number_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "t", *(const uint64_t *)field);
}

const struct daemon_kind daemon_number = {
        number_is_set, number_is_valid, number_write, number_append};

static void time_write(FILE *file, const char *name, const void *field)
{
    write_number(file, name, *(const uint64_t *)field, "us");
}

const struct daemon_kind daemon_time = {number_is_set, number_is_valid, time_write, number_append};

static bool percent_is_valid(const void *field)
{
    return *(const uint64_t *)field <= CPU_QUOTA_MAX;
}

static void percent_write(FILE *file, const char *name, const void *field)
{
    write_number(file, name, *(const uint64_t *)field, "%");
}

static int percent_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "t", *(const uint64_t *)field * (USEC_PER_SEC / 100));
}

const struct daemon_kind daemon_percent = {
        number_is_set, percent_is_valid, percent_write, percent_append};

static bool count_is_valid(const void *field)
{
    return *(const uint64_t *)field <= UINT32_MAX;
}

static int count_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "u", (uint32_t) * (const uint64_t *)field);
}

const struct daemon_kind daemon_count = {number_is_set, count_is_valid, number_write, count_append};

static bool flag_is_set(const void *field)
{
    return *(const bool *)field;
}

static bool flag_is_valid(const void *field)
{
    return true;
}

static void flag_write(FILE *file, const char *name, const void *field)
{
    fprintf(file, "%s=yes\n", name);
}

static int flag_append(sd_bus_message *m, const void *field)
{
    return sd_bus_message_append(m, "v", "b", true);
}

const struct daemon_kind daemon_flag = {flag_is_set, flag_is_valid, flag_write, flag_append};
