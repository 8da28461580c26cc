// WebCrypto as components use it. The platform computes it elsewhere and answers some turns later, on nobody's clock; so calls run one after another, and a
// simulation lets virtual time stand still while one is at work (`cryptoIdle`). Otherwise the same seed would not give the same run.

let last: Promise<unknown> = Promise.resolve();
let outstanding = 0;

/** Runs one WebCrypto call when those before it are done. */
export function withCrypto<T>(call: (subtle: SubtleCrypto) => Promise<T>): Promise<T> {
  outstanding++;
  const result = last.then(() => call(crypto.subtle));
  last = result.then(
    () => outstanding--,
    () => outstanding--,
  );
  return result;
}

/** Whether no call is under way. */
export function cryptoIdle(): boolean {
  return outstanding === 0;
}
