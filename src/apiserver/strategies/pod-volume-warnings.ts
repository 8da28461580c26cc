// Warnings about a pod's volumes: plugins that are gone, files that hide each other (pkg/api/pod/warnings.go).

import type { FieldPath } from '../../api/field-error.ts';
import type { Volume, VolumeProjection } from '../../api/generated/types.ts';

type Warn = (text: string) => void;

/** In the order in which upstream looks for them, with its spelling of their places. */
const deprecated: readonly (readonly [source: keyof Volume, place: string, text: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '');
const pathsOf = (items: readonly { path: string }[]): string[] => items.map(({ path }) => path);

/** The file of `known` that `path` hides or is hidden by. */
function collision(known: ReadonlySet<string>, path: string): string | undefined {
  if (path === '' || known.has('')) return undefined;
  for (const other of known) if (`${other}/`.startsWith(path) || `${path}/`.startsWith(other)) return other;
  return undefined;
}

function overlaps(warn: Warn, paths: readonly string[], what: string): void {
  const known = new Set<string>();
  for (const each of paths) {
    const path = each.replace(/\/+$/, '');
    const other = collision(known, path);
    if (other !== undefined) warn(`${what}: overlapping paths: ${quoted(path)} with ${quoted(other)}`);
    known.add(path);
  }
}

/** The files of one source of a projected volume, and its name in the warning. */
function filesOf(source: VolumeProjection): [paths: string[], name: string] | undefined {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  if (configMap?.items) return [pathsOf(configMap.items), `ConfigMap ${quoted(configMap.name)}`];
  if (secret?.items) return [pathsOf(secret.items), `Secret ${quoted(secret.name)}`];
  if (downwardAPI?.items) return [pathsOf(downwardAPI.items), 'DownwardAPI'];
  if (serviceAccountToken) return [[serviceAccountToken.path], 'ServiceAccountToken'];
  if (!clusterTrustBundle) return undefined;
  const { path, name, signerName } = clusterTrustBundle;
  return [[path], `ClusterTrustBundle ${quoted(name ?? signerName)}`];
}

function projectedWarnings(warn: Warn, volume: Volume): void {
  const known = new Set<string>();
  for (const source of volume.projected?.sources ?? []) {
    if (Object.values(source).every((each) => each === undefined || each === null)) {
      warn(`volume ${quoted(volume.name)} (Projected) has no sources provided`);
      continue;
    }
    const [paths, name] = filesOf(source) ?? [[], ''];
    const what = `volume ${quoted(volume.name)} (Projected ${name})`;
    overlaps(warn, paths, what);
    const own = new Set(paths);
    if (known.size > 0 && own.size > 0) overlaps(warn, [...own, ...known].sort(), what);
    for (const path of own) known.add(path);
  }
}

/** `at` is the list's place. */
export function volumeWarnings(warn: Warn, volumes: readonly Volume[], at: FieldPath): void {
  for (const [i, volume] of volumes.entries())
    for (const [source, place, text] of deprecated) if (volume[source]) warn(`${at.index(i).child(place)}: ${text}`);
  for (const volume of volumes) {
    const { name, configMap, secret, downwardAPI } = volume;
    const what = `volume ${quoted(name)}`;
    if (configMap?.items) overlaps(warn, pathsOf(configMap.items), `${what} (ConfigMap ${quoted(configMap.name)})`);
    if (secret?.items) overlaps(warn, pathsOf(secret.items), `${what} (Secret ${quoted(secret.secretName)})`);
    if (downwardAPI?.items) overlaps(warn, pathsOf(downwardAPI.items), `${what} (DownwardAPI)`);
    if (volume.projected) projectedWarnings(warn, volume);
  }
}
