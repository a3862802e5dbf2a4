import { disposable } from './disposable.ts';
import { os } from './implementer.ts';

export const libraryApi = {
  list: os.library.list.handler(({ context, input }) => context.app.library.list(input)),
  patient: os.library.patient.handler(({ context, input }) => context.app.library.patient(input.patientId)),
  open: os.library.open.handler(({ context, input }) => context.app.library.open(input.seriesId)),
  deletionPreview: os.library.deletionPreview.handler(({ context, input }) =>
    context.app.library.deletionPreview(input.level, input.id),
  ),
  remove: os.library.remove.handler(({ context, input }) => context.app.library.remove(input.level, input.id)),
  size: os.library.size.handler(({ context }) => context.app.library.size()),
  addSamplePatient: os.library.addSamplePatient.handler(({ context }) => context.app.addSamplePatient()),
  changes: os.library.changes.handler(({ context, signal }) => disposable(context.app.library.changes(signal))),
};
