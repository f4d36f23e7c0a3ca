// SPDX-License-Identifier: LGPL-2.1-or-later

// The page's texts, numbers and times in the language that the server has chosen for this document. What
// the other services say is English: it is translated by its code, or by the sentence itself.

import {said, texts} from '/text.js';

export const language = document.documentElement.lang;

const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);
const relative = new Intl.RelativeTimeFormat(language, {numeric: 'auto'});
const dates = new Intl.DateTimeFormat(language, {dateStyle: 'medium'});

function format(text, values) {
    const form = typeof text === 'string' ? text : text[plurals.select(values.count)] ?? text.other;

    return form.replace(/\{(\w+)\}/g, (gap, name) => {
        const value = values[name] ?? '';

        return typeof value === 'number' ? numbers.format(value) : value;
    });
}

// The text of `key`, with {name} replaced by the value of that name; {count} decides between one and many.
export function t(key, values = {}) {
    return format(texts[key], values);
}

// The text of a family's member, as of a state; null: it has none of that name.
export function tOf(family, name, values = {}) {
    const text = texts[`${family}.${name}`];

    return text === undefined ? null : format(text, values);
}

// A sentence of another service: it is looked up as it stands.
export function translate(sentence) {
    return said[sentence] ?? sentence;
}

export function percent(value) {
    return new Intl.NumberFormat(language, {style: 'percent', maximumFractionDigits: 0}).format(value / 100);
}

export function unit(value, name) {
    return new Intl.NumberFormat(language, {
        style: 'unit', unit: name, unitDisplay: name === 'celsius' ? 'short' : 'long', maximumFractionDigits: 0,
    }).format(value);
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

// "7.8 GB".
export function bytes(count) {
    const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(count, 1)) / 3));

    return new Intl.NumberFormat(language, {
        style: 'unit', unit: SIZES[power], unitDisplay: 'short', maximumFractionDigits: 1,
    }).format(count / 1000 ** power);
}

export function dateAndTime(timestamp) {
    return new Intl.DateTimeFormat(language, {dateStyle: 'medium', timeStyle: 'short'}).format(timestamp);
}

export function dateAndSeconds(timestamp) {
    return new Intl.DateTimeFormat(language, {dateStyle: 'short', timeStyle: 'medium'}).format(timestamp);
}

export function number(value) {
    return numbers.format(value);
}

export function date(timestamp) {
    return dates.format(timestamp);
}

export function list(words) {
    return new Intl.ListFormat(language).format(words);
}

const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

// "2 days 3 hours", "4 minutes": the two largest units.
export function duration(seconds) {
    const words = [];
    let rest = Math.max(0, Math.floor(seconds));

    for (const [name, size] of UNITS) {
        const count = Math.floor(rest / size);

        rest -= count * size;
        if (count > 0)
            words.push(unit(count, name));
        if (words.length === 2 || (words.length === 1 && count === 0))
            break;
    }
    return words.join(' ') || unit(0, 'second');
}

// "4 minutes ago".
export function before(seconds) {
    const [name, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);

    return relative.format(-Math.floor(Math.max(0, seconds) / size), name);
}
