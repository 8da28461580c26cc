// A restored machine has lost v86's compiled code: the first container start runs interpreted and takes several times as long as the second. So one that
// nobody sees is started and thrown away when the node has nothing else to do.

import type { Agent } from '../../machine/agent.ts';
import { plainContainer } from '../plain-config.ts';
import type { StoredImage } from './images.ts';
import { containerSpec } from './spec.ts';

/** Starts `true` from a present image in a namespace of its own, and removes every trace. Failures are of no consequence. */
export async function warmUp(agent: Agent, image: StoredImage): Promise<void> {
  const base = '/run/warm-up';
  const cgroup = '/kubepods/besteffort/warm-up';
  const sandbox = `${base}/sandbox`;
  const spec = containerSpec({
    config: plainContainer('', ['true'], { metadata: { name: 'warm-up', attempt: 0 }, workingDir: '/' }),
    image: image.config,
    user: { uid: 0, gid: 0, groups: [] },
    hostname: 'warm-up',
    cgroup,
    sandbox,
    hostNetwork: true,
    pausePid: 0,
  });
  const directories = ['rootfs', 'upper', 'work', 'sandbox/shm'].flatMap((name) => ['mkdir', `${base}/${name}`, '755']);
  const files = ['hostname', 'hosts', 'resolv.conf'].flatMap((name) => ['file', `${sandbox}/${name}`, '644', '']);
  const overlay = `lowerdir=${image.layers.join(':')},upperdir=${base}/upper,workdir=${base}/work`;
  try {
    await agent.open(['sandbox', 'dir', sandbox, 'hostname', 'warm-up', 'hostnetwork', '1'], true).result;
    await agent.batch([
      ...directories,
      ...files,
      'mount',
      'overlay',
      `${base}/rootfs`,
      'overlay',
      overlay,
      'file',
      `${base}/config.json`,
      '600',
      JSON.stringify(spec),
    ]);
    await agent.open(['container', 'id', 'warm-up', 'bundle', base, 'log', `${base}/log`, 'cgroup', cgroup], true)
      .result;
  } catch {
    // the next container is a slow one, no more
  }
  await agent
    .batch([
      ...['rootfs', 'sandbox/uts', 'sandbox/ipc'].flatMap((name) => ['umount', `${base}/${name}`]),
      'remove',
      base,
      'remove',
      '/run/crun/warm-up',
      'rmdir',
      `/sys/fs/cgroup${cgroup}`,
    ])
    .catch(() => {});
}
