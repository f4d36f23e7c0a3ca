// SPDX-License-Identifier: LGPL-2.1-or-later

// The form of a network: which of its fields belong to which kind of network, and what it asks the device for. What
// was typed stays in it until another network is chosen or the join has gone well.

import {t} from '/i18n.js';
import {byId, fillMasks} from '/view.js';

const WITHOUT_PASSWORD = ['open', 'owe'];
const PASSWORD_MIN = 8;
const PEM_MAX = 16 * 1024;
const MASK_USUAL = 24;

let network = null; // that the form is about; null: one that is typed in
let filledFor = null; // whose fields these are

export function needsPassword(of) {
    return !WITHOUT_PASSWORD.includes(of.security);
}

function security() {
    return network ? network.security : byId('join-security').value;
}

function isEnterprise() {
    return security() === 'enterprise';
}

function usesCertificate() {
    return isEnterprise() && document.querySelector('input[name="eap-method"]:checked').value === 'tls';
}

function text(id) {
    return byId(id).value.trim();
}

export function setError(message) {
    byId('join-error').textContent = message;
    byId('join-error').hidden = !message;
    // The form is longer than a phone's window.
    if (message)
        byId('join-error').scrollIntoView({block: 'center'});
    byId('join-password').setAttribute('aria-invalid', String(Boolean(message)));
}

function showPassword(visible) {
    const button = byId('join-show');

    byId('join-password').type = visible ? 'text' : 'password';
    button.textContent = visible ? t('hide') : t('show');
    button.setAttribute('aria-pressed', String(visible));
}

// Only the fields that this kind of network has.
function showFields() {
    const enterprise = isEnterprise();

    byId('name-field').hidden = Boolean(network);
    byId('security-field').hidden = Boolean(network);
    byId('eap-method').hidden = !enterprise;
    byId('identity-field').hidden = !enterprise;
    byId('tls-fields').hidden = !usesCertificate();
    byId('eap-server').hidden = !enterprise;
    byId('password-field').hidden = usesCertificate() || !needsPassword({security: security()});
    byId('saved-note').hidden = !network?.saved || byId('password-field').hidden;
    byId('open-note').hidden = security() !== 'open';
}

export function clear() {
    byId('join-form').reset();
    byId('join-mask').value = MASK_USUAL;
    byId('eap-server').open = false;
    byId('join-fixed').open = false;
    showPassword(false);
    filledFor = null;
}

// Another network begins with an empty form.
export function begin(of) {
    const key = of ? `${of.ssid_hex} ${of.security}` : '';

    if (filledFor !== key)
        clear();
    filledFor = key;
    network = of;
    showFields();
}

export function focusFirst() {
    const first = network ? isEnterprise() ? 'join-identity' : 'join-password' : 'join-name';

    if (byId(first).offsetParent)
        byId(first).focus();
}

export function fixedAddress() {
    return text('join-address') || null;
}

export function typedName() {
    return text('join-name');
}

// What can be seen to be wrong without asking the device; '': nothing.
function problem() {
    const password = byId('join-password').value;

    if (!network && !typedName())
        return t('join.no-name');
    if (isEnterprise() || !needsPassword({security: security()}) || (network?.saved && !password))
        return '';
    return password.length < PASSWORD_MIN ?
        t('join.short', {count: PASSWORD_MIN}) :
        '';
}

async function pem(id) {
    const [file] = byId(id).files;

    if (!file)
        return undefined;
    if (file.size > PEM_MAX)
        throw new Error(t('join.too-large', {name: file.name}));
    return file.text();
}

async function login() {
    const asked = {
        security: usesCertificate() ? 'tls' : 'peap',
        identity: text('join-identity'),
        anonymous_identity: text('join-anonymous') || undefined,
        domain: text('join-domain') || undefined,
        ca_certificate: await pem('join-ca'),
    };

    if (!usesCertificate())
        return {...asked, password: byId('join-password').value};
    return {
        ...asked,
        client_certificate: await pem('join-certificate'),
        client_key: await pem('join-key'),
        client_key_password: byId('join-key-password').value || undefined,
    };
}

function address() {
    if (!fixedAddress())
        return {};
    return {
        address: `${fixedAddress()}/${byId('join-mask').value}`,
        gateway: text('join-gateway') || undefined,
        dns: text('join-dns').split(/[\s,;]+/).filter(Boolean),
    };
}

// What a saved network is joined with anew; with nothing typed, what is saved.
function wantsSaved() {
    return network?.saved && !byId('join-password').value && !text('join-identity');
}

async function secrets() {
    if (wantsSaved())
        return {};
    if (isEnterprise())
        return login();
    if (!needsPassword({security: security()}))
        return network ? {} : {security: security()};
    return {password: byId('join-password').value};
}

// What to ask the device for. Throws an Error with a sentence for the customer.
export async function request() {
    const wrong = problem();

    if (wrong)
        throw new Error(wrong);
    return {
        ...(network ? {ssid_hex: network.ssid_hex} : {ssid: typedName(), hidden: true}),
        ...await secrets(),
        ...address(),
    };
}

export function start(changed) {
    fillMasks(byId('join-mask'));
    clear();
    byId('join-form').addEventListener('input', changed);
    byId('join-form').addEventListener('change', () => {
        showFields();
        changed();
    });
    byId('join-show').addEventListener('click', () => showPassword(byId('join-password').type === 'password'));
}
