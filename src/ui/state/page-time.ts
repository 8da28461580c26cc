// The page's own time: debouncing, retries, how long a flash stays. It runs on while the cluster's clock is paused, which is why nothing that
// belongs to the cluster may use it. The only place in the page that touches ambient timers.

/** Milliseconds since the Unix epoch, on the reader's watch. */
export function pageNow(): number {
  // biome-ignore lint/plugin: the reader's watch, not the cluster's clock
  return Date.now();
}

/** Calls back once after `milliseconds`; returns a function that cancels it. */
export function later(milliseconds: number, callback: () => void): () => void {
  // biome-ignore lint/plugin: the reader's watch, not the cluster's clock
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
}

/** Calls back every `milliseconds` until cancelled. */
export function repeat(milliseconds: number, callback: () => void): () => void {
  // biome-ignore lint/plugin: the reader's watch, not the cluster's clock
  const timer = setInterval(callback, milliseconds);
  return () => clearInterval(timer);
}

/** Resolves after `milliseconds`. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => later(milliseconds, resolve));
}

/** A function that runs `action` once it has not been called for `milliseconds`; `flush` runs a waiting one at once. */
export function debounced(milliseconds: number, action: () => void): (() => void) & { flush(): void } {
  let cancel: (() => void) | undefined;
  const run = () => {
    cancel = undefined;
    action();
  };
  const call = () => {
    cancel?.();
    cancel = later(milliseconds, run);
  };
  return Object.assign(call, {
    flush() {
      if (!cancel) return;
      cancel();
      run();
    },
  });
}
