import { beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../../testing/harness.ts';

let api: Harness;
const group = '/apis/admissionregistration.k8s.io/v1';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const configmaps = '/api/v1/namespaces/default/configmaps';

const deployment = (name: string, replicas: number, labels: Record<string, string> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
});
const configmap = (name: string, data: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
const rule = (apiGroups: string[], resources: string[], operations = ['CREATE', 'UPDATE']) => ({
  apiGroups,
  apiVersions: ['v1'],
  operations,
  resources,
});
const policy = (name: string, spec: object, kind = 'ValidatingAdmissionPolicy') => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name },
  spec,
});
const forDeployments = { resourceRules: [rule(['apps'], ['deployments'])] };
const forConfigMaps = { resourceRules: [rule([''], ['configmaps'])] };

async function put(plural: string, object: object): Promise<void> {
  const { code, body } = await api.call('POST', `${group}/${plural}`, object);
  expect([code, body.message]).toEqual([201, undefined]);
}
const validating = async (name: string, spec: object, binding: object = {}) => {
  await put('validatingadmissionpolicies', policy(name, spec));
  await put(
    'validatingadmissionpolicybindings',
    policy(
      `${name}-binding`,
      { policyName: name, validationActions: ['Deny'], ...binding },
      'ValidatingAdmissionPolicyBinding',
    ),
  );
};
const mutating = async (name: string, spec: object) => {
  await put('mutatingadmissionpolicies', policy(name, spec, 'MutatingAdmissionPolicy'));
  await put(
    'mutatingadmissionpolicybindings',
    policy(`${name}-binding`, { policyName: name }, 'MutatingAdmissionPolicyBinding'),
  );
};
const remove = (plural: string, name: string) => api.call('DELETE', `${group}/${plural}/${name}`);
async function dropValidating(name: string) {
  await remove('validatingadmissionpolicybindings', `${name}-binding`);
  await remove('validatingadmissionpolicies', name);
}
async function dropMutating(name: string) {
  await remove('mutatingadmissionpolicybindings', `${name}-binding`);
  await remove('mutatingadmissionpolicies', name);
}

beforeAll(async () => {
  api = await startHarness();
});

describe('a validating policy', () => {
  test('refuses as the documentation shows', async () => {
    await validating('demo-policy.example.com', {
      matchConstraints: forDeployments,
      validations: [{ expression: 'object.spec.replicas <= 5' }],
    });
    const { code, body } = await api.call('POST', deployments, deployment('nginx', 6));
    const message =
      "ValidatingAdmissionPolicy 'demo-policy.example.com' with binding 'demo-policy.example.com-binding' denied request: failed expression: object.spec.replicas <= 5";
    expect([code, body.reason, body.message]).toEqual([
      422,
      'Invalid',
      `deployments.apps "nginx" is forbidden: ${message}`,
    ]);
    expect(body.details.causes).toEqual([{ message }]);
    expect((await api.call('POST', deployments, deployment('nginx', 5))).code).toBe(201);
    const patch = await api.call(
      'PATCH',
      `${deployments}/nginx`,
      { spec: { replicas: 7 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect(patch.code).toBe(422);
    await dropValidating('demo-policy.example.com');
  });

  test('has variables, conditions, messages and a reason', async () => {
    await validating('labels', {
      matchConstraints: forConfigMaps,
      matchConditions: [
        { name: 'not-exempt', expression: "!has(object.metadata.labels) || !('exempt' in object.metadata.labels)" },
      ],
      variables: [
        { name: 'team', expression: "object.metadata.?labels['team'].orValue('none')" },
        { name: 'shown', expression: "'team ' + variables.team" },
      ],
      validations: [
        {
          expression: "variables.team in ['a', 'b']",
          messageExpression: "variables.shown + ' may not write in ' + namespaceObject.metadata.name",
          reason: 'Forbidden',
        },
        {
          expression: "request.userInfo.username == 'kubernetes-admin' && request.operation == 'CREATE'",
          message: 'only the admin',
        },
        { expression: "authorizer.group('').resource('pods').namespace('default').check('create').allowed()" },
        { expression: "authorizer.requestResource.check('create').allowed()" },
      ],
      auditAnnotations: [{ key: 'team', valueExpression: 'variables.team' }],
    });
    const denied = await api.call('POST', configmaps, configmap('x', {}, { labels: { team: 'z' } }));
    expect([denied.code, denied.body.reason, denied.body.message]).toEqual([
      403,
      'Forbidden',
      "configmaps \"x\" is forbidden: ValidatingAdmissionPolicy 'labels' with binding 'labels-binding' denied request: team z may not write in default",
    ]);
    expect((await api.call('POST', configmaps, configmap('x', {}, { labels: { team: 'a' } }))).code).toBe(201);
    expect((await api.call('POST', configmaps, configmap('y', {}, { labels: { exempt: '1' } }))).code).toBe(201);
    await dropValidating('labels');
  });

  test('takes parameters from its bindings', async () => {
    await api.call('POST', configmaps, configmap('limits', { max: '3' }));
    await validating(
      'sized',
      {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: forDeployments,
        validations: [
          {
            expression: 'object.spec.replicas <= int(params.data.max)',
            messageExpression: "'at most ' + params.data.max",
          },
        ],
      },
      { paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } },
    );
    const { body } = await api.call('POST', deployments, deployment('big', 4));
    expect(body.message).toContain('denied request: at most 3');
    await api.call('DELETE', `${configmaps}/limits`);
    const gone = await api.call('POST', deployments, deployment('big', 1));
    expect(gone.body.message).toContain(
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
    await dropValidating('sized');
  });

  test('warns and notes instead of refusing', async () => {
    await validating(
      'gentle',
      { matchConstraints: forConfigMaps, validations: [{ expression: 'false', message: 'not nice' }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const { code, headers } = await api.call('POST', configmaps, configmap('warned'));
    expect([code, headers.get('warning')]).toEqual([
      201,
      `299 - "Validation failed for ValidatingAdmissionPolicy 'gentle' with binding 'gentle-binding': not nice"`,
    ]);
    await dropValidating('gentle');
  });

  test('fails closed or open when its expression fails', async () => {
    const spec = { matchConstraints: forConfigMaps, validations: [{ expression: "object.data.absent == 'x'" }] };
    await validating('strict', spec);
    const { body } = await api.call('POST', configmaps, configmap('f', { a: 'b' }));
    expect(body.message).toContain(
      "denied request: expression 'object.data.absent == 'x'' resulted in error: no such key: absent",
    );
    await dropValidating('strict');
    await validating('lax', { ...spec, failurePolicy: 'Ignore' });
    expect((await api.call('POST', configmaps, configmap('f', { a: 'b' }))).code).toBe(201);
    await dropValidating('lax');
  });

  test('selects by namespace, object, name and version', async () => {
    await api.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'prod', labels: { env: 'prod' } },
    });
    await validating('prod-only', {
      matchConstraints: {
        ...forConfigMaps,
        namespaceSelector: { matchLabels: { env: 'prod' } },
        objectSelector: { matchExpressions: [{ key: 'free', operator: 'DoesNotExist' }] },
        excludeResourceRules: [{ ...rule([''], ['configmaps']), resourceNames: ['spared'] }],
      },
      validations: [{ expression: 'false', message: 'no' }],
    });
    const prod = configmaps.replace('default', 'prod');
    expect((await api.call('POST', configmaps, configmap('s1'))).code).toBe(201);
    expect((await api.call('POST', prod, configmap('s1'))).code).toBe(422);
    expect((await api.call('POST', prod, configmap('spared'))).code).toBe(201);
    expect((await api.call('POST', prod, configmap('s2', {}, { labels: { free: '' } }))).code).toBe(201);
    await dropValidating('prod-only');
    await validating('scalers', {
      matchConstraints: {
        resourceRules: [{ ...rule(['autoscaling'], ['horizontalpodautoscalers']), apiVersions: ['v2'] }],
      },
      validations: [
        { expression: "!has(object.spec.metrics) && object.apiVersion == 'autoscaling/v2'", message: 'seen as v2' },
      ],
    });
    const scaler = {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h' },
      spec: {
        maxReplicas: 2,
        targetCPUUtilizationPercentage: 50,
        scaleTargetRef: { kind: 'Deployment', name: 'nginx', apiVersion: 'apps/v1' },
      },
    };
    const { body } = await api.call('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', scaler);
    expect(body.message).toContain('denied request: seen as v2');
    await dropValidating('scalers');
  });

  test('is itself checked', async () => {
    const { body } = await api.call(
      'POST',
      `${group}/validatingadmissionpolicies`,
      policy('bad', {
        matchConstraints: { resourceRules: [rule(['apps'], [])] },
        validations: [
          { expression: 'object.spec.replicas > params.x' },
          { expression: 'object.spec', messageExpression: '1', reason: 'Nope' },
        ],
      }),
    );
    for (const part of [
      'spec.matchConstraints.resourceRules[0].resources: Required value',
      `spec.validations[0].expression: Invalid value: "object.spec.replicas > params.x": compilation failed: ERROR: <input>:1:24: undeclared reference to 'params' (in container '')`,
      'spec.validations[1].expression: Invalid value: "object.spec": must evaluate to bool but got dyn',
      'spec.validations[1].messageExpression: Invalid value: "1": must evaluate to string but got int',
      'spec.validations[1].reason: Unsupported value: "Nope"',
    ])
      expect(body.message).toContain(part);
    const binding = await api.call(
      'POST',
      `${group}/validatingadmissionpolicybindings`,
      policy('bad', { validationActions: ['Deny', 'Warn'] }, 'ValidatingAdmissionPolicyBinding'),
    );
    expect(binding.body.message).toContain('spec.policyName: Required value');
    expect(binding.body.message).toContain('must not contain both Deny and Warn');
  });
});

describe('a mutating policy', () => {
  test('applies a configuration', async () => {
    await mutating('sidecar', {
      matchConstraints: { resourceRules: [rule([''], ['pods'], ['CREATE'])] },
      matchConditions: [
        { name: 'no-mesh', expression: "!object.spec.?initContainers.orValue([]).exists(c, c.name == 'mesh')" },
      ],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'IfNeeded',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression:
              "Object{ metadata: Object.metadata{ labels: {'meshed': 'yes'} }, spec: Object.spec{ initContainers: [ Object.spec.initContainers{ name: 'mesh', image: 'mesh:1', restartPolicy: 'Always' } ] } }",
          },
        },
      ],
    });
    const { code, body } = await api.call('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }] },
    });
    expect(code).toBe(201);
    expect(body.metadata.labels).toEqual({ a: 'b', meshed: 'yes' });
    expect(body.spec.containers).toHaveLength(1);
    expect(body.spec.initContainers).toMatchObject([
      { name: 'mesh', image: 'mesh:1', restartPolicy: 'Always', imagePullPolicy: 'IfNotPresent' },
    ]);
    await dropMutating('sidecar');
  });

  test('applies a JSON patch, and is called again after others', async () => {
    await mutating('a-count', {
      matchConstraints: forConfigMaps,
      reinvocationPolicy: 'IfNeeded',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression:
              "[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('count'), value: string(size(object.data.filter(k, k != 'count')))}]",
          },
        },
      ],
    });
    await mutating('b-add', {
      matchConstraints: forConfigMaps,
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: "has(object.data.b) ? [] : [JSONPatch{op: 'add', path: '/data/b', value: 'x'}]" },
        },
      ],
    });
    const { body } = await api.call('POST', configmaps, configmap('counted', { a: '1' }));
    expect(body.data).toEqual({ a: '1', b: 'x', count: '2' });
    await dropMutating('a-count');
    await dropMutating('b-add');
  });

  test.each([
    [
      'Object{ spec: Object.spec{ replicasx: 1 } }',
      'failed to convert patch object to typed object: .spec.replicasx: field not declared in schema',
    ],
    [
      "Object{ spec: Object.spec{ selector: Object.spec.selector{ matchLabels: {'l': 'v'} } } }",
      'invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector',
    ],
    [
      "Object{ spec: Object.spec{ template: Object.spec.template{ spec: Object.spec.template.spec{ containers: [ Object.spec.template.spec.containers{ name: 'c', command: ['x'] } ] } } } }",
      'invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].command',
    ],
  ])('refuses to apply what its schema does not let it: %s', async (expression, why) => {
    await mutating('reaching', {
      matchConstraints: { resourceRules: [rule(['apps'], ['deployments'], ['CREATE'])] },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
    });
    const labels = { app: 'web' };
    const { body } = await api.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } },
      },
    });
    expect(body.message).toBe(
      `deployments.apps "web" is forbidden: policy 'reaching' with binding 'reaching-binding' denied request: error applying patch: ${why}`,
    );
    await dropMutating('reaching');
  });

  test.each([
    ["op: 'remove', path: '/nope'", 'remove operation does not apply: doc is missing key: /nope'],
    ["op: 'bad', path: '/data/a'", 'Unexpected kind: bad'],
    ["op: 'test', path: '/data/a', value: '2'", undefined],
  ])('says why a JSON patch does not apply; one whose test fails is left out: %s', async (operation, why) => {
    const expression = `[JSONPatch{op: 'add', path: '/data/b', value: 'x'}, JSONPatch{${operation}}]`;
    await mutating('patchy', {
      matchConstraints: forConfigMaps,
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
    });
    const { body } = await api.call('POST', `${configmaps}?dryRun=All`, configmap('patched', { a: '1' }));
    if (why === undefined) expect(body.data).toEqual({ a: '1' });
    else
      expect(body.message).toContain(
        `configmaps "patched" is forbidden: policy 'patchy' with binding 'patchy-binding' denied request: JSON Patch: ${why}`,
      );
    await dropMutating('patchy');
  });

  test('refuses when it fails', async () => {
    await mutating('broken', {
      matchConstraints: forConfigMaps,
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{ data: Object.data{ x: object.data.none } }' },
        },
      ],
    });
    const { body } = await api.call('POST', configmaps, configmap('z', { a: '1' }));
    expect(body.message).toContain("policy 'broken' with binding 'broken-binding' denied request:");
    expect(body.message).toContain('no such key: none');
    await dropMutating('broken');
  });
});
