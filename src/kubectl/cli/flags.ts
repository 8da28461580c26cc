// Command-line flags with the grammar and the error texts of pflag: --name value, --name=value, -n value, -nvalue, -it, `--` ends flags,
// flags and arguments may be mixed.

import { CliError } from './errors.ts';

export interface FlagSpec {
  name: string;
  short?: string;
  /** strings: comma separated and repeatable; array: repeatable only; count: an int that may be given bare. */
  kind: 'bool' | 'string' | 'int' | 'duration' | 'strings' | 'array';
  default?: string;
  /** The value of a bare `--name` (upstream NoOptDefVal). Bools have "true". */
  bare?: string;
  usage: string;
  required?: boolean;
}

type Extra = Partial<Omit<FlagSpec, 'name' | 'usage' | 'kind'>>;
export const bool = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'bool',
  default: 'false',
  bare: 'true',
  ...extra,
});
export const text = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'string',
  default: '',
  ...extra,
});
export const int = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'int',
  default: '0',
  ...extra,
});
export const duration = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'duration',
  default: '0s',
  ...extra,
});
export const strings = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'strings',
  ...extra,
});
export const array = (name: string, usage: string, extra: Extra = {}): FlagSpec => ({
  name,
  usage,
  kind: 'array',
  ...extra,
});

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a Go duration ("1h2m", "1.5s", "0"), or undefined when it is none. */
export function parseGoDuration(value: string): number | undefined {
  const match = /^([+-]?)(.*)$/.exec(value)!;
  const body = match[2]!;
  if (body === '0') return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const part of body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(part[1]) * units[part[2]!]!;
  }
  return match[1] === '-' ? -total : total;
}

/** The values of one call's flags. */
export class Flags {
  readonly #specs = new Map<string, FlagSpec>();
  readonly #values = new Map<string, string[]>();

  constructor(specs: FlagSpec[]) {
    for (const spec of specs) this.#specs.set(spec.name, spec);
  }

  spec(name: string): FlagSpec | undefined {
    return this.#specs.get(name);
  }
  byShort(short: string): FlagSpec | undefined {
    for (const spec of this.#specs.values()) if (spec.short === short) return spec;
    return undefined;
  }
  specs(): FlagSpec[] {
    return [...this.#specs.values()];
  }
  /** True when the flag was given on the command line. */
  changed(name: string): boolean {
    return this.#values.has(name);
  }
  has(name: string): boolean {
    return this.#specs.has(name);
  }

  set(spec: FlagSpec, value: string): void {
    const shown = spec.short ? `-${spec.short}, --${spec.name}` : `--${spec.name}`;
    const fail = (detail: string) => {
      throw new CliError(`invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${detail}`);
    };
    if (spec.kind === 'bool' && !/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value)) {
      fail(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    if (spec.kind === 'int' && !/^[+-]?\d+$/.test(value)) {
      fail(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    if (spec.kind === 'duration' && parseGoDuration(value) === undefined) {
      fail(
        /^[+-]?\d+(\.\d+)?$/.test(value)
          ? `time: missing unit in duration ${JSON.stringify(value)}`
          : `time: invalid duration ${JSON.stringify(value)}`,
      );
    }
    const before = this.#values.get(spec.name) ?? [];
    if (spec.kind === 'strings') this.#values.set(spec.name, [...before, ...(value === '' ? [] : value.split(','))]);
    else if (spec.kind === 'array') this.#values.set(spec.name, [...before, value]);
    else this.#values.set(spec.name, [value]);
  }

  string(name: string): string {
    return this.#values.get(name)?.at(-1) ?? this.#specs.get(name)?.default ?? '';
  }
  bool(name: string): boolean {
    return /^(1|t|true)$/i.test(this.string(name));
  }
  int(name: string): number {
    return Number.parseInt(this.string(name) || '0', 10);
  }
  /** Milliseconds. */
  duration(name: string): number {
    return parseGoDuration(this.string(name) || '0') ?? 0;
  }
  list(name: string): string[] {
    const spec = this.#specs.get(name);
    return this.#values.get(name) ?? (spec?.default ? spec.default.split(',') : []);
  }

  /** Sets flags from `args` and returns what is left; `dashAt` is how many arguments stood before `--` (-1: no `--`). */
  parse(args: string[]): { args: string[]; dashAt: number } {
    const rest: string[] = [];
    let dashAt = -1;
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      if (arg === '--') {
        dashAt = rest.length;
        rest.push(...args.slice(i + 1));
        break;
      }
      if (arg.startsWith('--')) {
        const at = arg.indexOf('=');
        const name = at < 0 ? arg.slice(2) : arg.slice(2, at);
        if (name === '' || name.startsWith('-') || name.startsWith('=')) throw new CliError(`bad flag syntax: ${arg}`);
        const spec = this.#specs.get(name);
        if (!spec) throw new CliError(`unknown flag: --${name}`);
        if (at >= 0) this.set(spec, arg.slice(at + 1));
        else if (spec.bare !== undefined) this.set(spec, spec.bare);
        else if (i + 1 < args.length) this.set(spec, args[++i]!);
        else throw new CliError(`flag needs an argument: --${name}`);
      } else if (arg.startsWith('-') && arg !== '-') {
        i += this.#parseShort(arg.slice(1), args[i + 1]);
      } else {
        rest.push(arg);
      }
    }
    return { args: rest, dashAt };
  }

  /** Returns how many following arguments were used up. */
  #parseShort(cluster: string, next: string | undefined): number {
    for (let at = 0; at < cluster.length; at++) {
      const letter = cluster[at]!;
      const spec = this.byShort(letter);
      if (!spec) throw new CliError(`unknown shorthand flag: '${letter}' in -${cluster}`);
      const after = cluster.slice(at + 1);
      if (after.startsWith('=')) {
        this.set(spec, after.slice(1));
        return 0;
      }
      if (spec.bare !== undefined) {
        this.set(spec, spec.bare);
        continue;
      }
      if (after !== '') {
        this.set(spec, after);
        return 0;
      }
      if (next === undefined) throw new CliError(`flag needs an argument: '${letter}' in -${cluster}`);
      this.set(spec, next);
      return 1;
    }
    return 0;
  }
}

/** One line of help per flag, in kubectl's layout. */
export function flagHelp(spec: FlagSpec): string {
  const quoted =
    spec.kind === 'string'
      ? `'${spec.default ?? ''}'`
      : spec.kind === 'strings' || spec.kind === 'array'
        ? `[${spec.default ?? ''}]`
        : (spec.default ?? '');
  const head = spec.short ? `    -${spec.short}, --${spec.name}=${quoted}:` : `    --${spec.name}=${quoted}:`;
  return `${head}\n\t${spec.usage}\n`;
}
