// A CustomResourceDefinition as resources that can be served: one per served version.

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/generated/types.ts';
import type { ColumnDefinition, Columns } from '../../api/tables/index.ts';
import { translateTimestampSince } from '../../api/time.ts';
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
  const custom = version.additionalPrinterColumns ?? [
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: '' },
  ];
  const readers = custom.map((column) => jsonPath(column.jsonPath));
  const definitions: ColumnDefinition[] = [
    { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
    ...custom.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description: description ?? '',
      priority: priority ?? 0,
    })),
  ];
  return {
    definitions,
    cells(object, now) {
      const cells = custom.map(({ type }, i) => {
        const [value] = readers[i]?.(object) ?? [];
        if (value === undefined || value === null) return type === 'date' ? '<unknown>' : '';
        if (type === 'date') return translateTimestampSince(String(value), now);
        if (type === 'integer' || type === 'number' || type === 'boolean') return value as number | boolean;
        return typeof value === 'object' ? JSON.stringify(value) : String(value);
      });
      return [(object as KubeObject).metadata.name, ...cells];
    },
  };
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
        ...(scale ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: readWrite }] : []),
        ...(status !== undefined ? [{ name: 'status', kind: names.kind, verbs: readWrite }] : []),
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
        validate: (object) => check(object, undefined),
        validateUpdate: check,
        validateStatus: check,
        warnings: check.warnings,
        fields: (object) => Object.fromEntries(readers.map(([name, read]) => [name, String(read?.(object)[0] ?? '')])),
      };
      return { resource, strategy };
    });
}
