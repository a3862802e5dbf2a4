/**
 * What onnxruntime says, for people: its failed checks begin with the place in its source and the condition
 * (`…/webgpu_context.cc:136 … was false. Failed to get a WebGPU adapter`); only the sentence after them is of use.
 */
export function runtimeMessage(raw: string): string {
  const text = raw.trim();
  const sentence = /^\S+\.(?:cc|cpp|h):\d+ .*? was false\.\s+(.+)$/s.exec(text)?.[1];
  return sentence ?? text;
}
