// Content negotiation: which form and encoding the Accept header asks for (apiserver/pkg/endpoints/handlers/negotiation).

import { newNotAcceptable } from '../../api/status.ts';

export type Encoding = 'json' | 'yaml' | 'protobuf';

export interface Negotiated {
  encoding: Encoding;
  /** "Table", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupDiscoveryList" or ''. */
  as: string;
  /** Version of the form asked for: "v1", "v1beta1", "v2". */
  version: string;
  pretty: boolean;
}

const encodings: Record<string, Encoding> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
  '*/*': 'json',
  'application/*': 'json',
};

interface Clause {
  type: string;
  parameters: Map<string, string>;
  q: number;
}

function parseAccept(header: string): Clause[] {
  const clauses = header.split(',').map((part): Clause => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const parameters = new Map(rest.map((piece) => [piece.split('=')[0] ?? '', piece.split('=')[1] ?? '']));
    return { type: type.toLowerCase(), parameters, q: Number(parameters.get('q') ?? 1) };
  });
  // The sort is stable: among equals what is named comes before what is left open, and then the client's order holds.
  return clauses.filter(({ q }) => !(q <= 0)).sort((a, b) => b.q - a.q || openness(a.type) - openness(b.type));
}

const openness = (type: string): number => (type.startsWith('*/') ? 2 : type.endsWith('/*') ? 1 : 0);

/** Whether a clause asks for a form, a stream or a version of the API group that there is (EndpointRestrictions). */
function allows(parameters: Clause['parameters'], encoding: Encoding, forms: readonly string[]): boolean {
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || encoding === 'yaml')) return false;
  const serverVersion = parameters.get('sv') ?? '';
  if (serverVersion !== '' && serverVersion !== 'v1') return false;
  const as = parameters.get('as');
  if (as === undefined) return !parameters.has('g') && !parameters.has('v');
  // Tables have no protobuf form.
  if (!forms.includes(as) || (as === 'Table' && encoding === 'protobuf')) return false;
  // Aggregated discovery is served as v2 alone (v1.36 no longer knows v2beta1).
  const discovery = as === 'APIGroupDiscoveryList';
  if (parameters.get('g') !== (discovery ? 'apidiscovery.k8s.io' : 'meta.k8s.io')) return false;
  return (discovery ? ['v2'] : ['v1', 'v1beta1']).includes(parameters.get('v') ?? '');
}

/**
 * The first clause that can be served. `forms` are the values of "as" that this endpoint knows, `binary` whether it can write protobuf.
 * Throws NotAcceptable.
 */
export function negotiate(request: Request, url: URL, forms: readonly string[] = [], binary = false): Negotiated {
  const header = request.headers.get('accept');
  const pretty = wantsLines(request, url);
  if (header === null || header === '' || header === '*/*') return { encoding: 'json', as: '', version: '', pretty };
  for (const { type, parameters } of parseAccept(header)) {
    const encoding = encodings[type];
    if (!encoding || (encoding === 'protobuf' && !binary) || !allows(parameters, encoding, forms)) continue;
    const [as = '', version = ''] = [parameters.get('as'), parameters.get('v')];
    return { encoding, as, version, pretty: pretty || parameters.get('pretty') === '1' };
  }
  const accepted = ['application/json', 'application/yaml', ...(binary ? ['application/vnd.kubernetes.protobuf'] : [])];
  throw newNotAcceptable(accepted);
}

/** Whether JSON is to be read by people: as they say, or else by their program (negotiate.go, isPrettyPrint). */
function wantsLines(request: Request, url: URL): boolean {
  const pretty = url.search === '' ? null : url.searchParams.get('pretty');
  if (pretty) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(pretty);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers.get('user-agent') ?? '');
}
