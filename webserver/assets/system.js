// SPDX-License-Identifier: LGPL-2.1-or-later

// The System tab: what this device is, and the way back to the factory state.

import * as access from '/access.js';
import {trail} from '/chart.js';
import {countryName} from '/country.js';
import {ask, askService, may, Offline} from '/device.js';
import * as https from '/https.js';
import {bytes, dateAndTime, duration, t, unit} from '/i18n.js';
import {byId, confirmed, describeError, fill, perform} from '/view.js';

const showMemory = trail('memory-chart');

let hostname = null;

export function setName(name) {
    if (!name || name === hostname)
        return;
    hostname = name;
    document.title = name;
    byId('device-name').textContent = name;
}

// What is free of how much there is; null: nobody knows.
function room(of) {
    return of ? t('room', {free: bytes(of.available_bytes), all: bytes(of.total_bytes)}) : '';
}

function time(system) {
    if (!system.time)
        return '';
    const now = dateAndTime(Date.parse(system.time));

    return system.time_synchronised === false ? t('time.alone', {now}) : now;
}

function showFacts(system, network) {
    const country = network?.country?.code;
    const heat = system.temperature_celsius;

    fill(byId('facts-card'), {
        hostname: system.hostname ?? t('unknown'),
        model: system.model,
        serial: system.serial,
        certificate: https.validity(system.certificate_expires),
        time: time(system),
        version: `unbox ${system.version}`,
        uptime: duration(system.uptime_seconds),
        memory: room(system.memory),
        disk: room(system.disk),
        temperature: Number.isFinite(heat) ? unit(heat, 'celsius') : '',
        os: system.os,
        kernel: [system.kernel, system.architecture].filter(Boolean).join(', '),
        country: country ? countryName(country) : network ? t('country.none') : '',
    });
    for (const fact of byId('facts-card').querySelectorAll('dl > div'))
        fact.hidden = fact.querySelector('[data-field]').textContent === '';
    showMemory(system.boot_id, system.memory?.total_bytes - system.memory?.available_bytes, system.memory?.total_bytes);
    byId('facts-card').hidden = false;
}

export async function refresh() {
    const system = await ask('GET', '/api/v1/system');
    const network = await askService('/api/v1/network', () => {});

    setName(system.hostname);
    showFacts(system, network);
    byId('care').hidden = !may('system');
    byId('reset').disabled = !system.hostname;
    await https.refresh(network, await access.refresh());
}

// The heading names the device on every tab.
export async function readName() {
    try {
        setName((await ask('GET', '/api/v1/system')).hostname);
    } catch (error) {
        if (!(error instanceof Offline))
            console.error(error);
    }
}

function typedName() {
    return byId('reset-name').value.trim();
}

function openDialog() {
    const dialog = byId('reset-dialog');

    fill(dialog, {hostname});
    byId('reset-name').value = '';
    byId('reset-ok').disabled = true;
    byId('reset-error').hidden = true;
    dialog.showModal();
}

async function reset(event) {
    const error = byId('reset-error');

    event.preventDefault();
    byId('reset-ok').disabled = true;
    error.hidden = true;
    try {
        await ask('POST', '/api/v1/system/factory-reset', {confirm: typedName()});
        byId('reset-dialog').close();
        byId('reset-done').hidden = false;
        byId('reset').disabled = true;
    } catch (failure) {
        error.textContent = describeError(failure);
        error.hidden = false;
        byId('reset-ok').disabled = false;
    }
}

async function reboot() {
    if (!await confirmed(t('reboot.sure'),
        t('reboot.what'),
        t('reboot.do')))
        return;
    await ask('POST', '/api/v1/system/reboot', {});
    byId('restarting').hidden = false;
    byId('restarting').scrollIntoView({block: 'center'});
}

export function start(refreshNow) {
    access.start();
    https.start(refreshNow);
    byId('reboot').addEventListener('click', () => perform(byId('reboot'), reboot));
    byId('reset').addEventListener('click', openDialog);
    byId('reset-form').addEventListener('submit', reset);
    byId('reset-name').addEventListener('input', () => {
        byId('reset-ok').disabled = typedName().toLowerCase() !== hostname.toLowerCase();
    });
}
