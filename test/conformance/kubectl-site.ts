// The objects that both kubectls of the suites work on, and what is done to the Deployment.

import { fails, feed, ok, type Step } from './kubectl-steps.ts';

export const deployment = (replicas: number, image = 'nginx:1') => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: site
  labels: {app: site}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      containers:
      - name: web
        image: ${image}
        ports: [{containerPort: 80, name: http}]
        resources: {requests: {cpu: 10m, memory: 16Mi}}
`;
export const config = (value: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: ${value}}
`;

const boats = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.sea.example.com}
spec:
  group: sea.example.com
  scope: Namespaced
  names: {plural: boats, singular: boat, kind: Boat, shortNames: [bo]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Masts, type: integer, jsonPath: .spec.masts}]
    subresources: {status: {}, scale: {specReplicasPath: .spec.masts, statusReplicasPath: .status.masts}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {masts: {type: integer, maximum: 7, description: How many.}}}
          status: {type: object, properties: {masts: {type: integer}}}
`;

/** What a person does to the Deployment `site` from one image to the next. */
export const rollout: Step[] = [
  ok('set image deployment/site web=nginx:2', 'deployment.apps/site image updated'),
  ok('rollout status deployment/site --timeout=60s', 'successfully rolled out'),
  ok('rollout history deployment/site', 'REVISION  CHANGE-CAUSE', /^2 +<none>$/m),
  ok('rollout undo deployment/site', 'deployment.apps/site rolled back'),
  ok('rollout status deployment/site --timeout=60s', 'successfully rolled out'),
  ok('get deploy site -o jsonpath={.spec.template.spec.containers[0].image}', /^nginx:1$/),
  ok('rollout pause deployment/site', 'deployment.apps/site paused'),
  fails('rollout pause deployment/site', 'deployments.apps "site" is already paused'),
  ok('rollout resume deployment/site', 'deployment.apps/site resumed'),
  ok('rollout restart deployment/site', 'deployment.apps/site restarted'),
  ok('set env deployment/site A=b', 'deployment.apps/site env updated'),
  ok('set env deployment/site --list', 'A=b'),
  ok('set resources deployment/site --limits=cpu=100m', 'deployment.apps/site resource requirements updated'),
  ok('set serviceaccount deployment/site default', 'deployment.apps/site serviceaccount updated'),
];

/** The life of a custom resource. `tooMany`: what is said of masts that the schema forbids. */
export const aboutBoats = (masts: string, tooMany: string | RegExp, more: Step[]): Step[] => [
  feed('apply -f -', boats, 'customresourcedefinition.apiextensions.k8s.io/boats.sea.example.com created'),
  ok('wait --for=condition=Established crd/boats.sea.example.com --timeout=30s', 'condition met'),
  {
    command: 'apply -f -',
    stdin: 'apiVersion: sea.example.com/v1\nkind: Boat\nmetadata: {name: tall}\nspec: {masts: 3}\n',
    expect: ['boat.sea.example.com/tall created'],
    eventually: true,
  },
  ok('get bo', /^NAME +MASTS$/m, /^tall +3$/m),
  {
    command: 'apply -f -',
    stdin: `apiVersion: sea.example.com/v1\nkind: Boat\nmetadata: {name: taller}\nspec: {masts: ${masts}}\n`,
    expect: [tooMany],
    code: 1,
  },
  ok('scale boat tall --replicas=2', 'boat.sea.example.com/tall scaled'),
  ok('patch boat tall --type=merge -p {"spec":{"masts":1}}', 'boat.sea.example.com/tall patched'),
  ...more,
  ok('delete crd boats.sea.example.com', 'deleted'),
];
