// Objects out of files, folders and stdin: YAML or JSON, several documents a file, Lists flattened.

import { parseAllDocuments, type Tags, type YAMLError } from 'yaml';
import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import type { KubectlIo } from '../io.ts';
import type { KubeObject, ListObject } from '../object.ts';

export interface FileObject {
  object: KubeObject;
  /** The name in messages: the file, or STDIN. */
  source: string;
}

const decode = (content: string | Uint8Array): string =>
  typeof content === 'string' ? content : new TextDecoder().decode(content);

export async function readStdin(io: KubectlIo): Promise<string> {
  if (!io.stdin) return '';
  return await new Response(io.stdin).text();
}

/** The text of a file, or of stdin for "-". */
export async function readText(io: KubectlIo, name: string): Promise<string> {
  if (name === '-') return await readStdin(io);
  const content = await io.files.read(name.replace(/^\.\//, ''));
  if (content === undefined) throw new CliError(`open ${name}: no such file or directory`);
  return decode(content);
}

async function expand(io: KubectlIo, name: string, recursive: boolean): Promise<{ source: string; text: string }[]> {
  if (name === '-') return [{ source: 'STDIN', text: await readStdin(io) }];
  if (/^https?:\/\//.test(name))
    throw new CliError(`unable to read URL ${JSON.stringify(name)}: only the cluster can be reached from here`);
  const plain = name.replace(/^\.\//, '').replace(/\/+$/, '');
  const content = await io.files.read(plain);
  if (content !== undefined) return [{ source: name, text: decode(content) }];
  const prefix = plain === '.' || plain === '' ? '' : `${plain}/`;
  const inside = (await io.files.list()).filter((file) => {
    if (!file.startsWith(prefix) || !/\.(json|yaml|yml)$/.test(file)) return false;
    return recursive || !file.slice(prefix.length).includes('/');
  });
  const exists = prefix === '' || (await io.files.list()).some((file) => file.startsWith(prefix));
  if (!exists) throw new CliError(`the path ${JSON.stringify(name)} does not exist`);
  if (inside.length === 0) {
    throw new CliError(`error reading [${name}]: recognized file extensions are [.json .yaml .yml]`);
  }
  const read = inside.sort().map(async (file) => ({ source: file, text: decode((await io.files.read(file)) ?? '') }));
  return await Promise.all(read);
}

/** Messages of the YAML reader in the words of go-yaml, where the mistake is one that it words. */
function yamlMessage(error: YAMLError, text: string): string {
  const offset = error.pos[0];
  const line = text.slice(0, offset).split('\n').length;
  const words: Record<string, string> = {
    BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
    TAB_AS_INDENT: 'found character that cannot start any token',
    BAD_INDENT: 'did not find expected key',
    MISSING_CHAR: "could not find expected ':'",
    IMPOSSIBLE: 'did not find expected node content',
    BAD_ALIAS: 'did not find expected alphabetic or numeric character',
    UNEXPECTED_TOKEN: 'did not find expected node content',
    MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  };
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^\s*(?:- )?["']?([^:"']+)["']?\s*:/.exec(text.slice(offset))?.[1] ?? '';
    return `yaml: unmarshal errors:\n  line ${line}: key ${JSON.stringify(key.trim())} already set in map`;
  }
  const scanned = /BLOCK_AS_IMPLICIT_KEY|TAB_AS_INDENT|MISSING_CHAR|MULTILINE_IMPLICIT_KEY/.test(error.code);
  const shown = line === 1 ? 0 : scanned ? line : line - 1;
  return `yaml: ${shown > 0 ? `line ${shown}: ` : ''}${words[error.code] ?? error.message.split('\n')[0]!.replace(/ at line.*/, '')}`;
}

function readInteger(text: string): number {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '').toLowerCase();
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return negative ? -value : value;
}

/** Numbers as go-yaml reads them, and nothing else that YAML 1.1 would: timestamps, base-60 numbers and binaries stay strings. */
const asGo = (tags: Tags): Tags => [
  ...tags.filter((tag) => typeof tag === 'string' || !/(timestamp|binary|omap|pairs|set|int|float)$/.test(tag.tag)),
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|0[0-7_]*|[1-9][0-9_]*)$/,
    resolve: readInteger,
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/,
    resolve: (text: string) => Number(text.replaceAll('_', '')),
  },
];

/** Parses every document of `text`. Throws "error parsing <source>: error converting YAML to JSON: ..." */
export function parseDocuments(text: string, source: string): Json[] {
  if (/^\s*\{/.test(text)) {
    try {
      return [JSON.parse(text) as Json];
    } catch {
      // flow-style YAML, or several JSON documents: read as YAML below
    }
  }
  const documents = parseAllDocuments(text, { version: '1.1', merge: true, customTags: asGo, prettyErrors: false });
  if (!Array.isArray(documents)) return [];
  const values: Json[] = [];
  for (const document of documents) {
    const error = document.errors[0];
    if (error)
      throw new CliError(`error parsing ${source}: error converting YAML to JSON: ${yamlMessage(error, text)}`);
    const value = document.toJS() as Json | undefined;
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

function checkHead(value: Json, source: string): KubeObject {
  const shape = value as { apiVersion?: unknown; kind?: unknown };
  if (typeof value !== 'object' || Array.isArray(value) || value === null) {
    throw new CliError(
      `error validating ${JSON.stringify(source)}: error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  const missing = (['apiVersion', 'kind'] as const).filter(
    (key) => typeof shape[key] !== 'string' || shape[key] === '',
  );
  if (missing.length > 0) {
    const list = missing.map((key) => `${key} not set`);
    const errors = list.length === 1 ? list[0]! : `[${list.join(', ')}]`;
    throw new CliError(
      `error validating ${JSON.stringify(source)}: error validating data: ${errors}; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  const object = value as unknown as KubeObject;
  if (typeof object.metadata !== 'object' || object.metadata === null) object.metadata = {};
  return object;
}

/** All objects of the named files. Documents that cannot be read come as errors in their place, so that the others still go through. */
export async function readObjects(
  io: KubectlIo,
  names: string[],
  recursive = false,
): Promise<{ objects: FileObject[]; errors: unknown[] }> {
  const objects: FileObject[] = [];
  const errors: unknown[] = [];
  for (const name of names) {
    for (const { source, text } of await expand(io, name, recursive)) {
      try {
        for (const value of parseDocuments(text, source)) {
          const object = checkHead(value, source);
          const isList = object.kind.endsWith('List') && Array.isArray(object['items']);
          const items = isList ? (object as unknown as ListObject).items : [object];
          for (const item of items) objects.push({ object: checkHead(item as unknown as Json, source), source });
        }
      } catch (error) {
        errors.push(error);
      }
    }
  }
  return { objects, errors };
}
