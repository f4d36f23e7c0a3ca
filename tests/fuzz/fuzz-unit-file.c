/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The unit file of a service that an application makes. Whatever its settings are: they are
 * refused, or systemd reads out of the file what was put into it, and nothing else. The input is a
 * list of settings, each ended by a NUL byte: a letter of the table below, and the value.
 */

#include <inttypes.h>
#include <string.h>

#include "daemon-settings.h"
#include "unit-reader.h"
#include "util.h"

#define LIST_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum kind { TEXT, PATH, USER, COMMAND, ENVIRONMENT, UNITS, NUMBER, TIME, PERCENT, CHOICE, FLAG };

#define FIELD(name) offsetof(struct unbox_daemon_settings, name)

/* `words`: of a choice, as the enum has them. */
static const struct field {
    char letter;
    enum kind kind;
    const char *section, *name;
    size_t offset;
    const char *words[8];
} fields[] = {
        {'d', TEXT, "Unit", "Description", FIELD(description), {}},
        {'a', UNITS, "Unit", "After", FIELD(after), {}},
        {'b', UNITS, "Unit", "Before", FIELD(before), {}},
        {'w', UNITS, "Unit", "Wants", FIELD(wants), {}},
        {'q', UNITS, "Unit", "Requires", FIELD(requires_), {}},
        {'B', UNITS, "Unit", "BindsTo", FIELD(binds_to), {}},
        {'p', UNITS, "Unit", "PartOf", FIELD(part_of), {}},
        {'x', UNITS, "Unit", "Conflicts", FIELD(conflicts), {}},
        {'I', TIME, "Unit", "StartLimitIntervalSec", FIELD(start_limit_interval_usec), {}},
        {'U', NUMBER, "Unit", "StartLimitBurst", FIELD(start_limit_burst), {}},
        {'T', CHOICE, "Service", "Type", FIELD(type), {"exec", "notify", "simple", "oneshot"}},
        {'c', COMMAND, "Service", "ExecStart", FIELD(argv), {}},
        {'r', COMMAND, "Service", "ExecReload", FIELD(reload_argv), {}},
        {'X', FLAG, "Service", "RemainAfterExit", FIELD(remain_after_exit), {}},
        {'D', PATH, "Service", "WorkingDirectory", FIELD(working_directory), {}},
        {'e', ENVIRONMENT, "Service", "Environment", FIELD(environment), {}},
        {'u', USER, "Service", "User", FIELD(user), {}},
        {'g', USER, "Service", "Group", FIELD(group), {}},
        {'M', NUMBER, "Service", "MemoryMax", FIELD(memory_max), {}},
        {'P', PERCENT, "Service", "CPUQuota", FIELD(cpu_quota), {}},
        {'K', NUMBER, "Service", "TasksMax", FIELD(tasks_max), {}},
        {'N', NUMBER, "Service", "LimitNOFILE", FIELD(limit_nofile), {}},
        {'R', CHOICE, "Service", "Restart", FIELD(restart),
                {"no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort",
                        "always"}},
        {'S', TIME, "Service", "RestartSec", FIELD(restart_usec), {}},
        {'W', TIME, "Service", "WatchdogSec", FIELD(watchdog_usec), {}},
        {'y', TIME, "Service", "TimeoutStartSec", FIELD(timeout_start_usec), {}},
        {'z', TIME, "Service", "TimeoutStopSec", FIELD(timeout_stop_usec), {}},
        {'i', UNITS, "Install", "WantedBy", FIELD(wanted_by), {}},
};

struct given {
    struct unbox_daemon_settings settings;
    const char *lists[ELEMENTSOF(fields)][LIST_MAX + 1];
    size_t lengths[ELEMENTSOF(fields)];
};

/* What was read; each line is used up once. */
struct lines {
    struct unit_line line[UNIT_LINES_MAX];
    int count, next;
};

static void *field_of(struct given *given, size_t i)
{
    return (char *)&given->settings + fields[i].offset;
}

static void give(struct given *given, size_t i, const char *value)
{
    void *field = field_of(given, i);

    switch (fields[i].kind) {
    case TEXT:
    case PATH:
    case USER:
        *(const char **)field = value;
        break;
    case COMMAND:
    case ENVIRONMENT:
    case UNITS:
        if (given->lengths[i] < LIST_MAX)
            given->lists[i][given->lengths[i]++] = value;
        *(const char *const **)field = given->lists[i];
        break;
    case NUMBER:
    case TIME:
    case PERCENT:
        *(uint64_t *)field = strtoull(value, NULL, 0);
        break;
    case CHOICE:
        *(unsigned *)field = strtoul(value, NULL, 0);
        break;
    case FLAG:
        *(bool *)field = true;
        break;
    }
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static const char *take(struct lines *lines, size_t i)
{
    const struct unit_line *line = &lines->line[lines->next++];

    must(lines->next <= lines->count);
    must(strcmp(line->section, fields[i].section) == 0 && strcmp(line->name, fields[i].name) == 0);
    return line->value;
}

static void must_be_text(const char *written, const char *given)
{
    _cleanup_free_ char *plain = unit_without_specifiers(written);

    must(plain && strcmp(plain, given) == 0);
}

static void must_be_path(const char *written, const char *given)
{
    _cleanup_free_ char *plain = unit_without_specifiers(written);

    must(plain && unit_is_path(plain) && unit_is_same_path(plain, given));
}

/* Of a program ":" says that no variable is replaced in what follows. */
static void must_be_command(const char *written, const char *const *given)
{
    for (size_t i = 0;; i++) {
        bool bad;
        _cleanup_free_ char *word = unit_read_word(&written, &bad);

        must(!bad && !word == !given[i]);
        if (!word)
            return;
        if (i > 0) {
            must_be_text(word, given[i]);
            continue;
        }
        must(word[0] == ':' && word[1] == '/');
        must(!strpbrk(word, "\"'\\") && word[strlen(word) - 1] != '/');
        must_be_path(word + 1, given[i]);
    }
}

static void must_be_variable(const char *written, const char *given)
{
    bool bad, more_bad;
    _cleanup_free_ char *word = unit_read_word(&written, &bad);
    _cleanup_free_ char *more = unit_read_word(&written, &more_bad);

    must(word && !bad && !more && !more_bad);
    must_be_text(word, given);
}

static void must_be_number(const char *written, uint64_t given, const char *unit)
{
    char text[64];

    snprintf(text, sizeof(text), "%" PRIu64 "%s", given, unit);
    must(strcmp(written, given == UINT64_MAX ? "infinity" : text) == 0);
    must(given <= INT64_MAX || given == UINT64_MAX);
}

static void check_list(struct lines *lines, size_t i, const char *const *list)
{
    for (; list && *list; list++) {
        const char *written = take(lines, i);

        if (fields[i].kind == UNITS)
            must(unit_is_name(written) && strcmp(written, *list) == 0);
        else
            must_be_variable(written, *list);
    }
}

static void check_string(struct lines *lines, size_t i, const char *string)
{
    const char *written = string ? take(lines, i) : NULL;

    if (!string)
        return;
    if (fields[i].kind == PATH)
        must_be_path(written, string);
    else
        must_be_text(written, string);
    if (fields[i].kind == USER)
        must(unit_is_user(written));
}

static void check_value(struct lines *lines, size_t i, const void *field)
{
    static const char *const units[] = {[TIME] = "us", [PERCENT] = "%"};

    if (fields[i].kind == FLAG) {
        if (*(const bool *)field)
            must(strcmp(take(lines, i), "yes") == 0);
    } else if (fields[i].kind == CHOICE) {
        unsigned choice = *(const unsigned *)field;

        must(choice < ELEMENTSOF(fields[i].words) && fields[i].words[choice]);
        /* Restart=no is what is so without it. */
        if (choice > 0 || fields[i].letter == 'T')
            must(strcmp(take(lines, i), fields[i].words[choice]) == 0);
    } else if (*(const uint64_t *)field > 0)
        must_be_number(take(lines, i), *(const uint64_t *)field,
                fields[i].kind == NUMBER ? "" : units[fields[i].kind]);
}

static void check_field(struct lines *lines, size_t i, const void *field)
{
    switch (fields[i].kind) {
    case TEXT:
    case PATH:
    case USER:
        check_string(lines, i, *(const char *const *)field);
        break;
    case COMMAND:
        if (*(const char *const *const *)field)
            must_be_command(take(lines, i), *(const char *const *const *)field);
        break;
    case ENVIRONMENT:
    case UNITS:
        check_list(lines, i, *(const char *const *const *)field);
        break;
    default:
        check_value(lines, i, field);
    }
}

static void check_file(struct given *given, char *text, size_t size)
{
    _cleanup_free_ struct lines *lines = calloc(1, sizeof(*lines));
    static const char *const multi_user[] = {"multi-user.target", NULL};

    must(strncmp(text, DAEMON_FILE_MARK "\n", strlen(DAEMON_FILE_MARK) + 1) == 0);
    lines->count = unit_read_lines(text, size, lines->line);
    must(lines->count >= 0);
    if (!given->settings.wanted_by)
        given->settings.wanted_by = multi_user;
    for (size_t i = 0; i < ELEMENTSOF(fields); i++)
        check_field(lines, i, field_of(given, i));
    must(lines->next == lines->count);
}

static void check_name(const char *name)
{
    _cleanup_free_ char *unit = NULL;

    if (daemon_unit_name(name, &unit) < 0)
        return;
    must(unit_is_name(unit) && strncmp(unit, name, strlen(name)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ struct given *given = calloc(1, sizeof(*given));
    _cleanup_free_ char *input = calloc(1, size + 1), *text = NULL;
    const char *setting = NULL;

    if (size > 0)
        memcpy(input, data, size);
    for (char *p = input; p < input + size; p += strlen(p) + 1) {
        check_name(p + 1);
        for (size_t i = 0; *p && i < ELEMENTSOF(fields); i++)
            if (fields[i].letter == *p)
                give(given, i, p + 1);
    }
    if (daemon_settings_check(&given->settings, &setting) < 0) {
        must(setting && *setting);
        return 0;
    }
    if (daemon_settings_to_file(&given->settings, &text, &size) >= 0)
        check_file(given, text, size);
    return 0;
}
