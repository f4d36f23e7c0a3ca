// SPDX-License-Identifier: LGPL-2.1-or-later

// The Health tab: each service of the device, what it is doing, and what happened to it.

import {ask, askService, Problem} from '/device.js';
import {setName} from '/system.js';
import {ago, byId, confirmed, fill, fillList, fromTemplate, lasting, perform, toast} from '/view.js';

const EVENTS_MAX = 20;

// What a customer calls them; a service that isn't here keeps its own name.
const NAMES = {
    'user-network': 'Network setup',
    'webserver': 'This page',
    'healthd': 'Health watch',
    'identclient': 'Factory enrolment',
    'NetworkManager': 'Network connections',
};

const STATES = {
    active: ['good', 'Running'],
    failing: ['bad', 'Not working'],
    degraded: ['bad', 'Keeps failing'],
    activating: ['warning', 'Starting'],
    reloading: ['warning', 'Reloading'],
    deactivating: ['warning', 'Stopping'],
    inactive: ['idle', 'Not running'],
    failed: ['bad', 'Failed'],
    'not-found': ['bad', 'Not installed'],
};

const RESTART_WARNINGS = {
    'NetworkManager': 'All of the device\'s connections are interrupted for some seconds, this page\'s too.',
    'user-network': 'The device\'s own Wi-Fi may go away for some seconds, and this page with it.',
    'webserver': 'This page stops answering for a moment.',
};

// One runs once in a device's life, when it is its turn; the other could not restart itself.
const NOT_RESTARTED = ['identclient', 'healthd'];

const RESTART_PATIENCE_MS = 65000;

let refreshPage;

function describeState(service) {
    return STATES[service.state] ?? ['warning', service.state];
}

function describeCheck(check) {
    return `${check.type} ${check.target}: ${check.message}`;
}

function fillChecks(list, checks) {
    fillList(list, checks ?? [], (check) => describeCheck(check),
        () => document.createElement('li'),
        (item, check) => {
            item.textContent = describeCheck(check);
            item.dataset.state = check.state;
        });
    list.hidden = list.children.length === 0;
}

function makeCard([name]) {
    const card = fromTemplate('service-card');
    const button = card.querySelector('button');

    card.dataset.service = name;
    button.hidden = NOT_RESTARTED.includes(name);
    button.setAttribute('aria-label', `Restart ${NAMES[name] ?? name}`);
    button.addEventListener('click', () => perform(button, () => restart(name)));
    return card;
}

function fillCard(card, [name, service]) {
    const [look, state] = describeState(service);

    card.dataset.look = look;
    card.dataset.state = service.state;
    fill(card, {
        name: NAMES[name] ?? name,
        state,
        since: service.since ? `for ${lasting(service.since)}` : '',
        status: service.status,
        detail: service.detail === service.status ? '' : service.detail,
        restarts: service.restarts > 0 ?
            `${name} · restarted ${service.restarts === 1 ? 'once' : `${service.restarts} times`}` :
            name,
    });
    fillChecks(card.querySelector('.checks'), service.checks);
}

function summarize(services) {
    const looks = services.map(([, service]) => describeState(service)[0]);
    const bad = looks.filter((look) => look === 'bad').length;
    const unsettled = looks.filter((look) => look === 'warning').length;
    const summary = byId('summary');

    if (bad > 0) {
        summary.dataset.look = 'bad';
        fill(summary, {
            badge: '!',
            headline: bad === 1 ? 'One service has failed' : `${bad} services have failed`,
            explanation: 'The device tries to heal it by itself. You can also restart it below.',
        });
    } else if (unsettled > 0) {
        summary.dataset.look = 'warning';
        fill(summary, {
            badge: '…',
            headline: 'Not everything is settled',
            explanation: 'Something is starting, waiting or being mended. The details are below.',
        });
    } else {
        summary.dataset.look = 'good';
        fill(summary, {badge: '✓', headline: 'All is well', explanation: 'Every service does what it should.'});
    }
    summary.hidden = false;
}

function showEvents(events) {
    const latest = [...events].sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(0, EVENTS_MAX);

    fillList(byId('events'), latest, (event) => `${event.time} ${event.service} ${event.event}`,
        (event) => {
            const item = document.createElement('li');
            const time = document.createElement('time');
            const text = document.createElement('span');

            item.dataset.event = event.event;
            time.dateTime = event.time;
            text.textContent = event.message ?? `${event.service}: ${event.event}`;
            item.append(text, time);
            return item;
        },
        (item, event) => { item.lastChild.textContent = ago(event.time); });
    byId('no-events').hidden = latest.length > 0;
    byId('events-card').hidden = false;
}

async function restart(name) {
    const title = `Restart ${NAMES[name] ?? name}?`;

    if (!await confirmed(title, RESTART_WARNINGS[name] ?? 'It is back within some seconds.', 'Restart'))
        return;
    try {
        await ask('POST', '/api/v1/health/restart', {service: name}, RESTART_PATIENCE_MS);
    } catch (error) {
        // The page's own server goes down with the answer.
        if (name !== 'webserver' || (error instanceof Problem && error.code !== 'stopping'))
            throw error;
    }
    toast(`${NAMES[name] ?? name} was restarted.`);
    refreshPage();
}

export async function refresh() {
    const health = await askService('/api/v1/health', (reason) => {
        byId('health-missing').hidden = reason === null;
        fill(byId('health-missing'), {reason});
    });

    for (const id of ['summary', 'services', 'events-card'])
        byId(id).hidden = !health;
    if (!health)
        return;
    const services = Object.entries(health.services ?? {});

    setName(health.hostname);
    summarize(services);
    fillList(byId('services'), services, ([name]) => name, makeCard, fillCard);
    showEvents(health.events ?? []);
}

export function start(refreshNow) {
    refreshPage = refreshNow;
}
