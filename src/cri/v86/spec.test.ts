import { describe, expect, test } from 'vitest';
import { plainContainer } from '../plain-config.ts';
import { capabilityMask, containerCapabilities } from './capabilities.ts';
import { signalNumber } from './containers.ts';
import { containerCommand, containerEnvironment, containerSpec } from './spec.ts';

const image = {
  Entrypoint: ['/entry'],
  Cmd: ['serve', '--all'],
  Env: ['PATH=/image/bin', 'A=image'],
  WorkingDir: '/srv',
};

describe('containerCommand', () => {
  test.each([
    [[], [], ['/entry', 'serve', '--all']],
    [[], ['x'], ['/entry', 'x']],
    [['run'], [], ['run']],
    [['run'], ['x'], ['run', 'x']],
  ])('command %j and args %j give %j', (command, args, expected) => {
    expect(containerCommand(plainContainer('i', command, { args }), image)).toEqual(expected);
  });
});

test('the pod overrides the environment of the image, HOSTNAME is there, TERM only with a terminal', () => {
  const config = plainContainer('i', [], { envs: [{ key: 'A', value: 'pod=1' }] });
  expect(containerEnvironment(config, image, 'web-0')).toEqual(['PATH=/image/bin', 'HOSTNAME=web-0', 'A=pod=1']);
  expect(containerEnvironment({ ...config, tty: true }, {}, 'h')).toContain('TERM=xterm');
});

describe('capabilities', () => {
  test('defaults are those of containerd', () => {
    const defaults = containerCapabilities([], [], false);
    expect(defaults).toHaveLength(14);
    expect(defaults).toContain('NET_RAW');
    expect(defaults).not.toContain('SYS_ADMIN');
    expect(capabilityMask(defaults)).toBe('a80425fb');
  });

  test('drop ALL leaves what is added', () => {
    expect(containerCapabilities(['NET_BIND_SERVICE'], ['ALL'], false)).toEqual(['NET_BIND_SERVICE']);
    expect(containerCapabilities(['CAP_SYS_TIME'], ['net_raw'], false)).toEqual(
      expect.arrayContaining(['SYS_TIME', 'CHOWN']),
    );
    expect(containerCapabilities([], ['net_raw'], false)).not.toContain('NET_RAW');
    expect(containerCapabilities(['ALL'], ['SYS_ADMIN'], false)).toHaveLength(40);
    expect(containerCapabilities([], ['ALL'], true)).toHaveLength(41);
  });
});

describe('containerSpec', () => {
  const input = {
    config: plainContainer('i', [], {
      resources: { cpuShares: 512, cpuQuota: 50000, cpuPeriod: 100000, memoryLimitInBytes: 1 << 24, oomScoreAdj: 900 },
      mounts: [{ containerPath: '/etc/hosts', hostPath: '/x', readonly: true }],
    }),
    image,
    user: { uid: 101, gid: 102, groups: [7] },
    hostname: 'web-0',
    cgroup: '/kubepods/pod1/c',
    sandbox: '/run/sandboxes/s',
    hostNetwork: false,
    pausePid: 0,
  };
  const spec = (change: Partial<typeof input> = {}) =>
    JSON.parse(JSON.stringify(containerSpec({ ...input, ...change })));

  test('user, limits, directory and shared namespaces', () => {
    const made = spec();
    expect(made.process.user).toEqual({ uid: 101, gid: 102, additionalGids: [7] });
    expect(made.process.cwd).toBe('/srv');
    expect(made.process.oomScoreAdj).toBe(900);
    expect(made.linux.resources).toMatchObject({
      cpu: { shares: 512, quota: 50000, period: 100000 },
      memory: { limit: 1 << 24 },
    });
    expect(made.linux.namespaces).toContainEqual({ type: 'network', path: '/run/sandboxes/s/net' });
    expect(made.linux.namespaces).toContainEqual({ type: 'pid' });
  });

  test('a mount of the pod takes the place of our own file', () => {
    const hosts = spec().mounts.filter(({ destination }: { destination: string }) => destination === '/etc/hosts');
    expect(hosts).toEqual([
      { destination: '/etc/hosts', type: 'bind', source: '/x', options: ['rbind', 'rprivate', 'ro'] },
    ]);
  });

  test('host network has no network namespace, a shared process namespace is joined', () => {
    const made = spec({ hostNetwork: true, pausePid: 42 });
    expect(made.linux.namespaces.some(({ type }: { type: string }) => type === 'network')).toBe(false);
    expect(made.linux.namespaces).toContainEqual({ type: 'pid', path: '/proc/42/ns/pid' });
  });

  test('privileged: every device, nothing masked', () => {
    const config = { ...input.config, securityContext: { ...input.config.securityContext, privileged: true } };
    const made = spec({ config });
    expect(made.linux.resources.devices).toEqual([{ allow: true, access: 'rwm' }]);
    expect(made.linux.maskedPaths).toBeUndefined();
    expect(made.process.capabilities.effective).toContain('CAP_SYS_ADMIN');
  });
});

test('stop signals by name and number', () => {
  expect(['SIGQUIT', 'quit', '3', undefined, 'nonsense'].map(signalNumber)).toEqual([3, 3, 3, 15, 15]);
});
