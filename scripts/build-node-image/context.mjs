// Shared by the steps of the node image build: paths, progress lines, running programs, the content-addressed cache and its lock.
//
// The cache (${XDG_CACHE_HOME:-~/.cache}/drydock) holds one directory per product and recipe hash. A product is complete when its directory exists:
// it is filled under another name and renamed.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from '../lib/run.mjs';

export { root };
export const images = join(root, 'images');
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'drydock');

const started = Date.now();

/** One progress line: "[ 12 s] kernel: compiling 40 %". */
export function say(step, words) {
  const seconds = String(Math.round((Date.now() - started) / 1000)).padStart(4);
  console.log(`[${seconds} s] ${step}: ${words}`);
}

/** Runs a program; resolves with its standard output. `line` sees each line as it comes. Rejects with the last lines of what it said. */
export function program(command, args, { line, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const stop = () => child.kill();
    process.once('exit', stop);
    let out = '';
    let said = '';
    let partial = '';
    const take = (text) => {
      said = (said + text).slice(-4000);
      if (!line) return;
      partial += text;
      const lines = partial.split('\n');
      partial = lines.pop();
      for (const each of lines) line(each);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (!line) out += text;
      take(text);
    });
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('exit', stop);
      if (code === 0) resolve(out);
      else reject(new Error(`${command} ${args.slice(0, 4).join(' ')} ended with ${code}:\n${said}`));
    });
  });
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Every file below the given paths (relative to the repository) but tests, sorted. */
function filesBelow(paths) {
  const found = [];
  const visit = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    else if (!path.endsWith('.test.ts')) found.push(path);
  };
  for (const path of paths) visit(join(root, path));
  return found.sort();
}

/** A hash over the names, modes and contents of a recipe's inputs, and over earlier hashes. */
export function recipeHash(paths, ...more) {
  const hash = createHash('sha256');
  for (const file of filesBelow(paths)) {
    const bytes = readFileSync(file);
    hash.update(`${relative(root, file)} ${statSync(file).mode & 0o111 ? 'x' : '-'} ${bytes.length}\n`).update(bytes);
  }
  for (const text of more) hash.update(`${text}\n`);
  return hash.digest('hex').slice(0, 24);
}

/** The directory of a product, made by `make(directory)` unless the cache has it. */
export async function cached(name, hash, make) {
  const directory = join(cache, `${name}-${hash}`);
  if (existsSync(directory)) {
    say(name, 'from the cache');
    return directory;
  }
  const half = `${directory}.partial`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  const discard = () => rmSync(half, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    await make(half);
    renameSync(half, directory);
  } finally {
    process.off('exit', discard);
    discard();
  }
  return directory;
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Runs `work` while holding the cache's lock; waits for another build to finish first. */
export async function locked(work) {
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, 'lock');
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    let owner = 0;
    try {
      owner = Number(readFileSync(lock, 'utf8'));
    } catch {
      continue;
    }
    if (owner && !alive(owner)) rmSync(lock, { force: true });
    else {
      if (!told) say('image', 'another build is running: waiting for it');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  const release = () => rmSync(lock, { force: true });
  process.on('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
  try {
    return await work();
  } finally {
    release();
    process.off('exit', release);
  }
}
