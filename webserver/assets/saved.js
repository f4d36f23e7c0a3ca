// SPDX-License-Identifier: LGPL-2.1-or-later

// The networks that the device knows: joining one again, which of several comes first, forgetting.

import {ask} from '/device.js';
import {t, tOf} from '/i18n.js';
import * as join from '/join.js';
import {byId, confirmed, fill, fillList, fromTemplate, perform, toast} from '/view.js';

const PRIORITY_MAX = 999;

let refreshPage;
let status = null;
let saved = [];

function highest() {
    return Math.max(0, ...saved.map((network) => network.priority));
}

function isFirst(network) {
    return saved.length > 1 && network.priority > 0 && network.priority === highest();
}

function isJoined(network) {
    return status.wifi?.ssid_hex === network.ssid_hex;
}

function note(network) {
    const facts = [
        tOf('saved-security', network.security) ?? network.security,
        network.identity,
        network.hidden ? t('saved.hidden') : null,
        network.address ? t('saved.fixed', {address: network.address}) : null,
        network.in_reach ? null : t('saved.away'),
    ];

    return facts.filter(Boolean).join(' · ');
}

async function forget(network) {
    const name = join.nameOf(network);

    if (!await confirmed(t('forget.sure', {name}), isJoined(network) ?
        t('forget.what') :
        t('forget.other'),
    t('forget'), true))
        return;
    await ask('POST', '/api/v1/network/forget', {ssid_hex: network.ssid_hex});
    join.forgetAttempt();
    toast(t('forgotten', {name}));
    refreshPage();
}

async function forgetAll() {
    if (!await confirmed(t('forget-all.sure'),
        t('forget-all.what'),
        t('forget'), true))
        return;
    await ask('POST', '/api/v1/network/forget', {});
    join.forgetAttempt();
    refreshPage();
}

async function prefer(network) {
    const priority = isFirst(network) ? 0 : Math.min(PRIORITY_MAX, highest() + 1);

    await ask('PUT', '/api/v1/network/priority', {ssid_hex: network.ssid_hex, priority});
    refreshPage();
}

const ACTIONS = {
    join: (network) => join.again(network),
    prefer,
    forget,
};

function makeRow(network) {
    const row = fromTemplate('saved-row');

    for (const button of row.querySelectorAll('button'))
        button.addEventListener('click', () => perform(button, () => ACTIONS[button.dataset.do](row.network)));
    return row;
}

function fillRow(row, network) {
    const name = join.nameOf(network);
    const busy = status.state === 'joining';

    row.network = network;
    fill(row, {
        name, note: note(network),
        tag: isJoined(network) ? t('tag.connected') : isFirst(network) ? t('saved.first') : '',
    });
    for (const button of row.querySelectorAll('button')) {
        button.disabled = busy;
        if (button.dataset.do === 'prefer')
            button.textContent = isFirst(network) ? t('saved.as-others') : t('saved.prefer');
        if (button.dataset.do === 'join')
            button.hidden = isJoined(network);
        if (button.dataset.do === 'prefer')
            button.hidden = saved.length < 2;
        button.setAttribute('aria-label', `${button.textContent} (${name})`);
    }
}

export function show(newStatus, newSaved) {
    status = newStatus;
    saved = newSaved;
    byId('saved').hidden = saved.length === 0;
    byId('forget').hidden = saved.length < 2;
    byId('forget').disabled = status.state === 'joining';
    fillList(byId('saved-networks'), saved, (network) => network.ssid_hex, makeRow, fillRow);
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    byId('forget').addEventListener('click', () => perform(byId('forget'), forgetAll));
}
