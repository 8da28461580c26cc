export const hollow: string;
export function buildsHere(facts: { arch: string; isRoot: boolean; hasApt: boolean; osRelease: string }): boolean;
export function whyNoDocker(
  docker: (args: string[]) => { error?: Error; status?: number | null; stderr?: string },
): string | undefined;
export function proxySettings(env: Record<string, string | undefined>): { env: Record<string, string>; args: string[] };
export function howItEnded(code: number): string;
