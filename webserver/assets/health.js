// SPDX-License-Identifier: LGPL-2.1-or-later

// The Health tab: each service of the device, what it is doing, and what happened to it.

import {ask, askService, Problem} from '/device.js';
import {t, tOf} from '/i18n.js';
import {finished} from '/jobs.js';
import * as logs from '/logs.js';
import {setName} from '/system.js';
import {ago, byId, confirmed, describeError, fill, fillList, fromTemplate, lasting, perform, toast} from '/view.js';

const EVENTS_MAX = 20;

const LOOKS = {
    active: 'good',
    failing: 'bad',
    degraded: 'bad',
    inactive: 'idle',
    failed: 'bad',
    'not-found': 'bad',
};

// What a customer calls it; a service that he has no name for keeps its own.
function nameOf(name) {
    return tOf('service', name) ?? name;
}

// Some run when it is their turn; healthd could not restart itself.
const NOT_RESTARTED = ['identclient', 'identclient-check', 'identclient-reassign', 'identclient-renew',
    'identclient-seal', 'healthd'];

const RESTART_PATIENCE_MS = 65000;

let refreshPage;

function describeState(service) {
    return [LOOKS[service.state] ?? 'warning', tOf('service-state', service.state) ?? service.state];
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
    const button = card.querySelector('[data-testid="service-restart"]');
    const log = card.querySelector('[data-testid="service-logs"]');

    card.dataset.service = name;
    log.setAttribute('aria-label', t('logs.name', {name: nameOf(name)}));
    log.addEventListener('click', () => perform(log, () => logs.open(name, nameOf(name))));
    button.hidden = NOT_RESTARTED.includes(name);
    button.setAttribute('aria-label', t('restart.name', {name: nameOf(name)}));
    button.addEventListener('click', () => perform(button, () => restart(name)));
    return card;
}

function fillCard(card, [name, service]) {
    const [look, state] = describeState(service);

    card.dataset.look = look;
    card.dataset.state = service.state;
    fill(card, {
        name: nameOf(name),
        state,
        since: service.since ? t('lasting', {time: lasting(service.since)}) : '',
        status: service.status,
        detail: service.detail === service.status ? '' : service.detail,
        restarts: service.restarts > 0 ?
            t('restarts', {name, count: service.restarts}) :
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
            headline: t('health.bad', {count: bad}),
            explanation: t('health.bad.why'),
        });
    } else if (unsettled > 0) {
        summary.dataset.look = 'warning';
        fill(summary, {
            badge: '…',
            headline: t('health.warning'),
            explanation: t('health.warning.why'),
        });
    } else {
        summary.dataset.look = 'good';
        fill(summary, {
            badge: '✓',
            headline: t('health.good'),
            explanation: t('health.good.why'),
        });
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
            text.lang = 'en';
            item.append(text, time);
            return item;
        },
        (item, event) => { item.lastChild.textContent = ago(event.time); });
    byId('no-events').hidden = latest.length > 0;
    byId('events-card').hidden = false;
}

async function restart(name) {
    const title = t('restart.sure', {name: nameOf(name)});
    const what = tOf('restart.what', name) ?? t('restart.soon');

    if (!await confirmed(title, what, t('restart.do')))
        return;
    try {
        await finished(await ask('POST', '/api/v1/health/restart', {service: name}, RESTART_PATIENCE_MS));
    } catch (error) {
        // The page's own server goes down with the answer.
        if (name !== 'webserver' || (error instanceof Problem && error.code !== 'stopping'))
            throw error;
    }
    toast(t('restarted', {name: nameOf(name)}));
    refreshPage();
}

export async function refresh() {
    const health = await askService('/api/v1/health', (error) => {
        byId('health-missing').hidden = !error;
        fill(byId('health-missing'), {reason: error && describeError(error)});
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
