// SPDX-License-Identifier: LGPL-2.1-or-later

// The Network tab: how the device is connected now, what is in the air, what is saved.

import {ask, askService} from '/device.js';
import * as join from '/join.js';
import {setName} from '/system.js';
import {byId, confirmed, fill, fillFacts, fillList, fromTemplate, perform, toast} from '/view.js';

let status = null;
let refreshPage;

// While it joins, the device leaves the hotspot that this page may have come over.
export function isMoving() {
    return status?.state === 'joining';
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
    switch (status.state) {
    case 'connected':
        return `Connected to ${status.wifi?.ssid ?? 'your Wi-Fi'}`;
    case 'wired':
        return 'Connected by cable';
    case 'hotspot':
        return 'Not connected yet';
    case 'joining':
        return 'Joining a network';
    case 'scanning':
    case 'starting':
        return 'Getting ready';
    case 'radio-off':
        return 'Wi-Fi is switched off';
    case 'no-radio':
        return 'No Wi-Fi hardware found';
    default:
        return status.state;
    }
}

function explanation() {
    switch (status.state) {
    case 'hotspot':
        return `The device shows its own Wi-Fi, ${status.hotspot?.ssid ?? ''}. ` +
            'Pick your network below to bring it online.';
    case 'wired':
        return 'You can also give it a Wi-Fi network, for when the cable is gone.';
    case 'radio-off':
        return 'The device is reached by cable only until you switch it on again.';
    case 'scanning':
        return 'It is looking for networks.';
    case 'no-radio':
        return status.summary;
    default:
        return '';
    }
}

function clientsText(clients) {
    return clients === 1 ? '1 phone or computer' : `${clients} phones or computers`;
}

function showNow() {
    const card = byId('now');
    const {hotspot, wifi, wired} = status;

    card.dataset.look = LOOKS[status.state] ?? 'warning';
    card.dataset.state = status.state;
    fill(card, {badge: BADGES[status.state] ?? '!', headline: headline(), explanation: explanation()});
    fillFacts(card.querySelector('dl'), [
        ['Signal', wifi?.signal ? `${wifi.signal} %` : null],
        ['On your Wi-Fi', pageUrl(wifi?.address)],
        ['By cable', pageUrl(wired?.address) ?? (wired?.carrier ? 'plugged in, no address yet' : null)],
        ['Joined to it', hotspot?.clients > 0 ? clientsText(hotspot.clients) : null],
    ]);
    card.hidden = isMoving();
}

const SECURITY = {
    open: 'No password',
    owe: 'Encrypted without a password: not supported',
    wpa2: 'WPA2',
    wpa3: 'WPA3',
    'wpa2-wpa3': 'WPA2/WPA3',
    wep: 'WEP: too old to be safe',
    enterprise: 'Needs a company login',
};

function signalLevel(signal) {
    return [20, 40, 60].reduce((level, threshold) => level + (signal >= threshold ? 1 : 0), 1);
}

const STRENGTHS = ['', 'very weak', 'weak', 'good', 'strong'];

function isJoined(network) {
    return Boolean(status.wifi && status.wifi.ssid_hex === network.ssid_hex);
}

function displayName(network) {
    return network.ssid ?? `Unreadable name (${network.ssid_hex})`;
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
    const tag = joined ? 'Connected' : network.saved ? 'Saved' : '';

    item.network = network;
    button.dataset.ssid = network.ssid ?? '';
    button.disabled = !join.isPossible(network) || isMoving();
    item.querySelector('.signal').dataset.level = level;
    item.querySelector('.lock').toggleAttribute('hidden', !join.needsPassword(network));
    fill(item, {
        name: displayName(network),
        note: [SECURITY[network.security] ?? network.security, network.band ? `${network.band} GHz` : '']
            .filter(Boolean).join(' · '),
        strength: `Signal ${STRENGTHS[level]}`,
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
    const text = air.scanning ? 'Looking around…' : networks.length === 0 ? 'Nothing found. Move the device nearer to ' +
        'your router, then look again.' : '';

    if (note.textContent !== text)
        note.textContent = text;
    byId('rescan').disabled = Boolean(air.scanning) || isMoving();
    byId('other').disabled = isMoving();
    fillList(byId('networks'), networks, (network) => `${network.ssid_hex} ${network.security}`,
        makeNetwork, fillNetwork);
    byId('air').hidden = ['radio-off', 'no-radio'].includes(status.state);
}

function showSaved() {
    const {saved} = status;

    byId('saved').hidden = !saved;
    if (saved)
        fill(byId('saved'), {ssid: saved.ssid ?? `Unreadable name (${saved.ssid_hex})`});
}

function showRadio() {
    const button = byId('radio');

    byId('radio-card').hidden = status.state === 'no-radio';
    button.setAttribute('aria-checked', String(status.radio_enabled));
    byId('radio-note').textContent = status.radio_enabled ?
        'On: the device can join your Wi-Fi, or show its own.' :
        'Off, also after a restart, until you switch it on.';
}

async function rescan() {
    await ask('POST', '/api/v1/network/scan', {});
    refreshPage();
}

async function forget() {
    const name = status.saved.ssid ?? 'this network';
    const yes = await confirmed(`Forget ${name}?`,
        'The device leaves it, and shows its own Wi-Fi again if no cable is plugged in.', 'Forget', true);

    if (!yes)
        return;
    await ask('POST', '/api/v1/network/forget', {});
    join.forgetAttempt();
    toast(`${name} is forgotten.`);
    refreshPage();
}

async function switchRadio() {
    const enabled = !status.radio_enabled;

    if (!enabled && !status.wired?.address && !await confirmed('Switch Wi-Fi off?',
        'No cable is plugged in: this page will be out of reach until you plug one in and come back by it.',
        'Switch off', true))
        return;
    await ask('PUT', '/api/v1/network/radio', {enabled});
    refreshPage();
}

function hideAll() {
    for (const id of ['verdict', 'join', 'now', 'air', 'saved', 'radio-card'])
        byId(id).hidden = true;
}

export async function refresh() {
    status = await askService('/api/v1/network', (reason) => {
        byId('network-missing').hidden = reason === null;
        fill(byId('network-missing'), {reason});
    });
    if (!status) {
        hideAll();
        return;
    }
    setName(status.hostname);
    showNow();
    showSaved();
    showRadio();
    join.show(status);
    showAir(await ask('GET', '/api/v1/network/networks'));
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    join.start(refreshNow);
    byId('rescan').addEventListener('click', () => perform(byId('rescan'), rescan));
    byId('other').addEventListener('click', () => join.open(null, status));
    byId('forget').addEventListener('click', () => perform(byId('forget'), forget));
    byId('radio').addEventListener('click', () => perform(byId('radio'), switchRadio));
}
