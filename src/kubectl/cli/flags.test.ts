import { describe, expect, test } from 'vitest';
import { array, bool, duration, Flags, int, parseGoDuration, strings, text } from './flags.ts';

const specs = [
  bool('watch', '', { short: 'w' }),
  bool('stdin', '', { short: 'i' }),
  bool('tty', '', { short: 't' }),
  text('output', '', { short: 'o' }),
  int('replicas', ''),
  duration('timeout', ''),
  strings('label-columns', '', { short: 'L' }),
  array('for', ''),
  text('dry-run', '', { default: 'none', bare: 'unchanged' }),
];
const read = (args: string[]) => {
  const flags = new Flags(specs);
  return { flags, ...flags.parse(args) };
};

describe('flags', () => {
  test('long, short, bundled and mixed with arguments', () => {
    const { flags, args, dashAt } = read([
      'pods',
      '-it',
      '-oyaml',
      '--replicas',
      '3',
      '-L=a,b',
      '-L',
      'c',
      'x',
      '--',
      '-o',
      'y',
    ]);
    expect(args).toEqual(['pods', 'x', '-o', 'y']);
    expect(dashAt).toBe(2);
    expect([flags.bool('stdin'), flags.bool('tty'), flags.bool('watch')]).toEqual([true, true, false]);
    expect(flags.string('output')).toBe('yaml');
    expect(flags.int('replicas')).toBe(3);
    expect(flags.list('label-columns')).toEqual(['a', 'b', 'c']);
  });

  test('a bare flag has its own value, and takes none from the next argument', () => {
    const { flags, args } = read(['--dry-run', 'client']);
    expect(flags.string('dry-run')).toBe('unchanged');
    expect(args).toEqual(['client']);
  });

  test.each([
    [['--foo'], 'unknown flag: --foo'],
    [['-Z'], "unknown shorthand flag: 'Z' in -Z"],
    [['-wZ'], "unknown shorthand flag: 'Z' in -wZ"],
    [['-o'], "flag needs an argument: 'o' in -o"],
    [['--output'], 'flag needs an argument: --output'],
    [['--watch=x'], 'invalid argument "x" for "-w, --watch" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [['--replicas=x'], 'invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [['--timeout=5'], 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    [['--timeout=x'], 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"'],
  ])('%j is refused', (args, message) => {
    expect(() => read(args)).toThrow(message);
  });

  test('durations', () => {
    expect(parseGoDuration('1h2m3.5s')).toBe(3723500);
    expect(parseGoDuration('0')).toBe(0);
    expect(parseGoDuration('-1s')).toBe(-1000);
    expect(parseGoDuration('1d')).toBeUndefined();
  });
});
