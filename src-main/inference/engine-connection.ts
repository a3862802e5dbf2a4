import type { z } from 'zod';
import { fail, ok, type Result } from '../../src-shared/result.ts';
import type { SpawnEngine } from './engine-process.ts';
import {
  engineAnswerSchemas,
  engineReplySchema,
  type EngineAnswer,
  type EngineRequest,
} from './engine/messages.ts';

export type Outcome<T extends EngineRequest['type']> =
  | { kind: 'answered'; result: Result<EngineAnswer<T>> }
  /** The process ended, or was ended because it did not answer in time. */
  | { kind: 'ended'; detail: string };

/** One engine process that came up and listens. */
export interface EngineConnection {
  readonly ended: boolean;
  /** Asks and waits at most `timeoutMs`; an engine that says nothing for so long is ended. */
  request<R extends EngineRequest>(request: R, timeoutMs: number): Promise<Outcome<R['type']>>;
  kill(reason: string): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<string>;
}

/**
 * Starts an engine process and waits until it listens. The process ends when `closing` aborts, at any time.
 * Errors: `engine-unavailable` when it ends or says nothing before that.
 */
export async function connectEngine(
  spawn: SpawnEngine,
  startTimeoutMs: number,
  closing?: AbortSignal,
): Promise<Result<EngineConnection>> {
  if (closing?.aborted) return fail('engine-unavailable', {}, 'The application is closing.');
  let process: ReturnType<SpawnEngine>;
  try {
    process = spawn();
  } catch (error) {
    return fail(
      'engine-unavailable',
      {},
      `The engine could not be started: ${(error as Error).message}`,
    );
  }
  const waiting = new Map<number, (reply: { result: unknown } | { ended: string }) => void>();
  let nextId = 1;
  let ended = false;
  let killedFor = '';
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  let isGone: (detail: string) => void = () => {};
  const gone = new Promise<string>((resolve) => (isGone = resolve));

  process.onMessage((message) => {
    const reply = engineReplySchema.safeParse(message);
    if (!reply.success) return kill(`it said something unknown: ${reply.error.message}`);
    if (reply.data.type === 'ready') return isReady();
    waiting.get(reply.data.id)?.({ result: reply.data.result });
    waiting.delete(reply.data.id);
  });
  const close = () => kill('the application is closing');
  closing?.addEventListener('abort', close, { once: true });
  process.onExit((how) => {
    ended = true;
    closing?.removeEventListener('abort', close);
    const detail = killedFor ? `The engine was ended: ${killedFor}` : `The engine process ${how}`;
    for (const settle of waiting.values()) settle({ ended: detail });
    waiting.clear();
    isGone(detail);
  });

  function kill(reason: string): void {
    if (ended) return;
    killedFor ||= reason;
    process.kill();
  }

  const startTimer = setTimeout(
    () => kill(`it did not come up within ${startTimeoutMs / 1000} s`),
    startTimeoutMs,
  );
  const failed = await Promise.race([ready.then(() => null), gone]);
  clearTimeout(startTimer);
  if (failed !== null) return fail('engine-unavailable', {}, failed);

  return ok({
    get ended() {
      return ended;
    },
    gone,
    kill,
    async request<R extends EngineRequest>(
      request: R,
      timeoutMs: number,
    ): Promise<Outcome<R['type']>> {
      if (ended) return { kind: 'ended', detail: await gone };
      const id = nextId;
      nextId += 1;
      const reply = new Promise<{ result: unknown } | { ended: string }>((resolve) =>
        waiting.set(id, resolve),
      );
      process.send({ id, request });
      const timer = setTimeout(
        () => kill(`no answer to "${request.type}" within ${timeoutMs / 1000} s`),
        timeoutMs,
      );
      const settled = await reply;
      clearTimeout(timer);
      if ('ended' in settled) return { kind: 'ended', detail: settled.ended };
      return {
        kind: 'answered',
        result: checkedAnswer<R['type']>(request.type, settled.result as Result<unknown>),
      };
    },
  });
}

function checkedAnswer<T extends EngineRequest['type']>(
  type: T,
  result: Result<unknown>,
): Result<EngineAnswer<T>> {
  if (!result.ok) return result;
  const schema: z.ZodType = engineAnswerSchemas[type];
  const value = schema.safeParse(result.value);
  if (value.success) return ok<EngineAnswer<T>>(value.data as EngineAnswer<T>);
  return fail(
    'internal',
    {},
    `The engine's answer to "${type}" is not as agreed: ${value.error.message}`,
  );
}
