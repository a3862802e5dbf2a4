import { describe, expect, it } from 'vitest';
import { runtimeMessage } from './runtime-message.ts';

describe('what onnxruntime says', () => {
  it('is told without the place in its source', () => {
    expect(
      runtimeMessage(
        '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::' +
          'Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == ' +
          'wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
      ),
    ).toBe('Failed to get a WebGPU adapter: No supported adapters');
  });

  it('stays as it is where it is a sentence already', () => {
    const plain = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
    expect(runtimeMessage(plain)).toBe(plain);
    expect(runtimeMessage('x.cc:1 a == b was false.')).toBe('x.cc:1 a == b was false.');
  });
});
