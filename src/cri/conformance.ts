// The conformance suite of container runtimes: what the kubelet relies on, as Vitest tests that any implementation can run.
//
//   testContainerRuntime('hollow', async () => ({ runtime, os, pass, close }), { processes: false });
//
// Capabilities switch off what an implementation honestly cannot do; everything else is the same for all. Each test makes its own pod and removes it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleContainer, exampleSandbox } from './conformance-examples.ts';
import type { NodeOs } from './node-os.ts';
import * as cri from './runtime.ts';

export interface ConformanceSubject {
  runtime: cri.ContainerRuntime;
  os: NodeOs;
  /** Lets about this much of the runtime's own time go by. */
  pass(milliseconds: number): Promise<void>;
  close?(): Promise<void>;
}

export interface ConformanceCapabilities {
  /** Real processes: exec of arbitrary commands, streams, signals, working directories, limits. Default true. */
  processes?: boolean;
  /** An image with a shell. Default "busybox:latest". */
  shellImage?: string;
  /** Memory limits end a container with OOMKilled. Default: as `processes`. */
  memoryLimits?: boolean;
  /** Registries can be asked for images that do not exist. Default true. */
  registry?: boolean;
  /** ms a test may take: emulated machines are slow. Default 60 s. */
  timeout?: number;
}

const decoder = new TextDecoder();

export function testContainerRuntime(
  name: string,
  create: () => Promise<ConformanceSubject>,
  capabilities: ConformanceCapabilities = {},
): void {
  const processes = capabilities.processes ?? true;
  const image = capabilities.shellImage ?? 'busybox:latest';
  const options = { timeout: capabilities.timeout ?? 60_000 };
  const real = test.skipIf(!processes);

  describe(`container runtime: ${name}`, options, () => {
    let subject: ConformanceSubject;
    let pods = 0;

    beforeAll(async () => {
      subject = await create();
      await subject.os.configureNetwork({
        nodeName: 'node-1',
        nodeIp: '172.18.0.2',
        podCidr: '10.244.1.0/24',
        clusterCidr: '10.244.0.0/16',
        routes: [],
      });
      if (image) await subject.runtime.pullImage(image);
    }, 180_000);
    afterAll(() => subject?.close?.());

    const sandboxConfig = (change: Partial<cri.PodSandboxConfig> = {}) => {
      pods++;
      return exampleSandbox(pods, change);
    };
    const containerConfig = (command: string[], change: Partial<cri.ContainerConfig> = {}) =>
      exampleContainer(image, command, change);

    const withPod = async (body: (podSandboxId: string, uid: string) => Promise<void>, config = sandboxConfig()) => {
      const id = await subject.runtime.runPodSandbox(config);
      try {
        await body(id, config.metadata.uid);
      } finally {
        await subject.runtime.stopPodSandbox(id);
        await subject.runtime.removePodSandbox(id);
        await subject.os.removeVolumes(config.metadata.uid);
      }
    };

    const start = async (podSandboxId: string, command: string[], change: Partial<cri.ContainerConfig> = {}) => {
      const id = await subject.runtime.createContainer(podSandboxId, containerConfig(command, change));
      await subject.runtime.startContainer(id);
      return id;
    };

    const exited = async (containerId: string): Promise<cri.ContainerStatus> => {
      for (let tries = 0; tries < 400; tries++) {
        const status = await subject.runtime.containerStatus(containerId);
        if (status.state === 'exited') return status;
        await subject.pass(50);
      }
      throw new Error(`container ${containerId} did not exit`);
    };

    const logText = async (containerId: string, logOptions: cri.LogOptions = {}, stream?: 'stdout' | 'stderr') => {
      let text = '';
      for await (const line of subject.runtime.logs(containerId, logOptions))
        if (!stream || line.stream === stream) text += decoder.decode(line.content);
      return text;
    };

    const reasonOf = async (call: Promise<unknown>): Promise<string> => {
      try {
        await call;
        return 'resolved';
      } catch (error) {
        expect(error).toBeInstanceOf(cri.RuntimeError);
        return (error as cri.RuntimeError).reason;
      }
    };

    test('names itself', async () => {
      const { runtimeName, runtimeVersion } = await subject.runtime.version();
      expect(runtimeName).toMatch(/^[a-z0-9]+$/);
      expect(runtimeVersion).not.toBe('');
      const info = await subject.os.info();
      expect(info.cpu).toBeGreaterThan(0);
      expect(info.memoryBytes).toBeGreaterThan(2 ** 20);
    });

    test('a sandbox has an address of the node until it is stopped, and keeps labels and annotations', async () => {
      const config = sandboxConfig();
      const id = await subject.runtime.runPodSandbox(config);
      const find = async () => (await subject.runtime.listPodSandboxes()).find((sandbox) => sandbox.id === id);
      expect(await find()).toMatchObject({
        state: 'ready',
        metadata: config.metadata,
        labels: config.labels,
        annotations: { note: 'kept' },
      });
      expect((await find())?.ip).toMatch(/^10\.244\.1\.\d+$/);
      await subject.runtime.stopPodSandbox(id);
      expect((await find())?.state).toBe('notready');
      await subject.runtime.stopPodSandbox(id);
      await subject.runtime.removePodSandbox(id);
      await subject.runtime.removePodSandbox(id);
      expect(await find()).toBeUndefined();
    });

    test('two sandboxes have different addresses', async () => {
      await withPod((first) =>
        withPod(async (second) => {
          const all = await subject.runtime.listPodSandboxes();
          const ip = (id: string) => all.find((sandbox) => sandbox.id === id)?.ip;
          expect(ip(first)).not.toBe(ip(second));
        }),
      );
    });

    test('a container goes created, running, exited, removed', async () => {
      await withPod(async (pod) => {
        const id = await subject.runtime.createContainer(pod, containerConfig(['sleep', '1000']));
        expect(await subject.runtime.containerStatus(id)).toMatchObject({
          state: 'created',
          podSandboxId: pod,
          startedAt: 0,
          pid: 0,
        });
        await subject.runtime.startContainer(id);
        const running = await subject.runtime.containerStatus(id);
        expect(running).toMatchObject({
          state: 'running',
          metadata: { name: 'main', attempt: 0 },
          finishedAt: 0,
          reason: '',
        });
        expect(running.startedAt).toBeGreaterThanOrEqual(running.createdAt);
        expect(running.pid).toBeGreaterThan(0);
        expect(running.imageRef).toMatch(/sha256:[0-9a-f]{64}$/);
        expect((await subject.runtime.listContainers()).map((container) => container.id)).toContain(id);
        await subject.runtime.stopContainer(id, 0);
        const stopped = await subject.runtime.containerStatus(id);
        expect(stopped).toMatchObject({ state: 'exited', exitCode: 137, pid: 0 });
        expect(stopped.finishedAt).toBeGreaterThanOrEqual(stopped.startedAt);
        await subject.runtime.removeContainer(id);
        expect(await reasonOf(subject.runtime.containerStatus(id))).toBe('NotFound');
      });
    });

    test('stop and remove of what is not there succeed', async () => {
      await subject.runtime.stopContainer('nothing', 1);
      await subject.runtime.removeContainer('nothing');
      await subject.runtime.stopPodSandbox('nothing');
      await subject.runtime.removePodSandbox('nothing');
    });

    test('anything else about what is not there is NotFound', async () => {
      const { runtime } = subject;
      expect(await reasonOf(runtime.containerStatus('nothing'))).toBe('NotFound');
      expect(await reasonOf(runtime.startContainer('nothing'))).toBe('NotFound');
      expect(await reasonOf(runtime.createContainer('nothing', containerConfig(['true'])))).toBe('NotFound');
      expect(await reasonOf(runtime.execSync('nothing', ['true'], 1))).toBe('NotFound');
      expect(await reasonOf(runtime.exec('nothing', { command: ['true'], tty: false, stdin: false }))).toBe('NotFound');
      expect(await reasonOf((async () => runtime.logs('nothing', {})[Symbol.asyncIterator]().next())())).toBe(
        'NotFound',
      );
    });

    test.each([
      [['true'], 0, 'Completed'],
      [['false'], 1, 'Error'],
      [['sh', '-c', 'exit 3'], 3, 'Error'],
    ])('%j ends with exit code %i', async (command, exitCode, reason) => {
      await withPod(async (pod) => {
        const status = await exited(await start(pod, command));
        expect(status).toMatchObject({ exitCode, reason });
        expect(status.finishedAt).toBeGreaterThanOrEqual(status.startedAt);
      });
    });

    test('command and args are joined; logs keep order, streams and timestamps', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sh', '-c'], { args: ['echo one; echo two >&2; echo three'] });
        await exited(id);
        expect(await logText(id, {}, 'stdout')).toBe('one\nthree\n');
        expect(await logText(id, {}, 'stderr')).toBe('two\n');
        expect((await logText(id, { tailLines: 1 })).split('\n')).toHaveLength(2);
        for await (const line of subject.runtime.logs(id, {}))
          expect(line.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      });
    });

    test('logs can be read after the end and followed to it', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sh', '-c', 'echo begin; sleep 1; echo end']);
        const followed = logText(id, { follow: true });
        await exited(id);
        expect(await followed).toBe('begin\nend\n');
        expect(await logText(id)).toBe('begin\nend\n');
      });
    });

    test('a follower goes away when its signal aborts', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sleep', '1000']);
        const controller = new AbortController();
        const followed = logText(id, { follow: true, signal: controller.signal });
        await subject.pass(50);
        controller.abort();
        expect(await followed).toBe('');
        await subject.runtime.stopContainer(id, 0);
      });
    });

    test('environment reaches the container, its hostname is the pod', async () => {
      const config = sandboxConfig({ hostname: 'web-0' });
      await withPod(async (pod) => {
        const id = await start(pod, ['sh', '-c', 'echo "$GREETING from $(hostname)"'], {
          envs: [{ key: 'GREETING', value: 'hello world' }],
        });
        await exited(id);
        expect(await logText(id)).toBe('hello world from web-0\n');
      }, config);
    });

    test('volumes: files written on the node are read in the container, replaced whole, and gone with the pod', async () => {
      await withPod(async (pod, uid) => {
        const encode = (text: string) => new TextEncoder().encode(text);
        const path = await subject.os.volumePath(uid, 'config');
        expect(await subject.os.volumePath(uid, 'config')).toBe(path);
        await subject.os.writeVolume(path, [
          { path: 'key', content: encode('first\n'), mode: 0o644 },
          { path: 'nested/other', content: encode('deep\n'), mode: 0o600 },
        ]);
        const mounts = [{ containerPath: '/etc/config', hostPath: path, readonly: true }];
        const first = await start(pod, ['cat', '/etc/config/key', '/etc/config/nested/other'], { mounts });
        await exited(first);
        expect(await logText(first)).toBe('first\ndeep\n');
        await subject.os.writeVolume(path, [{ path: 'key', content: encode('second\n'), mode: 0o644 }]);
        expect(decoder.decode(await subject.os.readFile(`${path}/key`, 100))).toBe('second\n');
        expect(decoder.decode(await subject.os.readFile(`${path}/key`, 3))).toBe('sec');
        expect(await subject.os.readFile(`${path}/nested/other`, 100)).toBeUndefined();
        const second = await start(pod, ['cat', '/etc/config/key'], { mounts, metadata: { name: 'main', attempt: 1 } });
        await exited(second);
        expect(await logText(second)).toBe('second\n');
        await subject.os.removeVolumes(uid);
        expect(await subject.os.readFile(`${path}/key`, 100)).toBeUndefined();
      });
    });

    test('one file can be mounted and written by the container, as termination messages are', async () => {
      await withPod(async (pod, uid) => {
        const path = await subject.os.volumePath(uid, 'termination-log.main.0');
        await subject.os.writeVolume(path, [{ path: 'termination-log', content: new Uint8Array(), mode: 0o666 }]);
        const id = await start(pod, ['sh', '-c', 'echo "out of cheese" > /dev/termination-log; exit 2'], {
          mounts: [{ containerPath: '/dev/termination-log', hostPath: `${path}/termination-log`, readonly: false }],
        });
        expect((await exited(id)).exitCode).toBe(2);
        expect(decoder.decode(await subject.os.readFile(`${path}/termination-log`, 4096))).toBe('out of cheese\n');
      });
    });

    test('writeVolume refuses to leave its directory', async () => {
      const path = await subject.os.volumePath('00000000-0000-4000-8000-ffffffffffff', 'v');
      await expect(
        subject.os.writeVolume(path, [{ path: '../out', content: new Uint8Array(), mode: 0o644 }]),
      ).rejects.toThrow();
      await subject.os.removeVolumes('00000000-0000-4000-8000-ffffffffffff');
    });

    test('events tell of start, end and removal', async () => {
      const controller = new AbortController();
      const events = subject.runtime.events(controller.signal)[Symbol.asyncIterator]();
      await withPod(async (pod, uid) => {
        const id = await start(pod, ['sh', '-c', 'exit 4']);
        await exited(id);
        await subject.runtime.removeContainer(id);
        const seen: cri.ContainerEvent[] = [];
        while (seen.at(-1)?.type !== 'deleted') {
          const { value } = await events.next();
          if (value.containerId === id) seen.push(value);
        }
        expect(seen.map((event) => event.type)).toEqual(['started', 'stopped', 'deleted']);
        expect(seen[0]).toMatchObject({ podSandboxId: pod, podUid: uid, pid: expect.any(Number) });
        expect(seen[1]).toMatchObject({ exitCode: 4 });
      });
      controller.abort();
    });

    test('the same name and attempt twice in one pod is AlreadyExists, a new attempt is a restart', async () => {
      await withPod(async (pod) => {
        const first = await start(pod, ['true']);
        await exited(first);
        expect(await reasonOf(subject.runtime.createContainer(pod, containerConfig(['true'])))).toBe('AlreadyExists');
        const second = await start(pod, ['sh', '-c', 'exit 5'], { metadata: { name: 'main', attempt: 1 } });
        expect((await exited(second)).exitCode).toBe(5);
        expect((await subject.runtime.containerStatus(first)).exitCode).toBe(0);
      });
    });

    test('stopping a sandbox ends its containers; none can be created in it', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sleep', '1000']);
        await subject.runtime.stopPodSandbox(pod);
        expect((await subject.runtime.containerStatus(id)).state).toBe('exited');
        expect(await reasonOf(subject.runtime.createContainer(pod, containerConfig(['true'])))).toBe(
          'FailedPrecondition',
        );
      });
    });

    test('a container that ignores SIGTERM is killed after its grace period', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sh', '-c', "trap '' TERM; echo ready; sleep 1000"]);
        for (let tries = 0; tries < 100 && (await logText(id)) === ''; tries++) await subject.pass(50);
        const stopped = subject.runtime.stopContainer(id, 2);
        await subject.pass(500);
        expect((await subject.runtime.containerStatus(id)).state).toBe('running');
        await subject.pass(2500);
        await stopped;
        expect(await subject.runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 137 });
      });
    });

    test('known images are listed once pulled', async () => {
      const id = await subject.runtime.pullImage(image);
      const status = await subject.runtime.imageStatus(image);
      expect(status?.id).toBe(id);
      expect(status?.repoTags.join()).toContain('busybox');
      expect((await subject.runtime.listImages()).map((entry) => entry.id)).toContain(id);
    });

    test.skipIf(capabilities.registry === false)('an image that does not exist fails as at a registry', async () => {
      expect(await subject.runtime.imageStatus('does-not-exist.example/nothing:1')).toBeUndefined();
      expect(['NotFound', 'Unavailable']).toContain(
        await reasonOf(subject.runtime.pullImage('does-not-exist.example/nothing:1')),
      );
      await withPod(async (pod) => {
        const config = containerConfig(['true'], { image: 'does-not-exist.example/nothing:1' });
        expect(await reasonOf(subject.runtime.createContainer(pod, config))).toBe('NotFound');
      });
    });

    test('a malformed image name is InvalidArgument', async () => {
      expect(await reasonOf(subject.runtime.pullImage('UPPER/Case:'))).toBe('InvalidArgument');
    });

    test('exec runs a command to its end', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sleep', '1000']);
        const result = await subject.runtime.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 7'], 30);
        expect(decoder.decode(result.stdout)).toBe('out\n');
        expect(decoder.decode(result.stderr)).toBe('err\n');
        expect(result.exitCode).toBe(7);
        expect(await reasonOf(subject.runtime.execSync(id, ['sleep', '100'], 1))).toBe('DeadlineExceeded');
        await subject.runtime.stopContainer(id, 0);
        expect(await reasonOf(subject.runtime.execSync(id, ['true'], 1))).toBe('FailedPrecondition');
      });
    });

    real('exec streams: stdin, stdout, stderr, exit code, kill', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sleep', '1000']);
        const process = await subject.runtime.exec(id, {
          command: ['sh', '-c', 'cat; echo done >&2; exit 9'],
          tty: false,
          stdin: true,
        });
        const writer = process.stdin.getWriter();
        await writer.write(new TextEncoder().encode('typed\n'));
        await writer.close();
        expect(await new Response(process.stdout).text()).toBe('typed\n');
        expect(await new Response(process.stderr).text()).toBe('done\n');
        expect(await process.exited).toBe(9);
        const endless = await subject.runtime.exec(id, { command: ['sleep', '1000'], tty: false, stdin: false });
        endless.kill();
        expect(await endless.exited).toBeGreaterThan(128);
      });
    });

    real('a terminal has a size', async () => {
      await withPod(async (pod) => {
        const id = await start(pod, ['sleep', '1000']);
        const process = await subject.runtime.exec(id, {
          command: ['sh', '-c', 'sleep 1; stty size'],
          tty: true,
          stdin: true,
        });
        process.resize(132, 43);
        expect(await new Response(process.stdout).text()).toContain('43 132');
        expect(await process.exited).toBe(0);
      });
    });

    real('a working directory, PID 1, the pod address and DNS settings are those of the container', async () => {
      await withPod(async (pod) => {
        const ip = (await subject.runtime.listPodSandboxes()).find((sandbox) => sandbox.id === pod)?.ip ?? '?';
        const id = await start(pod, ['sh', '-c', 'pwd; echo $$; cat /etc/resolv.conf /etc/hosts; ip addr'], {
          workingDir: '/tmp',
        });
        await exited(id);
        const text = await logText(id);
        expect(text.startsWith('/tmp\n1\n')).toBe(true);
        expect(text).toContain('nameserver 10.96.0.10');
        expect(text).toContain('search default.svc.cluster.local');
        expect(text).toContain('options ndots:5');
        expect(text).toContain(`inet ${ip}`);
      });
    });

    real('a command that is not there cannot be started', async () => {
      await withPod(async (pod) => {
        const id = await subject.runtime.createContainer(pod, containerConfig(['/no/such/command']));
        const reason = await reasonOf(subject.runtime.startContainer(id));
        const status = await subject.runtime.containerStatus(id);
        expect(reason).not.toBe('resolved');
        expect(status.state === 'exited' ? status.exitCode : 128).toBeGreaterThan(125);
      });
    });

    real('a read-only mount cannot be written', async () => {
      await withPod(async (pod, uid) => {
        const path = await subject.os.volumePath(uid, 'ro');
        const mounts = [{ containerPath: '/ro', hostPath: path, readonly: true }];
        const id = await start(pod, ['sh', '-c', 'echo x > /ro/file'], { mounts });
        expect((await exited(id)).exitCode).not.toBe(0);
      });
    });

    real('containers of one pod share its network', async () => {
      await withPod(async (pod) => {
        const server = await start(pod, ['sh', '-c', 'echo shared | nc -l -p 7000']);
        await subject.pass(1000);
        const client = await start(pod, ['sh', '-c', 'nc 127.0.0.1 7000 < /dev/null'], {
          metadata: { name: 'client', attempt: 0 },
        });
        await exited(client);
        expect(await logText(client)).toBe('shared\n');
        await exited(server);
      });
    });

    test.skipIf(!(capabilities.memoryLimits ?? processes))(
      'a memory limit ends a container that outgrows it',
      async () => {
        await withPod(async (pod) => {
          const id = await start(pod, ['sh', '-c', 'x=0123456789abcdef; while true; do x=$x$x; done'], {
            resources: { memoryLimitInBytes: 8 * 2 ** 20 },
          });
          expect(await exited(id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
        });
      },
    );

    test('stats tell of running containers only', async () => {
      await withPod(async (pod, uid) => {
        const id = await start(pod, ['sleep', '1000']);
        const find = async () => (await subject.runtime.stats()).find((stat) => stat.containerId === id);
        expect(await find()).toMatchObject({ podUid: uid, cpuUsageNanos: expect.any(Number) });
        await subject.runtime.stopContainer(id, 0);
        expect(await find()).toBeUndefined();
      });
    });
  });
}
