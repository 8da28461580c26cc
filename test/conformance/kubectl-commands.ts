// What a person types, and what upstream answers. Each step is a command line (words split at blanks; '...' keeps blanks), the manifest on its standard input
// if it reads one, and what must be found in its output. Steps build on each other, in order.

import { fails, feed, ok, type Step, soon } from './kubectl-steps.ts';

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

export const boats = `
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

export const chapters: Record<string, Step[]> = {
  'the server itself': [
    ok('version', 'Server Version: v1.36'),
    ok('cluster-info', /Kubernetes control plane.*is running at.*https:\/\/127.0.0.1/),
    ok('api-versions', 'apps/v1', 'batch/v1', 'rbac.authorization.k8s.io/v1', /^v1$/m),
    ok(
      'api-resources',
      /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND/m,
      /^pods +po +v1 +true +Pod$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
    ),
    ok('api-resources --namespaced=false -o name', 'namespaces', 'nodes', 'clusterroles.rbac.authorization.k8s.io'),
    ok('api-resources --api-group=batch', 'cronjobs', 'jobs'),
    ok('api-resources --verbs=list --namespaced -o name', 'pods', 'events.events.k8s.io'),
    ok('get --raw /healthz', /^ok$/),
    ok('get --raw /readyz?verbose', '[+]etcd ok', 'readyz check passed'),
    ok('get --raw /livez/ping', /^ok$/),
    ok('get --raw /version', '"minor": "36"'),
    ok('get --raw /openapi/v3', 'apis/apps/v1', '?hash='),
    fails('get --raw /nothing', 'the server could not find the requested resource'),
    ok('config current-context', /^drydock$/m),
    ok('config view', 'kind: Config', 'DATA+OMITTED'),
    ok('config get-contexts -o name', /^drydock$/m),
    ok('options', 'The following options can be passed to any command'),
  ],
  namespaces: [
    ok('get namespaces', /^default +Active +\d+/m, /^kube-system +Active/m, /^kube-node-lease +Active/m),
    ok('create namespace shop', 'namespace/shop created'),
    fails('create namespace shop', 'Error from server (AlreadyExists): namespaces "shop" already exists'),
    fails(
      'create namespace Bad_Name',
      'is invalid: metadata.name: Invalid value: "Bad_Name"',
      'a lowercase RFC 1123 label must consist of',
    ),
    ok('get ns shop -o jsonpath={.status.phase}', /^Active$/),
    ok('get ns shop -o jsonpath={.metadata.labels}', '"kubernetes.io/metadata.name":"shop"'),
    ok('describe ns shop', /^Name: +shop$/m, /^Status: +Active$/m, 'No resource quota.', 'No LimitRange resource.'),
    soon('get serviceaccount default -n shop', /^default +<none> +\d+|^default +0? ?\d*/m),
    soon('get configmap kube-root-ca.crt -n shop', /^kube-root-ca.crt +1 /m),
    fails(
      'delete namespace default',
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
    ),
    fails('get namespace none', 'Error from server (NotFound): namespaces "none" not found'),
    fails('create configmap x -n none', 'namespaces "none" not found'),
  ],
  'config maps and secrets': [
    ok('create configmap settings --from-literal=colour=red', 'configmap/settings created'),
    ok('get configmap settings -o jsonpath={.data.colour}', /^red$/),
    ok('get cm settings', /^NAME +DATA +AGE$/m, /^settings +1 +\d+/m),
    ok('get cm settings -o yaml', 'apiVersion: v1', 'colour: red', 'kind: ConfigMap'),
    ok('get cm settings -o json', '"kind": "ConfigMap"', '"colour": "red"'),
    ok('get cm settings -o name', /^configmap\/settings$/m),
    ok('get cm settings -o go-template={{.data.colour}}', /^red$/),
    ok('get cm settings -o custom-columns=N:.metadata.name,C:.data.colour', /^N +C$/m, /^settings +red$/m),
    ok('describe cm settings', /^Name: +settings$/m, 'colour:', 'red', 'BinaryData'),
    { command: 'diff -f -', stdin: config('blue'), expect: ['+  colour: blue', '-  colour: red'], code: 1 },
    ok('patch cm settings -p {"data":{"size":"big"}}', 'configmap/settings patched'),
    ok('patch cm settings --type=merge -p {"data":{"size":null}}', 'configmap/settings patched'),
    ok(
      'patch cm settings --type=json -p [{"op":"replace","path":"/data/colour","value":"green"}]',
      'configmap/settings patched',
    ),
    ok('get cm settings -o jsonpath={.data}', /^\{"colour":"green"\}$/),
    ok('patch cm settings --type=merge -p {"data":{"colour":"green"}}', 'configmap/settings patched (no change)'),
    ok('label cm settings tier=front', 'configmap/settings labeled'),
    fails('label cm settings tier=back', "'tier' already has a value (front), and --overwrite is false"),
    ok('label cm settings tier=back --overwrite', 'configmap/settings labeled'),
    ok('get cm -l tier=back -o name', /^configmap\/settings$/m),
    ok('get cm -l tier!=back,!other -o name', 'configmap/kube-root-ca.crt'),
    ok('get cm --show-labels', /^NAME +DATA +AGE +LABELS$/m, /settings +1 .*tier=back/),
    ok('get cm -L tier', /^NAME +DATA +AGE +TIER$/m),
    ok('label cm settings tier-', 'configmap/settings unlabeled'),
    ok('annotate cm settings note=hello', 'configmap/settings annotated'),
    ok('annotate cm settings note-', 'configmap/settings annotated'),
    ok('get cm --field-selector metadata.name=settings -o name', /^configmap\/settings$/m),
    fails('get cm --field-selector spec.x=1', '"spec.x" is not a known field selector'),
    ok('create secret generic keys --from-literal=pin=1234', 'secret/keys created'),
    ok('get secret keys', /^NAME +TYPE +DATA +AGE$/m, /^keys +Opaque +1 /m),
    ok('get secret keys -o jsonpath={.data.pin}', /^MTIzNA==$/),
    ok('describe secret keys', /^Type: +Opaque$/m, 'pin:  4 bytes'),
    ok(
      'create secret docker-registry pull --docker-server=r --docker-username=u --docker-password=p',
      'secret/pull created',
    ),
    feed(
      'create -f -',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: text}\nstringData: {a: b}\n',
      'secret/text created',
    ),
    ok('get secret text -o jsonpath={.data.a}', /^Yg==$/),
    ok('delete secret keys pull text', 'secret "keys" deleted', 'secret "pull" deleted', 'secret "text" deleted'),
    feed('replace -f -', config('white'), 'configmap/settings replaced'),
    feed(
      'create --dry-run=server -o name -f -',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dry}\n',
      'configmap/dry',
    ),
    fails('get cm dry', 'configmaps "dry" not found'),
    ok('delete cm settings', 'configmap "settings" deleted'),
    ok('delete cm settings --ignore-not-found', /^$/),
    fails('delete cm settings', 'Error from server (NotFound): configmaps "settings" not found'),
  ],
  'bad input': [
    { command: 'apply -f -', stdin: 'kind: [', expect: [/error parsing|yaml/], code: 1 },
    {
      command: 'create -f -',
      stdin: deployment(1).replace('replicas', 'replcas'),
      expect: ['strict decoding error: unknown field "spec.replcas"'],
      code: 1,
    },
    {
      command: 'create -f -',
      stdin: deployment(1).replace('replicas: 1', 'replicas: many'),
      expect: [
        'Deployment in version "v1" cannot be handled as a Deployment',
        'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
      ],
      code: 1,
    },
    {
      command: 'create -f -',
      stdin: deployment(1).replace('image: nginx:1', 'tty: false'),
      expect: ['spec.template.spec.containers[0].image: Required value'],
      code: 1,
    },
    {
      command: 'create -f -',
      stdin: deployment(1).replace('matchLabels: {app: site}', 'matchLabels: {app: other}'),
      expect: ['spec.template.metadata.labels: Invalid value', '`selector` does not match template `labels`'],
      code: 1,
    },
    {
      command: 'create --validate=false -f -',
      stdin: 'apiVersion: v9\nkind: Nothing\nmetadata: {name: x}\n',
      expect: ['no matches for kind "Nothing" in version "v9"'],
      code: 1,
    },
    {
      command: 'create -f -',
      stdin: 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 99999}]}\n',
      expect: ['spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive'],
      code: 1,
    },
    fails('get nothing', 'error: the server doesn\'t have a resource type "nothing"'),
    fails('create deployment UPPER --image=x', 'Invalid value: "UPPER"'),
    fails('get pods -l a=(', /unable to parse requirement|found/),
  ],
  'a deployment': [
    feed('apply -f -', deployment(2), 'deployment.apps/site created'),
    feed('apply -f -', deployment(2), 'deployment.apps/site unchanged'),
    ok('rollout status deployment/site --timeout=60s', 'deployment "site" successfully rolled out'),
    ok('get deployment site', /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE$/m, /^site +2\/2 +2 +2 /m),
    ok('get deploy site -o wide', /CONTAINERS +IMAGES +SELECTOR/, /web +nginx:1 +app=site/),
    ok('get rs -l app=site', /^NAME +DESIRED +CURRENT +READY +AGE$/m, / 2 +2 +2 /),
    ok('get pods -l app=site', /^NAME +READY +STATUS +RESTARTS +AGE$/m, /1\/1 +Running +0 /),
    ok('get pods -l app=site -o wide', /IP +NODE +NOMINATED NODE +READINESS GATES/, /10\.244\.\d+\.\d+ +node-1/),
    ok('get pods -A --field-selector spec.nodeName=node-1,status.phase=Running -o name', 'pod/site-'),
    ok(
      'describe deployment site',
      /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m,
      'StrategyType:           RollingUpdate',
      'ScalingReplicaSet',
    ),
    ok(
      'describe pods -l app=site',
      /^Status: +Running$/m,
      /^QoS Class: +Burstable$/m,
      'node.kubernetes.io/not-ready:NoExecute op=Exists for 300s',
      'kube-api-access-',
    ),
    ok('scale deployment site --replicas=3', 'deployment.apps/site scaled'),
    fails('scale deployment site --replicas=5 --current-replicas=9', 'error: Expected replicas to be 9, was 3'),
    ok('wait --for=condition=Available deployment/site --timeout=60s', 'deployment.apps/site condition met'),
    soon('get deploy site -o jsonpath={.status.readyReplicas}', /^3$/),
    ...rollout,
    ok('autoscale deployment site --min=1 --max=4 --cpu=50%', 'horizontalpodautoscaler.autoscaling/site autoscaled'),
    ok('get hpa site', /^site +Deployment\/site +cpu: <unknown>\/50% +1 +4 /m),
    ok('get horizontalpodautoscalers.v1.autoscaling site -o jsonpath={.spec.targetCPUUtilizationPercentage}', /^50$/),
    ok('delete hpa site', 'horizontalpodautoscaler.autoscaling "site" deleted'),
    ok('expose deployment site --port=80 --target-port=http', 'service/site exposed'),
    ok(
      'get service site',
      /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE$/m,
      /^site +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/m,
    ),
    ok('describe service site', /^Selector: +app=site$/m, /^Type: +ClusterIP$/m, /^TargetPort: +http\/TCP$/m),
    soon('get endpointslices -l kubernetes.io/service-name=site', /site-\w+ +IPv4 +80 +10\.244/),
    ok('set selector service site app=site', 'service/site selector updated'),
    feed('apply --server-side -f -', config('red'), 'configmap/settings serverside-applied'),
    {
      command: 'apply --server-side --field-manager=other -f -',
      stdin: config('blue'),
      expect: ['Apply failed with 1 conflict: conflict with "kubectl"', '.data.colour'],
      code: 1,
    },
    feed(
      'apply --server-side --field-manager=other --force-conflicts -f -',
      config('blue'),
      'configmap/settings serverside-applied',
    ),
    ok('get cm settings -o yaml --show-managed-fields', 'manager: other', 'operation: Apply', 'f:colour: {}'),
    ok('apply view-last-applied deployment site', 'kind: Deployment', 'name: site'),
    ok('events --for deployment/site', 'ScalingReplicaSet'),
    ok(
      'get events --field-selector involvedObject.kind=Deployment',
      'ScalingReplicaSet',
      /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/m,
    ),
    ok('get all', 'deployment.apps/site', 'service/site', 'service/kubernetes'),
    feed('delete -f -', deployment(1), 'deployment.apps "site" deleted'),
    soon('get pods -l app=site', 'No resources found in default namespace.'),
    ok('delete service site', 'service "site" deleted'),
  ],
  pods: [
    ok('run one --image=busybox --labels=run=one --restart=Never -- sleep 3600', 'pod/one created'),
    ok('wait --for=condition=Ready pod/one --timeout=60s', 'pod/one condition met'),
    ok('get pod one -o jsonpath={.spec.nodeName}', /^node-1$/),
    ok(
      'get pod one -o jsonpath={.spec.serviceAccountName}/{.spec.priority}/{.status.qosClass}',
      /^default\/0\/BestEffort$/,
    ),
    ok('annotate pod one who=me', 'pod/one annotated'),
    fails(
      'patch pod one -p {"spec":{"containers":[{"name":"one","command":["x"]}]}}',
      'Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than',
    ),
    ok('set image pod/one one=busybox:2', 'pod/one image updated'),
    ok('logs one', ''),
    fails('logs one -c nope', 'container nope is not valid for pod one'),
    ok('delete pod one --grace-period=1', 'pod "one" deleted'),
    ok('run two --image=busybox --dry-run=client -o yaml', 'kind: Pod', 'image: busybox'),
    feed(
      'create -f -',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec: {containers: [{name: c, image: i, resources: {requests: {cpu: "900"}}}]}\n',
      'pod/big created',
    ),
    soon('describe pod big', 'FailedScheduling', 'Insufficient cpu'),
    ok('delete pod big --now', 'pod "big" deleted'),
    feed(
      'create -f -',
      'apiVersion: v1\nkind: Pod\nmetadata: {generateName: gen-}\nspec: {containers: [{name: c, image: i}]}\n',
      /pod\/gen-\w{5} created/,
    ),
    ok('delete pods --all --grace-period=0 --force', 'deleted'),
  ],
  nodes: [
    ok('get nodes', /^NAME +STATUS +ROLES +AGE +VERSION$/m, /^node-1 +Ready +<none> +\S+ +v1\.36/m),
    ok('describe node node-1', /^Unschedulable: +false$/m, 'MemoryPressure', 'Allocatable:'),
    ok('cordon node-1', 'node/node-1 cordoned'),
    ok('get nodes', 'Ready,SchedulingDisabled'),
    ok('uncordon node-1', 'node/node-1 uncordoned'),
    ok('taint nodes node-1 dedicated=x:NoSchedule', 'node/node-1 tainted'),
    ok('describe node node-1', 'dedicated=x:NoSchedule'),
    ok('taint nodes node-1 dedicated-', 'node/node-1 untainted'),
    ok('label node node-1 disk=ssd', 'node/node-1 labeled'),
    ok('create deployment d --image=x', 'deployment.apps/d created'),
    ok('rollout status deployment/d --timeout=60s', 'successfully rolled out'),
    ok(
      'drain node-1 --ignore-daemonsets --force --timeout=60s',
      'node/node-1 cordoned',
      'evicting pod default/d-',
      'node/node-1 drained',
    ),
    ok('uncordon node-1', 'node/node-1 uncordoned'),
    ok('delete deployment d', 'deployment.apps "d" deleted'),
  ],
  'who may do what': [
    ok('auth whoami', /^Username +kubernetes-admin$/m, 'system:masters'),
    ok('auth can-i delete nodes', /^yes$/m),
    ok('create serviceaccount bob', 'serviceaccount/bob created'),
    ok('create token bob', /^[\w-]+\.[\w-]+\.[\w-]+$/m),
    { command: 'auth can-i list pods --as=system:serviceaccount:default:bob', expect: [/^no$/m], code: 1 },
    {
      command: 'get pods --as=system:serviceaccount:default:bob',
      expect: [
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:bob" cannot list resource "pods" in API group "" in the namespace "default"',
      ],
      code: 1,
    },
    ok('create role reader --verb=get,list --resource=pods', 'role.rbac.authorization.k8s.io/reader created'),
    ok(
      'create rolebinding bob --role=reader --serviceaccount=default:bob',
      'rolebinding.rbac.authorization.k8s.io/bob created',
    ),
    soon('auth can-i list pods --as=system:serviceaccount:default:bob', /^yes$/m),
    ok('get pods --as=system:serviceaccount:default:bob', ''),
    {
      command: 'create role more --verb=* --resource=secrets --as=system:serviceaccount:default:bob',
      expect: ['cannot create resource "roles"'],
      code: 1,
    },
    ok(
      'create clusterrole lister --verb=list --resource=nodes',
      'clusterrole.rbac.authorization.k8s.io/lister created',
    ),
    ok(
      'create clusterrolebinding list --clusterrole=lister --user=eve',
      'clusterrolebinding.rbac.authorization.k8s.io/list created',
    ),
    soon('get nodes --as=eve', 'node-1'),
    ok('describe clusterrole lister', 'nodes', '[list]'),
    ok('describe rolebinding bob', 'ServiceAccount  bob   default'),
    ok('auth can-i --list --as=eve', 'nodes', '[list]'),
    ok('get clusterroles admin edit view', /^admin /m, /^edit /m, /^view /m),
    ok('get clusterrolebinding cluster-admin -o wide', 'ClusterRole/cluster-admin', 'system:masters'),
    fails('auth can-i list pods --as=nobody', /^no$/m),
    feed(
      'auth reconcile -f -',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: default}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get, list, watch]}]\n',
      'role.rbac.authorization.k8s.io/reader reconciled',
    ),
  ],
  'more kinds': [
    ok('create job once --image=busybox -- true', 'job.batch/once created'),
    soon('get job once', /^once +(Complete +1\/1|Running +0\/1)/m),
    ok("create cronjob hourly --image=busybox '--schedule=0/5 * * * *' -- true", 'cronjob.batch/hourly created'),
    ok('get cronjob hourly', /^hourly +0\/5 \* \* \* \* +<none> +False +0 +<none>/m),
    ok('create job now --from=cronjob/hourly', 'job.batch/now created'),
    ok('create quota q --hard=configmaps=100,pods=50', 'resourcequota/q created'),
    soon('describe quota q', /configmaps +\d+ +100/),
    ok('create ingress web --rule=example.com/*=site:80', 'ingress.networking.k8s.io/web created'),
    ok('get ingress web', /^web +<none> +example.com +80 /m),
    ok('create pdb guard --selector=app=x --min-available=1', 'poddisruptionbudget.policy/guard created'),
    ok('get pdb guard', /^guard +1 +N\/A +0 /m),
    ok('create priorityclass high --value=1000', 'priorityclass.scheduling.k8s.io/high created'),
    ok('get priorityclass', 'system-node-critical', /^high +1000 +false/m),
    ok('create service nodeport np --tcp=80:80', 'service/np created'),
    ok('get service np', /^np +NodePort +10\.96\.\d+\.\d+ +<none> +80:3\d{4}\/TCP/m),
    ok('create service clusterip headless --clusterip=None', 'service/headless created'),
    ok('get service headless', /^headless +ClusterIP +None +<none> +<none>/m),
    ok('create service externalname ext --external-name=example.com', 'service/ext created'),
    ok('get lease -n kube-system kube-scheduler', 'kube-scheduler'),
    ok('get flowschemas', 'exempt', 'catch-all'),
    ok('get endpoints kubernetes', /^kubernetes +172\.18\.0\.1:6443/m),
    feed(
      'apply -f -',
      'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: example.com/x\n',
      'storageclass.storage.k8s.io/fast created',
    ),
    ok('get storageclass', /^fast +example.com\/x +Delete +Immediate +false/m),
    feed(
      'apply -f -',
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n',
      'persistentvolumeclaim/data created',
    ),
    ok('get pvc data', /^data +Pending/m),
    feed(
      'apply -f -',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n',
      'networkpolicy.networking.k8s.io/deny created',
    ),
    ok(
      'describe networkpolicy deny',
      'Allowing ingress traffic',
      'PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)',
    ),
    ok('delete job/once job/now cronjob/hourly --cascade=foreground', 'job.batch "once" deleted'),
    ok('delete ingress,pdb,networkpolicy --all', 'deleted'),
  ],
  explain: [
    ok('explain pod', /^KIND: +Pod$/m, /^VERSION: +v1$/m, 'spec'),
    ok('explain deployment.spec.strategy.rollingUpdate.maxSurge', /FIELD: +maxSurge <IntOrString>/),
    ok('explain pods.spec.containers --recursive', 'livenessProbe', 'volumeMounts'),
    fails('explain pod.spec.nothing', 'error: field "nothing" does not exist'),
  ],
  'custom resources': [
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
      stdin: 'apiVersion: sea.example.com/v1\nkind: Boat\nmetadata: {name: taller}\nspec: {masts: 30}\n',
      expect: ['spec.masts: Invalid value: 30: spec.masts in body should be less than or equal to 7'],
      code: 1,
    },
    ok('scale boat tall --replicas=2', 'boat.sea.example.com/tall scaled'),
    ok('patch boat tall --type=merge -p {"spec":{"masts":1}}', 'boat.sea.example.com/tall patched'),
    ok('explain boat.spec', 'masts', 'How many.'),
    ok('api-resources --api-group=sea.example.com', /^boats +bo +sea.example.com\/v1 +true +Boat$/m),
    ok('delete crd boats.sea.example.com', 'deleted'),
  ],
  certificates: [ok('get csr', 'No resources found')],
  'the end of a namespace': [
    ok('create configmap c -n shop', 'configmap/c created'),
    ok('delete namespace shop --timeout=60s', 'namespace "shop" deleted'),
    fails('get ns shop', 'namespaces "shop" not found'),
  ],
};
