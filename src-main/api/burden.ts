import { os } from './implementer.ts';

export const burdenApi = {
  table: os.burden.table.handler(({ context, input }) => context.app.burden.table(input.patientId)),
  linkLesion: os.burden.linkLesion.handler(({ context, input }) =>
    context.app.segmentation.linkLesion(input.segmentId, input.lesionId, input.nameLanguage),
  ),
};
