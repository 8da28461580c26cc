// The simple JSON paths of printer columns, scale and selectable fields: .spec.replicas, .status.conditions[?(@.type=="Ready")].status, .a['b/c'], [0].

type Step = (value: unknown) => unknown[];

const field =
  (name: string): Step =>
  (value) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? [(value as Record<string, unknown>)[name]]
      : [];

// What a step looks like, and what it does.
const forms: [RegExp, (match: RegExpExecArray) => Step][] = [
  [/^\.((?:[^.[\]\\]|\\.)+)/, (match) => field((match[1] as string).replace(/\\(.)/g, '$1'))],
  [/^\[['"]([^'"]+)['"]\]/, (match) => field(match[1] as string)],
  [
    /^\[(\d+)\]/,
    (match) => (value) => (Array.isArray(value) && Number(match[1]) < value.length ? [value[Number(match[1])]] : []),
  ],
  [/^\[\*\]/, () => (value) => (Array.isArray(value) ? value : [])],
  [
    /^\[\?\(@\.([\w.-]+)\s*==\s*["']([^"']*)["']\)\]/,
    (match) => {
      const inner = jsonPath(`.${match[1]}`);
      return (value) => (Array.isArray(value) ? value.filter((item) => String(inner?.(item)[0]) === match[2]) : []);
    },
  ],
];

/** Reads a path. Returns a function to the values it finds; undefined when the path is not one we read. */
export function jsonPath(text: string): ((value: unknown) => unknown[]) | undefined {
  const steps: Step[] = [];
  let rest = text.replace(/^\{?\$?/, '').replace(/\}$/, '');
  while (rest !== '') {
    let length = 0;
    for (const [pattern, make] of forms) {
      const match = pattern.exec(rest);
      if (!match) continue;
      steps.push(make(match));
      length = match[0].length;
      break;
    }
    if (length === 0) return undefined;
    rest = rest.slice(length);
  }
  return (value) => steps.reduce<unknown[]>((values, step) => values.flatMap(step), [value]);
}
