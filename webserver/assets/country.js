// SPDX-License-Identifier: LGPL-2.1-or-later

// The countries that a radio can be in.

import {language, t} from '/i18n.js';

// Those that the kernel has rules of (wireless-regdb), as common/country-codes.c has them.
const COUNTRIES = (
    'AD AE AF AI AL AM AN AR AS AT AU AW AZ BA BB BD BE BF BG BH BL BM BN BO BR BS BT BW BY BZ CA CF CH ' +
    'CI CL CN CO CR CU CX CY CZ DE DK DM DO DZ EC EE EG ES ET FI FM FO FR GB GD GE GF GH GI GL GP GR GT ' +
    'GU GY HK HN HR HT HU ID IE IL IM IN IR IS IT JM JO JP KE KH KN KP KR KW KY KZ LB LC LI LK LS LT LU ' +
    'LV MA MC MD ME MF MH MK MN MO MP MQ MR MT MU MV MW MX MY NA NG NI NL NO NP NZ OM PA PE PF PG PH PK ' +
    'PL PM PR PT PW PY QA RE RO RS RU RW SA SE SG SI SK SM SN SR SV SX SY TC TD TG TH TN TR TT TW TZ UA ' +
    'UG US UY UZ VA VC VE VI VN VU WF WS YE YT ZA ZW'
).split(' ');

const names = new Intl.DisplayNames(language, {type: 'region'});

export function countryName(code) {
    return names.of(code);
}

// Makes them the choices of a select; none is chosen.
export function fillCountries(select) {
    const choices = COUNTRIES.map((code) => [code, countryName(code)]);

    choices.sort((a, b) => a[1].localeCompare(b[1], language));
    for (const [code, name] of [['', t('choose')], ...choices])
        select.add(new Option(name, code));
}

// The country that this browser is set to, if it is one of them; a guess, for somebody to confirm.
export function guessCountry() {
    const region = new Intl.Locale(navigator.language).region;

    return COUNTRIES.includes(region) ? region : '';
}
