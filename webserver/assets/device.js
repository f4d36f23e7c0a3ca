// SPDX-License-Identifier: LGPL-2.1-or-later

// Talking to the device: every request of the page goes through here.

const PATIENCE_MS = 8000;

// Nobody answered: the device is away, or this phone is on another network.
export class Offline extends Error {}

// The device answered that it can't or won't; the message is for people.
export class Problem extends Error {
    constructor(status, problem) {
        super(problem.detail || problem.title || `The device answered with status ${status}.`);
        this.status = status;
        this.code = problem.code;
    }
}

// A device without a battery-backed clock may live in another year than this phone: what it says of
// times is compared with its own clock, which comes with each answer.
let clockOffsetMs = 0;

export function deviceNow() {
    return Date.now() + clockOffsetMs;
}

async function send(method, path, body, patience) {
    const headers = body === undefined ? {} : {'Content-Type': 'application/json'};
    try {
        return await fetch(path, {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            cache: 'no-store',
            signal: AbortSignal.timeout(patience),
        });
    } catch (error) {
        throw new Offline(error.message);
    }
}

async function read(response) {
    try {
        return await response.json();
    } catch (error) {
        throw error instanceof SyntaxError ? new Problem(response.status, {}) : new Offline(error.message);
    }
}

export async function ask(method, path, body, patience = PATIENCE_MS) {
    const response = await send(method, path, body, patience);
    const date = Date.parse(response.headers.get('Date'));

    if (!Number.isNaN(date))
        clockOffsetMs = date - Date.now();
    const answer = await read(response);
    if (!response.ok)
        throw new Problem(response.status, answer);
    return answer;
}

// For reading: null when the service behind it is away, with the reason left to the caller's card.
export async function askService(path, onMissing) {
    try {
        const answer = await ask('GET', path);
        onMissing(null);
        return answer;
    } catch (error) {
        if (!(error instanceof Problem))
            throw error;
        onMissing(error.message);
        return null;
    }
}
