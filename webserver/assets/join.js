// SPDX-License-Identifier: LGPL-2.1-or-later

// Joining a network: the form, the steps while it goes on, and what came of it. The customer's phone
// loses this page in the middle of it, when the device leaves its own Wi-Fi: where to go next is said
// before that, and what was typed is kept for the case that it fails.

import {ask, deviceNow} from '/device.js';
import {t, tOf} from '/i18n.js';
import * as form from '/join-form.js';
import {byId, describeError, fill, setLink} from '/view.js';

const IMPOSSIBLE = ['wep'];
const JOINED = ['joined', 'no_internet'];
const LOCKED_OUT = ['password_changed', 'login_changed'];
const BAD_NEWS_MS = 60 * 60 * 1000;

// Steps that the customer need not tell from their neighbours.
const SAME_STEP = {checking: 'checkpoint', gateway: 'address', committed: 'proving'};

let refreshPage;
let status = null;
let network = null; // that the form is about; null: one that is typed in
let attempt = null; // what was asked for last, and the verdict that stood then
let dismissed = null; // the verdict that the customer has acted on

export function url(host, port) {
    const name = host.includes(':') ? `[${host}]` : host;

    return `http://${name}${port === 80 ? '' : `:${port}`}`;
}

export function isPossible(of) {
    return of.ssid !== null && !IMPOSSIBLE.includes(of.security);
}

export function nameOf(of) {
    return of.ssid ?? t('the-network', {hex: of.ssid_hex});
}

// Where this page is, or will be: by name, by what others find it by, and by address once it is known.
export function where() {
    const {hostname, port, announced, wifi} = status;
    const address = wifi?.address?.split('/')[0];

    return {
        name: url(hostname, port),
        local: url(announced?.host ?? `${hostname?.split('.')[0]}.local`, port),
        address: address ? url(address, port) : null,
    };
}

// Asked for while the device can still be asked: the picture stays when it is gone.
function loadCodes() {
    const shown = [status.hostname, status.port, status.announced?.host, status.wifi?.address].join(' ');

    for (const image of document.querySelectorAll('.page-code')) {
        if (image.dataset.shown !== shown)
            image.src = `/api/v1/network/page.svg?${encodeURIComponent(shown)}`;
        image.dataset.shown = shown;
    }
}

// The address that was asked for is where the page will be, too.
function fixedText(address) {
    return address ? t('next.fixed', {url: url(address, status.port)}) : '';
}

// The form moves this page to another address only when it is reached over the hotspot.
function updateLeavingNote() {
    const note = byId('leaving-note');

    note.hidden = !status?.hotspot;
    if (note.hidden)
        return;
    fill(note, {
        ssid: network ? nameOf(network) : form.typedName() || t('that-network'),
        fixed: fixedText(form.fixedAddress()),
    });
    setLink(note, 'name-url', where().name);
}

export function open(of, now, error = '') {
    network = of;
    status = now;
    byId('join-title').textContent = of ? t('join.title', {name: nameOf(of)}) :
        t('join.other');
    form.begin(of);
    form.setError(error);
    updateLeavingNote();
    byId('join-dialog').showModal();
    form.focusFirst();
}

async function begin(asked, of) {
    attempt = {
        network: of,
        ssid: of ? of.ssid : asked.ssid,
        fixed: asked.address?.split('/')[0],
        verdictBefore: status?.verdict?.time ?? null,
        // Until the device says how far it is: it may leave this phone before that, or its answer, is heard here.
        pending: true,
    };
    showProgress();
    try {
        await ask('POST', '/api/v1/network/connect', asked);
    } catch (error) {
        attempt = null;
        showProgress();
        throw error;
    }
    window.scrollTo(0, 0); // to the steps, and to where this page will be next
    refreshPage();
}

// A saved network, as it is saved.
export async function again(of) {
    form.clear();
    await begin({ssid_hex: of.ssid_hex}, {...of, saved: true, security: KINDS[of.security] ?? of.security});
}

// What a saved network calls its kind, and the air.
const KINDS = {wpa: 'wpa2', peap: 'enterprise', tls: 'enterprise'};

async function submit(event) {
    const button = event.target.querySelector('[type="submit"]');

    event.preventDefault();
    if (button.disabled)
        return;
    button.disabled = true;
    form.setError('');
    try {
        await begin(await form.request(), network);
        byId('join-dialog').close();
    } catch (error) {
        form.setError(describeError(error));
    } finally {
        button.disabled = false;
    }
}

// A screen reader tells a change of text, not one of a tick.
function speak(text) {
    const spoken = byId('join-spoken');

    if (spoken.textContent !== text)
        spoken.textContent = text;
}

function showSteps(step) {
    let state = step === 'undoing' ? 'later' : 'done';

    byId('join').querySelector('[data-step="undoing"]').hidden = step !== 'undoing';
    for (const item of byId('join').querySelectorAll('[data-step]')) {
        if (item.dataset.step === step)
            state = 'now';
        else if (state === 'now')
            state = 'later';
        item.dataset.state = state;
        if (state === 'now') {
            item.setAttribute('aria-current', 'step');
            speak(item.textContent);
        } else {
            item.removeAttribute('aria-current');
        }
    }
}

function currentJoin() {
    if (attempt && (status.join || isNews(status.verdict)))
        attempt.pending = false;
    return status.join ?? (attempt?.pending ? {ssid: attempt.ssid, step: 'checking'} : null);
}

function showProgress() {
    const card = byId('join');
    const join = currentJoin();

    card.hidden = !join;
    if (!join)
        return;
    fill(card, {ssid: join.ssid ?? attempt?.ssid ?? t('that-network'), fixed: fixedText(attempt?.fixed)});
    showSteps(SAME_STEP[join.step] ?? join.step);
    setLink(card, 'name-url', where().name);
    setLink(card, 'local-url', where().local);
}

function isNews(verdict) {
    return attempt && verdict && verdict.time !== attempt.verdictBefore;
}

// Good news is for who has just asked for it; the card below says the rest.
function isWelcome(verdict) {
    return isNews(verdict) && status.state === 'connected';
}

// Bad news is for whoever opens the page, until it is old or has been acted on; that the router lets nobody in any more goes
// on being true.
function isTimely(verdict) {
    return verdict.time !== dismissed &&
        (LOCKED_OUT.includes(verdict.code) || deviceNow() - Date.parse(verdict.time) < BAD_NEWS_MS);
}

// In the customer's language; what NetworkManager said of a failure, in brackets at its end, stays as it is.
function messageOf(verdict) {
    const text = tOf('verdict', verdict.code, {ssid: verdict.ssid ?? t('that-network')});
    const detail = verdict.code === 'failed' ? /\(.+\)$/.exec(verdict.message) : null;

    return text ? [text, detail?.[0]].filter(Boolean).join(' ') : verdict.message;
}

function reopen(verdict) {
    open(attempt.network, status, messageOf(verdict));
    byId('join-password').select();
}

function showVerdict() {
    const card = byId('verdict');
    const {verdict} = status;
    const join = currentJoin();
    const joined = JOINED.includes(verdict?.code);
    const wanted = verdict && !join && (joined ? isWelcome(verdict) : isTimely(verdict));

    card.hidden = !wanted;
    if (!wanted)
        return;
    const name = verdict.ssid ?? t('that-network');

    card.classList.toggle('good', joined);
    card.classList.toggle('bad', !joined);
    fill(card, {
        title: joined ? t('verdict.good', {name}) :
            t('verdict.bad', {name}),
        message: messageOf(verdict),
    });
    card.querySelector('button').hidden = joined || !attempt;
    if (joined) {
        form.clear();
    } else if (isNews(verdict) && !document.querySelector('dialog[open]')) {
        reopen(verdict);
        attempt.verdictBefore = verdict.time;
    }
}

export function show(now) {
    status = now;
    loadCodes();
    showProgress();
    showVerdict();
}

export function forgetAttempt() {
    dismissed = status?.verdict?.time ?? null;
    attempt = null;
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    form.start(updateLeavingNote);
    byId('join-form').addEventListener('submit', submit);
    byId('verdict').querySelector('button').addEventListener('click', () => reopen(status.verdict));
}
