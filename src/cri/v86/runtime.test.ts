// What the conformance suite does not ask of a real node: terminals, attach, shared process namespaces, users, and pausing the machine under it all.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageIsBuilt, notBuilt } from '../../machine/testing/image.ts';
import { plainContainer } from '../plain-config.ts';
import type { ContainerConfig, PodSandboxConfig } from '../runtime.ts';
import { startTestNodes } from './testing/node.ts';
import { sandboxConfig } from './testing/pods.ts';

describe.skipIf(!imageIsBuilt)(
  imageIsBuilt ? 'containers of a v86 node' : `containers of a v86 node (${notBuilt})`,
  { timeout: 120_000 },
  () => {
    let node: Awaited<ReturnType<typeof startTestNodes>>[number];
    const decoder = new TextDecoder();
    const encode = (text: string) => new TextEncoder().encode(text);

    beforeAll(async () => {
      [node] = (await startTestNodes(1)) as [typeof node];
    }, 180_000);
    afterAll(() => node?.machine.stop());

    const start = async (
      command: string[],
      change: Partial<ContainerConfig> = {},
      pod: Partial<PodSandboxConfig> = {},
    ) => {
      const sandbox = await node.runtime.runPodSandbox(sandboxConfig('pod', pod));
      const id = await node.runtime.createContainer(sandbox, plainContainer('busybox', command, change));
      await node.runtime.startContainer(id);
      return { sandbox, id };
    };
    const run = async (id: string, script: string) => {
      const { stdout, stderr } = await node.runtime.execSync(id, ['sh', '-c', script], 60);
      return decoder.decode(stdout) + decoder.decode(stderr);
    };

    test('attach to a container with a terminal: type, resize, leave; it goes on', async () => {
      const { sandbox, id } = await start(['sh'], { tty: true, stdin: true });
      const attached = await node.runtime.attach(id, { stdin: true, tty: true });
      attached.resize(100, 30);
      const writer = attached.stdin.getWriter();
      await writer.write(encode('tty; stty size; echo se""en\n'));
      const reader = attached.stdout.getReader();
      let text = '';
      while (!/30 100[\s\S]*seen\r\n/.test(text)) text += decoder.decode((await reader.read()).value);
      expect(text).toContain('/dev/pts/0');
      attached.kill();
      expect((await node.runtime.containerStatus(id)).state).toBe('running');
      await node.runtime.removePodSandbox(sandbox);
    });

    test('attach without a terminal carries stdin once, and the exit code', async () => {
      const { sandbox, id } = await start(['sh', '-c', 'cat; exit 6'], { stdin: true, stdinOnce: true });
      const attached = await node.runtime.attach(id, { stdin: true, tty: false });
      const writer = attached.stdin.getWriter();
      await writer.write(encode('through\n'));
      await writer.close();
      expect(await new Response(attached.stdout).text()).toBe('through\n');
      expect(await attached.exited).toBe(6);
      await node.runtime.removePodSandbox(sandbox);
    });

    test('a shared process namespace shows every container, and its first process is the pause', async () => {
      const { sandbox, id } = await start(['sleep', '4321'], {}, { shareProcessNamespace: true });
      expect(await run(id, 'ps -o pid,args')).toMatch(/1 .*\/pause\n[\s\S]*sleep 4321/);
      await node.runtime.removePodSandbox(sandbox);
      expect(decoder.decode((await node.os.run(['ps'])).stdout)).not.toContain('/pause');
    });

    test('user, group, read-only root and dropped capabilities hold for the process and for exec', async () => {
      const { sandbox, id } = await start(['sh', '-c', 'id; touch /x; sleep 1000'], {
        securityContext: {
          runAsUser: 1000,
          runAsGroup: 2000,
          supplementalGroups: [3000],
          privileged: false,
          readonlyRootfs: true,
          noNewPrivs: true,
          addCapabilities: [],
          dropCapabilities: ['ALL'],
        },
      });
      const text = await run(id, 'id; touch /y; grep -E "Cap(Bnd|Eff)|NoNewPrivs" /proc/self/status /proc/1/status');
      expect(text).toContain('uid=1000 gid=2000 groups=');
      expect(text).toContain('Read-only file system');
      expect(text.match(/Cap(Bnd|Eff):\s+0000000000000000/g)).toHaveLength(4);
      expect(text.match(/NoNewPrivs:\s+1/g)).toHaveLength(2);
      await node.runtime.removePodSandbox(sandbox);
    });

    test('a paused machine stands still, yet answers who asks it', async () => {
      const { sandbox, id } = await start(['sleep', '1000']);
      await node.machine.pause();
      const before = node.os.clock?.now() ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(node.os.clock?.now()).toBe(before);
      expect(await run(id, 'echo still here')).toBe('still here\n');
      expect(node.os.clock?.now()).toBeGreaterThan(before);
      node.machine.resume();
      await node.runtime.removePodSandbox(sandbox);
    });

    test('nothing is left of a removed pod', async () => {
      const script =
        'ls /run/sandboxes /run/containers /run/crun; ls /sys/class/net | grep veth; find /sys/fs/cgroup/kubepods -name "pod*"';
      const left = async () => {
        const { stdout } = await node.os.run(['sh', '-c', script]);
        return decoder
          .decode(stdout)
          .replace(/\/run\/\w+:\n+/g, '')
          .trim();
      };
      // the kernel takes a network namespace and its interfaces away when it finds the time
      await expect.poll(left, { timeout: 20_000 }).toBe('');
    });

    test('an image that is in no registry, and one that is malformed', async () => {
      await expect(node.runtime.pullImage('nope')).rejects.toMatchObject({
        reason: 'NotFound',
        message:
          'failed to pull and unpack image "docker.io/library/nope:latest": failed to resolve reference "docker.io/library/nope:latest": docker.io/library/nope:latest: not found',
      });
      await expect(node.runtime.pullImage('Nginx')).rejects.toMatchObject({ reason: 'InvalidArgument' });
    });
  },
);
