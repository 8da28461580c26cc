// Ports by number or by the name a container gave them.

import type { Container } from '../../api/generated/types.ts';

/** The number, or undefined if no port of that name exists or the number is none. */
export function resolvePort(container: Container, port: number | string | undefined): number | undefined {
  if (port === undefined) return undefined;
  const named =
    typeof port === 'string' ? container.ports?.find((candidate) => candidate.name === port)?.containerPort : undefined;
  const number = named ?? Number(port);
  return Number.isInteger(number) && number > 0 && number < 65536 ? number : undefined;
}
