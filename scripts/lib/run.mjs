// Running programs from our scripts: inherited output, a clear failure, and what a fresh Debian machine needs installed.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs a program to its end with our own output; resolves with its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal ? 1 : code));
  });
}

/** Like run, but keeps what was printed as well. Resolves with the exit code and the text. With `title` it is printed at its end, under that title: for programs that run side by side. */
export function runKept(command, args, { title } = {}) {
  return new Promise((resolve, reject) => {
    const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env;
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
    const printed = [];
    const take = (to) => (data) => {
      printed.push(data);
      if (!title) to.write(data);
    };
    child.stdout.on('data', take(process.stdout));
    child.stderr.on('data', take(process.stderr));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = Buffer.concat(printed).toString();
      if (title) process.stdout.write(`\n=== ${title}\n${text}`);
      resolve({ code: signal ? 1 : code, text });
    });
  });
}

/** Like run, but a non-zero exit ends the script. */
export async function must(command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) {
    console.error(`failed (${code}): ${command} ${args.join(' ')}`);
    process.exit(1);
  }
}

/** The path of a tool that our dependencies installed. */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

const hasCommand = (name) => spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;

/** Installs the npm dependencies unless they are those of package-lock.json already. */
export async function ensureDependencies() {
  const stamp = join(root, 'node_modules', '.drydock-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('installing npm packages ...');
  // not `npm ci`: it refuses a lock file that leaves out optional packages of other platforms
  await must('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Installs a Debian package unless `command` is there. Returns whether the command is there in the end. */
export async function ensureDebian(command, packages) {
  if (hasCommand(command)) return true;
  if (!hasCommand('apt-get') || process.getuid?.() !== 0) return false;
  console.log(`installing ${packages.join(' ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  const wait = ['-o', 'DPkg::Lock::Timeout=600'];
  if ((await run('apt-get', [...wait, 'update', '-qq'], quiet)) !== 0) return false;
  if ((await run('apt-get', [...wait, 'install', '-y', '-qq', '--no-install-recommends', ...packages], quiet)) !== 0)
    return false;
  return hasCommand(command);
}

/** Generates src/api/generated unless it is newer than what it is made from. */
export async function ensureGenerated() {
  await must('node', [join('scripts', 'generate-api.mjs')]);
}
