// SPDX-License-Identifier: LGPL-2.1-or-later

// What a service has said: the last lines of its part of the journal, in a dialog that is made when it is first wanted.

import {ask} from '/device.js';
import {dateAndSeconds, t} from '/i18n.js';
import {byId, describeError, fillList, fromTemplate, perform} from '/view.js';

const LINES = 200;
const PATIENCE_MS = 15000;
const ERROR = 3;
const WARNING = 4;

let unit = null;
let title = '';

function fillLine(item, entry) {
    const [time, text] = item.children;

    item.dataset.look = entry.priority <= ERROR ? 'bad' : entry.priority === WARNING ? 'warning' : '';
    time.dateTime = entry.time;
    time.textContent = dateAndSeconds(Date.parse(entry.time));
    text.textContent = `${entry.identifier}: ${entry.message}`;
}

function makeLine() {
    const item = document.createElement('li');

    item.append(document.createElement('time'), document.createElement('span'));
    return item;
}

function note(text) {
    byId('logs-note').textContent = text;
    byId('logs-note').hidden = !text;
}

async function load() {
    const wanted = unit;
    const query = new URLSearchParams({unit, lines: LINES});

    try {
        const logs = await ask('GET', `/api/v1/health/logs?${query}`, undefined, PATIENCE_MS);
        const count = new Map();

        if (wanted !== unit)
            return;
        // The same line may come twice in a second.
        for (const entry of logs.entries) {
            const key = `${entry.time} ${entry.pid} ${entry.message}`;

            count.set(key, (count.get(key) ?? 0) + 1);
            entry.key = `${key} ${count.get(key)}`;
        }
        fillList(byId('logs-lines'), logs.entries, (entry) => entry.key, makeLine, fillLine);
        note(logs.entries.length === 0 ? t('logs.none') :
            logs.complete ? '' : t('logs.cut'));
    } catch (error) {
        if (wanted !== unit)
            return;
        note(describeError(error));
    }
    byId('logs-lines').lastElementChild?.scrollIntoView({block: 'end'});
}

function dialog() {
    if (!byId('logs-dialog')) {
        document.body.append(fromTemplate('logs-template'));
        byId('logs-again').addEventListener('click', () => perform(byId('logs-again'), load));
        byId('logs-close').addEventListener('click', () => byId('logs-dialog').close());
        byId('logs-dialog').addEventListener('close', () => { unit = null; });
    }
    return byId('logs-dialog');
}

export async function open(name, called) {
    const shown = dialog();

    unit = name;
    title = t('logs.title', {name: called});
    byId('logs-title').textContent = title;
    byId('logs-lines').replaceChildren();
    note('');
    shown.showModal();
    await load();
}
