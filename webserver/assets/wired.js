// SPDX-License-Identifier: LGPL-2.1-or-later

// The cable: its address, and changing it. A fixed address is only tried at first: whoever opens this page at the new
// address is asked whether to keep it, and whoever is still at the old one is told where to go.

import {ask, askTagged} from '/device.js';
import {t, tOf} from '/i18n.js';
import {url} from '/join.js';
import {byId, describeError, fill, fillFacts, fillMasks, perform, setLink, toast} from '/view.js';

const MASK_USUAL = 24;
const TICK_MS = 250;

let refreshPage;
let status = null;
let trial = null; // {address, until}: what is being tried, as far as this page knows
let turnedAway = null; // the address that the customer doesn't want to be asked about again
let ticking;
let tag = null; // of what the form was filled with

function addressOf(text) {
    return text?.split('/')[0] ?? null;
}

function checked() {
    return document.querySelector('input[name="wired-method"]:checked')?.value;
}

function secondsLeft() {
    return Math.max(0, Math.ceil((trial.until - Date.now()) / 1000));
}

// Whether this page has come from the address that is being tried: only then can it be confirmed here.
function isThere() {
    return location.hostname === trial.address;
}

export function whereTo() {
    return trial && !isThere() && secondsLeft() > 0 ?
        t('trial.where',
            {url: url(trial.address, status?.port ?? location.port)}) :
        null;
}

function setError(id, text) {
    byId(id).textContent = text;
    byId(id).hidden = !text;
}

// -- the trial ----------------------------------------------------------------------------

function showCountdown() {
    const left = secondsLeft();
    const line = byId('trial-dialog').querySelector('.countdown');
    const text = left > 0 ?
        t('trial.left', {count: left}) :
        t('trial.over');

    if (line.textContent !== text)
        line.textContent = text;
    byId('trial-ok').disabled = left === 0;
    if (left === 0)
        clearInterval(ticking);
}

function openTrial() {
    const dialog = byId('trial-dialog');
    const there = isThere();

    byId('trial-title').textContent = there ? t('trial.keep') :
        t('trial.open');
    byId('trial-go').hidden = there;
    byId('trial-keep').hidden = !there;
    byId('trial-ok').hidden = !there;
    fill(dialog, {address: trial.address});
    setLink(dialog, 'url', url(trial.address, status?.port ?? location.port));
    setError('trial-error', '');
    showCountdown();
    clearInterval(ticking);
    ticking = setInterval(showCountdown, TICK_MS);
    if (!dialog.open)
        dialog.showModal();
}

function endTrial() {
    trial = null;
    turnedAway = null;
    clearInterval(ticking);
    byId('trial-dialog').close();
}

function followTrial(pending) {
    const address = addressOf(pending?.static?.address);
    const counts = pending && pending.seconds_left !== null && address;

    if (!counts) {
        if (trial && pending === null)
            endTrial();
        return;
    }
    trial = {address, until: Date.now() + pending.seconds_left * 1000};
    if (pending.step === 'unconfirmed' && turnedAway !== address && !document.querySelector('dialog[open]'))
        openTrial();
}

async function keep(event) {
    event.preventDefault();
    byId('trial-ok').disabled = true;
    setError('trial-error', '');
    try {
        await ask('POST', '/api/v1/network/wired/confirm', {});
        toast(t('trial.kept', {address: trial.address}));
        endTrial();
        refreshPage();
    } catch (error) {
        setError('trial-error', describeError(error));
        byId('trial-ok').disabled = false;
    }
}

// -- the card -----------------------------------------------------------------------------


function summary(wired) {
    if (!wired.carrier)
        return t('wired.none');
    return wired.address ?? t('wired.no-address');
}

function trialText(pending) {
    if (!pending)
        return '';
    return tOf('trial', pending.step) ?? t('trial.waits',
        {address: addressOf(pending.static?.address)});
}

// A change that went as it should is seen in the facts.
function lastText(wired) {
    const good = ['confirmed', 'dhcp'].includes(wired.last?.code);

    return wired.pending || good || !wired.last ? '' : tOf('trial.last', wired.last.code) ?? wired.last.message;
}

export function show(now) {
    const card = byId('wired');
    const {wired} = now;
    const fixed = wired?.static;

    status = now;
    card.hidden = !wired?.method;
    if (card.hidden)
        return;
    fill(card, {summary: summary(wired), last: lastText(wired), trial: trialText(wired.pending)});
    fillFacts(card.querySelector('dl'), [
        [t('wired.setup'), fixed ? t('wired.fixed', {address: fixed.address}) :
            t('wired.dhcp')],
        [t('router'), fixed?.gateway],
        [t('dns'), fixed?.dns.join(', ')],
    ]);
    byId('wired-trial').hidden = !wired.pending;
    byId('wired-look').hidden = wired.pending?.step !== 'unconfirmed';
    byId('wired-change').disabled = Boolean(wired.pending);
    followTrial(wired.pending ?? null);
}

// -- the form -----------------------------------------------------------------------------

function showFields() {
    byId('wired-fixed').hidden = checked() !== 'static';
}

const PATH = '/api/v1/network/wired';

async function openForm() {
    const settings = await askTagged(PATH);
    const fixed = settings.answer.static;
    const [address, prefix] = fixed?.address.split('/') ?? ['', MASK_USUAL];

    document.querySelector(`input[name="wired-method"][value="${fixed ? 'static' : 'dhcp'}"]`).checked = true;
    byId('wired-address').value = address;
    byId('wired-mask').value = prefix;
    byId('wired-gateway').value = fixed?.gateway ?? '';
    byId('wired-dns').value = fixed?.dns.join(' ') ?? '';
    tag = settings.tag;
    setError('wired-error', '');
    showFields();
    byId('wired-dialog').showModal();
}

function requestOf() {
    const address = byId('wired-address').value.trim();

    if (checked() === 'dhcp')
        return {method: 'dhcp'};
    return {
        method: 'static',
        address: `${address}/${byId('wired-mask').value}`,
        gateway: byId('wired-gateway').value.trim(),
        dns: byId('wired-dns').value.split(/[\s,;]+/).filter(Boolean),
    };
}

async function set() {
    const request = requestOf();
    const answer = await ask('PUT', PATH, request, undefined, tag);

    byId('wired-dialog').close();
    if (request.method === 'static') {
        turnedAway = null;
        trial = {address: addressOf(request.address), until: Date.now() + answer.confirm_within * 1000};
        openTrial();
    }
    refreshPage();
}

// What is wrong with an address is the device's to say.
async function submit(event) {
    event.preventDefault();
    setError('wired-error', '');
    await perform(event.target.querySelector('[type="submit"]'), async () => {
        try {
            await set();
        } catch (error) {
            setError('wired-error', describeError(error));
        }
    });
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    fillMasks(byId('wired-mask'));
    for (const choice of document.querySelectorAll('input[name="wired-method"]'))
        choice.addEventListener('change', showFields);
    byId('wired-change').addEventListener('click', () => perform(byId('wired-change'), openForm));
    byId('wired-look').addEventListener('click', openTrial);
    byId('wired-form').addEventListener('submit', submit);
    byId('trial-form').addEventListener('submit', keep);
    byId('trial-dialog').addEventListener('close', () => {
        clearInterval(ticking);
        turnedAway = trial?.address ?? null;
    });
}
