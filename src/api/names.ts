// The syntax of names, label keys and values, ports and the like, with upstream's explanations (k8s.io/apimachinery/pkg/util/validation).
//
// Every check returns the list of what is wrong, in upstream's words; empty means valid.

const maxLength = (n: number) => `must be no more than ${n} characters`;
/** Where upstream's newer checks of label keys and values say it. */
const maxBytes = (n: number) => `must be no more than ${n} bytes`;
const range = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;

/** Explains a failed pattern, with examples and the pattern itself (RegexError). */
export function regexError(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`;
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?';
const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);

const label1123Pattern = whole(label1123);
const subdomain1123Pattern = whole(subdomain1123);
const subdomainUnderscorePattern = whole('[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?(\\.[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?)*');
const label1035Pattern = whole(label1035);
const wildcardPattern = whole(`\\*\\.${subdomain1123}`);
const qualifiedPattern = whole(qualified);
const labelValuePattern = whole(labelValue);
const configMapKeyPattern = whole('[-._a-zA-Z0-9]+');
const headerPattern = whole('[-A-Za-z0-9]+');

export type NameCheck = (value: string) => string[];

export function isDns1123Label(value: string): string[] {
  const errors = value.length > 63 ? [maxLength(63)] : [];
  if (!label1123Pattern.test(value)) {
    errors.push(
      subdomain1123Pattern.test(value)
        ? 'must not contain dots'
        : regexError(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            label1123,
            'my-name',
            '123-abc',
          ),
    );
  }
  return errors;
}

const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

export function isDns1123Subdomain(value: string): string[] {
  const errors = value.length > 253 ? [maxLength(253)] : [];
  if (!subdomain1123Pattern.test(value)) errors.push(regexError(subdomainMessage, subdomain1123, 'example.com'));
  return errors;
}

export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const errors = value.length > 253 ? [maxLength(253)] : [];
  const part = '[a-z0-9_]([-_a-z0-9]*[a-z0-9_])?';
  if (!subdomainUnderscorePattern.test(value))
    errors.push(
      regexError(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        `${part}(\\.${part})*`,
        'example.com',
      ),
    );
  return errors;
}

export function isDns1035Label(value: string): string[] {
  const errors = value.length > 63 ? [maxLength(63)] : [];
  if (!label1035Pattern.test(value))
    errors.push(
      regexError(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        label1035,
        'my-name',
        'abc-123',
      ),
    );
  return errors;
}

export function isWildcardDns1123Subdomain(value: string): string[] {
  const errors = value.length > 253 ? [maxLength(253)] : [];
  if (!wildcardPattern.test(value))
    errors.push(
      regexError(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        `\\*\\.${subdomain1123}`,
        '*.example.com',
      ),
    );
  return errors;
}

/** A name with an optional DNS prefix: "app", "example.com/app". Label and annotation keys are these. */
export function isQualifiedName(value: string): string[] {
  const errors: string[] = [];
  const parts = value.split('/');
  let name = value;
  if (parts.length === 2) {
    const [prefix, rest] = parts as [string, string];
    name = rest;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...isDns1123Subdomain(prefix).map((message) => `prefix part ${message}`));
  } else if (parts.length > 2) {
    return [
      `a qualified name ${regexError(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        qualified,
        'MyName',
        'my.name',
        '123-abc',
      )} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > 63) errors.push(`name part ${maxBytes(63)}`);
  if (!qualifiedPattern.test(name))
    errors.push(
      `name part ${regexError(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        qualified,
        'MyName',
        'my.name',
        '123-abc',
      )}`,
    );
  return errors;
}

export function isValidLabelValue(value: string): string[] {
  const errors = value.length > 63 ? [maxBytes(63)] : [];
  if (!labelValuePattern.test(value))
    errors.push(
      regexError(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        labelValue,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  return errors;
}

export const isValidPortNum = (port: number): string[] => (port >= 1 && port <= 65535 ? [] : [range(1, 65535)]);
export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [range(low, high)];

export function isValidPortName(port: string): string[] {
  const errors: string[] = [];
  if (port.length > 15) errors.push(maxLength(15));
  if (!/^[-a-z0-9]+$/.test(port)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)');
  if (port.includes('--')) errors.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export const isValidPercent = (value: string): string[] =>
  /^[0-9]+%$/.test(value)
    ? []
    : [regexError("a valid percent string must be a numeric string followed by an ending '%'", '[0-9]+%', '1%', '93%')];

export const isHttpHeaderName = (value: string): string[] =>
  headerPattern.test(value)
    ? []
    : [
        regexError(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          '[-A-Za-z0-9]+',
          'X-Header-Name',
        ),
      ];

/** Environment variable names as the API accepts them since 1.34: printable ASCII without "=". */
export function isEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isConfigMapKey(value: string): string[] {
  const errors = value.length > 253 ? [maxLength(253)] : [];
  if (!configMapKeyPattern.test(value))
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        '[-._a-zA-Z0-9]+',
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  if (value === '.') errors.push("must not be '.'");
  else if (value === '..') errors.push("must not be '..'");
  else if (value.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Names that are one path segment (RBAC roles, pod volumes' files): no "/", no "%", not "." or "..". */
export function isValidPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  const errors: string[] = [];
  if (value.includes('/')) errors.push("may not contain '/'");
  if (value.includes('%')) errors.push("may not contain '%'");
  return errors;
}

// IPv4 in dotted decimal without leading zeros; IPv6 in any RFC 4291 form.
export function parseIpv4(value: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(value);
  if (!match) return undefined;
  let out = 0;
  for (const part of match.slice(1)) {
    if ((part.length > 1 && part.startsWith('0')) || Number(part) > 255) return undefined;
    out = out * 256 + Number(part);
  }
  return out;
}

export function isIpv6(value: string): boolean {
  if (!value.includes(':') || value.includes('%')) return false;
  let text = value;
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (last.includes('.')) {
    if (parseIpv4(last) === undefined) return false;
    text = `${text.slice(0, -last.length)}0:0`;
  }
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8;
}

export const isIp = (value: string): boolean => parseIpv4(value) !== undefined || isIpv6(value);
export const isValidIp: NameCheck = (value) =>
  isIp(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];

/** The address and prefix length of a CIDR block, or undefined. */
export function parseCidr(value: string): { address: string; bits: number; family: 4 | 6 } | undefined {
  const slash = value.lastIndexOf('/');
  const bitsText = value.slice(slash + 1);
  if (slash < 0 || !/^(0|[1-9]\d{0,2})$/.test(bitsText)) return undefined;
  const address = value.slice(0, slash);
  const bits = Number(bitsText);
  if (parseIpv4(address) !== undefined) return bits <= 32 ? { address, bits, family: 4 } : undefined;
  return isIpv6(address) && bits <= 128 ? { address, bits, family: 6 } : undefined;
}
export const isValidCidr: NameCheck = (value) =>
  parseCidr(value) ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
