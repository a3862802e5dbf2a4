import { expect, it } from 'vitest';
import { sessionOptions } from './sessions.ts';

it('an optimised graph is loaded as it is on the CPU, and optimised for every other provider', () => {
  const levels = [
    sessionOptions('cpu', { optimised: true }),
    sessionOptions('cpu', { optimised: false }),
    sessionOptions('cpu'),
    sessionOptions('webgpu', { optimised: true }),
  ].map(({ graphOptimizationLevel }) => graphOptimizationLevel);
  expect(levels).toEqual(['disabled', 'all', 'all', 'all']);
});
