// `describe` of any kind without a page of its own: every field, names spelled out.

import type { Json } from '../../env/env.ts';
import { asJson, type KubeObject } from '../object.ts';
import { formatGoFloat } from '../print/number.ts';
import { writeAnnotations, writeEvents, writeHead, writeLabels } from './common.ts';
import type { Describing } from './writer.ts';

/** "podIPs" -> "Pod I Ps" as upstream's smartLabelFor: capital letters begin words, known abbreviations stay whole. */
export function labelFor(field: string): string {
  const common = ['API', 'URL', 'UID', 'OSB', 'GUID'];
  const words = field.match(/[A-Z]?[a-z0-9_]+|[A-Z]+(?![a-z])|[A-Z]|[^A-Za-z0-9_]+/g) ?? [field];
  return words
    .map((word) =>
      common.includes(word.toUpperCase())
        ? word.toUpperCase()
        : word === 'Uid'
          ? 'UID'
          : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
}

const scalar = (value: Json): string =>
  value === null ? '<nil>' : typeof value === 'number' ? formatGoFloat(value) : String(value);

function writeFields(
  on: Describing,
  level: number,
  object: { [key: string]: Json },
  skip: string[],
  path: string,
): void {
  for (const key of Object.keys(object).sort()) {
    const value = object[key]!;
    const here = `${path}.${key}`;
    if (skip.includes(here)) continue;
    if (Array.isArray(value)) {
      on.w.write(level, `${labelFor(key)}:\n`);
      for (const item of value) {
        if (typeof item === 'object' && item !== null && !Array.isArray(item))
          writeFields(on, level + 1, item, skip, here);
        else
          on.w.write(
            level + 1,
            `${Array.isArray(item) ? `[${item.map((each) => scalar(each)).join(' ')}]` : scalar(item)}\n`,
          );
      }
    } else if (typeof value === 'object' && value !== null) {
      on.w.write(level, `${labelFor(key)}:\n`);
      writeFields(on, level + 1, value, skip, here);
    } else on.w.write(level, `${labelFor(key)}:\t${scalar(value)}\n`);
  }
}

export async function describeGeneric(on: Describing, object: KubeObject): Promise<void> {
  writeHead(on.w, object.metadata);
  writeLabels(on.w, 'Labels', object.metadata.labels);
  writeAnnotations(on.w, object.metadata.annotations);
  const skip = [
    '.metadata.managedFields',
    '.metadata.name',
    '.metadata.namespace',
    '.metadata.labels',
    '.metadata.annotations',
  ];
  writeFields(on, 0, asJson(object) as { [key: string]: Json }, skip, '');
  await writeEvents(on, object);
}
