// SPDX-License-Identifier: LGPL-2.1-or-later

// The Network tab: how the device is connected now, what is in the air, what is saved.

import {trail} from '/chart.js';
import {ask, askService} from '/device.js';
import * as guide from '/guide.js';
import * as hotspot from '/hotspot.js';
import {percent, t, tOf} from '/i18n.js';
import * as join from '/join.js';
import {needsPassword} from '/join-form.js';
import * as saved from '/saved.js';
import {setName} from '/system.js';
import {byId, confirmed, describeError, fill, fillFacts, fillList, fromTemplate, perform} from '/view.js';
import * as wired from '/wired.js';

const showSignal = trail('signal-chart');

let status = null;
let refreshPage;

// While it joins, the device leaves the hotspot that this page may have come over.
export function isMoving() {
    return status?.state === 'joining';
}

// What may have taken the device away; null: nothing that the customer has asked for.
export function whereTo() {
    return isMoving() ?
        t('link.moving') :
        wired.whereTo();
}

function plainAddress(address) {
    return address ? address.split('/')[0] : null;
}

function pageUrl(address) {
    return address ? join.url(plainAddress(address), status.port) : null;
}

const BADGES = {connected: '✓', wired: '✓', hotspot: '↗', joining: '…', starting: '…', scanning: '…'};
const LOOKS = {connected: 'good', wired: 'good', 'no-radio': 'bad', 'radio-off': 'idle'};

function headline() {
    const values = {ssid: status.wifi?.ssid ?? t('your-wifi')};

    return tOf('state', status.state, values) ?? status.state;
}

function hasNoInternet() {
    return status.state === 'connected' && status.verdict?.code === 'no_internet';
}

function explanation() {
    if (hasNoInternet())
        return tOf('verdict', 'no_internet', {ssid: displayName(status.wifi)});
    return tOf('state.why', status.state, {hotspot: status.hotspot?.ssid}) ?? '';
}

function clientsText(count) {
    return t('clients', {count});
}

function showNow() {
    const card = byId('now');
    const {hotspot, wifi, wired} = status;

    card.dataset.look = hasNoInternet() ? 'warning' : LOOKS[status.state] ?? 'warning';
    card.dataset.state = status.state;
    fill(card, {
        badge: hasNoInternet() ? '!' : BADGES[status.state] ?? '!',
        headline: headline(),
        explanation: explanation(),
    });
    fillFacts(card.querySelector('dl'), [
        [t('signal'), wifi?.signal ? percent(wifi.signal) : null],
        [t('on-wifi'), pageUrl(wifi?.address)],
        [t('on-wire'), pageUrl(wired?.address) ?? (wired?.carrier ? t('on-wire.none') : null)],
        [t('joined-to-it'), hotspot?.clients > 0 ? clientsText(hotspot.clients) : null],
    ]);
    showSignal(wifi?.ssid_hex, wifi?.signal, 100);
    card.hidden = isMoving();
}

function signalLevel(signal) {
    return [20, 40, 60].reduce((level, threshold) => level + (signal >= threshold ? 1 : 0), 1);
}

function isJoined(network) {
    return Boolean(status.wifi && status.wifi.ssid_hex === network.ssid_hex);
}

function displayName(network) {
    return network.ssid ?? t('unreadable', {hex: network.ssid_hex});
}

function makeNetwork(network) {
    const item = fromTemplate('network-row');
    const button = item.querySelector('button');

    button.addEventListener('click', () => join.open(item.network, status));
    return item;
}

function fillNetwork(item, network) {
    const button = item.querySelector('button');
    const level = signalLevel(network.signal);
    const joined = isJoined(network);
    const tag = joined ? t('tag.connected') : network.saved ? t('tag.saved') : '';

    item.network = network;
    button.dataset.ssid = network.ssid ?? '';
    button.disabled = !join.isPossible(network) || isMoving();
    item.querySelector('.signal').dataset.level = level;
    item.querySelector('.lock').toggleAttribute('hidden', !needsPassword(network));
    fill(item, {
        name: displayName(network),
        note: [tOf('security', network.security) ?? network.security, network.band ? `${network.band} GHz` : '']
            .filter(Boolean).join(' · '),
        strength: tOf('strength', level),
        tag,
    });
}

// Several access points of one name are one network to the customer: the strongest stands for it. Those
// without a name hide; whoever knows it joins by "Another network".
function strongest(networks) {
    const best = new Map();

    for (const network of networks) {
        const key = `${network.ssid_hex} ${network.security}`;

        if (network.ssid_hex && !(best.get(key)?.signal >= network.signal))
            best.set(key, network);
    }
    return [...best.values()].sort((a, b) =>
        isJoined(b) - isJoined(a) || b.signal - a.signal || displayName(a).localeCompare(displayName(b)));
}

function showAir(air) {
    const networks = strongest(air.networks ?? []);
    const note = byId('air-note');
    const text = air.scanning ? t('air.scanning') :
        networks.length > 0 ? '' : t('air.empty');

    if (note.textContent !== text)
        note.textContent = text;
    byId('rescan').disabled = Boolean(air.scanning) || isMoving();
    byId('other').disabled = isMoving();
    fillList(byId('networks'), networks, (network) => `${network.ssid_hex} ${network.security}`,
        makeNetwork, fillNetwork);
    byId('air').hidden = isMoving() || ['radio-off', 'no-radio'].includes(status.state);
}

function showRadio() {
    const button = byId('radio');

    byId('radio-card').hidden = status.state === 'no-radio';
    button.setAttribute('aria-checked', String(status.radio_enabled));
    byId('radio-note').textContent = status.radio_enabled ?
        t('radio.on') :
        t('radio.off');
}

async function rescan() {
    await ask('POST', '/api/v1/network/scan', {});
    refreshPage();
}

async function switchRadio() {
    const enabled = !status.radio_enabled;

    if (!enabled && !status.wired?.address && !await confirmed(t('radio.sure'),
        t('radio.what'),
        t('radio.do'), true))
        return;
    await ask('PUT', '/api/v1/network/radio', {enabled});
    refreshPage();
}

function hideAll() {
    const cards = ['guide', 'guide-skip', 'arrived', 'verdict', 'join', 'now', 'air', 'saved', 'wired', 'radio-card'];

    for (const id of cards)
        byId(id).hidden = true;
    hotspot.hide();
}

export async function refresh() {
    status = await askService('/api/v1/network', (error) => {
        byId('network-missing').hidden = !error;
        fill(byId('network-missing'), {reason: error && describeError(error)});
    });
    if (!status) {
        hideAll();
        return;
    }
    setName(status.hostname);
    showNow();
    showRadio();
    hotspot.show(status);
    join.show(status);
    wired.show(status);
    const air = await ask('GET', '/api/v1/network/networks');

    showAir(air);
    saved.show(status, air.saved ?? []);
    guide.show(status, join.where());
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    hotspot.start(refreshNow);
    join.start(refreshNow);
    saved.start(refreshNow);
    guide.start();
    wired.start(refreshNow);
    byId('rescan').addEventListener('click', () => perform(byId('rescan'), rescan));
    byId('other').addEventListener('click', () => join.open(null, status));
    byId('radio').addEventListener('click', () => perform(byId('radio'), switchRadio));
}
