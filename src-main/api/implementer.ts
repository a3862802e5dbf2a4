import { implement } from '@orpc/server';
import { contract } from '../../src-shared/contract/index.ts';
import type { App } from '../app.ts';

/**
 * The contract with the application as its context. Input and output are checked by the contract's
 * schemas; what a service throws in spite of its `Result` is a defect: it is logged here and crosses
 * as an internal error without details.
 */
export const os = implement(contract)
  .$context<{ app: App }>()
  .use(async ({ context, next, path, signal }) => {
    try {
      return await next();
    } catch (error) {
      if (!signal?.aborted) {
        context.app.log.error('api', path.join('.'), { reason: String(error) });
      }
      throw error;
    }
  });
