// kubectl taint: key=value:effect puts a taint on nodes, key:effect- or key- takes it off.

import type { Taint } from '../../api/generated/types.ts';
import { isQualifiedName, isValidLabelValue } from '../../api/names.ts';
import { messageOf } from '../../env/errors.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool } from '../cli/flags.ts';
import { asJson, at, clone, put } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, selectorFlag } from '../resource/builder.ts';
import { fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function parse(spec: string): { taint: Taint; remove: boolean } {
  const remove = spec.endsWith('-');
  const text = remove ? spec.slice(0, -1) : spec;
  const match = /^([^=:]+)(?:=([^:]*))?(?::(.*))?$/.exec(text);
  if (!match || (!remove && !match[3])) throw new CliError(`invalid taint spec: ${spec}`);
  const [, key = '', value, effect = ''] = match;
  const wrong = isQualifiedName(key);
  if (wrong.length > 0) throw new CliError(`invalid taint spec: ${spec}, ${wrong.join('; ')}`);
  const wrongValue = isValidLabelValue(value ?? '');
  if (wrongValue.length > 0) throw new CliError(`invalid taint spec: ${spec}, ${wrongValue.join('; ')}`);
  if (effect && !effects.includes(effect))
    throw new CliError(`invalid taint effect: ${effect}, unsupported taint effect`);
  return { taint: { key, ...(value ? { value } : {}), effect } as Taint, remove };
}

export const command: Command = {
  use: 'taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N',
  short: 'Update the taints on one or more nodes',
  examples: ['kubectl taint nodes node-1 dedicated=special-user:NoSchedule', 'kubectl taint nodes node-1 dedicated-'],
  arguments: 'resource',
  flags: [
    ...printFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-taint'),
    selectorFlag,
    bool('all', 'Select all nodes in the cluster'),
    bool('overwrite', 'Allow taints to be overwritten.'),
  ],
  async run({ kube, flags, args, usage }) {
    const first = args.findIndex((arg) => /[=:]|-$/.test(arg) && !/^nodes?\//.test(arg));
    const targets = first < 0 ? args : args.slice(0, first);
    const specs = first < 0 ? [] : args.slice(first);
    if (targets.length === 0) throw new CliError('one or more resources must be specified as <resource> <name>');
    if (specs.length === 0) throw new CliError('at least one taint update is required');
    if (!/^(nodes?|no)(\/.*)?$/.test(targets[0]!))
      throw new CliError(`invalid resource type ${targets[0]}, only [node] are supported`);
    let changes: { taint: Taint; remove: boolean }[];
    try {
      changes = specs.map(parse);
    } catch (error) {
      throw usage(messageOf(error));
    }
    const add = changes.filter((each) => !each.remove).map((each) => each.taint);
    const remove = changes.filter((each) => each.remove).map((each) => each.taint);
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    const { infos, errors } = await fetchInfos(kube, {
      args: targets,
      selector: flags.string('selector'),
      all: flags.bool('all'),
      requireName: true,
    });
    for (const info of infos) {
      try {
        const before = (at(info.object, 'spec', 'taints') ?? []) as unknown as Taint[];
        const same = (a: Taint, b: Taint) => a.key === b.key && (a.effect === b.effect || b.effect === '');
        const taken = add.filter((taint) => before.some((each) => same(each, taint)));
        if (taken.length > 0 && !flags.bool('overwrite')) {
          const keys = taken.map((taint) => taint.key).join(', ');
          throw new CliError(
            `node ${info.name} already has ${keys} taint(s) with same effect(s) and --overwrite is false`,
          );
        }
        const missing = remove.filter((taint) => !before.some((each) => same(each, taint)));
        if (missing.length > 0)
          throw new CliError(
            missing
              .map(
                (taint) =>
                  `taint ${JSON.stringify(taint.effect ? `${taint.key}:${taint.effect}` : taint.key)} not found`,
              )
              .join(', '),
          );
        const kept = before.filter(
          (each) => !add.some((taint) => same(each, taint)) && !remove.some((taint) => same(each, taint)),
        );
        const taints = [...add, ...kept];
        const operation = remove.length === 0 ? 'tainted' : add.length === 0 ? 'untainted' : 'modified';
        let shown = clone(info.object);
        put(shown, ['spec', 'taints'], asJson(taints));
        if (dryRun !== 'client')
          shown = await patchObject(
            kube,
            info,
            patchTypes.merge,
            { spec: { taints: taints.length > 0 ? taints : null } },
            { dryRun, fieldManager: flags.string('field-manager') },
          );
        print(shown, operation);
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
};
