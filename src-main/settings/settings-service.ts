import {
  settingsChangeSchema, settingsSchema, type Settings, type SettingsChange,
} from '../../src-shared/contract/settings.ts'; // prettier-ignore
import { type Db, writeTransaction } from '../library/database.ts';
import { settings } from '../library/schema/index.ts';

export interface SettingsService {
  get(): Settings;
  /** Changes what is given and returns all settings. */
  update(change: SettingsChange): Settings;
}

/** Settings live in the library, so that window and command line agree on them. */
export function createSettingsService(db: Db): SettingsService {
  const get = (): Settings => {
    const rows = db.select().from(settings).all();
    const stored = Object.fromEntries(rows.map((row) => [row.key, row.value]));
    const whole = settingsSchema.safeParse(stored);
    if (whole.success) return whole.data;
    // A value that does not fit (another version wrote it) falls back to its default, alone.
    for (const issue of whole.error.issues) delete stored[String(issue.path[0])];
    return settingsSchema.parse(stored);
  };
  return {
    get,
    update: (change) => {
      const checked = Object.entries(settingsChangeSchema.parse(change));
      writeTransaction(db, (tx) => {
        for (const [key, value] of checked) {
          if (value === undefined) continue;
          tx.insert(settings)
            .values({ key, value })
            .onConflictDoUpdate({ target: settings.key, set: { value } })
            .run();
        }
      });
      return get();
    },
  };
}
