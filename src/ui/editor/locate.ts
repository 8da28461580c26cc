// From the API server's words to places in YAML text: which line a field path means, so that an error stands where it was made.

import { isMap, isSeq, LineCounter, type Pair, parseAllDocuments, type Scalar, type Node as YamlNode } from 'yaml';

export interface Place {
  /** From 1. */
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

export interface Problem extends Place {
  message: string;
}

export interface SourceObject {
  apiVersion: string;
  kind: string;
  name: string;
  /** Which document of the file, from 0. */
  index: number;
}

/** Errors of the YAML itself. */
export function yamlProblems(text: string): Problem[] {
  return parseAllDocuments(text, { prettyErrors: false, lineCounter: new LineCounter() }).flatMap((document) =>
    'errors' in document
      ? [...document.errors].map((error) => ({ ...placeOf(text, error.pos[0], error.pos[1]), message: error.message }))
      : [],
  );
}

/** The objects a file describes. */
export function objectsIn(text: string): SourceObject[] {
  return parseAllDocuments(text).flatMap((document, index) => {
    if (!('contents' in document) || !isMap(document.contents)) return [];
    const kind = document.get('kind');
    const name = document.getIn(['metadata', 'name']) ?? document.getIn(['metadata', 'generateName']);
    if (typeof kind !== 'string') return [];
    return [{ apiVersion: String(document.get('apiVersion') ?? ''), kind, name: String(name ?? ''), index }];
  });
}

/** Steps of a field path: `spec.containers[0].resources.requests[cpu]` is spec, containers, 0, resources, requests, cpu. */
export function pathSteps(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const match of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    const step = match[1] ?? match[2] ?? '';
    steps.push(match[2] !== undefined && /^\d+$/.test(step) ? Number(step) : step.replace(/^"(.*)"$/, '$1'));
  }
  return steps;
}

/** Where a field stands in the given document; the nearest field above it when it is not there. */
export function locate(text: string, index: number, path: string): Place {
  const document = parseAllDocuments(text)[index];
  let node: unknown = document && 'contents' in document ? document.contents : undefined;
  const [start, end] = rangeOf(node) ?? [0, 0];
  let range: [number, number] = [start, Math.min(end, lineEnd(text, start))];
  for (const step of pathSteps(path)) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as Scalar)?.value ?? item.key) === String(step)) as
        | Pair<YamlNode, YamlNode>
        | undefined;
      if (!pair) break;
      const keyRange = rangeOf(pair.key) ?? range;
      const valueRange = rangeOf(pair.value);
      range = [keyRange[0], Math.min(valueRange?.[1] ?? keyRange[1], lineEnd(text, keyRange[0]))];
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      const at = rangeOf(item);
      if (!at) break;
      range = [at[0], Math.min(at[1], lineEnd(text, at[0]))];
      node = item;
    } else break;
  }
  return placeOf(text, range[0], range[1]);
}

/** Field paths named in a message of the API server, with what is said of each. */
export function fieldsIn(message: string): { path: string; message: string }[] {
  const found: { path: string; message: string }[] = [];
  for (const match of message.matchAll(/unknown field "([^"]+)"|duplicate field "([^"]+)"/g))
    found.push({ path: match[1] ?? match[2] ?? '', message: match[0] });
  if (found.length > 0) return found;
  const list = /is invalid: (.*)$/s.exec(message)?.[1];
  for (const match of (list ?? '').matchAll(
    /([A-Za-z][\w-]*(?:\.[\w-]+|\[[^\]]*\])*): ((?:Required value|Invalid value|Unsupported value|Forbidden|Duplicate value|Too long|Too many|Internal error|Not found)[\s\S]*?)(?=, [A-Za-z][\w-]*(?:\.[\w-]+|\[[^\]]*\])*: (?:Required|Invalid|Unsupported|Forbidden|Duplicate|Too)|\]?$)/g,
  ))
    found.push({ path: match[1] ?? '', message: match[2] ?? '' });
  if (found.length > 0) return found;
  const typed = /(?:into Go struct field [\w]+\.|at field |field "?)([\w.[\]]+)/.exec(message)?.[1];
  return typed ? [{ path: typed, message }] : [];
}

function rangeOf(node: unknown): [number, number] | undefined {
  const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

/** Offsets as lines and columns. */
export function placeOf(text: string, start: number, end: number): Place {
  const at = (offset: number) => {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    return { line, column: offset - before.lastIndexOf('\n') };
  };
  const from = at(start);
  const to = at(Math.max(end, start + 1));
  return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}
