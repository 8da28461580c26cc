// --admission-control-config-file: an AdmissionConfiguration with the configurations of plugins, within it or in files beside it (apiserver/pkg/admission/config.go).
//
// Invariant: what is not understood is refused: a setting is never silently without effect.

import { isObject, parseDocument } from '../../api/decode.ts';
import { renderErrors } from '../../api/field-error.ts';
import {
  configurationOf,
  modes,
  type PodSecurityConfiguration,
  type PodSecurityDocument,
} from './plugins/pod-security-policy.ts';

export interface AdmissionConfiguration {
  podSecurity?: PodSecurityConfiguration;
}

const versions = ['apiserver.config.k8s.io/v1', 'apiserver.k8s.io/v1alpha1'];
const podSecurityVersions = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => `pod-security.admission.config.k8s.io/${version}`,
);

/** Reads the file's text; `readFile` gives those that it refers to. Throws an Error that says what is wrong. */
export function readAdmissionConfiguration(text: string, readFile: (path: string) => string): AdmissionConfiguration {
  const { plugins = [] } = shaped(parsed(text), 'AdmissionConfiguration', versions, ['plugins']);
  if (!Array.isArray(plugins)) throw new Error('plugins: must be a list');
  const out: AdmissionConfiguration = {};
  for (const [i, plugin] of plugins.entries()) {
    const at = `plugins[${i}]`;
    const { name, path, configuration } = fieldsOf(plugin, at, ['name', 'path', 'configuration']);
    // The only one that is configured here.
    if (name !== 'PodSecurity')
      throw new Error(`${at}.name: the plugin ${JSON.stringify(name)} takes no configuration`);
    if (path !== undefined && typeof path !== 'string') throw new Error(`${at}.path: must be a string`);
    const given = configuration ?? (path ? parsed(readFile(path)) : undefined);
    // Of several configurations of one plugin the first holds.
    if (given !== undefined) out.podSecurity ??= podSecurityOf(given);
  }
  return out;
}

function parsed(text: string): unknown {
  const { value, strictErrors } = parseDocument(text, 'yaml');
  if (strictErrors.length > 0) throw new Error(`strict decoding error: ${strictErrors.join(', ')}`);
  return value;
}

function podSecurityOf(value: unknown): PodSecurityConfiguration {
  const document = shaped(value, 'PodSecurityConfiguration', podSecurityVersions, ['defaults', 'exemptions']);
  const defaults = fieldsOf(
    document['defaults'] ?? {},
    'defaults',
    modes.flatMap((mode) => [mode, `${mode}-version`]),
  );
  for (const [name, text] of Object.entries(defaults))
    if (typeof text !== 'string') throw new Error(`defaults.${name}: must be a string`);
  const exemptions = fieldsOf(document['exemptions'] ?? {}, 'exemptions', [
    'usernames',
    'namespaces',
    'runtimeClasses',
  ]);
  for (const [name, list] of Object.entries(exemptions))
    if (!Array.isArray(list) || list.some((each) => typeof each !== 'string'))
      throw new Error(`exemptions.${name}: must be a list of strings`);
  const { configuration, errors } = configurationOf({ defaults, exemptions } as PodSecurityDocument);
  if (errors.length > 0) throw new Error(renderErrors(errors));
  return configuration;
}

/** The fields of an object of this kind. */
function shaped(
  value: unknown,
  kind: string,
  apiVersions: readonly string[],
  names: readonly string[],
): Record<string, unknown> {
  if (!isObject(value) || value['kind'] !== kind || !apiVersions.includes(String(value['apiVersion'])))
    throw new Error(`expected kind ${kind} of apiVersion ${apiVersions[0]}`);
  return fieldsOf(value, '', ['kind', 'apiVersion', ...names]);
}

function fieldsOf(value: unknown, at: string, names: readonly string[]): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`${at}: must be an object`);
  for (const name of Object.keys(value))
    if (!names.includes(name))
      throw new Error(`strict decoding error: unknown field ${JSON.stringify(at === '' ? name : `${at}.${name}`)}`);
  // An empty field is as if it were not there.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}
