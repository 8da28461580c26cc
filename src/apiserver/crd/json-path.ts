// The simple JSON paths of printer columns, scale and selectable fields: .spec.replicas, .status.conditions[?(@.type=="Ready")].status, .a['b/c'], [0].

type Step = (value: unknown) => unknown[];

/** Reads a path. Returns a function to the values it finds; undefined when the path is not one we read. */
export function jsonPath(text: string): ((value: unknown) => unknown[]) | undefined {
  const steps: Step[] = [];
  let rest = text.replace(/^\{?\$?/, '').replace(/\}$/, '');
  const field =
    (name: string): Step =>
    (value) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? [(value as Record<string, unknown>)[name]]
        : [];
  while (rest !== '') {
    let match = /^\.((?:[^.[\]\\]|\\.)+)/.exec(rest);
    if (match) steps.push(field((match[1] as string).replace(/\\(.)/g, '$1')));
    else if ((match = /^\[['"]([^'"]+)['"]\]/.exec(rest))) steps.push(field(match[1] as string));
    else if ((match = /^\[(\d+)\]/.exec(rest))) {
      const index = Number(match[1]);
      steps.push((value) => (Array.isArray(value) && index < value.length ? [value[index]] : []));
    } else if ((match = /^\[\*\]/.exec(rest))) steps.push((value) => (Array.isArray(value) ? value : []));
    else if ((match = /^\[\?\(@\.([\w.-]+)\s*==\s*["']([^"']*)["']\)\]/.exec(rest))) {
      const inner = jsonPath(`.${match[1]}`);
      const wanted = match[2];
      steps.push((value) => (Array.isArray(value) ? value.filter((item) => String(inner?.(item)[0]) === wanted) : []));
    } else return undefined;
    rest = rest.slice(match[0].length);
  }
  return (value) => steps.reduce<unknown[]>((values, step) => values.flatMap(step), [value]);
}
