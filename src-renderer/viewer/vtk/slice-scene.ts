import '@kitware/vtk.js/Rendering/Profiles/Volume';
import '@kitware/vtk.js/Rendering/Misc/RenderingAPIs';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray';
import vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction';
import vtkImageMapper from '@kitware/vtk.js/Rendering/Core/ImageMapper';
import vtkImageSlice from '@kitware/vtk.js/Rendering/Core/ImageSlice';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow';
import { SlicingMode } from '@kitware/vtk.js/Rendering/Core/ImageMapper/Constants';
import { InterpolationType } from '@kitware/vtk.js/Rendering/Core/ImageProperty/Constants';
import { axisNumber, inSliceAxes } from '../../../src-shared/geometry/planes.ts';
import type { SliceAxis } from '../../../src-shared/geometry/planes.ts';
import type { Vec3 } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Window } from '../../../src-shared/window.ts';
import type { PaneLayout } from '../pane-transform.ts';
import type { Voxels } from '../voxels.ts';

/** The OpenGL side of a render window; its typings leave these out. */
interface GlView {
  setSize(width: number, height: number): boolean;
  getContext(): WebGL2RenderingContext | null;
  getCanvas(): HTMLCanvasElement;
  initialize(): void;
  delete(): void;
}

const slicingModes: Record<SliceAxis, SlicingMode> = {
  i: SlicingMode.I,
  j: SlicingMode.J,
  k: SlicingMode.K,
};

export interface SceneVolume {
  voxels: Voxels;
  sizeVx: Vec3;
  spacingMm: Vec3;
  channels: 1 | 3;
  /** Range of stored values; given, so that vtk does not look at every voxel for it. */
  valueRange: readonly [number, number];
}

/**
 * All slice panes of one series: one picture and one grey scale, drawn by a small WebGL context per
 * pane. The mapper sends only the shown slice to the graphics card, so a context of its own costs a
 * pane one slice; sharing one context would mean copying every drawn frame from canvas to canvas.
 *
 * Slices are drawn in lattice space (index × spacing, without origin and direction): a slice always
 * lies on the stored lattice, so this is the same picture for every orientation, exact far from the
 * scanner's origin, and a pixel's place on screen follows `sliceToPane` to the last bit. Which way
 * up it is shown is the camera's part.
 */
export class SliceScene {
  readonly #image: vtkImageData;
  readonly #grey = vtkColorTransferFunction.newInstance();
  readonly #opaque = vtkPiecewiseFunction.newInstance();
  readonly #panes = new Set<SlicePane>();
  readonly volume: SceneVolume;

  constructor(volume: SceneVolume) {
    this.volume = volume;
    const scalars = vtkDataArray.newInstance({
      name: 'values',
      numberOfComponents: volume.channels,
      values: volume.voxels,
    });
    const [min, max] = volume.valueRange;
    for (let c = 0; c <= volume.channels; c++) scalars.setRange({ min, max }, c);
    this.#image = vtkImageData.newInstance();
    this.#image.setDimensions(volume.sizeVx);
    this.#image.setSpacing(volume.spacingMm);
    this.#image.getPointData().setScalars(scalars);
    this.#opaque.addPoint(min, 1);
    this.#opaque.addPoint(max > min ? max : min + 1, 1);
    this.invert(false);
  }

  /**
   * Throws when the browser gives no WebGL 2 context. `onLost` is called when the driver takes the
   * context away later (a sleeping laptop, a driver update); the pane is of no more use then.
   */
  addPane(axis: SliceAxis, canvas: HTMLCanvasElement, onLost: () => void): SlicePane {
    const pane = new SlicePane(axis, canvas, this.#image, this.volume, onLost);
    pane.useTransferFunctions(this.#grey, this.#opaque);
    this.#panes.add(pane);
    return pane;
  }

  removePane(pane: SlicePane): void {
    if (this.#panes.delete(pane)) pane.dispose();
  }

  /** Bright becomes dark. */
  invert(inverted: boolean): void {
    this.#grey.removeAllPoints();
    const [low, high] = inverted ? [1, 0] : [0, 1];
    this.#grey.addRGBPoint(0, low, low, low);
    this.#grey.addRGBPoint(1, high, high, high);
    for (const pane of this.#panes) pane.touch();
  }

  /** To be called after voxels were written in place. */
  voxelsChanged(): void {
    this.#image.modified();
  }

  dispose(): void {
    for (const pane of [...this.#panes]) this.removePane(pane);
    this.#image.delete();
  }
}

export class SlicePane {
  readonly axis: SliceAxis;
  readonly #window = vtkRenderWindow.newInstance();
  readonly #view: GlView;
  readonly #renderer = vtkRenderer.newInstance({ background: [0, 0, 0] });
  readonly #mapper = vtkImageMapper.newInstance();
  readonly #actor = vtkImageSlice.newInstance();
  readonly #volume: SceneVolume;
  readonly #onLost: () => void;
  readonly #farMm: number;

  constructor(
    axis: SliceAxis,
    canvas: HTMLCanvasElement,
    image: vtkImageData,
    volume: SceneVolume,
    onLost: () => void,
  ) {
    this.axis = axis;
    this.#volume = volume;
    this.#onLost = onLost;
    // The first call decides the attributes; vtk then gets this context.
    const context = canvas.getContext('webgl2', {
      alpha: false,
      antialias: false,
      powerPreference: 'high-performance',
    });
    if (!context) throw new Error('webgl2');
    this.#view = this.#window.newAPISpecificView('WebGL', { canvas }) as unknown as GlView;
    this.#window.addView(this.#view);
    this.#window.addRenderer(this.#renderer);
    this.#view.initialize();
    canvas.addEventListener('webglcontextlost', onLost);
    this.#mapper.setInputData(image);
    this.#mapper.setSlicingMode(slicingModes[axis]);
    this.#actor.setMapper(this.#mapper);
    this.#renderer.addActor(this.#actor);
    this.#farMm = Math.hypot(...volume.sizeVx.map((n, a) => n * volume.spacingMm[a]!)) + 10;
    this.#renderer.getActiveCamera().setParallelProjection(true);
  }

  useTransferFunctions(grey: vtkColorTransferFunction, opaque: vtkPiecewiseFunction): void {
    const property = this.#actor.getProperty();
    property.setIndependentComponents(this.#volume.channels === 1);
    property.setRGBTransferFunction(0, grey);
    property.setPiecewiseFunction(0, opaque);
    property.setUseLookupTableScalarRange(false);
  }

  setWindow({ level, width }: Window): void {
    this.#actor.getProperty().setColorLevel(level);
    this.#actor.getProperty().setColorWindow(width);
  }

  setInterpolation(linear: boolean): void {
    const type = linear ? InterpolationType.LINEAR : InterpolationType.NEAREST;
    this.#actor.getProperty().setInterpolationType(type);
  }

  touch(): void {
    this.#actor.getProperty().modified();
  }

  /** Size in device pixels; empties the picture. */
  resize(width: number, height: number): void {
    this.#view.setSize(width, height);
  }

  /** Draws the slice; the camera is set so that it agrees with `sliceToPane(layout)`. */
  render(sliceIndex: number, layout: PaneLayout): void {
    const { frame, view, paneCss } = layout;
    this.#mapper.setSlice(sliceIndex);
    const spacing = this.#volume.spacingMm;
    const [ax, ay] = inSliceAxes(this.axis);
    const focal: Vec3 = [0, 0, 0];
    focal[ax] = (view.centrePx[0] - 0.5) * spacing[ax];
    focal[ay] = (view.centrePx[1] - 0.5) * spacing[ay];
    focal[axisNumber[this.axis]] = sliceIndex * spacing[axisNumber[this.axis]];
    const right: Vec3 = [0, 0, 0];
    right[frame.right.axis] = frame.right.flipped ? -1 : 1;
    const up: Vec3 = [0, 0, 0];
    up[frame.down.axis] = frame.down.flipped ? 1 : -1;
    const towards: Vec3 = [
      right[1] * up[2] - right[2] * up[1],
      right[2] * up[0] - right[0] * up[2],
      right[0] * up[1] - right[1] * up[0],
    ];
    const camera = this.#renderer.getActiveCamera();
    camera.setFocalPoint(...focal);
    camera.setPosition(
      focal[0] + towards[0] * this.#farMm,
      focal[1] + towards[1] * this.#farMm,
      focal[2] + towards[2] * this.#farMm,
    );
    camera.setViewUp(up);
    camera.setParallelScale(paneCss[1] / (2 * view.cssPerMm));
    // Fixed: a range reset to the bounds of the first slice would cut off every other one.
    camera.setClippingRange(0.1, 2 * this.#farMm);
    this.#window.render();
  }

  dispose(): void {
    releaseContext(this.#view, this.#onLost);
    this.#view.delete();
    this.#window.delete();
    this.#renderer.delete();
    this.#mapper.delete();
    this.#actor.delete();
  }
}

/** Gives a context back at once; a browser keeps only some sixteen until its memory is collected. */
export function releaseContext(
  view: Pick<GlView, 'getCanvas' | 'getContext'>,
  onLost: () => void,
): void {
  view.getCanvas().removeEventListener('webglcontextlost', onLost);
  view.getContext()?.getExtension('WEBGL_lose_context')?.loseContext();
}

/** The graphics card as the driver calls it; "SwiftShader" or "llvmpipe" mean that there is none. */
export function glRendererName(gl: WebGL2RenderingContext | null): string {
  if (!gl) return '';
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

export const isSoftwareRenderer = (name: string): boolean =>
  /swiftshader|llvmpipe|softpipe|software|microsoft basic render/i.test(name);
