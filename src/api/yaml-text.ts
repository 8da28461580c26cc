// Reads YAML as kubectl and the API server do (YAML 1.1 booleans and octal numbers, merge keys; no timestamps, no base-60 numbers), with limits
// against documents that grow when their aliases are expanded.

import { Composer, type CST, type Document, isMap, isPair, isScalar, Parser, stringify, type Tags, visit } from 'yaml';

/** Message starts with "yaml: " as upstream's does. */
export class YamlError extends Error {}

const maxNodes = 1_000_000;
// As for JSON. Beyond it the recursion of what follows would meet the end of the stack, where V8 ends the whole process if it must compile a regular expression.
const maxDepth = 1000;

const options = {
  version: '1.1',
  merge: true,
  uniqueKeys: false,
  prettyErrors: false,
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => {
      if (typeof tag === 'string') return tag !== 'timestamp';
      const name = tag.tag.replace('tag:yaml.org,2002:', '');
      if (['timestamp', 'binary', 'omap', 'pairs', 'set'].includes(name)) return false;
      return !('format' in tag && tag.format === 'TIME');
    }),
} as const;

export interface YamlDocument {
  value: unknown;
  /** In the words of upstream's strict YAML decoder: `line 3: key "replicas" already set in map`. */
  duplicates: string[];
  /** First line of the document in the text, from 1. */
  line: number;
}

const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

function duplicateKeys(document: Document, text: string): string[] {
  const out: string[] = [];
  visit(document, {
    Map(_key, map) {
      if (!isMap(map)) return;
      const seen = new Set<unknown>();
      for (const pair of map.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const key = pair.key.value;
        if (key === '<<') continue;
        if (seen.has(key)) {
          const line = lineOf(text, pair.key.range?.[0] ?? 0);
          out.push(`line ${line}: key ${JSON.stringify(String(key))} already set in map`);
        }
        seen.add(key);
      }
    },
  });
  return out;
}

/** JSON has only string keys: numbers and booleans become their text. */
function toJson(value: unknown, budget: { left: number }): unknown {
  if (--budget.left < 0) throw new YamlError('yaml: document contains excessive aliasing');
  if (Array.isArray(value)) return value.map((item) => toJson(item, budget));
  if (value instanceof Map) {
    const out: Record<string, unknown> = {};
    for (const [key, item] of value) {
      if (typeof key === 'object' && key !== null)
        throw new YamlError('error converting YAML to JSON: unsupported map key');
      Object.defineProperty(out, String(key), {
        value: toJson(item, budget),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return out;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new YamlError(`error converting YAML to JSON: json: unsupported value: ${value}`);
  return value === undefined ? null : value;
}

/** Every document of a text; empty ones (nothing between two separators) are left out. Throws a YamlError. */
export function parseYaml(text: string): YamlDocument[] {
  try {
    return readDocuments(text);
  } catch (error) {
    if (error instanceof RangeError) throw new YamlError('yaml: exceeded max depth');
    throw error;
  }
}

/** Throws unless the tokens (from a parser that does not recurse) nest decently. */
function checkDepth(tokens: readonly CST.Token[]): void {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > maxDepth) throw new YamlError('yaml: exceeded max depth');
    if (token.type === 'document') {
      if (token.value) waiting.push({ token: token.value, depth });
    } else if ('items' in token)
      for (const { key, value } of token.items) {
        if (key) waiting.push({ token: key, depth: depth + 1 });
        if (value) waiting.push({ token: value, depth: depth + 1 });
      }
  }
}

function readDocuments(text: string): YamlDocument[] {
  const out: YamlDocument[] = [];
  const tokens = [...new Parser().parse(text)];
  checkDepth(tokens);
  for (const document of new Composer(options).compose(tokens, false, text.length) as Iterable<Document>) {
    const error = document.errors[0];
    if (error) {
      const line = lineOf(text, error.pos[0]);
      throw new YamlError(`yaml: line ${line}: ${error.message.split('\n')[0]}`);
    }
    if (document.contents === null) continue;
    let value: unknown;
    try {
      value = document.toJS({ mapAsMap: true, maxAliasCount: 1000 });
    } catch (cause) {
      if (cause instanceof RangeError) throw cause;
      const message = (cause as Error).message;
      throw new YamlError(
        /alias/i.test(message) && /excessive/i.test(message)
          ? 'yaml: document contains excessive aliasing'
          : `yaml: ${message}`,
      );
    }
    if (value === null) continue;
    out.push({
      value: toJson(value, { left: maxNodes }),
      duplicates: duplicateKeys(document, text),
      line: lineOf(text, document.range?.[0] ?? 0),
    });
  }
  return out;
}

/** An object as `kubectl -o yaml` prints it: sorted keys, two spaces, lists flush with their key. */
export function toYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    singleQuote: false,
  });
}
