import { expect, test } from 'vitest';
import { alignTabs, describeTabs, tableTabs } from './tabwriter.ts';

test('a column is as wide as its widest cell, at least six, plus three', () => {
  expect(alignTabs('NAME\tREADY\na\t1/1\n', tableTabs)).toBe('NAME   READY\na      1/1\n');
});

test('a line without the column ends the block', () => {
  expect(alignTabs('A:\tx\nno tab\nLonger:\ty\n', describeTabs)).toBe('A:  x\nno tab\nLonger:  y\n');
});

test('remembered widths keep later rows in line', () => {
  const widths: number[] = [];
  alignTabs('NAME\tREADY\nlong-name\t1/1\n', tableTabs, widths);
  expect(alignTabs('b\t0/1\n', tableTabs, widths)).toBe('b           0/1\n');
});
