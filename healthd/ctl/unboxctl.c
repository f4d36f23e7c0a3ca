/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * unboxctl: the device on a terminal. It asks the daemons on their sockets and prints what they
 * answer; it knows nothing by itself but how to read the configuration. Here: the commands, their
 * options, and the help.
 */

#include <getopt.h>
#include <locale.h>
#include <string.h>

#include "ctl.h"

static const struct ctl_command commands[] = {
        {"status", "", 0, 0, CTL_JSON, "the whole device on one screen",
                "What the device is, what the network is doing, every service with its state, how\n"
                "often it was restarted and what it says of itself, and what happened last.\n",
                ctl_status},
        {"health", "", 0, 0, CTL_JSON, "each service's state; fails when one of them has failed",
                "For scripts: the exit status is 0 when no service is failed, degraded or "
                "missing.\n",
                ctl_health},
        {"restart", "SERVICE", 1, 1, 0, "restart a service, and wait until that is done", NULL,
                ctl_restart},
        {"logs", "SERVICE", 1, 1, CTL_JSON | CTL_LINES | CTL_SINCE | CTL_PRIORITY,
                "what a service said, and what was said of it",
                "The newest 200 entries at most. For more, and for other services, there is\n"
                "`journalctl -x -u SERVICE`.\n",
                ctl_logs},
        {"monitor", "[TOPIC…]", 0, -1, CTL_JSON | CTL_LINES | CTL_SINCE,
                "what happens, as it happens",
                "Without TOPIC everything; `health.*` and the like choose. With --since=NUMBER "
                "first\n"
                "what was kept since that event; with --lines=N it ends after so many.\n",
                ctl_monitor},
        {"network", "", 0, 0, CTL_JSON, "what the network is doing", NULL, ctl_network},
        {"network status", "", 0, 0, CTL_JSON, "the same", NULL, ctl_network},
        {"network networks", "", 0, 0, CTL_JSON, "the networks that were seen last", NULL,
                ctl_network_networks},
        {"network scan", "", 0, 0, CTL_JSON, "look for networks again, and show them", NULL,
                ctl_network_scan},
        {"network saved", "", 0, 0, CTL_JSON, "the networks that are saved", NULL,
                ctl_network_saved},
        {"network priority", "SSID N", 2, 2, 0, "which of the saved networks comes first",
                "0 to 999; a new one has 0. Of those in reach the highest is joined, and among "
                "equals\n"
                "the one that was joined last.\n",
                ctl_network_priority},
        {"network connect", "SSID", 1, 1, CTL_JOIN, "join a network, and wait for how that went",
                "The password is asked for, or is the first line of a file; it is never on the\n"
                "command line. Whoever is connected over the radio is cut off when it joins "
                "another\n"
                "network: the device goes on, and `unboxctl network` tells how it went.\n"
                "A saved network needs its name alone; one of a company (802.1X) --identity and "
                "a\n"
                "password, or --certificate and --key.\n",
                ctl_network_connect},
        {"network forget", "[SSID]", 0, 1, 0, "forget a saved network; without SSID all of them",
                NULL, ctl_network_forget},
        {"network reset", "", 0, 0, 0, "forget all that was set of the network, not the rest",
                "The saved networks, the wire's fixed address, the country, and the switch of the "
                "radio.\n"
                "The device goes on without a restart, as in its first time.\n",
                ctl_network_reset},
        {"network radio", "on|off", 1, 1, 0, "switch the radio, for good", NULL, ctl_network_radio},
        {"network hotspot", "[on|off]", 0, 1, CTL_LABEL | CTL_SVG | CTL_JSON,
                "open the hotspot, with nothing forgotten",
                "With --label instead: what belongs on the label of the device, and with --svg "
                "the\n"
                "code by which a phone joins, as a picture for the printer.\n",
                ctl_network_hotspot},
        {"network country", "CODE", 1, 1, 0, "say where the radio is, as in CA", NULL,
                ctl_network_country},
        {"network wired", "[dhcp|static …|confirm]", 0, 6, CTL_JSON,
                "how the wire is set up, or set it up",
                "`static ADDRESS/PREFIX [GATEWAY [DNS…]]` tries a fixed address for a minute. It "
                "is\n"
                "kept when somebody reaches the device on it and says `confirm` there (over SSH, "
                "or\n"
                "on the page); otherwise the wire goes back to what it was. `dhcp` takes effect "
                "at\n"
                "once.\n",
                ctl_network_wired},
        {"config check", "[FILE]", 0, 1, 0, "is the configuration right?",
                "Without FILE: /etc/unbox/config.yaml with what lies over it, and the product's "
                "own\n"
                "in /var/lib/unbox/product. What is wrong is said as FILE:LINE: KEY: WHAT, and "
                "the\n"
                "exit status is 78.\n",
                ctl_config_check},
        {"config show", "[SECTION]", 0, 1, CTL_JSON,
                "every value, defaults included, but no secrets", NULL, ctl_config_show},
        {"config apply", "SECTION", 1, 1, CTL_JSON | CTL_CONFIRM_WITHIN,
                "apply a section of the product's configuration",
                "SECTION is wifi, network, bluetooth or time. What doesn't work is undone. With\n"
                "--confirm-within it is undone, too, unless `unboxctl config confirm` comes in "
                "time:\n"
                "for changes that could cut off whoever makes them.\n",
                ctl_config_apply},
        {"config confirm", "SECTION", 1, 1, 0, "keep what was applied with --confirm-within", NULL,
                ctl_config_confirm},
        {"diagnostics", "[FILE]", 0, 1, 0, "all that helps to see what is wrong, without secrets",
                "One JSON document to be sent away: states, logs, versions, network, "
                "configuration.\n"
                "Without FILE it goes into the current folder, or where the output is piped to.\n",
                ctl_diagnostics},
        {"reboot", "", 0, 0, 0, "shut the device down and start it again", NULL, ctl_reboot},
        {"factory-reset", "", 0, 0, CTL_YES, "forget the customer, and reboot",
                "Asks for the name of the device first. The identity from the factory stays.\n",
                ctl_factory_reset},
        {"factory batches", "", 0, 0, CTL_JSON, "on a bench: the batches, and how far they are",
                NULL, ctl_factory_batches},
        {"factory devices", "[BATCH]", 0, 1, CTL_JSON, "on a bench: its devices", NULL,
                ctl_factory_devices},
        {"factory failures", "", 0, 0, CTL_JSON, "on a bench: what was refused, and why", NULL,
                ctl_factory_failures},
        {"factory export", "[BATCH]", 0, 1, 0, "on a bench: its devices as CSV", NULL,
                ctl_factory_export},
        {"factory labels", "[BATCH]", 0, 1, CTL_JSON,
                "on a bench: its devices' labels, as a page for the printer",
                "A document for a browser to print: 24 labels to a sheet of A4, 63.5 by 33.9 mm.\n"
                "Each has hostname, serial, the hotspot's name and password, and the code by which "
                "a\n"
                "phone joins it. The bench's configuration has to say of the hotspot what the\n"
                "devices' says.\n",
                ctl_factory_labels},
        {"factory label", "SERIAL", 1, 1, CTL_JSON, "on a bench: the label of one device", NULL,
                ctl_factory_label},
        {"factory token", "SERIAL [REASON]", 1, 2, CTL_JSON,
                "on a bench: let a device have new credentials", NULL, ctl_factory_token},
        {"factory open", "BATCH", 1, 1, 0, "on a bench: let a batch take devices", NULL,
                ctl_factory_open},
        {"factory close", "BATCH", 1, 1, 0, "on a bench: let it take no more", NULL,
                ctl_factory_close},
        {"factory retire", "HOSTNAME", 1, 1, CTL_YES,
                "on a bench: revoke a device's certificates for good", NULL, ctl_factory_retire},
        {"call", "SERVICE METHOD [PARAMS]", 2, 3, 0, "ask any method of a service's socket",
                "PARAMS is a JSON object. `unboxctl call healthd describe` lists the methods.\n",
                ctl_call},
};

static const struct {
    enum ctl_option option;
    struct option known;
    const char *argument;
    const char *meaning;
} options[] = {
        {CTL_JSON, {"json", no_argument, NULL, 'j'}, "", "print the answer as it came"},
        {CTL_YES, {"yes", no_argument, NULL, 'y'}, "", "don't ask first"},
        {CTL_LINES, {"lines", required_argument, NULL, 'n'}, "=N", "so many, and no more"},
        {CTL_SINCE, {"since", required_argument, NULL, 's'}, "=WHEN",
                "30m, 2h, 3d ago, or a time: 2026-01-31T23:59:59Z; of events a number"},
        {CTL_PRIORITY, {"priority", required_argument, NULL, 'p'}, "=P",
                "this and what is more urgent: err, warning, notice, info, debug"},
        {CTL_HIDDEN, {"hidden", no_argument, NULL, 'H'}, "", "the network doesn't tell its name"},
        {CTL_LABEL, {"label", no_argument, NULL, 'L'}, "",
                "show name, password and QR code's text"},
        {CTL_SVG, {"svg", no_argument, NULL, 'G'}, "", "print the QR code as SVG"},
        {CTL_PASSWORD_FILE, {"password-file", required_argument, NULL, 'P'}, "=FILE",
                "its first line; - is standard input, an empty one an open network"},
        {CTL_CONFIRM_WITHIN, {"confirm-within", required_argument, NULL, 'c'}, "=SECONDS",
                "undo it unless it is confirmed in time"},
        {CTL_SECURITY, {"security", required_argument, NULL, 'S'}, "=KIND",
                "open, wpa, owe, peap or tls, where the air doesn't tell"},
        {CTL_IDENTITY, {"identity", required_argument, NULL, 'i'}, "=USER",
                "the user name, of a company's network"},
        {CTL_ANONYMOUS_IDENTITY, {"anonymous-identity", required_argument, NULL, 'A'}, "=USER",
                "what strangers see instead"},
        {CTL_DOMAIN, {"domain", required_argument, NULL, 'D'}, "=NAME",
                "that the network's server must be of"},
        {CTL_CA, {"ca", required_argument, NULL, 'C'}, "=FILE",
                "PEM, who vouches for the network's server"},
        {CTL_CERTIFICATE, {"certificate", required_argument, NULL, 'E'}, "=FILE",
                "PEM, the device's, instead of a password"},
        {CTL_KEY, {"key", required_argument, NULL, 'K'}, "=FILE", "PEM, of that certificate"},
        {CTL_ADDRESS, {"address", required_argument, NULL, 'a'}, "=ADDRESS/PREFIX",
                "a fixed address"},
        {CTL_GATEWAY, {"gateway", required_argument, NULL, 'g'}, "=ADDRESS", "of that network"},
        {CTL_DNS, {"dns", required_argument, NULL, 'd'}, "=ADDRESS[,…]",
                "name servers, at most three"},
};

static void print_command(const struct ctl_command *command)
{
    char words[64];

    snprintf(words, sizeof(words), "%s %s", command->name, command->arguments);
    printf("  %-28s %s\n", words, command->meaning);
}

static int help_all(void)
{
    fputs("usage: unboxctl COMMAND [ARGUMENT…] [OPTION…]\n\n", stdout);
    for (size_t i = 0; i < ELEMENTSOF(commands); i++)
        print_command(&commands[i]);
    fputs("\n  --help, --version\n\n"
          "`unboxctl COMMAND --help` tells more of a command, unboxctl(8) all.\n",
            stdout);
    return UNBOX_EXIT_OK;
}

static void help_command(const struct ctl_command *command)
{
    printf("usage: unboxctl %s%s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
            command->arguments, command->options ? " [OPTION…]" : "", command->meaning);
    if (command->details)
        printf("\n%s", command->details);
    if (command->options)
        putchar('\n');
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        char words[64];

        if (!(command->options & options[i].option))
            continue;
        snprintf(words, sizeof(words), "--%s%s", options[i].known.name, options[i].argument);
        printf("  %-26s %s\n", words, options[i].meaning);
    }
}

static int misused(const char *hint)
{
    fprintf(stderr, "Try `unboxctl %s%s--help`.\n", hint, *hint ? " " : "");
    return UNBOX_EXIT_USAGE;
}

/* By its one or two words. */
static const struct ctl_command *find(char **words, size_t *ret_used)
{
    char both[64] = "";

    if (!words[0])
        return NULL;
    if (words[1])
        snprintf(both, sizeof(both), "%s %s", words[0], words[1]);
    for (*ret_used = 2; *ret_used > 0; (*ret_used)--)
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
            if (strcmp(commands[i].name, *ret_used == 2 ? both : words[0]) == 0)
                return &commands[i];
    return NULL;
}

/* Of a command, or of a group of them such as "network". */
static int help(char **words)
{
    size_t used, length = words[0] ? strlen(words[0]) : 0;
    const struct ctl_command *command = find(words, &used);
    bool group = false;

    if (!words[0])
        return help_all();
    if (command)
        help_command(command);
    for (size_t i = 0; i < ELEMENTSOF(commands) && (!command || used == 1); i++) {
        if (strncmp(commands[i].name, words[0], length) != 0 || commands[i].name[length] != ' ')
            continue;
        if (!group)
            printf("%s %s COMMAND\n\n", command ? "\nor:    unboxctl" : "usage: unboxctl",
                    words[0]);
        print_command(&commands[i]);
        group = true;
    }
    if (command || group)
        return UNBOX_EXIT_OK;
    ctl_complain("there is no command \"%s\"", words[0]);
    return misused("");
}

static int run(struct ctl *ctl, unsigned given, char **words)
{
    const struct ctl_command *command;
    size_t used = 0;
    int count = 0;

    command = find(words, &used);
    if (!command) {
        if (words[0])
            ctl_complain("there is no command \"%s%s%s\"", words[0], words[1] ? " " : "",
                    words[1] ?: "");
        else
            ctl_complain("which command?");
        return misused("");
    }
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        if (given & options[i].option & ~command->options) {
            ctl_complain("%s takes no --%s", command->name, options[i].known.name);
            return misused(command->name);
        }
    ctl->words = words + used;
    while (ctl->words[count])
        count++;
    if (count < command->words_min || (command->words_max >= 0 && count > command->words_max)) {
        ctl_complain("%s takes %s", command->name,
                *command->arguments ? command->arguments : "no argument");
        return misused(command->name);
    }
    return command->run(ctl);
}

static void take_join(struct ctl *ctl, enum ctl_option option, const char *argument)
{
    const struct {
        enum ctl_option option;
        const char **place;
    } places[] = {{CTL_SECURITY, &ctl->security}, {CTL_IDENTITY, &ctl->identity},
            {CTL_ANONYMOUS_IDENTITY, &ctl->anonymous_identity}, {CTL_DOMAIN, &ctl->domain},
            {CTL_CA, &ctl->ca}, {CTL_CERTIFICATE, &ctl->certificate}, {CTL_KEY, &ctl->key},
            {CTL_ADDRESS, &ctl->address}, {CTL_GATEWAY, &ctl->gateway}, {CTL_DNS, &ctl->dns}};

    for (size_t i = 0; i < ELEMENTSOF(places); i++)
        if (places[i].option == option)
            *places[i].place = argument;
}

static void take(struct ctl *ctl, enum ctl_option option, const char *argument)
{
    ctl->json |= option == CTL_JSON;
    ctl->yes |= option == CTL_YES;
    ctl->hidden |= option == CTL_HIDDEN;
    ctl->label |= option == CTL_LABEL;
    ctl->svg |= option == CTL_SVG;
    if (option == CTL_LINES)
        ctl->lines = argument;
    if (option == CTL_SINCE)
        ctl->since = argument;
    if (option == CTL_PRIORITY)
        ctl->priority = argument;
    if (option == CTL_PASSWORD_FILE)
        ctl->password_file = argument;
    if (option == CTL_CONFIRM_WITHIN)
        ctl->confirm_within = argument;
    take_join(ctl, option, argument);
}

/* https://no-color.org: set and not empty. */
static bool wants_colour(void)
{
    const char *term = getenv("TERM"), *none = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (!none || !*none) && term && strcmp(term, "dumb") != 0;
}

/* What didn't reach the file or the reader is no success. */
static int flushed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno != EPIPE)
        ctl_complain("standard output: %s", strerrordesc_np(errno));
    return code == UNBOX_EXIT_OK ? UNBOX_EXIT_FAILURE : code;
}

int main(int argc, char **argv)
{
    struct option known[ELEMENTSOF(options) + 3] = {};
    struct ctl ctl = {.colour = wants_colour()};
    bool wants_help = false;
    unsigned given = 0;
    int c;

    /* What daemons say is UTF-8, whatever the terminal's language. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    for (size_t i = 0; i < ELEMENTSOF(options); i++)
        known[i] = options[i].known;
    known[ELEMENTSOF(options)] = (struct option){"help", no_argument, NULL, 'h'};
    known[ELEMENTSOF(options) + 1] = (struct option){"version", no_argument, NULL, 'v'};

    while ((c = getopt_long(argc, argv, "hn:p:", known, NULL)) >= 0) {
        wants_help |= c == 'h';
        if (c == 'v') {
            puts("unboxctl " PROJECT_VERSION);
            return flushed(UNBOX_EXIT_OK);
        }
        if (c == '?')
            return misused("");
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
            if (options[i].known.val == c) {
                given |= options[i].option;
                take(&ctl, options[i].option, optarg);
            }
    }
    if (wants_help)
        return flushed(help(argv + optind));
    if (argv[optind] && strcmp(argv[optind], "help") == 0)
        return flushed(help(argv + optind + 1));
    return flushed(run(&ctl, given, argv + optind));
}
