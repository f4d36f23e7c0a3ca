// SPDX-License-Identifier: LGPL-2.1-or-later

// Pictures of how a number goes on. They are for those who see them: what it is now is said in words beside them.

import {byId} from '/view.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const HEIGHT = 80;
const EDGE = 2;
const SAMPLES_MAX = 200;

function scale(value, low, high, size) {
    return high > low ? (value - low) / (high - low) * size : 0;
}

function points(samples, low, high) {
    const first = samples[0].at;
    const last = samples.at(-1).at;

    return samples.map(({at, value}) => [
        scale(at, first, last, WIDTH),
        HEIGHT - EDGE - scale(value, low, high, HEIGHT - 2 * EDGE),
    ].map((number) => number.toFixed(1)).join()).join(' ');
}

// Draws samples {at, value} into the svg of a figure, which reaches from `low` to `high`; without them, from the
// lowest to the highest of the values.
export function draw(figure, samples, low, high) {
    const svg = figure.querySelector('svg');
    const values = samples.map(({value}) => value);
    let line = svg.firstElementChild;

    if (!line) {
        line = document.createElementNS(SVG, 'polyline');
        svg.append(line);
        svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    }
    line.setAttribute('points',
        values.length > 0 ? points(samples, low ?? Math.min(...values), high ?? Math.max(...values)) : '');
}

// What this page has seen of a number from 0 to `high` since it was opened, in the figure `id`: a function that is
// told the number each time. That of another `key` begins anew; a number that is none ends it.
export function trail(id) {
    let samples = [];
    let of = null;

    return (key, value, high) => {
        if (key !== of || !Number.isFinite(value))
            samples = [];
        of = key;
        if (Number.isFinite(value))
            samples.push({at: performance.now(), value});
        if (samples.length > SAMPLES_MAX)
            samples.shift();
        byId(id).hidden = samples.length < 2;
        if (samples.length > 1)
            draw(byId(id), samples, 0, high);
    };
}
