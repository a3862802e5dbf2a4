import type { Log } from './log.ts';

/** A logger of one area with the details first, as services take it. */
export interface AreaLogger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}

/** Only plain values go into the log; of an error its kind and message, as the log holds no patient data. */
function facts(details: object): Record<string, string | number | boolean | null> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]: [string, unknown]) => {
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
        return [key, value];
      if (value instanceof Error) return [key, `${value.name}: ${value.message}`];
      return [key, JSON.stringify(value) ?? 'undefined'];
    }),
  ) as Record<string, string | number | boolean | null>;
}

/** The log seen from one area. */
export function areaLogger(log: Log, area: string): AreaLogger {
  return {
    info: (details, text) => log.info(area, text, facts(details)),
    warn: (details, text) => log.warn(area, text, facts(details)),
    error: (details, text) => log.error(area, text, facts(details)),
  };
}
