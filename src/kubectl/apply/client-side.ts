// Client-side apply: the file is remembered in an annotation, and the patch is worked out from the remembered file, the new one and what is live.

import type { Json } from '../../env/env.ts';
import { isNotFound, StatusError, sourced } from '../cli/errors.ts';
import type { Kube } from '../kube.ts';
import { asJson, clone, type KubeObject } from '../object.ts';
import { sortKeys } from '../print/json.ts';
import { createObject, lastApplied, patchObject, patchTypes, type WriteOptions } from '../resource/helper.ts';
import { pathOf, type Resource } from '../rest/discovery.ts';
import { schemaOf } from '../rest/openapi.ts';
import { threeWayMergePatch, threeWayStrategicPatch } from './strategic.ts';

type Obj = { [key: string]: Json };

/** The file as the annotation keeps it: without the annotation itself, keys sorted, one line. */
export function modifiedConfiguration(object: KubeObject): { text: string; object: KubeObject } {
  const bare = clone(object);
  delete bare.metadata.annotations?.[lastApplied];
  bare.metadata.annotations ??= {};
  const text = `${JSON.stringify(sortKeys(asJson(bare)))}\n`.replace(
    /[<>&]/g,
    (char) => `\\u00${char.charCodeAt(0).toString(16)}`,
  );
  const annotated = clone(bare);
  annotated.metadata.annotations![lastApplied] = text;
  return { text, object: annotated };
}

export interface ApplyTarget {
  resource: Resource;
  namespace: string;
  object: KubeObject;
  source: string;
}

/** Works out the patch; undefined when live already is what the file says. */
export async function patchFor(
  kube: Kube,
  target: ApplyTarget,
  live: KubeObject,
): Promise<{ body: Obj; type: string } | undefined> {
  const { resource } = target;
  const modified = asJson(modifiedConfiguration(target.object).object) as Obj;
  const remembered = live.metadata.annotations?.[lastApplied];
  const original = (remembered ? JSON.parse(remembered) : {}) as Obj;
  const current = asJson(live) as Obj;
  const schema = await schemaOf(kube.io, kube.client, resource);
  const builtIn = schema !== undefined && hasMergeKeys(resource);
  const body = builtIn
    ? threeWayStrategicPatch(original, modified, current, schema)
    : threeWayMergePatch(original, modified, current);
  if (Object.keys(body).length === 0) return undefined;
  return { body, type: builtIn ? patchTypes.strategic : patchTypes.merge };
}

const hasMergeKeys = (resource: Resource): boolean =>
  !resource.group.includes('.') || /\.k8s\.io$/.test(resource.group);

export type ApplyResult = { object: KubeObject; operation: 'created' | 'configured' | 'unchanged' };

/** Applies one object. Conflicting writes of others are tried again a few times, as upstream does. */
export async function applyClientSide(kube: Kube, target: ApplyTarget, options: WriteOptions): Promise<ApplyResult> {
  const { resource, namespace, source } = target;
  const name = target.object.metadata.name ?? '';
  let live: KubeObject | undefined;
  try {
    live = await kube.client.json<KubeObject>(pathOf(resource, namespace, name));
  } catch (error) {
    if (!isNotFound(error)) {
      if (error instanceof StatusError) {
        const message = `error when retrieving current configuration of:\nResource: ${JSON.stringify(resourceText(resource))}, GroupVersionKind: ${JSON.stringify(kindText(resource))}\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace)}\nfrom server for: ${JSON.stringify(source)}: ${error.message}`;
        throw new StatusError({ ...error.status, message });
      }
      throw error;
    }
  }
  if (!live) {
    const { object } = modifiedConfiguration(target.object);
    if (options.dryRun === 'client') return { object, operation: 'created' };
    const created = await sourced('creating', source, () => createObject(kube, resource, namespace, object, options));
    return { object: created, operation: 'created' };
  }
  if (!live.metadata.annotations?.[lastApplied] && live.metadata.resourceVersion) {
    kube.err(
      `Warning: resource ${resource.name}/${name} is missing the ${lastApplied} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  for (let attempt = 0; ; attempt++) {
    if (options.dryRun === 'client') return { object: live, operation: 'configured' };
    const patch = await patchFor(kube, target, live);
    if (!patch) return { object: live, operation: 'unchanged' };
    try {
      const patched = await patchObject(kube, { resource, namespace, name }, patch.type, patch.body, options);
      return { object: patched, operation: 'configured' };
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict' && attempt < 5) {
        live = await kube.client.json<KubeObject>(pathOf(resource, namespace, name));
        continue;
      }
      if (error instanceof StatusError) {
        const what = `applying patch:\n${JSON.stringify(sortKeys(patch.body))}\nto:\nResource: ${JSON.stringify(resourceText(resource))}, GroupVersionKind: ${JSON.stringify(kindText(resource))}\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace)}\nfor: ${JSON.stringify(source)}: error when patching ${JSON.stringify(source)}: ${error.message}`;
        throw new StatusError({ ...error.status, message: `error when ${what}` });
      }
      throw error;
    }
  }
}

const resourceText = ({ group, version, name }: Resource): string => `${group}/${version}, Resource=${name}`;
const kindText = ({ group, version, kind }: Resource): string => `${group}/${version}, Kind=${kind}`;
