// SPDX-License-Identifier: LGPL-2.1-or-later

// The System tab: what this device is, and the way back to the factory state.

import {ask, Offline} from '/device.js';
import {byId, describeError, duration, fill} from '/view.js';

let hostname = null;

export function setName(name) {
    if (!name || name === hostname)
        return;
    hostname = name;
    document.title = name;
    byId('device-name').textContent = name;
}

export async function refresh() {
    const system = await ask('GET', '/api/v1/system');

    setName(system.hostname);
    fill(byId('facts-card'), {
        hostname: system.hostname ?? 'not known yet',
        version: `unbox ${system.version}`,
        uptime: duration(system.uptime_seconds),
        os: system.os,
        kernel: [system.kernel, system.architecture].filter(Boolean).join(', '),
    });
    for (const fact of byId('facts-card').querySelectorAll('dl > div'))
        fact.hidden = fact.lastElementChild.textContent === '';
    byId('facts-card').hidden = false;
    byId('reset').disabled = !system.hostname;
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

export function start() {
    byId('reset').addEventListener('click', openDialog);
    byId('reset-form').addEventListener('submit', reset);
    byId('reset-name').addEventListener('input', () => {
        byId('reset-ok').disabled = typedName().toLowerCase() !== hostname.toLowerCase();
    });
}
