/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Everything that happens (NetworkManager, the bus, the page, the clock) ends in network_look();
 * one look then gathers the facts, asks lifecycle.c, and does the one thing that it says. Nothing
 * else decides anything.
 */

#include "network.h"

#include <string.h>
#include <time.h>

#include "hotspot.h"
#include "network-act.h"
#include "network-hotspot.h"
#include "network-scan.h"
#include "network-verdict.h"
#include "network-wire.h"
#include "page-port.h"
#include "status.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

/* While something is waited for the status line counts; that is all that happens then. */
#define COUNT_USEC (5 * USEC_PER_SEC)

bool network_on_hotspot(const struct network *network)
{
    return strcmp(network->radio.profile, NM_HOTSPOT_UUID) == 0;
}

void network_look(struct network *network)
{
    (void)sd_event_source_set_enabled(network->soon, SD_EVENT_ONESHOT);
}

uint64_t network_now(struct network *network)
{
    uint64_t usec = 0;

    (void)sd_event_now(unbox_run_event(network->run), CLOCK_BOOTTIME, &usec);
    return usec;
}

static void on_changed(void *userdata)
{
    network_look(userdata);
}

static void on_failed(unsigned reason, void *userdata)
{
    struct network *network = userdata;

    if (join_running(network->join)) {
        join_activation_failed(network->join, reason);
    } else {
        /* By itself NetworkManager would try it again and again, and never the next one. */
        if (saved_find(network->saved, &network->radio.ssid))
            network->tried = network->radio.ssid;
        network_saved_failed(network, reason);
        network_hotspot_failed(network, reason);
    }
    network_look(network);
}

/* The name that the phone opens. A change is told to dnsmasq; it reads it when the hotspot opens.
 */
static void follow_hostname(struct network *network)
{
    _cleanup_free_ char *file = NULL;
    const char *name = nm_hostname(network->nm);
    bool first = !*network->hostname, renamed;
    int r;

    if (!name && unbox_store_read(
                         network->paths->hostname, sizeof(network->hostname), &file, NULL) >= 0) {
        file[strcspn(file, " \t\n")] = '\0';
        name = file;
    }
    if (!name || !*name || strcmp(name, network->hostname) == 0 ||
            strlen(name) >= sizeof(network->hostname))
        return;
    memcpy(network->hostname, name, strlen(name) + 1);
    r = hotspot_write_names(
            network->paths, name, unbox_config_bool(network->config, "hotspot.captive_portal"));
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "the hotspot won't resolve the hostname %s", name);
    /* Whether one of an earlier run of ours is of this name is seen when it is found. */
    renamed = network_make_hotspot(network) && !first;
    if ((renamed || r > 0) && network_on_hotspot(network))
        network->hotspot_stale = true;
}

static void follow_hotspot_name(struct network *network)
{
    if (network_on_hotspot(network) && network->radio.ssid.size > 0)
        network->hotspot_aired = network->radio.ssid;
}

static void announce_hotspot(struct network *network)
{
    bool up = network_on_hotspot(network) && network->radio.state == NM_RADIO_UP;
    char name[SSID_DISPLAY_MAX];

    if (up == network->hotspot_announced)
        return;
    network->hotspot_announced = up;
    stations_refresh(network->stations);
    if (!up) {
        network->hotspot_refused = false;
        network->hotspot_abroad = false;
        network->dns_port_taken = false;
        return;
    }
    network->opening = false;
    free(network->hotspot_problem);
    network->hotspot_problem = NULL;
    life_hotspot_opened(&network->life);
    /* One that an earlier run of ours opened may have been made from another configuration. */
    network->hotspot_outdated = !nm_hotspot_is_of(network->nm, &network->hotspot);
    ssid_display(&network->radio.ssid, name);
    unbox_log_event(LOG_INFO, UNBOX_MESSAGE_HOTSPOT_UP,
            UNBOX_FIELDS("UNBOX_SSID", name, "UNBOX_INTERFACE", network->wifi_interface),
            "hotspot %s is open on %s, %s", name, network->wifi_interface, HOTSPOT_ADDRESS);
}

static void on_joined(
        enum verdict_code code, const struct ssid *ssid, const char *detail, void *userdata)
{
    struct network *network = userdata;

    network_set_verdict(network, code, ssid, detail);
    if (code == VERDICT_JOINED)
        network_end_request(network);
    life_restart(&network->life);
    network_look(network);
}

static void on_step(void *userdata)
{
    struct network *network = userdata;

    tell_join(network->tell, join_to_json(network->join));
}

static void on_recovered(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    network->busy = false;
    network_look(network);
}

/* Clears away what a join left that was cut off, as soon as NetworkManager can be asked. */
static void recover(struct network *network)
{
    bool proved = saved_is(network->saved, network->recovered.digest);

    network->recovering = false;
    network->busy = true;
    network_set_verdict(
            network, proved ? VERDICT_JOINED : VERDICT_INTERRUPTED, &network->recovered.ssid, NULL);
    network->clean_up = (struct join_clean_up){
            .paths = network->paths,
            .nm = network->nm,
            .done = on_recovered,
            .userdata = network,
    };
    join_clean_up(&network->clean_up, proved);
}

/* What a join was tried with is no network of the customer's, whatever has become of it. */
static enum nm_radio_state settled_state(const struct nm_radio *radio)
{
    bool trial = strcmp(radio->profile, NM_JOIN_UUID) == 0;

    return trial && radio->state == NM_RADIO_UP ? NM_RADIO_ADDRESSING : radio->state;
}

static void gather(struct network *network, uint64_t now_usec, struct life_facts *ret)
{
    bool address_taken = network_hotspot_address_taken(network);

    *ret = (struct life_facts){
            .now_usec = now_usec,
            .boot_wait_usec =
                    unbox_config_int(network->config, "network.boot_wait_seconds") * USEC_PER_SEC,
            .nm_running = nm_running(network->nm),
            .busy = network->busy || wired_generating(network->wired),
            .joining = join_running(network->join),
            .radio_wanted = network->radio_wanted,
            .radio_enabled = network->radio.enabled,
            .radio_blocked = network->radio.blocked,
            .radio = settled_state(&network->radio),
            .on_hotspot = network_on_hotspot(network),
            .hotspot_stale = network->hotspot_stale || network->hotspot_abroad,
            .hotspot_outdated = network->hotspot_outdated,
            .hotspot_requested = network->hotspot_requested,
            .hotspot_refused = network->hotspot_refused || address_taken,
            .cannot_serve = address_taken ||
                            (network->radio.state >= NM_RADIO_IDLE && !network->radio.can_serve),
            .country_pending = country_pending(network->country),
            .request_usec = unbox_config_int(network->config, "hotspot.request_minutes") * 60 *
                            USEC_PER_SEC,
            .clients = stations_known(network->stations) ? stations_count(network->stations) : 1,
            .wire_up = network->wire.carrier && network->wire.address[0],
            .wire_coming = network->wire.carrier &&
                           (network->wire.activating || wired_running(network->wired)),
            .saved = saved_networks(network->saved)->n_entries > 0,
            .profile_ready = saved_profiles_loaded(network->saved),
            .profiles_left = saved_left(network->saved),
            .trial_left = !network->recovering && nm_has_profile(network->nm, NM_JOIN_UUID, NULL),
            .saved_in_sight = network_next_saved(network, now_usec) != NULL,
            .scanning = network->scan_started != 0,
            .scanned = network->scanned,
    };
}

static void wake_at(struct network *network, uint64_t usec)
{
    (void)sd_event_source_set_time(network->again, usec ?: UINT64_MAX);
    (void)sd_event_source_set_enabled(network->again, usec ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

static void look(struct network *network)
{
    _cleanup_free_ char *line = NULL;
    uint64_t now_usec = network_now(network);
    struct life_facts facts;
    uint64_t again;

    nm_look_radio(network->nm, &network->radio);
    nm_look_wire(network->nm, &network->wire);
    if (network->recovering && nm_running(network->nm))
        recover(network);
    follow_hostname(network);
    follow_hotspot_name(network);
    announce_hotspot(network);
    network_follow_radio(network);
    network_find_problems(network);
    again = network_scan_look(network, now_usec);
    join_look(network->join);
    again = earlier(again, network_follow_verdict(network, now_usec));
    again = earlier(again, network_wire_look(network, now_usec));
    gather(network, now_usec, &facts);
    life_decide(&network->life, &facts, &network->decision);
    if (network->decision.state == LIFE_CONNECTED)
        network->tried = network->refused = (struct ssid){};
    network_act(network, network->decision.action);
    again = earlier(again, network->decision.again_usec);
    if (network->life.waiting_since)
        again = earlier(again, now_usec + COUNT_USEC);
    wake_at(network, again);
    if (status_summary(network, now_usec, &line) == 0)
        unbox_run_status(network->run, "%s", line);
    tell_scan(network->tell, network->scan_started != 0, network->air.n_entries);
    tell_status(network->tell, status_to_json(network, now_usec));
}

static int on_soon(sd_event_source *source, void *userdata)
{
    look(userdata);
    return 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
    look(userdata);
    return 0;
}

static void on_nm_reached(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    if (error < 0) {
        unbox_log_errno(LOG_ERR, error, "the system bus can't be reached (%s)", message);
        unbox_run_exit(network->run, UNBOX_EXIT_FAILURE);
        return;
    }
    /* From here on it can do its work, whatever the work then has to wait for. */
    unbox_run_ready(network->run);
    network_look(network);
}

static void configure(struct network *network)
{
    const struct unbox_config *config = network->config;
    int r;

    r = device_identity_read(network->paths->identity, &network->identity);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be read", network->paths->identity);
    network->hotspot = (struct nm_hotspot){
            .ssid = network->settings.ssid,
            .password = network->settings.password,
            .band = unbox_config_string(config, "hotspot.band"),
            .channel = unbox_config_int(config, "hotspot.channel"),
            .address = HOTSPOT_NETWORK,
    };
    (void)network_make_hotspot(network);
    network->hotspot_requested = access(network->paths->request, F_OK) == 0;
}

/* Not said before the hotspot opens, the country would have it open on another's channels. */
static int make_country(struct network *network, sd_event *event)
{
    const struct country_options options = {
            .event = event,
            .paths = network->paths,
            .factory = network->identity.country,
            .configured = unbox_config_string(network->config, "network.country"),
            .changed = on_changed,
            .userdata = network,
    };

    return country_new(&options, &network->country);
}

static int make_parts(struct network *network, sd_event *event)
{
    static const struct nm_events events = {.changed = on_changed, .failed = on_failed};
    struct saved_options saved;
    struct join_options join;
    int r;

    r = nm_new(unbox_config_string(network->config, "network.wifi_interface"),
            unbox_config_string(network->config, "network.wired_interface"), &events, network,
            on_nm_reached, &network->nm);
    if (r < 0)
        return r;
    network->wifi_interface = nm_radio_name(network->nm);
    network->wired_interface = nm_wire_name(network->nm);
    saved = (struct saved_options){
            .paths = network->paths,
            .interface = network->wifi_interface,
            .nm = network->nm,
    };
    r = saved_new(event, &saved, &network->saved);
    if (r < 0)
        return r;
    join = (struct join_options){
            .event = event,
            .paths = network->paths,
            .nm = network->nm,
            .saved = network->saved,
            .air = &network->air,
            .country = country_code(network->country),
            .done = on_joined,
            .stepped = on_step,
            .userdata = network,
    };
    r = join_new(&join, &network->join);
    if (r < 0)
        return r;
    network->recovering = join_recover(network->paths, network->nm, &network->recovered);
    r = stations_new(
            network->bus, network->wifi_interface, on_changed, network, &network->stations);
    if (r < 0)
        return r;
    return network_wire_new(network, event);
}

static int make_sources(struct network *network, sd_event *event)
{
    int r;

    r = sd_event_add_defer(event, &network->soon, on_soon, network);
    if (r < 0)
        return r;
    /* The first look waits for libnm: before, NetworkManager would seem not to be running. */
    r = sd_event_source_set_enabled(network->soon, SD_EVENT_OFF);
    if (r < 0)
        return r;
    r = sd_event_add_time(event, &network->again, CLOCK_BOOTTIME, UINT64_MAX, 0, on_again, network);
    if (r < 0)
        return r;
    r = sd_bus_open_system(&network->bus);
    if (r < 0)
        return r;
    return sd_bus_attach_event(network->bus, event, SD_EVENT_PRIORITY_NORMAL);
}

/* Of a network that was forgotten just before the power went there is nothing to be told. */
static void load_verdict(struct network *network)
{
    struct verdict *verdict = &network->verdict;

    verdict_load(network->paths->verdict, verdict);
    if (verdict_is_of_saved(verdict) && !saved_find(network->saved, &verdict->ssid))
        verdict_clear(verdict);
}

int network_new(struct unbox_run *run, const struct unbox_config *config, const struct paths *paths,
        struct network **ret)
{
    _cleanup_(network_free_p) struct network *network = calloc(1, sizeof(*network));
    sd_event *event = unbox_run_event(run);
    int r;

    if (!network)
        return -ENOMEM;
    network->run = run;
    network->config = config;
    network->paths = paths;
    network->port = PAGE_PORT_DEFAULT;
    network->radio_wanted = access(paths->radio_off, F_OK) < 0;
    configure(network);
    r = tell_new(&network->tell);
    if (r < 0)
        return r;
    r = make_sources(network, event);
    if (r < 0)
        return r;
    r = make_country(network, event);
    if (r < 0)
        return r;
    r = make_parts(network, event);
    if (r < 0)
        return r;
    load_verdict(network);
    *ret = STEAL(network);
    return 0;
}

struct network *network_free(struct network *network)
{
    if (!network)
        return NULL;
    join_free(network->join);
    network_wire_free(network);
    saved_free(network->saved);
    stations_free(network->stations);
    nm_free(network->nm);
    country_free(network->country);
    tell_free(network->tell);
    sd_bus_flush_close_unref(network->bus);
    sd_event_source_disable_unref(network->soon);
    sd_event_source_disable_unref(network->again);
    scan_list_clear(&network->air);
    verdict_clear(&network->verdict);
    verdict_clear(&network->verdict_before);
    free(network->hotspot_problem);
    free(network);
    return NULL;
}
