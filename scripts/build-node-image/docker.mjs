// The node image's parts, built in a Debian container where this machine cannot build them itself.
//
// The container sees the repository read-only and the cache under its own path, so that recipe hashes agree. It fills the cache and nothing else: the lock, the
// way into public/ and the clearing up stay with the caller's machine. Whatever the container leaves belongs to the cache's owner, not to root.
//
//   DRYDOCK_DOCKER_IMAGE   another base image: Debian 12 for amd64 with Node 20 or later
//   DRYDOCK_DOCKER_ARGS    more arguments for `docker run`, for example: --network host --cpus 2

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';
import { cache, root, say, sha256 } from './context.mjs';

export const hollow = 'the page runs on hollow nodes, which start no real containers';

const lastLine = (text) => text.trim().split('\n').at(-1)?.trim() ?? '';

/** Whether these facts of a machine are those of one that builds the image itself: Debian 12 on amd64, as root. */
export function buildsHere({ arch, isRoot, hasApt, osRelease }) {
  const is = (key, value) => new RegExp(`^${key}="?${value}"?$`, 'm').test(osRelease);
  return arch === 'x64' && isRoot && hasApt && is('ID', 'debian') && is('VERSION_CODENAME', 'bookworm');
}

/** Why Docker cannot be used, in one sentence; undefined if it can. `docker` runs the command line tool, as spawnSync does. */
export function whyNoDocker(docker = (args) => spawnSync('docker', args, { encoding: 'utf8' })) {
  const { error, status, stderr } = docker(['version', '--format', '{{.Server.Version}}']);
  if (status === 0) return undefined;
  if (error?.code === 'ENOENT')
    return `The Linux node image needs Debian 12 (amd64, as root) or Docker to build, and neither is here: ${hollow}.`;
  const said = lastLine(error ? error.message : stderr);
  if (/permission denied/i.test(said))
    return `The Linux node image cannot be built, because this user may not use Docker here: ${hollow}.`;
  return `The Linux node image cannot be built, because Docker is installed but does not answer (${said}): ${hollow}.`;
}

/**
 * What a build behind a proxy needs: the names of the proxy variables to hand on (apt reads the small ones only), and the host's network if the proxy
 * is on this machine. The values go by way of `env`, so that no password shows in a list of processes.
 */
export function proxySettings(env) {
  const passed = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = env[name] || env[name.toUpperCase()];
    if (value) passed[name] = value;
  }
  const local = [passed.http_proxy, passed.https_proxy].some((proxy) =>
    /^([a-z]+:\/\/)?([^@/]*@)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(proxy ?? ''),
  );
  return {
    env: passed,
    args: [...Object.keys(passed).flatMap((name) => ['-e', name]), ...(local ? ['--network', 'host'] : [])],
  };
}

/** How a container ended, in words. */
export function howItEnded(code) {
  if (code === 125) return 'Docker could not start the build container, or went away meanwhile; what it said is above';
  if (code === 137) return 'the build container was killed (it may have run out of memory)';
  return `the build in the container ended with ${code}; what it said is above`;
}

const mount = (path, ...more) => ['--mount', [`type=bind,"source=${path}","target=${path}"`, ...more].join(',')];
const platform = ['--platform', 'linux/amd64'];

/**
 * Runs scripts/build-node-image.mjs with `args` in a container. Rejects, with one sentence, if the base image cannot be had or the container does not end
 * well; the cache then holds whole parts only.
 */
export async function buildInDocker(args) {
  const image = process.env.DRYDOCK_DOCKER_IMAGE || 'node:22-bookworm-slim';
  const proxy = proxySettings(process.env);
  const env = { ...process.env, ...proxy.env };
  const docker = (...words) => spawnSync('docker', words, { env, stdio: 'ignore' }).status;
  if (docker('image', 'inspect', image) !== 0) {
    say('image', `fetching the base image ${image}`);
    await pull(image);
  }
  mkdirSync(cache, { recursive: true });
  const name = `drydock-image-${sha256(cache).slice(0, 12)}`;
  const common = [...platform, '--security-opt', 'label=disable', ...mount(cache)];
  const clearUp = () => {
    docker('rm', '-f', name);
    const script = 'rm -rf "$0"/*.partial; chown -R --reference="$0" "$0"';
    docker('run', '--rm', ...common, image, 'sh', '-c', script, cache);
  };
  say('image', `building in a Debian container (${image})`);
  docker('rm', '-f', name); // of a build that was killed
  process.once('exit', clearUp);
  let code;
  try {
    const own = ['--init', '-w', root, '-e', `XDG_CACHE_HOME=${join(cache, '..')}`, ...mount(root, 'readonly')];
    const extra = (process.env.DRYDOCK_DOCKER_ARGS ?? '').split(/\s+/).filter(Boolean);
    const command = ['node', 'scripts/build-node-image.mjs', ...args];
    const words = ['run', '--rm', '--name', name, ...common, ...own, ...proxy.args, ...extra, image, ...command];
    code = await run('docker', words, { env });
  } finally {
    process.off('exit', clearUp);
    clearUp();
  }
  if (code !== 0) throw new Error(howItEnded(code));
}

/** Pulls the base image; rejects with Docker's reason. */
function pull(image) {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', ['pull', '--quiet', ...platform, image], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the base image ${image} could not be fetched (${lastLine(said)})`));
    });
  });
}
