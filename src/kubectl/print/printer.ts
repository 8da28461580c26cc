// -o for commands that print objects: json, yaml, name, templates, jsonpath; and the one-line form "deployment.apps/web created".

import type { Json } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import { CliError } from '../cli/errors.ts';
import { bool, type FlagSpec, type Flags, text } from '../cli/flags.ts';
import type { Kube } from '../kube.ts';
import { asJson, clone, groupVersion, type KubeObject } from '../object.ts';
import { readText } from '../resource/files.ts';
import { nameOf } from '../rest/discovery.ts';
import { compileTemplate } from './go-template.ts';
import { sortKeys, toJson } from './json.ts';
import { compileJsonPath } from './jsonpath.ts';
import { toTypedJson } from './typed-order.ts';
import { toYaml } from './yaml.ts';

export const templateFormats = [
  'go-template',
  'go-template-file',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
  'template',
  'templatefile',
];
const formats = [
  'go-template',
  'go-template-file',
  'json',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
  'name',
  'template',
  'templatefile',
  'yaml',
];

export const printFlags: FlagSpec[] = [
  text('output', `Output format. One of: (json, yaml, name, ${templateFormats.join(', ')}).`, { short: 'o' }),
  text('template', 'Template string or path to template file to use when -o=go-template, -o=go-template-file.'),
  bool('allow-missing-template-keys', 'Ignore errors in templates when a field or map key is missing.', {
    default: 'true',
  }),
  bool('show-managed-fields', 'Keep the managedFields when printing objects in JSON or YAML format.'),
];

/** "--dry-run" as apply, create... take it. */
export const dryRunFlag = text('dry-run', 'Must be "none", "server", or "client".', {
  default: 'none',
  bare: 'unchanged',
});
export type DryRun = 'none' | 'client' | 'server';

export function dryRunOf(kube: Kube, flags: Flags): DryRun {
  const value = flags.string('dry-run');
  if (value === 'none' || value === 'client' || value === 'server') return value;
  if (value === 'unchanged') {
    kube.err('W --dry-run is deprecated and can be replaced with --dry-run=client.\n');
    return 'client';
  }
  throw new CliError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/** Splits "-o jsonpath={.a}" into the format and its argument. */
export function outputOf(flags: Flags): { format: string; argument: string } {
  const output = flags.string('output');
  const at = output.indexOf('=');
  if (at < 0)
    return {
      format: output === '' && flags.changed('template') ? 'go-template' : output,
      argument: flags.has('template') ? flags.string('template') : '',
    };
  return { format: output.slice(0, at), argument: output.slice(at + 1) };
}

/** Leaves managedFields out, unless they were asked for. */
export function withoutManagedFields<T>(object: T, flags: Flags): T {
  if (flags.has('show-managed-fields') && flags.bool('show-managed-fields')) return object;
  const copy = clone(object) as T & { metadata?: { managedFields?: unknown }; items?: unknown[] };
  delete copy.metadata?.managedFields;
  if (Array.isArray(copy.items)) for (const item of copy.items) delete (item as KubeObject).metadata?.managedFields;
  return copy;
}

/** A function from an object to its text in a machine format; undefined when no such format was asked for. */
export async function machineFormat(
  kube: Kube,
  flags: Flags,
  allowed: string[] = formats,
): Promise<((object: Json) => string) | undefined> {
  const { format, argument } = outputOf(flags);
  const strict = flags.has('allow-missing-template-keys') && !flags.bool('allow-missing-template-keys');
  if (!allowed.includes(format)) {
    throw new CliError(
      `unable to match a printer suitable for the output format ${JSON.stringify(format)}, allowed formats are: ${allowed.join(',')}`,
    );
  }
  const needTemplate = (what: string) => {
    if (argument === '')
      throw new CliError(`template format specified but no template given`.replace('template format', what));
    return argument;
  };
  switch (format) {
    case 'json':
      return toJson;
    case 'yaml':
      return toYaml;
    case 'name':
      return (object) => namesOf(object as unknown as KubeObject);
    case 'jsonpath':
    case 'jsonpath-file': {
      const template =
        format === 'jsonpath'
          ? needTemplate('template format')
          : await readText(kube.io, needTemplate('template format'));
      return guarded('jsonpath', template, compileJsonPath(template, strict));
    }
    case 'jsonpath-as-json': {
      const render = compileJsonPathValues(needTemplate('template format'));
      return (object) => toJson(render(object));
    }
    case 'go-template':
    case 'template':
      return guarded('template', needTemplate('template format'), compileTemplate(argument, strict));
    default: {
      const template = await readText(kube.io, needTemplate('template format'));
      return guarded('template', template, compileTemplate(template, strict));
    }
  }
}

function guarded(kind: string, template: string, render: (value: Json) => string): (value: Json) => string {
  return (value) => {
    try {
      return render(value);
    } catch (error) {
      const detail = messageOf(error);
      throw new CliError(
        `error executing ${kind} ${JSON.stringify(template)}: Error executing template: ${detail}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to ${kind} engine was:\n\t\t${JSON.stringify(sortKeys(value))}\n\n`,
      );
    }
  };
}

function compileJsonPathValues(template: string): (value: Json) => Json {
  const match = /^\{(.*)\}$/s.exec(template.trim());
  if (!match) throw new CliError(`unexpected path string ${template}`);
  const wrapped = compileJsonPath(`{range ${match[1]}}{@}\u0000{end}`);
  return (value) =>
    wrapped(value)
      .split('\u0000')
      .slice(0, -1)
      .map((text) => {
        try {
          return JSON.parse(text) as Json;
        } catch {
          return text;
        }
      });
}

function namesOf(object: KubeObject): string {
  const items = object['items'];
  if (Array.isArray(items) && object.kind.endsWith('List'))
    return items.map((item) => namesOf(item as KubeObject)).join('');
  const { group } = groupVersion(object.apiVersion);
  return `${nameOf({ kind: object.kind, group }, object.metadata.name ?? '')}\n`;
}

export type ResultPrinter = (object: KubeObject, operation: string) => void;

/** Prints each object a command has changed: one line with what was done, or the object in the format of -o. */
export async function resultPrinter(
  kube: Kube,
  flags: Flags,
  dryRun: DryRun = 'none',
  typed = false,
): Promise<ResultPrinter> {
  const { format } = outputOf(flags);
  if (format === '') {
    const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
    return (object, operation) => {
      const { group } = groupVersion(object.apiVersion);
      kube.out(`${nameOf({ kind: object.kind, group }, object.metadata.name ?? '')} ${operation}${suffix}\n`);
    };
  }
  const render = typed && format === 'json' ? toTypedJson : (await machineFormat(kube, flags))!;
  let printed = 0;
  return (object) => {
    if (format === 'yaml' && printed++ > 0) kube.out('---\n');
    kube.out(render(asJson(withoutManagedFields(object, flags))));
  };
}
