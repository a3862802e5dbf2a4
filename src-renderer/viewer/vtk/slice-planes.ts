import type vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction';
import vtkImageMapper from '@kitware/vtk.js/Rendering/Core/ImageMapper';
import { SlicingMode } from '@kitware/vtk.js/Rendering/Core/ImageMapper/Constants';
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice';
import type vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer';
import type { Vec3, VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { Voxels } from '../voxels.ts';
import { worldImage } from './world-image.ts';

const modes = [SlicingMode.I, SlicingMode.J, SlicingMode.K] as const;

/** The three shown slices as pictures in space; what the window shows black is left out, so that lesions stay in sight. */
export class SlicePlanes {
  readonly #image: vtkImageData;
  readonly #renderer: vtkRenderer;
  readonly #range: readonly [number, number];
  readonly #grey = vtkColorTransferFunction.newInstance();
  readonly #opaque = vtkPiecewiseFunction.newInstance();
  readonly #slices: { actor: vtkImageSlice; mapper: vtkImageMapper }[];

  constructor(
    source: { voxels: Voxels; geometry: VolumeGeometry; channels: 1 | 3; valueRange: readonly [number, number] },
    renderer: vtkRenderer,
  ) {
    this.#renderer = renderer;
    this.#range = source.valueRange;
    this.#image = worldImage(source.geometry, source.voxels, source.channels, source.valueRange);
    this.#slices = modes.map((mode) => {
      const mapper = vtkImageMapper.newInstance();
      mapper.setInputData(this.#image);
      mapper.setSlicingMode(mode);
      const actor = vtkImageSlice.newInstance();
      actor.setMapper(mapper);
      const property = actor.getProperty();
      property.setIndependentComponents(false); // only so is the opacity function asked
      property.setRGBTransferFunction(0, this.#grey);
      property.setPiecewiseFunction(0, this.#opaque);
      property.setUseLookupTableScalarRange(false);
      renderer.addActor(actor);
      return { actor, mapper };
    });
  }

  show(visible: boolean): void {
    for (const { actor } of this.#slices) actor.setVisibility(visible);
  }

  set(cursor: Readonly<Vec3>, { level, width }: Window, inverted: boolean): void {
    const [low, high] = inverted ? [1, 0] : [0, 1];
    this.#grey.removeAllPoints();
    this.#grey.addRGBPoint(0, low, low, low);
    this.#grey.addRGBPoint(1, high, high, high);
    const edge = level - width / 2 + width * 0.04;
    this.#opaque.removeAllPoints();
    this.#opaque.addPoint(Math.min(this.#range[0], edge - width), 0);
    this.#opaque.addPoint(edge, 0);
    this.#opaque.addPoint(edge + width * 1e-3, 1);
    this.#opaque.addPoint(Math.max(this.#range[1], edge + width), 1);
    this.#slices.forEach(({ actor, mapper }, axis) => {
      mapper.setSlice(cursor[axis]!);
      actor.getProperty().setColorLevel(level);
      actor.getProperty().setColorWindow(width);
    });
  }

  dispose(): void {
    for (const { actor, mapper } of this.#slices) {
      this.#renderer.removeActor(actor);
      actor.delete();
      mapper.delete();
    }
    this.#image.delete();
  }
}
