// How a failed command ends: which text goes to stderr and which exit code follows, as kubectl's own CheckErr decides.

import type { Json } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';

/** An error printed as "error: <message>". */
export class CliError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A wrong call of a command: the message, then where to read how to call it. */
export class UsageError extends CliError {
  readonly commandPath: string;
  constructor(commandPath: string, message: string) {
    super(message);
    this.commandPath = commandPath;
  }
}

/** Printed to stderr as it stands, nothing put before it. An empty message prints nothing. */
export class PlainError extends CliError {}

/** Several errors of one run, each on its own line. */
export class AggregateCliError extends CliError {
  readonly errors: unknown[];
  constructor(errors: unknown[]) {
    super('several errors');
    this.errors = errors;
  }
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface Status {
  kind?: string;
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: StatusCause[];
    retryAfterSeconds?: number;
  };
  metadata?: Json;
}

/** An API server's refusal. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? 'unknown');
    this.status = status;
  }
  get reason(): string {
    return this.status.reason ?? '';
  }
}

export const isReason = (error: unknown, reason: string): error is StatusError =>
  error instanceof StatusError && error.reason === reason;

export const isNotFound = (error: unknown): error is StatusError => isReason(error, 'NotFound');

/** Puts "error when <verb> <source>: " before the message, keeping the kind of error (upstream AddSourceToErr). */
export function withSource(verb: string, source: string | undefined, error: unknown): unknown {
  if (!source) return error;
  if (error instanceof StatusError) {
    return new StatusError({
      ...error.status,
      message: `error when ${verb} ${JSON.stringify(source)}: ${error.status.message ?? ''}`,
    });
  }
  return new CliError(`error when ${verb} ${JSON.stringify(source)}: ${messageOf(error)}`);
}

/** Runs `work`, naming `source` in what it throws. */
export async function sourced<T>(verb: string, source: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withSource(verb, source, error);
  }
}

function invalidText(status: Status): string {
  const { details } = status;
  if (!details) return `The request is invalid: ${status.message ?? ''}`;
  let text = 'The request is invalid';
  const causes = details.causes ?? [];
  if (details.kind || details.name) text = `The ${details.kind ?? ''} ${JSON.stringify(details.name ?? '')} is invalid`;
  else if (status.message && causes.length === 0) text = `${text}: ${status.message}`;
  const lines = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
  if (lines.length === 0) return text;
  if (lines.length === 1) return `${text}: ${lines[0]}`;
  return `${text}: \n${lines.map((line) => `* ${line}`).join('\n')}`;
}

/** The text of a server or transport error, or undefined for errors of kubectl itself. */
function standardText(error: unknown): string | undefined {
  if (error instanceof StatusError) {
    const { reason, message } = error.status;
    if (reason === 'Unauthorized') return `error: You must be logged in to the server (${message ?? ''})`;
    return reason ? `Error from server (${reason}): ${message ?? ''}` : `Error from server: ${message ?? ''}`;
  }
  return undefined;
}

/** What stderr shows for an error, with its final newline, and the exit code. */
export function renderError(error: unknown): { text: string; exitCode: number } {
  const line = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  if (error instanceof AggregateCliError) {
    const texts = error.errors.map((each) => line(standardText(each) ?? messageOf(each)));
    return { text: texts.join(''), exitCode: 1 };
  }
  if (error instanceof StatusError && error.reason === 'Invalid') {
    return { text: line(invalidText(error.status)), exitCode: 1 };
  }
  const standard = standardText(error);
  if (standard !== undefined) return { text: line(standard), exitCode: 1 };
  if (error instanceof PlainError) return { text: line(error.message), exitCode: error.exitCode };
  if (error instanceof UsageError) {
    const text = `error: ${error.message}\nSee '${error.commandPath} -h' for help and examples`;
    return { text: line(text), exitCode: error.exitCode };
  }
  const message = messageOf(error);
  const text = message.startsWith('error: ') ? message : `error: ${message}`;
  return { text: line(text), exitCode: error instanceof CliError ? error.exitCode : 1 };
}

/** Throws one error, or all of them together; nothing for none. */
export function throwAll(errors: unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateCliError(errors);
}
