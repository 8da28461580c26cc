// What fields are for that name a type and carry no text of their own in the models from which descriptions are made (generated/descriptions.ts).
//
// Invariant: a text here says what the field is for; what its type is, the type's own text says beside it.

/** "Type.field", or "field" of any type. */
const texts: Readonly<Record<string, string>> = {
  metadata: 'Name, labels and all else that objects have in common.',
  affinity: 'On which nodes, and beside which other pods, the pod should run.',
  clientConfig: 'How the webhook is reached.',
  exec: 'A command to run in the container.',
  fieldRef: 'A field of the pod.',
  httpGet: 'An HTTP GET request to send.',
  involvedObject: 'What the event is about.',
  jobTemplate: 'The Job that is made at each of the times.',
  labelSelector: 'The labels by which the objects are chosen.',
  lifecycle: 'What is done right after the container has started, and before it is stopped.',
  livenessProbe: 'How it is found out whether the container still works; it is restarted when it does not.',
  namespaceSelector: 'The labels of the namespaces that are chosen.',
  nodeAffinity: 'Which nodes the pod may or should run on.',
  objectSelector: 'The labels of the objects that are chosen.',
  podAffinity: 'Which pods this one should run beside.',
  podAntiAffinity: 'Which pods this one should not run beside.',
  podSelector: 'The labels of the pods that are chosen.',
  readinessProbe: 'How it is found out whether the container can serve; Services send it nothing when it cannot.',
  regarding: 'What the event is about.',
  resourceFieldRef: "A container's request or limit.",
  resources: 'What is requested, and at most to be used, of CPU, memory and other resources.',
  roleRef: 'The role that is granted. It cannot be changed.',
  rollingUpdate: 'How many may be replaced at a time.',
  scaleTargetRef: 'What is scaled.',
  seLinuxOptions: 'The SELinux context.',
  seccompProfile: 'The system calls that are allowed.',
  securityContext: 'With which identity and which rights it runs.',
  selector: 'The labels by which the objects it concerns are found.',
  startupProbe: 'How it is found out whether the container has started; other probes wait for that.',
  strategy: 'How old pods are replaced by new ones.',
  targetRef: 'The object behind the address.',
  tcpSocket: 'A port to connect to.',
  template: 'What the new ones are made from.',
  updateStrategy: 'How old pods are replaced by new ones.',
  'DeploymentSpec.template': 'The pods that will be made.',
  'JobSpec.template': 'The pods that will be made to do the work.',
};

const capitals = /([a-z0-9])(?=[A-Z])/g;

/** What `field` of the type with this Go name is for; undefined if there is nothing to say beyond its type. */
export function fieldText(goName: string, field: string): string | undefined {
  const owner = goName.replace(capitals, '$1 ');
  if (field === 'spec') return `What is wanted of the ${owner}.`;
  if (field === 'status') return `What was last seen of the ${owner}. It is written by the system.`;
  return texts[`${goName}.${field}`] ?? texts[field];
}
