// CustomResourceDefinitions as objects: what is checked when one is written (apiextensions-apiserver/pkg/registry/customresourcedefinition).

import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Strategy } from '../registry/strategy.ts';
import { validateDefinition, validateDefinitionStatus } from './definition-validation.ts';
import { unknownFormats } from './formats.ts';

const asDefinition = (object: KubeObject) => object as unknown as CustomResourceDefinition;

export const definitionStrategy: Strategy = {
  generation: true,
  hasStatus: true,
  prepareForCreate(object) {
    const { spec } = asDefinition(object);
    const storage = spec.versions?.find((version) => version.storage)?.name;
    object['status'] = {
      conditions: [],
      acceptedNames: { plural: '', kind: '' },
      storedVersions: storage === undefined ? [] : [storage],
    };
  },
  prepareForUpdate(object) {
    const { spec, status } = asDefinition(object);
    const storage = spec.versions?.find((version) => version.storage)?.name;
    const stored = status?.storedVersions ?? [];
    if (storage !== undefined && !stored.includes(storage))
      object['status'] = { ...status, storedVersions: [...stored, storage] };
  },
  requireResourceVersion: true,
  warnings(object, old) {
    const before = old ? unknownFormats(asDefinition(old)) : [];
    return unknownFormats(asDefinition(object))
      .filter((format) => !before.includes(format))
      .map((format) => `unrecognized format ${JSON.stringify(format)}`);
  },
  validate: (object) => validateDefinition(asDefinition(object), undefined),
  validateUpdate: (object, old) => validateDefinition(asDefinition(object), asDefinition(old)),
  validateStatus: (object) => validateDefinitionStatus(asDefinition(object)),
};

/** A strategy for the kinds that this folder knows, laid over the general ones. */
export const definitionStrategyFor = ({ group, resource }: ResourceInfo): Strategy =>
  group === 'apiextensions.k8s.io' && resource === 'customresourcedefinitions' ? definitionStrategy : {};
