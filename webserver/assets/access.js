// SPDX-License-Identifier: LGPL-2.1-or-later

// The part of the System tab about who may in: what this login may do, and the access tokens of scripts.

import {ask, session} from '/device.js';
import * as events from '/events.js';
import {date, list, t, tOf} from '/i18n.js';
import {byId, confirmed, fill, fillList, fromTemplate, perform, toast} from '/view.js';

function describeScopes(scopes) {
    return t('access.may', {what: list(scopes.map((scope) => tOf('scope', scope) ?? scope))});
}

async function revoke(token) {
    const {name} = token;

    if (!await confirmed(
        t('token.revoke.sure', {name}), t('token.revoke.what'),
        t('token.revoke'), true))
        return;
    await ask('DELETE', `/api/v1/tokens/${token.id}`);
    toast(t('token.revoked', {name}));
    await refresh();
}

function makeRow(token) {
    const row = fromTemplate('token-row');
    const button = row.querySelector('button');

    button.setAttribute('aria-label', t('token.revoke.name', {name: token.name}));
    button.addEventListener('click', () => perform(button, () => revoke(token)));
    return row;
}

function fillRow(row, token) {
    fill(row, {
        name: token.name,
        scopes: t('token.since',
            {may: describeScopes(token.scopes), date: date(token.created * 1000)}),
    });
}

async function make(event) {
    const form = event.target;

    event.preventDefault();
    await perform(byId('token-make'), async () => {
        const scopes = [...form.querySelectorAll('input[type="checkbox"]:checked')].map((box) => box.value);
        const made = await ask('POST', '/api/v1/tokens',
            {name: byId('token-name').value.trim(), scopes: ['read', ...scopes]});

        form.reset();
        byId('token-text').value = made.token;
        byId('token-made').hidden = false;
        byId('token-text').focus();
        byId('token-text').select();
        await refresh();
    });
}

async function leave() {
    // They end with the login, and this page is not to ask why.
    events.pause();
    try {
        await ask('DELETE', '/api/v1/session');
    } catch (error) {
        events.open();
        throw error;
    }
    location.replace('/login.html#out');
}

// Resolves to whether this login is the owner's.
export async function refresh() {
    const {scopes} = await session();
    const owner = scopes.includes('owner');

    byId('access-limits').textContent = owner ? '' :
        t('access.limits', {may: describeScopes(scopes)});
    byId('access-limits').hidden = owner;
    byId('tokens-card').hidden = !owner;
    if (!owner)
        return false;
    const {tokens} = await ask('GET', '/api/v1/tokens');

    fillList(byId('tokens'), tokens, (token) => token.id, makeRow, fillRow);
    byId('no-tokens').hidden = tokens.length > 0;
    return true;
}

export function start() {
    byId('token-form').addEventListener('submit', make);
    byId('log-out').addEventListener('click', (event) => perform(event.target, leave));
}
