import { os } from './implementer.ts';

const area = os.segmentation;

export const segmentationApi = {
  state: area.state.handler(({ context, input }) => context.app.segmentation.state(input.seriesId)),
  changes: area.changes.handler(({ context, input, signal }) =>
    context.app.segmentation.changes(input.seriesId, signal),
  ),
  addSegment: area.addSegment.handler(({ context, input }) => context.app.segmentation.addSegment(input)),
  updateSegment: area.updateSegment.handler(({ context, input }) =>
    context.app.segmentation.updateSegment(input),
  ),
  removeSegment: area.removeSegment.handler(({ context, input }) =>
    context.app.segmentation.removeSegment(input.segmentId),
  ),
  preview: area.preview.handler(({ context, input, signal }) =>
    context.app.segmentation.preview(input, signal),
  ),
  segment: area.segment.handler(({ context, input }) => context.app.segmentation.segment(input)),
  removeMask: area.removeMask.handler(({ context, input }) =>
    context.app.segmentation.removeMask(input.maskId),
  ),
  undo: area.undo.handler(({ context, input }) => context.app.segmentation.undo(input.seriesId)),
  redo: area.redo.handler(({ context, input }) => context.app.segmentation.redo(input.seriesId)),
  modelView: area.modelView.handler(({ context, input }) => context.app.segmentation.modelView(input)),
  prefetch: area.prefetch.handler(({ context, input }) => context.app.segmentation.prefetch(input)),
};
