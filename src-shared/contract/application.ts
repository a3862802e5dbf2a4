import { oc } from '@orpc/contract';
import { z } from 'zod';

export const applicationContract = {
  about: oc.output(
    z.object({
      version: z.string(),
      host: z.enum(['desktop', 'browser', 'cli']),
      libraryPath: z.string(),
      platform: z.string(),
      nodeVersion: z.string(),
    }),
  ),
  /** The last lines of the log, the newest last. */
  log: oc
    .input(z.object({ lines: z.number().int().positive().max(2000).default(200) }))
    .output(z.array(z.object({ time: z.string(), level: z.string(), area: z.string(), text: z.string() }))),
};
