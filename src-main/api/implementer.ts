import { implement } from '@orpc/server';
import { contract } from '../../src-shared/contract/index.ts';
import type { App } from '../app.ts';
import type { WindowUploads } from './window-uploads.ts';

export interface ApiContext {
  app: App;
  /** Where windows upload files: those of the window that asks. */
  uploads?: WindowUploads;
}

/**
 * The contract with the application as its context. Input and output are checked by the contract's
 * schemas; what a service throws in spite of its `Result` is a defect: it is logged here and crosses
 * as an internal error without details.
 */
export const os = implement(contract)
  .$context<ApiContext>()
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
