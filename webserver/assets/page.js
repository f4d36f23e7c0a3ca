// SPDX-License-Identifier: LGPL-2.1-or-later

// The page as a whole: which tab is open, asking the device when something has happened (or again and again, where it
// isn't told), and whether it answers.

import {Offline, Problem, requireLogin} from '/device.js';
import * as events from '/events.js';
import * as health from '/health.js';
import * as https from '/https.js';
import {t} from '/i18n.js';
import * as network from '/network.js';
import * as services from '/services.js';
import * as system from '/system.js';
import {byId, closeOnCancel} from '/view.js';

const POLL_MS = 2000;
// What trembles or just grows older is no event.
const POLL_LIVE_MS = 20000;

const ownTabs = {network, health, system};
let timer;
let running = false;
let again = false; // something has happened since it was asked

function tabs() {
    return {...ownTabs, ...services.all()};
}

function currentName() {
    const name = location.hash.slice(1);

    return name in tabs() ? name : 'network'; // the first time's way is a part of it
}

function showLink(state, text) {
    const link = byId('link');

    link.dataset.state = state;
    if (link.textContent !== text)
        link.textContent = text;
}

function online() {
    showLink('online', t('link.online'));
    byId('offline').hidden = true;
}

function offline() {
    const note = byId('offline');
    const text = network.whereTo() ?? https.whereTo() ?? t('link.lost');

    showLink('offline', t('link.offline'));
    if (note.textContent !== text)
        note.textContent = text;
    note.hidden = false;
}

async function refresh() {
    clearTimeout(timer);
    again = running;
    if (running || document.hidden)
        return;
    running = true;
    try {
        await tabs()[currentName()].refresh();
        online();
    } catch (error) {
        if (!(error instanceof Offline))
            console.error(error);
        offline();
    } finally {
        running = false;
        timer = setTimeout(refresh, again ? 0 : events.isLive() ? POLL_LIVE_MS : POLL_MS);
    }
}

// Whose business a topic is, by its first word.
const CONCERNED = {network: ['network'], health: ['health'], config: ['health'], registry: ['health'], tokens: ['system']};

function onEvent(topic) {
    const word = topic.split('.')[0];

    if (['registry', 'gap'].includes(word))
        listServices();
    // The others' are of the tab of their service.
    if (!CONCERNED[word] || CONCERNED[word].includes(currentName()))
        refresh();
}

function showTab() {
    const name = currentName();

    for (const link of document.querySelectorAll('.tabs a')) {
        if (link.hash === `#${name}`)
            link.setAttribute('aria-current', 'page');
        else
            link.removeAttribute('aria-current');
    }
    for (const other of Object.keys(tabs()))
        byId(other).hidden = other !== name;
}

function openTab() {
    showTab();
    window.scrollTo(0, 0);
    refresh();
}

// Whoever isn't there now is told of by an event, or when the page is opened again.
function listServices() {
    services.refreshList().catch((error) => {
        if (!(error instanceof Offline || error instanceof Problem))
            console.error(error);
    });
}

for (const tab of Object.values(ownTabs))
    tab.start(refresh);
services.start({refresh, show: showTab});
window.addEventListener('hashchange', openTab);
document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
closeOnCancel();
// Not reached, the device is asked again and again; what it answers then says the same.
requireLogin().catch(() => null).then(() => {
    system.readName();
    openTab();
    listServices();
    events.start(onEvent);
});
