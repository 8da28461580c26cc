import { afterEach, describe, expect, test } from 'vitest';
import { compileTranslationsAtOnce, keepTranslationsSmall } from './guest-code.ts';

const { instantiate } = WebAssembly;
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

afterEach(() => {
  WebAssembly.instantiate = instantiate;
});

describe('translated guest code', () => {
  test('is compiled at once, without a turn of the event loop', async () => {
    compileTranslationsAtOnce();
    let done = false;
    void WebAssembly.instantiate(empty).then(({ module, instance }) => {
      done = module instanceof WebAssembly.Module && instance instanceof WebAssembly.Instance;
    });
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(done).toBe(true);
  });

  test('that is broken rejects', async () => {
    compileTranslationsAtOnce();
    await expect(WebAssembly.instantiate(empty.slice(0, 6))).rejects.toThrow(WebAssembly.CompileError);
  });

  test('the emulator itself is compiled in the background', async () => {
    compileTranslationsAtOnce();
    const big = new Uint8Array(1_200_000);
    big.set(empty);
    // a custom section that fills the rest: id, length in five bytes, name of no characters
    const length = big.length - 8 - 6;
    big.set([0, ...[0, 7, 14, 21, 28].map((shift, i) => ((length >> shift) & 0x7f) | (i < 4 ? 0x80 : 0)), 0], 8);
    let done = false;
    const compiled = WebAssembly.instantiate(big).then(() => {
      done = true;
    });
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(done).toBe(false);
    await compiled;
  });

  test('covers one page at a time', () => {
    const settings: [number, number][] = [];
    keepTranslationsSmall({ set_jit_config: (index: number, value: number) => void settings.push([index, value]) });
    expect(settings).toEqual([
      [1, 1],
      [3, 20],
    ]);
  });
});
