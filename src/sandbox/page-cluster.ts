// The page's cluster: started here if no other tab of this browser has it, followed read-only otherwise. Knows where the node image lies, takes it in when it
// appears later, stops the clock of a hidden tab, and remembers how far the clock was fast-forwarded.

import { randomUuid } from '../env/random.ts';
import { realNow } from '../env/scaled-clock.ts';
import { systemRandom } from '../env/system-random.ts';
import type { Cluster } from './cluster.ts';
import { type ClusterConfig, defaultClusterConfig } from './config.ts';
import { FollowedCluster, shareCluster } from './shared-cluster.ts';
import { startWorkerCluster, type WorkerCluster } from './worker-cluster.ts';

export interface PageClusterOptions {
  config?: ClusterConfig;
  /** A phone: no emulated machines. */
  small: boolean;
  /** The page's address, to which node/ and images/ are relative. */
  base: string;
}

/** Real ms between looks for a node image that is still being built. */
const imagePollInterval = 4000;

/** Starts or follows the cluster. A follower reloads the page when the tab that runs the cluster goes away, and then runs it itself. */
export async function startPageCluster(options: PageClusterOptions): Promise<Cluster> {
  const config = options.config ?? defaultClusterConfig;
  const wantsLinux = !options.small;
  const looking = wantsLinux ? hasNodeImage(options.base) : Promise.resolve(false);
  if (!(await takeLock(config.name))) return new FollowedCluster(config, realNow);

  const clockKey = `drydock/clock/${config.name}`;
  const image = await looking;
  const cluster = startWorkerCluster(config, {
    ...(image ? { assets: options.base } : {}),
    clockOffset: Number(readSetting(clockKey) ?? 0) || 0,
    rememberClockOffset: (offset) => writeSetting(clockKey, String(Math.round(offset))),
    electionId: (process, restarted) => {
      const key = `drydock/election/${config.name}/${process}`;
      const id = (restarted ? null : readSetting(key)) ?? randomUuid(systemRandom);
      writeSetting(key, id);
      return id;
    },
  });
  const endSharing = shareCluster(cluster);
  addEventListener('pagehide', () => endSharing(), { once: true });
  document.addEventListener('visibilitychange', () => cluster.clock.setHidden(document.hidden));
  if (document.hidden) cluster.clock.setHidden(true);
  if (wantsLinux && !image) void adoptImageWhenBuilt(cluster, options.base);
  return cluster;
}

/** Holds the cluster's Web Lock until the tab ends. False if another tab has it; the page is then reloaded once it is free. */
function takeLock(cluster: string): Promise<boolean> {
  const name = `drydock/${cluster}`;
  if (!('locks' in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const forever = () => new Promise<never>(() => {});
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock) {
        resolve(true);
        return forever();
      }
      resolve(false);
      void navigator.locks.request(name, () => location.reload());
      return undefined;
    });
  });
}

async function hasNodeImage(base: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('node/manifest.json', base), { cache: 'no-cache' });
    // a dev server answers unknown paths with the page itself
    return response.ok && (response.headers.get('content-type') ?? '').includes('json');
  } catch {
    return false;
  }
}

async function adoptImageWhenBuilt(cluster: WorkerCluster, base: string): Promise<void> {
  while (!(await hasNodeImage(base))) {
    await new Promise<void>((resolve) => cluster.clock.clock.after(imagePollInterval, resolve));
  }
  cluster.adoptAssets(base);
}

function readSetting(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeSetting(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is blocked or full: the next visit starts at real time
  }
}
