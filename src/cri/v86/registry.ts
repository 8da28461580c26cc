// The OCI index served beside the page, which stands for every registry.
//
// Invariants: what is named by a digest has that digest; a small document (manifest, config) is fetched once.

import type { FetchFile } from '../../machine/image.ts';

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

export interface Manifest {
  config: Descriptor;
  layers: Descriptor[];
}

export interface ImageConfig {
  User?: string;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  StopSignal?: string;
}

export interface ImageDocument {
  config?: ImageConfig;
  rootfs: { diff_ids: string[] };
}

export class Registry {
  private readonly fetchAsset: FetchFile;
  private index: Promise<Descriptor[]> | undefined;
  private readonly documents = new Map<string, Promise<unknown>>();

  constructor(fetchAsset: FetchFile) {
    this.fetchAsset = fetchAsset;
  }

  /** Every image there is. Rejects if the index cannot be fetched; the next call tries again. */
  manifests(): Promise<Descriptor[]> {
    this.index ??= this.fetchIndex();
    this.index.catch(() => {
      this.index = undefined;
    });
    return this.index;
  }

  manifest(digest: string): Promise<Manifest> {
    return this.document<Manifest>(digest);
  }

  config(digest: string): Promise<ImageDocument> {
    return this.document<ImageDocument>(digest);
  }

  /** Fetches ahead the documents of some images. Never rejects. */
  async prefetch(digests: readonly string[]): Promise<void> {
    const ahead = digests.map(async (digest) => this.config((await this.manifest(digest)).config.digest));
    await Promise.allSettled([this.manifests(), ...ahead]);
  }

  /** The bytes of a digest, checked. Rejects as containerd does. */
  async blob(digest: string): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.fetchAsset(`images/blobs/sha256/${digest.slice('sha256:'.length)}`);
    if (!response.ok) throw new Error(`failed to copy: unexpected status code ${response.status} for ${digest}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const found = `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
    if (found !== digest) throw new Error(`failed commit on ref: unexpected digest ${found}, expected ${digest}`);
    return bytes;
  }

  private async fetchIndex(): Promise<Descriptor[]> {
    const response = await this.fetchAsset('images/index.json');
    if (!response.ok) throw new Error(`unexpected status code ${response.status} ${response.statusText}`);
    return ((await response.json()) as { manifests: Descriptor[] }).manifests;
  }

  private document<T>(digest: string): Promise<T> {
    let document = this.documents.get(digest) as Promise<T> | undefined;
    if (!document) {
      document = this.blob(digest).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
      this.documents.set(digest, document);
      document.catch(() => this.documents.delete(digest)); // a later pull tries again
    }
    return document;
  }
}
