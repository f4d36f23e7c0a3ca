// SPDX-License-Identifier: LGPL-2.1-or-later

// Talking to the device: every request of the page goes through here.

import {t} from '/i18n.js';

const PATIENCE_MS = 8000;

// Nobody answered: the device is away, or this phone is on another network.
export class Offline extends Error {}

// The device answered that it can't or won't; the message is for people.
export class Problem extends Error {
    constructor(status, problem) {
        super(problem.detail || problem.title || t('error.status', {status: String(status)}));
        this.status = status;
        this.code = problem.code;
    }
}

// A device without a battery-backed clock may live in another year than this phone: what it says of
// times is compared with its own clock, which comes with each answer.
let clockOffsetMs = 0;

export function deviceNow() {
    return Date.now() + clockOffsetMs;
}

// Asking by itself, the page doesn't keep a login alive at which nobody sits.
const UNATTENDED_MS = 60000;
let lastTouch = Date.now();

for (const event of ['pointerdown', 'keydown'])
    window.addEventListener(event, () => { lastTouch = Date.now(); }, {passive: true});

// Each change carries it, which no other page can read; it comes with the login.
let csrf = null;
let scopes = null;

// Whether this login may do that; as long as nobody knows, the device is asked, and says so.
export function may(scope) {
    return scopes?.includes(scope) ?? true;
}

function headersFor(method, tag) {
    const headers = {};

    if (tag)
        headers['If-Match'] = tag;

    if (method !== 'GET') {
        headers['Content-Type'] = 'application/json';
        headers['X-CSRF-Token'] = csrf;
    }
    if (Date.now() - lastTouch > UNATTENDED_MS)
        headers['X-Unattended'] = '1';
    return headers;
}

async function send(method, path, body, patience, tag) {
    try {
        return await fetch(path, {
            method,
            headers: headersFor(method, tag),
            body: body === undefined ? undefined : JSON.stringify(body),
            cache: 'no-store',
            signal: AbortSignal.timeout(patience),
        });
    } catch (error) {
        throw new Offline(error.message);
    }
}

async function read(response) {
    if (response.status === 204)
        return null;
    try {
        return await response.json();
    } catch (error) {
        throw error instanceof SyntaxError ? new Problem(response.status, {}) : new Offline(error.message);
    }
}

const LOGINS = {not_logged_in: '/login.html', password_not_set: '/welcome.html'};

// Who isn't logged in goes there, and nothing happens on this page any more.
function leaveFor(page) {
    location.replace(page);
    return new Promise(() => {});
}

async function exchange(method, path, body, patience, tag) {
    const response = await send(method, path, body, patience, tag);
    const date = Date.parse(response.headers.get('Date'));

    if (!Number.isNaN(date))
        clockOffsetMs = date - Date.now();
    const answer = await read(response);
    if (response.ok)
        return {answer, tag: response.headers.get('ETag')};
    if (response.status === 401 && LOGINS[answer.code])
        return leaveFor(LOGINS[answer.code]);
    throw new Problem(response.status, answer);
}

async function askOnce(...request) {
    return (await exchange(...request)).answer;
}

export async function session() {
    const answer = await askOnce('GET', '/api/v1/session', undefined, PATIENCE_MS);

    csrf = answer.csrf ?? null;
    scopes = answer.scopes;
    return answer;
}

// Sends whoever isn't logged in to where he can; what is asked then needs no refusal first.
export async function requireLogin() {
    const answer = await session();

    if (!answer.logged_in)
        await leaveFor(answer.password_set ? LOGINS.not_logged_in : LOGINS.password_not_set);
}

// What somebody is about to change, with the tag by which a change says what it is based on.
export function askTagged(path) {
    return exchange('GET', path, undefined, PATIENCE_MS);
}

// With a `tag` it changes only what still has it.
export async function ask(method, path, body, patience = PATIENCE_MS, tag = null) {
    if (method !== 'GET' && !csrf)
        await session();
    try {
        return await askOnce(method, path, body, patience, tag);
    } catch (error) {
        // Another tab has logged in anew.
        if (error.code !== 'bad_csrf')
            throw error;
        await session();
        return askOnce(method, path, body, patience, tag);
    }
}

// For reading: null when the service behind it is away, with the problem left to the caller's card.
export async function askService(path, onMissing) {
    try {
        const answer = await ask('GET', path);
        onMissing(null);
        return answer;
    } catch (error) {
        if (!(error instanceof Problem))
            throw error;
        onMissing(error);
        return null;
    }
}
