// The Common Expression Language with Kubernetes' libraries (v1.36): compile an expression against an environment, know what it may cost, run it.
//
// Large enough to be loaded only when an expression is met: import this module dynamically. No code is generated from text, so it runs under a CSP
// without unsafe-eval.

import { check } from './checker.ts';
import { estimateCost } from './cost.ts';
import { type Environment, functionTable } from './environment.ts';
import { authorizerFunctions } from './functions/authorizer.ts';
import { kubernetesFunctions } from './functions/kubernetes.ts';
import { listFunctions } from './functions/lists.ts';
import { networkFunctions } from './functions/network.ts';
import { standard } from './functions/standard.ts';
import { stringFunctions } from './functions/strings.ts';
import { compileProgram, type Outcome } from './interpreter.ts';
import { parse } from './parser.ts';
import type { Type } from './types.ts';
import type { Value } from './values.ts';

export type { Environment } from './environment.ts';
export type { Outcome } from './interpreter.ts';
export { CompileError } from './lexer.ts';

/** Limits of one call, and of all rules over one object (apiserver/pkg/apis/cel). */
export const perCallLimit = 1_000_000;
export const runtimeBudget = 10_000_000;
export const matchConditionsBudget = 2_500_000;

const functions = functionTable(
  standard,
  stringFunctions,
  listFunctions,
  networkFunctions,
  kubernetesFunctions,
  authorizerFunctions,
);

/** An environment of Kubernetes' functions and these variables. */
export const environmentOf = (
  variables: Iterable<readonly [string, Type]>,
  structs?: Environment['structs'],
): Environment => ({
  variables: new Map(variables),
  functions,
  ...(structs && { structs }),
});

export interface Compiled {
  type: Type;
  /** The most it can cost; Infinity if nothing bounds it. */
  maxCost: number;
  /** Variables that it names. */
  references: ReadonlySet<string>;
  run(variables: (name: string) => Value | undefined, limit?: number): Outcome;
}

/** Throws a CompileError. */
export function compile(source: string, environment: Environment): Compiled {
  const checked = check(source, parse(source), environment);
  const program = compileProgram(checked.expr, environment);
  return {
    type: checked.type,
    maxCost: estimateCost(checked),
    references: checked.references,
    run: (variables, limit = perCallLimit) => program(variables, limit),
  };
}
