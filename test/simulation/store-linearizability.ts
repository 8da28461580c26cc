// Is a history of operations on one object linearizable? Wing and Gong's search with Lowe's memory of visited (done set, state) pairs, as porcupine does it.
//
// An operation whose outcome is unknown (its caller got no answer) may have taken effect at any time after its call, or never.

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
  }
  const stack: Frame[] = [{ state: model.initial, candidate: 0, taken: -1 }];
  while (stack.length > 0) {
    if (needed === 0) return true;
    const frame = stack[stack.length - 1] as Frame;
    // only operations called before the earliest answer still outstanding may come next
    let horizon = Infinity;
    for (let i = 0; i < count; i++) if (!done[i]) horizon = Math.min(horizon, (ops[i] as Operation<Input, Output>).end);
    let advanced = false;
    for (; frame.candidate < count; frame.candidate++) {
      const i = frame.candidate;
      const op = ops[i] as Operation<Input, Output>;
      if (op.call > horizon) break;
      if (done[i]) continue;
      const next = model.step(frame.state, op.input, op.output);
      if (next === 'impossible') continue;
      done[i] = 1;
      const mark = `${done.join('')}/${model.key(next.state)}`;
      if (seen.has(mark)) {
        done[i] = 0;
        continue;
      }
      seen.add(mark);
      frame.candidate++;
      if (op.output !== undefined) needed--;
      stack.push({ state: next.state, candidate: 0, taken: i });
      advanced = true;
      break;
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
