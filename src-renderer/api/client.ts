import { createORPCClient, DynamicLink } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { contract } from '../../src-shared/contract/index.ts';
import { link } from './connection.ts';

/** Everything that main can be asked, typed by the contract. */
export const api: ContractRouterClient<typeof contract> = createORPCClient(new DynamicLink(() => link()));

/** URL of a byte route (`/volume/…`, `/mask/…`, `/thumbnail/…`): same origin in both hosts. */
export const bytesUrl = (path: string): string => new URL(path, location.origin === 'null' ? location.href : location.origin).href;
