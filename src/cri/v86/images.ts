// Images of a v86 node: fetched from the index beside the page (registry.ts), layers unpacked into the node's memory.
//
// A pull fetches manifest, config and layers by digest and unpacks on this side into the files that the guest sees by 9p; the guest
// unpacks only layers that 9p cannot hold. Invariant: an image is present once all of its layers are unpacked; pulling it again does nothing.

import { gunzip, streamOf } from '../../env/bytes.ts';
import { messageOf } from '../../env/errors.ts';
import type { Agent } from '../../machine/agent.ts';
import type { SharedFiles } from '../../machine/shared-files.ts';
import { formatImageReference, imageRepository, parseImageReference } from '../image-reference.ts';
import { type Image, RuntimeError } from '../runtime.ts';
import { heldAs } from './docs-names.ts';
import type { Descriptor, ImageConfig, Registry } from './registry.ts';

export interface StoredImage {
  /** Digest of the config, "sha256:...", as containerd identifies images. */
  id: string;
  /** "docker.io/library/nginx@sha256:<manifest>". */
  reference: string;
  repository: string;
  /** Full names it was pulled by. */
  tags: Set<string>;
  size: number;
  config: ImageConfig;
  /** Directories of its layers on the node, uppermost first, as overlayfs wants them. */
  layers: string[];
}

/** Layers in the guest's own memory: those of the snapshot, and those it unpacked itself. */
const guestRoot = '/var/lib/images';

export class ImageStore {
  private readonly agent: Agent;
  private readonly registry: Registry;
  private readonly files: Pick<SharedFiles, 'unpack'>;
  /** Directory on the node by diff id, from the moment it is being unpacked. */
  private readonly unpacked = new Map<string, Promise<string>>();
  private readonly stored = new Map<string, StoredImage>();
  private readonly preloaded: string[];
  private ready: Promise<void> | undefined;

  /** `preloaded`: digests of manifests whose layers the node's snapshot holds unpacked. */
  constructor(
    { agent, files }: { agent: Agent; files: Pick<SharedFiles, 'unpack'> },
    registry: Registry,
    preloaded: string[],
  ) {
    this.agent = agent;
    this.files = files;
    this.registry = registry;
    this.preloaded = preloaded;
  }

  /** Resolves with the image, unpacked. Rejects as containerd does when a registry says no. */
  async pull(text: string): Promise<StoredImage> {
    const { name, repository } = this.resolve(text);
    await this.loadPreloaded();
    const present = this.find(name);
    if (present) return present;
    const failed = (reason: 'NotFound' | 'Unavailable', why: string) =>
      new RuntimeError(reason, `failed to pull and unpack image "${name}": ${why}`);
    let descriptor: Descriptor | undefined;
    try {
      const held = heldAs(name, repository);
      descriptor = (await this.registry.manifests()).find((entry) => matches(entry, held.name, held.repository));
    } catch (error) {
      throw failed('Unavailable', `failed to resolve reference "${name}": failed to do request: ${messageOf(error)}`);
    }
    if (!descriptor) throw failed('NotFound', `failed to resolve reference "${name}": ${name}: not found`);
    try {
      return await this.store(descriptor, name, repository, (diffId, layer) => this.unpack(diffId, layer));
    } catch (error) {
      throw failed('Unavailable', messageOf(error));
    }
  }

  /** The image a reference names, if it is present. Rejects for a malformed reference. */
  async get(text: string): Promise<StoredImage | undefined> {
    const { name } = this.resolve(text);
    await this.loadPreloaded();
    return this.find(name);
  }

  async list(): Promise<StoredImage[]> {
    await this.loadPreloaded();
    return [...this.stored.values()];
  }

  async remove(text: string): Promise<void> {
    const image = await this.get(text);
    if (!image) return;
    this.stored.delete(image.id);
    const used = new Set([...this.stored.values()].flatMap((other) => other.layers));
    for (const directory of image.layers) {
      if (used.has(directory)) continue;
      this.unpacked.delete(directory.slice(directory.lastIndexOf('/') + 1));
      await this.agent.batch(['remove', directory]);
    }
  }

  private resolve(text: string): { name: string; repository: string } {
    const parsed = parseImageReference(text);
    if ('error' in parsed)
      throw new RuntimeError('InvalidArgument', `failed to parse image name "${text}": ${parsed.error}`);
    return { name: formatImageReference(parsed), repository: imageRepository(parsed) };
  }

  private find(name: string): StoredImage | undefined {
    for (const image of this.stored.values())
      if (image.tags.has(name) || image.id === name || image.reference === name) return image;
    return undefined;
  }

  private async store(
    descriptor: Descriptor,
    name: string,
    repository: string,
    unpack: (diffId: string, layer: Descriptor) => Promise<string>,
  ): Promise<StoredImage> {
    const manifest = await this.registry.manifest(descriptor.digest);
    const known = this.stored.get(manifest.config.digest);
    if (known) {
      known.tags.add(name);
      return known;
    }
    const config = await this.registry.config(manifest.config.digest);
    const layers: string[] = [];
    for (const [i, layer] of manifest.layers.entries()) {
      layers.unshift(await unpack((config.rootfs.diff_ids[i] ?? layer.digest).slice('sha256:'.length), layer));
    }
    const meanwhile = this.stored.get(manifest.config.digest); // two pulls at once
    if (meanwhile) {
      meanwhile.tags.add(name);
      return meanwhile;
    }
    const image: StoredImage = {
      id: manifest.config.digest,
      reference: `${repository}@${descriptor.digest}`,
      repository,
      tags: new Set([name]),
      size: manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size),
      config: config.config ?? {},
      layers,
    };
    this.stored.set(image.id, image);
    return image;
  }

  private unpack(diffId: string, layer: Descriptor): Promise<string> {
    let directory = this.unpacked.get(diffId);
    if (!directory) {
      directory = this.unpackLayer(diffId, layer);
      this.unpacked.set(diffId, directory);
      directory.catch(() => this.unpacked.delete(diffId)); // a later pull tries again
    }
    return directory;
  }

  private async unpackLayer(diffId: string, layer: Descriptor): Promise<string> {
    const bytes = await this.registry.blob(layer.digest);
    const archive = async () => (layer.mediaType.endsWith('+gzip') ? gunzip(bytes) : bytes.slice());
    const shared = await this.files.unpack(diffId, await archive());
    if (shared !== undefined) return shared;
    const directory = `${guestRoot}/${diffId}`;
    const half = `${directory}.partial`;
    await this.agent.batch(['remove', half]);
    await this.agent.untar(half, streamOf(await archive()));
    await this.agent.batch(['rename', half, directory]);
    return directory;
  }

  private loadPreloaded(): Promise<void> {
    this.ready ??= (async () => {
      if (this.preloaded.length === 0) return;
      for (const descriptor of await this.registry.manifests()) {
        if (!this.preloaded.includes(descriptor.digest)) continue;
        const repository = repositoryOf(descriptor);
        for (const tag of tagsOf(descriptor))
          await this.store(descriptor, `${repository}:${tag}`, repository, async (diffId) => {
            const directory = `${guestRoot}/${diffId}`;
            this.unpacked.set(diffId, Promise.resolve(directory));
            return directory;
          });
      }
    })().catch(() => {
      this.ready = undefined; // offline: the next call tries again, and pulls say why
    });
    return this.ready;
  }
}

const repositoryOf = ({ annotations }: Descriptor) => annotations?.['org.opencontainers.image.base.name'] ?? '';
const tagsOf = ({ annotations }: Descriptor) =>
  `${annotations?.['dev.drydock.tags'] ?? ''} ${annotations?.['dev.drydock.aliases'] ?? ''}`.split(' ').filter(Boolean);

function matches(descriptor: Descriptor, name: string, repository: string): boolean {
  if (repositoryOf(descriptor) !== repository) return false;
  const digest = /@(sha256:[0-9a-f]+)$/.exec(name)?.[1];
  if (digest) return descriptor.digest === digest;
  return tagsOf(descriptor).includes(name.slice(repository.length + 1));
}

/** As the CRI describes it. */
export function describeImage(image: StoredImage): Image {
  const uid = /^\d+/.exec(image.config.User ?? '0')?.[0];
  return {
    id: image.id,
    repoTags: [...image.tags],
    repoDigests: [image.reference],
    size: image.size,
    ...(uid === undefined ? {} : { uid: Number(uid) }),
  };
}

/** Numbers for an image's User ("101", "nginx", "101:101", "nginx:nginx"), read from its own passwd and group files. */
export async function imageUser(agent: Agent, image: StoredImage): Promise<{ uid: number; gid: number }> {
  const [user = '', group = ''] = (image.config.User ?? '').split(':');
  if (user === '' || user === '0' || user === 'root') return { uid: 0, gid: Number(group) || 0 };
  if (/^\d+$/.test(user) && (group === '' || /^\d+$/.test(group)))
    return { uid: Number(user), gid: Number(group) || 0 };
  const files = await agent.read(image.layers.flatMap((layer) => [`${layer}/etc/passwd`, `${layer}/etc/group`]));
  const text = (index: number) => {
    for (let i = index; i < files.length; i += 2) if (files[i]) return new TextDecoder().decode(files[i]);
    return '';
  };
  const entry = (content: string, name: string) =>
    content
      .split('\n')
      .map((line) => line.split(':'))
      .find((fields) => fields[0] === name || fields[2] === name);
  const passwd = entry(text(0), user);
  if (!passwd && !/^\d+$/.test(user))
    throw new RuntimeError('InvalidArgument', `failed to get user "${user}": no users found`);
  const named = group === '' ? passwd?.[3] : (entry(text(1), group)?.[2] ?? group);
  return { uid: Number(passwd?.[2] ?? user), gid: Number(named ?? 0) };
}
