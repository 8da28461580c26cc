// The image store against a small registry in memory and a guest that notes what it is asked.

import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../../machine/agent.ts';
import { describeImage, ImageStore, imageUser } from './images.ts';
import { Registry } from './registry.ts';

let files: Map<string, Uint8Array<ArrayBuffer>>;
let fetched: string[];
let unpacked: Map<string, string>;
let removed: string[];
let node: ConstructorParameters<typeof ImageStore>[0];

const digestOf = async (bytes: Uint8Array<ArrayBuffer>) =>
  `sha256:${Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')}`;
async function blob(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const digest = await digestOf(bytes);
  files.set(`images/blobs/sha256/${digest.slice(7)}`, bytes);
  return digest;
}

async function addImage(name: string, tags: string, layers: string[], config: object = {}) {
  const packed = await Promise.all(layers.map((layer) => blob(new Uint8Array(gzipSync(layer)))));
  const diffs = await Promise.all(layers.map((layer) => digestOf(new TextEncoder().encode(layer))));
  const configDigest = await blob(JSON.stringify({ config, rootfs: { diff_ids: diffs } }));
  const manifest = await blob(
    JSON.stringify({
      config: { digest: configDigest, size: 10 },
      layers: packed.map((digest) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 100 })),
    }),
  );
  return {
    entry: { digest: manifest, annotations: { 'org.opencontainers.image.base.name': name, 'dev.drydock.tags': tags } },
    diffs: diffs.map((digest) => `/var/lib/layers/${digest.slice(7)}`),
    configDigest,
  };
}

const fetchFile = async (path: string) => {
  fetched.push(path);
  const bytes = files.get(path);
  return bytes ? new Response(bytes) : new Response('', { status: 404, statusText: 'Not Found' });
};
const index = (...manifests: object[]) =>
  files.set('images/index.json', new TextEncoder().encode(JSON.stringify({ manifests })));

beforeEach(() => {
  files = new Map();
  fetched = [];
  unpacked = new Map();
  removed = [];
  const pretended: Pick<Agent, 'batch' | 'untar' | 'read'> = {
    batch: async (steps) => {
      if (steps[0] === 'remove') removed.push(String(steps[1]));
      if (steps[0] === 'rename') {
        unpacked.set(String(steps[2]), unpacked.get(String(steps[1])) ?? '');
        unpacked.delete(String(steps[1]));
      }
    },
    untar: async (directory, archive) => {
      unpacked.set(directory, await new Response(archive as ReadableStream<Uint8Array<ArrayBuffer>>).text());
    },
    read: async (paths) =>
      paths.map((path) =>
        path.endsWith('passwd')
          ? new TextEncoder().encode('root:x:0:0::/:\nnginx:x:101:102::/:\n')
          : new TextEncoder().encode('root:x:0:\nweb:x:7:\n'),
      ),
  };
  node = {
    agent: pretended as Agent,
    files: {
      unpack: async (name, archive) => {
        const text = new TextDecoder().decode(archive);
        if (text.startsWith('opaque')) return undefined;
        unpacked.set(`/var/lib/layers/${name}`, text);
        return `/var/lib/layers/${name}`;
      },
    },
  };
});

describe('ImageStore', () => {
  test('pulls once: layers unpacked in order, uppermost first for the overlay', async () => {
    const { entry, diffs, configDigest } = await addImage('docker.io/library/web', '1.0 latest', ['below', 'above']);
    index(entry);
    const store = new ImageStore(node, new Registry(fetchFile), []);
    expect(await store.get('web')).toBeUndefined();
    const [image, again] = await Promise.all([store.pull('web'), store.pull('docker.io/library/web:latest')]);
    expect(again).toBe(image);
    expect(image.layers).toEqual([...diffs].reverse());
    expect(unpacked).toEqual(
      new Map([
        [diffs[0], 'below'],
        [diffs[1], 'above'],
      ]),
    );
    expect(describeImage(image)).toEqual({
      id: configDigest,
      repoTags: ['docker.io/library/web:latest'],
      repoDigests: [`docker.io/library/web@${entry.digest}`],
      size: 210,
      uid: 0,
    });
    const before = fetched.length;
    await store.pull('web');
    expect(fetched).toHaveLength(before);
    expect((await store.pull(`web@${entry.digest}`)).id).toBe(configDigest);
  });

  test('a layer that the shared files cannot hold is unpacked by the guest', async () => {
    const { entry, diffs } = await addImage('docker.io/library/web', 'latest', ['below', 'opaque']);
    index(entry);
    const image = await new ImageStore(node, new Registry(fetchFile), []).pull('web');
    const own = diffs[1]?.replace('layers', 'images') as string;
    expect(image.layers).toEqual([own, diffs[0]]);
    expect(unpacked.get(own)).toBe('opaque');
  });

  test('what the snapshot holds is present without fetching layers', async () => {
    const { entry } = await addImage('docker.io/library/busybox', '1.35', ['layer']);
    index(entry);
    const store = new ImageStore(node, new Registry(fetchFile), [entry.digest]);
    expect((await store.get('busybox:1.35'))?.size).toBe(110);
    expect(unpacked.size).toBe(0);
    expect(await store.get('busybox:2')).toBeUndefined();
  });

  test('a damaged layer is refused, and a later pull succeeds', async () => {
    const { entry } = await addImage('docker.io/library/web', 'latest', ['layer']);
    index(entry);
    const store = new ImageStore(node, new Registry(fetchFile), []);
    const [path, good] = [...files].find(([, bytes]) => bytes[0] === 0x1f) as [string, Uint8Array<ArrayBuffer>];
    files.set(path, Uint8Array.of(1, 2, 3));
    await expect(store.pull('web')).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining('unexpected digest'),
    });
    files.set(path, good);
    await expect(store.pull('web')).resolves.toBeDefined();
  });

  test('no such name, no such tag, no registry, no grammar', async () => {
    const store = new ImageStore(node, new Registry(fetchFile), []);
    await expect(store.pull('web')).rejects.toMatchObject({ reason: 'Unavailable' });
    index((await addImage('docker.io/library/web', '1.0', ['layer'])).entry);
    await expect(store.pull('nope')).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(store.pull('web:2.0')).rejects.toMatchObject({
      message: expect.stringContaining('docker.io/library/web:2.0: not found'),
    });
    await expect(store.pull('example.com/web:1.0')).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(store.pull('WEB')).rejects.toMatchObject({ reason: 'InvalidArgument' });
  });

  test('the names that the Kubernetes docs use are those of the same programs', async () => {
    const busybox = await addImage('docker.io/library/busybox', '1.28 latest', ['b']);
    index(busybox.entry);
    const store = new ImageStore(node, new Registry(fetchFile), []);
    const pulled = await store.pull('registry.k8s.io/busybox:1.27.2');
    expect(pulled.tags).toEqual(new Set(['registry.k8s.io/busybox:1.27.2']));
    expect(await store.get('registry.k8s.io/busybox:1.27.2')).toBe(pulled);
    expect(await store.get('busybox:1.28')).toBeUndefined();
    expect(await store.pull('registry.k8s.io/busybox')).toBe(pulled);
    expect(await store.pull('busybox:1.28')).toBe(pulled);
    await expect(store.pull('registry.k8s.io/busybox:9')).rejects.toThrow('registry.k8s.io/busybox:9: not found');
    await expect(store.pull('example.com/busybox')).rejects.toThrow('example.com/busybox:latest: not found');
  });

  test('removing an image keeps layers that another one uses', async () => {
    const one = await addImage('docker.io/library/one', 'latest', ['shared', 'own']);
    const two = await addImage('docker.io/library/two', 'latest', ['shared']);
    index(one.entry, two.entry);
    const store = new ImageStore(node, new Registry(fetchFile), []);
    await store.pull('one');
    await store.pull('two');
    removed = [];
    await store.remove('one');
    expect(removed).toEqual([one.diffs[1]]);
    expect(await store.list()).toHaveLength(1);
    await store.remove('one');
  });
});

describe('imageUser', () => {
  const user = async (text: string) => {
    const { entry } = await addImage('docker.io/library/web', 'latest', [`layer ${text}`], { User: text });
    index(entry);
    return imageUser(node.agent, await new ImageStore(node, new Registry(fetchFile), []).pull('web'));
  };

  test.each([
    ['', { uid: 0, gid: 0 }],
    ['101', { uid: 101, gid: 0 }],
    ['101:55', { uid: 101, gid: 55 }],
    ['nginx', { uid: 101, gid: 102 }],
    ['nginx:web', { uid: 101, gid: 7 }],
  ])('%j', async (text, expected) => {
    expect(await user(text)).toEqual(expected);
  });

  test('a name that the image does not know', async () => {
    await expect(user('ghost')).rejects.toMatchObject({ reason: 'InvalidArgument' });
  });
});
