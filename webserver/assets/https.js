// SPDX-License-Identifier: LGPL-2.1-or-later

// The part of the System tab about HTTPS: whether the page is served over it, and with which certificate. Its forms
// work without this too (https.html).

import {ask, deviceNow} from '/device.js';
import {date, t} from '/i18n.js';
import {byId, confirmed, describeError, fill, perform, setLink, toast} from '/view.js';

const PATH = '/api/v1/https';
const DAY_MS = 24 * 60 * 60 * 1000;

let touched = false; // the choice is somebody's, who has not sent it yet
let replaced = false; // the certificate that this page came with
let refreshPage;

function isSecure() {
    return location.protocol === 'https:';
}

// Why the device may not answer any more; null: for nothing that was done here.
export function whereTo() {
    if (!byId('https-moved').hidden)
        return byId('https-moved').textContent;
    return replaced ? t('https.replaced') : null;
}

// "valid until 5 March 2027, for 104 more days".
export function validity(expires) {
    const end = Date.parse(expires);
    const days = Math.floor((end - deviceNow()) / DAY_MS);

    if (Number.isNaN(end))
        return '';
    return days < 0 ? t('certificate.over', {date: date(end)}) : t('certificate.until', {date: date(end), count: days});
}

function showCertificate(certificate) {
    const isCustomers = certificate?.source === 'customer';

    byId('https-facts').hidden = !certificate;
    byId('https-expired').hidden = !certificate?.expired;
    byId('https-own').hidden = isCustomers;
    byId('https-drop').hidden = !isCustomers;
    if (!certificate)
        return;
    fill(byId('https-facts'), {
        names: certificate.names.join(', '),
        issuer: isCustomers ? certificate.issuer : '',
        until: validity(certificate.not_after),
        sha256: certificate.sha256,
    });
}

// The other way to this page, where there is one now; over HTTPS, that this one has ended.
function showWays(https, pagePort) {
    const moved = isSecure() && !https.port && pagePort;

    byId('https-there').hidden = isSecure() || !https.port;
    byId('https-moved').hidden = !moved;
    if (!byId('https-there').hidden)
        setLink(byId('https-there'), 'url', `https://${location.hostname}:${https.port}`);
    if (moved)
        setLink(byId('https-moved'), 'url', `http://${location.hostname}:${pagePort}`);
}

function show(https, pagePort) {
    showCertificate(https.certificate);
    showWays(https, pagePort);
    if (!touched)
        byId('https-mode').elements.mode.value = https.mode;
    byId('https').hidden = false;
}

// `network` is what user-network says, or null; the owner may change it.
export async function refresh(network, owner) {
    byId('https-forms').hidden = !owner;
    show(await ask('GET', PATH), network?.port);
}

// What a form does instead of sending itself; what is wrong stands above it.
function handle(id, action) {
    byId(id).addEventListener('submit', (event) => {
        const error = byId('https-error');

        event.preventDefault();
        error.hidden = true;
        perform(event.target.querySelector('[type="submit"]'), async () => {
            try {
                if (await action(event.target))
                    toast(t('https.changed'));
            } catch (failure) {
                error.textContent = describeError(failure);
                error.hidden = false;
                error.scrollIntoView({block: 'center'});
            }
            refreshPage();
        });
    });
}

async function choose(form) {
    const mode = form.elements.mode.value;

    if (mode === 'off' && isSecure() &&
        !await confirmed(t('https.off.sure'), t('https.off.what'), t('https.off.do')))
        return false;
    touched = false;
    await ask('PUT', PATH, {mode});
    return true;
}

async function bring(form) {
    const {certificate, key} = form.elements;

    await ask('PUT', `${PATH}/certificate`, {
        certificate: await certificate.files[0].text(),
        key: await key.files[0].text(),
    });
    replaced = isSecure();
    form.reset();
    byId('https-bring-details').open = false;
    return true;
}

async function drop() {
    if (!await confirmed(t('https.drop.sure'), t('https.drop.what'), t('https.drop.do'), true))
        return false;
    await ask('DELETE', `${PATH}/certificate`);
    replaced = isSecure();
    return true;
}

export function start(refreshNow) {
    refreshPage = refreshNow;
    byId('https-mode').addEventListener('change', () => { touched = true; });
    handle('https-mode', choose);
    handle('https-bring', bring);
    handle('https-drop', drop);
}
