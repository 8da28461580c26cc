// kubectl explain: what a kind's fields mean, out of the server's OpenAPI documents.

import { messageOf } from '../../env/errors.ts';
import type { Command } from '../cli/command.ts';
import { CliError, PlainError } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { type SchemaNode, schemaOf } from '../rest/openapi.ts';

/** Breaks text at `width` columns between words, keeping its own line breaks and spacing, and indents every line. */
export function wrap(textToWrap: string, width: number, indent: string): string {
  let out = '';
  let column = 0;
  let word = '';
  let space = '';
  const flush = () => {
    column += space.length + word.length;
    out += space + word;
    space = '';
    word = '';
  };
  for (const char of textToWrap) {
    if (char === '\n') {
      if (word !== '' || column + space.length <= width) flush();
      space = '';
      out += char;
      column = 0;
    } else if (char === ' ' || char === '\t') {
      if (space === '' || word !== '') flush();
      space += char;
    } else {
      word += char;
      if (column + word.length + space.length > width && word.length < width) {
        out += '\n';
        column = 0;
        space = '';
      }
    }
  }
  if (word !== '' || column + space.length <= width) flush();
  return out
    .split('\n')
    .map((line) => indent + line)
    .join('\n');
}

/** The type as explain shows it: <string>, <[]Container>, <map[string]string>. */
export function typeText(node: SchemaNode): string {
  const { schema, typeName } = node;
  if (schema.type === 'array') return `[]${inner(node.items())}`;
  if (node.values() !== undefined) return `map[string]${inner(node.values())}`;
  if (schema.type === 'object' || schema.properties)
    return schema.properties ? (typeName ?? 'Object') : typeName && typeName !== 'Object' ? typeName : 'Object';
  if (typeName && !schema.type) return typeName;
  return schema.type ?? (schema['x-kubernetes-int-or-string'] ? 'IntOrString' : 'Object');
}

const inner = (node: SchemaNode | undefined): string => (node ? typeText(node) : 'Object');

/** The node whose fields are listed for `node`: the items of lists, the values of maps. */
function contentOf(node: SchemaNode): SchemaNode {
  if (node.schema.type === 'array') return contentOf(node.items() ?? node);
  const values = node.values();
  return values && !node.schema.properties ? contentOf(values) : node;
}

function fieldLines(node: SchemaNode, recursive: boolean, level: number, seen: Set<string>): string[] {
  const content = contentOf(node);
  const pad = '  '.repeat(level);
  const names = Object.keys(content.schema.properties ?? {}).sort();
  return names.flatMap((name) => {
    const field = content.property(name)!;
    const required = content.schema.required?.includes(name) ? ' -required-' : '';
    const head = `${pad}${name}\t<${typeText(field)}>${required}`;
    const values = (field.schema.enum ?? []).map((each) => (each === '' ? '""' : String(each)));
    const enumLine =
      values.length > 0
        ? [`${pad}enum: ${values.length > 4 ? `${values.slice(0, 4).join(', ')}, ....` : values.join(', ')}`]
        : [];
    if (!recursive) {
      const description = wrap(field.description(), 76, `${pad}  `);
      return [head, ...enumLine, ...(description ? [description] : [`${pad}  <no description>`]), ''];
    }
    const under = contentOf(field);
    const type = under.typeName ?? '';
    const deeper =
      under.schema.properties && !seen.has(type) ? fieldLines(field, true, level + 1, new Set([...seen, type])) : [];
    return [head, ...enumLine, ...deeper];
  });
}

export const command: Command = {
  use: 'explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext]',
  short: 'Get documentation for a resource',
  long: 'Describe the fields of a kind and what they mean. A path of fields may follow the type: pods.spec.containers.',
  examples: [
    'kubectl explain pods',
    'kubectl explain pods --recursive',
    'kubectl explain pods.spec.containers',
    'kubectl explain deployment --api-version=apps/v1',
  ],
  arguments: 'type',
  flags: [
    bool('recursive', 'Print the names of all fields below, without their descriptions.'),
    text('api-version', 'Use this version of the API: group/version.'),
    text('output', 'Format in which to render the schema. Valid values are: (plaintext).', {
      short: 'o',
      default: 'plaintext',
    }),
  ],
  async run({ kube, flags, args, usage }) {
    if (args.length === 0)
      throw new CliError(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    if (args.length > 1) throw new CliError('We accept only this format: explain RESOURCE');
    if (!/^plaintext(-openapiv2)?$/.test(flags.string('output')))
      throw usage(`unknown output format: ${flags.string('output')}`);
    const [type, ...path] = args[0]!.split('.') as [string, ...string[]];
    let resource = await kube.discovery.find(type).catch(async (error: unknown) => {
      if (path.length === 0) throw new PlainError(messageOf(error));
      const whole = await kube.discovery.find(args[0]!).catch(() => undefined);
      if (!whole) throw new PlainError(messageOf(error));
      path.length = 0;
      return whole;
    });
    const version = flags.string('api-version');
    if (version) {
      const [group, name] = version.includes('/') ? (version.split('/') as [string, string]) : ['', version];
      const found = (await kube.discovery.resources()).find(
        (each) => each.group === group && each.version === name && each.kind === resource.kind,
      );
      if (!found)
        throw new CliError(`couldn't find resource for ${JSON.stringify(`${version}, Kind=${resource.kind}`)}`);
      resource = found;
    }
    const root = await schemaOf(kube.io, kube.client, resource);
    if (!root)
      throw new CliError(
        `couldn't find resource for ${JSON.stringify(`${resource.group ? `${resource.group}/` : '/'}${resource.version}, Kind=${resource.kind}`)}`,
      );
    const group = resource.group ? `GROUP:      ${resource.group}\n` : '';
    kube.out(`${group}KIND:       ${resource.kind}\nVERSION:    ${resource.version}\n\n`);
    let node = root;
    for (const name of path) {
      const content = contentOf(node);
      const next = content.schema.properties?.[name] ? content.property(name) : undefined;
      if (!next) throw new CliError(`field ${JSON.stringify(name)} does not exist`);
      node = next;
    }
    const content = contentOf(node);
    const values = node.schema.enum ?? [];
    if (path.length > 0) kube.out(`FIELD: ${path.at(-1)} <${typeText(node)}>\n`);
    if (values.length > 0) {
      kube.out(`ENUM:\n${values.map((each) => `    ${each === '' ? '""' : String(each)}\n`).join('')}\n`);
    } else if (path.length > 0) kube.out('\n\n');
    const texts = [node.description() || '<empty>', ...(content.typeDescription ? [content.typeDescription] : [])];
    kube.out(`DESCRIPTION:\n${texts.map((each) => `${wrap(each, 76, '    ')}\n`).join('')}    \n`);
    const lines = fieldLines(node, flags.bool('recursive'), 1, new Set([content.typeName ?? '']));
    kube.out(lines.length > 0 ? `FIELDS:\n${lines.join('\n')}\n\n` : '\n');
    return 0;
  },
};
