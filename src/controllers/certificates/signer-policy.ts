// What the cluster's own signers demand of a certificate request before they sign it. Upstream: pkg/apis/certificates/helpers.go and
// pkg/controller/certificates/signer.

/** What a certificate request says, read by whoever can read them. */
export interface RequestedCertificate {
  commonName: string;
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emailAddresses: string[];
  uris: string[];
}

/** Holds the cluster's authority. Where there is none, nothing is signed. */
export interface CertificateSigner {
  /** Reads a PEM request. Throws an Error that says what is wrong with it. */
  read(request: string): Promise<RequestedCertificate>;
  /** A PEM certificate for a PEM request, valid from now (cluster ms) for so many seconds. */
  sign(request: string, usages: readonly string[], now: number, seconds: number): Promise<string>;
}

const clientUsages = ['client auth'];
const allowedClient = new Set(['digital signature', 'key encipherment', 'client auth']);
const allowedServing = new Set(['digital signature', 'key encipherment', 'server auth']);

function nodeProblem({ commonName, organizations }: RequestedCertificate): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes')
    return 'organization must be exactly ["system:nodes"]';
  if (!commonName.startsWith('system:node:')) return 'common name must start with "system:node:"';
  return undefined;
}

function usageProblem(
  usages: readonly string[],
  needed: readonly string[],
  allowed: ReadonlySet<string>,
): string | undefined {
  const missing = needed.find((usage) => !usages.includes(usage));
  if (missing) return `usages did not contain ${JSON.stringify(missing)}`;
  const extra = usages.find((usage) => !allowed.has(usage));
  return extra ? `usages contain ${JSON.stringify(extra)}, which this signer does not grant` : undefined;
}

const namesNobody = (request: RequestedCertificate) =>
  request.dnsNames.length + request.ipAddresses.length + request.emailAddresses.length + request.uris.length === 0;

/** Why a signer will not sign, or undefined: it will. Signers by name; a name that is not here is somebody else's. */
export const signers: Readonly<
  Record<string, (request: RequestedCertificate, usages: readonly string[]) => string | undefined>
> = {
  'kubernetes.io/kube-apiserver-client': (_request, usages) => usageProblem(usages, clientUsages, allowedClient),
  'kubernetes.io/kube-apiserver-client-kubelet': (request, usages) =>
    nodeProblem(request) ??
    (namesNobody(request) ? undefined : 'DNS, IP, email and URI names are not allowed') ??
    usageProblem(usages, ['digital signature', 'client auth'], allowedClient),
  'kubernetes.io/kubelet-serving': (request, usages) => {
    const node = nodeProblem(request);
    if (node) return node;
    if (request.dnsNames.length + request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
    if (request.emailAddresses.length > 0) return 'email subjectAltNames are not allowed';
    if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
    return usageProblem(usages, ['digital signature', 'server auth'], allowedServing);
  },
  'kubernetes.io/legacy-unknown': () => undefined,
};
