// A CustomResourceDefinition as resources that can be served: one per served version.

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/generated/types.ts';
import { type GroupResource, newMethodNotSupported } from '../../api/status.ts';
import type { Cell, ColumnDefinition, Columns } from '../../api/tables/index.ts';
import { parseTime, translateTimestampSince } from '../../api/time.ts';
import { deepCopy, type KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceInfo, type SubresourceInfo, storagePrefixOf } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { Core } from '../server/core.ts';
import { schemaOf, webhookConversion } from './conversion.ts';
import { jsonPath } from './json-path.ts';
import { objectCheck } from './object-check.ts';
import { applyDefaults } from './structural.ts';

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const readWrite = ['get', 'patch', 'update'];

function fieldsOf(path: string | undefined): string[] {
  return (path ?? '').split('.').filter((part) => part !== '');
}

function columnsOf(version: CustomResourceDefinitionVersion): Columns {
  const printed = version.additionalPrinterColumns ?? [];
  const custom =
    printed.length > 0 ? printed : [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  const readers = custom.map((column) => jsonPath(column.jsonPath));
  const definitions: ColumnDefinition[] = [
    { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
    ...custom.map(({ name, type, format, description, priority, jsonPath }) => ({
      name,
      type,
      format: format ?? '',
      description:
        description ||
        (printed.length > 0 ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : ''),
      priority: priority ?? 0,
    })),
  ];
  return {
    definitions,
    cells: (object, now) => [
      (object as KubeObject).metadata.name,
      ...custom.map(({ type }, i) => cellOf(type, readers[i]?.(object)[0], now)),
    ],
  };
}

/** A value as a column of its type shows it; null if it is of another type (tableconvertor.go, cellForJSONValue). */
function cellOf(type: string, value: unknown, now: number): Cell {
  if (value === undefined || value === null) return null;
  if (type === 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (type === 'date') {
    if (typeof value !== 'string') return null;
    return value === '' || parseTime(value) !== undefined ? translateTimestampSince(value, now) : '<invalid>';
  }
  if (typeof value !== 'number') return null;
  return type === 'integer' ? Math.trunc(value) : value;
}

export interface ServedVersion {
  resource: ResourceInfo;
  strategy: Strategy;
}

/** Whether a schema gives any field a default. */
const hasDefaults = (schema: JSONSchemaProps | undefined): boolean =>
  schema !== undefined && JSON.stringify(schema).includes('"default":');

/** How stored objects are read at a version: fields that have come by a default since they were written show it. */
function reader(apiVersion: string, schema: JSONSchemaProps | undefined): (object: KubeObject) => KubeObject {
  const versioned = (object: KubeObject) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion });
  if (!hasDefaults(schema)) return versioned;
  return (object) => {
    const copy = deepCopy(versioned(object));
    applyDefaults(copy, schema);
    return copy;
  };
}

/** Throws MethodNotSupported when the definition is going: its objects are being deleted, and no new ones come. */
function refuseWhileTerminating(core: Core, name: string, of: GroupResource): void {
  const prefix = storagePrefixOf('apiextensions.k8s.io', 'customresourcedefinitions', false);
  const entry = core.store.cache.collection(prefix).entries.get(`${prefix}${name}`);
  const { status } = (entry?.object ?? {}) as unknown as Partial<CustomResourceDefinition>;
  if (!status?.conditions?.some((condition) => condition.type === 'Terminating' && condition.status === 'True')) return;
  const error = newMethodNotSupported(of, 'create');
  error.status.message = 'create not allowed while custom resource definition is terminating';
  throw error;
}

/**
 * One for each served version. Objects are stored at the storage version; versions differ in nothing but their apiVersion (conversion strategy None), or by
 * what a webhook says.
 */
export function servedVersions(core: Core, definition: CustomResourceDefinition): ServedVersion[] {
  const { spec } = definition;
  const { group, names, scope } = spec;
  const storage = spec.versions.find((version) => version.storage)?.name ?? '';
  return spec.versions
    .filter((version) => version.served)
    .map((version) => {
      const schema = schemaOf(version);
      const { status, scale } = version.subresources ?? {};
      const subresources: SubresourceInfo[] = [
        ...(status !== undefined ? [{ name: 'status', kind: names.kind, verbs: readWrite }] : []),
        ...(scale ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: readWrite }] : []),
      ];
      const apiVersion = apiVersionOf(group, version.name);
      const stored = apiVersionOf(group, storage);
      const selectable = (version.selectableFields ?? []).map(({ jsonPath: path }) => path);
      const resource: ResourceInfo = {
        group,
        version: version.name,
        resource: names.plural,
        kind: names.kind,
        listKind: names.listKind ?? `${names.kind}List`,
        singular: names.singular ?? names.kind.toLowerCase(),
        shortNames: names.shortNames ?? [],
        categories: names.categories ?? [],
        namespaced: scope === 'Namespaced',
        verbs,
        subresources,
        type: '',
        apiVersion,
        groupResource: { group, resource: names.plural },
        groupKind: { group, kind: names.kind },
        storagePrefix: storagePrefixOf(group, names.plural, true),
        custom: true,
        ...(schema && { schema }),
        ...(version.deprecated && {
          deprecation: version.deprecationWarning ?? `${apiVersion} ${names.kind} is deprecated`,
        }),
        selectableFields: selectable.map((path) => path.replace(/^\./, '')),
        columns: columnsOf(version),
        ...(scale && {
          scale: {
            specReplicas: fieldsOf(scale.specReplicasPath),
            statusReplicas: fieldsOf(scale.statusReplicasPath),
            selector: fieldsOf(scale.labelSelectorPath),
          },
        }),
        ...(spec.conversion?.strategy === 'Webhook'
          ? { conversion: webhookConversion(core, definition, version) }
          : {
              fromStorage: reader(apiVersion, schema),
              toStorage: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
            }),
      };
      const readers = selectable.map((path) => [path.replace(/^\./, ''), jsonPath(path)] as const);
      const check = objectCheck(version, schema);
      const strategy: Strategy = {
        generation: true,
        hasStatus: status !== undefined,
        allowCreateOnUpdate: false,
        requireResourceVersion: true,
        prepareForCreate: () => refuseWhileTerminating(core, definition.metadata.name, resource.groupResource),
        validate: (object) => check(object, undefined),
        validateUpdate: check,
        validateStatus: check.status,
        warnings: check.warnings,
        fields: (object) => Object.fromEntries(readers.map(([name, read]) => [name, String(read?.(object)[0] ?? '')])),
      };
      return { resource, strategy };
    });
}
