// resource.Quantity: amounts such as "500m", "1.5Gi", "2e3" (k8s.io/apimachinery/pkg/api/resource).
//
// A quantity is a whole number of billionths and the notation it is printed in. Parsing rounds away from zero to a billionth and caps at 2^63-1.
// The canonical text has no fraction and the largest suffix that keeps it whole: "0.5" -> "500m", "1024Mi" -> "1Gi", "1.5Gi" -> "1536Mi".

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** Billionths. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

export class QuantityError extends Error {}

const formatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixError = "unable to parse quantity's suffix";

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const one = 1_000_000_000n;
const max = ((1n << 63n) - 1n) * one;
const quantityPattern = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** Throws a QuantityError with upstream's text. */
export function parseQuantity(text: string): Quantity {
  const match = quantityPattern.exec(text);
  if (!match || text === '') throw new QuantityError(formatError);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') throw new QuantityError(formatError);
  let format: QuantityFormat;
  let multiplier = 1n;
  let exponent = 0;
  const binary = suffix === '' ? -1 : binarySuffixes.indexOf(suffix);
  if (binary > 0) {
    format = 'BinarySI';
    multiplier = 1n << BigInt(10 * binary);
  } else if (decimalSuffixes.includes(suffix)) {
    format = 'DecimalSI';
    exponent = (decimalSuffixes.indexOf(suffix) - 3) * 3;
  } else {
    const scientific = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
    if (!scientific || Math.abs(Number(scientific[1])) > 2 ** 31) throw new QuantityError(suffixError);
    format = 'DecimalExponent';
    exponent = Number(scientific[1]);
  }
  // Far beyond the cap or below a billionth: keep the arithmetic small.
  const digits = (whole + fraction).replace(/^0+/, '');
  let nanos: bigint;
  const scale = exponent - fraction.length + 9;
  if (digits === '') nanos = 0n;
  else if (digits.length + scale > 60) nanos = max;
  else if (digits.length + scale < -40) nanos = 1n;
  else if (scale >= 0) nanos = BigInt(digits) * 10n ** BigInt(scale) * multiplier;
  else {
    const divisor = 10n ** BigInt(-scale);
    nanos = (BigInt(digits) * multiplier + divisor - 1n) / divisor;
  }
  if (nanos > max) nanos = max;
  if (format === 'BinarySI' && nanos < one && nanos > 0n) format = 'DecimalSI';
  return { nanos: sign === '-' ? -nanos : nanos, format };
}

/** The canonical text. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos } = quantity;
  if (nanos === 0n) return '0';
  const absolute = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  if (quantity.format === 'BinarySI' && absolute >= 1024n * one) {
    let amount = (absolute + one - 1n) / one;
    let step = 0;
    while (step < 6 && amount % 1024n === 0n) {
      amount /= 1024n;
      step++;
    }
    return `${sign}${amount}${binarySuffixes[step]}`;
  }
  let amount = absolute;
  let step = 0;
  while (step < 9 && amount % 1000n === 0n) {
    amount /= 1000n;
    step++;
  }
  if (quantity.format === 'DecimalExponent') return `${sign}${amount}${step === 3 ? '' : `e${(step - 3) * 3}`}`;
  return `${sign}${amount}${decimalSuffixes[step]}`;
}

/** The canonical text of what a manifest wrote. Throws a QuantityError. */
export const canonicalQuantity = (value: string | number): string => formatQuantity(parseQuantity(String(value)));

/** Undefined instead of an error. */
export function tryParseQuantity(value: string | number): Quantity | undefined {
  try {
    return parseQuantity(String(value));
  } catch {
    return undefined;
  }
}

const toQuantity = (q: Quantity | string | number): Quantity => (typeof q === 'object' ? q : parseQuantity(String(q)));

/** Negative, zero or positive, as a is less than, equal to or more than b. */
export function compareQuantity(a: Quantity | string | number, b: Quantity | string | number): number {
  const difference = toQuantity(a).nanos - toQuantity(b).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** a + b, in a's notation (b's when a is zero). */
export function addQuantity(a: Quantity | string | number, b: Quantity | string | number): Quantity {
  const x = toQuantity(a);
  const y = toQuantity(b);
  return { nanos: x.nanos + y.nanos, format: x.nanos === 0n ? y.format : x.format };
}

/** a - b, in a's notation (b's when a is zero). */
export function subQuantity(a: Quantity | string | number, b: Quantity | string | number): Quantity {
  const y = toQuantity(b);
  return addQuantity(a, { nanos: -y.nanos, format: y.format });
}

const ceilDivide = (n: bigint, d: bigint): bigint => (n >= 0n ? (n + d - 1n) / d : n / d - (n % d !== 0n ? 1n : 0n));

/** Whole units, rounded away from zero (Quantity.Value): bytes of memory, cores of CPU. */
export const quantityValue = (q: Quantity | string | number): number => Number(ceilDivide(toQuantity(q).nanos, one));
/** Thousandths, rounded away from zero (Quantity.MilliValue): millicores. */
export const quantityMilliValue = (q: Quantity | string | number): number =>
  Number(ceilDivide(toQuantity(q).nanos, 1_000_000n));

/** A quantity of whole units. */
export const quantityOf = (units: number, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nanos: BigInt(Math.round(units)) * one,
  format,
});
/** A quantity of thousandths. */
export const milliQuantityOf = (milli: number, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nanos: BigInt(Math.round(milli)) * 1_000_000n,
  format,
});
