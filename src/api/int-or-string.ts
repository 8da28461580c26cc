// Fields that hold a whole number or a string, mostly "25%" or a port name (k8s.io/apimachinery/pkg/util/intstr).

export type IntOrString = number | string;

/** The value as text. */
export const intOrStringText = (value: IntOrString): string => String(value);

/** The percentage in "25%", or undefined if it is no percentage. */
export function parsePercent(value: string): number | undefined {
  return /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
}

/**
 * The number itself, or the percentage of `total`, rounded up or down (GetScaledValueFromIntOrPercent).
 * Throws an Error with upstream's text when a string is no percentage.
 */
export function scaledValue(value: IntOrString, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const percent = /^[+-]?[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
  if (percent === undefined)
    throw new Error(
      value.endsWith('%')
        ? `invalid value for IntOrString: invalid value ${JSON.stringify(value)}: strconv.Atoi: parsing ${JSON.stringify(value.slice(0, -1))}: invalid syntax`
        : 'invalid value for IntOrString: invalid type: string is not a percentage',
    );
  const exact = (percent * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}
