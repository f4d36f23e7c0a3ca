// SPDX-License-Identifier: LGPL-2.1-or-later

// What happens on the device, told as it happens (server-sent events). Where that doesn't work the page asks again and
// again, as if this weren't here. A window that nobody looks at listens to nothing: a browser has six connections to
// a device, for all of its windows.

const SILENCE_MS = 40000; // the device says every 15 s that it is there
const AGAIN_MS = 30000;

let source = null;
let lastId = '';
let live = false;
let watchdog;
let listener;

export function isLive() {
    return live;
}

function setLive(now) {
    if (live === now)
        return;
    live = now;
    listener('link', null);
}

function close() {
    clearTimeout(watchdog);
    source?.close();
    source = null;
}

function openAgainIn(delay) {
    close();
    setLive(false);
    watchdog = setTimeout(open, delay);
}

// Begun anew by the browser itself, or refused: then it is up to this page.
function onError() {
    if (source?.readyState === EventSource.CLOSED)
        openAgainIn(AGAIN_MS);
    else
        setLive(false);
}

function onMessage(event) {
    const {topic, data} = JSON.parse(event.data);

    clearTimeout(watchdog);
    watchdog = setTimeout(openAgainIn, SILENCE_MS, 0);
    lastId = event.lastEventId || lastId;
    if (topic === 'hello') {
        setLive(data.live);
        if (data.gap)
            listener('gap', null);
    } else if (topic !== 'alive') {
        // Back with a gap: what happens is told again.
        if (topic === 'lost' || topic === 'gap')
            setLive(topic === 'gap');
        listener(topic, data);
    }
}

export function pause() {
    close();
    live = false;
}

export function open() {
    close();
    if (document.hidden)
        return;
    source = new EventSource(lastId ? `/events?since=${encodeURIComponent(lastId)}` : '/events');
    source.addEventListener('message', onMessage);
    source.addEventListener('error', onError);
}

function onVisibility() {
    if (document.hidden)
        pause();
    else
        open();
}

// `tell` is called with the topic and the data of each event; 'gap': ask for everything anew; 'link': isLive() is
// another.
export function start(tell) {
    listener = tell;
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('online', open);
    window.addEventListener('pagehide', close);
    window.addEventListener('pageshow', (event) => {
        if (event.persisted)
            open();
    });
    open();
}
