// Images of a hollow node: nothing is stored, so a reference is either known (and at once present) or answered as a registry would answer.
//
// Invariant: imageStatus says present exactly for what pullImage would accept, except images that were removed and not pulled again.

import { randomHex, seededRandom } from '../../env/random.ts';
import { formatImageReference, imageRepository, parseImageReference } from '../image-reference.ts';
import { type Image, RuntimeError } from '../runtime.ts';

/** What a known image does when the pod names no command. */
export interface HollowImage {
  /** "busybox", "nginx:1.27"; without a tag: every tag. */
  name: string;
  /** Entrypoint and cmd; left out: a server that keeps running. */
  command?: string[];
}

/** Images whose default command ends by itself when nobody types. */
const shellImages = /\/(busybox|alpine|debian|ubuntu|bash)$/;

export class HollowImages {
  private readonly known: HollowImage[] | undefined;
  private readonly removed = new Set<string>();
  private readonly seen = new Map<string, Image>();

  /** Without a list every well-formed reference is known. */
  constructor(known: HollowImage[] | undefined) {
    this.known = known;
    for (const image of known ?? []) {
      const parsed = parseImageReference(image.name);
      if ('error' in parsed) throw new RuntimeError('InvalidArgument', `image ${image.name}: ${parsed.error}`);
      const name = formatImageReference(parsed);
      this.seen.set(name, describeImage(name, imageRepository(parsed)));
    }
  }

  pull(text: string): Image {
    const { name, repository } = this.resolve(text);
    const image = this.lookup(name, repository);
    if (!image) throw this.pullError(name, repository);
    this.removed.delete(name);
    return image;
  }

  status(text: string): Image | undefined {
    const { name, repository } = this.resolve(text);
    return this.removed.has(name) ? undefined : this.lookup(name, repository);
  }

  list(): Image[] {
    return [...this.seen].filter(([name]) => !this.removed.has(name)).map(([, image]) => image);
  }

  remove(text: string): void {
    this.removed.add(this.resolve(text).name);
  }

  /** Entrypoint and cmd of an image, undefined for a server that keeps running. */
  command(text: string): string[] | undefined {
    const { name, repository } = this.resolve(text);
    const entry = this.match(name, repository);
    return entry?.command ?? (shellImages.test(repository) ? ['sh'] : undefined);
  }

  private resolve(text: string): { name: string; repository: string } {
    const parsed = parseImageReference(text);
    if ('error' in parsed)
      throw new RuntimeError('InvalidArgument', `failed to parse image name "${text}": ${parsed.error}`);
    return { name: formatImageReference(parsed), repository: imageRepository(parsed) };
  }

  private match(name: string, repository: string): HollowImage | undefined {
    return this.known?.find((image) => {
      const parsed = parseImageReference(image.name);
      if ('error' in parsed) return false;
      const everyTag = !/:[\w.-]+$/.test(image.name) && !image.name.includes('@');
      return everyTag ? imageRepository(parsed) === repository : formatImageReference(parsed) === name;
    });
  }

  private lookup(name: string, repository: string): Image | undefined {
    if (this.known && !this.match(name, repository)) return undefined;
    let image = this.seen.get(name);
    if (!image) {
      image = describeImage(name, repository);
      this.seen.set(name, image);
    }
    return image;
  }

  private pullError(name: string, repository: string): RuntimeError {
    const context = `failed to pull and unpack image "${name}": failed to resolve reference "${name}": `;
    const knownRepository = this.known?.some((image) => {
      const parsed = parseImageReference(image.name);
      return !('error' in parsed) && imageRepository(parsed) === repository;
    });
    if (knownRepository) return new RuntimeError('NotFound', `${context}${name}: not found`);
    return new RuntimeError(
      'Unavailable',
      `${context}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    );
  }
}

/** Digest and size are made up from the name: there are no bytes behind them. */
function describeImage(name: string, repository: string): Image {
  const random = seededRandom([...name].reduce((sum, c) => (Math.imul(sum, 31) + c.charCodeAt(0)) | 0, 7));
  const digest = randomHex(random, 64);
  const hasDigest = name.includes('@');
  return {
    id: `sha256:${digest}`,
    repoTags: hasDigest ? [] : [name],
    repoDigests: [hasDigest ? name : `${repository}@sha256:${digest}`],
    size: 0,
  };
}
