// CustomResourceDefinitions for tests.

import { expect } from 'vitest';
import type { Harness } from './harness.ts';

export const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A definition of one version in example.com. `more`: of the versions, `names`: of its names. */
export const named = (plural: string, kind: string, schema: object, more: object = {}, names: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, kind, ...names },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
  },
});

export const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
export const withSpec = (spec: object) => object({ spec });

/** Waits until `path` is served (or, with false, is not). */
export async function until(api: Harness, path: string, served: boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (((await api.call('GET', path)).code === 200) === served) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${path} is ${served ? 'not ' : ''}served`);
}

/** What a definition is refused with. */
export async function refused(api: Harness, definition: object): Promise<string> {
  const { code, body } = await api.call('POST', crds, definition);
  expect(code).toBe(422);
  return body.message;
}
