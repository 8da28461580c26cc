// Is a history of operations on one object linearizable? Wing and Gong's search with Lowe's memory of visited (done set, state) pairs, as porcupine does it.
//
// An operation whose outcome is unknown (its caller got no answer) may have taken effect at any time after its call, or never. It is tried only right before one
// that would have come out otherwise without it: anywhere else it could be left out, or done later, with the same answers to all others. And one that changes
// nothing, and fits, is taken at once and for good: it could be moved to the front of any order that has it later.

export interface Operation<Input, Output> {
  /** Time of the call; and of the answer, Infinity if there was none. */
  call: number;
  end: number;
  input: Input;
  /** undefined: unknown. */
  output: Output | undefined;
}

export interface Model<State, Input, Output> {
  initial: State;
  /** The state after `input` on `state` if it may answer `output` (undefined: any answer); otherwise 'impossible'. */
  step(state: State, input: Input, output: Output | undefined): { state: State } | 'impossible';
  /** States that behave alike have equal keys. */
  key(state: State): string;
}

/** Whether some order of the operations, in which each takes effect between its call and its answer, explains every answer. */
export function isLinearizable<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const ops = [...history].sort((a, b) => a.call - b.call);
  const count = ops.length;
  const done = new Uint8Array(count);
  let needed = ops.filter((op) => op.output !== undefined).length;
  const seen = new Set<string>();
  interface Frame {
    state: State;
    candidate: number;
    taken: number;
    /** The operation just taken is of unknown outcome; `before`: the state without it. */
    guess: { op: Operation<Input, Output>; before: State } | undefined;
  }
  const stack: Frame[] = [{ state: model.initial, candidate: 0, taken: -1, guess: undefined }];
  /** Whether `op`, which leads to `after`, could as well have come before the guess, or without it. */
  const idle = ({ op: guessed, before }: NonNullable<Frame['guess']>, op: Operation<Input, Output>, after: State) => {
    const without = model.step(before, op.input, op.output);
    if (without === 'impossible') return false;
    if (model.key(without.state) === model.key(after)) return true;
    const later = model.step(without.state, guessed.input, undefined);
    return later !== 'impossible' && model.key(later.state) === model.key(after);
  };
  /** The state after operation i, undefined if it cannot come next or need not. */
  const enabled = (frame: Frame, i: number) => {
    const op = ops[i] as Operation<Input, Output>;
    const next = done[i] ? 'impossible' : model.step(frame.state, op.input, op.output);
    return next === 'impossible' || (frame.guess && idle(frame.guess, op, next.state)) ? undefined : next.state;
  };
  /** An answered operation below `end` that fits and changes nothing. */
  const unchanging = (frame: Frame, end: number): number | undefined => {
    for (let i = 0; i < end; i++) {
      if ((ops[i] as Operation<Input, Output>).output === undefined) continue;
      const state = enabled(frame, i);
      if (state !== undefined && model.key(state) === model.key(frame.state)) return i;
    }
    return undefined;
  };
  /** Goes on with operation i unless what that leads to was tried before. */
  const take = (frame: Frame, i: number, state: State): boolean => {
    const op = ops[i] as Operation<Input, Output>;
    const guess = op.output === undefined ? { op, before: frame.state } : undefined;
    done[i] = 1;
    const mark = `${done.join('')}/${model.key(state)}${guess ? `/${i}/${model.key(guess.before)}` : ''}`;
    if (seen.has(mark)) {
      done[i] = 0;
      return false;
    }
    seen.add(mark);
    if (op.output !== undefined) needed--;
    stack.push({ state, candidate: 0, taken: i, guess });
    return true;
  };
  while (stack.length > 0) {
    if (needed === 0) return true;
    const frame = stack[stack.length - 1] as Frame;
    // only operations called before the earliest answer still outstanding may come next
    let horizon = Infinity;
    for (let i = 0; i < count; i++) if (!done[i]) horizon = Math.min(horizon, (ops[i] as Operation<Input, Output>).end);
    let end = 0;
    while (end < count && (ops[end] as Operation<Input, Output>).call <= horizon) end++;
    const still = frame.candidate === 0 ? unchanging(frame, end) : undefined;
    let advanced = false;
    if (still !== undefined) {
      frame.candidate = count;
      advanced = take(frame, still, frame.state);
    }
    while (!advanced && frame.candidate < end) {
      const i = frame.candidate++;
      const state = enabled(frame, i);
      advanced = state !== undefined && take(frame, i, state);
    }
    if (advanced) continue;
    const { taken } = stack.pop() as Frame;
    if (taken >= 0) {
      done[taken] = 0;
      if ((ops[taken] as Operation<Input, Output>).output !== undefined) needed++;
    }
  }
  return needed === 0;
}

export type RegisterInput =
  | { type: 'put'; value: string }
  | { type: 'delete' }
  | { type: 'cas'; expected: string; value: string }
  | { type: 'get' };

/** One key of the store; '' is its absence. Answers: the value for get, 'yes' or 'no' for cas and delete, 'ok' for put. */
export const registerModel: Model<string, RegisterInput, string> = {
  initial: '',
  key: (state) => state,
  step(state, input, output) {
    switch (input.type) {
      case 'put':
        return { state: input.value };
      case 'delete':
        return output === undefined || output === (state === '' ? 'no' : 'yes') ? { state: '' } : 'impossible';
      case 'cas': {
        const hit = state !== '' && state === input.expected;
        if (output !== undefined && output !== (hit ? 'yes' : 'no')) return 'impossible';
        return { state: hit ? input.value : state };
      }
      case 'get':
        return output === undefined || output === state ? { state } : 'impossible';
    }
  },
};
