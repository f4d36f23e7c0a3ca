// SPDX-License-Identifier: LGPL-2.1-or-later

// The first time, as one way: the Network tab with nothing on it but what leads to a network, and at its end
// where this page is from now on.

import {t} from '/i18n.js';
import {byId, fill, setLink} from '/view.js';

export const NAME = 'setup';

export function isOn() {
    return location.hash === `#${NAME}`;
}

// The device has arrived where it was to go.
function hasArrived(status) {
    return isOn() && status.state === 'connected';
}

function showWay(arrived) {
    for (const item of byId('guide').querySelectorAll('[data-part="network"], [data-part="done"]')) {
        const isNow = (item.dataset.part === 'done') === arrived;

        item.dataset.state = arrived ? 'done' : isNow ? 'now' : '';
        item.toggleAttribute('aria-current', isNow);
        if (isNow)
            item.setAttribute('aria-current', 'step');
    }
}

// `where` are the addresses of the page by name and by number.
export function show(status, where) {
    const arrived = hasArrived(status);

    byId('guide').hidden = !isOn();
    byId('arrived').hidden = !arrived;
    byId('guide-skip').hidden = !isOn() || arrived || status.state === 'joining';
    showWay(arrived);
    if (!arrived)
        return;
    byId('air').hidden = true;
    fill(byId('arrived'), {headline: t('arrived', {ssid: status.wifi?.ssid ?? t('your-wifi')})});
    setLink(byId('arrived'), 'name-url', where.name);
    setLink(byId('arrived'), 'address-url', where.address ?? where.name);
}

// What is not on the way is out of sight (parts.css).
export function start() {
    const follow = () => document.body.toggleAttribute('data-guided', isOn());

    window.addEventListener('hashchange', follow);
    follow();
}
