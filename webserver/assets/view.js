// SPDX-License-Identifier: LGPL-2.1-or-later

// What every tab needs of the document. Text is only ever set as text: a network's name is a stranger's.

import {deviceNow, Offline} from '/device.js';
import {before, duration, t, translate} from '/i18n.js';

export function byId(id) {
    return document.getElementById(id);
}

// Writes values into the children that carry their names as data-field. Null or '' hides the child.
export function fill(parent, values) {
    for (const [name, value] of Object.entries(values)) {
        for (const child of parent.querySelectorAll(`[data-field="${name}"]`)) {
            const text = value ?? '';

            if (child.textContent !== text)
                child.textContent = text;
            child.hidden = text === '';
        }
    }
}

export function setLink(parent, name, url) {
    for (const child of parent.querySelectorAll(`[data-field="${name}"]`)) {
        if (child.textContent !== url)
            child.textContent = url;
        if (child.tagName === 'A')
            child.href = url;
    }
}

// Makes the children of `list` those of `items`, in their order. What is there already under the same
// key is kept and filled anew, so that neither the focus nor a finger's target jumps.
export function fillList(list, items, keyOf, make, fillItem) {
    const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
    const used = new Set();

    items.forEach((item, index) => {
        let key = keyOf(item);

        while (used.has(key))
            key += '+';
        used.add(key);

        let child = present.get(key);

        if (child) {
            present.delete(key);
        } else {
            child = make(item);
            child.dataset.key = key;
        }
        fillItem(child, item);
        if (list.children[index] !== child)
            list.insertBefore(child, list.children[index] ?? null);
    });
    for (const child of present.values())
        child.remove();
}

export function fromTemplate(id) {
    return byId(id).content.firstElementChild.cloneNode(true);
}

// A definition list from pairs; pairs without a value are left out.
export function fillFacts(list, pairs) {
    fillList(
        list, pairs.filter(([, value]) => value), ([name]) => name,
        ([name]) => {
            const pair = document.createElement('div');
            const term = document.createElement('dt');

            term.textContent = name;
            pair.append(term, document.createElement('dd'));
            return pair;
        },
        (pair, [, value]) => {
            if (pair.lastChild.textContent !== value)
                pair.lastChild.textContent = value;
        });
    list.hidden = list.children.length === 0;
}

const MASK_MIN = 8;
const MASK_MAX = 31;

function maskText(prefix) {
    return [24, 16, 8, 0].map((shift) => (-1 << (32 - prefix)) >>> shift & 255).join('.');
}

// Makes the subnet masks the choices of a select.
export function fillMasks(select) {
    select.replaceChildren();
    for (let prefix = MASK_MAX; prefix >= MASK_MIN; prefix--)
        select.add(new Option(`${maskText(prefix)} (/${prefix})`, prefix));
}

let toastTimer;

export function toast(text) {
    const element = byId('toast');

    element.textContent = text;
    element.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { element.hidden = true; }, 6000);
}

export function describeError(error) {
    if (error instanceof Offline)
        return t('error.offline');
    return translate(error.message);
}

// Runs what a button does: once at a time, and a failure is told.
export async function perform(button, action) {
    if (button.getAttribute('aria-busy') === 'true')
        return;
    button.setAttribute('aria-busy', 'true');
    try {
        await action();
    } catch (error) {
        toast(describeError(error));
    } finally {
        button.removeAttribute('aria-busy');
    }
}

export function closeOnCancel() {
    for (const button of document.querySelectorAll('dialog [data-close]'))
        button.addEventListener('click', () => button.closest('dialog').close());
}

// Asks a question; resolves to whether the answer was yes.
export function confirmed(title, text, ok, dangerous = false) {
    const dialog = byId('confirm-dialog');

    byId('confirm-title').textContent = title;
    byId('confirm-text').textContent = text;
    byId('confirm-ok').textContent = ok;
    byId('confirm-ok').classList.toggle('danger', dangerous);
    byId('confirm-ok').classList.toggle('solid', dangerous);
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener('close', () => resolve(dialog.returnValue === 'ok'), {once: true});
    });
}

// How long it has been so.
export function lasting(timestamp) {
    const seconds = (deviceNow() - Date.parse(timestamp)) / 1000;

    return Number.isNaN(seconds) ? '' : duration(seconds);
}

export function ago(timestamp) {
    const seconds = (deviceNow() - Date.parse(timestamp)) / 1000;

    return Number.isNaN(seconds) ? '' : before(seconds);
}
