/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the commands of unboxctl share: how they ask the daemons, and how they print. A command
 * returns an exit code of enum unbox_exit, and has said on stderr why when it isn't 0.
 */

#include <stdbool.h>
#include <stdio.h>

#include "unbox/ipc.h"
#include "unbox/run.h"
#include "util.h"

#define CTL_HEALTHD "healthd"
#define CTL_NETWORK "user-network"
#define CTL_BENCH "identserver"

#define CTL_ASK_USEC (10 * USEC_PER_SEC)
/* As long as healthd waits for systemd, and a little. */
#define CTL_RESTART_USEC (100 * USEC_PER_SEC)

/* What was on the command line. Strings are NULL when their option wasn't. */
struct ctl {
    bool json;
    bool yes;
    bool hidden;
    bool label;
    bool svg;
    bool colour; /* on a terminal that wants it */
    const char *password_file;
    const char *lines;
    const char *since;
    const char *priority;
    const char *confirm_within;
    const char *security; /* these, of the network that is to be joined */
    const char *identity;
    const char *anonymous_identity;
    const char *domain;
    const char *ca;
    const char *certificate;
    const char *key;
    const char *address;
    const char *gateway;
    const char *dns;
    char **words; /* behind the command; ended by NULL */
};

/* Which options a command takes besides --help. */
enum ctl_option {
    CTL_JSON = 1 << 0,
    CTL_YES = 1 << 1,
    CTL_HIDDEN = 1 << 2,
    CTL_PASSWORD_FILE = 1 << 3,
    CTL_LINES = 1 << 4,
    CTL_SINCE = 1 << 5,
    CTL_PRIORITY = 1 << 6,
    CTL_CONFIRM_WITHIN = 1 << 7,
    CTL_SECURITY = 1 << 8,
    CTL_IDENTITY = 1 << 9,
    CTL_ANONYMOUS_IDENTITY = 1 << 10,
    CTL_DOMAIN = 1 << 11,
    CTL_CA = 1 << 12,
    CTL_CERTIFICATE = 1 << 13,
    CTL_KEY = 1 << 14,
    CTL_ADDRESS = 1 << 15,
    CTL_GATEWAY = 1 << 16,
    CTL_DNS = 1 << 17,
    CTL_JOIN = CTL_HIDDEN | CTL_PASSWORD_FILE | CTL_SECURITY | CTL_IDENTITY |
               CTL_ANONYMOUS_IDENTITY | CTL_DOMAIN | CTL_CA | CTL_CERTIFICATE | CTL_KEY |
               CTL_ADDRESS | CTL_GATEWAY | CTL_DNS,
    CTL_LABEL = 1 << 18,
    CTL_SVG = 1 << 19,
};

struct ctl_command {
    const char *name;      /* one word or two */
    const char *arguments; /* for people */
    int words_min;
    int words_max; /* -1: any number */
    unsigned options;
    const char *meaning; /* one line */
    const char *details; /* what --help adds; NULL: nothing */
    int (*run)(const struct ctl *ctl);
};

/* What user-network's `connect` is asked for, but for the password. *ret is the caller's. Returns
 * the exit code, and has complained. */
int ctl_join_params(const struct ctl *ctl, json_t **ret);

/* The saved network of this name among the answer to `networks`, borrowed; NULL: there is none. */
json_t *ctl_saved_network(const json_t *networks, const char *ssid);

/* The name of a network in an answer; one that is no text is shown by its bytes, which *ret_made
 * then owns. */
const char *ctl_ssid(const json_t *network, char **ret_made);

/* "unboxctl: …" on stderr. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Asks `service` on its socket; `params` is taken over. Returns 0 with *ret (the caller's), or the
 * exit code, and has complained.
 */
int ctl_ask(const char *service, const char *method, json_t *params, uint64_t timeout_usec,
        json_t **ret);

/* The same without a word, for what may be missing. *ret is NULL then. */
void ctl_ask_quietly(const char *service, const char *method, json_t **ret);

/* What to say of an answer that didn't come, as unbox_ipc_reply_fn has it (`code` may be NULL).
 * Returns the exit code. */
int ctl_failed(
        const char *service, const char *path, int error, const char *code, const char *message);

/* As it came. Returns the exit code. */
int ctl_print_json(const json_t *value);

/* A member that is a string, or "". */
const char *ctl_text(const json_t *object, const char *key);

/* A whole number from `min` to `max`; otherwise complains of the option and returns false. */
bool ctl_number(const char *option, const char *text, int min, int max, int *ret);

enum ctl_colour { CTL_PLAIN, CTL_BOLD, CTL_DIM, CTL_RED, CTL_GREEN, CTL_YELLOW };

/* The escape sequences before and behind; "" without colours. */
const char *ctl_on(const struct ctl *ctl, enum ctl_colour colour);
const char *ctl_off(const struct ctl *ctl, enum ctl_colour colour);

/* Prints text that comes from others: what could steer a terminal becomes \xNN. */
void ctl_put(const char *text);

/* How many columns of a terminal ctl_put() of it takes. */
size_t ctl_width(const char *text);

/* Rows of aligned cells. */
struct ctl_table;

/* `headings` ends with NULL. NULL: out of memory. */
struct ctl_table *ctl_table_new(const char *const *headings);

/* Adds a cell to the last row, or begins the next one when that is full. `text` is copied. */
void ctl_table_add(struct ctl_table *table, enum ctl_colour colour, const char *text);

/* The last column is as long as it is. */
void ctl_table_print(const struct ctl *ctl, const struct ctl_table *table);

/* Accepts NULL; returns NULL. */
struct ctl_table *ctl_table_free(struct ctl_table *table);

DEFINE_CLEANUP(struct ctl_table *, ctl_table_free);

/* Asks user-network to join, with these parameters of `connect` (taken over), and tells how that
 * goes until there is a verdict. `before` is the one of the time before, or NULL; borrowed. Returns
 * the exit code. */
int ctl_join_and_tell(json_t *params, json_t *before);

/* Has user-network look for networks, and waits until it has, or 20 s. Returns the exit code, and
 * has complained. */
int ctl_scan(void);

/* The commands. */
int ctl_status(const struct ctl *ctl);
int ctl_health(const struct ctl *ctl);
int ctl_restart(const struct ctl *ctl);
int ctl_logs(const struct ctl *ctl);
int ctl_monitor(const struct ctl *ctl);
int ctl_network(const struct ctl *ctl);
int ctl_network_networks(const struct ctl *ctl);
int ctl_network_scan(const struct ctl *ctl);
int ctl_network_connect(const struct ctl *ctl);
int ctl_network_saved(const struct ctl *ctl);
int ctl_network_priority(const struct ctl *ctl);
int ctl_network_forget(const struct ctl *ctl);
int ctl_network_reset(const struct ctl *ctl);
int ctl_network_radio(const struct ctl *ctl);
int ctl_network_hotspot(const struct ctl *ctl);
int ctl_network_country(const struct ctl *ctl);
int ctl_network_wired(const struct ctl *ctl);
int ctl_config_check(const struct ctl *ctl);
int ctl_config_show(const struct ctl *ctl);
int ctl_config_apply(const struct ctl *ctl);
int ctl_config_confirm(const struct ctl *ctl);
int ctl_reboot(const struct ctl *ctl);
int ctl_factory_reset(const struct ctl *ctl);
int ctl_diagnostics(const struct ctl *ctl);
int ctl_factory_batches(const struct ctl *ctl);
int ctl_factory_devices(const struct ctl *ctl);
int ctl_factory_failures(const struct ctl *ctl);
int ctl_factory_export(const struct ctl *ctl);
int ctl_factory_labels(const struct ctl *ctl);
int ctl_factory_label(const struct ctl *ctl);
int ctl_factory_token(const struct ctl *ctl);
int ctl_factory_open(const struct ctl *ctl);
int ctl_factory_close(const struct ctl *ctl);
int ctl_factory_retire(const struct ctl *ctl);
int ctl_call(const struct ctl *ctl);
