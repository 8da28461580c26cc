// Deletes certificate requests that nobody needs any more, once an hour. Upstream: pkg/controller/certificates/cleaner.

import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import { parseTime } from '../../api/time.ts';
import { isNotFound, keyOf } from '../../client/index.ts';
import { sleep } from '../../env/clock.ts';
import type { InitController } from '../shared/context.ts';
import { expiryOf } from './expiry.ts';
import { requests } from './requests.ts';

const name = 'certificatesigningrequest-cleaner-controller';
const hour = 3_600_000;
const pollingMs = hour;
/** How long a request is kept after it was approved and signed, denied, or given up. */
const decidedMs = hour;
const pendingMs = 24 * hour;

/** Why a request may go, or undefined: it stays. Throws an Error when its certificate cannot be read. */
export function outdated({ metadata, status }: CertificateSigningRequest, now: number): string | undefined {
  const isOlder = (time: string | undefined, than: number) => {
    const at = parseTime(time ?? '');
    return at !== undefined && now - at > than;
  };
  const { certificate, conditions = [] } = status ?? {};
  const since = (type: string) => conditions.find((condition) => condition.type === type)?.lastUpdateTime;
  const approved = conditions.some(({ type }) => type === 'Approved');
  if (certificate && approved && now > expiryOf(atob(certificate))) return 'its certificate is expired';
  if (certificate && isOlder(since('Approved'), decidedMs)) return 'it was approved long ago';
  if (isOlder(since('Denied'), decidedMs)) return 'it was denied long ago';
  if (isOlder(since('Failed'), decidedMs)) return 'it failed long ago';
  if (conditions.length === 0 && isOlder(metadata.creationTimestamp, pendingMs)) return 'nobody has decided on it';
  return undefined;
}

export const initCsrCleanerController: InitController = ({ env, client, onError }) => {
  const report = onError(name);

  async function clean(signal: AbortSignal): Promise<void> {
    const { items } = await client.list(requests, '', { signal });
    for (const request of items) {
      try {
        if (outdated(request, env.clock.now()) === undefined) continue;
        const preconditions = { uid: request.metadata.uid };
        await client.delete(requests, request.metadata, { preconditions }, { signal });
      } catch (error) {
        if (!signal.aborted && !isNotFound(error)) report(keyOf(request), error);
      }
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await clean(signal).catch((error) => {
          if (!signal.aborted) report('list', error);
        });
        await sleep(env.clock, pollingMs, signal).catch(() => {});
      }
    },
  };
};
