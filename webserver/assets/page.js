// SPDX-License-Identifier: LGPL-2.1-or-later

// The page as a whole: which tab is open, asking the device again and again, and whether it answers.

import {Offline} from '/device.js';
import * as health from '/health.js';
import * as network from '/network.js';
import * as system from '/system.js';
import {byId, closeOnCancel} from '/view.js';

const POLL_MS = 2000;

const tabs = {network, health, system};
let timer;
let running = false;

function currentName() {
    const name = location.hash.slice(1);

    return name in tabs ? name : 'network';
}

function showLink(state, text) {
    const link = byId('link');

    link.dataset.state = state;
    if (link.textContent !== text)
        link.textContent = text;
}

function online() {
    showLink('online', 'Connected');
    byId('offline').hidden = true;
}

function offline() {
    const note = byId('offline');
    const text = network.isMoving() ?
        'The device has left this network to join yours. That is as it should be: follow the steps below.' :
        'The device does not answer. It may be restarting, or you may be on another network. Trying again…';

    showLink('offline', 'No connection');
    if (note.textContent !== text)
        note.textContent = text;
    note.hidden = false;
}

async function refresh() {
    clearTimeout(timer);
    if (running || document.hidden)
        return;
    running = true;
    try {
        await tabs[currentName()].refresh();
        online();
    } catch (error) {
        if (!(error instanceof Offline))
            console.error(error);
        offline();
    } finally {
        running = false;
        timer = setTimeout(refresh, POLL_MS);
    }
}

function openTab() {
    const name = currentName();

    for (const link of document.querySelectorAll('.tabs a')) {
        if (link.hash === `#${name}`)
            link.setAttribute('aria-current', 'page');
        else
            link.removeAttribute('aria-current');
    }
    for (const other of Object.keys(tabs))
        byId(other).hidden = other !== name;
    window.scrollTo(0, 0);
    refresh();
}

for (const tab of Object.values(tabs))
    tab.start(refresh);
window.addEventListener('hashchange', openTab);
document.addEventListener('visibilitychange', refresh);
window.addEventListener('online', refresh);
closeOnCancel();
system.readName();
openTab();
