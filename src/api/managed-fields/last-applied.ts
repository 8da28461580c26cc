// From client-side to server-side apply with kubectl: what the annotation of the former says was applied may be taken over without a conflict, and the annotation is
// kept in step (apimachinery, util/managedfields/internal: lastappliedmanager.go, lastappliedupdater.go). Other managers have nothing to do with it.

import { isObject } from '../decode.ts';
import { FieldSet } from './field-set.ts';
import { type ManagedObject, withoutOwners } from './owners.ts';
import { compare, fieldsOf, type View } from './typed.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const kubectl = 'kubectl';

/** The fields that were applied from the client's side and are still as they were applied. */
export function lastAppliedCovers(view: View, live: ManagedObject, manager: string): FieldSet {
  const text = manager === kubectl && live.metadata.annotations?.[annotation];
  if (!text) return FieldSet.none;
  let applied: unknown;
  try {
    applied = JSON.parse(text);
  } catch {
    return FieldSet.none;
  }
  if (!isObject(applied) || applied['apiVersion'] !== live.apiVersion) return FieldSet.none;
  const { added, modified, removed } = compare(view, applied, withoutOwners(live));
  return fieldsOf(view, applied).difference(modified).difference(added).difference(removed);
}

/** The result of kubectl's apply, with the annotation telling what was applied now if it told it before. */
export function syncLastApplied<T extends ManagedObject>(result: T, config: ManagedObject, manager: string): T {
  const annotations = result.metadata?.annotations;
  if (manager !== kubectl || !annotations?.[annotation]) return result;
  const { [annotation]: _own, ...others } = config.metadata.annotations ?? {};
  const metadata = { ...config.metadata, ...(config.metadata.annotations && { annotations: others }) };
  const text = `${JSON.stringify(sorted({ ...config, metadata }))}\n`;
  return {
    ...result,
    metadata: { ...result.metadata, annotations: { ...annotations, [annotation]: text } },
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
