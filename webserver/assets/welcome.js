// SPDX-License-Identifier: LGPL-2.1-or-later

// The first minute asks for the country too, when there is a script to fill in the choices. Without one, the page
// asks for it afterwards.

import {fillCountries, guessCountry} from '/country.js';

const select = document.getElementById('country');

async function knownCountry() {
    const response = await fetch('/api/v1/session', {cache: 'no-store'});
    const session = await response.json();

    return session.country ?? '';
}

fillCountries(select);
knownCountry().catch(() => '').then((code) => {
    select.value = code || guessCountry();
    document.getElementById('country-field').hidden = false;
});
