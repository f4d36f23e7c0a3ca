// SPDX-License-Identifier: LGPL-2.1-or-later

// Joining a network: the form, the steps while it goes on, and what came of it. The customer's phone
// loses this page in the middle of it, when the device leaves its own Wi-Fi: where to go next is said
// before that, and what was typed is kept for the case that it fails.

import {ask, deviceNow} from '/device.js';
import {byId, describeError, fill, setLink} from '/view.js';

const WITHOUT_PASSWORD = ['open', 'owe'];
const IMPOSSIBLE = ['wep', 'owe', 'enterprise'];
const PASSWORD_MIN = 8;
const BAD_NEWS_MS = 60 * 60 * 1000;

// Steps that the customer need not tell from their neighbours.
const SAME_STEP = {checking: 'checkpoint', committed: 'proving'};

let refreshPage;
let status = null;
let network = null; // that the form is about; null: one that is typed in
let attempt = null; // what was asked for last, and the verdict that stood then
let dismissed = null; // the verdict that the customer has acted on

export function url(host, port) {
    const name = host.includes(':') ? `[${host}]` : host;

    return `http://${name}${port === 80 ? '' : `:${port}`}`;
}

export function needsPassword(of) {
    return !WITHOUT_PASSWORD.includes(of.security);
}

export function isPossible(of) {
    return of.ssid !== null && !IMPOSSIBLE.includes(of.security);
}

function nameOf(of) {
    return of.ssid ?? `the network ${of.ssid_hex}`;
}

function setError(text) {
    const error = byId('join-error');

    error.textContent = text;
    error.hidden = !text;
    byId('join-password').setAttribute('aria-invalid', String(Boolean(text)));
}

function showPassword(visible) {
    const button = byId('join-show');

    byId('join-password').type = visible ? 'text' : 'password';
    button.textContent = visible ? 'Hide' : 'Show';
    button.setAttribute('aria-pressed', String(visible));
}

// The form moves this page to another address only when it is reached over the hotspot.
function updateLeavingNote() {
    const note = byId('leaving-note');
    const typed = byId('join-name').value.trim();

    note.hidden = !status?.hotspot;
    fill(note, {ssid: network ? nameOf(network) : typed || 'that network'});
    setLink(note, 'name-url', url(status?.hostname ?? location.hostname, status?.port ?? location.port));
}

export function open(of, now, error = '') {
    const again = attempt && attempt.ssid_hex === of?.ssid_hex && attempt.typed === !of;

    network = of;
    status = now;
    byId('join-title').textContent = of ? `Join ${nameOf(of)}` : 'Join another network';
    byId('name-field').hidden = Boolean(of);
    byId('join-name').value = again && attempt.typed ? attempt.ssid : '';
    byId('password-field').hidden = Boolean(of) && !needsPassword(of);
    byId('open-note').hidden = of?.security !== 'open';
    byId('join-password').value = again ? attempt.password : '';
    showPassword(false);
    setError(error);
    updateLeavingNote();
    byId('join-dialog').showModal();
    (of ? byId('join-password') : byId('join-name')).focus();
}

function checkForm(name, password) {
    if (!network && !name)
        return 'Type the name of the network.';
    if (network && !needsPassword(network))
        return '';
    if (!network && password === '')
        return '';
    if (password.length < PASSWORD_MIN)
        return `A Wi-Fi password has at least ${PASSWORD_MIN} characters.`;
    return '';
}

function readForm() {
    const name = byId('join-name').value.trim();
    const password = byId('join-password').value;
    const error = checkForm(name, password);

    if (error) {
        setError(error);
        return null;
    }
    return {
        ssid: network ? network.ssid : name,
        ssid_hex: network?.ssid_hex,
        typed: !network,
        security: network?.security,
        password: network && !needsPassword(network) ? '' : password,
        verdictBefore: status?.verdict?.time ?? null,
    };
}

function requestOf(made) {
    const request = made.typed ? {ssid: made.ssid, hidden: true} : {ssid_hex: made.ssid_hex};

    if (made.password)
        request.password = made.password;
    return request;
}

async function submit(event) {
    const button = event.target.querySelector('[type="submit"]');
    const made = readForm();

    event.preventDefault();
    if (!made || button.disabled)
        return;
    button.disabled = true;
    setError('');
    try {
        await ask('POST', '/api/v1/network/connect', requestOf(made));
        attempt = made;
        byId('join-dialog').close();
        window.scrollTo(0, 0); // to the steps, and to where this page will be next
        refreshPage();
    } catch (error) {
        setError(describeError(error));
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

function showProgress() {
    const card = byId('join');
    const {join, hostname, port} = status;

    card.hidden = !join;
    if (!join)
        return;
    fill(card, {ssid: join.ssid ?? attempt?.ssid ?? 'the network'});
    showSteps(SAME_STEP[join.step] ?? join.step);
    setLink(card, 'name-url', url(hostname, port));
    setLink(card, 'local-url', url(`${hostname}.local`, port));
}

function isNews(verdict) {
    return attempt && verdict.time !== attempt.verdictBefore;
}

// Good news is for who has just asked for it; the card below says the rest.
function isWelcome(verdict) {
    return isNews(verdict) && status.state === 'connected';
}

// Bad news is for whoever opens the page, until it is old or has been acted on.
function isTimely(verdict) {
    return verdict.time !== dismissed && deviceNow() - Date.parse(verdict.time) < BAD_NEWS_MS;
}

function reopen(verdict) {
    const of = attempt.typed ? null : {
        ssid: attempt.ssid, ssid_hex: attempt.ssid_hex, security: attempt.security,
    };

    open(of, status, verdict.message);
    byId('join-password').select();
}

function showVerdict() {
    const card = byId('verdict');
    const {verdict, join} = status;
    const joined = verdict?.code === 'joined';
    const wanted = verdict && !join && (joined ? isWelcome(verdict) : isTimely(verdict));

    card.hidden = !wanted;
    if (!wanted)
        return;
    card.classList.toggle('good', joined);
    card.classList.toggle('bad', !joined);
    fill(card, {
        title: joined ? `${verdict.ssid ?? 'Your network'} works` :
            `${verdict.ssid ?? 'The network'} could not be joined`,
        message: verdict.message,
    });
    card.querySelector('button').hidden = joined || !attempt;
    if (joined) {
        attempt.password = '';
    } else if (isNews(verdict) && !document.querySelector('dialog[open]')) {
        reopen(verdict);
        attempt.verdictBefore = verdict.time;
    }
}

export function show(now) {
    status = now;
    showProgress();
    showVerdict();
}

export function forgetAttempt() {
    dismissed = status?.verdict?.time ?? null;
    attempt = null;
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    byId('join-form').addEventListener('submit', submit);
    byId('join-name').addEventListener('input', updateLeavingNote);
    byId('join-show').addEventListener('click', () =>
        showPassword(byId('join-password').type === 'password'));
    byId('verdict').querySelector('button').addEventListener('click', () => reopen(status.verdict));
}
