// Bad values as errors show them where the value is an object: upstream prints its internal types, whose fields have Go's names, stand in Go's order and
// are there when they are empty (pkg/apis/core/types.go).

interface Field {
  readonly json: string;
  /** What stands there when the field is absent. */
  readonly empty: unknown;
  readonly shape?: Shape;
}
type Shape = Readonly<Record<string, Field>>;

const text = (json: string): Field => ({ json, empty: '' });
const pointer = (json: string, shape?: Shape): Field => ({ json, empty: null, ...(shape && { shape }) });

const seccompProfile: Shape = { Type: text('type'), LocalhostProfile: pointer('localhostProfile') };
const windowsOptions: Shape = {
  GMSACredentialSpecName: pointer('gmsaCredentialSpecName'),
  GMSACredentialSpec: pointer('gmsaCredentialSpec'),
  RunAsUserName: pointer('runAsUserName'),
  HostProcess: pointer('hostProcess'),
};
const requirement: Shape = { Key: text('key'), Operator: text('operator'), Values: pointer('values') };

const shapes = {
  SeccompProfile: seccompProfile,
  SecurityContext: {
    Capabilities: pointer('capabilities', { Add: pointer('add'), Drop: pointer('drop') }),
    Privileged: pointer('privileged'),
    SELinuxOptions: pointer('seLinuxOptions', {
      User: text('user'),
      Role: text('role'),
      Type: text('type'),
      Level: text('level'),
    }),
    WindowsOptions: pointer('windowsOptions', windowsOptions),
    RunAsUser: pointer('runAsUser'),
    RunAsGroup: pointer('runAsGroup'),
    RunAsNonRoot: pointer('runAsNonRoot'),
    ReadOnlyRootFilesystem: pointer('readOnlyRootFilesystem'),
    AllowPrivilegeEscalation: pointer('allowPrivilegeEscalation'),
    ProcMount: pointer('procMount'),
    SeccompProfile: pointer('seccompProfile', seccompProfile),
    AppArmorProfile: pointer('appArmorProfile', seccompProfile),
  },
  PodResourceClaim: {
    Name: text('name'),
    ResourceClaimName: pointer('resourceClaimName'),
    ResourceClaimTemplateName: pointer('resourceClaimTemplateName'),
  },
  ClusterTrustBundleProjection: {
    Name: pointer('name'),
    SignerName: pointer('signerName'),
    LabelSelector: pointer('labelSelector'),
    Optional: pointer('optional'),
    Path: text('path'),
  },
  NodeSelectorTerm: {
    MatchExpressions: pointer('matchExpressions', requirement),
    MatchFields: pointer('matchFields', requirement),
  },
  IP: { IP: text('ip') },
} satisfies Record<string, Shape>;

/** The object, or each of a list, as the internal type `name` prints. */
export function goValue(name: keyof typeof shapes, value: object): unknown {
  return print(shapes[name], value);
}

function print(shape: Shape, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => print(shape, each));
  const out: Record<string, unknown> = {};
  for (const [name, { json, empty, shape: inner }] of Object.entries(shape)) {
    const there = (value as Record<string, unknown>)[json];
    out[name] = there === undefined ? empty : inner ? print(inner, there) : there;
  }
  return out;
}
