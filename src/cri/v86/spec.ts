// The OCI runtime specification (config.json) that crun starts a container from, as containerd's CRI plugin would write it.

import type { Json } from '../../env/env.ts';
import type { ContainerConfig, LinuxContainerResources, Mount } from '../runtime.ts';
import { containerCapabilities } from './capabilities.ts';
import type { ImageConfig } from './registry.ts';

export interface SpecInput {
  config: ContainerConfig;
  image: ImageConfig;
  user: ContainerUser;
  hostname: string;
  cgroup: string;
  /** The sandbox's directory with its namespaces, hosts, hostname, resolv.conf and shm. */
  sandbox: string;
  hostNetwork: boolean;
  /** Process that holds the pod's shared process namespace, or 0. */
  pausePid: number;
}

export interface ContainerUser {
  uid: number;
  gid: number;
  groups: number[];
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What runs: the image's entrypoint and cmd under Kubernetes' rules for command and args. */
export function containerCommand(config: ContainerConfig, image: ImageConfig): string[] {
  if (config.command.length > 0) return [...config.command, ...config.args];
  return [...(image.Entrypoint ?? []), ...(config.args.length > 0 ? config.args : (image.Cmd ?? []))];
}

/** Environment in the order containerd gives it: image, HOSTNAME, then the pod's, later names winning. */
export function containerEnvironment(config: ContainerConfig, image: ImageConfig, hostname: string): string[] {
  const all = new Map<string, string>();
  const put = (text: string) => all.set(text.slice(0, text.indexOf('=')), text);
  put(defaultPath);
  put(`HOSTNAME=${hostname}`);
  if (config.tty) put('TERM=xterm');
  for (const text of image.Env ?? []) put(text);
  for (const { key, value } of config.envs) put(`${key}=${value}`);
  return [...all.values()];
}

function resources(wanted: LinuxContainerResources, privileged: boolean): { [key: string]: Json } {
  const out: { [key: string]: Json } = { devices: [{ allow: privileged, access: 'rwm' }] };
  const cpu: { [key: string]: Json } = {};
  if (wanted.cpuShares) cpu.shares = wanted.cpuShares;
  if (wanted.cpuQuota) cpu.quota = wanted.cpuQuota;
  if (wanted.cpuPeriod) cpu.period = wanted.cpuPeriod;
  if (Object.keys(cpu).length > 0) out.cpu = cpu;
  if (wanted.memoryLimitInBytes) out.memory = { limit: wanted.memoryLimitInBytes };
  return out;
}

const bind = (mount: Mount): Json => ({
  destination: mount.containerPath,
  type: 'bind',
  source: mount.hostPath,
  options: ['rbind', 'rprivate', mount.readonly ? 'ro' : 'rw'],
});

/** The specification; `root.path` is "rootfs" beside it. */
export function containerSpec(input: SpecInput): Json {
  const { config, image, sandbox } = input;
  const { securityContext: security } = config;
  const capabilities = containerCapabilities(
    security.addCapabilities,
    security.dropCapabilities,
    security.privileged,
  ).map((name) => `CAP_${name}`);
  const mounted = new Set(config.mounts.map((mount) => mount.containerPath));
  const own = ['hosts', 'hostname', 'resolv.conf']
    .filter((name) => !mounted.has(`/etc/${name}`))
    .map((name) =>
      bind({ containerPath: `/etc/${name}`, hostPath: `${sandbox}/${name}`, readonly: security.readonlyRootfs }),
    );
  const locked = security.privileged ? [] : ['ro'];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: config.tty,
      user: { uid: input.user.uid, gid: input.user.gid, additionalGids: input.user.groups },
      args: containerCommand(config, image),
      env: containerEnvironment(config, image, input.hostname),
      cwd: config.workingDir || image.WorkingDir || '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: security.noNewPrivs,
      oomScoreAdj: config.resources.oomScoreAdj ?? 0,
    },
    root: { path: 'rootfs', readonly: security.readonlyRootfs },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev/shm', type: 'bind', source: `${sandbox}/shm`, options: ['rbind', 'rprivate', 'rw'] },
      {
        destination: '/sys',
        type: 'sysfs',
        source: 'sysfs',
        options: ['nosuid', 'noexec', 'nodev', ...locked],
      },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'relatime', ...locked],
      },
      ...own,
      ...config.mounts.map(bind),
    ],
    linux: {
      cgroupsPath: input.cgroup,
      resources: resources(config.resources, security.privileged),
      namespaces: [
        input.pausePid > 0 ? { type: 'pid', path: `/proc/${input.pausePid}/ns/pid` } : { type: 'pid' },
        { type: 'mount' },
        { type: 'cgroup' },
        { type: 'ipc', path: `${sandbox}/ipc` },
        { type: 'uts', path: `${sandbox}/uts` },
        ...(input.hostNetwork ? [] : [{ type: 'network', path: `${sandbox}/net` }]),
      ],
      ...(security.privileged
        ? {}
        : {
            maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'],
            readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
          }),
    },
  };
}
