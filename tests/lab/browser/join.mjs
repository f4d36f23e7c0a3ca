// SPDX-License-Identifier: LGPL-2.1-or-later
// The customer at his browser: node join.mjs PAGE FOLDER DEVICE_PASSWORD SSID PASSWORD OUTCOME TEXT
// Opens the page, sets the device password or logs in with it, picks the network, types its password, waits until the
// page's OUTCOME (a data-testid) says TEXT, and takes a picture of each step.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [page_url, folder, device_password, ssid, password, outcome, text] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'unbox-browser-'));
const browser = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    viewport: { width: 412, height: 915 },
});

let step = 0;
async function picture(page, name) {
    step += 1;
    await page.screenshot({ path: join(folder, `${step}-${name}.png`), fullPage: true });
}

try {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (entry) => {
        // Requests do fail while the device is between two networks.
        if (entry.type() === 'error' && !entry.text().startsWith('Failed to load resource'))
            complaints.push(entry.text());
    });
    page.setDefaultTimeout(60000);

    await page.goto(page_url, { waitUntil: 'load', timeout: 60000 });
    // The page itself sends whoever isn't logged in to one of these.
    await page.waitForURL(/\/(welcome|login)\.html/);
    await picture(page, 'login');
    for (const field of await page.locator('input[type="password"]').all())
        await field.fill(device_password);
    await page.locator('[type="submit"]').click();
    // The first time the page leads to the networks by itself, and later they are on its first tab.
    const row = page.getByTestId('networks').locator(`button[data-ssid="${ssid}"]`);
    await row.waitFor();
    await picture(page, 'networks');

    await row.click();
    const form = page.locator('#join-dialog');
    await form.locator('#join-password').fill(password);
    await picture(page, 'password');
    await form.locator('[type="submit"]').click();
    await page.getByTestId('join').waitFor();
    await picture(page, 'joining');

    // The page loses the device with the hotspot, and finds it on whatever network there is then.
    const done = page.getByTestId(outcome).filter({ hasText: new RegExp(text, 'i'), visible: true });
    const arrived = page.getByTestId('arrived-go').filter({ visible: true });
    await done.or(arrived).first().waitFor({ timeout: 150000 });
    if (await arrived.isVisible()) {
        await picture(page, 'arrived');
        await arrived.click();
        await done.waitFor();
    }
    await picture(page, 'done');
    if (complaints.length)
        throw new Error(`the page complained: ${complaints.join('; ')}`);
} finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
}
