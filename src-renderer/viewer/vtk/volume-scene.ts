import '@kitware/vtk.js/Rendering/Profiles/Volume';
import '@kitware/vtk.js/Rendering/Profiles/Geometry';
import '@kitware/vtk.js/Rendering/Misc/RenderingAPIs';
import vtkDataArray from '@kitware/vtk.js/Common/Core/DataArray';
import type vtkImageData from '@kitware/vtk.js/Common/DataModel/ImageData';
import vtkPiecewiseFunction from '@kitware/vtk.js/Common/DataModel/PiecewiseFunction';
import vtkPolyData from '@kitware/vtk.js/Common/DataModel/PolyData';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor';
import vtkColorTransferFunction from '@kitware/vtk.js/Rendering/Core/ColorTransferFunction';
import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer';
import vtkRenderWindow from '@kitware/vtk.js/Rendering/Core/RenderWindow';
import vtkRenderWindowInteractor from '@kitware/vtk.js/Rendering/Core/RenderWindowInteractor';
import vtkVolume from '@kitware/vtk.js/Rendering/Core/Volume';
import vtkVolumeMapper from '@kitware/vtk.js/Rendering/Core/VolumeMapper';
import { BlendMode } from '@kitware/vtk.js/Rendering/Core/VolumeMapper/Constants';
import { indexToWorld } from '../../../src-shared/geometry/volume-geometry.ts';
import type { Vec3, VolumeGeometry } from '../../../src-shared/geometry/volume-geometry.ts';
import { coarseStep, thinned } from '../coarse-volume.ts';
import type { Surface } from '../surface.ts';
import type { VolumePreset } from '../volume-presets.ts';
import { worldImage } from './world-image.ts';
import type { Voxels } from '../voxels.ts';
import { glRendererName, isSoftwareRenderer, releaseContext } from './slice-scene.ts';
import { SlicePlanes } from './slice-planes.ts';

interface GlView {
  setContainer(element: HTMLElement | null): void;
  setSize(width: number, height: number): boolean;
  initialize(): void;
  getContext(): WebGL2RenderingContext | null;
  getCanvas(): HTMLCanvasElement;
  delete(): void;
}

/** Voxels a graphics card is given; more are thinned out first. Without a card: what draws in about a second. */
const maxVoxels = { hardware: 300e6, software: 2.5e6 };

export interface SceneSource {
  voxels: Voxels;
  geometry: VolumeGeometry;
  channels: 1 | 3;
  valueRange: readonly [number, number];
}

const hexToRgb = (hex: string): Vec3 =>
  [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16) / 255) as Vec3;

/** The patient in world coordinates (LPS mm): volume rendering, surfaces of segments, the volume's edges. */
export class VolumeScene {
  readonly software: boolean;
  readonly #window = vtkRenderWindow.newInstance();
  readonly #renderer = vtkRenderer.newInstance({ background: [0.035, 0.04, 0.045] });
  readonly #interactor = vtkRenderWindowInteractor.newInstance();
  readonly #view: GlView;
  readonly #source: SceneSource;
  readonly #surfaces = new Map<string, { actor: vtkActor; mapper: vtkMapper; data: vtkPolyData }>();
  readonly #onLost: () => void;
  /** The shown slices, as pictures in space. */
  readonly planes: SlicePlanes;
  #frame: { actor: vtkActor; mapper: vtkMapper } | null = null;
  #volume: { actor: vtkVolume; mapper: vtkVolumeMapper; image: vtkImageData } | null = null;
  readonly #radiusMm: number;
  readonly #centre: Vec3;

  /** Throws without WebGL 2; `onLost` is called when the driver takes the context away. */
  constructor(container: HTMLElement, source: SceneSource, onLost: () => void) {
    this.#source = source;
    this.#onLost = onLost;
    this.#window.addRenderer(this.#renderer);
    this.#view = this.#window.newAPISpecificView('WebGL', {}) as unknown as GlView;
    this.#window.addView(this.#view as never);
    this.#view.setContainer(container);
    this.#view.initialize();
    const canvas = this.#view.getCanvas();
    canvas.addEventListener('webglcontextlost', onLost);
    canvas.style.width = '100%';
    canvas.style.height = '100%';
    this.software = isSoftwareRenderer(glRendererName(this.#view.getContext()));
    // The volume mapper asks it whether the picture moves; its own mouse handling stays off.
    this.#interactor.setView(this.#view as never);
    this.#interactor.initialize();
    this.#interactor.setDesiredUpdateRate(this.software ? 6 : 20);
    const { sizeVx } = source.geometry;
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) =>
      indexToWorld(source.geometry, [0, 1, 2].map((a) => (n & (1 << a) ? sizeVx[a]! - 0.5 : -0.5)) as Vec3),
    );
    this.#centre = indexToWorld(source.geometry, sizeVx.map((n) => (n - 1) / 2) as Vec3);
    this.#radiusMm = Math.max(...corners.map((c) => Math.hypot(...c.map((v, a) => v - this.#centre[a]!))));
    this.#addFrame(corners);
    this.planes = new SlicePlanes(source, this.#renderer);
    this.resetCamera();
  }

  #addFrame(corners: Vec3[]): void {
    const lines = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) =>
      [1, 2, 4].flatMap((bit) => (n & bit ? [] : [2, n, n | bit])),
    );
    const data = vtkPolyData.newInstance();
    data.getPoints().setData(Float32Array.from(corners.flat()), 3);
    data.getLines().setData(Uint32Array.from(lines));
    const mapper = vtkMapper.newInstance();
    mapper.setInputData(data);
    const actor = vtkActor.newInstance();
    actor.setMapper(mapper);
    actor.getProperty().setColor(0.33, 0.38, 0.43);
    actor.getProperty().setLighting(false);
    this.#renderer.addActor(actor);
    this.#frame = { actor, mapper };
  }

  /** From the front, a little from the left and above; head up. */
  resetCamera(): void {
    const camera = this.#renderer.getActiveCamera();
    const [x, y, z] = this.#centre;
    const far = (this.#radiusMm * 1.05) / Math.sin((camera.getViewAngle() * Math.PI) / 360);
    const from: Vec3 = [0.36, -0.88, 0.31];
    camera.setFocalPoint(x, y, z);
    camera.setPosition(x + from[0] * far, y + from[1] * far, z + from[2] * far);
    camera.setViewUp(0, 0, 1);
    this.#fixRange();
  }

  #fixRange(): void {
    const camera = this.#renderer.getActiveCamera();
    const distance = Math.hypot(...camera.getPosition().map((v, a) => v - this.#centre[a]!));
    camera.setClippingRange(Math.max(distance - 2 * this.#radiusMm, 1), distance + 2 * this.#radiusMm);
  }

  /** Turns the picture by screen pixels, as if a ball of the pane's size were dragged. */
  rotate(right: number, down: number, paneHeight: number): void {
    const camera = this.#renderer.getActiveCamera();
    camera.azimuth((-right * 200) / paneHeight);
    camera.elevation((down * 200) / paneHeight);
    camera.orthogonalizeViewUp();
    this.#fixRange();
  }

  zoom(factor: number): void {
    this.#renderer.getActiveCamera().dolly(factor);
    this.#fixRange();
  }

  pan(right: number, down: number, paneHeight: number): void {
    const camera = this.#renderer.getActiveCamera();
    const mmPerPixel =
      (2 * camera.getDistance() * Math.tan((camera.getViewAngle() * Math.PI) / 360)) / paneHeight;
    const { rightward, up } = this.axes();
    const shift = [0, 1, 2].map((a) => (-right * rightward[a]! + down * up[a]!) * mmPerPixel);
    const moved = (p: number[]) => p.map((v, a) => v + shift[a]!) as Vec3;
    camera.setFocalPoint(...moved(camera.getFocalPoint()));
    camera.setPosition(...moved(camera.getPosition()));
    this.#fixRange();
  }

  /** World directions of the screen: right, up and towards the viewer. */
  axes(): { rightward: Vec3; up: Vec3; towards: Vec3 } {
    const camera = this.#renderer.getActiveCamera();
    const up = camera.getViewUp() as Vec3;
    const towards = camera.getDirectionOfProjection().map((v) => -v) as Vec3;
    const rightward: Vec3 = [
      up[1] * towards[2] - up[2] * towards[1],
      up[2] * towards[0] - up[0] * towards[2],
      up[0] * towards[1] - up[1] * towards[0],
    ];
    return { rightward, up, towards };
  }

  /** While the picture moves it is drawn coarsely and over and over. */
  moving(on: boolean): void {
    if (on) this.#interactor.requestAnimation(this);
    else this.#interactor.cancelAnimation(this, true);
  }

  resize(width: number, height: number): void {
    this.#view.setSize(width, height);
  }

  render(): void {
    if (!this.#interactor.isAnimating()) this.#window.render();
  }

  setSurface(id: string, surface: Surface | null, colour: string, visible: boolean): void {
    let shown = this.#surfaces.get(id);
    if (!shown) {
      if (!surface) return;
      const data = vtkPolyData.newInstance();
      const mapper = vtkMapper.newInstance();
      mapper.setInputData(data);
      const actor = vtkActor.newInstance();
      actor.setMapper(mapper);
      actor.getProperty().setInterpolationToPhong();
      // Some of the colour whatever the light: the colour says which lesion it is.
      actor.getProperty().setAmbient(0.35);
      actor.getProperty().setDiffuse(0.65);
      actor.getProperty().setSpecular(0.2);
      actor.getProperty().setSpecularPower(20);
      this.#renderer.addActor(actor);
      shown = { actor, mapper, data };
      this.#surfaces.set(id, shown);
    }
    if (surface) {
      shown.data.getPoints().setData(surface.points, 3);
      shown.data.getPolys().setData(surface.polys);
      shown.data
        .getPointData()
        .setNormals(vtkDataArray.newInstance({ name: 'Normals', numberOfComponents: 3, values: surface.normals }));
      shown.data.modified();
    }
    shown.actor.getProperty().setColor(...hexToRgb(colour));
    shown.actor.setVisibility(visible);
  }

  removeSurface(id: string): void {
    const shown = this.#surfaces.get(id);
    if (!shown) return;
    this.#surfaces.delete(id);
    this.#renderer.removeActor(shown.actor);
    shown.actor.delete();
    shown.mapper.delete();
    shown.data.delete();
  }

  surfaceIds = (): string[] => [...this.#surfaces.keys()];

  /** Null: no volume rendering. */
  setPreset(preset: VolumePreset | null): void {
    if (!preset) {
      if (this.#volume) this.#renderer.removeVolume(this.#volume.actor);
      return;
    }
    const { actor, mapper } = (this.#volume ??= this.#makeVolume());
    const opacity = vtkPiecewiseFunction.newInstance();
    for (const [value, at] of preset.opacity) opacity.addPoint(value, at);
    const colour = vtkColorTransferFunction.newInstance();
    for (const point of preset.colour) colour.addRGBPoint(...point);
    const property = actor.getProperty();
    property.setRGBTransferFunction(0, colour);
    property.setScalarOpacity(0, opacity);
    property.setScalarOpacityUnitDistance(0, 3);
    property.setInterpolationTypeToLinear();
    property.setShade(preset.shade && !this.software);
    property.setAmbient(0.25);
    property.setDiffuse(0.75);
    property.setSpecular(0.15);
    mapper.setBlendMode(
      preset.blend === 'maximum' ? BlendMode.MAXIMUM_INTENSITY_BLEND : BlendMode.COMPOSITE_BLEND,
    );
    if (!this.#renderer.hasViewProp(actor)) this.#renderer.addVolume(actor);
  }

  #makeVolume() {
    const { geometry, voxels, valueRange } = this.#source;
    const most = this.software ? maxVoxels.software : maxVoxels.hardware;
    const step = coarseStep(geometry.sizeVx, geometry.spacingMm, most);
    const coarse = step.every((n) => n === 1)
      ? { voxels, sizeVx: geometry.sizeVx }
      : thinned(voxels, geometry.sizeVx, step);
    const spacing = geometry.spacingMm.map((mm, a) => mm * step[a]!) as Vec3;
    const image = worldImage({ ...geometry, sizeVx: coarse.sizeVx, spacingMm: spacing }, coarse.voxels, 1, valueRange);
    const mapper = vtkVolumeMapper.newInstance();
    mapper.setInputData(image);
    const finest = Math.min(...spacing);
    mapper.setSampleDistance(this.software ? finest * 1.5 : finest * 0.7);
    mapper.setMaximumSamplesPerRay(4000);
    const actor = vtkVolume.newInstance();
    actor.setMapper(mapper);
    return { actor, mapper, image };
  }

  dispose(): void {
    this.moving(false);
    for (const id of this.surfaceIds()) this.removeSurface(id);
    this.#interactor.delete();
    this.planes.dispose();
    releaseContext(this.#view, this.#onLost);
    this.#view.setContainer(null);
    this.#view.delete();
    this.#volume?.actor.delete();
    this.#volume?.mapper.delete();
    this.#volume?.image.delete();
    this.#frame?.actor.delete();
    this.#frame?.mapper.delete();
    this.#renderer.delete();
    this.#window.delete();
  }
}
