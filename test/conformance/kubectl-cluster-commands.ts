// What a person types, and what upstream answers (kubectl-object-commands.ts says how it is written): who may do what, the other kinds, kinds of one's own.

import { aboutBoats } from './kubectl-site.ts';
import { fails, feed, ok, type Step, soon } from './kubectl-steps.ts';

export const clusterChapters: Record<string, Step[]> = {
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
  'custom resources': aboutBoats(
    '30',
    'spec.masts: Invalid value: 30: spec.masts in body should be less than or equal to 7',
    [
      ok('explain boat.spec', 'masts', 'How many.'),
      ok('api-resources --api-group=sea.example.com', /^boats +bo +sea.example.com\/v1 +true +Boat$/m),
    ],
  ),
  certificates: [ok('get csr', 'No resources found')],
  'the end of a namespace': [
    ok('create configmap c -n shop', 'configmap/c created'),
    ok('delete namespace shop --timeout=60s', 'namespace "shop" deleted'),
    fails('get ns shop', 'namespaces "shop" not found'),
  ],
};
