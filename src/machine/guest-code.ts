// How the guest's code that v86 has translated to WebAssembly becomes machine code.
//
// The emulator translates one region of hot code at a time and interprets until the browser has compiled it. Compiled in the background, a translation waits
// behind the browser's own optimizer: 300 ms each on two busy cores, measured, where compiling at once takes 4. And the optimizer's time grows faster than
// the size of a function, so translations are kept small: one page of guest memory each instead of three.

/** Modules larger than this are no translations: the emulator itself has 2 MB. */
const largestTranslation = 1_000_000;

/** Of set_jit_config in v86's module. */
const maxPages = 1;
const maxExtraBasicBlocks = 3;

/** Sets the size of translations. `exports`: of v86's instantiated module. */
export function keepTranslationsSmall(exports: WebAssembly.Exports): void {
  const setJitConfig = exports['set_jit_config'] as (index: number, value: number) => void;
  setJitConfig(maxPages, 1);
  setJitConfig(maxExtraBasicBlocks, 20);
}

/** Has translations compiled at once in this thread, which must be the emulator's own. */
export function compileTranslationsAtOnce(): void {
  const inBackground = WebAssembly.instantiate as (
    source: BufferSource,
    imports?: WebAssembly.Imports,
  ) => Promise<WebAssembly.WebAssemblyInstantiatedSource>;
  const instantiate = async (source: BufferSource, imports?: WebAssembly.Imports) => {
    if (source.byteLength > largestTranslation) return inBackground(source, imports);
    const module = new WebAssembly.Module(source);
    return { module, instance: new WebAssembly.Instance(module, imports) };
  };
  WebAssembly.instantiate = instantiate as typeof WebAssembly.instantiate;
}
