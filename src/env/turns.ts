// Turns of a program that does its work in slices and has a thread to itself, such as an emulator's worker.

/**
 * Calls `turn` with the last token asked for: in the thread's next turn if the delay (milliseconds) is under 1, else when it is over. Asking again
 * replaces what was asked before. A message to oneself is the quickest turn there is: it is not clamped to 4 ms as timers are, and no thread is woken.
 */
export function createTurns(turn: (token: number) => void): (delay: number, token: number) => void {
  const { port1, port2 } = new MessageChannel();
  let timer: ReturnType<typeof setTimeout> | undefined;
  port1.onmessage = ({ data }: MessageEvent<number>) => turn(data);
  return (delay, token) => {
    clearTimeout(timer);
    if (delay < 1) port2.postMessage(token);
    else timer = setTimeout(turn, delay, token);
  };
}
