// SPDX-License-Identifier: LGPL-2.1-or-later
// A browser for the tests: node browser.mjs FOLDER
// Reads one command a line from its standard input, {"method": …, "args": […]}, and answers each with {"result": …} or
// {"error": …}. The pictures that are taken go to FOLDER.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const folder = process.argv[2];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const PATIENCE_MS = 30000;
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };

const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let context, page, scripts, sibling;
let complaints = [];

// Those that can be seen, without what is said to be of another language.
function visibleTexts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const own = document.documentElement.lang;
    const texts = [];

    while (walker.nextNode()) {
        const { parentElement, textContent } = walker.currentNode;

        if (textContent.trim() && parentElement.closest('[lang]').lang === own && parentElement.checkVisibility())
            texts.push(textContent.trim().replace(/\s+/g, ' '));
    }
    return texts;
}

// What is wider than the window, and isn't scrolled by itself.
function misfits() {
    const wide = [...document.querySelectorAll('body *')].filter((element) =>
        element.checkVisibility() && !element.closest('.skip, .sr-only, .scrolls *, .tabs *, svg') &&
        element.getBoundingClientRect().right > document.documentElement.clientWidth + 1);

    return wide.map((element) => `too wide: ${element.outerHTML.slice(0, 120)}`);
}

// axe needs scripts: where they are off, it looks at the same document in a window that has them, and runs none of its own.
async function twin(colorScheme) {
    if (!sibling) {
        const other = await browser.newContext({ reducedMotion: 'reduce', ignoreHTTPSErrors: true });

        sibling = await other.newPage();
        await sibling.route('**', async (route) => route.request().isNavigationRequest() ?
            route.fulfill({
                body: await page.content(),
                headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "script-src 'none'" },
            }) : route.continue());
    }
    await sibling.context().clearCookies();
    await sibling.context().addCookies(await context.cookies());
    await sibling.setViewportSize(page.viewportSize());
    await sibling.emulateMedia({ colorScheme });
    // Another part of the same address would not be asked for.
    await sibling.goto('about:blank');
    await sibling.goto(page.url());
    return sibling;
}

async function inspect(seen) {
    if (!await seen.evaluate(() => Boolean(window.axe)))
        await seen.evaluate(axe);
    const { violations } = await seen.evaluate((values) => window.axe.run({ runOnly: { type: 'tag', values } }), RULES);
    const wrong = violations.map((violation) =>
        `${violation.id}: ${violation.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`);

    return [...wrong, ...await seen.evaluate(misfits)];
}

async function lookNow(file, colorScheme) {
    const path = join(folder, file);

    mkdirSync(join(path, '..'), { recursive: true });
    // The head of the page stays in sight, and would be in the middle of the picture.
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path, fullPage: !await page.locator('dialog[open]').count() });
    if (scripts)
        return inspect(page);
    return inspect(await twin(colorScheme));
}

const methods = {
    // A new window, without what the last one remembered.
    async open(language, javaScriptEnabled = true) {
        scripts = javaScriptEnabled;
        await context?.close();
        context = await browser.newContext({
            viewport: SIZES.phone, locale: language, reducedMotion: 'reduce', ignoreHTTPSErrors: true, javaScriptEnabled,
        });
        page = await context.newPage();
        page.setDefaultTimeout(PATIENCE_MS);
        complaints = [];
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (entry) => {
            if (['error', 'warning'].includes(entry.type()))
                complaints.push(`${entry.text()} ${entry.location().url}`);
        });
    },
    // A page that asks for itself again may do so in this very moment; then nobody does for some seconds.
    goto: (url) => page.goto(url).catch((error) => {
        if (!String(error).includes('ERR_ABORTED'))
            throw error;
        return page.goto(url);
    }),
    click: (selector) => page.locator(selector).click(),
    fill: (selector, text) => page.locator(selector).fill(text),
    choose: (selector, value) => page.locator(selector).selectOption(value),
    upload: (selector, path) => page.locator(selector).setInputFiles(path),
    press: (key) => page.keyboard.press(key),
    wait: (selector, hasText) => page.locator(selector).filter({ hasText, visible: true }).first().waitFor(),
    gone: (selector) => page.locator(selector).first().waitFor({ state: 'hidden' }),
    arrive: (url) => page.waitForURL(url),
    value: (selector) => page.locator(selector).inputValue(),
    text: (selector) => page.locator(selector).innerText(),
    language: () => page.evaluate(() => document.documentElement.lang),
    focused: () => page.evaluate(() => document.activeElement.dataset.testid ?? document.activeElement.id ??
        document.activeElement.tagName),
    // The page asks the device now, and not in its own time.
    refresh: () => page.evaluate(() => { window.dispatchEvent(new Event('online')); }),
    // Takes a picture in each of these sizes and schemes, and says what is wrong with what can be seen in it.
    async look(name, variants) {
        const seen = {};

        for (const [size, colorScheme] of variants) {
            await page.setViewportSize(SIZES[size]);
            await page.emulateMedia({ colorScheme });
            seen[`${size} ${colorScheme}`] = await lookNow(`${name}-${size}-${colorScheme}.png`, colorScheme);
        }
        return { seen, complaints: complaints.splice(0), texts: await page.evaluate(visibleTexts) };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const { method, args } = JSON.parse(line);
    let answer;

    try {
        const result = await methods[method](...args);

        answer = { result: ['goto', 'arrive'].includes(method) ? null : result ?? null };
    } catch (error) {
        answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
