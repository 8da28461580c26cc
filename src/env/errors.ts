// What is said of something that was thrown.

/** The message of an error; of anything else, itself as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
