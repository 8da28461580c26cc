// Our kubectl and the real one, side by side over one server: the same text on both streams and the same exit code.
// The times in tables and descriptions are the only thing that is masked.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realKubectl, runReal, startWorld, type World } from './our-kubectl.ts';

const binary = realKubectl();
const manifests = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: default}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports: [{containerPort: 80}]
        env: [{name: A, value: b}, {name: C, valueFrom: {configMapKeyRef: {name: web, key: c}}}]
        resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {memory: 64Mi}}
        readinessProbe: {httpGet: {path: /, port: 80}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {c: d, lines: "a\\nb\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {k: value}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: pvc}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cron}
spec:
  schedule: "*/5 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: j, image: busybox, command: [date]}]}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing}
spec:
  ingressClassName: nginx
  rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: p1, labels: {app: web, tier: x}, annotations: {note: hello, lines: "a\\nb"}}
spec:
  containers:
  - {name: app, image: busybox, command: [sleep], args: ["1000"], env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}
  - {name: side, image: nginx, resources: {limits: {cpu: "1", memory: 1Gi}}}
  nodeSelector: {disk: ssd}
  tolerations: [{key: a, operator: Exists, effect: NoSchedule}]
  volumes: [{name: c, configMap: {name: c, optional: true}}, {name: h, hostPath: {path: /x}}]
`;

const reads = [
  'get pods',
  'get pods -o wide --show-labels',
  'get all',
  'get all -o name',
  'get pods,svc -A',
  'get deploy web -o yaml',
  'get deploy web -o json',
  'get pod p1 -o yaml',
  'get cm,secret',
  'get pods -L app,tier --no-headers',
  'get pods -l app=none',
  'get pods p1 nope',
  'get pod/p1 svc/web',
  'get pod/p1 pods',
  "get pod p1 -o jsonpath='{.spec.containers[*].name}'",
  "get pod p1 -o jsonpath-as-json='{.spec.containers[*].name}'",
  "get svc -o custom-columns='N:.metadata.name,P:.spec.ports[*].port,X:.foo'",
  "get svc -o go-template='{{range .items}}{{.metadata.name}}{{end}}'",
  'get svc -o yaml',
  'get svc --sort-by=.metadata.name',
  'get pods -o foo',
  'get foo',
  'get pods x',
  'get pods --field-selector=metadata.name=p1',
  'get pods p1 -l a=b',
  'get pods p1 -A',
  'get --raw /nope',
  'get deploy.apps',
  'get pods --foo',
  'get pods -n',
  'gett',
  'describe pod p1',
  'describe svc web',
  'describe cm web',
  'describe secret s',
  'describe sa default',
  'describe pvc pvc',
  'describe cronjob cron',
  'describe ing ing',
  'describe ns default',
  'describe pod nope',
  'describe',
  'api-versions',
  'api-resources',
  'api-resources -o wide --namespaced=false',
  'label deploy/web',
  'scale deploy/web --replicas=-1',
  'scale deploy/nope --replicas=1',
  'exec p1',
  'exec nope -- date',
  'logs nope',
  'logs p1 -c nope',
  'logs',
  'delete pod nope',
  'delete pods',
  'create deployment',
  'create foo',
  'create -f nope.yaml',
  'create deployment d --image=nginx --replicas=2 --port=80 --dry-run=client -o yaml',
  'create cm c --from-literal=a=b --dry-run=client -o yaml',
  'create secret generic c --from-literal=a=b --dry-run=client -o json',
  'create job j --image=busybox --dry-run=client -o yaml -- date',
  'create role r --verb=get,list --resource=pods,deployments.apps --dry-run=client -o yaml',
  'create ingress i --rule=foo.com/bar=svc1:8080,tls=my-cert --dry-run=client -o yaml',
  'create svc nodeport s --tcp=80 --node-port=30001 --dry-run=client -o yaml',
  'run p --image=busybox --dry-run=client -o yaml --env=A=b --command -- sleep 1',
  'run p',
  'expose deployment web --port=80 --target-port=8080 --dry-run=client -o yaml',
  'auth can-i',
  'explain pods',
  'explain pods.spec.containers',
  'explain deployments.spec.strategy',
  'explain svc.spec.type',
  'explain deployment --recursive',
  'explain pods.nope',
  'explain foo',
  'rollout pause',
  'cordon',
];

const mask = (text: string): string => text.replace(/\b\d+(ms|s|m|h)(\d+s)?\b( +)?/g, 'T ').replace(/ +\n/g, '\n');

describe.skipIf(!binary)('the same as the real kubectl', () => {
  let world: World;
  let server: Awaited<ReturnType<World['serve']>>;
  beforeAll(async () => {
    world = await startWorld();
    world.files.set('all.yaml', manifests);
    server = await world.serve();
    const applied = await world.ours('apply -f all.yaml');
    expect(applied.err).toBe('');
  }, 60_000);
  afterAll(async () => {
    server.close();
    await world.stop();
  });

  test.each(reads)('kubectl %s', async (line) => {
    const real = await runReal(binary!, server.url, line);
    const ours = await world.ours(line);
    expect({ ...ours, out: mask(ours.out), err: mask(ours.err) }).toEqual({
      ...real,
      out: mask(real.out),
      err: mask(real.err),
    });
  });
});
