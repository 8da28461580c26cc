// The files of configMap, secret, downwardAPI and projected volumes. Upstream: pkg/volume/{configmap,secret,downwardapi,projected}.
//
// Invariants: pure but for the reads it is given; two sources never write one path silently in another order than the spec's (the later wins, as upstream);
// a missing object or key that is not optional is an Error in upstream's words.

import type { ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, Secret, Volume } from '../../api/generated/types.ts';
import type { VolumeFile } from '../../cri/node-os.ts';
import { bytesOfBase64 } from '../../env/base64.ts';
import { type FieldContext, fieldValue, resourceValue } from '../containers/field-ref.ts';

export interface PayloadInputs extends FieldContext {
  node: { cpu: number; memoryBytes: number; ephemeralStorageBytes: number };
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  token(audience: string | undefined, expirationSeconds: number): Promise<{ token: string; refreshAt: number }>;
}

export interface Payload {
  files: VolumeFile[];
  /** Cluster ms at which it has to be made again (a token grows old). */
  refreshAt?: number;
}

const defaultMode = 0o644;
const encoder = new TextEncoder();

/** The files of a volume, or undefined if it is of a kind that has none. */
export async function volumePayload(inputs: PayloadInputs, volume: Volume): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) {
    const mode = configMap.defaultMode ?? defaultMode;
    return { files: await configMapFiles(inputs, configMap, mode) };
  }
  if (secret) {
    const mode = secret.defaultMode ?? defaultMode;
    return { files: await secretFiles(inputs, { ...secret, name: secret.secretName }, mode) };
  }
  if (downwardAPI)
    return { files: downwardFiles(inputs, downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultMode) };
  if (!projected) return undefined;

  const mode = projected.defaultMode ?? defaultMode;
  const files = new Map<string, VolumeFile>();
  let refreshAt: number | undefined;
  for (const source of projected.sources ?? []) {
    let added: VolumeFile[] = [];
    if (source.configMap) added = await configMapFiles(inputs, source.configMap, mode);
    else if (source.secret) added = await secretFiles(inputs, source.secret, mode);
    else if (source.downwardAPI) added = downwardFiles(inputs, source.downwardAPI.items ?? [], mode);
    else if (source.serviceAccountToken) {
      const { audience, expirationSeconds = 3600, path } = source.serviceAccountToken;
      const token = await inputs.token(audience, expirationSeconds);
      refreshAt = Math.min(refreshAt ?? token.refreshAt, token.refreshAt);
      added = [{ path, content: encoder.encode(token.token), mode: tokenMode(inputs.pod, mode) }];
    }
    for (const file of added) files.set(file.path, file);
  }
  return { files: [...files.values()], ...(refreshAt === undefined ? {} : { refreshAt }) };
}

/** Tokens are readable by their pod only: 0600, or 0640-like through fsGroup. */
function tokenMode(pod: Pod, mode: number): number {
  const { fsGroup, runAsUser } = pod.spec?.securityContext ?? {};
  if (fsGroup !== undefined) return 0o600 | 0o040;
  return runAsUser === undefined ? mode : 0o600;
}

/** An object whose keys become files. */
interface KeySource {
  name?: string | undefined;
  items?: KeyToPath[];
  optional?: boolean;
}

async function configMapFiles(inputs: PayloadInputs, source: KeySource, mode: number): Promise<VolumeFile[]> {
  const configMap = await inputs.configMap(source.name ?? '');
  if (!configMap) return absent('configmap', source);
  const content = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(configMap.data ?? {})) content.set(key, encoder.encode(text));
  for (const [key, base64] of Object.entries(configMap.binaryData ?? {})) content.set(key, bytesOfBase64(base64));
  return selectItems(content, source, mode, 'configmap references non-existent config key');
}

async function secretFiles(inputs: PayloadInputs, source: KeySource, mode: number): Promise<VolumeFile[]> {
  const secret = await inputs.secret(source.name ?? '');
  if (!secret) return absent('secret', source);
  const content = new Map(Object.entries(secret.data ?? {}).map(([key, base64]) => [key, bytesOfBase64(base64)]));
  return selectItems(content, source, mode, 'references non-existent secret key');
}

function absent(kind: string, { name, optional }: KeySource): VolumeFile[] {
  if (optional) return [];
  throw new Error(`${kind} "${name ?? ''}" not found`);
}

function selectItems(
  content: Map<string, Uint8Array>,
  { items, optional }: KeySource,
  mode: number,
  missing: string,
): VolumeFile[] {
  if (!items || items.length === 0) return [...content].map(([path, bytes]) => ({ path, content: bytes, mode }));
  const files: VolumeFile[] = [];
  for (const item of items) {
    const bytes = content.get(item.key);
    if (bytes) files.push({ path: item.path, content: bytes, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`${missing}: ${item.key}`);
  }
  return files;
}

function downwardFiles(inputs: PayloadInputs, items: DownwardAPIVolumeFile[], mode: number): VolumeFile[] {
  return items.map((item) => {
    let text = '';
    if (item.fieldRef) text = fieldValue(inputs, item.fieldRef.fieldPath);
    else if (item.resourceFieldRef) {
      const name = item.resourceFieldRef.containerName;
      const container = inputs.pod.spec?.containers.find((other) => other.name === name);
      if (!container) throw new Error(`container ${name} not found`);
      text = resourceValue(item.resourceFieldRef, container, inputs.node);
    }
    return { path: item.path, content: encoder.encode(text), mode: item.mode ?? mode };
  });
}
