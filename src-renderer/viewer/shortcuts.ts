/**
 * Every key of the viewer, in one table: the handler looks actions up here, and the sheet behind
 * `?` shows it. `key` is `KeyboardEvent.key` (letters in lower case). `labelKey` is a locale key.
 */
export interface Shortcut {
  action: ViewerAction;
  key: string;
  ctrl?: boolean;
  shift?: boolean;
  labelKey: string;
}

export type ViewerAction =
  | 'tool-window' | 'tool-crosshair' | 'tool-ruler' | 'tool-box'
  | 'slice-up' | 'slice-down' | 'slice-up-10' | 'slice-down-10' | 'slice-top' | 'slice-bottom'
  | 'fit' | 'reset' | 'invert' | 'interpolation' | 'maximise' | 'toggle-masks' | 'toggle-crosshair'
  | 'nudge-left' | 'nudge-right' | 'nudge-up' | 'nudge-down'
  | 'remove' | 'cancel' | 'undo' | 'redo' | 'new-segment'
  | `preset-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`; // prettier-ignore

const entry = (action: ViewerAction, key: string, extra: Partial<Shortcut> = {}): Shortcut => ({
  action,
  key,
  labelKey: `viewer.shortcuts.${action}`,
  ...extra,
});

export const shortcuts: readonly Shortcut[] = [
  entry('tool-box', 'b'),
  entry('tool-window', 'w'),
  entry('tool-crosshair', 'c'),
  entry('tool-ruler', 'r'),
  entry('new-segment', 'n'),
  entry('slice-up', 'ArrowUp'),
  entry('slice-down', 'ArrowDown'),
  entry('slice-up-10', 'PageUp'),
  entry('slice-down-10', 'PageDown'),
  entry('slice-top', 'Home'),
  entry('slice-bottom', 'End'),
  entry('fit', 'f'),
  entry('reset', '0'),
  entry('maximise', 'm'),
  entry('invert', 'i'),
  entry('interpolation', 'l'),
  entry('toggle-masks', 's'),
  entry('toggle-crosshair', 'x'),
  ...([1, 2, 3, 4, 5, 6, 7, 8] as const).map((n) =>
    entry(`preset-${n}`, String(n), { labelKey: 'viewer.shortcuts.preset' }),
  ),
  entry('remove', 'Delete'),
  entry('remove', 'Backspace'),
  entry('cancel', 'Escape'),
  entry('undo', 'z', { ctrl: true }),
  entry('redo', 'z', { ctrl: true, shift: true }),
  entry('redo', 'y', { ctrl: true }),
  entry('nudge-left', 'ArrowLeft', { labelKey: 'viewer.shortcuts.nudge' }),
  entry('nudge-right', 'ArrowRight', { labelKey: 'viewer.shortcuts.nudge' }),
  // Up and down scroll; with a selected box they move it (the handler decides).
];

/** The action of a key press; null when the table has none. Command counts as Ctrl on a Mac. */
export function actionOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): ViewerAction | null {
  if (event.altKey) return null;
  const ctrl = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = shortcuts.find(
    (s) =>
      s.key === key &&
      !!s.ctrl === ctrl &&
      // Shift changes the step of a nudge, so it only tells apart the entries that name it.
      (ctrl ? !!s.shift === event.shiftKey : true),
  );
  return found?.action ?? null;
}
