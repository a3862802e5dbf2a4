/**
 * Fills `{name}` placeholders of a message. The syntax is that of vue-i18n's named interpolation,
 * so the same catalogue serves the window, the command line and the log.
 * An unknown placeholder stays visible rather than vanishing.
 */
export function formatMessage(template: string, params: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}
