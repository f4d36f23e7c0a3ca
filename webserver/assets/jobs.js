// SPDX-License-Identifier: LGPL-2.1-or-later

// What takes the device longer than an answer should: it is asked until it is over.

import {ask, Offline, Problem} from '/device.js';

const POLL_MS = 1000;
const PATIENCE_MS = 150000;

function pause() {
    return new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
}

// `answer` is that of the request, or the job that it has become; resolves to the result, or throws the problem.
export async function finished(answer) {
    const end = Date.now() + PATIENCE_MS;
    let job = answer;

    if (typeof job?.id !== 'string' || !job.state)
        return answer;
    while (job.state === 'running') {
        await pause();
        try {
            job = await ask('GET', `/api/v1/jobs/${job.id}`);
        } catch (error) {
            // It may be what interrupts the connection.
            if (!(error instanceof Offline) || Date.now() > end)
                throw error;
        }
    }
    if (job.state === 'failed')
        throw new Problem(job.problem?.status ?? 0, job.problem ?? {});
    return job.result;
}
