// kubectl explain: what a kind's fields mean, out of the server's OpenAPI documents.

import type { Command } from '../cli/command.ts';
import { CliError, messageOf, PlainError } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { type SchemaNode, schemaOf } from '../rest/openapi.ts';

/** Breaks text at `width` columns, keeping line breaks between paragraphs, as upstream's explain wraps. */
export function wrap(textToWrap: string, width: number, indent: string): string {
  const lines: string[] = [];
  for (const paragraph of textToWrap.split('\n')) {
    if (paragraph.trim() === '') {
      if (lines.at(-1) !== '') lines.push('');
      continue;
    }
    let line = '';
    for (const word of paragraph.trim().split(/\s+/)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(indent + line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(indent + line);
  }
  while (lines.at(-1) === '') lines.pop();
  return lines.join('\n');
}

/** The type as explain shows it: <string>, <[]Container>, <map[string]string>. */
export function typeText(node: SchemaNode): string {
  const { schema, typeName } = node;
  if (schema.type === 'array') return `[]${inner(node.items())}`;
  if (node.values() !== undefined) return `map[string]${inner(node.values())}`;
  if (schema.type === 'object' || schema.properties)
    return schema.properties ? (typeName ?? 'Object') : typeName && typeName !== 'Object' ? typeName : 'Object';
  if (typeName && !schema.type) return typeName;
  if (
    typeName === 'Time' ||
    typeName === 'MicroTime' ||
    typeName === 'Quantity' ||
    typeName === 'IntOrString' ||
    typeName === 'Duration'
  )
    return typeName;
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
      const description = wrap(field.description(), 76 - pad.length, `${pad}  `);
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
    let node = root;
    let walked = resource.name;
    for (const [i, name] of path.entries()) {
      const next: SchemaNode | undefined = contentOf(node).schema.properties?.[name]
        ? contentOf(node).property(name)
        : undefined;
      if (!next) throw new CliError(`field ${JSON.stringify(path[i])} does not exist`);
      node = next;
      walked = `${walked}.${name}`;
    }
    const recursive = flags.bool('recursive');
    kube.out(
      `${resource.group ? `GROUP:      ${resource.group}\n` : ''}KIND:       ${resource.kind}\nVERSION:    ${resource.version}\n\n`,
    );
    const fields = contentOf(node);
    if (path.length > 0) kube.out(`FIELD: ${path.at(-1)} <${typeText(node)}>\n\n`);
    const values = node.schema.enum ?? [];
    if (values.length > 0)
      kube.out(`ENUM:\n${values.map((each) => `    ${each === '' ? '""' : String(each)}\n`).join('')}\n`);
    const description = wrap(node.description(), 76, '    ') || '    <empty>';
    const ofType =
      fields !== node && fields.description() && fields.description() !== node.description()
        ? `\n${wrap(fields.description(), 76, '    ')}`
        : '';
    kube.out(`DESCRIPTION:\n${description}${ofType}\n    \n`);
    const lines = fieldLines(node, recursive, 1, new Set([fields.typeName ?? '']));
    if (lines.length > 0) kube.out(`FIELDS:\n${lines.join('\n')}\n\n`);
    return 0;
  },
};
