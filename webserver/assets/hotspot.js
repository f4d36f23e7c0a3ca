// SPDX-License-Identifier: LGPL-2.1-or-later

// The device's own Wi-Fi, with what a phone needs to join it, and the country whose rules the radio keeps.

import {fillCountries, guessCountry} from '/country.js';
import {ask, may} from '/device.js';
import {t, tOf, translate} from '/i18n.js';
import {byId, confirmed, fill, perform, toast} from '/view.js';

let status = null;
let refreshPage;

function isOpen() {
    return Boolean(status.hotspot);
}

function isRequested() {
    return Boolean(status.hotspot_settings?.requested);
}

function note() {
    if (!isOpen())
        return t('own.closed');
    return isRequested() ?
        t('own.requested') :
        t('own.needed');
}

function showOwn() {
    const canServe = !(status.problems ?? []).some((problem) => problem.code === 'no-access-point');
    const button = byId('own-switch');

    byId('own').hidden = !status.hotspot_settings || !canServe || ['radio-off', 'no-radio'].includes(status.state);
    byId('own-details').hidden = !may('network');
    fill(byId('own'), {note: note()});
    button.textContent = isOpen() ? t('own.close') : t('own.open');
    button.disabled = status.state === 'joining';
    // Without another way to the device it can't be closed.
    button.hidden = isOpen() && !isRequested();
}

function showProblems() {
    const list = byId('problems');
    const texts = (status.problems ?? []).filter((problem) => problem.code !== 'country-missing')
        .map((problem) => tOf('problem', problem.code) ?? problem.message);

    list.hidden = texts.length === 0;
    if (list.dataset.shown === texts.join('\n'))
        return;
    list.dataset.shown = texts.join('\n');
    list.firstElementChild.replaceChildren(...texts.map((text) => {
        const item = document.createElement('p');

        item.textContent = text;
        return item;
    }));
}

function showCountry() {
    const card = byId('country-card');
    const {country} = status;
    const said = country?.source === 'customer';

    card.hidden = !country || status.state === 'no-radio';
    if (!country)
        return;
    card.classList.toggle('highlight', !said);
    // What has to be said first comes first.
    if (card.nextElementSibling !== byId(said ? 'own' : 'air'))
        byId(said ? 'own' : 'air').before(card);
    fill(card, {
        question: said ? '' : t('country.why'),
        problem: country.problem && translate(country.problem),
    });
    byId('country-save').textContent = said ? t('country.change') : t('country.confirm');
    // Not while somebody is choosing.
    if (card.dataset.shown !== (country.code ?? '')) {
        card.dataset.shown = country.code ?? '';
        byId('country').value = country.code ?? guessCountry();
    }
}

export function show(newStatus) {
    status = newStatus;
    showProblems();
    showOwn();
    showCountry();
}

export function hide() {
    for (const id of ['problems', 'own', 'country-card'])
        byId(id).hidden = true;
}

async function readLabel() {
    if (!byId('own-details').open)
        return;
    const label = await ask('GET', '/api/v1/network/hotspot');

    fill(byId('own-details'), {ssid: label.ssid, password: label.password});
    byId('own-code').src = `/api/v1/network/hotspot.svg?${Date.now()}`;
}

async function switchOwn() {
    const enabled = !isOpen();
    const name = status.hotspot_settings.ssid;

    if (enabled && !status.wired?.address && !await confirmed(t('own.sure', {name}),
        t('own.what',
            {name, ssid: status.wifi?.ssid ?? t('its-network')}), t('own.open')))
        return;
    await ask('PUT', '/api/v1/network/hotspot', {enabled});
    toast(enabled ? t('own.opens', {name}) : t('own.closes', {name}));
    refreshPage();
}

async function saveCountry() {
    const code = byId('country').value;

    if (!code)
        return;
    await ask('PUT', '/api/v1/network/country', {code});
    toast(t('country.set'));
    refreshPage();
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    fillCountries(byId('country'));
    byId('own-details').addEventListener('toggle', () => perform(byId('own-details'), readLabel));
    byId('own-switch').addEventListener('click', () => perform(byId('own-switch'), switchOwn));
    byId('country-save').addEventListener('click', () => perform(byId('country-save'), saveCountry));
}
