// Why a container could not be started: the reason that Pod.status shows as `waiting`, and when to try again.

export class StartError extends Error {
  /** "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError". */
  readonly reason: string;
  /** Cluster ms until another attempt makes sense; undefined: the usual wait. */
  readonly retryAfter: number | undefined;

  /** The same failure as before, seen again: no Event about it. */
  readonly repeated: boolean;

  constructor(reason: string, message: string, retryAfter?: number, repeated = false) {
    super(message);
    this.name = 'StartError';
    this.reason = reason;
    this.retryAfter = retryAfter;
    this.repeated = repeated;
  }
}

/** Records an Event about one container. */
export type ContainerEvents = (type: 'Normal' | 'Warning', reason: string, message: string) => void;
