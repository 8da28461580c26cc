// What scripts/build-node-image.mjs leaves in public/node: a manifest and the files it names.

export interface ImageFile {
  name: string;
  size: number;
  sha256: string;
}

export interface NodeImageManifest {
  /** Hash over everything the image was made from. */
  version: string;
  memoryMiB: number;
  kernelVersion: string;
  osImage: string;
  runtimeVersion: string;
  files: { state: ImageFile; bios: ImageFile; vgaBios: ImageFile; wasm: ImageFile };
  /** Debian packages inside, for the notice. */
  packages: { name: string; version: string; suite?: string }[];
  /** Container images whose layers are unpacked in the snapshot: manifest digests. */
  preloaded: string[];
}

/** The loaded files of a node image, ready to start machines from; one may be shared by several machines. */
export interface NodeImage {
  manifest: NodeImageManifest;
  /** As it was fetched: packed, unless a server unpacked it. */
  state: ArrayBuffer;
  bios: ArrayBuffer;
  vgaBios: ArrayBuffer;
  wasm: ArrayBuffer;
}

export type FetchFile = (path: string) => Promise<Response>;

/** Fetches a node image; undefined if there is none (no manifest). Rejects if the manifest's files are missing. */
export async function loadNodeImage(fetchFile: FetchFile): Promise<NodeImage | undefined> {
  const answer = await fetchFile('node/manifest.json');
  if (!answer.ok || !(answer.headers.get('content-type') ?? '').includes('json')) return undefined;
  const manifest = (await answer.json()) as NodeImageManifest;
  const get = async (file: ImageFile) => {
    const response = await fetchFile(`node/${file.name}?${file.sha256.slice(0, 16)}`);
    if (!response.ok) throw new Error(`node image: ${file.name}: ${response.status} ${response.statusText}`);
    return response.arrayBuffer();
  };
  const [state, bios, vgaBios, wasm] = await Promise.all([
    get(manifest.files.state),
    get(manifest.files.bios),
    get(manifest.files.vgaBios),
    get(manifest.files.wasm),
  ]);
  return { manifest, state, bios, vgaBios, wasm };
}
